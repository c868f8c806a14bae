"""How a pool of receivables pays: delinquency, sales, turnover, collections, disputes, vintages.

Pure functions over the rows of a day (``abs.assets``); the base of each share is named in its docstring. ``rows`` are
the open assets where a function speaks of what is owed, ``history`` every asset up to the day, paid or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from abs.assets import Asset, AssetRow, Basis, Change, reference
from abs.composition import Bucket, balance, buckets
from abs.figure import FactRef, Figure, Unit, computed_over, derived, ratio_of, sum_over
from abs.money import quotient

DELINQUENCY_EDGES: Final = (1, 30, 60, 90, 120, 150, 180)
"""First day of each delinquency class where a deal names no others: 1-29, 30-59, ... 150-179, 180 and more."""

CURRENT: Final = "current"


def days_label(low: int | None, high: int | None) -> str:
    """``current``, ``1-29`` or ``180+``: the days past due of one class, both ends inside."""
    if low is None:
        return CURRENT
    return f"{low}+" if high is None else f"{low}-{high}"


def delinquency(
    rows: Sequence[AssetRow], height: int, *, edges: Sequence[int] = DELINQUENCY_EDGES
) -> tuple[Bucket, ...]:
    """Metric 7, open balance by days past due (逾期分布); the first class holds what is not yet due or due that day.

    ``edges`` are the first days of the overdue classes, a term of the deal.
    """
    return buckets("pool.delinquency", rows, edges, lambda row: row.days_past_due, height, label=days_label)


def delinquency_ratio(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 7, overdue ratio (逾期率): the balance of assets past due / the balance of all open assets."""
    late = sum_over(
        "pool.overdue",
        tuple(row for row in rows if row.days_past_due),
        lambda row: row.outstanding,
        formula="sum of outstanding over assets past due",
        height=height,
    )
    return ratio_of("pool.delinquency_ratio", late, balance(rows, height))


def sales(history: Sequence[AssetRow], start: date, end: date, height: int) -> Figure:
    """Metric 10, sales of ``[start, end]``, both days inside: first amounts of the assets invoiced then."""
    sold = tuple(row for row in history if start <= row.issued <= end)
    return sum_over(
        "pool.sales",
        sold,
        lambda row: row.amount,
        formula=f"sum of original amount of assets invoiced {start}..{end}",
        height=height,
    )


def days_sales_outstanding(history: Sequence[AssetRow], start: date, end: date, height: int) -> Figure:
    """Metric 10, DSO: balance at ``end`` / sales of ``[start, end]`` x the days of that period, both ends counted.

    ``history`` must be the rows of ``end``; for a month, ``start`` is its first day and ``end`` its last.
    """
    owed = balance(tuple(row for row in history if row.outstanding > 0), height)
    days = (end - start).days + 1
    return derived(
        "pool.dso",
        (owed, sales(history, start, end, height)),
        lambda open_balance, sold: quotient(open_balance * days, sold),
        Unit.DAYS,
        formula=f"balance / sales x {days} days",
    )


@dataclass(frozen=True, slots=True)
class _Paid:
    """One change to one asset, as a row a sum can stand on."""

    asset: Asset
    change: Change

    def refs(self) -> Iterator[FactRef]:
        yield from map(reference, self.change.keys or self.asset.keys)


def payments_between(history: Sequence[AssetRow], after: date, until: date, height: int) -> Figure:
    """Metric 10, what debtors paid on the pool's assets in ``(after, until]``, in fen: the bank's records, not the
    servicer's statements."""
    paid = tuple(
        _Paid(row.source, change)
        for row in history
        for change in row.source.changes
        if change.paid and after < change.on <= until
    )
    return sum_over(
        "pool.payments",
        paid,
        lambda one: -one.change.amount,
        formula=f"sum of payments on assets after {after}, until {until}",
        height=height,
    )


def adjustments_between(history: Sequence[AssetRow], after: date, until: date, height: int) -> Figure:
    """Metric 9's numerator, dilution and other adjustments of ``(after, until]``, in fen; a reduction is negative."""
    adjusted = tuple(
        _Paid(row.source, change)
        for row in history
        for change in row.source.changes
        if not change.paid and after < change.on <= until
    )
    return sum_over(
        "pool.adjustments",
        adjusted,
        lambda one: one.change.amount,
        formula=f"sum of adjustments after {after}, until {until}",
        height=height,
    )


def days_to_settle(history: Sequence[AssetRow], height: int) -> Figure:
    """Metric 10's turnover seen per asset: days from invoice to settlement, weighted by original amount.

    Base: every asset settled by the day of the rows; open ones have no answer yet and stay out.
    """
    settled = []
    weighted = total = 0
    for row in history:
        day = row.source.settled_on()
        if day is not None and day <= row.on:
            settled.append(row)
            weighted += row.amount * (day - row.issued).days
            total += row.amount
    formula = "sum of (original amount x days from invoice to settlement) / sum of original amount, settled assets"
    return computed_over(
        "pool.days_to_settle", settled, quotient(weighted, total), Unit.DAYS, formula=formula, height=height
    )


def disputed_share(rows: Sequence[AssetRow], height: int, *, basis: Basis = Basis.OUTSTANDING) -> Figure:
    """Metric 9's warning sign, the share of disputed assets (争议占比) in the outstanding or original amounts."""
    what = "outstanding" if basis is Basis.OUTSTANDING else "original amount"
    disputed = tuple(row for row in rows if row.disputed)
    part = sum_over(
        "pool.disputed", disputed, lambda row: row.weight(basis), formula=f"sum of {what}, disputed", height=height
    )
    whole = sum_over(
        f"pool.total.{basis}", rows, lambda row: row.weight(basis), formula=f"sum of {what}", height=height
    )
    return ratio_of("pool.disputed_share", part, whole)


def related_party_share(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 5, the share of receivables between related parties (关联交易占比) in the open balance."""
    part = sum_over(
        "pool.related_party",
        tuple(row for row in rows if row.related_party),
        lambda row: row.outstanding,
        formula="sum of outstanding between related parties",
        height=height,
    )
    return ratio_of("pool.related_party_share", part, balance(rows, height))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vintage:
    """The assets invoiced in one month: their first amount, what is still owed, and the share of it that is overdue."""

    month: str
    original: Figure
    outstanding: Figure
    overdue_share: Figure


def vintages(history: Sequence[AssetRow], height: int) -> tuple[Vintage, ...]:
    """Metric 11, static pools by month of invoice (静态池); the overdue share is of the month's original amount."""
    months: dict[str, list[AssetRow]] = {}
    for row in history:
        months.setdefault(f"{row.issued:%Y-%m}", []).append(row)
    result = []
    for month in sorted(months):
        rows = tuple(months[month])
        original = sum_over(
            "vintage.original", rows, lambda row: row.amount, formula=f"sum of original amount, {month}", height=height
        )
        owed = sum_over(
            "vintage.outstanding",
            rows,
            lambda row: row.outstanding,
            formula=f"sum of outstanding, {month}",
            height=height,
        )
        late = sum_over(
            "vintage.overdue",
            tuple(row for row in rows if row.days_past_due),
            lambda row: row.outstanding,
            formula=f"sum of outstanding past due, {month}",
            height=height,
        )
        share = ratio_of("vintage.overdue_share", late, original)
        result.append(Vintage(month=month, original=original, outstanding=owed, overdue_share=share))
    return tuple(result)
