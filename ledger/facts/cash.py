"""The cash of a plan: collected (归集), remitted (转付), distributed (分配)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Collection", "CollectionItem", "Distribution", "PlanCash", "Remittance"]


class PlanCash(Fact, table=True):
    """A plan's cash so far; ``id`` is the plan. Changes with every collection, remittance and distribution."""

    collected: int = Field(default=0, sa_type=BigInteger)
    remitted: int = Field(default=0, sa_type=BigInteger)
    distributed: int = Field(default=0, sa_type=BigInteger)


class Collection(Fact, table=True):
    """Cash the servicer collected for a plan (归集), and the remittance that passed it on."""

    plan: str = Field(index=True)
    collected_on: date
    amount: int = Field(sa_type=BigInteger)
    remittance: str | None = None


class CollectionItem(Fact, table=True):
    """What part of a collection came by which payment on which asset."""

    collection: str = Field(index=True)
    plan: str
    payment: str
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
