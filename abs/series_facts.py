"""The facts beneath one value of a series, found again by the words that the value was added up by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

import polars as pl

from abs.figure import FactRef
from abs.frame import OPEN, Day, PoolFrame
from abs.performance import LATE, days_label
from abs.sums import DOUBTFUL, LESS, MOVES, crossed, stated, with_dates
from ledger.position import Position

__all__ = ["ALWAYS", "classes_of", "facts_of"]

ALWAYS: Final = pl.lit(value=True)
CROSSINGS: Final = ("added", "initial", "purchased", "substituted", "removed")
STATED: Final = ("written_off", "stated_recovered")
FALLEN: Final = ("defaulted", "written_off")
"""What the servicer says of an asset that is in default."""


def classes_of(edges: Sequence[int]) -> tuple[str, ...]:
    """The classes of delay that these edges make, current first."""
    return tuple(
        days_label(edges[at - 1] if at else None, edges[at] - 1 if at < len(edges) else None)
        for at in range(len(edges) + 1)
    )


def facts_of(
    pool: PoolFrame,
    defaults: pl.DataFrame,
    edges: Sequence[int],
    name: str,
    after: date,
    end: date,
    issued: pl.Expr = ALWAYS,
) -> Collection[FactRef]:
    """The facts beneath what flowed after one day until another, or what there was at the end of that.

    ``issued`` is a condition on the assets; ``defaults`` as ``abs.standing.defaults_of`` finds them.
    """
    kind, _, part = name.partition(".")
    chosen = pool.assets.filter(issued).select("row")
    within = (pl.col("on") > after) & (pl.col("on") <= end)
    if kind in MOVES:
        moved = with_dates(pool, pool.moves(after, end), defaults, pl.lit(end))
        where = LESS & (pl.col("kind") == part) if part else MOVES[kind][0]
        return pool.facts(changes=moved.filter(where).join(chosen, on="row", how="semi")["index"])
    if kind in STATED:
        said = stated(pool).filter(within & (pl.col(kind) != 0)).join(chosen, on="row", how="semi")
        return pool.facts(statuses=said["place"])
    if kind == "collected":
        items = pool.collections.filter(within).select("id", "position").iter_rows()
        return [
            FactRef(table="CollectionItem", id=id_, position=str(Position.from_number(position)))
            for id_, position in items
        ]
    day = pool.on(end)
    if kind in CROSSINGS:
        came = crossed(pool).filter(within & (pl.col("name") == kind))
        return day.facts(issued & _of(came["row"]), exits=kind == "removed")
    if kind == "defaulted":
        where = issued & _of(defaults.filter(within)["row"])
        return (*day.facts(where), *_said(day, where, pl.col("status").is_in(FALLEN)))
    fallen = _of(defaults.filter(pl.col("on") <= end)["row"])
    late = pl.col("days_past_due")
    if part:
        place = classes_of(edges).index(part)
        where = late >= (edges[place - 1] if place else 0)
        where = where & (late < edges[place]) if place < len(edges) else where
    else:
        coming, doubtful = pl.col("days_to_due") > 0, late.is_between(*DOUBTFUL)
        named = {"overdue": LATE, "coming": coming, "in_default": fallen, "performing": ~fallen, "doubtful": doubtful}
        where = named.get(kind, ALWAYS)
    where = issued & OPEN & where
    words = {"in_default": pl.col("status").is_in(FALLEN), "doubtful": pl.col("written_off") != 0}.get(kind)
    return day.facts(where) if words is None else (*day.facts(where), *_said(day, where, words))


def _said(day: Day, where: pl.Expr, said: pl.Expr) -> Collection[FactRef]:
    """What the servicer said of these assets by the day, of one kind."""
    found = stated(day.pool).filter((pl.col("on") <= day.on) & said)
    chosen = found.join(day.frame.filter(where).select("row"), on="row", how="semi")
    return day.pool.facts(statuses=chosen["place"])


def _of(rows: pl.Series) -> pl.Expr:
    return pl.col("row").is_in(rows.implode())
