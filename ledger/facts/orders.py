"""Orders of cross-border trade platforms (跨境订单)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["TradeOrder"]


class TradeOrder(Fact, table=True):
    """An order on a cross-border platform, and whether somebody financed it."""

    platform: str
    buyer: str
    seller: str
    amount: int = Field(sa_type=BigInteger)
    """In hundredths of the currency (fen of CNY)."""
    currency: str
    ordered_on: date
    goods: str
    customs_number: str | None = Field(default=None, index=True)
    status: str = "registered"
    """registered, locked (锁定) or settled."""
    locked_by: str | None = None
    """The financier it was locked for."""
    financing: str | None = None
    payment: str | None = None
    """The payment that settled it, where the record names one."""
    changed_on: date
    """The day of the last record about it."""
