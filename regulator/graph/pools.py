"""What a plan's pool is worth on a day, and which tranche it covers: the rule by which a holding looks through to it.

*Cover* is what is still owed on the pool's assets and the plan's cash that nothing was done with yet. It covers what
holders are still owed by rank: senior (优先级) first, then mezzanine (中间级), then subordinated (次级); tranches of
one rank pro rata of what each is owed. What a tranche is owed beyond its cover is *uncovered*; what is left of the
cover when all are covered is the plan's *surplus*: no holder's, as only the plan's terms say whose. A holding is its
units' share of its tranche. Every asset covers a tranche pro rata of what is owed on it. All in whole fen by largest
remainder.

Upward the cover is not read, as that would take the whole pool: what rests on an asset goes to the tranches pro rata of
what each is still owed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from sqlmodel import col

from abs.frame import IN_POOL
from abs.pool import read_pool
from ledger.facts import PlanCash, PoolAsset, Tranche, within_plan
from ledger.store import AsOf
from regulator.graph.shares import shares

__all__ = ["Asset", "PoolWorth", "Pools"]

RANKS: Final = ("senior", "mezzanine", "subordinated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset of a pool: first amount assigned (``face``), its part of the ``price`` paid, what is still owed; fen.

    ``price`` is None for what was put in another's place.
    """

    position: int
    face: int
    price: int | None
    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWorth:
    """A pool on a day: its assets by id in the order in which they came, and the plan's unspent cash, fen."""

    assets: Mapping[str, Asset]
    cash: int

    @property
    def owed(self) -> int:
        """What is still owed on all assets, fen."""
        return sum(one.owed for one in self.assets.values())

    @property
    def cover(self) -> int:
        """What there is to cover the holders, fen."""
        return self.owed + self.cash


class Pools:
    """The pools that a look-through comes by, each read once."""

    def __init__(self, facts: AsOf, on: date) -> None:
        self._facts = facts
        self._on = on
        self._read: dict[str, PoolWorth] = {}
        self._tranches: dict[str, list[Tranche]] = {}

    def worth(self, plan: str) -> PoolWorth:
        """The plan's pool; raises UnknownPlan."""
        if plan not in self._read:
            self._read[plan] = self._worth(plan)
        return self._read[plan]

    def known(self, plan: str) -> bool:
        """Tell whether the plan's pool was read."""
        return plan in self._read

    def asset(self, id_: str) -> Asset | None:
        """An asset by ``<plan>/<asset>``, where its pool was read."""
        read = self._read.get(id_.partition("/")[0])
        return None if read is None else read.assets.get(id_)

    def listed(self, plan: str) -> Iterator[tuple[int, str]]:
        """The assets of the pool, each with the record that brought it, in the order in which they came."""
        for id_, asset in self.worth(plan).assets.items():
            yield asset.position, id_

    def tranches(self, plan: str) -> list[Tranche]:
        """The plan's tranches, by rank and in the plan's order."""
        if plan not in self._tranches:
            found = self._facts.select(Tranche, col(Tranche.plan) == plan)
            self._tranches[plan] = sorted(found, key=lambda one: (_rank(one), one.place, one.id))
        return self._tranches[plan]

    def owed(self, plan: str) -> int:
        """What the holders of all tranches are still owed, fen."""
        return sum(max(one.outstanding, 0) for one in self.tranches(plan))

    def covered(self, plan: str) -> dict[str, int]:
        """What of each tranche the pool covers, by tranche id, fen. See the module for the rule."""
        left = max(self.worth(plan).cover, 0)
        found: dict[str, int] = {}
        for rank in range(len(RANKS) + 1):
            equals = [one for one in self.tranches(plan) if _rank(one) == rank]
            owed = [max(one.outstanding, 0) for one in equals]
            paid = shares(min(left, sum(owed)), owed)
            found |= {one.id: amount for one, amount in zip(equals, paid, strict=True)}
            left -= sum(paid)
        return found

    def surplus(self, plan: str) -> int:
        """What the cover has beyond what holders are owed, fen."""
        return max(self.worth(plan).cover - self.owed(plan), 0)

    def _worth(self, plan: str) -> PoolWorth:
        there = {one.id: one for one in self._facts.select(PoolAsset, col(PoolAsset.plan) == plan)}
        pool = read_pool(self._facts, plan, self._on)
        on_the_day = pool.day.frame.with_columns(there=IN_POOL).filter(pl.col("left_by").is_null())
        known: dict[str, Asset] = {}
        for row in on_the_day.select("asset", "amount", "price", "outstanding", "there").iter_rows(named=True):
            owed = row["outstanding"] if row["there"] else 0
            id_ = within_plan(plan, row["asset"])
            if id_ in there:
                known[id_] = Asset(
                    position=there[id_].from_position, face=row["amount"], price=row["price"], owed=max(owed or 0, 0)
                )
        assets = {
            one.id: known.get(one.id) or Asset(position=one.from_position, face=0, price=None, owed=0)
            for one in sorted(there.values(), key=lambda one: (one.from_position, one.id))
        }
        cash = self._facts.get(PlanCash, plan)
        return PoolWorth(assets=assets, cash=0 if cash is None else max(cash.unspent, 0))


def _rank(tranche: Tranche) -> int:
    return RANKS.index(tranche.rank) if tranche.rank in RANKS else len(RANKS)
