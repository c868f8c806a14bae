"""Securitisation plans (专项计划), their tranches and their pools."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, BigInteger, Text
from sqlmodel import Field

from ledger.fact import Exact, Fact

__all__ = ["Plan", "PoolAsset", "Tranche", "within_plan"]


class Plan(Fact, table=True):
    """A securitisation plan (专项计划)."""

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
    """The plan's terms as canonical JSON text."""


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


class PoolAsset(Fact, table=True):
    """A receivable in a plan's pool (基础资产), live while it is in. ``id`` is ``<plan>/<asset>``."""

    plan: str = Field(index=True)
    asset: str = Field(index=True)
    """The receivable's id."""
    outputs: list[str] = Field(sa_type=JSON)
    assigned_on: date
    price: int = Field(sa_type=BigInteger)
    """What the plan paid for the whole assignment, fen."""
    assignor: str


def within_plan(plan: str, name: str) -> str:
    """Return the id of a plan's tranche or asset: ``<plan>/<name>``. A plan's name holds no slash, so no two meet."""
    return f"{plan}/{name}"
