"""Credit (授信): who grants whom how much, and the quota of it as pieces that are free or occupied."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Credit", "CreditRating", "Quota"]


class Credit(Fact, table=True):
    """A limit that a grantor sets for a subject (授信), and what of it is free and occupied now."""

    grantor: str
    subject: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)
    """The limit, fen."""
    basis: str
    """What occupies it: certificates, orders or financing."""
    starts: date
    until: date | None = None
    """The last day on which it may be occupied; None: no end was agreed."""
    status: str = "granted"
    """granted, effective (生效), frozen (冻结) or cleared (清零)."""
    changed_on: date
    """The day of the last record that moved it on."""
    free: int = Field(default=0, sa_type=BigInteger)
    occupied: int = Field(default=0, sa_type=BigInteger)


class Quota(Fact, table=True):
    """A piece of a credit's quota (额度), live until a record spends it. ``id`` is ``0x<transaction hash>:<index>``."""

    credit: str = Field(index=True)
    state: str
    """free or occupied."""
    amount: int = Field(sa_type=BigInteger)
    purpose_kind: str | None = None
    """certificate, order or financing."""
    purpose: str | None = Field(default=None, index=True)
    """What occupies it."""
    made_by: str
    """The kind of the record that made it."""
    parents: list[str] = Field(sa_type=JSON)


class CreditRating(Fact, table=True):
    """How an agency rates a member (信用评级), live until the same agency rates it again."""

    subject: str = Field(index=True)
    agency: str
    rating: str
    model: str | None = None
    rated_on: date
