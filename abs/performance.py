"""How a pool of receivables pays on a day: delinquency, sales, turnover, collections, disputes.

Pure functions over a ``Day``; the base of each share is named in its docstring. What is owed is said of the open
assets, what was sold of every asset that came in up to the day, paid or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from abs.composition import Bucket, balance, buckets
from abs.figure import Figure, Unit, derived, ratio_of
from abs.frame import ENTERED, OPEN, PAID, Basis, Day
from abs.money import quotient

DELINQUENCY_EDGES: Final = (1, 30, 60, 90, 120, 150, 180)
"""First day of each delinquency class where a deal names no others: 1-29, 30-59, ... 150-179, 180 and more."""

CURRENT: Final = "current"
LATE: Final = pl.col("days_past_due") > 0


def days_label(low: int | None, high: int | None) -> str:
    """``current``, ``1-29`` or ``180+``: the days past due of one class, both ends inside."""
    if low is None:
        return CURRENT
    return f"{low}+" if high is None else f"{low}-{high}"


def delinquency(day: Day, *, edges: Sequence[int] = DELINQUENCY_EDGES) -> tuple[Bucket, ...]:
    """Metric 7, open balance by days past due (逾期分布); the first class holds what is not yet due or due that day.

    ``edges`` are the first days of the overdue classes, a term of the deal.
    """
    return buckets("pool.delinquency", day, edges, "days_past_due", label=days_label)


def delinquency_ratio(day: Day) -> Figure:
    """Metric 7, overdue ratio (逾期率): the balance of assets past due / the balance of all open assets."""
    late = day.sum("pool.overdue", "outstanding", OPEN & LATE, formula="sum of outstanding over assets past due")
    return ratio_of("pool.delinquency_ratio", late, balance(day))


def sales(day: Day, start: date, end: date) -> Figure:
    """Metric 10, sales of ``[start, end]``, both days inside: first amounts of the assets invoiced then."""
    sold = ENTERED & (pl.col("issued") >= start) & (pl.col("issued") <= end)
    formula = f"sum of original amount of assets invoiced {start}..{end}"
    return day.sum("pool.sales", "amount", sold, formula=formula)


def days_sales_outstanding(day: Day, start: date) -> Figure:
    """Metric 10, DSO: balance on the day / sales of ``[start, day]`` x the days of that period, both ends counted.

    For a month, the day is its last and ``start`` its first.
    """
    days = (day.on - start).days + 1
    return derived(
        "pool.dso",
        (balance(day), sales(day, start, day.on)),
        lambda open_balance, sold: quotient(open_balance * days, sold),
        Unit.DAYS,
        formula=f"balance / sales x {days} days",
    )


def payments_between(day: Day, after: date, until: date) -> Figure:
    """Metric 10, what debtors paid on the pool's assets in ``(after, until]``, in fen: the bank's records, not the
    servicer's statements."""
    formula = f"sum of payments after {after}, until {until}"
    return _moved(day, "pool.payments", pl.col("kind") == PAID, -pl.col("amount"), after, until, formula)


def adjustments_between(day: Day, after: date, until: date) -> Figure:
    """Of metric 9, dilution and other adjustments of ``(after, until]``, in fen; a reduction is negative."""
    formula = f"sum of adjustments after {after}, until {until}"
    return _moved(day, "pool.adjustments", pl.col("kind") != PAID, pl.col("amount"), after, until, formula)


def _moved(day: Day, name: str, kind: pl.Expr, term: pl.Expr, after: date, until: date, formula: str) -> Figure:
    """What changed the assets of the pool while they were in it."""
    moved = day.pool.moves(after, until).filter(kind)
    return Figure(
        name=name,
        value=int(moved.select(term.cast(pl.Int128).sum()).item()),
        unit=Unit.FEN,
        formula=formula,
        height=day.height,
        facts=day.pool.facts(changes=moved["index"]),
    )


def days_to_settle(day: Day) -> Figure:
    """Metric 10's turnover seen per asset: days from invoice to settlement, weighted by original amount.

    Base: every asset settled by the day; open ones have no answer yet and stay out.
    """
    entered = day.frame.lazy().filter(ENTERED).select("row", "amount", "issued")
    changes = day.pool.changes.lazy().filter(pl.col("on") <= day.on)
    left = pl.col("first") + pl.col("amount").cum_sum().over("row")
    settled = (
        changes.join(entered.rename({"amount": "first"}), on="row", maintain_order="left")
        .filter(left <= 0)
        .group_by("row")
        .agg(pl.col("on").min(), pl.col("first", "issued").first())
        .collect()
    )
    days = (pl.col("on") - pl.col("issued")).dt.total_days()
    first = pl.col("first").cast(pl.Int128)
    weighted, total = settled.select((first * days).sum().alias("weighted"), first.sum().alias("total")).row(0)
    formula = "sum of (original amount x days from invoice to settlement) / sum of original amount, settled assets"
    where = ENTERED & pl.col("row").is_in(settled["row"].implode())
    return day.computed("pool.days_to_settle", quotient(weighted, total), Unit.DAYS, where, formula=formula)


def disputed_share(day: Day, *, basis: Basis = Basis.OUTSTANDING) -> Figure:
    """Metric 9's warning sign, the share of disputed assets (争议占比) in the outstanding or original amounts."""
    disputed = basis.where & pl.col("disputed")
    part = day.sum("pool.disputed", basis.column, disputed, formula=f"sum of {basis.words}, disputed")
    whole = day.sum(f"pool.total.{basis}", basis.column, basis.where, formula=f"sum of {basis.words}")
    return ratio_of("pool.disputed_share", part, whole)


def related_party_share(day: Day) -> Figure:
    """Metric 5, the share of receivables between related parties (关联交易占比) in the open balance."""
    related = OPEN & pl.col("related_party")
    part = day.sum("pool.related_party", "outstanding", related, formula="sum of outstanding between related parties")
    return ratio_of("pool.related_party_share", part, balance(day))
