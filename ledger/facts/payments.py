"""Payments and what they settle."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Payment", "PaymentUse", "Settlement"]


class Payment(Fact, table=True):
    """A payment through a bank or the settlement party."""

    payer: str = Field(index=True)
    payee: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)
    paid_on: date
    bank_reference: str


class PaymentUse(Fact, table=True):
    """What a payment has stood for so far; ``id`` is the payment. Begins with the first use."""

    redeemed: int = Field(default=0, sa_type=BigInteger)
    """Value of the outputs it redeemed, fen."""
    collected: int = Field(default=0, sa_type=BigInteger)
    """What plans collected of it or took on shortfalls (差额支付), fen."""


class Settlement(Fact, table=True):
    """What part of a payment settles which receivable, output, financing or order."""

    payment: str = Field(index=True)
    target_kind: str
    """receivable, output, financing or order."""
    target: str = Field(index=True)
    receivable: str | None = Field(default=None, index=True)
    """The receivable, or an output's root; None for a financing or an order."""
    amount: int = Field(sa_type=BigInteger)
    paid_on: date
