"""A pool through time: for every month, or every period of a plan, what flowed in it and what was owed at its end.

A period lasts from the day after the end before it up to its own end, both included. Every amount is exact, in fen.
The pool is passed over once for all periods together; what comes of it is a few thousand sums by period, month of
invoice, class of delay and default, from which every series, static pool and roll rate is put together.

A value depends on nothing that happened after the end of its period: it is what would have been said then.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Final

import polars as pl

from abs.calendars import schedule
from abs.deferred import Deferred
from abs.errors import FigureMisuse
from abs.figure import FactRef, Figure, Unit
from abs.frame import ENTERED, PoolFrame
from abs.series_facts import ALWAYS, classes_of, facts_of
from abs.standing import defaults_of, standing
from abs.sums import LESS, Cut, flows_of, positions
from abs.terms import Metrics, PlanTerms

__all__ = ["FLOWS", "LEVELS", "Series", "by_period", "month_ends", "monthly", "series"]

FLOWS: Final = {
    "payments": "sum of payments on assets in the pool, by the banks' records",
    "prepaid": "sum of payments on assets that were due after the period",
    "recovered": "sum of payments on assets after the day they were in default",
    "dilution": "sum of what else lowered what is owed on assets in the pool",
    "raised": "sum of what raised what is owed on assets in the pool",
    "defaulted": "sum of outstanding on the day of default over assets that fell into default",
    "added": "sum of what was owed on assets that came, less what was overpaid on any",
    "initial": "sum of what was owed on assets that were assigned",
    "purchased": "sum of what was owed on assets that came by revolving purchases",
    "substituted": "sum of what was owed on assets that came in the place of others",
    "removed": "sum of what was owed on assets that left",
    "collected": "sum of what the servicer stated it collected",
    "written_off": "sum of what the servicer wrote off",
    "stated_recovered": "sum of what the servicer stated it recovered",
}
"""What flows in a period, fen. ``dilution.<reason>`` is its part for one reason."""

LEVELS: Final = {
    "balance": "sum of outstanding over open assets",
    "count": "number of open assets",
    "overdue": "sum of outstanding over assets past due",
    "coming": "sum of outstanding over assets that are not due yet",
    "in_default": "sum of outstanding over assets in default",
    "performing": "sum of outstanding over assets not in default",
    "doubtful": "sum of outstanding over assets 91 to 120 days past due, less what was written off of each",
}
"""What there is at the end of a period. ``delinquency.<class>`` is the balance of one class of delay."""


def month_ends(first: date, last: date) -> tuple[date, ...]:
    """The last days of the months from that of ``first`` on that are over by ``last``."""
    found = []
    year, month = first.year, first.month
    while (end := date(year, month, monthrange(year, month)[1])) <= last:
        found.append(end)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """The sums of a pool by period; ``ends`` are the last days, ``start`` the day before the first period's first.

    ``complete`` periods are whole; where one more follows it runs on and holds what was so far. The sums are ``cells``
    (what was owed at the ends, and at ``start``: -1), ``flows``, ``rolls`` (what was owed at an end, by class of delay
    then and one end before) and ``sold`` (first amounts by period of invoice and of coming); ``defaults`` is one row an
    asset. Make one with ``monthly`` or ``series``.
    """

    pool: PoolFrame
    metrics: Metrics
    start: date
    ends: tuple[date, ...]
    complete: int
    cells: pl.DataFrame = field(repr=False)
    flows: pl.DataFrame = field(repr=False)
    rolls: pl.DataFrame = field(repr=False)
    sold: pl.DataFrame = field(repr=False)
    defaults: pl.DataFrame = field(repr=False)
    totals: Mapping[tuple[str, int], int] = field(repr=False)
    """Every amount and number that is not 0, by name and period."""
    first: int
    """The first period in which anything was in the pool; ``len(ends)`` when nothing ever was."""
    whole: int
    """The first period that the pool was there for all of: it had come by its first day, or nothing was invoiced
    before it came."""

    @property
    def height(self) -> int:
        """The height it is known at."""
        return self.pool.height

    @property
    def last(self) -> int | None:
        """The last whole period that is not before the pool; None where there is none."""
        return self.complete - 1 if self.complete > self.first else None

    def after(self, at: int) -> date:
        """The day that the period follows; all that was before the first one is a period numbered -1."""
        return self.end(at - 1) if at >= 0 else date.min

    def end(self, at: int) -> date:
        """The last day of the period; ``start`` is that of the one before the first, numbered -1."""
        return self.ends[at] if at >= 0 else self.start

    def label(self, at: int) -> str:
        """``2024-05`` for a month, ``2024-05-01..2024-05-17`` for any other days, ``..2024-04-30`` for all before."""
        if at < 0:
            return f"..{self.start}"
        begins, end = self.after(at) + timedelta(days=1), self.ends[at]
        whole = begins.day == 1 and month_ends(begins, end) == (end,)
        return f"{end:%Y-%m}" if whole else f"{begins}..{end}"

    def classes(self) -> tuple[str, ...]:
        """The classes of delay, current first."""
        return classes_of(self.metrics.delinquency_edges)

    def reasons(self) -> tuple[str, ...]:
        """Why anything was diluted at all, in alphabetical order."""
        return tuple(sorted(self.pool.changes.filter(LESS)["kind"].unique().to_list()))

    def value(self, name: str, at: int) -> int:
        """One amount or number of one period: a name of ``FLOWS`` or ``LEVELS``, or a part of one.

        At -1 it is what there was at ``start``, and what had flowed until then.
        """
        return self.totals.get((name, at), 0)

    def figure(self, name: str, at: int) -> Figure:
        """The same with what it stands on, looked up only when it is unfolded."""
        level = name in LEVELS or name.startswith("delinquency.")
        known = {**FLOWS, **LEVELS}.get(name)
        words = known or f"{FLOWS['dilution'] if not level else LEVELS['balance']}, {name.partition('.')[2]}"
        when = f"at the end of {self.end(at)}" if level else f"in {self.label(at)}"
        return Figure(
            name=f"pool.{name}",
            value=self.value(name, at),
            unit=Unit.COUNT if name == "count" else Unit.FEN,
            formula=f"{words}, {when}",
            height=self.height,
            facts=Deferred(partial(self.beneath, name, self.after(at), self.end(at))),
        )

    def beneath(self, name: str, after: date, end: date, issued: pl.Expr = ALWAYS) -> Collection[FactRef]:
        """The facts beneath what flowed after one day until another, or what there was at the end of that.

        ``issued`` narrows it down to some assets, by the day of their invoice.
        """
        return facts_of(self.pool, self.defaults, self.metrics.delinquency_edges, name, after, end, issued)

    def so_far(self, name: str, at: int) -> Figure:
        """What flowed since the pool began, until the end of a period: before the first one, too."""
        inputs = tuple(self.figure(name, each) for each in range(-1, at + 1))
        return Figure(
            name=f"pool.{name}",
            value=sum(one.fen() for one in inputs),
            unit=Unit.FEN,
            formula=f"{FLOWS[name]}, by {self.end(at)}",
            height=self.height,
            inputs=inputs,
        )

    def sales(self, of: int, by: int) -> Figure:
        """Metric 10, first amounts of the assets invoiced in a period that came by the end of another."""
        sold = _sum(self.sold.filter((pl.col("of") == of) & (pl.col("by") <= by)), "amount")
        after, end = self.after(of), self.ends[of]
        where = ENTERED & (pl.col("issued") > after) & (pl.col("issued") <= end)
        return Figure(
            name="pool.sales",
            value=sold,
            unit=Unit.FEN,
            formula=f"sum of original amount of assets invoiced in {self.label(of)}, that came by {self.ends[by]}",
            height=self.height,
            facts=Deferred(lambda: self.pool.on(self.ends[by]).facts(where)),
        )

    def sales_over(self, count: int, by: int) -> Figure:
        """Sales of the last ``count`` periods up to one, which must be there, as known at its end."""
        first = by - count + 1
        inputs = tuple(self.sales(of, by) for of in range(first, by + 1))
        return Figure(
            name="pool.sales",
            value=sum(one.fen() for one in inputs),
            unit=Unit.FEN,
            formula=f"sum of sales, {self.span(first, by)}",
            height=self.height,
            inputs=inputs,
        )

    def span(self, first: int, last: int) -> str:
        """``2024-03 to 2024-05``."""
        if last < first:
            return "no period"
        return self.label(last) if first == last else f"{self.label(first)} to {self.label(last)}"

    def frame(self) -> pl.DataFrame:
        """One row per period: its days, every flow and level in fen, dilution by reason and balance by class."""
        names = [*FLOWS, *(f"dilution.{reason}" for reason in self.reasons())]
        levels = [*LEVELS, *(f"delinquency.{label}" for label in self.classes())]
        rows = {
            "after": [self.after(at) for at in range(len(self.ends))],
            "end": list(self.ends),
            "sales": [self.sales(at, at).value for at in range(len(self.ends))],
            **{name: [self.value(name, at) for at in range(len(self.ends))] for name in (*names, *levels)},
        }
        kinds = {"after": pl.Date, "end": pl.Date, "count": pl.Int64}
        return pl.DataFrame(rows, schema={name: kinds.get(name, pl.Int128) for name in rows})


def monthly(pool: PoolFrame, metrics: Metrics, day: date, *, first: date | None = None) -> Series:
    """The series by calendar month up to a day, from the month of the first invoice on (or that of ``first``).

    Where the day does not end a month, what runs on of it is a last period of its own.
    """
    begins = pool.assets["issued"].min() if first is None else first
    begins = begins if isinstance(begins, date) and begins <= day else day
    ends = month_ends(begins, day)
    complete = len(ends)
    if not ends or ends[-1] < day:
        ends = (*ends, day)
    return series(pool, metrics, ends, start=begins.replace(day=1) - timedelta(days=1), complete=complete)


def by_period(pool: PoolFrame, terms: PlanTerms, day: date) -> Series:
    """The series by the plan's periods up to a day: each ends on a calculation date, the first is after the cut-off.

    What runs on of a period is a last one of its own.
    """
    ends = tuple(each.calculation for each in schedule(terms) if each.calculation <= day)
    complete = len(ends)
    if not ends or ends[-1] < day:
        ends = (*ends, day)
    start = min(terms.plan.cutoff, ends[0] - timedelta(days=1))
    return series(pool, terms.metrics, ends, start=start, complete=complete)


def series(
    pool: PoolFrame, metrics: Metrics, ends: Sequence[date], *, start: date, complete: int | None = None
) -> Series:
    """The series by periods that end on these days, the first one after ``start``; all are whole unless said otherwise.

    Raises FigureMisuse when the days do not rise.
    """
    days = [start, *ends]
    if not ends or any(second <= first for first, second in pairwise(days)):
        raise FigureMisuse(
            "bad-periods", f"the ends of periods must rise from {start} on: {[str(day) for day in ends]}"
        )
    steps = standing(pool)
    defaults = defaults_of(pool, steps, metrics.default_days)
    cut = Cut(pool, start, tuple(ends))
    flows = flows_of(cut, defaults)
    cells, rolls, doubtful = positions(cut, steps, defaults, metrics.delinquency_edges)
    entered, issued = (pool.assets[name].min() for name in ("entered_on", "issued"))
    came = entered if isinstance(entered, date) else date.max
    first = bisect_left(ends, came)
    begun = came == issued or came <= days[min(first, len(ends) - 1)] + timedelta(days=1)
    totals = _totals(cells, flows, metrics.delinquency_edges)
    totals |= {("doubtful", at): owed for at, owed in doubtful.iter_rows() if owed}
    if came <= start:
        before = flows_of(Cut(pool, date.min, (start,)), defaults).group_by("name").agg(pl.col("amount").sum())
        totals |= {(name, -1): int(amount) for name, amount in before.iter_rows()}
    return Series(
        pool=pool,
        metrics=metrics,
        start=start,
        ends=tuple(ends),
        complete=len(ends) if complete is None else complete,
        cells=cells,
        rolls=rolls,
        flows=flows,
        sold=cut.summed(
            pool.assets.select(
                cut.cohorts.alias("of"), cut.days.search_sorted(pool.assets["entered_on"]).alias("by"), "amount"
            ),
            "of",
            "by",
        ),
        defaults=defaults,
        totals=totals,
        first=first,
        whole=first if begun else first + 1,
    )


def _totals(cells: pl.DataFrame, flows: pl.DataFrame, edges: Sequence[int]) -> dict[tuple[str, int], int]:
    """Every sum over months of invoice."""
    by_class = [("delinquency." + label, pl.col("bucket") == place) for place, label in enumerate(classes_of(edges))]
    levels = {
        "balance": pl.lit(value=True),
        "overdue": pl.col("side") > 0,
        "coming": pl.col("side") < 0,
        "in_default": pl.col("defaulted"),
        "performing": ~pl.col("defaulted"),
        **dict(by_class),
    }
    owed = [pl.col("owed").filter(where).sum().alias(name) for name, where in levels.items()]
    found = cells.group_by("at").agg(*owed, pl.col("number").sum().alias("count"))
    summed = flows.group_by("name", "at").agg(pl.col("amount").sum())
    totals = {(name, at): amount for name, at, amount in summed.iter_rows()}
    for row in found.iter_rows(named=True):
        totals.update({(name, row["at"]): amount for name, amount in row.items() if name != "at"})
    return {key: int(amount) for key, amount in totals.items() if amount}


def _sum(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].cast(pl.Int128).sum())
