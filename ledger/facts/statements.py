"""Statements of accounts (对账单) by the banks that keep them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["AccountBalance", "Statement"]


class Statement(Fact, table=True):
    """What moved on an account over some days (对账单), both days included."""

    account: str = Field(index=True)
    holder: str
    starts_on: date
    ends_on: date
    opening: int = Field(sa_type=BigInteger)
    closing: int = Field(sa_type=BigInteger)
    credits: int = Field(sa_type=BigInteger)
    debits: int = Field(sa_type=BigInteger)
    entries_digest: str
    """Digest of the entries, as the statement gives it: 64 hex digits."""


class AccountBalance(Fact, table=True):
    """Where the statements of an account have come to; ``id`` is the account."""

    statement: str
    balance: int = Field(sa_type=BigInteger)
    """Its closing balance, fen."""
    ends_on: date
