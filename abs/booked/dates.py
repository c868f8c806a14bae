"""The payment dates (兑付日) of a plan by its records and its terms, and which of them each payment counts for.

Conventions
- A payment date is one that something was distributed on, under the number of the records. Of one period paid on
  several days it is the last, up to and without the next payment date: what comes then or later is late.
- Where the terms list a payment date between two of these, nothing was distributed on it: it is missed. It has the
  number that the records left out, or that of the period after it where they left none out.
- A payment counts for the period that its record names when it was made on that period's day, or after the payment
  date before and ahead of the next. Otherwise, and where nothing was distributed for such a period, it counts by its
  day: it is astray.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from abs.booked.entries import Entry, Item, PlanBook, When
from abs.calendars import DAY, PeriodDates, schedule
from abs.terms import TermsVersion, in_force
from ledger.position import Position

__all__ = ["END", "Course", "PaymentDate", "Payments", "counted", "payment_dates"]

END: Final = Position.from_number(2**63 - 1)

LATEST: Final = date.max - DAY

Payments = Mapping[Item, tuple[Entry, ...]]


class Course:
    """The versions of a plan's terms, and the dates that each lists, reckoned once."""

    def __init__(self, versions: Sequence[TermsVersion]) -> None:
        self.versions = versions
        self._listed: dict[int, tuple[PeriodDates, ...]] = {}

    def on(self, day: date) -> TermsVersion:
        """The version in force on a day."""
        return in_force(self.versions, day)

    def listed(self, version: TermsVersion) -> tuple[PeriodDates, ...]:
        """The dates of a version."""
        if version.number not in self._listed:
            self._listed[version.number] = schedule(version.terms)
        return self._listed[version.number]

    def nearest(self, day: date) -> PeriodDates | None:
        """The dates of the terms in force that lie nearest to a day."""
        return min(self.listed(self.on(day)), key=lambda one: abs((one.payment - day).days), default=None)

    def between(self, after: date, before: date) -> list[PeriodDates]:
        """Every payment date after one day and before another that the terms list which are in force on it."""
        found = {
            one.payment: one
            for version in self.versions
            for one in self.listed(version)
            if after < one.payment < before and self.on(one.payment) is version
        }
        return [found[day] for day in sorted(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDate:
    """One payment date; what is dated or recorded after ``until`` is of a later one.

    ``dates``: those of the terms nearest to it, None where they list none.
    """

    number: int
    on: date
    until: When
    version: TermsVersion
    dates: PeriodDates | None
    missed: bool = False

    @property
    def last(self) -> date:
        """Its day, or that of the terms, whichever is later."""
        return self.on if self.dates is None else max(self.on, self.dates.payment)

    @property
    def first(self) -> date:
        """Its day, or that of the terms, whichever is earlier."""
        return self.on if self.dates is None else min(self.on, self.dates.payment)


def payment_dates(book: PlanBook, course: Course) -> tuple[PaymentDate, ...]:
    """Every payment date up to the last that was paid, in the order of the periods; missed ones are among them."""
    found: list[PaymentDate] = []
    passed, number = course.versions[0].terms.plan.closing, -1 if 0 in book.distributed else 0
    for paid in _paid(book, course):
        between = course.between(passed, paid.first)
        found += _missed(course, between, range(number + 1, paid.number), paid.number)
        found.append(paid)
        passed, number = max(passed, paid.last), paid.number
    # What was distributed later still, under a number of before, is of the dates of the terms by then.
    end = max((whens[-1][0] for whens in book.distributed.values()), default=date.min)
    later = course.between(passed, min(end, LATEST) + DAY)
    found += _missed(course, later, range(number + 1, number + 1 + len(later)), number)
    return tuple(found)


def _paid(book: PlanBook, course: Course) -> Iterator[PaymentDate]:
    firsts = {number: whens[0][0] for number, whens in book.distributed.items()}
    for number, whens in book.distributed.items():
        first, near = firsts[number], course.nearest(firsts[number])
        ends = [day for other, day in firsts.items() if other > number and day > first]
        if near is not None:
            ends += [one.payment for one in course.between(max(first, near.payment), date.max)][:1]
        on, place = max(when for when in whens if when[0] < min(ends, default=date.max))
        shared = any(other > number and day == on for other, day in firsts.items())
        yield PaymentDate(
            number=number,
            on=on,
            until=(on, place if shared else END),
            version=course.on(on),
            dates=course.nearest(on),
        )


def _missed(
    course: Course, listed: Sequence[PeriodDates], numbers: Sequence[int], following: int
) -> Iterator[PaymentDate]:
    for place, dates in enumerate(listed):
        yield PaymentDate(
            number=numbers[place] if place < len(numbers) else following,
            on=dates.payment,
            until=(dates.payment, END),
            version=course.on(dates.payment),
            dates=dates,
            missed=True,
        )


def counted(book: PlanBook, dates: Sequence[PaymentDate]) -> list[tuple[Payments, tuple[tuple[int, Item, Entry], ...]]]:
    """Of each payment date what was paid by item, and of that what is astray, with the period its record names.

    What was paid for a period to come is in none.
    """
    found: list[defaultdict[Item, list[Entry]]] = [defaultdict(list) for _ in dates]
    astray: list[list[tuple[int, Item, Entry]]] = [[] for _ in dates]
    own = {one.number: place for place, one in reversed(list(enumerate(dates)))}
    own |= {one.number: place for place, one in enumerate(dates) if not one.missed}
    for number, items in book.paid.items():
        for item, entries in items.items():
            for entry in entries:
                place = own.get(number)
                if place is None or not _in_its_days(dates, place, entry.on):
                    late = None if place is None else len(dates) - 1
                    place = next((at for at, one in enumerate(dates) if entry.on <= one.on), late)
                    if place is None:
                        continue
                    if entry.amount and dates[place].number != number:
                        astray[place].append((number, item, entry))
                found[place][item].append(entry)
    return [
        ({item: tuple(each) for item, each in items.items()}, tuple(lost))
        for items, lost in zip(found, astray, strict=True)
    ]


def _in_its_days(dates: Sequence[PaymentDate], place: int, day: date) -> bool:
    own = dates[place].on
    before = dates[place - 1].on if place else date.min
    after = dates[place + 1].on if place + 1 < len(dates) else date.max
    return day == own or before < day < after
