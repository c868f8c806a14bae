"""Mistakes about what is due: rounding, days, day count, bases of fees, arrears, one amount; and fees paid twice.

What is due is taken from the books of a period that was made with the mistake, and put into the period as it is by way
of its arrears: then only what is due changes, and everything that follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Final

from abs.booked.entries import Item
from abs.booked.periods import entrance
from abs.calendars import Roll, calendar
from abs.deal import DealState, FeeState, Period
from abs.errors import AbsError
from abs.money import DayCount, Rounding, yuan_text
from abs.reconciliation.trials import Case, Trial, leaking
from abs.terms import Fee, PlanTerms
from abs.waterfall.books import INTEREST, Books

__all__ = [
    "another_amount",
    "another_base",
    "another_day",
    "another_day_count",
    "another_rounding",
    "forgotten_arrears",
    "paid_twice",
]

FURTHEST: Final = 14  # days that a wrong date is looked for on either side of the right one
TAX: Final = "fees on interest"
PARTS: Final = ("interest", "fees", TAX)
"""What is rounded; the last are such as VAT (增值税)."""
BASES: Final = ("securities.outstanding", "rated.outstanding", "senior.outstanding", "receipts")
"""Measures of the waterfall that a fee may have been taken of by mistake, beside those of the pool."""


def paid_twice(case: Case) -> Iterator[Trial]:
    """A fee is paid a second time, as far as cash goes, at any place behind the first."""
    for line in [one for one in case.result.lines if one.action == "fees" and one.amount]:
        item = Item(kind="fee", name=line.target)
        more, records = case.more(item), [one.amount for one in case.paid.get(item, ())]
        whole = line.amount in records and len(records) > 1  # else one payment may have been made in parts
        if more > 0 and (more % line.amount == 0 or (whole and more < line.amount)):
            text = f"fee {line.target}: {yuan_text(line.amount)} is due, and {yuan_text(more)} was paid besides"
            for _, terms in leaking(case, line.source, max(line.amount, more)):
                yield Trial(cause="fee_twice", text=text, rule=line.rule, terms=terms, astray=item)


def another_rounding(case: Case) -> Iterator[Trial]:
    """Interest, fees, or fees on interest are rounded in another way, or several of them are, or one amount is."""
    agreed = case.terms.conventions.rounding
    for mode in [one for one in Rounding if one is not agreed]:
        terms = _conventions(case.terms, rounding=mode)
        for parts in _some(PARTS):
            opening = _dues(case, terms, parts)
            if opening is not None:
                text = f"{' and '.join(parts)} rounded {mode.value}, and the terms say {agreed.value}"
                run = terms if TAX in parts else case.terms
                yield Trial(cause="rounding", text=text, terms=run, opening=opening)
                yield from _one_by_one(case, opening, f"rounded {mode.value}, and the terms say {agreed.value}")


def _one_by_one(case: Case, other: DealState, text: str) -> Iterator[Trial]:
    """Of the dues that differ by a fen in another state, each alone."""
    for name, tranche in other.tranches.items():
        more = tranche.interest_arrears - case.opening.tranches[name].interest_arrears
        if abs(more) == 1:
            yield Trial(
                cause="rounding", text=f"interest of {name} {text}", opening=_owed(case.opening, {name: more}, {})
            )
    for name, fee in other.fees.items():
        more = fee.arrears - case.opening.fees.get(name, FeeState()).arrears
        if abs(more) == 1:
            yield Trial(cause="rounding", text=f"fee {name} {text}", opening=_owed(case.opening, {}, {name: more}))


def another_day_count(case: Case) -> Iterator[Trial]:
    """Interest, fees or both are counted by another day count."""
    agreed = case.terms.conventions.day_count
    for count, parts in product([one for one in DayCount if one is not agreed], _some(PARTS[:2])):
        opening = _dues(case, _conventions(case.terms, day_count=count), parts)
        if opening is not None:
            text = f"{' and '.join(parts)} counted by {count.value}, and the terms say {agreed.value}"
            yield Trial(cause="day_count", text=text, opening=opening)


def another_day(case: Case) -> Iterator[Trial]:
    """Interest, fees or both are counted from another day, to another day, or both.

    A day without a name is near enough to fit one amount by chance: it must change two.
    """
    start, end = case.opening.on, case.inputs.on
    for (first, last, text, named), parts in product(_days(case), _some(PARTS[:2])):
        opening = _dues(case, case.terms, parts, start=first, end=last) if first <= last else None
        if opening is not None and (named or _changes(case.opening, opening) > 1):
            days = f"{(last - first).days} days are counted, {(end - start).days} are due"
            yield Trial(cause="wrong_date", text=f"{' and '.join(parts)} counted {text}: {days}", opening=opening)


def _changes(before: DealState, after: DealState) -> int:
    """How many dues differ between two states."""
    tranches = sum(one != after.tranches[name] for name, one in before.tranches.items())
    return tranches + sum(one != after.fees[name] for name, one in before.fees.items())


def another_base(case: Case) -> Iterator[Trial]:
    """One fee is taken of another base, without its cap, or again though it is due once."""
    for fee in [one for one in case.terms.fees if case.more(Item(kind="fee", name=one.fee))]:
        for text, changed in _fees(case, fee):
            kept = tuple(changed if one.fee == fee.fee else one for one in case.terms.fees)
            yield Trial(
                cause="fee_base",
                text=f"fee {fee.fee} {text}",
                rule=_rule(case, fee.fee),
                terms=case.terms.model_copy(update={"fees": kept}),
            )


def forgotten_arrears(case: Case) -> Iterator[Trial]:
    """What was left unpaid before, of everything, of one kind or of one name, is not paid."""
    tranches = [name for name, one in case.opening.tranches.items() if one.interest_arrears]
    fees = [name for name, one in case.opening.fees.items() if one.arrears]
    for some, others in [(tranches, fees), (tranches, []), ([], fees)]:
        if some or others:
            yield _forgetting(case, some, others)
    for name in tranches:
        yield _forgetting(case, [name], [])
    for name in fees:
        yield _forgetting(case, [], [name])


def another_amount(case: Case) -> Iterator[Trial]:
    """One fee or the interest of one tranche is another amount than was due, or something is paid without a rule."""
    known = {one.fee for one in case.terms.fees} | {one.tranche for one in case.terms.tranches}
    for item in sorted({*case.stated, *case.by_terms()}):
        more, stated = case.more(item), yuan_text(case.stated.get(item, 0))
        if not more or item.kind not in ("fee", "interest"):
            continue
        due = yuan_text(case.by_terms().get(item, 0))
        text = f"{item}: {stated} was paid, and {due} is due; everything else follows from it"
        yield Trial(cause="amount", text=text, rule=_rule(case, item.name), opening=_owing(case, item, more))
        if item.name not in known and item.kind == "fee":
            text = f"{item}: {stated} was paid, and the terms know no such fee"
            for _, terms in leaking(case, entrance(case.terms), more):
                yield Trial(cause="amount", text=text, terms=terms, astray=item)


def _conventions(terms: PlanTerms, **changes: Rounding | DayCount) -> PlanTerms:
    return terms.model_copy(update={"conventions": terms.conventions.model_copy(update=changes)})


def _some(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every choice of parts, the smallest first."""
    return [one for count in range(1, len(parts) + 1) for one in combinations(parts, count)]


def _books(terms: PlanTerms, opening: DealState, inputs: Period) -> Books | None:
    try:
        return Books(terms, opening, inputs)
    except AbsError:
        return None  # no such period: it would end before it starts


def _dues(
    case: Case, terms: PlanTerms, parts: Collection[str], *, start: date | None = None, end: date | None = None
) -> DealState | None:
    """The opening state with which these parts are due as by other terms and days, and the others as they are.

    None where nothing would be due otherwise, or where there is no such period. A trial with fees on interest runs by
    the other terms, the others by those of the case; either way arrears make up the difference.
    """
    opening = replace(case.opening, on=start or case.opening.on)
    other = _books(terms, opening, replace(case.inputs, on=end or case.inputs.on))
    own = _books(case.terms, case.opening, case.inputs)
    if other is None or own is None:
        return None
    runs = other if TAX in parts else own
    wanted = {part: other if part in parts else own for part in PARTS}
    taxed = {one.fee for one in case.terms.fees if one.base == INTEREST}
    interest = {name: wanted["interest"].accrued[name] - runs.accrued[name] for name in own.accrued}
    fees = {name: wanted["fees"].added[name][0] - runs.added[name][0] for name in own.added if name not in taxed}
    if not taxed if TAX in parts else not any(interest.values()) and not any(fees.values()):
        return None
    return _owed(case.opening, interest, fees)


def _owed(opening: DealState, interest: Mapping[str, int], fees: Mapping[str, int]) -> DealState:
    """The state with so much more in arrears."""
    tranches = {
        name: replace(one, interest_arrears=one.interest_arrears + interest.get(name, 0))
        for name, one in opening.tranches.items()
    }
    owed = {
        name: replace(one, arrears=one.arrears + fees.get(name, 0))
        for name, one in {**{name: FeeState() for name in fees}, **opening.fees}.items()
    }
    return replace(opening, tranches=tranches, fees=owed)


def _owing(case: Case, item: Item, more: int) -> DealState:
    if item.kind == "interest":
        return _owed(case.opening, {item.name: more}, {})
    return _owed(case.opening, {}, {item.name: more} if item.name in case.opening.fees else {})


def _days(case: Case) -> Iterator[tuple[date, date, str, bool]]:
    """Days that interest may have been counted from and to by mistake, in words; those that have a name first."""
    start, end = case.opening.on, case.inputs.on
    ends = {day: f"to {day}, {name}" for name, day in reversed(_named(case, end)) if day != end}
    starts = {day: f"from {day}, {name}" for name, day in reversed(_begun(case)) if day != start}
    yield from ((start, day, text, True) for day, text in reversed(ends.items()))
    yield from ((day, end, text, True) for day, text in reversed(starts.items()))
    for (first, one), (last, two) in product(starts.items(), ends.items()):
        yield first, last, f"{one}, {two}", True
    for away in range(1, FURTHEST + 1):
        for day in (end - timedelta(days=away), end + timedelta(days=away)):
            if day not in ends:
                yield start, day, f"to {day} instead of {end}", False


def _named(case: Case, end: date) -> list[tuple[str, date]]:
    """Days near a payment date that it may have been taken for."""
    known = calendar(case.terms.conventions.calendar)
    found = [
        ("the trading day before", known.before(end, 1)),
        ("the trading day after", known.roll(end + timedelta(days=1), Roll.FOLLOWING)),
    ]
    if case.dates is not None:
        found = [
            ("the payment date of the terms", case.dates.payment),
            ("the payment date before it is rolled", case.dates.stated),
            *found,
            ("the calculation date", case.dates.calculation),
            ("the record date", case.dates.record),
        ]
    return found


def _begun(case: Case) -> list[tuple[str, date]]:
    """Days that interest may have been counted from instead of the payment date before."""
    found = [
        ("the day before", case.opening.on - timedelta(days=1)),
        ("the day after", case.opening.on + timedelta(days=1)),
    ]
    if case.opening.period == 0:
        return [("the cut-off date", case.terms.plan.cutoff), *found]
    if case.before is not None:
        named = (
            ("the payment date of the terms", case.before.payment),
            ("its date before it is rolled", case.before.stated),
        )
        found = [*named, *found]
    return found


def _fees(case: Case, fee: Fee) -> Iterator[tuple[str, Fee]]:
    if fee.cap is not None:
        yield "was paid without its cap", fee.model_copy(update={"cap": None})
    if fee.once and case.opening.period:
        yield "is due once, and was paid again", fee.model_copy(update={"once": False})
    if fee.kind == "fixed":
        return
    each = [f"tranche.{one.tranche}.outstanding" for one in case.terms.tranches]
    for base in [*BASES, *each, *case.inputs.measures]:
        if base != fee.base:
            yield f"was taken of {base}, and its base is {fee.base}", fee.model_copy(update={"base": base})


def _rule(case: Case, target: str) -> str:
    """The rule that pays somebody."""
    return next((line.rule for line in case.result.lines if line.target == target), "")


def _forgetting(case: Case, tranches: Collection[str], fees: Collection[str]) -> Trial:
    left = [f"interest of {name}" for name in tranches] + [f"fee {name}" for name in fees]
    interest = {name: -case.opening.tranches[name].interest_arrears for name in tranches}
    owed = {name: -case.opening.fees[name].arrears for name in fees}
    text = f"arrears of earlier periods were not paid: {', '.join(left)}"
    return Trial(cause="arrears_forgotten", text=text, opening=_owed(case.opening, interest, owed))
