"""What was disclosed on a plan (信息披露), and what the exchange said to it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Disclosure"]


class Disclosure(Fact, table=True):
    """A signed package that was filed with a venue, and its acknowledgement (回执)."""

    report: str
    kind: str
    plan: str = Field(index=True)
    period: int | None = Field(default=None, sa_type=BigInteger)
    package_digest: str
    signer: str
    filed_on: date
    """Business day of the block that filed it."""
    supersedes: str | None = None
    superseded_by: str | None = None
    exchange: str | None = None
    """Who acknowledged it; None: nobody did."""
    accepted: bool | None = None
    answered_on: date | None = None
    answer: str | None = None
    """The reason given."""
