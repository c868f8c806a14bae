"""What a pool is made of on a day: size, terms, concentration, maturities.

Every function is pure over rows (see ``abs.assets``) and returns figures. Where rules leave a choice it is a parameter
of the deal, and the docstring says which base is used: shares are of the outstanding balance unless ``basis`` says
otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from abs.assets import AssetRow, Basis, Party
from abs.errors import FigureMisuse
from abs.figure import Figure, RowFacts, Unit, computed_over, count_over, ratio_of, sum_over
from abs.money import CONTEXT, quotient

DAYS_PER_YEAR: Final = 365
OVERDUE: Final = "overdue"


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
    """How much of a pool stands with few members: the largest ones, their share, and two measures over all."""

    side: Party
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
            "side": self.side.value,
            "basis": self.basis.value,
            "total": self.total.as_json(depth),
            "members": self.members.as_json(depth),
            "largest": [holding.as_json(depth) for holding in self.largest],
            "top_share": self.top_share.as_json(depth),
            "hhi": self.hhi.as_json(depth),
            "effective_number": self.effective_number.as_json(depth),
        }


def balance(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 1, pool balance: what is still owed on all assets, in fen."""
    return sum_over(
        "pool.balance", rows, lambda row: row.outstanding, formula="sum of outstanding over open assets", height=height
    )


def original(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 1, what the assets were worth when they came: the sum of their first amounts, in fen."""
    return sum_over(
        "pool.original", rows, lambda row: row.amount, formula="sum of original amount over all assets", height=height
    )


def count(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 1, number of assets on which something is owed."""
    return count_over("pool.count", rows, formula="number of open assets", height=height)


def remaining_term(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 1, weighted average remaining term (WAM 加权平均剩余期限): days to due, weighted by balance.

    An overdue asset has 0 days left.
    """
    return _weighted("pool.wam", rows, lambda row: row.days_to_due, "days to due", height)


def seasoning(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 1, weighted average age (加权平均账龄): days since invoiced, weighted by balance."""
    return _weighted("pool.seasoning", rows, lambda row: row.age, "days since invoiced", height)


def average_life(rows: Sequence[AssetRow], height: int) -> Figure:
    """Metric 1, weighted average life (WAL) in years of 365 days, each claim repaid in one sum on its due date."""
    total = sum(row.outstanding for row in rows)
    value = quotient(sum(row.outstanding * row.days_to_due for row in rows), total * DAYS_PER_YEAR)
    formula = "sum of (outstanding x days to due) / 365 / sum of outstanding"
    return computed_over("pool.wal", rows, value, Unit.YEARS, formula=formula, height=height)


def _weighted(name: str, rows: Sequence[AssetRow], days: Callable[[AssetRow], int], what: str, height: int) -> Figure:
    value = quotient(sum(row.outstanding * days(row) for row in rows), sum(row.outstanding for row in rows))
    formula = f"sum of (outstanding x {what}) / sum of outstanding"
    return computed_over(name, rows, value, Unit.DAYS, formula=formula, height=height)


def concentration(
    rows: Sequence[AssetRow],
    height: int,
    *,
    side: Party = Party.DEBTOR,
    basis: Basis = Basis.OUTSTANDING,
    top: int = 10,
) -> Concentration:
    """Metric 2: the ``top`` largest members, their share, HHI (sum of squared shares) and its inverse.

    Affiliates count one by one: the ledger does not yet say who belongs together. Members of equal size are in
    alphabetical order, so that the same pool always shows the same list.
    """
    grouped: dict[str, list[AssetRow]] = {}
    for row in rows:
        grouped.setdefault(row.party(side), []).append(row)
    weights = {member: sum(row.weight(basis) for row in held) for member, held in grouped.items()}
    ordered = sorted(weights, key=lambda member: (-weights[member], member))
    what = "outstanding" if basis is Basis.OUTSTANDING else "original amount"
    total = sum_over(
        f"pool.total.{basis}", rows, lambda row: row.weight(basis), formula=f"sum of {what}", height=height
    )
    holdings = []
    for member in ordered[:top]:
        part = sum_over(
            f"pool.{side}.balance",
            tuple(grouped[member]),
            lambda row: row.weight(basis),
            formula=f"sum of {what} of one {side}",
            height=height,
        )
        share = ratio_of(f"pool.{side}.share", part, total)
        holdings.append(Holding(member=member, balance=part, share=share, count=len(grouped[member])))
    largest = tuple(holdings)
    top_sum = _sum_holdings(f"pool.{side}.top{top}", largest, height)
    return Concentration(
        side=side,
        basis=basis,
        total=total,
        members=Figure(
            name=f"pool.{side}.count",
            value=len(grouped),
            unit=Unit.COUNT,
            formula=f"number of distinct {side}s",
            height=height,
            facts=total.facts,
        ),
        largest=largest,
        top_share=ratio_of(f"pool.{side}.top{top}_share", top_sum, total),
        **_evenness(rows, weights, height, side=side, what=what),
    )


def _sum_holdings(name: str, holdings: Sequence[Holding], height: int) -> Figure:
    inputs = tuple(holding.balance for holding in holdings)
    value = sum(figure.fen() for figure in inputs)
    formula = f"sum of the {len(inputs)} largest"
    return Figure(name=name, value=value, unit=Unit.FEN, formula=formula, height=height, inputs=inputs)


def _evenness(
    rows: Sequence[AssetRow], weights: dict[str, int], height: int, *, side: Party, what: str
) -> dict[str, Figure]:
    total = sum(weights.values())
    hhi = quotient(sum(weight * weight for weight in weights.values()), total * total)
    inverse = None if hhi is None else CONTEXT.divide(1, hhi)
    formula = f"sum over {side}s of ({what} of the {side} / total)^2"
    index = computed_over(f"pool.{side}.hhi", rows, hhi, Unit.INDEX, formula=formula, height=height)
    effective = Figure(
        name=f"pool.{side}.effective_number",
        value=inverse,
        unit=Unit.INDEX,
        formula="1 / HHI",
        height=height,
        inputs=(index,),
    )
    return {"hhi": index, "effective_number": effective}


def buckets(
    name: str,
    rows: Sequence[AssetRow],
    lows: Sequence[int],
    measure: Callable[[AssetRow], int],
    height: int,
    *,
    label: Callable[[int | None, int | None], str],
) -> tuple[Bucket, ...]:
    """Metric 6: the rows in classes by ``measure``, every row in exactly one.

    ``lows`` are the first values of the classes after the lowest, rising strictly; the lowest is open below, the
    highest open above. Raises FigureMisuse when they do not rise.
    """
    if any(second <= first for first, second in pairwise(lows)):
        raise FigureMisuse("bad-edges", f"edges must rise strictly, these do not: {list(lows)}")
    classes: list[list[AssetRow]] = [[] for _ in range(len(lows) + 1)]
    for row in rows:
        classes[bisect_right(lows, measure(row))].append(row)
    total = balance(rows, height)
    result = []
    for place, members in enumerate(classes):
        low = lows[place - 1] if place else None
        high = lows[place] - 1 if place < len(lows) else None
        result.append(_bucket(name, label(low, high), low, high, tuple(members), total))
    return tuple(result)


def _bucket(
    name: str, label: str, low: int | None, high: int | None, rows: tuple[AssetRow, ...], total: Figure
) -> Bucket:
    part = sum_over(
        f"{name}.balance",
        rows,
        lambda row: row.outstanding,
        formula=f"sum of outstanding in {label}",
        height=total.height,
    )
    return Bucket(
        label=label,
        low=low,
        high=high,
        balance=part,
        count=Figure(
            name=f"{name}.count",
            value=len(rows),
            unit=Unit.COUNT,
            formula=f"number of assets in {label}",
            height=total.height,
            facts=RowFacts(rows),
        ),
        share=ratio_of(f"{name}.share", part, total),
    )


def maturity_ladder(rows: Sequence[AssetRow], height: int) -> tuple[Bucket, ...]:
    """Metric 6: what falls due in each calendar month that has any; overdue assets come first."""
    months: dict[str, list[AssetRow]] = {}
    for row in rows:
        rung = OVERDUE if row.days_past_due else f"{row.due:%Y-%m}"
        months.setdefault(rung, []).append(row)
    total = balance(rows, height)
    ordered = sorted(months, key=lambda rung: (rung != OVERDUE, rung))
    return tuple(_bucket("pool.maturity", rung, None, None, tuple(months[rung]), total) for rung in ordered)
