"""The pool's and the account's side of a distribution: what moved between two days, and whether it adds up.

Both sides hold an identity that is shown, not assumed: each ends in an ``unexplained`` figure that is 0 when the facts
agree with each other and says by how much when they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import col

from abs.composition import Bucket
from abs.figure import Figure, derived, difference_of, sum_of, sum_over
from abs.pool import Pool, read_pool
from abs.reading import FactT, ReadModel, Stated
from ledger.facts import Collection, Distribution, Plan, Remittance


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatement:
    """The pool between two days: after ``start``, until ``end``, fen.

    opening + added - removed - payments + adjustments = closing, but for ``unexplained``. ``payments`` are the banks'
    records of what debtors paid, ``collected`` what the servicer stated; ``uncollected`` is the first less the second.
    ``assets`` is the pool itself on ``end``.
    """

    start: date
    end: date
    opening: Figure
    added: Figure
    removed: Figure
    payments: Figure
    adjustments: Figure
    closing: Figure
    unexplained: Figure
    count: Figure
    collected: Figure
    remitted: Figure
    uncollected: Figure
    unremitted: Figure
    overdue_ratio: Figure
    delinquency: tuple[Bucket, ...]
    assets: Pool = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashStatement:
    """The plan's cash between two days, fen: opening + inflow - outflow = closing, but for ``unexplained``.

    Inflow is what the servicer remitted, outflow what was distributed; opening and closing are all ever remitted less
    all ever distributed by the day. Fees, purchases and what came in beside remittances are left to
    ``abs.reconciliation``, which accounts for every fen of a period; here they stand as held.
    """

    start: date
    end: date
    opening: Figure
    inflow: Figure
    outflow: Figure
    closing: Figure
    change: Figure
    unexplained: Figure


def pool_statement(
    facts: ReadModel, plan: Plan, previous: date | None, end: date, *, edges: Sequence[int]
) -> PoolStatement:
    """The pool from the end of the previous distribution's day, or of the cut-off day, to the end of ``end``."""
    start = plan.cutoff if previous is None else previous
    height = facts.height
    pool = read_pool(facts, plan.id, end)
    moved = pool.movements(start, end)
    collections = _until(facts, Collection, plan.id, lambda one: one.collected_on, end)
    remittances = _until(facts, Remittance, plan.id, lambda one: one.remitted_on, end)
    collected = _stated("pool.collected", [one for one in collections if one.collected_on > start], start, end, height)
    remitted = _stated("pool.remitted", [one for one in remittances if one.remitted_on > start], start, end, height)
    return PoolStatement(
        start=start,
        end=end,
        opening=moved.opening,
        added=moved.added,
        removed=moved.removed,
        payments=moved.paid,
        adjustments=moved.adjusted,
        closing=moved.closing,
        unexplained=derived(
            "pool.unexplained",
            [moved.closing, moved.opening, moved.added, moved.removed, moved.paid, moved.adjusted],
            lambda last, first, new, gone, cash, change: last - (first + new - gone - cash + change),
            moved.closing.unit,
            formula="closing - (opening + added - removed - payments + adjustments)",
        ),
        count=pool.count(),
        collected=collected,
        remitted=remitted,
        uncollected=difference_of("pool.uncollected", moved.paid, collected, formula="payments - collected"),
        unremitted=difference_of(
            "pool.unremitted",
            _stated("pool.collected_ever", collections, None, end, height),
            _stated("pool.remitted_ever", remittances, None, end, height),
            formula=f"collected until {end} - remitted until {end}",
        ),
        overdue_ratio=pool.delinquency_ratio(),
        delinquency=pool.aging(edges),
        assets=pool,
    )


def cash_statement(
    facts: ReadModel, plan: Plan, distributions: Sequence[Distribution], previous: date | None, end: date
) -> CashStatement:
    """The account from the end of the previous distribution's day (the beginning, in the first period) to ``end``."""
    start = plan.cutoff if previous is None else previous
    height = facts.height
    remittances = _until(facts, Remittance, plan.id, lambda one: one.remitted_on, end)
    paid = [one for one in distributions if one.paid_on <= end]

    def held(name: str, day: date) -> Figure:
        return difference_of(
            name,
            _stated("cash.remitted_ever", [one for one in remittances if one.remitted_on <= day], None, day, height),
            _distributed("cash.distributed_ever", [one for one in paid if one.paid_on <= day], height),
            formula=f"remitted until {day} - distributed until {day}",
        )

    opening, closing = held("cash.opening", start), held("cash.closing", end)
    inflow = _stated("cash.inflow", [one for one in remittances if one.remitted_on > start], start, end, height)
    outflow = _distributed("cash.outflow", [one for one in paid if one.paid_on > start], height)
    change = difference_of("cash.change", closing, opening, formula="closing - opening")
    return CashStatement(
        start=start,
        end=end,
        opening=opening,
        inflow=inflow,
        outflow=outflow,
        closing=closing,
        change=change,
        unexplained=difference_of(
            "cash.unexplained",
            inflow,
            sum_of("cash.uses", [outflow, change], formula="outflow + change in account"),
            formula="inflow - (outflow + change in account)",
        ),
    )


def _until(
    facts: ReadModel,
    table: type[FactT],
    plan: str,
    day: Callable[[FactT], date],
    until: date,
) -> list[FactT]:
    rows = facts.select(table, col(table.plan) == plan)  # type: ignore[attr-defined]
    chosen = [one for one in rows if day(one) <= until]
    return sorted(chosen, key=lambda one: (day(one), one.from_position))


def _stated(
    name: str, rows: Sequence[Collection] | Sequence[Remittance], start: date | None, end: date, height: int
) -> Figure:
    what = f"amounts until {end}" if start is None else f"amounts after {start}, until {end}"
    stated = tuple(Stated(one) for one in rows)
    return sum_over(name, stated, lambda one: one.fact.amount, formula=f"sum of {what}", height=height)


def _distributed(name: str, rows: Sequence[Distribution], height: int) -> Figure:
    stated = tuple(Stated(one) for one in rows)
    formula = "sum of principal and interest distributed"
    return sum_over(name, stated, lambda one: one.fact.principal + one.fact.interest, formula=formula, height=height)
