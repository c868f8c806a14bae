"""A plan's pool as frames: one row per asset that was ever in it, what changed each, and the pool on any day.

A ``PoolFrame`` is what the ledger says at one height, with the dates of everything; a ``Day`` is its assets on one
business day. A day counts as finished: what was paid on it is no longer outstanding on it. Nothing here loops over
assets: a metric is an expression over columns, and its facts are named only while somebody unfolds it.

Amounts are integer fen and are added up in 128 bits, which no pool exceeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

import polars as pl

from abs.figure import Figure, Unit, Value
from abs.frame_facts import FrameFacts

__all__ = [
    "ASSETS",
    "CHANGES",
    "COLLECTIONS",
    "DAY",
    "ENTERED",
    "IN_POOL",
    "OPEN",
    "STATUSES",
    "Basis",
    "Day",
    "Party",
    "PoolFrame",
    "frame_of",
]

Schema = dict[str, Any]

ASSETS: Final[Schema] = {
    "row": pl.UInt32,
    "asset": pl.String,
    "creditor": pl.Categorical,
    "debtor": pl.Categorical,
    "amount": pl.Int64,
    "price": pl.Int64,
    "rate": pl.String,
    "issued": pl.Date,
    "due": pl.Date,
    "registered_on": pl.Date,
    "assigned_on": pl.Date,
    "entered_on": pl.Date,
    "left_on": pl.Date,
    "left_how": pl.String,
    "left_reason": pl.String,
    "left_price": pl.Int64,
    "came": pl.String,
    "confirmed": pl.Boolean,
    "confirmed_on": pl.Date,
    "disputed": pl.Boolean,
    "disputed_on": pl.Date,
    "related_party": pl.Boolean,
    "status": pl.String,
    "status_since": pl.Date,
    "defaulted_on": pl.Date,
    "default_amount": pl.Int64,
    "recovered": pl.Int64,
    "written_off": pl.Int64,
    "written_off_on": pl.Date,
    "region": pl.String,
    "goods": pl.String,
    "invoices": pl.Int64,
    "invoices_normal": pl.Boolean,
    "invoices_verified": pl.Boolean,
    "outputs": pl.Int64,
    "located": pl.Int64,
    "trade_type": pl.String,
    "document": pl.String,
    "documented": pl.Int64,
    "guarantor": pl.String,
    "shelf": pl.String,
    "exit": pl.String,
    "began": pl.Int64,
    "stated": pl.Int64,
    "pooled": pl.Int64,
    "came_by": pl.Int64,
    "left_by": pl.Int64,
}
"""One row per time an asset was in the pool; ``row`` is its number, in the order of assignment.

``amount``: fen assigned. ``price``: its part, by amount, of what was paid for the whole assignment; null for what was
put in another's place. ``rate``: of the financing that made what is held of it, as stated. ``issued``: the day the
sale was invoiced (the ledger's registration day where no invoice says). ``entered_on``: the first day on which it
counts: it is the plan's (from the cut-off day 基准日 for what came by the closing), and it exists. ``left_on``: the
first day on which it no longer does; ``left_price`` is what was paid for all that left with it. ``came``: assigned,
purchased or substituted. ``status`` and what follows are the servicer's word as known at the height; ``status`` is
null while it performs. ``region``: the province of the debtor's credit code. ``goods``: of the first invoice.
``trade_type``: cross_border or domestic, null where no document says; ``document`` is the first that says so.
``guarantor``: who stands in for what is held.
``shelf``: the plan's (储架). ``exit``: the id of the fact that it left. ``began``, ``stated``, ``pooled``, ``came_by``,
``left_by`` are numbers of records: of the receivable, first and as it stands, of its place in the pool, and of how it
came and left; so are ``located`` and ``documented``, of the debtor's credit code and of the ``document``.
"""

CHANGES: Final[Schema] = {
    "row": pl.UInt32,
    "on": pl.Date,
    "amount": pl.Int64,
    "kind": pl.String,
    "id": pl.String,
    "position": pl.Int64,
}
"""What moved what is owed, fen, by asset and date; negative: less is owed. ``kind``: paid, or why it was adjusted."""

COLLECTIONS: Final[Schema] = {
    "row": pl.UInt32,
    "collection": pl.String,
    "payment": pl.String,
    "on": pl.Date,
    "amount": pl.Int64,
    "id": pl.String,
    "position": pl.Int64,
}
"""What the servicer stated it collected (归集); ``row`` is null for an asset that was not in the pool."""

STATUSES: Final[Schema] = {
    "row": pl.UInt32,
    "status": pl.String,
    "since": pl.Date,
    "on": pl.Date,
    "days": pl.Int64,
    "amount": pl.Int64,
    "recovered": pl.Int64,
    "written_off": pl.Int64,
    "position": pl.Int64,
}
"""Every statement of the servicer about an asset, in order: status, since when, said on, and the sums so far."""

OUTPUTS: Final[Schema] = {"row": pl.UInt32, "id": pl.String, "position": pl.Int64}
INVOICES: Final[Schema] = {"row": pl.UInt32, "id": pl.String, "number": pl.String, "position": pl.Int64}

DAY: Final[Schema] = {
    "outstanding": pl.Int64,
    "days_past_due": pl.Int32,
    "days_to_due": pl.Int32,
    "age": pl.Int32,
    "entered": pl.Boolean,
    "in_pool": pl.Boolean,
    "open": pl.Boolean,
}
"""What a day adds to ``ASSETS``: fen unpaid (nothing before it was issued, negative when more was paid than owed); days
past due of what is owed, days to due (negative once it is past due), days since invoiced (账龄);
whether it ever came in by the day, is in the pool, and something is owed on it there. What was ``confirmed`` or
``disputed`` after the day is not so on it."""

ENTERED: Final = pl.col("entered")
IN_POOL: Final = pl.col("in_pool")
OPEN: Final = pl.col("open")

PAID: Final = "paid"
_NOUGHT: Final = {"default_amount": 0, "recovered": 0, "written_off": 0, "invoices": 0, "outputs": 0}
_NO: Final = {"confirmed": False, "disputed": False, "related_party": False}
_TEXT: Final = {"came": "assigned"}


class Basis(StrEnum):
    """Which amounts a share is taken of."""

    OUTSTANDING = "outstanding"
    """what is still unpaid on the day, of the assets that are open"""
    ORIGINAL = "original"
    """the first amount of every asset the pool ever held up to the day, paid or not (the whole ledger)"""

    @property
    def column(self) -> str:
        """The column that holds the amounts."""
        return "outstanding" if self is Basis.OUTSTANDING else "amount"

    @property
    def where(self) -> pl.Expr:
        """Which assets count."""
        return OPEN if self is Basis.OUTSTANDING else ENTERED

    @property
    def words(self) -> str:
        """What is added up, as formulas say it."""
        return "outstanding" if self is Basis.OUTSTANDING else "original amount"


class Party(StrEnum):
    """The side of a receivable that a concentration is measured by."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"


def frame_of(schema: Schema, columns: pl.DataFrame) -> pl.DataFrame:
    """The columns of the schema in its order and types; one that is missing is null, or the nothing that it stands for.

    ``row`` numbers the rows where it is missing.
    """
    found = columns if "row" in columns.columns else columns.with_row_index("row")
    missing = [
        pl.lit({**_NOUGHT, **_NO, **_TEXT}.get(name)).alias(name) for name in schema if name not in found.columns
    ]
    return found.with_columns(missing).select([pl.col(name).cast(kind) for name, kind in schema.items()])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoolFrame:
    """The pool of a plan as known at a height. ``changes`` are in order of asset and date; the rest as its schema says.

    Make one with ``abs.reading.read_frame``.
    """

    plan: str
    height: int
    assets: pl.DataFrame = field(repr=False)
    changes: pl.DataFrame = field(repr=False, default_factory=lambda: pl.DataFrame(schema=CHANGES))
    collections: pl.DataFrame = field(repr=False, default_factory=lambda: pl.DataFrame(schema=COLLECTIONS))
    statuses: pl.DataFrame = field(repr=False, default_factory=lambda: pl.DataFrame(schema=STATUSES))
    outputs: pl.DataFrame = field(repr=False, default_factory=lambda: pl.DataFrame(schema=OUTPUTS))
    invoices: pl.DataFrame = field(repr=False, default_factory=lambda: pl.DataFrame(schema=INVOICES))

    def on(self, day: date) -> Day:
        """The assets on that day."""
        return Day(pool=self, on=day, frame=self._seen(self.assets, pl.lit(day)))

    def at_entry(self) -> pl.DataFrame:
        """The assets, each on the day it came in: on the assignment, or later where its first day in the pool is."""
        came = self.assets.with_columns(came_on=pl.max_horizontal("entered_on", "assigned_on"))
        return self._seen(came, pl.col("came_on"))

    def _seen(self, assets: pl.DataFrame, today: pl.Expr) -> pl.DataFrame:
        """The assets with the columns of ``DAY``, each on a day of its own or all on one."""
        each = today.meta.root_names()
        changes = (
            self.changes.join(assets.select("row", *each), on="row", maintain_order="left") if each else self.changes
        )
        moved = changes.filter(pl.col("on") <= today).group_by("row").agg(pl.col("amount").sum())
        change = pl.zeros(assets.height, dtype=pl.Int64, eager=True).scatter(moved["row"], moved["amount"])
        # What was never issued by the day owes nothing on it.
        owed = pl.when(pl.col("issued") <= today).then(pl.col("amount") + change).otherwise(0)
        left = (pl.col("due") - today).dt.total_days().cast(pl.Int32)
        entered = pl.col("entered_on") <= today
        there = entered & (pl.col("left_on").is_null() | (pl.col("left_on") > today))
        return assets.with_columns(
            owed.alias("outstanding"),
            left.alias("days_to_due"),
            (today - pl.col("issued")).dt.total_days().cast(pl.Int32).alias("age"),
            entered.alias("entered"),
            there.alias("in_pool"),
            *(
                pl.col(what) & (pl.col(day).is_null() | (pl.col(day) <= today))
                for what, day in (("confirmed", "confirmed_on"), ("disputed", "disputed_on"))
            ),
        ).with_columns(
            pl.when(pl.col("outstanding") > 0).then((-left).clip(lower_bound=0)).otherwise(0).alias("days_past_due"),
            (pl.col("in_pool") & (pl.col("outstanding") > 0)).alias("open"),
        )

    def since_issue(self) -> PoolFrame:
        """The same assets, counted from the day each was invoiced on: their own past, rather than the plan's.

        One that came again has one past: its last time in the pool stands for all.
        """
        last = pl.col("row") == pl.col("row").max().over("asset")
        return replace(
            self, assets=self.assets.with_columns(entered_on=pl.when(last).then("issued").otherwise(date.max))
        )

    def moves(self, after: date, until: date) -> pl.DataFrame:
        """The changes in ``(after, until]`` of each asset while it was in the pool, with their ``index``.

        One of the day an asset came on is in; one of the day it left on is not: it had left by then.
        """
        stays = self.assets.select("row", "entered_on", "left_on")
        within = (
            (pl.col("on") > after)
            & (pl.col("on") <= until)
            & (pl.col("on") >= pl.col("entered_on"))
            & (pl.col("left_on").is_null() | (pl.col("on") < pl.col("left_on")))
        )
        period = self.changes.with_row_index("index").filter((pl.col("on") > after) & (pl.col("on") <= until))
        return period.join(stays, on="row", how="left", maintain_order="left").filter(within)

    def facts(self, *, changes: pl.Series | None = None, statuses: pl.Series | None = None) -> FrameFacts:
        """What says these changes and statuses, by their places in the frames."""
        return FrameFacts(self, changes=changes, statuses=statuses)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """The assets of a pool on one day; ``frame`` has the columns of ``ASSETS`` and of ``DAY``."""

    pool: PoolFrame = field(repr=False)
    on: date
    frame: pl.DataFrame = field(repr=False)

    @property
    def height(self) -> int:
        """The height it is known at."""
        return self.pool.height

    def total(self, column: str | pl.Expr, where: pl.Expr) -> int:
        """The exact sum of a whole-numbered column, or of what is computed from some, where the condition holds."""
        term = pl.col(column) if isinstance(column, str) else column
        return int(self.frame.select(term.filter(where).cast(pl.Int128).sum()).item())

    def number(self, where: pl.Expr) -> int:
        """For how many assets the condition holds."""
        return int(self.frame.select(where.sum()).item() or 0)

    def weighted(self, days: pl.Expr, where: pl.Expr, weight: str = "outstanding") -> int:
        """The exact sum of fen x days, where the condition holds."""
        return self.total(pl.col(weight).cast(pl.Int128) * days.cast(pl.Int128), where)

    def sum(self, name: str, column: str | pl.Expr, where: pl.Expr, *, formula: str, unit: Unit = Unit.FEN) -> Figure:
        """The sum of a column where the condition holds, standing on the facts of those assets."""
        return self.computed(name, self.total(column, where), unit, where, formula=formula)

    def count(self, name: str, where: pl.Expr, *, formula: str) -> Figure:
        """For how many assets the condition holds."""
        return self.computed(name, self.number(where), Unit.COUNT, where, formula=formula)

    def computed(self, name: str, value: Value, unit: Unit, where: pl.Expr, *, formula: str) -> Figure:
        """A value that the caller computed over the assets for which the condition holds."""
        return Figure(name=name, value=value, unit=unit, formula=formula, height=self.height, facts=self.facts(where))

    def facts(self, where: pl.Expr, *, changes: pl.Series | None = None, exits: bool = False) -> FrameFacts:
        """What says how the assets for which the condition holds stand on the day.

        The changes up to the day are among it, or in their stead those at these places of ``pool.changes``; ``exits``:
        that they left, too.
        """
        return FrameFacts(self.pool, self, where, changes=changes, exits=exits)

    def stating(self, where: pl.Expr, tables: frozenset[str]) -> FrameFacts:
        """Of that, only what these tables state; ``Stated`` is the receivable as it stands at the height."""
        said = self.pool.statuses.with_row_index("place").filter(pl.col("on") <= self.on)
        chosen = said.join(self.frame.filter(where).select("row"), on="row", how="semi")
        return FrameFacts(self.pool, self, where, statuses=chosen["place"], tables=tables)
