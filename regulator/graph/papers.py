"""Everything around a document (单据): what refers to it and what it refers to, on and on, by the four flows (四流).

References go both ways to the end; from each invoice found, to the receivables that claim it, and from those and from
orders to the payments that settled them. Nothing is carried: a paper's amount is its own, and two papers of one trade
are not two amounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from ledger.business_day import business_day
from ledger.position import Position
from ledger.store import AsOf
from regulator.graph.look import LIMIT, MOST, graph_of, merged, node_of
from regulator.graph.pools import Pools
from regulator.graph.subjects import subject_of
from regulator.graph.things import Key, Things
from regulator.graph.ties import DOWN, UP, Link, tied
from regulator.graph.value import MORE, Edge, Graph, Part
from regulator.graph.worth import Worth

__all__ = ["look_at_papers"]

_FOLLOWED: Final[Mapping[str, frozenset[str]]] = {
    UP: frozenset({"refers_to", "claims", "under", "corrected_by"}),
    DOWN: frozenset({"refers_to", "settles", "of_lot", "corrected_by"}),
}
_FROM: Final = frozenset({"document", "invoice", "order", "receipt", "receivable"})
"""Kinds that are gone on from: a payment or a lot that many trades share would lead to all of them."""


def look_at_papers(
    facts: AsOf, kind: str, id_: str, *, on: date | None = None, offset: int = 0, limit: int | None = LIMIT
) -> Graph:
    """The papers around a document, invoice, order or receipt, as of the height; ``limit`` of each relation of each.

    Each node says which flow it is of. Raises UnknownThing.
    """
    with facts.at_once() as known:
        day = business_day(known.time) if on is None else on
        things = Things(known)
        worth = Worth(things, Pools(known, day))
        subject = subject_of(things, kind, id_)
        nodes, shown, hidden = _around(things, subject, offset, limit)
        worth.prepare(nodes)
        more: dict[Key, list[Part]] = {}
        for (near, relation), count in hidden.items():
            more.setdefault(near, []).append(Part(breakdown=relation, name=MORE, amount=None, count=count))
        found = [replace(node_of(things, worth, key), parts=tuple(more.get(key, ()))) for key in nodes]
        return graph_of(known, things, subject, "papers", day, found, [_edge(link) for link in shown])


def _around(
    things: Things, subject: Key, offset: int, limit: int | None
) -> tuple[list[Key], list[Link], dict[tuple[Key, str], int]]:
    nodes: dict[Key, None] = {subject: None}
    shown: dict[tuple[Key, Key, str], Link] = {}
    hidden: dict[tuple[Key, str], int] = {}
    wave = [subject]
    while wave and len(nodes) < MOST:
        next_: list[Key] = []
        counts: dict[tuple[Key, str, str], int] = {}
        for direction in (UP, DOWN):
            for link in _next(things, wave, direction):
                upward = direction == UP
                lower, upper = (link.near, link.far) if upward else (link.far, link.near)
                if (lower, upper, link.relation) in shown:
                    continue
                group = link.near, link.relation, direction
                place = counts[group] = counts.get(group, -1) + 1
                first = offset if link.near == subject else 0
                if limit is not None and not first <= place < first + limit:
                    hidden[link.near, link.relation] = hidden.get((link.near, link.relation), 0) + 1
                    continue
                shown[lower, upper, link.relation] = link
                if link.far not in nodes:
                    nodes[link.far] = None
                    if not link.ended and link.far[0] in _FROM:
                        next_.append(link.far)
        wave = next_
    return list(nodes), list(shown.values()), hidden


def _next(things: Things, wave: Sequence[Key], direction: str) -> list[Link]:
    by_kind: dict[str, list[str]] = {}
    for kind, id_ in wave:
        by_kind.setdefault(kind, []).append(id_)
    for kind, ids in by_kind.items():
        things.read(kind, ids)
    return [link for link in merged(tied(things, by_kind, direction)) if link.relation in _FOLLOWED[direction]]


def _edge(link: Link) -> Edge:
    return Edge(
        source=" ".join(link.near),
        target=" ".join(link.far),
        relation=link.relation,
        position=str(Position.from_number(link.position)),
        ended=link.ended,
        upward=link.upward,
    )
