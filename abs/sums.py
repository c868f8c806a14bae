"""The sums that a series is made of: everything that flowed in a pool and was owed on it, by period, in few passes.

``abs.series`` makes figures of them. Nothing here loops over assets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from abs.frame import PAID, PoolFrame
from abs.standing import along

__all__ = ["DOUBTFUL", "LESS", "MOVES", "Cut", "crossed", "flows_of", "positions", "stated", "with_dates"]

_BY: Final = ["at", "cohort", "bucket", "side", "defaulted"]
AT_ONCE: Final = 8_000_000
"""Assets x ends that are in memory at one time."""

LESS: Final = (pl.col("kind") != PAID) & (pl.col("amount") < 0)
MOVES: Final[dict[str, tuple[pl.Expr, int]]] = {
    "payments": (pl.col("kind") == PAID, -1),
    "prepaid": ((pl.col("kind") == PAID) & (pl.col("due") > pl.col("end")), -1),
    "recovered": ((pl.col("kind") == PAID) & (pl.col("on") > pl.col("defaulted_by")), -1),
    "dilution": (LESS, -1),
    "raised": ((pl.col("kind") != PAID) & (pl.col("amount") > 0), 1),
}
"""Which changes a flow adds up, and with which sign."""
WAYS: Final = {"assigned": "initial"}
"""How an asset came, in the words of a series: initial, purchased or substituted."""
DOUBTFUL: Final = (91, 120)
"""The days past due, both included, that a loss is foreseen by (metric 9)."""


class Cut:
    """Days in periods: which one each is in."""

    def __init__(self, pool: PoolFrame, start: date, ends: tuple[date, ...]) -> None:
        self.pool = pool
        self.start = start
        self.days = pl.Series(ends, dtype=pl.Date)
        self.cohorts = self.place(pool.assets["issued"])

    def place(self, days: pl.Series) -> pl.Series:
        """The period of each day, null for one before the first period or after the last."""
        found = self.days.search_sorted(days, side="left")
        outside = (days <= self.start) | (days > self.days[-1])
        return found.zip_with(~outside.fill_null(value=True), pl.Series([None], dtype=pl.UInt32))

    def flow(self, frame: pl.DataFrame, name: str | pl.Expr, amount: str | pl.Expr) -> pl.DataFrame:
        """The amounts of a frame with ``row`` and ``on`` as a flow, summed by period and month of invoice."""
        known = frame.with_columns(
            self.place(frame["on"]).alias("at"),
            self.cohorts.gather(frame["row"]).alias("cohort"),
            (pl.lit(name) if isinstance(name, str) else name).alias("name"),
        )
        term = pl.col(amount) if isinstance(amount, str) else amount
        return self.summed(known.with_columns(term.alias("amount")), "at", "cohort", "name")

    @staticmethod
    def summed(frame: pl.DataFrame, *by: str) -> pl.DataFrame:
        """The amounts added up by these columns, the first of which must be known."""
        found = frame.lazy().drop_nulls(by[0]).group_by(by).agg(pl.col("amount").cast(pl.Int128).sum())
        return found.sort(by).collect()


def positions(
    cut: Cut, steps: pl.DataFrame, defaults: pl.DataFrame, edges: Sequence[int]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What was owed at each end, by month of invoice, class of delay and default; how it rolled since the one before;
    and what was doubtful at each end. As many assets at once as fit into memory."""
    days = pl.concat([pl.Series([cut.start], dtype=pl.Date), cut.days])
    first = days.search_sorted(steps["start"], side="left")
    beyond = days.search_sorted(steps["stop"].fill_null(date.max), side="left")
    spans = steps.select("row", "owed").with_columns(first.alias("first"), beyond.alias("beyond"))
    spans = spans.filter(pl.col("first") < pl.col("beyond"))
    size = int(spans.select((pl.col("beyond") - pl.col("first")).cast(pl.Int64).sum()).item() or 0)
    parts = max(1, -(-size // AT_ONCE))
    each = -(-max(1, cut.pool.assets.height) // parts)
    fell = pl.zeros(cut.pool.assets.height, dtype=pl.UInt32, eager=True) + len(days)
    fell = fell.scatter(defaults["row"], days.search_sorted(defaults["on"], side="left"))
    bounds, numbers = pl.Series(list(edges), dtype=pl.Int32), days.to_physical()
    lost = stated(cut.pool).filter(pl.col("written_off") != 0).select("row", "on", "written_off")
    lost = lost.with_columns(days.search_sorted(lost["on"], side="left").alias("at"))
    cells, rolls, doubts = [], [], []
    for part in range(parts):
        mine = (
            spans.filter((pl.col("row") >= part * each) & (pl.col("row") < (part + 1) * each)) if parts > 1 else spans
        )
        there = mine.select("row", "owed", pl.int_ranges("first", "beyond", dtype=pl.UInt32).alias("at")).explode("at")
        (due,) = along(cut.pool, there["row"], "due")
        late = numbers.gather(there["at"]) - due.to_physical()  # days since 1970: whole numbers, not durations
        there = there.with_columns(
            bounds.search_sorted(late.clip(lower_bound=0), side="right").alias("bucket"),
            late.sign().cast(pl.Int8).alias("side"),
            late.is_between(*DOUBTFUL).alias("doubtful"),
            (fell.gather(there["row"]) <= there["at"]).alias("defaulted"),
            cut.cohorts.gather(there["row"]).alias("cohort"),
        )
        cells.append(_grouped(there))
        rolls.append(_rolled(there))
        doubts.append(_doubtful(there, lost))
    owed, number, at = pl.col("owed").sum(), pl.col("number").sum(), pl.col("at").cast(pl.Int64) - 1
    by = ["at", "before", "after"]
    return (
        pl.concat(cells).group_by(_BY).agg(owed, number).with_columns(at).sort(_BY),
        pl.concat(rolls).group_by(by).agg(owed).with_columns(at).sort(by),
        pl.concat(doubts).group_by("at").agg(owed).with_columns(at).sort("at"),
    )


def _doubtful(there: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """What is owed at each end on what is so late that a loss is foreseen, less what was written off of it so far."""
    late = there.filter("doubtful").select("row", "at", pl.col("owed").cast(pl.Int128))
    off = late.join(lost, on="row", suffix="_lost").filter(pl.col("at_lost") <= pl.col("at"))
    off = off.group_by("row", "at").agg(pl.col("written_off").sum())
    left = late.join(off, on=["row", "at"], how="left").with_columns(
        owed=(pl.col("owed") - pl.col("written_off").fill_null(0)).clip(lower_bound=0)
    )
    return left.group_by("at").agg(pl.col("owed").sum())


def _grouped(there: pl.DataFrame) -> pl.DataFrame:
    owed = pl.col("owed").cast(pl.Int128).sum()
    return there.lazy().group_by(_BY).agg(owed, pl.len().cast(pl.Int64).alias("number")).collect()


def _rolled(there: pl.DataFrame) -> pl.DataFrame:
    """What is owed on what was owed at the end before, by class then and now; positions are by asset and end."""
    same = (pl.col("row") == pl.col("row").shift(1)) & (pl.col("at") == pl.col("at").shift(1) + 1)
    rolled = there.lazy().select(
        "at", pl.when(same).then(pl.col("bucket").shift(1)).alias("before"), pl.col("bucket").alias("after"), "owed"
    )
    owed = pl.col("owed").cast(pl.Int128).sum()
    return rolled.drop_nulls("before").group_by("at", "before", "after").agg(owed).collect()


def flows_of(cut: Cut, defaults: pl.DataFrame) -> pl.DataFrame:
    """Every flow, summed by period, month of invoice and name."""
    pool = cut.pool
    entered, left = along(pool, pool.changes["row"], "entered_on", "left_on")
    inside = (pool.changes["on"] >= entered) & ((pool.changes["on"] < left) | left.is_null())
    moved = pool.changes.filter(inside).select("row", "on", "amount", "kind")
    at = cut.place(moved["on"])
    moved = with_dates(pool, moved, defaults, cut.days.gather(at)).with_columns(
        at.alias("at"), cut.cohorts.gather(moved["row"]).alias("cohort")
    )
    amount = pl.col("amount").cast(pl.Int128)
    sums = (
        moved.lazy()
        .drop_nulls("at")
        .group_by("at", "cohort")
        .agg(*((sign * amount.filter(kind).sum()).alias(name) for name, (kind, sign) in MOVES.items()))
        .unpivot(index=["at", "cohort"], variable_name="name", value_name="amount")
        .collect()
    )
    said = stated(pool)
    parts = [
        sums.select("at", "cohort", "name", "amount"),
        cut.flow(moved.filter(LESS), pl.concat_str(pl.lit("dilution."), "kind"), -pl.col("amount")),
        cut.flow(defaults, "defaulted", "owed"),
        cut.flow(crossed(pool), pl.col("name"), "owed"),
        *(cut.flow(said, name, name) for name in ("written_off", "stated_recovered")),
        _collected(cut),
    ]
    return pl.concat(parts).filter(pl.col("amount") != 0)


def _collected(cut: Cut) -> pl.DataFrame:
    """The servicer's statements; what it collected on an asset that is not in the pool is of no month of invoice."""
    items = cut.pool.collections
    known = items.with_columns(cut.place(items["on"]).alias("at"), pl.lit("collected").alias("name"))
    known = known.with_columns(cut.cohorts.gather(items["row"]).alias("cohort"))
    return cut.summed(known, "at", "cohort", "name")


def with_dates(pool: PoolFrame, moved: pl.DataFrame, defaults: pl.DataFrame, end: pl.Series | pl.Expr) -> pl.DataFrame:
    """Changes with the day the asset is due, the one it fell into default, and the end of their period."""
    fell = pl.select(pl.repeat(None, pool.assets.height, dtype=pl.Date)).to_series()
    fell = fell.scatter(defaults["row"], defaults["on"])
    (due,) = along(pool, moved["row"], "due")
    return moved.with_columns(due.alias("due"), fell.gather(moved["row"]).alias("defaulted_by"), end.alias("end"))


def stated(pool: PoolFrame) -> pl.DataFrame:
    """The servicer's statements with what each wrote off and recovered beyond the one before, and their ``place``.

    What it said of an asset after that had left is not the pool's.
    """
    (left,) = along(pool, pool.statuses["row"], "left_on")
    more = {
        name: pl.col(name) - pl.col(name).shift(1).over("row").fill_null(0) for name in ("written_off", "recovered")
    }
    return (
        pool.statuses.with_row_index("place")
        .with_columns(more["written_off"].alias("written_off"), more["recovered"].alias("stated_recovered"))
        .with_columns(pl.when(pl.col("status") == "recovered").then("stated_recovered").otherwise(0))
        .filter(left.is_null() | (pl.col("on") <= left))
    )


def crossed(pool: PoolFrame) -> pl.DataFrame:
    """What was owed on each asset when its first day in the pool began, and when its last one ended: row, on, name."""
    stays = pool.assets.select(
        "row", "amount", "came", "entered_on", pl.max_horizontal("left_on", "entered_on").alias("gone")
    ).with_columns(gone=pl.when(pool.assets["left_on"].is_not_null()).then("gone"))
    entered, gone = (stays[name].gather(pool.changes["row"]) for name in ("entered_on", "gone"))
    moved = pool.changes.select(
        "row", "amount", (pl.col("on") < entered).alias("before"), (pl.col("on") < gone).alias("upto")
    )
    sums = (
        moved.lazy()
        .filter(pl.col("before") | pl.col("upto"))
        .group_by("row")
        .agg(*(pl.col("amount").filter(pl.col(name)).sum().alias(name) for name in ("before", "upto")))
        .collect()
    )
    changed = {
        name: pl.zeros(stays.height, dtype=pl.Int64, eager=True).scatter(sums["row"], sums[name])
        for name in ("before", "upto")
    }
    came = stays.select(
        "row", pl.col("entered_on").alias("on"), (pl.col("amount") + changed["before"]).alias("owed"), "came"
    )
    left = stays.select("row", pl.col("gone").alias("on"), (pl.col("amount") + changed["upto"]).alias("owed"))
    columns = ["row", "on", "owed"]
    return pl.concat(
        [
            came.select(*columns, pl.lit("added").alias("name")),
            came.select("row", "on", pl.col("owed").clip(lower_bound=0), pl.col("came").replace(WAYS).alias("name")),
            left.drop_nulls("on").select(*columns, pl.lit("removed").alias("name")),
        ]
    )
