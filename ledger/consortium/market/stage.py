"""Where members act: their records are written on a business day, and blocks close over them.

Everything that is not a member's decision is here: the calendar, the times of blocks, the numbers that name things.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import next_weekday
from ledger.consortium.chain import MAX_TRANSACTIONS
from ledger.consortium.market.chance import Chance

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.consortium.chain import Consortium, Member, Sent

__all__ = ["Stage", "days_after"]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
OPENS = 9  # hour at which the first block of a day closes
BETWEEN = timedelta(minutes=7)  # between two blocks of a day; most days need few
MOST_A_DAY = 14 * 60 // 7


def days_after(day: date, days: int) -> date:
    """Return the weekday at least so many days later."""
    return next_weekday(day + timedelta(days=days))


@dataclass(slots=True)
class _Numbers:
    """Serial numbers by prefix."""

    last: dict[str, int]

    def next(self, prefix: str) -> int:
        self.last[prefix] = number = self.last.get(prefix, 0) + 1
        return number


class Stage:
    """Writes records on the present day; ``turn_to`` closes its blocks and moves on. Remembers nothing written."""

    def __init__(self, chain: Consortium, start: date) -> None:
        self.chain, self.day = chain, start
        self.records = self.receivables = self.plans = 0
        self.watch: Callable[[Sent], None] | None = None
        """Told of every record written."""
        self._numbers = _Numbers({})
        self._closed = 0  # blocks of this day

    @property
    def seed(self) -> int:
        return self.chain.seed

    def member(self, name: str) -> Member:
        """Return a member as it is now, with the key it signs with."""
        return self.chain.members[name]

    def chance(self, *names: str) -> Chance:
        """Return the choices of something with this name."""
        return Chance(self.seed, *names)

    def serial(self, prefix: str) -> int:
        """Return the next number of this prefix, from 1."""
        return self._numbers.next(prefix)

    def named(self, prefix: str) -> str:
        """Return a new name: the prefix and its next number."""
        return f"{prefix}-{self._numbers.next(prefix):06d}"

    def write(self, sender: Member, kind: str, v: int = 1, /, **payload: Any) -> Sent:
        """Send a record of this kind and version, signed with the sender's present key."""
        self.records += 1
        self.plans += kind == "plan.established"
        sent = self.chain.record(self.chain.members[sender.member], kind, {"v": v, **payload})
        if self.watch is not None:
            self.watch(sent)
        if self.chain.pending >= MAX_TRANSACTIONS:
            self._close()
        return sent

    def today(self) -> str:
        """Return the present day as records write it."""
        return self.day.isoformat()

    @property
    def time(self) -> datetime:
        """When the next block closes."""
        opening = datetime(self.day.year, self.day.month, self.day.day, OPENS, tzinfo=SHANGHAI)
        return opening + BETWEEN * min(self._closed, MOST_A_DAY)

    def now(self) -> str:
        """Return the instant of the next block as records write it."""
        return f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def _close(self) -> None:
        if self.chain.press is None:
            self.chain.seal(self.time)
        else:
            self.chain.seal_ahead(self.time)
        self._closed += 1

    def seal(self) -> None:
        """Close blocks over everything sent."""
        while self.chain.pending:
            self._close()

    def turn_to(self, day: date) -> None:
        """Close this day's blocks and go on with a later one."""
        if day < self.day:
            raise ValueError(f"{day} is past: it is {self.day}")
        self.seal()
        if day > self.day:
            self.day, self._closed = day, 0

    def wait(self, days: int) -> date:
        """Turn to the weekday at least so many days later, and return it."""
        self.turn_to(days_after(self.day, days))
        return self.day
