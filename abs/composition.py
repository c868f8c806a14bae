"""What a pool is made of on a day: size, terms, concentration, maturities, and its classes by anything.

Every function is pure over a ``Day`` and returns figures. Where rules leave a choice it is a parameter of the deal, and
the docstring says which base is used: shares are of the outstanding balance of the open assets unless ``basis`` says
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from abs.errors import FigureMisuse
from abs.figure import Figure, Unit, ratio_of
from abs.frame import ENTERED, IN_POOL, OPEN, Basis, Day, Party
from abs.money import CONTEXT, quotient

DAYS_PER_YEAR: Final = 365
OVERDUE: Final = "overdue"
LEFT: Final = pl.col("days_to_due").clip(lower_bound=0)
DAYS_LEFT: Final = "days to due, 0 once past due"
UNKNOWN: Final = "unknown"
"""The class of what the ledger does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One class of a distribution: ``low`` and ``high`` are both inside it, ``high`` None when it is open."""

    label: str
    low: int | None
    high: int | None
    balance: Figure
    count: Figure
    share: Figure

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """Label, edges and the three figures."""
        return {
            "label": self.label,
            "low": self.low,
            "high": self.high,
            "balance": self.balance.as_json(depth),
            "count": self.count.as_json(depth),
            "share": self.share.as_json(depth),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one member stands for in a pool."""

    member: str
    balance: Figure
    share: Figure
    count: int

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """The member with the two figures."""
        return {
            "member": self.member,
            "count": self.count,
            "balance": self.balance.as_json(depth),
            "share": self.share.as_json(depth),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How much of a pool stands with few members: the largest ones, their share, and two measures over all.

    ``side`` is the column that they are members of: debtor, creditor_group, region ...
    """

    side: str
    basis: Basis
    total: Figure
    members: Figure
    largest: tuple[Holding, ...]
    top_share: Figure
    hhi: Figure
    effective_number: Figure

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """Every figure under its name."""
        return {
            "side": self.side,
            "basis": self.basis.value,
            "total": self.total.as_json(depth),
            "members": self.members.as_json(depth),
            "largest": [holding.as_json(depth) for holding in self.largest],
            "top_share": self.top_share.as_json(depth),
            "hhi": self.hhi.as_json(depth),
            "effective_number": self.effective_number.as_json(depth),
        }


def balance(day: Day) -> Figure:
    """Metric 1, pool balance: what is still owed on all assets, in fen."""
    return day.sum("pool.balance", "outstanding", OPEN, formula="sum of outstanding over open assets")


def original(day: Day) -> Figure:
    """Metric 1, what the assets were worth when they came: the sum of their first amounts, in fen."""
    return day.sum(
        "pool.original", "amount", ENTERED, formula="sum of original amount over all assets that ever came in"
    )


def held_original(day: Day) -> Figure:
    """The same of the assets in the pool on the day alone, paid or not."""
    return day.sum(
        "pool.held_original", "amount", IN_POOL, formula="sum of original amount over the assets in the pool"
    )


def count(day: Day) -> Figure:
    """Metric 1, number of assets on which something is owed."""
    return day.count("pool.count", OPEN, formula="number of open assets")


def remaining_term(day: Day) -> Figure:
    """Metric 1, weighted average remaining term (WAM 加权平均剩余期限): days to due, weighted by balance.

    An overdue asset has 0 days left.
    """
    return _weighted(day, "pool.wam", LEFT, DAYS_LEFT)


def seasoning(day: Day) -> Figure:
    """Metric 1, weighted average age (加权平均账龄): days since invoiced, weighted by balance."""
    return _weighted(day, "pool.seasoning", pl.col("age"), "days since invoiced")


def average_life(day: Day) -> Figure:
    """Metric 1, weighted average life (WAL) in years of 365 days, each claim repaid in one sum on its due date."""
    value = quotient(day.weighted(LEFT, OPEN), day.total("outstanding", OPEN) * DAYS_PER_YEAR)
    formula = f"sum of (outstanding x {DAYS_LEFT}) / {DAYS_PER_YEAR} / sum of outstanding"
    return day.computed("pool.wal", value, Unit.YEARS, OPEN, formula=formula)


def _weighted(day: Day, name: str, days: pl.Expr, what: str) -> Figure:
    value = quotient(day.weighted(days, OPEN), day.total("outstanding", OPEN))
    formula = f"sum of (outstanding x {what}) / sum of outstanding"
    return day.computed(name, value, Unit.DAYS, OPEN, formula=formula)


def concentration(
    day: Day, *, side: str = Party.DEBTOR, basis: Basis = Basis.OUTSTANDING, top: int = 10
) -> Concentration:
    """Metric 2: the ``top`` largest members of a column, their share, HHI (sum of squared shares) and its inverse.

    Affiliates count one by one in ``debtor`` and ``creditor``, and as one in ``debtor_group`` and ``creditor_group``
    (``abs.affiliates.grouped``). Members of equal size are in alphabetical order, so that the same pool always shows
    the same list.
    """
    side, what = str(side), basis.words
    held = members(day, side, basis)
    total = day.sum(f"pool.total.{basis}", basis.column, basis.where, formula=f"sum of {what}")
    largest = []
    for member, weight, number in held.head(top).iter_rows():
        part = day.computed(
            f"pool.{side}.balance",
            weight,
            Unit.FEN,
            basis.where & is_member(side, member),
            formula=f"sum of {what} of one {side}",
        )
        share = ratio_of(f"pool.{side}.share", part, total)
        largest.append(Holding(member=member, balance=part, share=share, count=number))
    top_sum = _sum_holdings(f"pool.{side}.top{top}", largest, day.height)
    weights = held["weight"].to_list()
    squares = sum(weight * weight for weight in weights)
    whole = sum(weights)
    hhi = quotient(squares, whole * whole)
    formula = f"sum over {side}s of ({what} of the {side} / total)^2"
    index = day.computed(f"pool.{side}.hhi", hhi, Unit.INDEX, basis.where, formula=formula)
    name = f"pool.{side}.count"
    return Concentration(
        side=side,
        basis=basis,
        total=total,
        members=day.computed(name, held.height, Unit.COUNT, basis.where, formula=f"number of distinct {side}s"),
        largest=tuple(largest),
        top_share=ratio_of(f"pool.{side}.top{top}_share", top_sum, total),
        hhi=index,
        effective_number=Figure(
            name=f"pool.{side}.effective_number",
            value=None if hhi is None else CONTEXT.divide(1, hhi),
            unit=Unit.INDEX,
            formula="1 / HHI",
            height=day.height,
            inputs=(index,),
        ),
    )


def members(day: Day, side: str, basis: Basis = Basis.OUTSTANDING, where: pl.Expr | None = None) -> pl.DataFrame:
    """The members of a column with ``weight`` (fen, exact) and ``number`` of assets, the largest first.

    ``where`` narrows the assets down. A member that the ledger does not say is the class ``unknown``.
    """
    chosen = basis.where if where is None else basis.where & where
    counted = pl.col(basis.column).cast(pl.Int128).sum()
    return (
        day.frame.lazy()
        .filter(chosen)
        .group_by(pl.col(side).alias("member"))
        .agg(counted.alias("weight"), pl.len().alias("number"))
        .group_by(_member("member"))
        .agg(pl.col("weight", "number").sum())
        .sort("weight", "member", descending=[True, False])
        .collect()
    )


def is_member(column: str, value: str) -> pl.Expr:
    """The condition that an asset is of that class of a column, as ``members`` names it."""
    return _member(column) == value if value == UNKNOWN else pl.col(column) == value


def _member(column: str) -> pl.Expr:
    """The class that an asset is of by a column: one that somebody called ``unknown`` is with what nobody said."""
    return pl.col(column).cast(pl.String).fill_null(UNKNOWN)


def _sum_holdings(name: str, holdings: Sequence[Holding], height: int) -> Figure:
    inputs = tuple(holding.balance for holding in holdings)
    value = sum(figure.fen() for figure in inputs)
    formula = f"sum of the {len(inputs)} largest"
    return Figure(name=name, value=value, unit=Unit.FEN, formula=formula, height=height, inputs=inputs)


def buckets(
    name: str,
    day: Day,
    lows: Sequence[int],
    column: str,
    *,
    label: Callable[[int | None, int | None], str],
) -> tuple[Bucket, ...]:
    """Metric 6: the open assets in classes by a whole-numbered column, every asset in exactly one.

    ``lows`` are the first values of the classes after the lowest, rising strictly; the lowest is open below, the
    highest open above. Raises FigureMisuse when they do not rise.
    """
    if any(second <= first for first, second in pairwise(lows)):
        raise FigureMisuse("bad-edges", f"edges must rise strictly, these do not: {list(lows)}")
    classes = []
    for place in range(len(lows) + 1):
        low = lows[place - 1] if place else None
        high = lows[place] - 1 if place < len(lows) else None
        within = OPEN
        if low is not None:
            within &= pl.col(column) >= low
        if high is not None:
            within &= pl.col(column) <= high
        classes.append((label(low, high), low, high, within))
    return classed(name, day, classes)


def by_value(name: str, day: Day, column: str) -> tuple[Bucket, ...]:
    """Metric 6: the open assets in classes by what stands in a column, the largest class first."""
    return of_members(name, day, column, members(day, column))


def of_members(name: str, day: Day, column: str, found: pl.DataFrame) -> tuple[Bucket, ...]:
    """The classes that these ``members`` of a column make, in their order; one may be a class for each asset."""
    total = balance(day)
    return tuple(
        _bucket(name, day, (member, None, None, OPEN & is_member(column, member)), weight, number, total)
        for member, weight, number in found.iter_rows()
    )


Class = tuple[str, int | None, int | None, pl.Expr]
"""Label, edges and condition."""


def classed(name: str, day: Day, classes: Sequence[Class]) -> tuple[Bucket, ...]:
    """The classes of open assets, each with its balance, count and share; one pass for each."""
    sums = [
        pl.struct(pl.col("outstanding").filter(where).cast(pl.Int128).sum(), where.sum().alias("number")).alias(str(at))
        for at, (_, _, _, where) in enumerate(classes)
    ]
    found = day.frame.select(sums).row(0) if classes else ()
    total = balance(day)
    return tuple(
        _bucket(name, day, each, int(sizes["outstanding"]), int(sizes["number"]), total)
        for each, sizes in zip(classes, found, strict=True)
    )


def _bucket(name: str, day: Day, of: Class, weight: int, number: int, total: Figure) -> Bucket:
    label, low, high, where = of
    part = day.computed(f"{name}.balance", weight, Unit.FEN, where, formula=f"sum of outstanding in {label}")
    count_ = day.computed(f"{name}.count", number, Unit.COUNT, where, formula=f"number of assets in {label}")
    share = ratio_of(f"{name}.share", part, total)
    return Bucket(label=label, low=low, high=high, balance=part, count=count_, share=share)


def maturity_ladder(day: Day) -> tuple[Bucket, ...]:
    """Metric 6: what falls due in each calendar month that has any; overdue assets come first."""
    late = OPEN & (pl.col("days_past_due") > 0)
    coming = OPEN & (pl.col("days_past_due") == 0)
    month = pl.col("due").dt.month_start()
    months = day.frame.lazy().filter(coming).select(month.unique().sort()).collect().to_series()
    rungs = [(OVERDUE, None, None, late)] if day.number(late) else []
    rungs += [(f"{first:%Y-%m}", None, None, coming & (month == first)) for first in months]
    return classed("pool.maturity", day, rungs)
