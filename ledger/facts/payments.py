"""Payments and what they settle."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Payment", "PaymentUse", "Settlement"]


class Payment(Fact, table=True):
    """A payment through a bank or the settlement party."""

    payer: str
    payee: str
    amount: int = Field(sa_type=BigInteger)
    paid_on: date
    bank_reference: str


class PaymentUse(Fact, table=True):
    """What certificates a payment has redeemed so far; ``id`` is the payment. Begins with the first redemption."""

    redeemed: int = Field(default=0, sa_type=BigInteger)
    """Value of the outputs, fen."""


class Settlement(Fact, table=True):
    """What part of a payment settles which receivable or output. ``receivable`` is the root in both cases."""

    payment: str = Field(index=True)
    target_kind: str
    """receivable or output."""
    target: str = Field(index=True)
    receivable: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)
    paid_on: date
