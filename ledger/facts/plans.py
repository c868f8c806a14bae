"""Securitisation plans (专项计划): what they are, their tranches, and the events declared on them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, BigInteger, Text
from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["Plan", "PlanEvent", "Tranche", "within_plan"]


class Plan(Fact, table=True):
    """A securitisation plan (专项计划). Its versions are the history of its terms; the last may be its liquidation."""

    code: str
    name: str
    venue: str
    manager: str
    custodian: str
    originators: list[str] = Field(sa_type=JSON)
    servicer: str
    shelf: str | None = None
    cutoff: date
    closing: date
    maturity: date
    terms: str = Field(sa_type=Text)
    """How the plan computes, as canonical JSON text: what it states of day count, rounding, face and record date."""
    document: str | None = Field(default=None, sa_type=Text)
    """The document of its terms (交易条款) as canonical JSON text; None: it was established without one."""
    terms_from: date | None = None
    """The day from which amended terms apply; None: the ones it was established with."""
    terms_reason: str | None = None
    revolving_until: date | None = None
    """Last day of the revolving period (循环期); None: there is none."""
    revolving_min_yield: Decimal | None = Field(default=None, sa_type=Exact)
    payment_dates: list[str] = Field(default=[], sa_type=JSON)
    """The days on which it pays its holders, as stated: YYYY-MM-DD."""
    waterfall: list[str] = Field(default=[], sa_type=JSON)
    """The steps of the waterfall (分配顺序) in order, as the plan words them."""
    liquidated_on: date | None = None
    """The day its liquidation (清算) was complete; nothing may act on the plan after that."""
    surplus: int | None = Field(default=None, sa_type=BigInteger)
    """What the liquidation left, fen."""


class Tranche(Fact, table=True):
    """A class of a plan's securities; ``id`` is ``<plan>/<tranche>``."""

    plan: str = Field(index=True)
    tranche: str
    name: str
    code: str
    rank: str
    """senior (优先级), mezzanine (中间级) or subordinated (次级)."""
    principal: int = Field(sa_type=BigInteger)
    outstanding: int = Field(sa_type=BigInteger)
    rate: Decimal | None = Field(default=None, sa_type=Exact)
    repayment: str
    maturity: date
    place: int
    """Order in the plan's record."""


class PlanEvent(Fact, table=True):
    """An event that was declared (宣布) on a plan; ``id`` is ``<plan>/<event>``."""

    plan: str = Field(index=True)
    event: str
    """acceleration (加速清偿), default (违约), perfection (权利完善), early_termination (提前终止) or revolving_ended
    (提前结束循环期)."""
    declared_on: date
    reason: str


def within_plan(plan: str, name: str) -> str:
    """Return the id of a plan's tranche or asset: ``<plan>/<name>``. A plan's name holds no slash, so no two meet."""
    return f"{plan}/{name}"
