"""Who has something at stake on an invoice, a receivable or another thing as of a height: the claims of its family.

The patterns of papers, lots and contracts ask it to say how much a finding matters: nobody loses by an odd invoice that
nobody financed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Final, TypeVar

from ledger.facts import Fact, Invoice, ReceivableInvoice
from ledger.store import Narrowed
from regulator.duplicates.claims import Claim
from regulator.duplicates.family import READS, load_rows
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.view import View
from regulator.histories import Histories, heights_of
from regulator.scope import Changes

__all__ = ["CLAIMS", "Stakes", "around", "by_id", "claimed", "claimed_invoices", "money_of", "of", "things_of"]

F = TypeVar("F", bound=Fact)

CLAIMS: Final = READS
"""The tables whose changes may change what is claimed on a thing."""


def of(changes: Changes, table: type[F]) -> Sequence[F]:
    """Return the changed versions of one table."""
    return changes.get(table, ())  # type: ignore[return-value]


def by_id(versions: Iterable[F]) -> dict[str, list[F]]:
    """Return versions by the thing they are of."""
    found: dict[str, list[F]] = {}
    for one in versions:
        found.setdefault(one.id, []).append(one)
    return found


def claimed(changes: Changes, histories: Histories) -> tuple[set[str], set[str]]:
    """Return the invoices and the receivables on which claims changed; the invoices beneath such receivables too."""
    seeds = FamilyScope().touched(changes, histories)
    receivables = _named(seeds, "receivable")
    links = histories.having(ReceivableInvoice, "receivable", receivables)
    return _named(seeds, "invoice").union(link.invoice for link in links), receivables


def claimed_invoices(changes: Changes, histories: Histories) -> set[str]:
    """Return the invoices under the things on which claims changed."""
    return claimed(changes, histories)[0]


def around(
    histories: Histories, invoices: Iterable[Invoice], days: int, alike: Sequence[str]
) -> dict[str, list[Invoice]]:
    """Return the invoices that their sellers issued within so many days of these, by id; with some from farther off.

    Only those of which each of the columns ``alike``, which never change, is as it is of one of these. Asked week by
    week: one question for what is issued together, and each needs the sellers' days only.
    """
    found: dict[str, list[Invoice]] = {}
    ordered = sorted(invoices, key=lambda one: one.issued)
    for _, some in groupby(ordered, key=lambda one: one.issued.isocalendar()[:2]):
        week = list(some)
        first, last = week[0].issued.toordinal() - days, week[-1].issued.toordinal() + days
        within = ("issued", week[0].issued.fromordinal(first), week[0].issued.fromordinal(last))
        also = {name: {getattr(one, name) for one in week} for name in alike}
        near = Narrowed(within=within, also=also)
        found |= by_id(histories.having(Invoice, "seller", {one.seller for one in week}, near))
    return found


class Stakes:
    """The claims on the families of some things (``<kind> <id>``), with their history."""

    def __init__(self, histories: Histories, seeds: Collection[str]) -> None:
        self._rows = {node: rows for rows in load_rows(histories, seeds) for node in rows.nodes}
        self._views: dict[int, View] = {}

    def heights(self, nodes: Iterable[str]) -> list[int]:
        """Return the heights at which what is claimed on any of these may have changed."""
        rows = {id(found): found for node in nodes if (found := self._rows.get(node)) is not None}
        return heights_of(*(each.changed() for each in rows.values()))

    def on(self, node: str, height: int) -> list[Claim]:
        """Return the active claims that cover a thing: on itself, on a receivable on it, on an invoice beneath it."""
        view = self._view(node, height)
        if view is None:
            return []
        found = {at for each in (node, *_tied(view, node)) for at in view.claims_on.get(each, ())}
        return [view.claims[at] for at in sorted(found)]

    def alike(self, node: str, height: int) -> tuple[str, ...]:
        """Return all that is one invoice with this: of one key, or issued in each other's place; else the thing itself.

        They are told where somebody claims one of them.
        """
        view, (kind, name) = self._view(node, height), node.split(" ", 1)
        if view is None or kind != "invoice" or name not in view.keys:
            return (node,)
        return tuple(f"invoice {each}" for each, key in view.keys.items() if key == view.keys[name])

    def _view(self, node: str, height: int) -> View | None:
        rows = self._rows.get(node)
        if rows is None:
            return None
        view = self._views.get(id(rows))
        if view is None or view.height != height:
            view = self._views[id(rows)] = View(rows, rows.nodes, height)
        return view


def _tied(view: View, node: str) -> list[str]:
    kind, name = node.split(" ", 1)
    if kind == "receivable":
        return [f"invoice {invoice}" for invoice in view.tied(name)]
    return [f"receivable {owed}" for owed in view.resting.get(name, ())] if kind == "invoice" else []


def money_of(claims: Iterable[Claim], most: int) -> int:
    """Return the money at stake in the claims, each thing counted once, no more than ``most``; fen."""
    by_thing: dict[str, int] = {}
    for claim in claims:
        by_thing[claim.thing] = max(by_thing.get(claim.thing, 0), claim.money or 0)
    return min(sum(by_thing.values()), max(most, 0))


def things_of(claims: Iterable[Claim]) -> set[str]:
    """Return what claims, and on what."""
    return {name for claim in claims for name in (claim.thing, claim.target)}


def _named(nodes: Iterable[str], kind: str) -> set[str]:
    return {node.split(" ", 1)[1] for node in nodes if node.startswith(f"{kind} ")}
