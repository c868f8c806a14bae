"""How fast a replica followed its chain of late: kept beside the blocks, for `glasspool status`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger.store.state import PACE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ledger.replica import Progress
    from ledger.store import Store

__all__ = ["KEPT_EVERY", "Pace", "last_pace"]

KEPT_EVERY = 60.0  # seconds


@dataclass(slots=True, kw_only=True)
class Pace:
    """The pace of one run: what it stored, and the seconds in which it had something to store.

    ``clock`` gives seconds that never go back, ``now`` an instant in UTC.
    """

    clock: Callable[[], float]
    now: Callable[[], datetime]
    blocks: int = field(default=0, init=False)
    transactions: int = field(default=0, init=False)
    records: int = field(default=0, init=False)
    _seconds: float = field(default=0.0, init=False)
    _since: float = field(default=0.0, init=False)
    _kept: float = field(default=0.0, init=False)
    _kept_blocks: int = field(default=0, init=False)

    def begin(self) -> None:
        """Sources are asked from now on: the time since the last block was rest."""
        self._since = self.clock()
        if not self.blocks:
            self._kept = self._since

    def add(self, progress: Progress, store: Store) -> None:
        """Count a block; keep the pace now and then."""
        now = self.clock()
        self._seconds += now - self._since
        self._since = now
        self.blocks += 1
        self.transactions += progress.transactions
        self.records += progress.records
        if now - self._kept >= KEPT_EVERY:
            self.keep(store)

    def keep(self, store: Store) -> None:
        """Keep the pace as the last one, unless nothing came since it was kept."""
        if self.blocks == self._kept_blocks:
            return
        self._kept, self._kept_blocks = self.clock(), self.blocks
        store.keep_state(
            PACE,
            json.dumps(
                {
                    "at": self.now().isoformat(timespec="seconds"),
                    "blocks": self.blocks,
                    "transactions": self.transactions,
                    "records": self.records,
                    "seconds": round(self._seconds, 3),
                    "blocks_per_second": self._rate(self.blocks),
                    "records_per_second": self._rate(self.records),
                }
            ),
        )

    def _rate(self, count: int) -> float:
        return round(count / self._seconds, 1) if self._seconds > 0 else 0.0


def last_pace(store: Store) -> dict[str, Any] | None:
    """Return the pace kept last: at, blocks, transactions, records, seconds and rates; None while there is none."""
    kept = store.state(PACE)
    return None if kept is None else json.loads(kept)
