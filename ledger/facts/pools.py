"""What a plan's pool holds and held: how each asset came in, how it does, how and why it left."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["AssetStatus", "PoolAsset", "PoolExit", "PoolPurchase"]


class PoolAsset(Fact, table=True):
    """A receivable in a plan's pool (基础资产), live while it is in. ``id`` is ``<plan>/<asset>``.

    A version ends when the asset leaves, and a :class:`PoolExit` begins; or when more pieces of the receivable join.
    """

    # Tells what a pool holds at any height without the rows of what it held before or after, however long it revolves.
    __table_args__ = (Index("ix_pool_asset_plan", "plan", "from_position", "to_position", "asset"),)

    plan: str
    asset: str = Field(index=True)
    """The receivable's id."""
    outputs: list[str] = Field(sa_type=JSON)
    assigned_on: date
    price: int = Field(sa_type=BigInteger)
    """What the plan paid for the whole assignment, fen; 0 for what was put in another asset's place."""
    assignor: str
    came: str = "assigned"
    """assigned (二次转让), purchased (循环购买) or substituted (置换)."""
    purchase: str | None = None
    """The revolving purchase that brought it."""


class PoolExit(Fact, table=True):
    """An asset left a plan's pool: when, how and why."""

    plan: str = Field(index=True)
    asset: str = Field(index=True)
    left_on: date
    how: str
    """repurchased (赎回), substituted (置换) or removed."""
    reason: str
    """dilution, ineligible, dispute, cleanup, settled, written_off, substitution or other."""
    taker: str | None = None
    """Who took it back; None: nobody did."""
    price: int = Field(default=0, sa_type=BigInteger)
    """What was paid for all that left with it, fen."""


class PoolPurchase(Fact, table=True):
    """A revolving purchase (循环购买)."""

    plan: str = Field(index=True)
    purchased_on: date
    assignor: str
    price: int = Field(sa_type=BigInteger)
    assets: int
    """How many it names."""


class AssetStatus(Fact, table=True):
    """How an asset of a pool does, as its servicer says; ``id`` is ``<plan>/<asset>``. None: it performs.

    It outlives the asset's time in the pool, so that what was lost on the plan can be read at any later height.
    """

    plan: str = Field(index=True)
    asset: str = Field(index=True)
    status: str
    """overdue (逾期), defaulted (违约), recovered (回收), written_off (核销) or disputed (争议)."""
    since: date
    """The day the status began, as stated."""
    changed_on: date
    """The day of the last record about it."""
    days: int = 0
    """Days overdue when that was last said."""
    amount: int = Field(default=0, sa_type=BigInteger)
    """What is overdue or in default, as last stated, fen."""
    recovered: int = Field(default=0, sa_type=BigInteger)
    """Recovered of it so far, fen."""
    written_off: int = Field(default=0, sa_type=BigInteger)
    reason: str | None = None
    """Of the dispute."""
