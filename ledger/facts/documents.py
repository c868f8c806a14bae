"""Trade documents (贸易单据) and what refers to what: the four flows a receivable rests on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["TradeDocument", "TradeReference"]


class TradeDocument(Fact, table=True):
    """A contract, order, customs declaration, tax slip, waybill, receipt, bank slip or acceptance (贸易单据)."""

    type: str
    number: str = Field(index=True)
    parties: list[str] = Field(sa_type=JSON)
    amount: int | None = Field(default=None, sa_type=BigInteger)
    """In hundredths of the currency (fen of CNY); None: it states none."""
    currency: str
    dated_on: date
    file_digest: str | None = Field(default=None, index=True)
    goods: str | None = None
    quantity: Decimal | None = Field(default=None, sa_type=Exact)
    unit: str | None = None
    registered_by: str | None = None
    """The member who registered it; None when nobody knows."""
    status: str = "active"
    """active or cancelled."""
    changed_on: date
    """The day of the last record about it."""


class TradeReference(Fact, table=True):
    """What an invoice or a document refers to: a document, an invoice, an order or a receipt, by its id."""

    source_kind: str
    """document or invoice."""
    source: str = Field(index=True)
    target: str = Field(index=True)
