"""What was owed on each asset of a pool from when until when: the steps that every series is cut from.

A step lasts from a day on which something changed up to, and without, the day of the next change or of the day the
asset left. Only steps on which something is owed are kept, so an asset has none before it came and none after it left.
"""

from __future__ import annotations

import polars as pl

from abs.frame import PoolFrame

__all__ = ["along", "defaults_of", "standing"]


def along(pool: PoolFrame, rows: pl.Series, *columns: str) -> list[pl.Series]:
    """The columns of the assets, one value for each of ``rows``."""
    return [pool.assets[name].gather(rows) for name in columns]


def standing(pool: PoolFrame) -> pl.DataFrame:
    """The steps of every asset: row, start, stop (null: it lasts) and owed (fen, more than 0), by row and start."""
    assets = pool.assets.filter(pl.col("left_on").is_null() | (pl.col("left_on") > pl.col("entered_on")))
    entered, left = along(pool, pool.changes["row"], "entered_on", "left_on")
    moved = pool.changes.select("row", "on", "amount").with_columns(entered.alias("entered"), left.alias("left"))
    moved = moved.select("row", pl.max_horizontal("on", "entered").alias("on"), "amount", "left")
    moved = moved.filter(pl.col("left").is_null() | (pl.col("on") < pl.col("left"))).drop("left")
    came = assets.select("row", pl.col("entered_on").alias("on"), "amount")
    # One key sorts four times as fast as two.
    day = pl.col("on").to_physical().cast(pl.Int64)
    steps = pl.concat([came, moved]).sort(pl.col("row").cast(pl.Int64) * (1 << 32) + day)
    first = (pl.col("row") != pl.col("row").shift(1)).fill_null(value=True)
    last = (pl.col("row") != pl.col("row").shift(-1)).fill_null(value=True)
    upto = pl.col("amount").cast(pl.Int128).cum_sum()
    steps = steps.with_columns(upto=upto).with_columns(
        owed=(pl.col("upto") - pl.when(first).then(pl.col("upto") - pl.col("amount")).forward_fill()).cast(pl.Int64),
        gone=pool.assets["left_on"].gather(steps["row"]),
        following=pl.col("on").shift(-1),
    )
    return steps.select(
        "row", pl.col("on").alias("start"), pl.when(last).then("gone").otherwise("following").alias("stop"), "owed"
    ).filter((pl.col("owed") > 0) & (pl.col("stop").is_null() | (pl.col("stop") > pl.col("start"))))


def defaults_of(pool: PoolFrame, steps: pl.DataFrame, default_days: int) -> pl.DataFrame:
    """The assets that fell into default while in the pool: row, on (the first day of it), owed on that day, by row.

    In default is what is owed ``default_days`` days after it was due, or from the day on that the servicer declared or
    wrote it off, whichever is earlier. What was in default when it came is so from its first day; what the servicer
    said on the day it left is said of what was owed until then.
    """
    names = ("due", "defaulted_on", "written_off_on", "left_on")
    dated = steps.with_columns(
        each.alias(name) for name, each in zip(names, along(pool, steps["row"], *names), strict=True)
    )
    late, said = pl.col("due") + pl.duration(days=max(default_days, 1)), pl.min_horizontal(*names[1:3])
    leaving = (pl.col("stop") == pl.col("left_on")) & (said == pl.col("left_on"))
    return (
        dated.with_columns(from_day=pl.min_horizontal(late, said))
        .filter(pl.col("stop").is_null() | (pl.col("stop") > pl.col("from_day")) | leaving)
        .unique("row", keep="first", maintain_order=True)
        .select("row", pl.max_horizontal("start", "from_day").alias("on"), "owed")
    )
