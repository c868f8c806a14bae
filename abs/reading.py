"""Reading a plan's pool from the facts, as of a height, into frames: a handful of set-based queries, whatever its size.

What is attributed to the pool: of a receivable assigned whole, every payment and adjustment; of one assigned in part
(some outputs of its certificate), what ``abs.parts`` says is the part's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, Protocol, TypeVar

import polars as pl
from sqlalchemy import ColumnElement, Executable

from abs.errors import UnknownPlan
from abs.figure import FactRef
from abs.frame import ASSETS, CHANGES, COLLECTIONS, INVOICES, OUTPUTS, PAID, STATUSES, PoolFrame, frame_of
from abs.parts import Move, Part, Piece, changes_of
from abs.pool_facts import PoolFacts
from ledger.business_day import business_day as day_of
from ledger.facts import Fact, Plan

CROSS_BORDER: Final = "customs_declaration"
IN_PART: Final = pl.col("held").list.len() > 0
"""Assigned by outputs: one that is no piece of the receivable, or not on the ledger, is worth nothing."""

FactT = TypeVar("FactT", bound=Fact)


class ReadModel(Protocol):
    """What this package asks of the facts as of one height; ``ledger.store.AsOf`` offers it."""

    @property
    def height(self) -> int: ...

    @property
    def time(self) -> datetime: ...

    def get(self, table: type[FactT], id: str) -> FactT | None: ...  # noqa: A002 - the name of the column

    def select(
        self, table: type[FactT], *where: Any, order_by: Any = None, limit: int | None = None, offset: int = 0
    ) -> list[FactT]: ...

    def history(self, table: type[FactT], id: str) -> list[FactT]: ...  # noqa: A002 - the name of the column

    def current(self, table: type[Fact]) -> ColumnElement[bool]: ...

    def begun(self, table: type[Fact]) -> ColumnElement[bool]: ...

    def execute(self, statement: Executable) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class Stated(Generic[FactT]):
    """A fact as a row that figures can stand on."""

    fact: FactT

    def refs(self) -> Iterator[FactRef]:
        """The one fact."""
        yield fact_ref(self.fact)


def fact_ref(fact: Fact) -> FactRef:
    """The reference to one version of a fact."""
    return FactRef(table=type(fact).__name__, id=fact.id, position=str(fact.began))


def business_day(facts: ReadModel) -> date:
    """The business day of the height's block: what is looked at where nobody names a day."""
    return day_of(facts.time)


def plan_of(facts: ReadModel, plan: str) -> Plan:
    """The plan of that id; raises UnknownPlan when the ledger holds none at this height."""
    found = facts.get(Plan, plan)
    if found is None:
        raise UnknownPlan("unknown-plan", f"no plan {plan!r} is on the ledger at height {facts.height}")
    return found


def read_frame(facts: ReadModel, plan: Plan, *, history: bool = True) -> PoolFrame:
    """The plan's pool as of the reading's height; every asset that was ever in it, unless ``history`` is not wanted.

    Without it there is nothing that left, no collections and no prices; then it costs what the pool costs that is
    there at the height, however long it has revolved.
    """
    asked = PoolFacts(facts, plan.id, history=history)
    stays = asked.stays().join(asked.receivables(), on="asset", maintain_order="left").with_row_index("row")
    held = _held(asked, stays)
    invoices = _beneath(stays, asked.invoices())
    statuses = _said(stays, asked.statuses())
    adjusted = asked.adjusted(stays.filter(pl.col("adjusted_on").is_not_null())["asset"])
    amounts = held.group_by("row").agg(pl.col("amount").sum(), pl.len().alias("outputs"), _one("rate"))
    backed = held.join(asked.guarantors(held["id"]), on="id").group_by("row")
    assets = (
        stays.join(amounts, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("amount").fill_null(pl.when(IN_PART).then(0).otherwise("whole")))
        .with_columns(pl.col("outputs").fill_null(0))
        .join(
            backed.agg(pl.col("guarantor").unique().sort().str.join(", ")), on="row", how="left", maintain_order="left"
        )
        .join(_invoiced(invoices), on="row", how="left", maintain_order="left")
        .join(_status(statuses), on="row", how="left", maintain_order="left")
        .join(_disputed(adjusted), on="asset", how="left", maintain_order="left")
        .join(_trade(asked.trades()), on="asset", how="left", maintain_order="left")
        .join(asked.regions(stays["debtor"]), on="debtor", how="left", maintain_order="left")
        .with_columns(
            pl.col("invoices", "default_amount", "recovered", "written_off").fill_null(0),
            pl.coalesce("issued", "registered_on").alias("issued"),
            pl.col("confirmed_on").is_not_null().alias("confirmed"),
            pl.lit(plan.shelf, pl.String).alias("shelf"),
            _price().alias("price") if history else pl.lit(None).alias("price"),
        )
    )
    comes = pl.when(pl.col("assigned_on") <= plan.closing).then(plan.cutoff).otherwise("assigned_on")
    before = pl.col("left_on").shift(1).over("asset")  # of the time before, if it was in the pool before
    assets = assets.with_columns(entered_on=pl.max_horizontal(comes, "issued", before))
    return PoolFrame(
        plan=plan.id,
        height=facts.height,
        assets=frame_of(ASSETS, assets),
        changes=_changes(asked, assets, held, adjusted),
        collections=_collections(stays, asked.collections()) if history else pl.DataFrame(schema=COLLECTIONS),
        statuses=frame_of(STATUSES, statuses),
        outputs=frame_of(OUTPUTS, held),
        invoices=frame_of(INVOICES, invoices),
    )


def _held(asked: PoolFacts, stays: pl.DataFrame) -> pl.DataFrame:
    """The outputs by which each asset is held, in the order named: those that are pieces of it."""
    named = (
        stays.select("row", "asset", id="held")
        .explode("id")
        .drop_nulls("id")
        .unique(["row", "id"], maintain_order=True)
    )
    return named.join(asked.outputs(named["id"]), on=["asset", "id"], maintain_order="left")


def _beneath(stays: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """What is known of receivables, for each time one was in the pool."""
    return stays.select("row", "asset").join(found, on="asset", maintain_order="left_right")


def _invoiced(invoices: pl.DataFrame) -> pl.DataFrame:
    return invoices.group_by("row").agg(
        pl.col("issued").min(),
        pl.col("goods").first(),
        pl.len().alias("invoices"),
        (pl.col("state") == "normal").all().alias("invoices_normal"),
        (pl.col("verified") == "consistent").fill_null(value=False).all().alias("invoices_verified"),
    )


def _one(column: str) -> pl.Expr:
    """The value that all have, null where they differ."""
    return pl.when(pl.col(column).n_unique() == 1).then(pl.col(column).first()).alias(column)


def _said(stays: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """Each statement with the time the asset was in the pool that it speaks of: the last begun before it."""
    return _during(stays, statuses).drop_nulls("row")


def _during(stays: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    began = stays.select("row", "asset", position="came_by").sort("position")
    return said.sort("position").join_asof(began, on="position", by="asset", check_sortedness=False)


def _status(statuses: pl.DataFrame) -> pl.DataFrame:
    """How each asset does, and since when it is in default and written off."""
    defaulted, lost = pl.col("status") == "defaulted", pl.col("status") == "written_off"
    return statuses.group_by("row").agg(
        pl.col("status", "recovered", "written_off").last(),
        pl.col("since").last().alias("status_since"),
        pl.col("since").filter(defaulted).first().alias("defaulted_on"),
        pl.col("amount").filter(defaulted).last().alias("default_amount"),
        pl.col("since").filter(lost).first().alias("written_off_on"),
    )


def _disputed(adjusted: pl.DataFrame) -> pl.DataFrame:
    return adjusted.filter("disputed").group_by("asset").agg(pl.col("on").first().alias("disputed_on"))


def _trade(trades: pl.DataFrame) -> pl.DataFrame:
    abroad = (pl.col("type") == CROSS_BORDER).any()
    words = pl.when(abroad).then(pl.lit("cross_border")).otherwise(pl.lit("domestic"))
    deciding = trades.sort(pl.col("type") != CROSS_BORDER, "documented", "document")
    return deciding.group_by("asset", maintain_order=True).agg(
        words.alias("trade_type"), pl.col("document", "documented").first()
    )


def _price() -> pl.Expr:
    """Each asset's part of what was paid for all that one record brought, by amount; the parts add up to it exactly."""
    amount = pl.col("amount").cast(pl.Int128)
    upto = amount.cum_sum().over("came_by") * pl.col("price") // amount.sum().over("came_by")
    part = upto - upto.shift(1, fill_value=0).over("came_by")
    return pl.when(pl.col("came") != "substituted").then(part.cast(pl.Int64))


def _collections(stays: pl.DataFrame, collected: pl.DataFrame) -> pl.DataFrame:
    return frame_of(COLLECTIONS, _during(stays, collected))


def _changes(asked: PoolFacts, assets: pl.DataFrame, held: pl.DataFrame, adjusted: pl.DataFrame) -> pl.DataFrame:
    """What moved what is owed on each asset: what was paid on it, and what else changed it."""
    parts = assets.select("row", "asset", "whole", in_part=IN_PART, less=pl.col("amount") < pl.col("whole"))
    paid = parts.join(asked.settlements(), on="asset").join(
        held.select("row", target="id", here=pl.lit(value=True)), on=["row", "target"], how="left"
    )
    other = parts.join(_adjustments(adjusted), on="asset")
    on_output = pl.col("target_kind") == "output"
    elsewhere = paid.filter(pl.col("in_part") & pl.col("here").is_null() & (on_output | pl.col("less")))
    shared = pl.concat([elsewhere["row"], other.filter(pl.col("in_part") & pl.col("less"))["row"]]).unique()
    whole = ~pl.col("row").is_in(shared.implode())
    columns = list(CHANGES)
    found = pl.concat(
        [
            paid.filter(whole).with_columns(-pl.col("amount"), kind=pl.lit(PAID)).select(columns),
            other.filter(whole).select(columns),
            _shared(asked, parts, held, paid.filter(~whole), other.filter(~whole)),
        ]
    )
    return frame_of(CHANGES, found).sort("row", "on", pl.col("kind") != PAID, "position", "id")


def _adjustments(adjusted: pl.DataFrame) -> pl.DataFrame:
    """What changed the amount owed other than payments: the day it states, fen, why as far as it is known, the fact."""
    before = {name: pl.col(name).shift(1).over("asset") for name in ("adjusted", "disputed", "netted", "settled_by")}
    disputed = pl.col("disputed") & ~before["disputed"].fill_null(value=False)
    settled = pl.col("settled_by").is_not_null() & before["settled_by"].is_null()
    kind = pl.when(disputed).then(pl.lit("dispute")).when(settled).then(pl.lit("other")).otherwise(pl.lit("dilution"))
    delta = pl.col("adjusted") - before["adjusted"].fill_null(0)
    found = adjusted.with_columns(amount=delta, kind=kind, id=pl.col("asset")).filter(pl.col("amount") != 0)
    return found.select("asset", "on", "amount", "kind", "id", "position")


def _shared(
    asked: PoolFacts, parts: pl.DataFrame, held: pl.DataFrame, paid: pl.DataFrame, other: pl.DataFrame
) -> pl.DataFrame:
    """The same for the few assets of which only a share of something is the part's: in exact fractions, one by one."""
    rows = paid["row"].append(other["row"]).unique()
    chosen = parts.filter(pl.col("row").is_in(rows.implode()))
    ids: dict[int, list[str]] = {}
    for row, id_ in held.select("row", "id").filter(pl.col("row").is_in(rows.implode())).iter_rows():
        ids.setdefault(row, []).append(id_)
    pieces: dict[str, dict[str, Piece]] = {}
    for asset, id_, amount, position, parents in asked.pieces(chosen["asset"]):
        pieces.setdefault(asset, {})[id_] = Piece(amount, tuple(parents), position)
    moves: dict[int, list[Move]] = {}
    part = {
        row: Part(ids.get(row, ()), pieces.get(asset, {}), whole)
        for row, asset, whole in chosen.select("row", "asset", "whole").rows()
    }
    order = ["row", "on", "amount", "id", "position"]
    for row, on, amount, id_, position, kind, target in (
        paid.sort("on", "position", "id").select(*order, "target_kind", "target").iter_rows()
    ):
        if weight := part[row].weight(kind, target):
            moves.setdefault(row, []).append(Move(on, -amount, weight, PAID, id_, position))
    for row, on, amount, id_, position, kind in other.sort("position").select(*order, "kind").iter_rows():
        if weight := part[row].weight():
            moves.setdefault(row, []).append(Move(on, amount, weight, kind, id_, position))
    found = [(row, *change) for row, said in moves.items() for change in changes_of(said)]
    return pl.DataFrame(found, schema=CHANGES, orient="row")
