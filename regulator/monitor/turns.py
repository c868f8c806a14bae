"""From when on a pool of which nothing more is told may look otherwise: the next day by which its rules wait.

What the rules say of a pool at a height follows from its facts and the day. Facts aside, it changes on days that can be
told beforehand: a day that a fact names comes, an asset is so many days past due, a month ends, a date of the terms
passes. Between two such days what was judged stands, so that a pool is not judged anew every morning. Where a measure
waits for more than that, its pool is judged every day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import polars as pl

from abs.calendars import later
from abs.frame import PoolFrame
from abs.terms import Criterion, PlanTerms
from regulator.monitor.plan import View

__all__ = ["AGEING", "next_turn"]

DAY: Final = timedelta(days=1)
AGEING: Final = {"days_past_due": ("due", 1), "days_to_due": ("due", -1), "age": ("issued", 1)}
"""Fields that change by the day alone: the day that each counts from, and whether it counts up or down to it."""
EVERY_DAY: Final = frozenset({"coverage.required_reserve"})
"""Measures by many delays at once: what days they wait for is not worked out."""
BY_DATES: Final = frozenset({"coverage.ic", "pool.collections"})
"""Measures of a period of the terms: where these list none any more, the period ends with each day."""
BY_MONTH: Final = frozenset({"pool.default_ratio", "pool.dilution_ratio", "pool.days_sales_outstanding"})
"""Measures of the last month that is over."""
BY_DUE: Final = frozenset({"pool.delinquency_ratio"})
"""Measures of what is past due."""
_DATES: Final = ("assets", "changes", "statuses")


def next_turn(view: View, terms: PlanTerms, frame: PoolFrame) -> date:
    """The first day after the view's on which its rules may say something else of the pool, if nothing more is told."""
    day = view.day
    measured = {name for one in terms.triggers for name in (one.when.measure, one.when.than) if name is not None}
    ahead = [one for one in _stated(view, terms, measured) if one > day]
    if measured & EVERY_DAY or (measured & BY_DATES and not any(one.payment >= day for one in view.dates)):
        return day + DAY
    counted = _first(frame.assets, sorted({*_offsets(terms, measured)}), day)
    return min([*ahead, *counted, *_named(frame, day)], default=date.max)


def _stated(view: View, terms: PlanTerms, measured: set[str]) -> Iterator[date]:
    """Days of the terms and of the plan's records, and those by which a month is over."""
    if measured & BY_MONTH:
        first = later(view.day.replace(day=1), months=1)
        yield from (first - DAY, first)
    yield terms.plan.closing + DAY
    if view.revolving_until is not None:
        yield view.revolving_until + DAY
    if measured & BY_DATES:
        for one in view.dates:
            for each in (one.collected_from, one.calculation, one.payment):
                yield from (each, each + DAY)
    if not isinstance(view.versions, str):
        yield from (version.effective for version in view.versions)
    yield from view.dated_ahead


def _named(frame: PoolFrame, day: date) -> Iterator[date]:
    """Days that facts of the pool name and that are still to come."""
    for name in _DATES:
        table: pl.DataFrame = getattr(frame, name)
        columns = [column for column, kind in table.schema.items() if kind == pl.Date]
        yield from _first(table, [(column, 0) for column in columns], day)


def _first(table: pl.DataFrame, wanted: list[tuple[str, int]], day: date) -> Iterator[date]:
    """Of each column with so many days added, the first day after this one."""
    chosen = [
        pl.col(name).filter(pl.col(name) > day - count * DAY).min().alias(f"{name} {count}") for name, count in wanted
    ]
    found = table.select(chosen).row(0) if chosen else ()
    return (one + count * DAY for one, (_, count) in zip(found, wanted, strict=True) if one is not None)


def _offsets(terms: PlanTerms, measured: set[str]) -> Iterator[tuple[str, int]]:
    """How many days after the due day, or that of the invoice, anything about an asset changes."""
    yield "due", max(terms.metrics.default_days, 1)
    if measured & BY_DUE:
        yield "due", 1
    for one in terms.eligibility:
        if one.field in AGEING:
            column, sign = AGEING[one.field]
            yield from ((column, sign * count) for count in _bounds(one))


def _bounds(one: Criterion) -> Iterator[int]:
    """The numbers of days between which a criterion says the same."""
    stated = [one.value] if isinstance(one.value, Decimal) else one.values
    values = [Decimal(each) for each in stated if isinstance(each, Decimal) or each.lstrip("-").isdigit()]
    for value in values:
        least, most = (int(value.to_integral_value(each)) for each in (ROUND_FLOOR, ROUND_CEILING))
        yield from {least - 1, least, least + 1, most, most + 1}
