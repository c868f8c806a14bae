"""The pool's and the account's side of a distribution: what moved between two days, and whether it adds up.

Both sides hold an identity that is shown, not assumed: each ends in an ``unexplained`` figure that is 0 when the facts
agree with each other and says by how much when they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlmodel import col

from abs.booked.entries import Entry, PlanBook, plan_book
from abs.composition import Bucket
from abs.figure import Figure, derived, difference_of, sum_of, sum_over
from abs.pool import Pool, read_pool
from abs.reading import FactT, ReadModel, Stated
from ledger.facts import Collection, Plan, Remittance

CAME: Final = "remitted + repurchased + made up"
SPENT: Final = "purchased + fees + repaid + distributed"


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
    """The plan's account between two days, fen: opening + inflow - outflow = closing, but for ``unexplained``.

    Inflow is what the servicer remitted, what was paid for assets bought back, and what was made up (差额支付); outflow
    is what purchases, fees, repayments and distributions took. A purchase is paid from what was collected and is not
    remitted yet, as far as that goes, as :class:`ledger.facts.PlanCash` has it; the rest is the account's.
    """

    start: date
    end: date
    opening: Figure
    remitted: Figure
    repurchased: Figure
    made_up: Figure
    inflow: Figure
    purchased: Figure
    fees: Figure
    repaid: Figure
    distributed: Figure
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


def cash_statement(facts: ReadModel, plan: Plan, previous: date | None, end: date) -> CashStatement:
    """The account from the end of the previous distribution's day (the beginning, in the first period) to ``end``."""
    start = plan.cutoff if previous is None else previous
    account = _Account(plan_book(facts, plan.id), facts.height)
    opening, closing = account.held("cash.opening", start), account.held("cash.closing", end)
    came = {name: account.moved(f"cash.{name}", each, start, end) for name, each in account.came.items()}
    spent = {name: account.moved(f"cash.{name}", each, start, end) for name, each in account.spent.items()}
    purchased = difference_of(
        "cash.purchased",
        account.bought(end),
        account.bought(start),
        formula=f"purchases the account paid until {end} - until {start}",
    )
    inflow = sum_of("cash.inflow", came.values(), formula=CAME)
    outflow = sum_of("cash.outflow", (purchased, *spent.values()), formula=SPENT)
    change = difference_of("cash.change", closing, opening, formula="closing - opening")
    return CashStatement(
        start=start,
        end=end,
        opening=opening,
        **came,
        inflow=inflow,
        purchased=purchased,
        **spent,
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


class _Account:
    """The records that moved a plan's account, and sums of them by day."""

    def __init__(self, book: PlanBook, height: int) -> None:
        self._book, self._height = book, height
        made_up = [one for each in book.made_up.values() for one in each]
        self.came: dict[str, Sequence[Entry]] = {
            "remitted": book.remitted,
            "repurchased": [*book.repurchased, *book.cleaned_up],
            "made_up": made_up,
        }
        self.spent: dict[str, Sequence[Entry]] = {
            "fees": book.of("fee"),
            "repaid": book.of("repaid"),
            "distributed": book.of("interest", "principal"),
        }

    def moved(self, name: str, entries: Sequence[Entry], start: date, end: date) -> Figure:
        """What these records moved after ``start``, until ``end``."""
        chosen = [one for one in entries if start < one.on <= end]
        return self._sum(name, chosen, f"amounts after {start}, until {end}")

    def bought(self, day: date) -> Figure:
        """What purchases took from the account by a day: beyond what was collected and not yet remitted."""
        parts = [
            self._sum(f"plan.{name}", [one for one in entries if one.on <= day], f"amounts until {day}")
            for name, entries in (
                ("purchased", self._book.purchased),
                ("collected", self._book.collected),
                ("remitted", self._book.remitted),
            )
        ]
        return derived(
            "cash.bought",
            parts,
            lambda price, collected, remitted: max(price - max(collected - remitted, 0), 0),
            parts[0].unit,
            formula="purchased - (collected - remitted), each not below 0",
        )

    def held(self, name: str, day: date) -> Figure:
        """What the account held at the end of a day."""
        until = f"amounts until {day}"

        def by_day(parts: Mapping[str, Sequence[Entry]]) -> list[Figure]:
            return [
                self._sum(f"cash.{part}", [one for one in each if one.on <= day], until) for part, each in parts.items()
            ]

        came = sum_of("cash.came", by_day(self.came), formula=CAME)
        spent = sum_of("cash.spent", [self.bought(day), *by_day(self.spent)], formula=SPENT)
        return difference_of(name, came, spent, formula=f"all that came in - all that was paid out, until {day}")

    def _sum(self, name: str, entries: Sequence[Entry], what: str) -> Figure:
        return sum_over(name, entries, lambda one: one.amount, formula=f"sum of {what}", height=self._height)


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
