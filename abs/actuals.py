"""What a pool brought against what was forecast (实际与预测), period by period, and where it deviates by 20% or more.

A forecast is made on the last day of each period from what was known then: the assets that were open, paid as late and
defaulting as often as they had so far. What those assets then paid is compared with it; what assets paid that came only
afterwards was not forecast, and stands beside.

- ``shortfall``: actual <= 80% of the latest forecast (上交所 S5 5.2.4, 深交所 Z2 22; S5 3.4.3 and Z1 39 for the year)
- ``excess``: actual >= 120% of it
- ``lowered``: the latest forecast <= 80% of the one before for the same period (S5 5.2.4, Z2 22)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

import polars as pl

from abs.calendars import PeriodDates, schedule
from abs.deferred import Deferred
from abs.figure import FactRef, Figure, Unit, ratio_of
from abs.forecast import Expected, forecast
from abs.frame import OPEN, PAID, PoolFrame
from abs.history import record_of
from abs.html_table import html_table
from abs.ratios import actual_to_forecast
from abs.scenario import Scenario
from abs.terms import PlanTerms

__all__ = ["EXCESS", "SHORTFALL", "Actuals", "Compared", "actuals"]

SHORTFALL: Final = Decimal("0.8")
"""A forecast is missed at this share of it, and below."""
EXCESS: Final = Decimal("1.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One period of a plan: the days after ``after`` and up to ``until``; fen.

    ``previous``: the forecast for it made one period earlier. ``actual`` and ``ratio`` are None while it runs on;
    ``other``: what assets paid that were not there when the forecast was made.
    """

    period: int
    after: date
    until: date
    previous: Figure | None
    forecast: Figure
    actual: Figure | None
    other: Figure | None
    ratio: Figure | None
    revision: Figure | None

    @property
    def flags(self) -> tuple[str, ...]:
        """What the rules ask to be disclosed or explained."""
        found = []
        for name, figure in (("actual", self.ratio), ("lowered", self.revision)):
            share = None if figure is None else figure.value
            if not isinstance(share, Decimal):
                continue
            if share <= SHORTFALL:
                found.append("shortfall" if name == "actual" else name)
            elif share >= EXCESS and name == "actual":
                found.append("excess")
        return tuple(found)

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """Its days, every figure and the flags."""
        figures = {name: getattr(self, name) for name in FIGURES}
        return {
            "period": self.period,
            "after": self.after.isoformat(),
            "until": self.until.isoformat(),
            **{name: None if one is None else one.as_json(depth) for name, one in figures.items()},
            "flags": list(self.flags),
        }


FIGURES: Final = ("previous", "forecast", "actual", "other", "ratio", "revision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuals:
    """Every period that began by the day, in order; the last may run on."""

    plan: str
    height: int
    periods: tuple[Compared, ...] = field(repr=False)

    def rows(self) -> list[tuple[str, ...]]:
        """The periods as texts for people, under ``HEADINGS``."""
        return [
            (
                str(one.period),
                f"{one.after} – {one.until}",
                *("" if figure is None else figure.text() for figure in (getattr(one, name) for name in FIGURES)),
                ", ".join(one.flags),
            )
            for one in self.periods
        ]

    def frame(self) -> pl.DataFrame:
        """One row per period: amounts in fen, shares as text."""
        rows = [
            {"period": one.period, "after": one.after, "until": one.until}
            | {name: None if (f := getattr(one, name)) is None else f.value for name in FIGURES[:4]}
            | {
                name: None if (f := getattr(one, name)) is None or f.value is None else str(f.value)
                for name in FIGURES[4:]
            }
            | {"flags": ", ".join(one.flags)}
            for one in self.periods
        ]
        amounts = dict.fromkeys(FIGURES[:4], pl.Int64)
        return pl.DataFrame(rows, schema_overrides={**amounts, **dict.fromkeys(FIGURES[4:], pl.String)})

    def _repr_html_(self) -> str:
        return html_table(HEADINGS, self.rows())


HEADINGS: Final = ("period", "days", *FIGURES, "flags")


def actuals(terms: PlanTerms, pool: PoolFrame, day: date, scenario: Scenario) -> Actuals:
    """Every period of a plan that began by a day: what was forecast for it at its beginning, and what it brought.

    The first is forecast on the cut-off day. The scenario says what was assumed; ``base`` that all goes on as before.
    """
    dates = [one for one in schedule(terms) if one.collected_from - timedelta(days=1) <= day]
    record = record_of(pool, terms.metrics)
    found: list[Compared] = []
    before: Expected | None = None
    for at, one in enumerate(dates):
        after = one.collected_from - timedelta(days=1)
        ends = [each.calculation for each in dates[at : at + 2]]
        _, now = forecast(record, after, ends, scenario)
        found.append(_compared(pool, one, after, now, before, over=one.calculation <= day))
        before = now
    return Actuals(plan=terms.plan.plan, height=pool.height, periods=tuple(found))


def _compared(
    pool: PoolFrame, dates: PeriodDates, after: date, now: Expected, before: Expected | None, *, over: bool
) -> Compared:
    foreseen = _foreseen(pool, after, dates.calculation, now.received(0))
    previous = None
    if before is not None:
        previous = _foreseen(pool, after, dates.calculation, before.received(1) - before.received(0))
    actual, other = _paid(pool, after, dates.calculation) if over else (None, None)
    return Compared(
        period=dates.period,
        after=after,
        until=dates.calculation,
        previous=previous,
        forecast=foreseen,
        actual=actual,
        other=other,
        ratio=None if actual is None else actual_to_forecast(actual, foreseen),
        revision=None if previous is None else ratio_of("pool.forecast_revision", foreseen, previous),
    )


def _foreseen(pool: PoolFrame, after: date, until: date, amount: int) -> Figure:
    return Figure(
        name="pool.forecast",
        value=amount,
        unit=Unit.FEN,
        formula=f"expected after {after}, until {until}, of the assets open by then, by how the pool had paid",
        height=pool.height,
        facts=Deferred(partial(_facts_of, pool, after)),
    )


def _facts_of(pool: PoolFrame, day: date) -> Collection[FactRef]:
    return pool.on(day).facts(OPEN)


def _paid(pool: PoolFrame, after: date, until: date) -> tuple[Figure, Figure]:
    """What assets paid that were open at the beginning, and what others did."""
    there = pool.on(after).frame.filter(OPEN).select("row")
    moved = pool.moves(after, until).filter(pl.col("kind") == PAID)
    formula = f"sum of payments after {after}, until {until}"

    def figure(name: str, words: str, chosen: pl.DataFrame) -> Figure:
        return Figure(
            name=f"pool.{name}",
            value=int(chosen.select((-pl.col("amount")).cast(pl.Int128).sum()).item()),
            unit=Unit.FEN,
            formula=f"{formula} {words}",
            height=pool.height,
            facts=pool.facts(changes=chosen["index"]),
        )

    return (
        figure("actual", "on assets open then", moved.join(there, on="row", how="semi", maintain_order="left")),
        figure("other", "on other assets", moved.join(there, on="row", how="anti", maintain_order="left")),
    )
