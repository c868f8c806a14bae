"""The cash of a plan: collected (归集), remitted (转付), made up (差额支付), spent, moved, distributed (分配)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field

from ledger.fact import Fact

__all__ = [
    "AccountCash",
    "AccountMove",
    "Collection",
    "CollectionItem",
    "Distribution",
    "FeePayment",
    "PlanCash",
    "Remittance",
    "Shortfall",
    "ShortfallPayment",
    "ShortfallRepayment",
]


class PlanCash(Fact, table=True):
    """A plan's cash so far, fen; ``id`` is the plan. Changes with every record that moves cash of the plan."""

    collected: int = Field(default=0, sa_type=BigInteger)
    remitted: int = Field(default=0, sa_type=BigInteger)
    distributed: int = Field(default=0, sa_type=BigInteger)
    purchased: int = Field(default=0, sa_type=BigInteger)
    """Paid for revolving purchases (循环购买)."""
    made_up: int = Field(default=0, sa_type=BigInteger)
    """Paid on shortfalls (差额支付)."""
    repurchased: int = Field(default=0, sa_type=BigInteger)
    """Paid by those who bought assets back (赎回), a clean-up call apart."""
    cleaned_up: int = Field(default=0, sa_type=BigInteger)
    """Paid for what a clean-up call (清仓回购) took."""
    fees: int = Field(default=0, sa_type=BigInteger)
    """Paid in fees (费用)."""
    repaid: int = Field(default=0, sa_type=BigInteger)
    """Repaid to those who made up shortfalls."""

    @property
    def besides(self) -> int:
        """Fen that came in beside collections: on shortfalls, and for assets bought back."""
        return self.made_up + self.repurchased + self.cleaned_up

    @property
    def unspent(self) -> int:
        """Fen that came in and did not go out again, passed on or not."""
        return self.collected + self.besides - self.purchased - self.fees - self.repaid - self.distributed

    @property
    def distributable(self) -> int:
        """Fen that distributions may come to in all: what reached the plan, less purchases, fees and repayments.

        A purchase is paid from collections that are not passed on, as far as they go.
        """
        waiting = max(self.collected - self.remitted, 0)
        return self.remitted + self.besides - max(self.purchased - waiting, 0) - self.fees - self.repaid


class Collection(Fact, table=True):
    """Cash the servicer collected for a plan (归集), and the last remittance that passed some of it on."""

    plan: str = Field(index=True)
    collected_on: date
    amount: int = Field(sa_type=BigInteger)
    remitted: int = Field(default=0, sa_type=BigInteger)
    """What remittances have passed on by now, fen. A remittance fills the collections it names in their order."""
    remittance: str | None = None


class CollectionItem(Fact, table=True):
    """What part of a collection came by which payment on which asset."""

    collection: str = Field(index=True)
    plan: str
    payment: str = Field(index=True)
    asset: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)


class Remittance(Fact, table=True):
    """Collected cash passed on to the plan's custody account (转付)."""

    plan: str = Field(index=True)
    remitted_on: date
    amount: int = Field(sa_type=BigInteger)
    collections: list[str] = Field(sa_type=JSON)


class Distribution(Fact, table=True):
    """Interest and principal paid on one tranche for one period (收益分配)."""

    __table_args__ = (Index("ix_distribution_plan_tranche", "plan", "tranche"),)

    plan: str
    tranche: str
    """The tranche's name within the plan, as in :attr:`Tranche.tranche`."""
    period: int = Field(sa_type=BigInteger)
    paid_on: date
    principal: int = Field(sa_type=BigInteger)
    interest: int = Field(sa_type=BigInteger)


class Shortfall(Fact, table=True):
    """A call on whoever promised to make up a plan's shortfall (差额支付启动), and what was paid on it so far."""

    plan: str = Field(index=True)
    payer: str
    called_on: date
    amount: int = Field(sa_type=BigInteger)
    paid: int = Field(default=0, sa_type=BigInteger)
    repaid: int = Field(default=0, sa_type=BigInteger)
    """What the plan gave back of it, fen."""


class ShortfallPayment(Fact, table=True):
    """What was paid on a call (差额支付)."""

    shortfall: str = Field(index=True)
    """The call."""
    plan: str = Field(index=True)
    paid_on: date
    amount: int = Field(sa_type=BigInteger)
    payment: str | None = Field(default=None, index=True)


class ShortfallRepayment(Fact, table=True):
    """What a plan gave back of what was paid on a call."""

    shortfall: str = Field(index=True)
    """The call."""
    plan: str = Field(index=True)
    period: int = Field(sa_type=BigInteger)
    paid_on: date
    amount: int = Field(sa_type=BigInteger)


class FeePayment(Fact, table=True):
    """A fee (费用) that a plan paid for one period."""

    plan: str = Field(index=True)
    fee: str
    """Its name in the plan's terms."""
    period: int = Field(sa_type=BigInteger)
    paid_on: date
    amount: int = Field(sa_type=BigInteger)


class AccountMove(Fact, table=True):
    """Cash that went from one account of a plan to another (划转)."""

    plan: str = Field(index=True)
    source: str
    target: str
    period: int = Field(sa_type=BigInteger)
    moved_on: date
    amount: int = Field(sa_type=BigInteger)


class AccountCash(Fact, table=True):
    """What was moved into an account of a plan and out of it so far, fen; ``id`` is ``<plan>/<account>``."""

    moved_in: int = Field(default=0, sa_type=BigInteger)
    moved_out: int = Field(default=0, sa_type=BigInteger)
