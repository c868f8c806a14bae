"""Registrations of transfers and security interests at the unified register (中登网), and searches in it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Text
from sqlmodel import Field

from ledger.fact import Fact, Instant

__all__ = ["Registration", "RegistrationCollateral", "RegistrationQuery"]


class Registration(Fact, table=True):
    """A transfer, pledge or lien as filed with the register (动产和权利担保登记)."""

    type: str
    """transfer (转让), pledge (质押) or lien (留置)."""
    secured_party: str = Field(index=True)
    debtor: str = Field(index=True)
    """Who gives the security or sells the receivable (担保人、出让人)."""
    description: str = Field(sa_type=Text)
    filed_at: datetime = Field(sa_type=Instant)
    expires_on: date
    status: str = "active"
    """active or cancelled (注销). Whether it expired is for the day asked about to tell."""
    cancelled_on: date | None = None
    disputed_by: str | None = None
    """Who last objected to it (异议登记)."""
    changed_on: date
    """The day of the last record about it."""


class RegistrationCollateral(Fact, table=True):
    """A thing that a registration covers, live until the registration is cancelled or amended to leave it out."""

    registration: str = Field(index=True)
    target_kind: str
    """output, receivable, invoice, receipt, order, package or document."""
    target: str = Field(index=True)


class RegistrationQuery(Fact, table=True):
    """A search of the register (查询) and the registrations it says stand in the way."""

    certificate: str
    """Number of the search certificate (查询证明编号)."""
    subject: str = Field(index=True)
    """What was searched for: a debtor, or a thing by its id."""
    queried_by: str
    queried_at: datetime = Field(sa_type=Instant)
    conflicts: list[str] = Field(sa_type=JSON)
