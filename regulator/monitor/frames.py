"""The pools that were read last (资产池), kept between blocks: what is owed on a pool is read when it changed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from abs.frame import PoolFrame
from abs.reading import plan_of, read_frame
from ledger.store import AsOf

__all__ = ["Frames"]

ASSETS: Final = 1_000_000
"""Assets of all pools kept together: bounds memory (some 0.5 kB each), not meaning."""


class Frames:
    """Pools by plan, each as of the height at which it changed last; those used longest ago make room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, PoolFrame] = OrderedDict()

    def of(self, facts: AsOf, plan: str) -> PoolFrame:
        """The plan's pool as of the reading's height. Raises UnknownPlan."""
        found = self._kept.pop(plan, None)
        if found is None or found.height != facts.height:
            found = read_frame(facts, plan_of(facts, plan))
        self._kept[plan] = found
        while len(self._kept) > 1 and sum(one.assets.height for one in self._kept.values()) > ASSETS:
            self._kept.popitem(last=False)
        return found

    def forget(self) -> None:
        """Read every pool anew."""
        self._kept.clear()
