"""By when a duty is to be met: in trading days (交易日) of the exchange, working days (工作日), or days of the year.

Days are counted as the rules word them: "no later than the N-th trading day before" T is the N-th open day before T,
"within N trading days after" D is the N-th open day after D, D itself never counting. A day that is a trading day only
by a later year's announcement cannot be told, and is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from abs.calendars import calendar, later
from disclosure.catalogue.load import catalogue
from disclosure.catalogue.values import Deadline, Duty, Unit
from disclosure.errors import UnknownDeadline

__all__ = ["deadline", "exempt_from_annual", "trading_days_between", "working_days"]

DAY: Final = timedelta(days=1)
QUARTER: Final = 3  # months


def deadline(duty: Duty | str, venue: str, on: date) -> date:
    """The last day on which a duty of a venue is met, counted from the day that ``Duty.counts_from`` says.

    Raises UnknownDeadline ``no-deadline`` where the venue has none, ``calendar-unknown`` beyond the days whose
    openings were announced.
    """
    found = catalogue().duties.get(duty) if isinstance(duty, str) else duty
    if found is None:
        raise UnknownDeadline("no-deadline", f"the catalogue has no duty {duty!r}")
    rule = found.at(venue)
    if rule is None:
        raise UnknownDeadline("no-deadline", f"the catalogue knows no deadline of {found.duty} at {venue}")
    return _RULES[rule.unit](rule, on)


def trading_days_between(after: date, until: date) -> int:
    """How many trading days lie after one day, up to and with another; negative where the second comes first."""
    if until < after:
        return -trading_days_between(until, after)
    return sum(_open(day) for day in _days(after, until))


def exempt_from_annual(established: date, year: int, delisted: date | None, due: date) -> bool:
    """Whether a plan has no annual report for a year: set up less than two months before its end, or nothing listed
    by the deadline (S5 3.1.1, Z1 12, C49 披露指引 14)."""
    months = int(catalogue().share("annual_exempt_months"))
    return established > later(date(year, 12, 31), months=-months) or (delisted is not None and delisted < due)


def working_days(day: date) -> bool:
    """Whether a day is a working day (工作日): a trading day, or a weekend that is worked (调休).

    Raises UnknownDeadline ``calendar-unknown`` for a year whose worked weekends are not in the catalogue.
    """
    worked = catalogue().workdays.get(day.year)
    if worked is None:
        raise UnknownDeadline(
            "calendar-unknown",
            f"the worked weekends (调休) of {day.year} are not in the catalogue",
            next_step="Add the State Council's notice of that year to disclosure/catalogue/rules/workdays.toml.",
        )
    return day in worked or _open(day)


def _open(day: date) -> bool:
    of = calendar("XSHG")
    if not of.known(day):
        raise UnknownDeadline("calendar-unknown", f"the trading days of {day} are not known: they end with {of.last}")
    return of.open(day)


def _days(after: date, until: date) -> list[date]:
    return [after + DAY * count for count in range(1, (until - after).days + 1)]


def _counted(on: date, count: int, step: timedelta, counts: Callable[[date], bool]) -> date:
    day = on
    while count:
        day += step
        count -= counts(day)
    return day


def _month_end(year: int, month: int) -> date:
    return later(date(year, month, 1), months=1) - DAY


def _next_quarter(rule: Deadline, on: date) -> date:
    first = later(date(on.year, on.month - (on.month - 1) % QUARTER, 1), months=QUARTER)
    return _counted(first - DAY, rule.count, DAY, _open)


def _month_ends(rule: Deadline, on: date) -> date:
    ends = (_month_end(on.year + ahead, month) for ahead in (0, 1) for month in sorted(rule.months))
    return next(end for end in ends if end >= on)


_RULES: Final[dict[Unit, Callable[[Deadline, date], date]]] = {
    Unit.YEARLY: lambda rule, on: date(on.year + 1, rule.month, rule.day),
    Unit.TRADING_DAYS_BEFORE: lambda rule, on: _counted(on, rule.count, -DAY, _open),
    Unit.TRADING_DAYS_AFTER: lambda rule, on: _counted(on, rule.count, DAY, _open),
    Unit.WORKING_DAYS_AFTER: lambda rule, on: _counted(on, rule.count, DAY, working_days),
    Unit.NEXT_QUARTER: _next_quarter,
    Unit.MONTH_ENDS: _month_ends,
    Unit.MONTH_BEFORE: lambda rule, on: later(on.replace(day=1), months=-1).replace(day=rule.day),
    Unit.MONTHS_AFTER: lambda rule, on: later(on, months=rule.count),
    Unit.YEARS_AFTER: lambda rule, on: later(on, months=12 * rule.count),
}
