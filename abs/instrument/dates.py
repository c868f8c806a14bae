"""When a contract's events are due: cycles with anchor and stub, end of month, and what a closed day does to them.

Every rule is one of the ACTUS standard (Algorithmic Contract Types Unified Standards), by the name it has there:
schedule (S), stub, end of month convention (EOMC), business day convention (BDC). Trading days are ``abs.calendars``'.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from abs.calendars import Calendar, Roll, calendar, later
from abs.errors import BadTerms

__all__ = ["EVERY_DAY", "Cycle", "Shift"]

EVERY_DAY: Final = calendar("every_day")
"""No holidays (ACTUS ``NC``)."""


class Shift(StrEnum):
    """What happens to an event that is due on no business day (ACTUS BDC).

    First two letters: SC shifts and then counts interest to the shifted day, CS counts interest to the day as scheduled
    and shifts the payment alone. F goes to the following business day, P to the preceding; M turns round where that
    would leave the month.
    """

    NONE = "NOS"
    SCF = "SCF"
    SCMF = "SCMF"
    CSF = "CSF"
    CSMF = "CSMF"
    SCP = "SCP"
    SCMP = "SCMP"
    CSP = "CSP"
    CSMP = "CSMP"

    def pays_on(self, day: date, calendar: Calendar) -> date:
        """The day on which an event scheduled for ``day`` happens; BadTerms where the calendar has no business day."""
        return day if self is Shift.NONE else calendar.roll(day, _ROLLS[self[2:]])

    def counts_to(self, day: date, calendar: Calendar) -> date:
        """The day up to which interest of an event scheduled for ``day`` is counted."""
        return self.pays_on(day, calendar) if self.startswith("SC") else day


_ROLLS: Final = {
    "F": Roll.FOLLOWING,
    "MF": Roll.MODIFIED_FOLLOWING,
    "P": Roll.PRECEDING,
    "MP": Roll.MODIFIED_PRECEDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A day that comes again every so many months or days after ``anchor`` (ACTUS cycle, such as ``P1ML0``).

    Every day is counted from the anchor, so that a 31st is not lost in February. ``long_stub``: where the last period
    would be a short one, it is joined to the one before (ACTUS ``L0``); otherwise it stands alone (``L1``).
    """

    anchor: date
    months: int = 0
    days: int = 0
    long_stub: bool = False

    def __post_init__(self) -> None:
        if self.months < 0 or self.days < 0 or not self.months + self.days:
            raise BadTerms("bad-contract", f"a cycle cannot go on by {self.months} months and {self.days} days")

    def at(self, count: int, *, end_of_month: bool = False) -> date:
        """The day ``count`` steps after the anchor; BadTerms for one that no calendar has.

        ``end_of_month`` (EOMC ``EOM``): the last day of each month where the anchor is one; otherwise the same day.
        """
        try:
            day = later(self.anchor, months=self.months * count) + timedelta(days=self.days * count)
        except (ValueError, OverflowError):
            raise BadTerms(
                "bad-contract", f"a cycle from {self.anchor} leaves the calendar after {count} steps"
            ) from None
        if end_of_month and not self.days and self.anchor.day == _month_end(self.anchor):
            return day.replace(day=_month_end(day))
        return day

    def until(self, end: date, *, with_end: bool, end_of_month: bool = False) -> list[date]:
        """The days from the anchor up to ``end``, which comes last when ``with_end`` and not at all otherwise."""
        found: list[date] = []
        day = self.anchor
        while day < end:
            found.append(day)
            day = self.at(len(found), end_of_month=end_of_month)
        if self.long_stub and day != end and len(found) > 1:
            found.pop()
        return [*found, end] if with_end else found


def _month_end(day: date) -> int:
    return monthrange(day.year, day.month)[1]
