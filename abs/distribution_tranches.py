"""One tranche in one distribution: what it was owed, what it was paid, what is left, with every figure's lineage.

The conventions are those of ``abs.distribution``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from abs.figure import FactRef, Figure, Unit, derived, difference_of, ratio_of, read_from, sum_of, sum_over
from abs.money import DayCount, Rounding, days_between, interest
from abs.reading import ReadModel, Stated, fact_ref
from abs.terms import in_force, terms_history
from ledger.facts import Distribution, Plan, Tranche


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a plan that a distribution depends on, as in force on its day, and the fact that states them.

    ``face`` is fen per unit, ``record_date_lag`` days, ``rates`` the yearly rate of each tranche that has one.
    """

    day_count: DayCount
    rounding: Rounding
    face: int
    record_date_lag: int
    rates: Mapping[str, Decimal | None]
    stated: FactRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What one tranche was owed and paid in one period; a list of them is the table of repayments (本金兑付比例表)."""

    period: int
    paid_on: date
    accrual_start: date
    opening: Figure
    days: Figure
    interest_expected: Figure
    principal: Figure
    interest: Figure
    principal_share: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheStatement:
    """One tranche in one distribution, fen. Interest expected, arrears and difference are None where it has no rate.

    ``interest_arrears`` is what earlier periods left unpaid, without interest on it; ``interest_difference`` is
    interest paid - (expected + arrears). ``past`` are all periods up to this one, which comes last.
    """

    tranche: str
    name: str
    code: str
    rank: str
    repayment: str
    rate: Decimal | None
    maturity: date
    paid_on: date
    accrual_start: date
    accrual_end: date
    principal: Figure
    units: Figure
    opening: Figure
    days: Figure
    interest_expected: Figure
    interest_arrears: Figure
    interest_paid: Figure
    interest_difference: Figure
    principal_paid: Figure
    total_paid: Figure
    closing: Figure
    principal_per_unit: Figure
    interest_per_unit: Figure
    total_per_unit: Figure
    face_after: Figure
    principal_of_original: Figure
    principal_of_opening: Figure
    past: tuple[Paid, ...]


def terms_by_period(facts: ReadModel, plan: Plan, ends: Mapping[int, date]) -> dict[int, Terms]:
    """The terms in force on the day of each period's distribution; raises BadTerms for ones that cannot be applied."""
    history, found = terms_history(facts, plan.id), {}
    for period, day in ends.items():
        version = in_force(history, day)
        terms = version.terms
        found[period] = Terms(
            day_count=terms.conventions.day_count,
            rounding=terms.conventions.rounding,
            face=terms.conventions.face,
            record_date_lag=terms.dates.record,
            rates={one.tranche: one.rate for one in terms.tranches},
            stated=FactRef(table="Plan", id=plan.id, position=version.position),
        )
    return found


class Book:
    """A plan's distributions up to one period: which day each period ended, and what each tranche was paid."""

    def __init__(
        self,
        height: int,
        plan: Plan,
        terms: Mapping[int, Terms],
        paid: Sequence[Distribution],
        ends: Mapping[int, date],
    ) -> None:
        self.height = height
        self.plan = plan
        self.terms = terms
        self.ends = ends
        self._paid = paid

    def start(self, period: int) -> date:
        """The day interest of a period begins to accrue: that of the distribution before, or of the closing."""
        return max((day for one, day in self.ends.items() if one < period), default=self.plan.closing)

    def days(self, period: int) -> Figure:
        """The days of a period's accrual; None where the ledger dates its end before its start."""
        start, end = self.start(period), self.ends[period]
        reversed_ = end < start
        near = {period, max((one for one in self.ends if one < period), default=period)}
        return read_from(
            "distribution.days",
            None if reversed_ else days_between(start, end),
            Unit.COUNT,
            formula=f"days from {start} (counted) to {end} (not counted)" + (": reversed dates" if reversed_ else ""),
            height=self.height,
            facts=[fact_ref(self.plan), *(fact_ref(one) for one in self._paid if one.period in near)],
        )

    def principal(self, tranche: str, period: int) -> Figure:
        """The principal paid on one tranche in one period."""
        rows = self._rows(tranche, period)
        formula = f"sum of Distribution.principal of period {period}"
        return sum_over(
            "tranche.principal_paid", rows, lambda one: one.fact.principal, formula=formula, height=self.height
        )

    def interest(self, tranche: str, period: int) -> Figure:
        """The interest paid on one tranche in one period."""
        rows = self._rows(tranche, period)
        formula = f"sum of Distribution.interest of period {period}"
        return sum_over(
            "tranche.interest_paid", rows, lambda one: one.fact.interest, formula=formula, height=self.height
        )

    def _rows(self, tranche: str, period: int) -> tuple[Stated[Distribution], ...]:
        return tuple(Stated(one) for one in self._paid if (one.tranche, one.period) == (tranche, period))


def tranche_statement(book: Book, tranche: Tranche, stated: FactRef) -> TrancheStatement:
    """What the book says of one tranche in its last period; ``stated`` is the fact that states its principal."""
    height = book.height
    principal = read_from(
        "tranche.principal", tranche.principal, Unit.FEN, formula="Tranche.principal", height=height, facts=[stated]
    )
    past = _past(book, tranche, principal)
    before, now = past[:-1], past[-1]
    total = sum_of("tranche.total_paid", [now.principal, now.interest], formula="principal paid + interest paid")
    closing = difference_of("tranche.closing", now.opening, now.principal, formula="opening - principal paid")
    terms = book.terms[now.period]
    face = read_from(
        "plan.face", terms.face, Unit.FEN, formula="face by the plan's terms", height=height, facts=[terms.stated]
    )
    units = ratio_of("tranche.units", principal, face, unit=Unit.COUNT, formula="original principal / face")
    arrears = _arrears(before, now)
    return TrancheStatement(
        tranche=tranche.tranche,
        name=tranche.name,
        code=tranche.code,
        rank=tranche.rank,
        repayment=tranche.repayment,
        rate=terms.rates.get(tranche.tranche, tranche.rate),
        maturity=tranche.maturity,
        paid_on=now.paid_on,
        accrual_start=now.accrual_start,
        accrual_end=now.paid_on,
        principal=principal,
        units=units,
        opening=now.opening,
        days=now.days,
        interest_expected=now.interest_expected,
        interest_arrears=arrears,
        interest_paid=now.interest,
        interest_difference=derived(
            "tranche.interest_difference",
            [now.interest, now.interest_expected, arrears],
            lambda paid, due, unpaid: paid - (due + unpaid),
            Unit.FEN,
            formula="interest paid - (interest expected + arrears)",
        ),
        principal_paid=now.principal,
        total_paid=total,
        closing=closing,
        principal_per_unit=_per_unit("tranche.principal_per_unit", now.principal, units),
        interest_per_unit=_per_unit("tranche.interest_per_unit", now.interest, units),
        total_per_unit=_per_unit("tranche.total_per_unit", total, units),
        face_after=_per_unit("tranche.face_after", closing, units),
        principal_of_original=ratio_of("tranche.principal_of_original", now.principal, principal),
        principal_of_opening=ratio_of("tranche.principal_of_opening", now.principal, now.opening),
        past=past,
    )


def _past(book: Book, tranche: Tranche, principal: Figure) -> tuple[Paid, ...]:
    periods_so_far: list[Paid] = []
    for period, end in book.ends.items():
        repaid = book.principal(tranche.tranche, period)
        opening = difference_of(
            "tranche.opening",
            principal,
            *(one.principal for one in periods_so_far),
            formula="original principal - principal paid in earlier periods",
        )
        days, start = book.days(period), book.start(period)
        terms = book.terms[period]
        rate = Figure(
            name="tranche.rate",
            value=terms.rates.get(tranche.tranche, tranche.rate),
            unit=Unit.RATIO,
            formula="the tranche's rate by the terms in force",
            height=book.height,
            facts=(*principal.facts, terms.stated),
        )
        periods_so_far.append(
            Paid(
                period=period,
                paid_on=end,
                accrual_start=start,
                opening=opening,
                days=days,
                interest_expected=_expected(terms, opening, rate, days, start, end),
                principal=repaid,
                interest=book.interest(tranche.tranche, period),
                principal_share=ratio_of("tranche.principal_share", repaid, principal),
            )
        )
    return tuple(periods_so_far)


def _expected(terms: Terms, opening: Figure, rate: Figure, days: Figure, start: date, end: date) -> Figure:
    return derived(
        "tranche.interest_expected",
        [opening, rate, days],
        lambda balance, yearly, _: interest(
            balance, yearly, start, end, rounding=terms.rounding, day_count=terms.day_count
        ),
        Unit.FEN,
        formula=f"opening x rate x days / year by {terms.day_count.value}, rounded {terms.rounding.value}",
    )


def _arrears(before: Sequence[Paid], now: Paid) -> Figure:
    if not before:
        return derived(
            "tranche.interest_arrears", [now.interest_expected], lambda _: 0, Unit.FEN, formula="no earlier period"
        )
    return derived(
        "tranche.interest_arrears",
        [figure for one in before for figure in (one.interest_expected, one.interest)],
        lambda *values: sum(values[0::2]) - sum(values[1::2]),
        Unit.FEN,
        formula="interest expected - interest paid, over earlier periods",
    )


def _per_unit(name: str, amount: Figure, units: Figure) -> Figure:
    return ratio_of(name, amount, units, unit=Unit.FEN, formula=f"{amount.name} / units")
