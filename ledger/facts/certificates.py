"""Pieces of digital debt certificates (数字债权凭证)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["Output", "output_id"]


class Output(Fact, table=True):
    """A piece of a digital debt certificate (数字债权凭证), live until a record spends or redeems it.

    ``id`` is ``0x<transaction hash>:<index>``, ``root`` the receivable. ``co_owner``: on a middle account (中间户).
    """

    root: str = Field(index=True)
    certificate: str
    owner: str
    co_owner: str | None = None
    amount: int = Field(sa_type=BigInteger)
    due: date
    issuer: str
    made_by: str
    """The kind of the record that made it."""
    parents: list[str] = Field(sa_type=JSON)
    financier: str | None = None
    form: str | None = None
    price: int | None = Field(default=None, sa_type=BigInteger)
    """What the financier paid for the whole financing, fen."""
    rate: Decimal | None = Field(default=None, sa_type=Exact)

    @property
    def owners(self) -> tuple[str, ...]:
        """The owner, or both of a middle account."""
        return (self.owner,) if self.co_owner is None else (self.owner, self.co_owner)


def output_id(transaction_hash: str, index: int) -> str:
    """Return the id of a record's output: ``0x<transaction hash>:<index>``."""
    return f"{transaction_hash}:{index}"
