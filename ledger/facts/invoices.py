"""Invoices (发票)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field

from ledger.fact import Fact, Instant

__all__ = ["Invoice"]


class Invoice(Fact, table=True):
    """An invoice (发票), what the tax authority said of it, and its status."""

    __table_args__ = (
        Index("ix_invoice_seller_issued", "seller", "issued"),
        Index("ix_invoice_buyer_issued", "buyer", "issued"),
    )

    number: str = Field(index=True)
    code: str | None = None
    type: str
    seller: str
    buyer: str
    amount_excluding_tax: int = Field(sa_type=BigInteger)
    tax: int = Field(sa_type=BigInteger)
    amount_including_tax: int = Field(sa_type=BigInteger)
    issued: date
    goods: str
    refers_to: list[str] = Field(sa_type=JSON)
    status: str = "normal"
    """normal, voided (作废), red_flushed (红冲) or abnormal."""
    status_on: date | None = None
    red_invoice: str | None = None
    verified_by: str | None = None
    verified_result: str | None = None
    """consistent, inconsistent or not_found; None: never verified."""
    verified_amount: int | None = Field(default=None, sa_type=BigInteger)
    verified_at: datetime | None = Field(default=None, sa_type=Instant)
