"""Trading days (交易日), and the dates of a plan's periods: T, and so many trading days before it (T-n 日).

The calendar of the Shanghai exchange is that of ``exchange_calendars``, which knows holidays up to the last year the
exchange has announced. Beyond, every weekday counts as open and what depends on it is *provisional*: the Spring
Festival (春节) of a later year will move it.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from abs.errors import BadTerms

if TYPE_CHECKING:
    from abs.terms import PlanTerms

__all__ = ["Calendar", "Every", "PeriodDates", "Roll", "calendar", "later", "schedule", "trading_days_before"]

LONGEST_CLOSURE: Final = 31
"""Days. No exchange here was ever closed so long; one that seems to be is a calendar that went wrong."""
SATURDAY: Final = 5
DAY: Final = timedelta(days=1)

Every = Literal["period", "month", "week", "day"]
"""How often what was collected is passed on (转付频率)."""


class Roll(StrEnum):
    """What happens to a day on which the exchange is closed; modified: unless that leads into another month."""

    NONE = "none"
    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED_FOLLOWING = "modified_following"
    MODIFIED_PRECEDING = "modified_preceding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days are open: weekdays that are no holiday, or with ``weekends`` every day.

    Holidays are known from ``first`` to ``last``; beyond, every weekday counts as open.
    """

    name: str
    weekends: bool = False
    holidays: frozenset[date] = field(default=frozenset(), repr=False)
    first: date = date.min
    last: date = date.max

    def known(self, day: date) -> bool:
        """Whether it is known if the day is open. What is not known is provisional."""
        return self.first <= day <= self.last

    def open(self, day: date) -> bool:
        """Whether the day is open: known to be, or a weekday of a year that nobody announced."""
        return self.weekends or (day.weekday() < SATURDAY and day not in self.holidays)

    def roll(self, day: date, rule: Roll) -> date:
        """The open day that stands for this one; the day itself by ``Roll.NONE``, open or not."""
        if rule is Roll.NONE:
            return day
        onward = DAY if rule in (Roll.FOLLOWING, Roll.MODIFIED_FOLLOWING) else -DAY
        moved = self._next(day, onward)
        if rule in (Roll.MODIFIED_FOLLOWING, Roll.MODIFIED_PRECEDING) and moved.month != day.month:
            moved = self._next(day, -onward)
        return moved

    def before(self, day: date, count: int) -> date:
        """The ``count``-th open day before this one; 0: the day itself, open or not."""
        for _ in range(count):
            day = self._next(day - DAY, -DAY)
        return day

    def _next(self, day: date, onward: timedelta) -> date:
        for _ in range(LONGEST_CLOSURE):
            if self.open(day):
                return day
            day += onward
        raise BadTerms("closed-calendar", f"calendar {self.name} has no open day within {LONGEST_CLOSURE} of {day}")


@cache
def calendar(name: Literal["XSHG", "weekdays", "every_day"]) -> Calendar:
    """The calendar of that name. That of the exchange is read the first time it is asked for, in about a second."""
    if name != "XSHG":
        return Calendar(name=name, weekends=name == "every_day")
    from exchange_calendars.exchange_calendar_xshg import XSHGExchangeCalendar as Exchange  # brings pandas along

    return Calendar(
        name=name,
        holidays=frozenset(day.date() for day in Exchange.precomputed_holidays()),
        first=Exchange.bound_min().date(),
        last=Exchange.bound_max().date(),
    )


def trading_days_before(day: date, count: int, of: Calendar) -> date:
    """The ``count``-th trading day before a day (T-n 日); 0: the day itself."""
    return of.before(day, count)


def later(day: date, *, months: int) -> date:
    """The same day so many months later, or earlier where negative; the last of a month that has not so many days."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodDates:
    """The dates of one period, all rolled. ``stated`` is the payment date as the terms list it.

    What came in from ``collected_from`` to ``calculation``, both included, counts for the period. ``remittances`` are
    the days it is passed on (转付日) and end with T-n; ``remittances_after_event`` those after a credit event.
    ``shortfall`` is the day the promisor is called (差额支付启动日); None where nobody promised anything.
    ``provisional``: one of the dates lies beyond the years whose holidays are known.
    """

    period: int
    stated: date
    payment: date
    collected_from: date
    calculation: date
    remittances: tuple[date, ...]
    remittances_after_event: tuple[date, ...]
    shortfall: date | None
    report: date
    instruction: date
    record: date
    provisional: bool

    def as_json(self) -> dict[str, object]:
        """The dates under their names."""
        return {
            name: [day.isoformat() for day in value]
            if isinstance(value, tuple)
            else value.isoformat()
            if isinstance(value, date)
            else value
            for name, value in ((each.name, getattr(self, each.name)) for each in fields(self))
        }


def schedule(terms: PlanTerms) -> tuple[PeriodDates, ...]:
    """The dates of every period that the terms list; none where they list no payment dates.

    Raises BadTerms ``same-payment-date`` where two stated dates are rolled onto one day.
    """
    days, of = terms.dates, calendar(terms.conventions.calendar)
    found: list[PeriodDates] = []
    collected, remitted, remitted_after = terms.plan.cutoff, terms.plan.closing, terms.plan.closing
    for period, stated in enumerate(days.pay, start=1):
        payment = of.roll(stated, days.roll)
        if found and payment <= found[-1].payment:
            raise BadTerms(
                "same-payment-date", f"the payment dates {found[-1].stated} and {stated} are both paid on {payment}"
            )
        calculation = of.before(payment, days.calculation)
        regular = _remittances(of, of.before(payment, days.remittance), remitted, days.remittance_every)
        lag = days.remittance if days.remittance_after_event is None else days.remittance_after_event
        after = _remittances(
            of,
            of.before(payment, lag),
            remitted_after,
            days.remittance_every_after_event or days.remittance_every,
        )
        record = payment - timedelta(days=days.record)
        found.append(
            PeriodDates(
                period=period,
                stated=stated,
                payment=payment,
                collected_from=collected + DAY,
                calculation=calculation,
                remittances=regular,
                remittances_after_event=after,
                shortfall=None if terms.shortfall is None else of.before(payment, days.shortfall),
                report=of.before(payment, days.report),
                instruction=of.before(payment, days.instruction),
                record=record,
                provisional=not of.known(payment) or not of.known(record),
            )
        )
        collected, remitted, remitted_after = calculation, regular[-1], after[-1]
    return tuple(found)


def _remittances(of: Calendar, last: date, after: date, every: Every) -> tuple[date, ...]:
    """The days up to ``last`` and after ``after`` on which cash is passed on, each rolled to an earlier open day."""
    found, count = [last], 1
    while every != "period":
        step = count * (7 if every == "week" else 1)
        day = later(last, months=-count) if every == "month" else last - step * DAY
        if day <= after:
            break
        rolled = of.roll(day, Roll.PRECEDING)
        if after < rolled < found[-1]:
            found.append(rolled)
        count += 1
    return tuple(reversed(found))
