"""The facts beneath a figure of a pool: chosen by a condition, and named one by one only while somebody asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from abs.figure import FactRef
from ledger.position import Position

if TYPE_CHECKING:
    from abs.frame import Day, PoolFrame

__all__ = ["STATED", "FrameFacts"]

STATED: Final = "Stated"
"""A receivable as it stands at the height, where one asks for the facts of tables by name."""


_ASKED: Final = (
    (STATED, "asset", "stated"),
    ("Member", "debtor", "located"),
    ("TradeDocument", "document", "documented"),
)
"""Facts that are named only where one asks for their table, and the columns of their ids and positions."""
_NAMED: Final = [
    "row",
    "asset",
    "began",
    "pooled",
    "exit",
    "left_by",
    "stated",
    "debtor",
    "located",
    "document",
    "documented",
]


class FrameFacts(Collection[FactRef]):
    """The facts of the assets of ``day`` that meet ``where``, and of changes and statuses; distinct, asset by asset.

    ``changes`` and ``statuses`` are places in the pool's frames; without ``changes`` an asset brings those up to the
    day. ``exits``: that the assets left; ``tables``: only what these state. Nothing is looked up until somebody
    iterates. Equal to another that names the same facts in the same order.
    """

    __slots__ = ("_changes", "_day", "_exits", "_pool", "_statuses", "_tables", "_where")

    def __init__(
        self,
        pool: PoolFrame,
        day: Day | None = None,
        where: pl.Expr | None = None,
        *,
        changes: pl.Series | None = None,
        statuses: pl.Series | None = None,
        exits: bool = False,
        tables: frozenset[str] | None = None,
    ) -> None:
        self._pool = pool
        self._day = day
        self._where = where
        self._changes = changes
        self._statuses = statuses
        self._exits = exits
        self._tables = tables

    def __iter__(self) -> Iterator[FactRef]:
        for table, natural, position in self._keys().iter_rows():
            yield FactRef(table=table, id=natural, position=str(Position.from_number(position)))

    def __len__(self) -> int:
        return self._keys().height

    def __bool__(self) -> bool:
        return len(self) > 0

    def __contains__(self, ref: object) -> bool:
        return any(ref == other for other in self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameFacts):
            return False
        return self._alike(other) or tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._pool.height)

    def __repr__(self) -> str:
        return f"FrameFacts({self._where if self._where is not None else 'changes'})"

    def by_row(self) -> dict[int, tuple[str, ...]]:
        """The positions of the records beneath each asset, by its row: distinct, in the order of the facts."""
        found = self._rowed().unique(["row", "position"], maintain_order=True)
        grouped = found.group_by("row", maintain_order=True).agg("position")
        return {
            row: tuple(str(Position.from_number(number)) for number in numbers) for row, numbers in grouped.iter_rows()
        }

    def _alike(self, other: FrameFacts) -> bool:
        """Whether both were chosen in the same words of the same columns: no fact need be looked up to know that
        they are equal then."""
        if self is other:
            return True
        if self._pool is not other._pool or (self._day and self._day.on) != (other._day and other._day.on):
            return False
        if (self._exits, self._tables) != (other._exits, other._tables):
            return False
        mine, its = (self._changes, self._statuses), (other._changes, other._statuses)
        if self._where is None or other._where is None:
            words = self._where is other._where
        else:
            words = self._where.meta.eq(other._where) and self._named().equals(other._named())
        return words and all(map(_equal, mine, its))

    def _named(self) -> pl.DataFrame:
        """The columns that the condition names: groups and ratings are of whoever made the day."""
        if self._day is None or self._where is None:
            return pl.DataFrame()
        return self._day.frame.select(list(dict.fromkeys(self._where.meta.root_names())))

    def _keys(self) -> pl.DataFrame:
        keys = ["table", "id", "position"]
        return self._rowed().select(keys).unique(keys, maintain_order=True)

    def _rowed(self) -> pl.DataFrame:
        """The facts in their order, each with its asset's row: what an asset is, what changed it, what was said."""
        pool, parts = self._pool, []
        places = self._changes
        if self._day is not None and self._where is not None:
            chosen = self._day.frame.filter(self._where).select("row")
            rows = chosen.join(pool.assets.select(_NAMED), on="row", maintain_order="left")
            pooled = pl.concat_str(pl.lit(pool.plan), pl.lit("/"), "asset")
            beside = partial(chosen.join, on="row", maintain_order="left_right")
            parts = [
                _part(rows, 0, "Receivable", id="asset", position="began"),
                _part(rows, 1, "PoolAsset", id=pooled, position="pooled"),
                _part(beside(pool.outputs), 2, "Output"),
                _part(beside(pool.invoices), 3, "Invoice"),
            ]
            for table, natural, position in _ASKED:
                if self._tables is not None and table in self._tables:
                    parts.append(_part(rows, 0, table, id=pl.col(natural).cast(pl.String), position=position))
            if self._exits:
                parts.append(_part(rows.drop_nulls("exit"), 6, "PoolExit", id="exit", position="left_by"))
            if places is None:
                parts.append(_changed(beside(pool.changes.filter(pl.col("on") <= self._day.on))))
        if places is not None:
            parts.append(_changed(pool.changes[places]))
        if self._statuses is not None:
            said = pool.statuses[self._statuses].join(pool.assets.select("row", "asset"), on="row")
            named = pl.concat_str(pl.lit(pool.plan), pl.lit("/"), "asset")
            parts.append(_part(said, 5, "AssetStatus", id=named))
        if not parts:
            return pl.DataFrame(schema={"row": pl.UInt32, "table": pl.String, "id": pl.String, "position": pl.Int64})
        found = pl.concat(parts).sort("row", "rank", maintain_order=True).drop_nulls("position")
        if self._tables is not None:
            found = found.filter(pl.col("table").is_in(self._tables))
        return found.with_columns(pl.col("table").replace(STATED, "Receivable"))


def _part(rows: pl.DataFrame, rank: int, table: str | pl.Expr, **named: str | pl.Expr) -> pl.DataFrame:
    columns = {"table": pl.lit(table) if isinstance(table, str) else table, "id": "id", "position": "position", **named}
    found = ((pl.col(each) if isinstance(each, str) else each).alias(name) for name, each in columns.items())
    return rows.select("row", pl.lit(rank).alias("rank"), *found)


def _changed(changes: pl.DataFrame) -> pl.DataFrame:
    return _part(
        changes, 4, pl.when(pl.col("kind") == "paid").then(pl.lit("Settlement")).otherwise(pl.lit("Receivable"))
    )


def _equal(one: pl.Series | None, other: pl.Series | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.equals(other)
