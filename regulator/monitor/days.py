"""The business days (业务日) of blocks: which day it is at a height, and the first block of each day.

A day is over once a block of a later day is there. Days never run back: a block dated before an earlier one belongs to
the latest day so far.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from ledger.business_day import business_day
from ledger.store import AsOf
from ledger.store.reading import moment
from ledger.store.tables import BlockRow
from regulator.evidence import rows_of

__all__ = ["Days"]


class Days:
    """The days of a replica's blocks up to a height, kept between readings; another replica's blocks start it anew."""

    def __init__(self) -> None:
        self._last = -1
        self._hash = b""
        self._firsts: list[int] = []
        self._days: list[date] = []

    def follow(self, facts: AsOf) -> bool:
        """Know the blocks up to the reading's height; False when what was known was of another ledger."""
        same = self._last < 0 or (self._last <= facts.height and facts.earlier(self._last).block_hash == self._hash)
        if self._last > facts.height:
            return True  # a reading of the past: what is known reaches further
        if not same:
            self.__init__()  # type: ignore[misc]
        rows = (
            select(col(BlockRow.height), col(BlockRow.timestamp))
            .where(col(BlockRow.height).between(self._last + 1, facts.height))
            .order_by(col(BlockRow.height))
        )
        for height, timestamp in rows_of(facts, rows):
            day = business_day(moment(timestamp))
            if not self._days or day > self._days[-1]:
                self._firsts.append(height)
                self._days.append(day)
        self._last, self._hash = facts.height, facts.block_hash
        return same

    def of(self, height: int) -> date:
        """The day of a block."""
        return self._days[bisect_right(self._firsts, height) - 1]

    def turns(self, after: int, until: int) -> list[int]:
        """The first blocks of their days, after one height and up to another."""
        return self._firsts[bisect_right(self._firsts, after) : bisect_right(self._firsts, until)]

    def after(self, day: date) -> int | None:
        """The first block of a later day; None while there is none."""
        at = bisect_right(self._days, day)
        return self._firsts[at] if at < len(self._firsts) else None

    def passed(self, days: Sequence[date]) -> list[int]:
        """The first block after each of these days, as far as there is one."""
        return [height for day in days if (height := self.after(day)) is not None]
