"""A market: a stage on which many processes act, each resumed on the day it asked for.

A process is a generator that tells a story in the order it happens and yields the moment it wants to go on at. Only
what is open is remembered: a story that ended is gone, and one that has not begun is made when its day comes.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from datetime import date
from typing import TYPE_CHECKING

from ledger.consortium.cash import next_weekday
from ledger.consortium.market.stage import Stage, days_after

if TYPE_CHECKING:
    from ledger.consortium.chain import Consortium

__all__ = ["EVENING", "MIDNIGHT", "MORNING", "NIGHT", "NOON", "Market", "Process"]

Moment = int
Process = Generator[Moment, None, None]

# The hours of a business day: members trade by day, the settlement party pays in the evening, servicers watch at night.
# Plans count when all that is over, so that they know of everything that is dated on the day.
MORNING, NOON, EVENING, NIGHT, MIDNIGHT = range(5)
PER_DAY = 5
WORTH_A_BLOCK = 200  # transactions by noon that are not kept waiting for the evening


class Market(Stage):
    """Runs processes from ``start`` to ``end``; those that would go on later are still open when it ends."""

    def __init__(self, chain: Consortium, start: date, end: date) -> None:
        super().__init__(chain, start)
        self.end = end
        self._heap: list[tuple[Moment, int, Process]] = []
        self._begun = 0

    def at(self, day: date, hour: int = MORNING) -> Moment:
        """Return the hour of a day, or of the Monday after a weekend; never one that is past."""
        return max(next_weekday(day).toordinal(), self.day.toordinal()) * PER_DAY + hour

    def after(self, days: int, hour: int = MORNING) -> Moment:
        """Return the hour of the weekday at least so many days from now."""
        return self.at(days_after(self.day, days), hour)

    def start(self, process: Process, moment: Moment | None = None) -> None:
        """Begin a process: at once up to its first wait, or at a moment."""
        if moment is None:
            self._go_on(process)
        else:
            self._begun += 1
            heapq.heappush(self._heap, (moment, self._begun, process))

    def _go_on(self, process: Process) -> None:
        moment = next(process, None)
        if moment is not None:
            self.start(process, moment)

    @property
    def open(self) -> int:
        """Processes that wait to go on."""
        return len(self._heap)

    def run(self) -> None:
        """Live through every day to the end."""
        hour = MORNING
        while self._heap:
            moment, _, process = heapq.heappop(self._heap)
            ordinal, now = divmod(moment, PER_DAY)
            if ordinal > self.end.toordinal():
                break
            if ordinal > self.day.toordinal():
                self.turn_to(date.fromordinal(ordinal))
            elif now != hour and now == EVENING and self.chain.pending >= WORTH_A_BLOCK:
                self.seal()
            hour = now
            self._go_on(process)
        self.seal()
