"""What a guarantee pays when what it covers goes bad: ACTUS CEG, credit enhancement guarantee.

It is the shape of 差额支付 (shortfall payment) and 保证: somebody promises, for a fee, to pay a share of what is owed
once a credit event is observed. ``Guarantee`` holds the terms, ``guarantee_events`` computes what they bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Literal

from abs.calendars import Calendar
from abs.errors import BadTerms
from abs.instrument import NOUGHT, Contract, EventType, Trade
from abs.instrument.dates import EVERY_DAY, Cycle, Shift
from abs.instrument.events import balance_on
from abs.money import CONTEXT, DayCount, year_fraction

__all__ = ["Covered", "CreditEvent", "Exposure", "Guarantee", "GuaranteeEvent", "GuaranteeFee", "guarantee_events"]


class Exposure(StrEnum):
    """What of the covered contracts is guaranteed (ACTUS guaranteed exposure, CEGE)."""

    NO = "NO"
    """The principal outstanding."""
    NI = "NI"
    """The principal outstanding and the interest accrued."""
    MV = "MV"
    """The market value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A contract under the guarantee, by name; its terms and the rates it follows where its balance matters.

    ``values``: its market value by day, where that is what is guaranteed.
    """

    name: str
    contract: Contract | None = None
    rates: Mapping[date, Decimal] = field(default_factory=dict)
    values: Mapping[date, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeFee:
    """The fee: ``rate`` is an amount a period (basis ``A``), or a rate a year of what is guaranteed (``N``)."""

    when: Cycle
    rate: Decimal
    basis: Literal["A", "N"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """The terms, seen from ``status``. ``role`` BUY is the protected party, SEL the promisor (差额支付承诺人).

    Guaranteed is ``coverage`` times ``notional``, or times the exposure of all covered contracts on the day where no
    notional is stated. It ends with ``maturity``, or with the last of the covered contracts. ``covers``: the
    performance that counts as credit event, such as DQ (delinquent) or DF (default). What was exercised is paid
    ``settlement`` days later.
    """

    role: Literal["BUY", "SEL"]
    status: date
    covered: tuple[Covered, ...]
    covers: frozenset[str]
    coverage: Decimal = Decimal(1)
    notional: Decimal | None = None
    exposure: Exposure = Exposure.NO
    maturity: date | None = None
    purchase: Trade | None = None
    fee: GuaranteeFee | None = None
    settlement: int = 0
    day_count: DayCount = DayCount.ACT_ACT_ISDA
    end_of_month: bool = False
    shift: Shift = Shift.NONE
    calendar: Calendar = EVERY_DAY

    @property
    def sign(self) -> int:
        """1 for the protected party, -1 for the promisor (ACTUS contract role convention)."""
        return 1 if self.role == "BUY" else -1

    def ends(self) -> date:
        """The maturity, or that of the last covered contract; BadTerms where no terms say either."""
        if self.maturity is not None:
            return self.maturity
        ends = [covered.contract.ends() for covered in self.covered if covered.contract]
        if not ends:
            raise BadTerms("bad-contract", "a guarantee needs a maturity, or covered contracts that have one")
        return max(ends)

    def guaranteed(self, day: date) -> Decimal:
        """The signed amount guaranteed at the end of a day; BadTerms for a market value that nobody observed."""
        owed = self.notional
        if owed is None:
            owed = NOUGHT
            for covered in self.covered:
                owed = CONTEXT.add(owed, _exposed(covered, self.exposure, day))
        return CONTEXT.multiply(CONTEXT.multiply(Decimal(self.sign), self.coverage), owed)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEvent:
    """A covered contract, by name, observed on a day to perform so."""

    on: date
    name: str
    performance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeEvent:
    """One event: when and what it pays, what is guaranteed after it, and what was exercised when."""

    on: date
    type: EventType
    payoff: Decimal
    notional: Decimal
    exercised: Decimal = NOUGHT
    exercised_on: date | None = None


def guarantee_events(
    guarantee: Guarantee, observed: Iterable[CreditEvent] = (), *, to: date | None = None
) -> tuple[GuaranteeEvent, ...]:
    """Every event after the status day and up to ``to``, in order (ACTUS CEG: PRD, FP, XD, STD, MD).

    The first credit event that is covered and comes by maturity exercises the guarantee, which then has no further
    fees and no maturity; the fee accrued by then is settled with it.
    """
    end, sign = guarantee.ends(), guarantee.sign
    names = {covered.name for covered in guarantee.covered}
    struck = [
        event.on
        for event in observed
        if event.name in names and event.performance in guarantee.covers and guarantee.status < event.on <= end
    ]
    exercise = min(struck, default=None)
    found = []
    if guarantee.purchase:
        day = guarantee.purchase.on
        payoff = -sign * guarantee.purchase.price
        found.append(GuaranteeEvent(on=day, type=EventType.PRD, payoff=payoff, notional=guarantee.guaranteed(day)))
    if guarantee.fee:
        found += _fees(guarantee, guarantee.fee, exercise or end)
    if exercise is None:
        found.append(GuaranteeEvent(on=end, type=EventType.MD, payoff=NOUGHT, notional=NOUGHT))
    else:
        found += _settled(guarantee, exercise)
    shown = [event for event in found if guarantee.status < event.on and (to is None or event.on <= to)]
    return tuple(sorted(shown, key=lambda event: event.on))


def _exposed(covered: Covered, exposure: Exposure, day: date) -> Decimal:
    if exposure is Exposure.MV:
        if day not in covered.values:
            raise BadTerms("no-value-observed", f"the market value of {covered.name} was not observed on {day}")
        return covered.values[day]
    if covered.contract is None:
        raise BadTerms("bad-contract", f"the terms of {covered.name} are needed to say what is guaranteed of it")
    principal, accrued = balance_on(covered.contract, day, covered.rates)
    return CONTEXT.add(principal, accrued) if exposure is Exposure.NI else principal


def _fees(guarantee: Guarantee, fee: GuaranteeFee, end: date) -> list[GuaranteeEvent]:
    paid = []
    for day in (day for day in _fee_days(guarantee, fee) if day <= end):
        payoff = guarantee.sign * fee.rate
        if fee.basis == "N":
            payoff = _accrued_fee(guarantee, fee, day, [start for start in _fee_days(guarantee, fee) if start < day])
        on, notional = guarantee.shift.pays_on(day, guarantee.calendar), guarantee.guaranteed(day)
        paid.append(GuaranteeEvent(on=on, type=EventType.FP, payoff=payoff, notional=notional))
    return paid


def _fee_days(guarantee: Guarantee, fee: GuaranteeFee) -> list[date]:
    return fee.when.until(guarantee.ends(), with_end=False, end_of_month=guarantee.end_of_month)


def _settled(guarantee: Guarantee, exercise: date) -> list[GuaranteeEvent]:
    """The exercise, on the day of the credit event, and its settlement on a business day."""
    amount = guarantee.guaranteed(exercise)
    paid_on = guarantee.shift.pays_on(exercise + timedelta(days=guarantee.settlement), guarantee.calendar)
    fee = NOUGHT
    if guarantee.fee:
        paid = [day for day in _fee_days(guarantee, guarantee.fee) if day <= exercise]
        fee = _accrued_fee(guarantee, guarantee.fee, exercise, paid)
    exercised = GuaranteeEvent(
        on=exercise, type=EventType.XD, payoff=NOUGHT, notional=amount, exercised=amount, exercised_on=exercise
    )
    settled = GuaranteeEvent(
        on=paid_on,
        type=EventType.STD,
        payoff=CONTEXT.add(amount, fee),
        notional=NOUGHT,
        exercised=amount,
        exercised_on=exercise,
    )
    return [exercised, settled]


def _accrued_fee(guarantee: Guarantee, fee: GuaranteeFee, day: date, paid: list[date]) -> Decimal:
    """The signed fee up to ``day`` since the last of the fee days before it; none before the first (ACTUS CEG, STF_XD).

    Basis A: the share of the fee period that has passed; N: rate x share of a year x amount guaranteed at its start.
    """
    if not paid:
        return NOUGHT
    since, until, upcoming = (
        guarantee.shift.counts_to(each, guarantee.calendar)
        for each in (paid[-1], day, fee.when.at(len(paid), end_of_month=guarantee.end_of_month))
    )
    passed = year_fraction(since, until, guarantee.day_count)
    with localcontext(CONTEXT):
        if fee.basis == "N":
            return guarantee.guaranteed(paid[-1]) * fee.rate * passed.numerator / passed.denominator
        share = passed / year_fraction(since, upcoming, guarantee.day_count)
        return guarantee.sign * fee.rate * share.numerator / share.denominator
