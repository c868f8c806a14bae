"""Static pools, roll rates and recoveries: metric 11. What was invoiced in one month, followed month by month.

A static pool (静态池) never takes in another asset: its cohort is what was invoiced in one period, of what the pool
came to hold, and its age is the number of periods since. Cells beyond the last period of the series do not exist; what
was invoiced before the first one, as by a plan's periods most of a pool is, has no cohort.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import chain
from typing import Final

import polars as pl

from abs.deferred import Deferred
from abs.figure import FactRef, Figure, Unit, ratio_of
from abs.frame import OPEN
from abs.money import quotient
from abs.ratios import undefined
from abs.series import LEVELS, Series
from abs.sums import MOVES, with_dates

__all__ = ["OF_COHORT", "RollRate", "StaticPools", "recovery_lag", "roll_rates", "static_pools"]

OF_COHORT: Final = {
    "paid": ("payments", "sum of payments so far"),
    "prepaid": ("prepaid", "sum so far of payments in a period before that of the due date"),
    "diluted": ("dilution", "sum so far of what else lowered what is owed"),
    "defaulted": ("defaulted", "sum so far of outstanding on the day of default"),
    "recovered": ("recovered", "sum of payments so far after the day of default"),
    "written_off": ("written_off", "sum so far of what the servicer wrote off"),
    "outstanding": ("balance", "sum of outstanding"),
    "overdue": ("overdue", "sum of outstanding past due"),
}
"""What is said of a cohort at each age, fen: the name of the series and what is added up. The last two are levels."""
_AT_END: Final = ("outstanding", "overdue")
GONE: Final = "paid_or_left"
"""Where a balance rolls that is owed no more in the pool."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StaticPools:
    """The cohorts of a series by age. ``frame`` has a row for each: cohort, month, age, end, original (fen that came by
    the end) and the columns of ``OF_COHORT``."""

    series: Series
    frame: pl.DataFrame = field(repr=False)
    values: Mapping[tuple[int, int], Mapping[str, int]] = field(repr=False)

    def figure(self, name: str, cohort: int, age: int) -> Figure:
        """One amount of ``OF_COHORT`` of the cohort of a period so many periods later."""
        of, at = self.series, cohort + age
        source, words = OF_COHORT[name]
        after, end = of.after(cohort), of.end(cohort)
        issued = (pl.col("issued") > after) & (pl.col("issued") <= end)
        return Figure(
            name=f"vintage.{name}",
            value=self.values[cohort, age][name],
            unit=Unit.FEN,
            formula=f"{words}, of assets invoiced in {of.label(cohort)}, by {of.end(at)}",
            height=of.height,
            facts=Deferred(partial(_beneath, of, source, cohort, at, issued)),
        )

    def rate(self, name: str, cohort: int, age: int) -> Figure:
        """The same as a share of the cohort's first amounts."""
        return ratio_of(f"vintage.{name}_rate", self.figure(name, cohort, age), self.series.sales(cohort, cohort + age))

    def curve(self, name: str, cohort: int) -> tuple[Figure, ...]:
        """The rate at every age there is, from 0 on."""
        return tuple(self.rate(name, cohort, age) for age in range(len(self.series.ends) - cohort))


def _beneath(series: Series, source: str, cohort: int, at: int, issued: pl.Expr) -> Collection[FactRef]:
    """The facts of a level; of a flow those of each period, as what is early in one need not be so in all together."""
    first = at if source in LEVELS else cohort
    each = (series.beneath(source, series.after(one), series.end(one), issued) for one in range(first, at + 1))
    return tuple(dict.fromkeys(chain.from_iterable(each)))


def static_pools(series: Series) -> StaticPools:
    """Metric 11: every cohort of the series at every age, cumulative; cohorts without assets are left out."""
    count = len(series.ends)
    summed = series.flows.drop_nulls("cohort").group_by("cohort", "at", "name").agg(pl.col("amount").sum())
    flows = {(cohort, at, name): amount for cohort, at, name, amount in summed.iter_rows()}
    owed = series.cells.drop_nulls("cohort").group_by("cohort", "at")
    levels = {
        (cohort, at): (balance, late)
        for cohort, at, balance, late in owed.agg(
            pl.col("owed").sum(), pl.col("owed").filter(pl.col("side") > 0).sum().alias("late")
        ).iter_rows()
    }
    values: dict[tuple[int, int], dict[str, int]] = {}
    rows = []
    for cohort in series.sold["of"].unique().sort().to_list():
        so_far = dict.fromkeys((name for name in OF_COHORT if name not in _AT_END), 0)
        for at in range(cohort, count):
            for name in so_far:
                so_far[name] += flows.get((cohort, at, OF_COHORT[name][0]), 0)
            outstanding, overdue = levels.get((cohort, at), (0, 0))
            cell = values[cohort, at - cohort] = {**so_far, "outstanding": outstanding, "overdue": overdue}
            original = series.sales(cohort, at).value
            named = {"cohort": cohort, "month": series.label(cohort), "age": at - cohort, "end": series.end(at)}
            rows.append({**named, "original": original, **cell})
    kinds = {"cohort": pl.Int64, "month": pl.String, "age": pl.Int64, "end": pl.Date}
    schema = {**kinds, **dict.fromkeys(("original", *OF_COHORT), pl.Int128)}
    return StaticPools(series=series, frame=pl.DataFrame(rows, schema=schema), values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollRate:
    """What was owed in one class of delay at the end of a period, and where it is at the end of the next.

    ``opening`` is the balance of class ``before``; ``amount`` what of it is owed in class ``after`` one period later
    (``paid_or_left``: what is not owed in the pool any more, negative where more is owed than was); ``rate`` their
    quotient.
    """

    before: str
    after: str
    opening: Figure
    amount: Figure
    rate: Figure


def roll_rates(series: Series, at: int) -> tuple[RollRate, ...]:
    """Metric 11, roll rates (滚动率, 迁徙率) in a period: of each class of delay, what moved into which other.

    The rates of one class add up to 1. Classes without an opening balance are left out.
    """
    classes = series.classes()
    moved = {
        (before, after): int(owed)
        for before, after, owed in series.rolls.filter(pl.col("at") == at).select("before", "after", "owed").iter_rows()
    }
    found = []
    for place, before in enumerate(classes):
        opening = series.figure(f"delinquency.{before}", at - 1)
        if not opening.value:
            continue
        kept = {classes[after]: owed for (from_, after), owed in moved.items() if from_ == place}
        gone = opening.fen() - sum(kept.values())
        for after, owed in (*kept.items(), (GONE, gone)):
            words = "is owed no more" if after == GONE else f"is owed {after} days past due"
            amount = Figure(
                name="pool.rolled",
                value=owed,
                unit=Unit.FEN,
                formula=f"what of the balance {before} at the end of {series.end(at - 1)} {words} at {series.end(at)}",
                height=series.height,
                inputs=(opening,),
                facts=() if after == GONE else Deferred(partial(_rolled, series, at, before, after)),
            )
            rate = ratio_of("pool.roll_rate", amount, opening)
            found.append(RollRate(before=before, after=after, opening=opening, amount=amount, rate=rate))
    return tuple(found)


def _rolled(series: Series, at: int, before: str, after: str) -> Collection[FactRef]:
    """The facts of the assets that were in one class of delay and now are in another."""
    edges, place = series.metrics.delinquency_edges, series.classes().index(before)
    then = series.pool.on(series.end(at - 1)).frame.filter(OPEN)
    was = pl.Series(list(edges), dtype=pl.Int64).search_sorted(then["days_past_due"], side="right") == place
    rows = pl.col("row").is_in(then.filter(was)["row"].implode())
    return series.beneath(f"delinquency.{after}", series.after(at), series.end(at), rows)


def recovery_lag(series: Series, at: int) -> Figure:
    """Metric 11, recovery lag: days from default to payment, weighted by what was paid, of all so far."""
    pool, end = series.pool, series.end(at)
    moved = with_dates(pool, pool.moves(date.min, end), series.defaults, pl.lit(end)).filter(MOVES["recovered"][0])
    paid = (-pl.col("amount")).cast(pl.Int128)
    days = (pl.col("on") - pl.col("defaulted_by")).dt.total_days()
    weighted, total = moved.select((paid * days).sum().alias("weighted"), paid.sum().alias("total")).row(0)
    name, formula = "pool.recovery_lag", "sum of (recovered x days since default) / sum of recovered, so far"
    inputs = (series.so_far("recovered", at), series.so_far("defaulted", at))
    if not total:
        return undefined(name, Unit.DAYS, formula, "nothing was recovered so far", series.height, *inputs)
    value = quotient(int(weighted), int(total))
    return Figure(name=name, value=value, unit=Unit.DAYS, formula=formula, height=series.height, inputs=inputs)
