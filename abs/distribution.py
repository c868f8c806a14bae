"""What a distribution report (收益分配报告) states, recomputed from the facts: every number a figure with its lineage.

Conventions, all visible in the formulas:

- A *period* is what the distribution records call it. Its days are those after the previous distribution up to and
  including this one; the first begins after the cut-off day (基准日), from which the pool's cash is the plan's.
- Interest accrues on ``[previous distribution, this distribution)``, from the closing day in the first period, on the
  opening balance, by the day count and the rounding of the plan's terms. Unpaid interest stays due without interest.
- A distribution dated before the one it follows has no days and no expected interest (None), nor has anything that is
  computed from them; the formula names both dates, the lineage both records.
- Amounts per unit are fen on one unit of face (面额 100 yuan unless the terms say otherwise), not rounded.
- The record date (权益登记日) is ``record_date_lag`` calendar days before the distribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from abs.distribution_flows import CashStatement, PoolStatement, cash_statement, pool_statement
from abs.distribution_tranches import Book, Paid, Terms, TrancheStatement, terms_by_period, tranche_statement
from abs.errors import UnknownPeriod
from abs.figure import Figure, sum_of
from abs.performance import DELINQUENCY_EDGES
from abs.reading import ReadModel, fact_ref, plan_of
from ledger.facts import Distribution, Tranche

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "EVERY_RANK",
    "RANKS",
    "CashStatement",
    "DistributionStatement",
    "Paid",
    "PoolStatement",
    "Terms",
    "Totals",
    "TrancheStatement",
    "distribution_statement",
    "periods",
]

EVERY_RANK: Final = "all"
RANKS: Final = ("senior", "mezzanine", "subordinated")
"""The ranks of securities from the first paid to the last: 优先级, 中间级, 次级."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over tranches: ``scope`` is all, or a rank. The ranks of a plan always add up to all."""

    scope: str
    principal: Figure
    opening: Figure
    principal_paid: Figure
    interest_paid: Figure
    total_paid: Figure
    closing: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionStatement:
    """One distribution of one plan as the ledger shows it at a height."""

    plan: str
    name: str
    code: str
    venue: str
    manager: str
    custodian: str
    servicer: str
    period: int
    height: int
    paid_on: date
    record_date: date | None
    previous_date: date | None
    accrual_start: date
    accrual_end: date
    days: Figure
    terms: Terms
    tranches: tuple[TrancheStatement, ...]
    totals: tuple[Totals, ...]
    pool: PoolStatement
    cash: CashStatement

    def figures(self) -> Iterator[Figure]:
        """Every figure stated, in the order of the report."""
        parts: tuple[DataclassInstance, ...] = (self, *self.tranches, *self.totals, self.pool, self.cash)
        for part in parts:
            for one in fields(part):
                value = getattr(part, one.name)
                if isinstance(value, Figure):
                    yield value
        for bucket in self.pool.delinquency:
            yield from (bucket.balance, bucket.count, bucket.share)
        for tranche in self.tranches:
            for past in tranche.past:
                yield from (past.opening, past.interest_expected, past.principal, past.interest, past.principal_share)


def periods(facts: ReadModel, plan: str) -> tuple[int, ...]:
    """The periods the plan has distributed for, rising; raises UnknownPlan."""
    plan_of(facts, plan)
    return tuple(sorted({one.period for one in _distributions(facts, plan)}))


def distribution_statement(
    facts: ReadModel, plan: str, period: int | None = None, *, edges: Sequence[int] = DELINQUENCY_EDGES
) -> DistributionStatement:
    """The statement of one period, the latest when none is named.

    ``edges`` are the first days of the deal's delinquency classes. Raises UnknownPlan, UnknownPeriod, and BadTerms.
    """
    found = plan_of(facts, plan)
    paid = _distributions(facts, plan)
    known = sorted({one.period for one in paid})
    wanted = known[-1] if period is None and known else period
    if wanted is None or wanted not in known:
        listed = ", ".join(map(str, known)) or "none yet"
        raise UnknownPeriod(
            "unknown-period", f"plan {plan} made no distribution for period {period}; periods so far: {listed}"
        )
    ends = {one: max(row.paid_on for row in paid if row.period == one) for one in known if one <= wanted}
    terms = terms_by_period(facts, found, ends)
    this = ends[wanted]
    previous = max((day for one, day in ends.items() if one < wanted), default=None)
    book = Book(facts.height, found, terms, [one for one in paid if one.period <= wanted], ends)
    rows = facts.select(Tranche, col(Tranche.plan) == plan, order_by=col(Tranche.place))
    tranches = tuple(
        tranche_statement(book, tranche, fact_ref(facts.history(Tranche, tranche.id)[0])) for tranche in rows
    )
    start = found.closing if previous is None else previous
    return DistributionStatement(
        plan=plan,
        name=found.name,
        code=found.code,
        venue=found.venue,
        manager=found.manager,
        custodian=found.custodian,
        servicer=found.servicer,
        period=wanted,
        height=facts.height,
        paid_on=this,
        record_date=_days_before(this, terms[wanted].record_date_lag),
        previous_date=previous,
        accrual_start=start,
        accrual_end=this,
        days=book.days(wanted),
        terms=terms[wanted],
        tranches=tranches,
        totals=tuple(_totals(scope, tranches, facts.height) for scope in (EVERY_RANK, *_ranks(tranches))),
        pool=pool_statement(facts, found, previous, this, edges=edges),
        cash=cash_statement(facts, found, previous, this),
    )


def _days_before(day: date, days: int) -> date | None:
    """So many days before; None where the calendar does not reach back so far, which is a wrong date on the ledger."""
    try:
        return day - timedelta(days=days)
    except OverflowError:
        return None


def _distributions(facts: ReadModel, plan: str) -> list[Distribution]:
    rows = facts.select(Distribution, col(Distribution.plan) == plan)
    return sorted(rows, key=lambda one: (one.period, one.from_position, one.id))


def _ranks(tranches: Sequence[TrancheStatement]) -> list[str]:
    """The ranks that the plan has, the first paid first; one that nobody defined comes last."""
    found = dict.fromkeys(one.rank for one in tranches)
    return [*(rank for rank in RANKS if rank in found), *(rank for rank in found if rank not in RANKS)]


def _totals(scope: str, tranches: Sequence[TrancheStatement], height: int) -> Totals:
    chosen = [one for one in tranches if scope in (EVERY_RANK, one.rank)]

    def total(part: str) -> Figure:
        inputs = [getattr(one, part) for one in chosen]
        return sum_of(f"total.{scope}.{part}", inputs, formula=f"sum of {part} over {scope} tranches", height=height)

    return Totals(
        scope=scope,
        principal=total("principal"),
        opening=total("opening"),
        principal_paid=total("principal_paid"),
        interest_paid=total("interest_paid"),
        total_paid=total("total_paid"),
        closing=total("closing"),
    )
