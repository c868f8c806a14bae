"""What a plan's documents say beyond its tranches: accounts, fees, triggers, criteria and limits.

Each row's ``id`` is ``<plan>/<name>``; ``place`` is its order in the plan's record.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["ConcentrationLimit", "EligibilityCriterion", "PlanAccount", "PlanFee", "PlanTrigger"]


class PlanAccount(Fact, table=True):
    """An account that a plan's cash goes through (专项计划账户)."""

    plan: str = Field(index=True)
    account: str
    kind: str
    """collection (归集), custody (托管), reserve (储备) or distribution (分配)."""
    bank: str
    place: int


class PlanFee(Fact, table=True):
    """A fee (费用) that a plan pays: a yearly rate, an amount, or both."""

    plan: str = Field(index=True)
    fee: str
    payee: str
    rate: Decimal | None = Field(default=None, sa_type=Exact)
    amount: int | None = Field(default=None, sa_type=BigInteger)
    place: int


class PlanTrigger(Fact, table=True):
    """What leads to an event (触发条件): a measure beyond its threshold for so many periods in a row."""

    plan: str = Field(index=True)
    trigger: str
    event: str
    measure: str
    threshold: Decimal = Field(sa_type=Exact)
    periods: int
    place: int


class EligibilityCriterion(Fact, table=True):
    """A condition that every asset of a pool meets when it comes in (合格标准)."""

    plan: str = Field(index=True)
    criterion: str
    text: str
    limit: Decimal | None = Field(default=None, sa_type=Exact)
    place: int


class ConcentrationLimit(Fact, table=True):
    """The share of a pool that one of its kind may have (集中度限制)."""

    plan: str = Field(index=True)
    grouping: str
    """debtor, creditor, industry or region."""
    limit: Decimal = Field(sa_type=Exact)
    place: int
