"""A pool in classes, as the exchanges ask for it (SL1 4.1.2, ZL1 80): every distribution, and the largest assets.

The edges of the classes are terms of the deal (``Metrics``): no rule prescribes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl

from abs.composition import UNKNOWN, Bucket, balance, buckets, by_value, classed, members, of_members
from abs.figure import Figure, Unit, ratio_of
from abs.frame import OPEN, Day
from abs.money import CONTEXT, quotient, yuan_text
from abs.terms import Metrics

__all__ = ["LEAST_SHARE", "TOP", "Largest", "Strata", "largest_assets", "mean_rate", "strata"]

TOP: Final = 20
"""Assets of the table of the largest (前二十大)."""
LEAST_SHARE: Final = Decimal("0.01")
"""An asset that is no more than this of the pool is left out of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """Metric 6, the open balance of a pool in classes by each thing that is disclosed; each adds up to the balance.

    ``settlement`` says whether a digital certificate (数字债权凭证) stands for the claim, ``goods`` stands for the
    industry, which no record states. ``rating`` is the deal's class of the debtor.
    """

    size: tuple[Bucket, ...]
    age: tuple[Bucket, ...]
    term: tuple[Bucket, ...]
    rate: tuple[Bucket, ...]
    region: tuple[Bucket, ...]
    goods: tuple[Bucket, ...]
    trade_type: tuple[Bucket, ...]
    settlement: tuple[Bucket, ...]
    rating: tuple[Bucket, ...]
    related_party: tuple[Bucket, ...]


def strata(day: Day, metrics: Metrics) -> Strata:
    """Every distribution of the pool (disclosure.md section 6), by the deal's edges."""
    certified, related = pl.col("outputs") > 0, pl.col("related_party")
    return Strata(
        size=buckets("pool.size", day, metrics.balance_edges, "outstanding", label=_fen_label),
        age=buckets("pool.age", day, metrics.age_edges, "age", label=_days_label),
        term=buckets("pool.term", day, metrics.term_edges, "days_to_due", label=_days_label),
        rate=_by_rate(day),
        region=by_value("pool.region", day, "region"),
        goods=by_value("pool.goods", day, "goods"),
        trade_type=by_value("pool.trade_type", day, "trade_type"),
        settlement=_halves("pool.settlement", day, certified, "certificate", "account"),
        rating=by_value("pool.rating", rated(day, metrics), "debtor_rating"),
        related_party=_halves("pool.related", day, related, "related", "unrelated"),
    )


def rated(day: Day, metrics: Metrics) -> Day:
    """The day with the column ``debtor_rating``: the deal's class of each debtor, null where it has none."""
    given = metrics.debtor_ratings
    debtor = pl.col("debtor").cast(pl.String)
    rating = debtor.replace_strict(list(given), list(given.values()), default=None, return_dtype=pl.String)
    column = rating if given else pl.lit(None, pl.String)
    return Day(pool=day.pool, on=day.on, frame=day.frame.with_columns(column.alias("debtor_rating")))


def mean_rate(day: Day) -> Figure:
    """Metric 1, average rate (加权平均利率), weighted by balance, of the open assets whose financing states one."""
    stated = OPEN & pl.col("rate").is_not_null()
    sums = [(Decimal(rate), weight) for rate, weight, _ in members(day, "rate", where=stated).iter_rows()]
    weighted = Decimal(0)
    for rate, weight in sums:
        weighted = CONTEXT.add(weighted, CONTEXT.multiply(rate, Decimal(weight)))
    value = quotient(weighted, sum(weight for _, weight in sums))
    formula = "sum of (outstanding x rate) / sum of outstanding, where a rate is stated"
    return day.computed("pool.rate", value, Unit.RATIO, stated, formula=formula)


def _by_rate(day: Day) -> tuple[Bucket, ...]:
    """One class for each rate, rising, and last what states none."""
    found = members(day, "rate")
    order = sorted(found["member"], key=lambda rate: (rate == UNKNOWN, Decimal(0 if rate == UNKNOWN else rate), rate))
    rising = pl.DataFrame({"member": order}, schema={"member": pl.String})
    return of_members("pool.by_rate", day, "rate", rising.join(found, on="member", maintain_order="left"))


def _halves(name: str, day: Day, condition: pl.Expr, yes: str, no: str) -> tuple[Bucket, ...]:
    return classed(name, day, [(yes, None, None, OPEN & condition), (no, None, None, OPEN & ~condition)])


def _days_label(low: int | None, high: int | None) -> str:
    if low is None:
        return f"<{(high or 0) + 1}"
    return f"{low}+" if high is None else f"{low}-{high}"


def _fen_label(low: int | None, high: int | None) -> str:
    if low is None:
        return f"<{yuan_text((high or 0) + 1)}"
    return f"{yuan_text(low)}+" if high is None else f"{yuan_text(low)}-{yuan_text(high)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """One of the largest assets: parties, what is owed and its share of the pool, and what stands behind it."""

    asset: str
    creditor: str
    debtor: str
    debtor_rating: str | None
    balance: Figure
    share: Figure
    rate: Decimal | None
    related_party: bool
    guarantor: str | None


def largest_assets(day: Day, metrics: Metrics, *, top: int = TOP, least: Decimal = LEAST_SHARE) -> tuple[Largest, ...]:
    """The ``top`` largest open assets with more than ``least`` of the balance, the largest first (SL1 4.1.2(5))."""
    known = rated(day, metrics)
    columns = ("asset", "creditor", "debtor", "debtor_rating", "outstanding", "rate", "related_party", "guarantor")
    found = (
        known.frame.lazy()
        .filter(OPEN)
        .select("row", *columns)
        .sort("outstanding", "row", descending=[True, False])
        .head(top)
        .collect()
    )
    total = balance(known)
    threshold = CONTEXT.multiply(least, Decimal(total.fen()))
    return tuple(
        _largest(known, total, row) for row in found.iter_rows(named=True) if Decimal(row["outstanding"]) > threshold
    )


def _largest(day: Day, total: Figure, row: dict[str, Any]) -> Largest:
    part = Figure(
        name="asset.balance",
        value=row["outstanding"],
        unit=Unit.FEN,
        formula="outstanding of one asset",
        height=day.height,
        facts=day.facts(pl.col("row") == row["row"]),
    )
    return Largest(
        asset=row["asset"],
        creditor=row["creditor"],
        debtor=row["debtor"],
        debtor_rating=row["debtor_rating"],
        balance=part,
        share=ratio_of("asset.share", part, total),
        rate=None if row["rate"] is None else Decimal(row["rate"]),
        related_party=row["related_party"],
        guarantor=row["guarantor"],
    )
