"""What a plan's periods should have paid by its terms, against what the ledger says was paid (对账).

Each period is run by ``abs.waterfall`` from the state that the records before it left (``abs.booked.state``), so that a
mistake of one period does not echo through those after it: what it left unpaid is in arrears, what it paid too much is
gone, and every later period is judged by that. ``recompute`` can also go on from its own results.

Where fees, tranches, moves or calls differ, the cause is narrowed down: named mistakes are tried one after the other,
and the first that reproduces the ledger to the fen explains the difference. Others that do so too are named beside it.
Nothing here changes what the ledger says; a difference is a finding for a person to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from abs.booked.entries import Entry
from abs.booked.periods import LedgerPeriod, Measuring, ledger_periods
from abs.booked.state import Run, item_of, runs, untold
from abs.deal import PeriodResult
from abs.errors import AbsError, UnknownPeriod
from abs.figure import Figure, Unit, difference_of, sum_over
from abs.money import yuan_text
from abs.reconciliation.dues import (
    another_amount,
    another_base,
    another_day,
    another_day_count,
    another_rounding,
    forgotten_arrears,
    paid_twice,
)
from abs.reconciliation.order import another_split, held_back, junior_early, left_out, reordered, withheld
from abs.reconciliation.trials import Case, Trial, overlooked, recorded_twice, stated_elsewhere
from abs.reconciliation.values import Compared, Difference, PeriodCheck, Reconciliation

if TYPE_CHECKING:
    from abs.deal import Line
    from abs.reading import ReadModel

__all__ = ["Compared", "Difference", "PeriodCheck", "Reconciliation", "recompute", "reconcile"]

TRIALS: Final[tuple[Callable[[Case], Iterator[Trial]], ...]] = (
    overlooked,
    paid_twice,
    recorded_twice,
    another_rounding,
    another_split,
    another_day_count,
    another_day,
    another_base,
    forgotten_arrears,
    junior_early,
    withheld,
    reordered,
    left_out,
    stated_elsewhere,
)
"""The mistakes in the order in which they are tried, the most definite first."""


def recompute(
    facts: ReadModel, plan: str, until: int | None = None, *, own: bool = False, measuring: Measuring | None = None
) -> tuple[PeriodResult, ...]:
    """Every period of a plan as its terms pay it, up to one; ``own``: each goes on from the one before as recomputed.

    Raises UnknownPlan, BadTerms, and BadAmount where the ledger dates a period before the one it follows.
    """
    found: list[PeriodResult] = []
    for run in runs(ledger_periods(facts, plan, measuring=measuring, until=until), own=own):
        if isinstance(run.result, AbsError):
            raise run.result
        found.append(run.result)
    return tuple(found)


def reconcile(
    facts: ReadModel, plan: str, period: int | None = None, *, measuring: Measuring | None = None
) -> Reconciliation:
    """What the plan paid against its terms, of every period or of one; raises UnknownPlan, UnknownPeriod, BadTerms."""
    periods = ledger_periods(facts, plan, measuring=measuring, until=period)
    if period is not None and period not in {one.number for one in periods}:
        listed = ", ".join(str(one.number) for one in periods) or "none yet"
        raise UnknownPeriod(
            "unknown-period", f"plan {plan} made no distribution for period {period}; periods up to it: {listed}"
        )
    checks = []
    before: list[LedgerPeriod] = []
    for run in runs(periods):
        if period in (None, run.period.number):
            checks.append(_check(facts.height, plan, run, before))
        before.append(run.period)
    return Reconciliation(plan=plan, height=facts.height, periods=tuple(checks))


def _check(height: int, plan: str, run: Run, before: Sequence[LedgerPeriod]) -> PeriodCheck:
    period, opening, result = run.period, run.opening, run.result
    subject = f"plan {plan} period {period.number}"
    if isinstance(result, AbsError):
        positions = _ordered(entry for entries in period.paid.values() for entry in entries)
        failed = Difference(cause="not_recomputed", message=result.message, subject=subject, positions=positions)
        return PeriodCheck(period=period, opening=opening, result=None, compared=(), findings=(failed,))
    case = Case(
        terms=period.terms,
        opening=opening,
        inputs=period.inputs,
        result=result,
        paid=period.paid,
        stated=period.amounts(),
        dates=period.dates,
        before=before[-1].dates if before else None,
    )
    compared = tuple(_compared(height, case, period, before))
    findings = []
    if case.by_terms() != case.stated:
        explain = _missed if period.missed and not case.stated else _explained
        findings.append(explain(case, subject, compared, period))
    elif not period.on_schedule and period.dates is not None:
        day = period.dates.payment
        text = f"it was paid on {period.paid_on}, and the nearest payment date of the terms is {day}"
        entries = (entry for each in period.paid.values() for entry in each)
        findings.append(Difference(cause="off_schedule", message=text, subject=subject, positions=_ordered(entries)))
    if period.astray:
        findings.append(_astray(subject, period))
    return PeriodCheck(period=period, opening=opening, result=result, compared=compared, findings=tuple(findings))


def _missed(case: Case, subject: str, compared: Sequence[Compared], period: LedgerPeriod) -> Difference:
    """The finding that nothing was paid on a payment date of the terms."""
    due = sum(case.by_terms().values())
    return Difference(
        cause="date_missed",
        message=f"nothing was paid on {period.paid_on}, a payment date of the terms: {yuan_text(due)} is by the terms",
        subject=subject,
        details=_details(compared),
    )


def _astray(subject: str, period: LedgerPeriod) -> Difference:
    """The finding that payments of this period were recorded for another."""
    told = ", ".join(f"{item} {yuan_text(entry.amount)} of period {number}" for number, item, entry in period.astray)
    return Difference(
        cause="another_period",
        message=f"recorded for another period, and counted by its day: {told}",
        subject=subject,
        positions=_ordered(entry for _, _, entry in period.astray),
    )


def _details(compared: Iterable[Compared]) -> tuple[tuple[str, int], ...]:
    return tuple((str(one.item), int(one.difference.number())) for one in compared if one.difference.value)


def _compared(height: int, case: Case, period: LedgerPeriod, before: Sequence[LedgerPeriod]) -> Iterator[Compared]:
    """Every item that the terms pay or the records state, those of the terms first and in their order."""
    lines = [(item, line) for line in case.result.lines if (item := item_of(line)) is not None]
    unseen = untold(case.terms, case.result, case.paid)
    known = [item for item, line in lines if (line.amount or line.due) and line.cause != "condition"]
    for item in dict.fromkeys((*known, *case.stated)):
        if item in unseen:
            continue
        paying = [line for other, line in lines if other == item]
        earlier = tuple(entry for one in before for entry in one.paid.get(item, ()))
        past = sum_over("period.paid_before", earlier, _amount, formula=f"{item} of earlier periods", height=height)
        recomputed = Figure(
            name="distribution.recomputed",
            value=sum(line.amount for line in paying),
            unit=Unit.FEN,
            formula="; ".join(_line_text(line) for line in paying) or "no step of the terms pays it",
            height=height,
            inputs=(*period.cash, past),
            facts=(period.terms_ref,),
        )
        stated = sum_over(
            "distribution.stated", period.paid.get(item, ()), _amount, formula=f"sum of records: {item}", height=height
        )
        yield Compared(
            item=item,
            rule=", ".join(dict.fromkeys(line.rule for line in paying)),
            recomputed=recomputed,
            stated=stated,
            difference=difference_of(
                "distribution.difference", stated, recomputed, formula="the records - the waterfall"
            ),
        )


def _amount(entry: Entry) -> int:
    return entry.amount


def _line_text(line: Line) -> str:
    return (
        f"{line.rule} in state {line.state}: {yuan_text(line.amount)} of {yuan_text(line.due)} due, "
        f"{yuan_text(line.available)} available ({line.cause})"
    )


def _explained(case: Case, subject: str, compared: Sequence[Compared], period: LedgerPeriod) -> Difference:
    """The finding that a period differs, with the first cause that reproduces it."""
    found: dict[str, Trial] = {}
    for trials in TRIALS:
        trial = next((one for one in trials(case) if one.cause not in found and one.reproduces(case)), None)
        if trial is not None:
            found[trial.cause] = trial
    if not found:
        amounts = chain(held_back(case), another_amount(case))
        found = {one.cause: one for one in islice((one for one in amounts if one.reproduces(case)), 1)}
    differing = [one for one in compared if one.difference.value]
    entries = (entry for one in differing for entry in period.paid.get(one.item, ()) if entry.amount)
    where = differing[0]
    if not found and len(differing) == 1:
        text = f"{where.item}: {where.stated.text()} was paid, and {where.recomputed.text()} is due; all else is right"
        found["amount"] = Trial(cause="amount", text=text, rule=where.rule)
    first = next(iter(found.values()), None)
    unknown = (
        f"no single cause reproduces it; the first that differs is {where.item}, paid by "
        f"{where.rule or 'no step of the terms'}: {where.recomputed.text()} by the terms, {where.stated.text()} by the "
        "records"
    )
    return Difference(
        cause="unexplained" if first is None else first.cause,
        message=unknown if first is None else first.text,
        subject=subject,
        rule=where.rule if first is None else first.rule,
        positions=_ordered(entries),
        details=_details(differing),
        also=tuple(found)[1:],
    )


def _ordered(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The records of entries, each once, in ledger order."""
    return tuple(str(place) for place in sorted({entry.place for entry in entries}))
