"""Which fact ties which things together: the table by which a look-through goes from one to the next.

A tie has an *upper* end, which rests on the *lower* one: a receivable rests on invoices, a registration on what it
names. Where the kind of an end is a column of the row, it is written with a dot. A row is found from either end by an
index; from an end that has none it is not found (:func:`unfollowed` names those), except in a table of a handful of
rows. What needs more than one row stands in ``links``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.fact import Fact
from ledger.facts import (
    Certificate,
    Collection,
    CollectionItem,
    FinancingCollateral,
    FinancingMove,
    Guarantee,
    Holding,
    Invoice,
    Package,
    PackageInvoice,
    Plan,
    Quota,
    Receipt,
    Receivable,
    ReceivableInvoice,
    RegistrationCollateral,
    RegistrationQuery,
    Remittance,
    Settlement,
    TradeOrder,
    TradeReference,
)
from regulator.graph.things import Key, Things, indexed

__all__ = ["DOWN", "TIES", "UP", "Link", "Tie", "tied", "unfollowed"]

UP: Final = "up"
DOWN: Final = "down"
SMALL: Final = frozenset({Plan})
"""Tables of a handful of rows, which may be read whole."""
THINGS: Final = frozenset(
    {Receivable, Package, Receipt, TradeOrder, Plan, Certificate, Invoice, Collection, Remittance}
)
"""Tables of things: a version of one that ended ends no tie, as the thing lives on in the next."""
KEPT: Final = THINGS | {
    FinancingCollateral, RegistrationCollateral, PackageInvoice, TradeReference, Quota, RegistrationQuery
}  # fmt: skip
"""Tables of which a row that ended is shown as well: what was released or left is part of the story."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation and the columns that name its ends. ``amount``: the column of what it ties, fen.

    ``aside`` names the end (upper, lower or both) that is shown from the other one, and not gone on from; from itself
    the tie is followed whichever way one looks: a payment leads to what it settled, whoever looks up or down. What was
    collected is carried to what it was collected on, and not by its payments once more.
    """

    relation: str
    table: type[Fact]
    upper: tuple[str, str]
    lower: tuple[str, str]
    amount: str | None = None
    aside: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One tie between two things, seen from the one that is ``near``: what is ``far``, and the record that says so."""

    near: Key
    far: Key
    relation: str
    position: int
    amount: int | None = None
    ended: bool = False
    aside: bool = False
    upward: bool = False
    """The far thing rests on the near one."""


TIES: Final = (
    Tie("claims", ReceivableInvoice, ("receivable", "receivable"), ("invoice", "invoice")),
    Tie("under", Receivable, ("receivable", "id"), ("document", "contract")),
    Tie("packs", PackageInvoice, ("package", "package"), ("invoice", "invoice")),
    Tie("supersedes", Package, ("package", "id"), ("package", "supersedes")),
    Tie("supersedes", Package, ("package", "superseded_by"), ("package", "id")),
    Tie("secured_by", FinancingCollateral, ("financing", "financing"), (".target_kind", "target"), "amount"),
    Tie("covers", RegistrationCollateral, ("registration", "registration"), (".target_kind", "target")),
    Tie("refers_to", TradeReference, (".source_kind", "source"), ("?", "target")),
    Tie("corrected_by", Invoice, ("invoice", "red_invoice"), ("invoice", "id"), aside="upper"),
    Tie("split_from", Receipt, ("receipt", "id"), ("receipt", "parent")),
    Tie("of_lot", Receipt, ("receipt", "id"), ("stock", "stock")),
    Tie("pledged_for", Receipt, ("financing", "financing"), ("receipt", "id")),
    Tie("locked_for", TradeOrder, ("financing", "financing"), ("order", "id")),
    Tie("issued_on", Certificate, ("certificate", "id"), ("receivable", "receivable")),
    Tie("on_shelf", Plan, ("shelf", "shelf"), ("plan", "id")),
    Tie("part_of", Holding, ("holding", "id"), ("tranche", "security")),
    Tie("guaranteed_by", Guarantee, ("member", "guarantor"), ("output", "output"), aside="upper"),
    Tie("settles", Settlement, (".target_kind", "target"), ("payment", "payment"), "amount", "lower"),
    Tie("moves", FinancingMove, ("financing", "financing"), ("payment", "payment"), None, "lower"),
    Tie("collects", CollectionItem, ("collection", "collection"), ("receivable", "asset"), "amount", "upper"),
    Tie("collected_from", CollectionItem, ("collection", "collection"), ("payment", "payment"), None, "both"),
    Tie("passes_on", Remittance, ("remittance", "id"), ("collection", "collections")),
    Tie("passes_on", Collection, ("remittance", "remittance"), ("collection", "id"), aside="upper"),
    Tie("granted", Quota, ("quota", "id"), ("credit", "credit")),
    Tie("occupied_by", Quota, ("credit", "credit"), (".purpose_kind", "purpose"), "amount", "upper"),
    Tie("searched", RegistrationQuery, ("query", "id"), ("*", "subject"), aside="upper"),
)
_SEARCHED: Final = ("receivable", "invoice", "output", "receipt", "order", "package", "document", "member")


def tied(things: Things, wave: Mapping[str, list[str]], direction: str) -> Iterator[Link]:
    """Yield the links of the table from the things of a wave (ids by kind) to those above or beneath them."""
    for tie in TIES:
        for far in ("upper", "lower"):
            on = far == ("upper" if direction == UP else "lower")
            aside = tie.aside in (far, "both")
            if on or tie.aside is not None:
                yield from _from(things, tie, wave, far, aside=aside)


def _from(things: Things, tie: Tie, wave: Mapping[str, list[str]], far: str, *, aside: bool) -> Iterator[Link]:
    near_kind, near_column = tie.lower if far == "upper" else tie.upper
    far_kind, far_column = tie.upper if far == "upper" else tie.lower
    kinds = list(wave) if near_kind[0] in ".?*" else [near_kind] if near_kind in wave else []
    ids = [one for kind in kinds for one in wave[kind]]
    if not ids or not _found_by(tie.table, near_column):
        return
    rows = [
        row for row in _rows(things, tie, near_kind, near_column, ids) if row.to_height is None or tie.table in KEPT
    ]
    if "?" in (near_kind, far_kind):  # all at once, as each is looked for in several tables
        things.resolved([name for row in rows for name in _named(row, tie.lower[1])])
    for row in rows:
        for near, name in _ends(things, row, (near_kind, near_column), (far_kind, far_column)):
            if near[1] in wave.get(near[0], ()):
                yield Link(
                    near=near,
                    far=name,
                    relation=tie.relation,
                    position=row.from_position,
                    amount=None if tie.amount is None else getattr(row, tie.amount),
                    ended=row.to_height is not None and tie.table not in THINGS,
                    aside=aside,
                    upward=far == "upper",
                )


def _rows(things: Things, tie: Tie, kind: str, column: str, ids: list[str]) -> list[Any]:
    if column == "id":
        return list(things.read(kind, ids).values())
    return things.having(tie.table, column, ids)


def _ends(things: Things, row: Fact, near: Key, far: Key) -> Iterator[tuple[Key, Key]]:
    """The two things that a row ties, or more where a column lists them; none where it leaves one out."""
    nears, fars = _named(row, near[1]), _named(row, far[1])
    for one in nears:
        for other in fars:
            for kind in _kinds(things, row, near[0], one):
                for other_kind in _kinds(things, row, far[0], other):
                    yield (kind, one), (other_kind, other)


def _named(row: Fact, column: str) -> list[str]:
    value = getattr(row, column)
    return list(dict.fromkeys(value)) if isinstance(value, list) else [] if value is None else [value]


def _kinds(things: Things, row: Fact, kind: str, id_: str) -> list[str]:
    if kind.startswith("."):
        found = getattr(row, kind[1:])
        return [] if found is None else [found]
    if kind == "?":
        return [things.resolved([id_])[id_]]
    if kind == "*":  # a search names a thing or a member, whichever has that id
        return [each for each in _SEARCHED if things.read(each, [id_])]
    return [kind]


def _found_by(table: type[Fact], column: str) -> bool:
    return indexed(table, column) or table in SMALL


def unfollowed() -> tuple[str, ...]:
    """The ends, as ``table.column``, from which no index finds the rows: from there a tie is not followed."""
    ends = ((tie.table, column) for tie in TIES for _, column in (tie.upper, tie.lower))
    return tuple(sorted({f"{table.label}.{column}" for table, column in ends if not _found_by(table, column)}))
