"""How a pool paid so far, as far as a forecast needs it: what defaulted, was diluted, was recovered, and how late.

History is that of the assets whose time to pay was over by the day (``default_days`` after they were due), so that what
pays late is not taken for what never pays. Each amount that was resolved of them was paid, diluted or went into
default: the rates are shares of the three together. While such assets are less than a tenth of all that came, history
is that of every asset, and the rates are shares of all that came. What was paid on the day of default or before was
paid in time, what came later was recovered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from itertools import accumulate
from typing import Any, Final

import polars as pl

from abs.deferred import Deferred
from abs.figure import Figure, Unit, ratio_of, sum_of
from abs.frame import OPEN, PAID, Day, PoolFrame
from abs.standing import along, defaults_of, standing
from abs.sums import LESS
from abs.terms import Metrics

__all__ = ["Curve", "History", "Record", "Reinvestment", "Standing", "history_of", "record_of", "standing_on"]

_DAYS: Final = pl.Int64
SEASONED: Final = 10
"""Seasoned assets speak for the pool once they are one part in so many of it; fewer may be a handful of accidents."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """How late payments come: rising days after the due date (negative: before it), and the fen paid by each."""

    days: pl.Series
    paid: pl.Series
    """Cumulative, with the nothing before the first day in front: one longer than ``days``."""

    @classmethod
    def of(cls, late: Sequence[tuple[int, int]]) -> Curve:
        """From fen by days, rising; where nothing was ever paid, everything is paid on the day it is due."""
        known = [(days, amount) for days, amount in late if amount > 0] or [(0, 1)]
        upto = list(accumulate((amount for _, amount in known), initial=0))
        return cls(days=pl.Series([days for days, _ in known], dtype=_DAYS), paid=pl.Series(upto, dtype=pl.Int128))

    @property
    def total(self) -> int:
        """All that was paid."""
        return int(self.paid[-1])

    def upto(self, days: pl.Series) -> pl.Series:
        """What was paid by so many days after the due date."""
        return self.paid.gather(self.days.search_sorted(days, side="right"))

    def shares(self) -> tuple[tuple[int, int], ...]:
        """Fen by days, rising."""
        return tuple(zip(self.days.to_list(), self.paid.diff().drop_nulls().to_list(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinvestment:
    """What a purchase brings: assets of ``amount`` fen for ``price`` fen, due ``tenor`` days later, as so far."""

    amount: int = 1
    price: int = 1
    tenor: int = 0

    def bought(self, cash: int) -> int:
        """The amount that some cash buys, whole fen, rounded down."""
        return cash * self.amount // self.price


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """How the pool paid up to a day. ``seasoned``: of the assets whose time to pay was over, else of all.

    ``assets``: how many it is of. ``lag``: days from default to recovery, the mean by amount, rounded down; 0 where
    nothing was recovered.
    """

    day: date
    seasoned: bool
    assets: int
    default_rate: Figure
    dilution_rate: Figure
    recovery_rate: Figure
    lag: int
    curve: Curve = field(repr=False)
    reinvestment: Reinvestment

    def rate(self, name: str) -> Fraction:
        """A rate as an exact share; 0 where there is none yet."""
        part, whole = (int(each.number()) for each in getattr(self, name).inputs)
        return Fraction(part, whole) if whole else Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """A pool with every default in it: row, on, owed, as ``abs.standing`` has them; ``days``: what makes one."""

    pool: PoolFrame
    days: int
    fell: pl.DataFrame = field(repr=False)


def record_of(pool: PoolFrame, metrics: Metrics) -> Record:
    """The pool with its defaults, found once for every day that is looked at."""
    days = max(metrics.default_days, 1)
    return Record(pool=pool, days=days, fell=defaults_of(pool, standing(pool), days))


def history_of(record: Record, day: date) -> History:
    """How the pool paid up to and on a day; nothing later is looked at."""
    pool, fell = record.pool, record.fell.filter(pl.col("on") <= day)
    moved = pool.moves(date.min, day).join(fell.select("row", fell="on"), on="row", how="left", maintain_order="left")
    (due,) = along(pool, moved["row"], "due")
    in_time = (pl.col("on") <= pl.col("fell")).fill_null(value=True)
    moved = moved.with_columns(due.alias("due")).with_columns(in_time=in_time)
    over = pl.col("due") + pl.duration(days=record.days) <= day
    came = pool.assets.filter(pl.col("entered_on") <= day)
    ripe = came.filter(over)
    whole = Figure(
        name="history.came",
        value=_sum(came, pl.col("amount")),
        unit=Unit.FEN,
        formula="sum of original amount of assets that came by the day",
        height=pool.height,
        facts=Deferred(partial(_facts_of, pool, came["row"], day)),
    )
    seasoned = _sum(ripe, pl.col("amount")) * SEASONED >= max(1, whole.fen())
    chosen = ripe if seasoned else pool.assets.select("row")
    first = moved.filter("in_time").join(chosen, on="row", how="semi", maintain_order="left")
    paid = _moved(pool, first, "paid", pl.col("kind") == PAID, "paid by the day of default or before")
    diluted = _moved(pool, first, "diluted", LESS, "taken off what is owed other than by payment")
    defaulted = _defaulted(pool, fell.join(chosen, on="row", how="semi", maintain_order="left"), day)
    resolved = sum_of("history.resolved", (paid, diluted, defaulted)) if seasoned else whole
    recovered = _moved(
        pool, moved.filter(~pl.col("in_time")), "recovered", pl.col("kind") == PAID, "paid after default"
    )
    return History(
        day=day,
        seasoned=seasoned,
        assets=(ripe if seasoned else came).height,
        default_rate=ratio_of("history.default_rate", defaulted, resolved),
        dilution_rate=ratio_of("history.dilution_rate", diluted, resolved),
        recovery_rate=ratio_of("history.recovery_rate", recovered, _defaulted(pool, fell, day)),
        lag=_lag(moved),
        curve=_curve(first),
        reinvestment=_reinvestment(pool, day),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """What is owed on a day: by due date (``due``, ``owed``) where it may still be paid in time, and in default."""

    day: date
    cells: pl.DataFrame
    in_default: int = 0


def standing_on(record: Record, seen: Day) -> Standing:
    """What is owed on the open assets of a day of the record's pool."""
    fallen = pl.col("row").is_in(record.fell.filter(pl.col("on") <= seen.on)["row"].implode())
    owed = pl.col("outstanding").cast(pl.Int128).sum().alias("owed")
    cells = seen.frame.lazy().filter(OPEN & ~fallen).group_by("due").agg(owed).sort("due").collect()
    return Standing(day=seen.on, cells=cells, in_default=seen.total("outstanding", OPEN & fallen))


def _moved(pool: PoolFrame, moved: pl.DataFrame, name: str, kind: pl.Expr, words: str) -> Figure:
    chosen = moved.filter(kind)
    return Figure(
        name=f"history.{name}",
        value=-_sum(chosen, pl.col("amount")),
        unit=Unit.FEN,
        formula=f"sum of what was {words}",
        height=pool.height,
        facts=pool.facts(changes=chosen["index"]),
    )


def _defaulted(pool: PoolFrame, fell: pl.DataFrame, day: date) -> Figure:
    return Figure(
        name="history.defaulted",
        value=_sum(fell, pl.col("owed")),
        unit=Unit.FEN,
        formula="sum of outstanding on the day of default",
        height=pool.height,
        facts=Deferred(partial(_facts_of, pool, fell["row"], day)),
    )


def _facts_of(pool: PoolFrame, rows: pl.Series, day: date) -> Any:
    return pool.on(day).facts(pl.col("row").is_in(rows.implode()))


def _sum(frame: pl.DataFrame, term: pl.Expr) -> int:
    return int(frame.select(term.cast(pl.Int128).sum()).item())


def _lag(moved: pl.DataFrame) -> int:
    """Days from default to what was recovered, weighted by amount."""
    after = moved.filter(~pl.col("in_time") & (pl.col("kind") == PAID))
    fen = (-pl.col("amount")).cast(pl.Int128)
    total = _sum(after, fen)
    return _sum(after, fen * (pl.col("on") - pl.col("fell")).dt.total_days()) // total if total else 0


def _curve(first: pl.DataFrame) -> Curve:
    late = (pl.col("on") - pl.col("due")).dt.total_days().alias("late")
    fen = (-pl.col("amount")).cast(pl.Int128).sum()
    return Curve.of(first.filter(pl.col("kind") == PAID).group_by(late).agg(fen).sort("late").rows())


def _reinvestment(pool: PoolFrame, day: date) -> Reinvestment:
    """By what was purchased up to the day, or by what was assigned where nothing was."""
    came = pool.assets.filter((pl.col("assigned_on") <= day) & (pl.col("price") > 0) & (pl.col("amount") > 0))
    bought = came.filter(pl.col("came") == "purchased")
    chosen = bought if bought.height else came
    if not chosen.height:
        return Reinvestment()
    fen = pl.col("amount").cast(pl.Int128)
    left = (pl.col("due") - pl.col("assigned_on")).dt.total_days().clip(lower_bound=0)
    amount = _sum(chosen, fen)
    return Reinvestment(amount=amount, price=_sum(chosen, pl.col("price")), tenor=_sum(chosen, fen * left) // amount)
