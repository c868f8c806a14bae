"""What a plan paid against its terms (T21), and what its pool brought against what was forecast (T03).

A period is judged once its day is over, at the first block of a later business day, by the facts as of that block; and
again at a block that tells more of a day that is over. So a period that is paid by several blocks of one day is not
taken for one paid short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from abs.actuals import Compared, actuals
from abs.calendars import PeriodDates, later
from abs.coverage import Measures
from abs.errors import AbsError
from abs.forecast import forecast
from abs.frame import PoolFrame
from abs.history import record_of
from abs.reconciliation import Difference, reconcile
from abs.scenario import preset
from disclosure.catalogue import catalogue
from ledger.facts import (
    Distribution,
)
from ledger.finding import Severity
from ledger.position import Position
from regulator.monitor.days import Days
from regulator.monitor.plan import DATED, PlanRows, View, percent
from regulator.signals import Level, Signal

__all__ = ["before_watched", "forecast_signals", "months_from", "payment_heights", "payment_signals", "period_subjects"]

DAY: Final = timedelta(days=1)
LEVELS: Final = {Severity.ERROR: Level.HIGH, Severity.WARNING: Level.MEDIUM, Severity.NOTICE: Level.LOW}
SCORES: Final = {Level.HIGH: 95, Level.MEDIUM: 75, Level.LOW: 40}


def payment_heights(rows: PlanRows, days: Days) -> set[int]:
    """The heights at which payments are to be judged by what was paid: the first block after each day something was
    distributed on, and every block that tells of a day that was over when it was told."""
    found = set()
    for table, day in DATED:
        for one in rows.of(table):
            over = days.after(getattr(one, day))
            if over is not None and over <= one.from_height:
                found.add(one.from_height)
            elif over is not None and table is Distribution:
                found.add(over)
    return found


def payment_signals(view: View) -> tuple[Signal, ...]:
    """Every period that was not paid on its day or otherwise than the terms say, with the cause that reproduces it."""
    try:
        found = reconcile(view.facts, view.id)
    except AbsError:
        return ()  # monitor.terms_unusable says so
    signals = []
    for check in found.periods:
        grave = max(check.findings, key=lambda one: LEVELS[one.severity].rank, default=None)
        if grave is not None and check.period.paid_on < view.day:
            signals.append(_payment(view, check.period.number, check.period.paid_on, grave))
    return tuple({one.subject: one for one in signals}.values())


def _payment(view: View, number: int, on: date, found: Difference) -> Signal:
    level = LEVELS[found.severity]
    places = [Position.parse(one) for one in found.positions]
    return view.alert(
        "monitor.distribution_differs",
        f"period {view.id}/{number}",
        level=level,
        score=SCORES[level],
        amount=sum(abs(part) for _, part in found.details),
        since=on,
        evidence=[place.number for place in places if place is not None],
        parties=(view.plan.custodian,),
        period=number,
        paid_on=on.isoformat(),
        cause=found.cause,
        message=found.message,
        difference_fen=sum(abs(part) for _, part in found.details),
    )


def period_subjects(rows: PlanRows, listed: int) -> set[str]:
    """The periods that could be spoken of; ``listed``: how many dates the terms have at most."""
    known = {one.period for one in rows.of(Distribution)}
    last = max([*known, 0]) + listed + len(known) + 2
    return {f"period {rows.plan}/{number}" for number in known | set(range(last))}


def months_from(day: date, days: Days) -> Iterator[int]:
    """The first block after the first of each month since a day: when forecasts are made anew."""
    month = day.replace(day=1)
    while (height := days.after(month)) is not None:
        yield height
        month = later(month, months=1)


def before_watched(dates: Iterable[PeriodDates]) -> Iterator[date]:
    """Of each payment date the day after which it is so near that forecast cash must cover it."""
    months = int(catalogue().share("focus_months"))
    return (later(one.payment, months=-months) - DAY for one in dates)


def forecast_signals(view: View, frame_of: Callable[[View], PoolFrame]) -> tuple[Signal, ...]:
    """T03 of each period that is over, and whether forecast cash covers a payment that is near (重点关注)."""
    if view.terms is None or not view.live or not view.dates:
        return ()
    frame = frame_of(view)
    scenario = preset("base")
    try:
        found = actuals(view.terms, frame, view.day, scenario)
    except AbsError:
        return ()
    signals = [signal for one in found.periods if one.after < view.day for signal in _compared(view, one)]
    upcoming = next((one for one in view.dates if one.payment > view.day), None)  # one of the day is not forecast
    months = int(catalogue().share("focus_months"))
    if upcoming is not None and view.unpaid and upcoming.payment <= later(view.day, months=months):
        record = record_of(frame, view.terms.metrics)
        _, expected = forecast(record, view.day, [max(upcoming.calculation, view.day)], scenario)
        known = Measures(view.facts, view.id, view.day, view.terms, frame)
        fees, interest = known.dues
        due = fees.fen() + sum(interest[one.tranche].fen() for one in view.terms.tranches if one.rank != "subordinated")
        due += sum(
            step.amount
            for one in view.terms.tranches
            if one.rank != "subordinated"
            for step in one.schedule
            if known.funds.period(view.day)[0] < step.on <= upcoming.payment
        )
        has = max(known.funds.cash(view.day).fen(), 0) + expected.received(0)
        if has < due:
            signals.append(_uncovered(view, upcoming.payment, has, due))
    return tuple(signals)


def _compared(view: View, one: Compared) -> Iterator[Signal]:
    """What a period brought, once it is over; what was forecast for it, as soon as that was made: after the day that it
    follows."""
    over = one.until < view.day
    flags = [flag for flag in one.flags if flag == "lowered" or (over and flag == "shortfall")]
    if not flags:
        return
    short = "shortfall" in flags
    base = one.forecast if short else one.previous
    reached = one.actual if short else one.forecast
    assert base is not None
    assert reached is not None
    yield view.alert(
        "monitor.cash_flow",
        f"period {view.id}/{one.period}",
        level=Level.HIGH if short else Level.MEDIUM,
        score=85 if short else 65,
        amount=base.fen() - reached.fen(),
        since=one.until if short else one.after,
        period=one.period,
        days_from=one.after.isoformat(),
        days_to=one.until.isoformat(),
        state=flags[0],
        forecast_fen=base.fen(),
        actual_fen=reached.fen(),
        share=percent(reached.fen(), base.fen()),
        limit=f"{catalogue().share('cash_flow_share'):%}",
    )


def _uncovered(view: View, payment: date, has: int, due: int) -> Signal:
    """Not a finding of its own: the limb of the risk class 重点关注 that it decides."""
    return view.alert(
        "monitor.risk_class",
        f"plan {view.id}",
        level=Level.MEDIUM,
        score=75,
        amount=due - has,
        since=None,
        risk_class="focus",
        limb="forecast_short",
        payment=payment.isoformat(),
    )
