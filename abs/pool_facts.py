"""What the ledger says of the assets of one pool, as frames: a few queries a table, each row found by an index.

No query names an asset: they say which by the plan, so that their number does not grow with the pool, but for outputs
and what became of receivables, which are asked for by many names at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import ScalarSelect, String, cast, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from ledger.confirmation import by_debtor
from ledger.facts import (
    AssetStatus,
    Collection,
    CollectionItem,
    Fact,
    Guarantee,
    Invoice,
    Member,
    Output,
    PoolAsset,
    PoolExit,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeDocument,
    TradeReference,
)
from ledger.position import Position

if TYPE_CHECKING:
    from datetime import date

    from abs.reading import ReadModel

__all__ = ["PoolFacts"]

AT_ONCE: Final = 10_000  # names in one query; databases bound the parameters of a statement, SQLite at 32,766
_REGION: Final = slice(2, 4)  # of a credit code (GB 32100): the province, of the six digits of its registry's place

Columns = Mapping[str, Any]
NAMES: Final = pl.List(pl.String)
_PIECES: Final[Columns] = {"asset": pl.String, "id": pl.String, "amount": pl.Int64, "position": pl.Int64}


class PoolFacts:
    """The facts about every receivable of a plan's pool; ``history``: those that left by the height among them."""

    def __init__(self, facts: ReadModel, plan: str, *, history: bool) -> None:
        self._facts = facts
        self._plan = plan
        self._history = history
        self._there = (facts.begun(PoolAsset) if history else facts.current(PoolAsset), col(PoolAsset.plan) == plan)
        self._ids = select(col(PoolAsset.asset)).where(*self._there)
        self._names = select(col(PoolAsset.id)).where(*self._there)

    def stays(self) -> pl.DataFrame:
        """Each time a receivable was in the pool, in the order of assignment: how it came and left, and what is held.

        Pieces that join what is held of a receivable do not begin another time. Without history it is the last time
        alone of what is there, found by all versions of that.
        """
        mine = (
            col(PoolAsset.plan) == self._plan if self._history else col(PoolAsset.id).in_(self._names.correlate(None))
        )
        versions = self._table(
            select(col(PoolAsset.asset), cast(col(PoolAsset.outputs), String), col(PoolAsset.assigned_on))
            .add_columns(col(PoolAsset.price), col(PoolAsset.came))
            .add_columns(col(PoolAsset.from_position), col(PoolAsset.to_position))
            .where(self._facts.begun(PoolAsset), mine),
            {
                "asset": pl.String, "held": pl.String, "assigned_on": pl.Date, "price": pl.Int64,
                "came": pl.String, "pooled": pl.Int64, "ended": pl.Int64,
            },
        )  # fmt: skip
        exits = self._exits(versions.filter(pl.len().over("asset") > 1)["asset"])
        ends = pl.col("ended") < Position(self._facts.height + 1, 0, 0).number
        joined = (
            versions.with_columns(left_by=pl.when(ends).then("ended"), held=pl.col("held").str.json_decode(NAMES))
            .join(exits, on=["asset", "left_by"], how="left")
            .sort("asset", "pooled")
            .with_columns(time=pl.col("left_on").is_not_null().cum_sum().shift(1, fill_value=0).over("asset"))
        )
        first = ("asset", "time")
        came = joined.group_by(first).agg(came_by=pl.col("pooled").min())
        last = joined.filter(pl.col("left_by").is_null() | pl.col("left_on").is_not_null())
        there = last if self._history else last.filter(pl.col("left_by").is_null())
        return there.join(came, on=first).sort("pooled", "asset").drop("time", "ended")

    def _exits(self, again: pl.Series) -> pl.DataFrame:
        """How assets left; without history those alone that may have come again."""
        statement = (
            select(col(PoolExit.plan), col(PoolExit.asset), col(PoolExit.from_position), col(PoolExit.left_on))
            .add_columns(col(PoolExit.how), col(PoolExit.reason), col(PoolExit.price), col(PoolExit.id))
            .where(self._facts.current(PoolExit))
        )
        columns = {
            "plan": pl.String, "asset": pl.String, "left_by": pl.Int64, "left_on": pl.Date, "left_how": pl.String,
            "left_reason": pl.String, "left_price": pl.Int64, "exit": pl.String,
        }  # fmt: skip
        if self._history:
            found = self._table(statement.where(col(PoolExit.plan) == self._plan), columns)
        else:  # not by plan: the database would read all that left it
            found = self._chunked(statement, col(PoolExit.asset), again, columns).filter(plan=self._plan)
        return found.drop("plan").unique(["asset", "left_by"], keep="first")

    def receivables(self) -> pl.DataFrame:
        """Each receivable as it stands, with ``began``: the record that registered it."""
        return self._table(
            select(col(Receivable.id), col(Receivable.creditor), col(Receivable.debtor), col(Receivable.amount))
            .add_columns(col(Receivable.due), col(Receivable.registered_on), col(Receivable.disputed))
            .add_columns(col(Receivable.related_party), col(Receivable.adjusted_on), _confirmed_on(self._facts))
            .add_columns(_first(Receivable), col(Receivable.from_position))
            .where(col(Receivable.id).in_(self._ids), col(Receivable.from_position) == _last(self._facts, Receivable))
            .where(self._facts.current(Receivable)),
            {
                "asset": pl.String, "creditor": pl.String, "debtor": pl.String, "whole": pl.Int64, "due": pl.Date,
                "registered_on": pl.Date, "disputed": pl.Boolean, "related_party": pl.Boolean, "adjusted_on": pl.Date,
                "confirmed_on": pl.Date, "began": pl.Int64, "stated": pl.Int64,
            },
        )  # fmt: skip

    def settlements(self) -> pl.DataFrame:
        """Every part of a payment that settles one of these receivables or its outputs."""
        return self._table(
            select(col(Settlement.receivable), col(Settlement.id), col(Settlement.target_kind), col(Settlement.target))
            .add_columns(col(Settlement.amount), col(Settlement.paid_on), col(Settlement.from_position))
            .where(self._facts.current(Settlement), col(Settlement.receivable).in_(self._ids)),
            {
                "asset": pl.String, "id": pl.String, "target_kind": pl.String, "target": pl.String,
                "amount": pl.Int64, "on": pl.Date, "position": pl.Int64,
            },
        )  # fmt: skip

    def invoices(self) -> pl.DataFrame:
        """The invoices each receivable rests on, as first registered (``position``), by day of issue, with what is now
        known of them."""
        now = aliased(Invoice)
        return self._table(
            select(col(ReceivableInvoice.receivable), col(Invoice.id), col(Invoice.number), col(Invoice.issued))
            .add_columns(col(Invoice.goods), col(now.status), col(now.verified_result), col(Invoice.from_position))
            .join(Invoice, col(Invoice.id) == col(ReceivableInvoice.invoice))
            .join(now, col(now.id) == col(ReceivableInvoice.invoice))
            .where(self._facts.current(ReceivableInvoice), col(ReceivableInvoice.receivable).in_(self._ids))
            .where(self._facts.begun(Invoice), col(Invoice.from_position) == _first(Invoice))
            .where(col(now.from_position) == _last(self._facts, Invoice, now)),
            {
                "asset": pl.String, "id": pl.String, "number": pl.String, "issued": pl.Date, "goods": pl.String,
                "state": pl.String, "verified": pl.String, "position": pl.Int64,
            },
        ).unique(["asset", "id"], keep="first").sort("asset", "issued", "id")  # fmt: skip

    def trades(self) -> pl.DataFrame:
        """The documents that the invoices of each receivable refer to, and of what kind they are."""
        return self._table(
            select(col(ReceivableInvoice.receivable), col(TradeDocument.type), col(TradeDocument.id))
            .add_columns(col(TradeDocument.from_position))
            .distinct()
            .join(TradeReference, col(TradeReference.source) == col(ReceivableInvoice.invoice))
            .join(TradeDocument, col(TradeDocument.id) == col(TradeReference.target))
            .where(self._facts.current(ReceivableInvoice), col(ReceivableInvoice.receivable).in_(self._ids))
            .where(self._facts.current(TradeReference), col(TradeReference.source_kind) == "invoice")
            .where(self._facts.current(TradeDocument)),
            {"asset": pl.String, "type": pl.String, "document": pl.String, "documented": pl.Int64},
        )

    def statuses(self) -> pl.DataFrame:
        """What the servicer said of each asset, in order."""
        return self._table(
            select(col(AssetStatus.asset), col(AssetStatus.status), col(AssetStatus.since))
            .add_columns(col(AssetStatus.changed_on), col(AssetStatus.days), col(AssetStatus.amount))
            .add_columns(col(AssetStatus.recovered), col(AssetStatus.written_off), col(AssetStatus.from_position))
            .where(self._facts.begun(AssetStatus), col(AssetStatus.id).in_(self._names))
            .order_by(col(AssetStatus.from_position)),
            {
                "asset": pl.String, "status": pl.String, "since": pl.Date, "on": pl.Date, "days": pl.Int64,
                "amount": pl.Int64, "recovered": pl.Int64, "written_off": pl.Int64, "position": pl.Int64,
            },
        ).sort("position")  # fmt: skip

    def collections(self) -> pl.DataFrame:
        """What the servicer said that it collected on each asset, in order."""
        mine = col(Collection.plan) == self._plan
        days = self._table(
            select(col(Collection.id), col(Collection.collected_on)).where(self._facts.current(Collection), mine),
            {"collection": pl.String, "on": pl.Date},
        )
        ids = select(col(Collection.id)).where(self._facts.current(Collection), mine)
        items = self._table(
            select(col(CollectionItem.asset), col(CollectionItem.collection), col(CollectionItem.payment))
            .add_columns(col(CollectionItem.amount), col(CollectionItem.id), col(CollectionItem.from_position))
            .where(self._facts.current(CollectionItem), col(CollectionItem.collection).in_(ids)),
            {
                "asset": pl.String, "collection": pl.String, "payment": pl.String, "amount": pl.Int64,
                "id": pl.String, "position": pl.Int64,
            },
        )  # fmt: skip
        return items.join(days, on="collection").sort("position", "id")

    def outputs(self, ids: pl.Series) -> pl.DataFrame:
        """These outputs: the receivable each is a piece of, fen, where it was made, and the rate it was financed at."""
        pieces = select(
            col(Output.root), col(Output.id), col(Output.amount), col(Output.from_position), col(Output.rate)
        )
        found = self._chunked(
            pieces.where(self._facts.begun(Output)), col(Output.id), ids, {**_PIECES, "rate": pl.Object}
        )
        rates = [None if rate is None else str(rate) for rate in found["rate"]]
        return found.with_columns(pl.Series("rate", rates, pl.String))

    def guarantors(self, ids: pl.Series) -> pl.DataFrame:
        """Who stands in for these outputs (增信机构)."""
        return self._chunked(
            select(col(Guarantee.output), col(Guarantee.guarantor)).where(self._facts.current(Guarantee)),
            col(Guarantee.output),
            ids,
            {"id": pl.String, "guarantor": pl.String},
        )

    def pieces(self, assets: pl.Series) -> Iterator[tuple[str, str, int, int, list[str]]]:
        """Every output ever made of these receivables: receivable, id, fen, position, and what it was made from."""
        pieces = select(col(Output.root), col(Output.id), col(Output.amount), col(Output.from_position))
        statement = pieces.add_columns(col(Output.parents)).where(self._facts.begun(Output))
        yield from self._chosen(statement, col(Output.root), assets)

    def adjusted(self, assets: pl.Series) -> pl.DataFrame:
        """How these receivables were adjusted, disputed or declared settled: their versions, in order."""
        return self._chunked(
            select(col(Receivable.id), col(Receivable.adjusted_on), col(Receivable.adjusted), col(Receivable.disputed))
            .add_columns(col(Receivable.netted), col(Receivable.settled_by), col(Receivable.from_position))
            .where(self._facts.begun(Receivable)),
            col(Receivable.id),
            assets,
            {
                "asset": pl.String, "on": pl.Date, "adjusted": pl.Int64, "disputed": pl.Boolean, "netted": pl.Int64,
                "settled_by": pl.String, "position": pl.Int64,
            },
        ).sort("asset", "position")  # fmt: skip

    def regions(self, members: pl.Series) -> pl.DataFrame:
        """The province that each of these members is registered in, and where its credit code is stated."""
        found = self._chunked(
            select(col(Member.id), col(Member.uscc), col(Member.from_position)).where(self._facts.current(Member)),
            col(Member.id),
            members,
            {"debtor": pl.String, "region": pl.String, "located": pl.Int64},
        )
        return found.with_columns(pl.col("region").str.slice(_REGION.start, _REGION.stop - _REGION.start))

    def _table(self, statement: Any, columns: Columns) -> pl.DataFrame:
        return _framed(self._facts.execute(statement), columns)

    def _chunked(self, statement: Any, column: Any, names: pl.Series, columns: Columns) -> pl.DataFrame:
        """What a statement says of these names, as many at once as it may have parameters."""
        return _framed(self._chosen(statement, column, names), columns)

    def _chosen(self, statement: Any, column: Any, names: pl.Series) -> Iterator[Any]:
        for chosen in _chunks(names.unique(maintain_order=True).to_list()):
            yield from self._facts.execute(statement.where(column.in_(chosen)))


def _framed(rows: Iterable[Any], columns: Columns) -> pl.DataFrame:
    """The rows as columns."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pl.DataFrame(
        [pl.Series(name, given, kind) for (name, kind), given in zip(columns.items(), values, strict=True)]
    )


def _first(table: type[Fact]) -> ScalarSelect[int]:
    """Where the first version of a row's thing began: one step down the primary key."""
    versions = aliased(table)
    return select(func.min(col(versions.from_position))).where(col(versions.id) == col(table.id)).scalar_subquery()


def _last(facts: ReadModel, table: type[Fact], row: Any = None) -> ScalarSelect[int]:
    """Where the last version of a row's thing at the height began: one step, however many there are.

    ``row`` is the alias of the table that the row is of, where it is one.
    """
    versions, mine = aliased(table), table if row is None else row
    last = select(func.max(col(versions.from_position))).where(col(versions.id) == col(mine.id), facts.begun(versions))
    return last.scalar_subquery()


def _confirmed_on(facts: ReadModel) -> ScalarSelect[date | None]:
    """The day on which a row's receivable was first confirmed by its debtor itself, whoever confirmed it since."""
    versions = aliased(Receivable)
    its = col(versions.id) == col(Receivable.id), facts.begun(versions), by_debtor(versions)
    return select(func.min(col(versions.confirmed_on))).where(*its).scalar_subquery()


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
