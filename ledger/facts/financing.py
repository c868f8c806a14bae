"""Financings (融资), what secures them, and the money that moved for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["Financing", "FinancingCollateral", "FinancingMove"]


class Financing(Fact, table=True):
    """Money a financier gives an applicant on the strength of collateral (融资)."""

    form: str
    applicant: str = Field(index=True)
    financier: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)
    """What may be disbursed, fen."""
    rate: Decimal = Field(sa_type=Exact)
    start: date
    maturity: date
    disbursed: int = Field(default=0, sa_type=BigInteger)
    repaid: int = Field(default=0, sa_type=BigInteger)
    """Principal that came back, fen."""
    interest: int = Field(default=0, sa_type=BigInteger)
    """Interest paid, fen."""
    status: str = "opened"
    """opened, disbursed (放款), repaid (还清), defaulted (违约) or released (解除)."""
    changed_on: date
    """The day of the last record about it."""


class FinancingCollateral(Fact, table=True):
    """A thing that secures a financing or is sold by it (担保物), live until it is released."""

    financing: str = Field(index=True)
    target_kind: str
    """output, receivable, invoice, receipt, order, package or document."""
    target: str = Field(index=True)
    amount: int | None = Field(default=None, sa_type=BigInteger)
    """What part of it, fen; None: the whole."""


class FinancingMove(Fact, table=True):
    """Money disbursed or repaid on a financing."""

    financing: str = Field(index=True)
    act: str
    """disbursed or repaid."""
    payment: str | None = Field(default=None, index=True)
    amount: int = Field(sa_type=BigInteger)
    """Principal, fen."""
    interest: int = Field(default=0, sa_type=BigInteger)
    moved_on: date
