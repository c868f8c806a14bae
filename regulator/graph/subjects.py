"""What a look-through may start from, and which thing a person means by an id."""

from __future__ import annotations

from typing import Final

from sqlmodel import col

from ledger.facts import Holding, Invoice, Plan, TradeDocument
from regulator.errors import UnknownThing
from regulator.graph.things import TABLES, Key, Things
from regulator.graph.ties import DOWN, UP

__all__ = ["KINDS", "direction_of", "subject_of"]

KINDS: Final = ("shelf", "pool", *TABLES)
"""Every kind of thing that can be looked through."""

_SECURITIES: Final = frozenset(
    {
        "shelf", "plan", "tranche", "holding", "pool", "asset", "financing", "registration", "collection",
        "remittance", "distribution", "credit", "quota",
    }
)  # fmt: skip


def direction_of(kind: str) -> str:
    """Which way to look where nobody says: down from securities, cash and financings, up from what they rest on."""
    return DOWN if kind in _SECURITIES else UP


def subject_of(things: Things, kind: str, id_: str) -> Key:
    """The thing meant: by its id; a holding by PLAN/TRANCHE/INVESTOR, an invoice or document by its number as well.

    Raises UnknownThing ``unknown-kind``, ``unknown-thing``, or ``several-things`` when a number names more than one.
    """
    if kind not in KINDS:
        raise UnknownThing(
            "unknown-kind", f"nothing is of the kind {kind!r}", next_step=f"Name one of: {', '.join(sorted(KINDS))}."
        )
    if kind == "shelf":
        ids = [id_] if things.facts.select(Plan, col(Plan.shelf) == id_, limit=1) else []
    elif kind == "pool":
        ids = [id_] if things.read("plan", [id_]) else []
    else:
        ids = list(things.read(kind, [id_])) or _by_another_name(things, kind, id_)
    if not ids:
        raise UnknownThing("unknown-thing", f"no {kind} {id_!r} is on the ledger at height {things.facts.height}")
    if len(ids) > 1:
        raise UnknownThing(
            "several-things",
            f"{len(ids)} things of the kind {kind} have the number {id_!r}",
            next_step=f"Name one by its id: {', '.join(sorted(ids)[:5])}.",
        )
    return kind, ids[0]


def _by_another_name(things: Things, kind: str, id_: str) -> list[str]:
    if kind == "holding":
        security, _, investor = id_.rpartition("/")
        held = things.facts.select(Holding, col(Holding.security) == security)
        return [one.id for one in held if one.investor == investor]
    if kind == "invoice":
        return list(dict.fromkeys(one.id for one in things.facts.select(Invoice, col(Invoice.number) == id_)))
    if kind == "document":
        rows = things.facts.select(TradeDocument, col(TradeDocument.number) == id_)
        return list(dict.fromkeys(one.id for one in rows))
    return []
