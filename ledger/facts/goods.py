"""Goods in a warehouse: the receipts for them (仓单), and what the warehouse says is there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["Receipt", "Stock"]


class Receipt(Fact, table=True):
    """A warehouse receipt (仓单): whoever owns it owns the goods."""

    stock: str = Field(index=True)
    """The lot it is for: the id of its :class:`Stock`, whether the warehouse has reported one or not."""
    warehouse: str
    location: str
    lot: str
    goods: str
    quantity: Decimal = Field(sa_type=Exact)
    unit: str
    owner: str
    issued_on: date
    parent: str | None = Field(default=None, index=True)
    """The receipt it was split from."""
    status: str = "held"
    """held, pledged, split or cancelled."""
    pledgee: str | None = None
    financing: str | None = None
    """The financing it is pledged for, where the record names one."""
    changed_on: date
    """The day of the last record about it."""


class Stock(Fact, table=True):
    """What a warehouse last said is in one lot; ``id`` is the canonical JSON of warehouse, location and lot."""

    warehouse: str = Field(index=True)
    location: str
    lot: str
    goods: str
    quantity: Decimal = Field(sa_type=Exact)
    unit: str
    reported_on: date
