"""What came into a pool and what left it between two days, and why: opening + in - out - paid + adjusted = closing.

Both ends are what is owed on the open assets. What was paid beyond what was owed lowers no balance: the change in it
stands as a line of its own, so that the account always foots, to the fen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from abs.composition import balance
from abs.figure import Figure, Unit, derived, sum_of
from abs.frame import IN_POOL, Day, PoolFrame
from abs.performance import adjustments_between, payments_between

__all__ = ["CAME", "LEFT", "Movements", "movements"]

CAME: Final = ("assigned", "purchased", "substituted")
"""二次转让, 循环购买, 置换."""
LEFT: Final = ("repurchased", "substituted", "removed")
"""赎回, 置换, and taken out without anybody buying: settled, written off, never eligible."""


OVERPAID: Final = IN_POOL & (pl.col("outstanding") < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movements:
    """A pool after ``start``, until ``end``: every figure in fen but ``unexplained``, which is always 0 fen.

    ``came`` and ``left`` are by how (``CAME``, ``LEFT``), at what was owed on the day; ``added`` and ``removed`` are
    their sums. ``overpaid`` is what was paid beyond what was owed, more than before.

    ``assets`` has one row per asset and way: on, way (in or out), how, reason, asset, amount (fen owed on it then),
    price (fen: its part of what an assignment cost; what was paid for all that left with it), and the position of
    the record.
    """

    start: date
    end: date
    opening: Figure
    came: Mapping[str, Figure]
    left: Mapping[str, Figure]
    added: Figure
    removed: Figure
    paid: Figure
    adjusted: Figure
    overpaid: Figure
    closing: Figure
    unexplained: Figure
    assets: pl.DataFrame = field(repr=False, compare=False)

    def figures(self) -> Iterator[Figure]:
        """Every figure, in the order of the account."""
        yield from (self.opening, *self.came.values(), self.added, *self.left.values(), self.removed, self.paid)
        yield from (self.adjusted, self.overpaid, self.closing, self.unexplained)


def movements(pool: PoolFrame, start: date, end: date) -> Movements:
    """What moved in the pool after ``start`` and until ``end``: opening + added - removed - paid + adjusted = closing.

    An asset is in the pool from the day it came up to, and not at, the day it left. It comes at what is owed on it
    when its first day begins and leaves at what is owed when its last day ends; what changes it in between is paid or
    adjusted.
    """
    first, last = pool.on(start), pool.on(end)
    account = _Account(pool, start, end, last)
    came = {how: account.crossed("came", how) for how in CAME}
    left = {how: account.crossed("left", how) for how in LEFT}
    opening, closing = balance(first), balance(last)
    added = account.all("added", came.values(), "entered")
    removed = account.all("removed", left.values(), "left")
    paid, adjusted = payments_between(last, start, end), adjustments_between(last, start, end)
    overpaid = last.computed(
        "pool.overpaid",
        last.total(-pl.col("outstanding"), OVERPAID) - first.total(-pl.col("outstanding"), OVERPAID),
        Unit.FEN,
        OVERPAID,
        formula=f"paid beyond what was owed by {end} - the same by {start}",
    )
    return Movements(
        start=start,
        end=end,
        opening=opening,
        came=came,
        left=left,
        added=added,
        removed=removed,
        paid=paid,
        adjusted=adjusted,
        overpaid=overpaid,
        closing=closing,
        unexplained=derived(
            "pool.unexplained",
            [closing, opening, added, removed, paid, adjusted, overpaid],
            lambda last, first, new, gone, cash, change, more: last - (first + new - gone - cash + change + more),
            Unit.FEN,
            formula="closing - (opening + added - removed - payments + adjustments + overpaid)",
        ),
        assets=account.assets(),
    )


class _Account:
    """The lines of the account of one period."""

    def __init__(self, pool: PoolFrame, start: date, end: date, last: Day) -> None:
        self._pool, self._start, self._end, self._last = pool, start, end, last
        # What left before its first day came and left on that day with the same amount: in effect never there.
        gone = pl.when(pl.col("left_on").is_not_null()).then(pl.max_horizontal("left_on", "entered_on"))
        stays = pool.assets.with_columns(gone_on=gone)
        self._crossed = {
            "came": _crossed(pool, stays, "entered_on", start, end).with_columns(how=pl.col("came")),
            "left": _crossed(pool, stays, "gone_on", start, end).with_columns(how=pl.col("left_how")),
        }

    def crossed(self, way: str, how: str) -> Figure:
        """What came or left in one way, at what was owed on it then."""
        chosen = self._crossed[way].filter(pl.col("how") == how)
        return Figure(
            name=f"pool.{way}.{how}",
            value=_total(chosen["owed"]),
            unit=Unit.FEN,
            formula=f"sum of balance of assets {how} after {self._start}",
            height=self._pool.height,
            facts=self._last.facts(
                pl.col("row").is_in(chosen["row"].implode()),
                changes=chosen["before"].explode(empty_as_null=False),
                exits=way == "left",
            ),
        )

    def all(self, name: str, parts: Iterable[Figure], what: str) -> Figure:
        """The sum of the ways."""
        formula = f"sum of balance of assets that {what} after {self._start}"
        return sum_of(f"pool.{name}", parts, formula=formula)

    def assets(self) -> pl.DataFrame:
        """Every asset that crossed, in order of day."""
        came, left = self._crossed["came"], self._crossed["left"]
        columns = ["on", "way", "how", "reason", "asset", pl.col("owed").alias("amount"), "price", "position"]
        none = pl.lit(None, pl.String)
        return pl.concat(
            [
                came.with_columns(way=pl.lit("in"), reason=none, position="came_by").select(columns),
                left.with_columns(
                    way=pl.lit("out"), reason="left_reason", price="left_price", position="left_by"
                ).select(columns),
            ]
        ).sort("on", "position", "asset")


def _crossed(pool: PoolFrame, stays: pl.DataFrame, column: str, start: date, end: date) -> pl.DataFrame:
    """The assets whose day in a column is in the period, with ``on``, what was ``owed`` when it began, and the places
    of the changes ``before``."""
    chosen = stays.filter((pl.col(column) > start) & (pl.col(column) <= end)).with_columns(on=pl.col(column))
    moved = (
        pool.changes.with_row_index("place")
        .rename({"on": "changed", "amount": "change"})
        .join(chosen.select("row", "on"), on="row", maintain_order="left")
        .filter(pl.col("changed") < pl.col("on"))
        .group_by("row")
        .agg(pl.col("change").sum(), pl.col("place").alias("before"))
    )
    joined = chosen.join(moved, on="row", how="left", maintain_order="left")
    return joined.with_columns(owed=pl.col("amount") + pl.col("change").fill_null(0))


def _total(column: pl.Series) -> int:
    return int(column.cast(pl.Int128).sum())
