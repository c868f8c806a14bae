"""What the ledger says of each payment date of a plan (兑付日): the terms in force, and what a waterfall starts from.

Conventions
- The periods are those of ``abs.booked.dates``, by the numbers of the records; where they begin with 0, each counts as
  one more. A period's days are those after the payment date before it, its own included; of two that were paid on one
  day, the second has what was recorded after the first.
- Cash counts by the day its record states: what was passed on (转付), what was paid for assets bought back, and, where
  the terms name no promisor, what was paid on shortfalls. What the promisor of the terms paid is no cash of the
  period: the waterfall calls for it, and the records are compared with that.
- Cash comes on the account of collections (归集账户) where a step pays out of it, otherwise on the first custody
  account.
- Revolving purchases (循环购买) were paid from collections that were not passed on yet, as far as those went, and
  otherwise out of the account that the step ``buy`` pays from.
- The terms are those in force on the payment date. Of a plan without a document the ledger may record no fee at all:
  then its fees are left out, since nobody can tell what was paid.
- Pool measures are taken on the calculation date, and only where the terms name one; where that is the payment date
  itself, before anything is paid on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from abs.booked.dates import Course, PaymentDate, Payments, counted, payment_dates
from abs.booked.entries import SOURCES, Entry, Item, PlanBook, When, plan_book, total
from abs.calendars import PeriodDates, calendar
from abs.deal import Measured, Period
from abs.figure import FactRef, Figure, sum_over
from abs.reading import plan_of, read_frame
from abs.terms import Limit, PlanTerms, State, terms_history
from abs.terms.columns import EFFECTS
from abs.terms.vocabulary import MEASURES
from ledger.position import Position

if TYPE_CHECKING:
    from abs.frame import PoolFrame
    from abs.reading import ReadModel

__all__ = ["START", "LedgerPeriod", "Measuring", "buyer", "declared", "entrance", "ledger_periods", "pool_measures"]

Measuring = Callable[["ReadModel", str, date, PlanTerms], Mapping[str, Any]]
"""The measures of a plan's pool on a day, by name: numbers or figures."""

START: Final[When] = (date.min, Position(0, 0, 0))
"""Before anything that was recorded of any day."""
NO_FEES: Final = "the ledger records no fee of this plan, and its terms are no document: fees are left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPeriod:
    """One period of a plan by its records: what it starts from, and what was paid.

    ``inputs`` are what the waterfall takes, ``cash`` the receipts by source with their records, ``paid`` what was paid
    by item. ``dates``: those of the terms nearest to the payment date, None where the terms list none. ``missed``:
    nothing was distributed on this date of the terms. ``astray``: what of ``paid`` was recorded for another period,
    with its number.
    """

    number: int
    paid_on: date
    terms: PlanTerms
    terms_ref: FactRef
    inputs: Period
    cash: tuple[Figure, ...]
    paid: Payments = field(repr=False)
    dates: PeriodDates | None = None
    missed: bool = False
    astray: tuple[tuple[int, Item, Entry], ...] = ()
    winding_up: bool = False
    """It was paid on the day the plan's liquidation (清算) was complete, which need not be a payment date."""
    notes: tuple[str, ...] = ()

    @property
    def on_schedule(self) -> bool:
        """Whether the payment date is one of the terms; yes where they list none, and where the plan was wound up."""
        return self.winding_up or self.dates is None or self.dates.payment == self.paid_on

    def amounts(self) -> dict[Item, int]:
        """What was paid by item, fen, without what is 0."""
        return {item: paid for item, entries in self.paid.items() if (paid := total(entries))}


def ledger_periods(
    facts: ReadModel, plan: str, *, measuring: Measuring | None = None, until: int | None = None
) -> tuple[LedgerPeriod, ...]:
    """Every period that the plan has paid or missed, in order; up to and with the number ``until`` where it is given.

    ``measuring`` is ``abs.coverage`` unless another is given. Raises UnknownPlan and BadTerms.
    """
    plan_of(facts, plan)
    return tuple(_periods(facts, plan, plan_book(facts, plan), measuring or _of_the_pool(), until))


def _periods(
    facts: ReadModel, plan: str, book: PlanBook, measuring: Measuring, until: int | None
) -> Iterator[LedgerPeriod]:
    course, shift = Course(terms_history(facts, plan)), int(0 in book.distributed)
    dates = payment_dates(book, course)
    passed, bought = START, 0
    for one, (paid, astray) in zip(dates, counted(book, dates), strict=True):
        if until is not None and one.number > until:
            return
        terms, notes = one.version.terms, list[str]()
        if not one.version.stated and terms.fees and not book.fees:
            terms, notes = _without_fees(terms), [NO_FEES]
        since = _Since(after=passed, until=one.until)
        spent = max(bought, _spent(book, since.until))
        came = since.came(book, terms)
        received = sum(total(entries) for entries in came.values())
        inputs = Period(
            period=one.number + shift,
            on=one.on,
            receipts=_receipts(terms, received, spent - bought),
            measures=_measured(facts, plan, terms, _calculated(terms, one), measuring),
            declared=declared(book, since.after, since.until),
            bought={buyer(terms): spent - bought} if spent > bought else {},
        )
        yield LedgerPeriod(
            number=one.number,
            paid_on=one.on,
            terms=terms,
            terms_ref=FactRef(table="Plan", id=plan, position=one.version.position),
            inputs=inputs,
            cash=tuple(since.figure(facts, source, entries) for source, entries in came.items()),
            paid={**paid, **since.made_up(book, terms)},
            dates=one.dates,
            missed=one.missed,
            astray=astray,
            winding_up=book.wound_up == one.on,
            notes=tuple(notes),
        )
        passed, bought = max(passed, since.until), spent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Since:
    """When the period before ended, and when this one does."""

    after: When
    until: When

    def within(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        return tuple(one for one in entries if self.after < one.when <= self.until)

    def came(self, book: PlanBook, terms: PlanTerms) -> dict[str, tuple[Entry, ...]]:
        """The entries of cash by source; the promisor's are among them where the terms know no promisor."""
        called = [] if terms.shortfall is not None else [one for each in book.made_up.values() for one in each]
        found = {
            "remitted": self.within(book.remitted),
            "repurchased": self.within((*book.repurchased, *book.cleaned_up)),
            "made_up": self.within(called),
        }
        return {source: entries for source, entries in found.items() if entries}

    def made_up(self, book: PlanBook, terms: PlanTerms) -> dict[Item, tuple[Entry, ...]]:
        """What promisors paid, to be compared with what the waterfall calls for."""
        if terms.shortfall is None:
            return {}
        found = {Item(kind="shortfall", name=payer): self.within(each) for payer, each in book.made_up.items()}
        return {item: entries for item, entries in found.items() if entries}

    def figure(self, facts: ReadModel, source: str, entries: Sequence[Entry]) -> Figure:
        """Cash of one source, with its records."""
        first, last = self.after[0], self.until[0]
        days = f"until {last}" if first == date.min else f"after {first}, until {last}"
        return sum_over(
            f"period.{source}",
            entries,
            lambda one: one.amount,
            formula=f"{SOURCES[source]} {days}",
            height=facts.height,
        )


def declared(book: PlanBook, after: When, until: When) -> tuple[State, ...]:
    """The states that events declared after one time and until another lead to."""
    effects = [EFFECTS[one.event] for one in book.events if after < (one.declared_on, one.began) <= until]
    states: Mapping[str, State] = {
        "amortising": "amortising", "accelerated": "accelerated", "defaulted": "defaulted",
    }  # fmt: skip
    return tuple(states[effect] for effect in effects if effect in states)


def entrance(terms: PlanTerms) -> str:
    """The account that a plan's cash comes on: of collections where a step pays out of it, else the custody account."""
    paying = {step.account for waterfall in terms.waterfalls for step in waterfall.steps if step.action != "shortfall"}
    kinds = [
        *(one.account for one in terms.accounts if one.kind == "collection" and one.account in paying),
        *(one.account for one in terms.accounts if one.kind == "custody"),
    ]
    return kinds[0] if kinds else terms.accounts[0].account


def buyer(terms: PlanTerms) -> str:
    """The account that purchases are paid out of."""
    steps = (step for waterfall in terms.waterfalls for step in waterfall.steps)
    return next((step.account for step in steps if step.action == "buy"), entrance(terms))


def pool_measures(terms: PlanTerms) -> frozenset[str]:
    """The measures of the pool that the terms name anywhere: in conditions, limits, targets and bases of fees."""
    steps = [step for waterfall in terms.waterfalls for step in waterfall.steps]
    conditions = [*(one for step in steps for one in step.when), *(one.when for one in terms.triggers)]
    limits: list[Limit | None] = [*(step.limit for step in steps), *(one.target for one in terms.accounts)]
    named = {name for one in conditions for name in (one.measure, one.than) if name is not None}
    named |= {one.measure for one in limits if one is not None and one.measure is not None}
    named |= {one.base for one in terms.fees if one.kind != "fixed"}
    if "clean_up.open" in named:
        named |= {"pool.balance", "pool.original"}
    return frozenset(name for name in named if name in MEASURES and MEASURES[name].source == "pool")


def _measured(facts: ReadModel, plan: str, terms: PlanTerms, day: date, measuring: Measuring) -> Mapping[str, Measured]:
    """The measures of the pool that the terms name, on the calculation date."""
    wanted = pool_measures(terms)
    if not wanted:
        return {}
    found = measuring(facts, plan, day, terms)
    return {name: _number(found.get(name)) for name in sorted(wanted)}


def _of_the_pool() -> Measuring:
    """``abs.coverage`` over a pool that is read once, when the first measure is asked for."""
    frames: list[PoolFrame] = []

    def measure(facts: ReadModel, plan: str, day: date, terms: PlanTerms) -> Mapping[str, Any]:
        from abs.coverage import Measures

        if not frames:
            frames.append(read_frame(facts, plan_of(facts, plan)))
        return Measures(facts, plan, day, terms, frames[0], paid=terms.dates.calculation > 0)

    return measure


def _number(value: Any) -> Measured:
    number = value.value if isinstance(value, Figure) else value
    return number if isinstance(number, int | Decimal) else None


def _receipts(terms: PlanTerms, received: int, spent: int) -> dict[str, int]:
    """Cash by account. What purchases took from another account than cash comes on had gone there before."""
    into, pays = entrance(terms), buyer(terms)
    if pays == into:
        return {into: received}
    ahead = min(received, spent)
    return {into: received - ahead, pays: ahead}


def _spent(book: PlanBook, end: When) -> int:
    """What purchases up to a time took beyond the collections that were not passed on by then."""

    def until(entries: Sequence[Entry]) -> int:
        return total([one for one in entries if one.when <= end])

    waiting = max(until(book.collected) - until(book.remitted), 0)
    return max(until(book.purchased) - waiting, 0)


def _without_fees(terms: PlanTerms) -> PlanTerms:
    waterfalls = tuple(
        one.model_copy(update={"steps": tuple(step for step in one.steps if step.action != "fees")})
        for one in terms.waterfalls
    )
    return terms.model_copy(update={"fees": (), "waterfalls": waterfalls})


def _calculated(terms: PlanTerms, paid: PaymentDate) -> date:
    """The calculation date (计算日) of what was paid on a day."""
    if paid.dates is not None and paid.dates.payment == paid.on:
        return paid.dates.calculation
    return calendar(terms.conventions.calendar).before(paid.on, terms.dates.calculation)
