"""Data assets (数据资产): who may use whose data, and who did."""

from __future__ import annotations

from datetime import date

from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["DataCertificate", "DataUse"]


class DataCertificate(Fact, table=True):
    """A certificate by which a subject lets its data be used (数据资产凭证)."""

    subject: str = Field(index=True)
    behaviour: str
    blank_digest: str
    source_space: str
    target_space: str
    authorised_on: date
    filled_digest: str | None = None
    """Of the certificate as issued (发证)."""
    deposited_digest: str | None = None
    """Of the certificate as deposited (存证)."""
    status: str = "authorised"
    """authorised (授权), issued (确权), deposited (存证) or exercised (行权)."""
    changed_on: date
    """The day of the last record about it."""


class DataUse(Fact, table=True):
    """One use of the data under a certificate (用证)."""

    certificate: str = Field(index=True)
    user: str
    behaviour: str
    filled_digest: str
    used_on: date
