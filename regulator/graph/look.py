"""Looking up and down from one thing: the links found wave by wave, bounded, and amounts carried through them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from ledger.business_day import business_day
from ledger.facts import Fact
from ledger.position import Position
from ledger.store import AsOf
from regulator.graph.describe import details_of, flow_of, label_of, parties_of
from regulator.graph.flow import BREAKDOWNS, Flow
from regulator.graph.links import Links
from regulator.graph.pools import Pools
from regulator.graph.subjects import subject_of
from regulator.graph.things import Key, Things
from regulator.graph.ties import DOWN, UP, Link, tied
from regulator.graph.value import Edge, Graph, Node
from regulator.graph.worth import Worth

__all__ = ["LIMIT", "MOST", "look_down", "look_up"]

LIMIT: Final = 50
"""Things listed next to one thing by one relation, where nobody asks for another number."""
MOST: Final = 5_000
"""Things gone on from in one look-through; what is found beyond is told and not followed. Bounds time and memory."""


def look_up(
    facts: AsOf, kind: str, id_: str, *, on: date | None = None, offset: int = 0, limit: int | None = LIMIT
) -> Graph:
    """Everything that rests on a thing, as of the height: claims, certificates, holders, financings, registrations,
    packages, pools, plans, tranches, holders of those, and the shelf.

    ``limit`` things are listed for each thing and relation, from ``offset`` on for the subject's own; None: all. What
    is not listed is a part with its number and amount. What it costs follows from what rests on the thing, not from
    the market: every row is found by an index. Raises UnknownThing.
    """
    with facts.at_once() as known:
        return _Looking(known, UP, on, offset, limit).graph(kind, id_)


def look_down(
    facts: AsOf, kind: str, id_: str, *, on: date | None = None, offset: int = 0, limit: int | None = LIMIT
) -> Graph:
    """Everything that a thing rests on, down to invoices and the papers they refer to, as of the height.

    From a shelf, plan, tranche or holding the amounts are what is owed on ``on`` (the block's business day by default),
    by the rule of ``regulator.graph.pools``. ``offset`` and ``limit``: as in :func:`look_up`; of a pool too. Raises
    UnknownThing.
    """
    with facts.at_once() as known:
        return _Looking(known, DOWN, on, offset, limit).graph(kind, id_)


@dataclass(slots=True)
class _Found:
    """What the waves found: things in order, links that are shown and hidden, and things not gone on from."""

    nodes: dict[Key, None] = field(default_factory=dict)
    shown: list[Link] = field(default_factory=list)
    hidden: list[Link] = field(default_factory=list)
    left: dict[Key, None] = field(default_factory=dict)


class _Looking:
    def __init__(self, facts: AsOf, direction: str, on: date | None, offset: int, limit: int | None) -> None:
        self.facts = facts
        self.on = business_day(facts.time) if on is None else on
        self.direction = direction
        self.things = Things(facts)
        self.pools = Pools(facts, self.on)
        self.worth = Worth(self.things, self.pools)
        self.flow = Flow(self.things, self.pools, self.worth, direction)
        self.links = Links(self.things, self.pools)
        self.offset, self.limit = offset, limit

    def graph(self, kind: str, id_: str) -> Graph:
        subject = subject_of(self.things, kind, id_)
        found = self._followed(subject)
        flowed = self.flow.run(list(found.nodes), found.shown, found.hidden, left=found.left)
        nodes = [
            replace(self._node(key), amount=flowed.amounts[key], parts=tuple(flowed.parts[key])) for key in found.nodes
        ]
        edges = [
            _edge(link, BREAKDOWNS[self.direction].get(link.relation, ("", ""))[0], flowed.carried.get(place))
            for place, link in enumerate(found.shown)
        ]
        return graph_of(self.facts, self.things, subject, self.direction, self.on, nodes, edges)

    def _followed(self, subject: Key) -> _Found:
        found = _Found(nodes={subject: None})
        wave, done = [subject], 0
        while wave:
            going = wave[: max(MOST - done, 0)]
            found.left |= dict.fromkeys(wave[len(going) :])
            done += len(going)
            next_: dict[Key, None] = {}
            for link in self._listed(subject, self._next(going), found):
                if link.far not in found.nodes:
                    found.nodes[link.far] = found.left[link.far] = None
                if link.far in found.left and not link.aside and not link.ended:
                    next_[link.far] = None
            for key in next_:
                found.left.pop(key, None)
            wave = list(next_)
        return found

    def _next(self, wave: Sequence[Key]) -> list[Link]:
        by_kind: dict[str, list[str]] = {}
        for kind, id_ in wave:
            by_kind.setdefault(kind, []).append(id_)
        for kind, ids in by_kind.items():
            self.things.read(kind, ids)
        return merged([*self.links.of(by_kind, self.direction), *tied(self.things, by_kind, self.direction)])

    def _listed(self, subject: Key, links: Iterable[Link], found: _Found) -> list[Link]:
        """Those of the links that are shown; the others are hidden ones."""
        listed: list[Link] = []
        counts: dict[tuple[Key, str], int] = {}
        for link in links:
            group = link.near, link.relation
            place = counts[group] = counts.get(group, -1) + 1
            first = self.offset if link.near == subject or link.near[0] == "pool" else 0
            if self.limit is None or first <= place < first + self.limit:
                listed.append(link)
            else:
                found.hidden.append(link)
        found.shown += listed
        return listed

    def _node(self, key: Key) -> Node:
        node = node_of(self.things, self.worth, key)
        if key[0] == "asset" and (asset := self.pools.asset(key[1])) is not None and asset.price is not None:
            return replace(node, details=(*node.details, ("price", str(asset.price))))
        if key[0] == "pool" and self.direction == DOWN and self.pools.known(key[1]):
            worth = self.pools.worth(key[1])
            prices = sum(one.price or 0 for one in worth.assets.values())
            face = sum(one.face for one in worth.assets.values())
            told = (("count", str(len(worth.assets))), ("face", str(face)), ("price", str(prices)))
            return replace(node, stated=worth.owed, measure="owed", details=told)
        return node


def merged(links: Iterable[Link]) -> list[Link]:
    """The links, each relation of two things once: amounts of several records added up, those that stand first."""
    found: dict[tuple[Key, Key, str], Link] = {}
    for link in links:
        place = link.near, link.far, link.relation
        known = found.get(place)
        if known is None or (known.ended and not link.ended):
            found[place] = link
        elif not link.ended and known.amount is not None and link.amount is not None:
            found[place] = replace(known, amount=known.amount + link.amount)
    return sorted(found.values(), key=lambda link: link.ended)


def node_of(things: Things, worth: Worth, key: Key) -> Node:
    """The thing as a node, without what a look-through carries at it."""
    fact = things.read(key[0], [key[1]]).get(key[1])
    stated, measure, currency = worth.of(key)
    return Node(
        kind=key[0],
        id=key[1],
        label=label_of(key, fact),
        stated=stated,
        measure=measure,
        currency=currency,
        position=None if fact is None else str(fact.began),
        flow=flow_of(key[0], fact),
        parties=parties_of(key[0], fact),
        details=details_of(key[0], fact),
        missing=fact is None and key[0] not in ("shelf", "pool", "member"),
        ended=_ended(fact),
    )


def _ended(fact: Fact | None) -> bool:
    return fact is not None and fact.to_height is not None


def _edge(link: Link, breakdown: str, amount: int | None) -> Edge:
    return Edge(
        source=" ".join(link.near),
        target=" ".join(link.far),
        relation=link.relation,
        breakdown=breakdown if amount is not None else None,
        amount=amount,
        position=str(Position.from_number(link.position)),
        ended=link.ended,
        upward=link.upward,
    )


def graph_of(
    facts: AsOf, things: Things, subject: Key, direction: str, on: date, nodes: Sequence[Node], edges: Sequence[Edge]
) -> Graph:
    """The graph of these nodes and edges, with the names of every member in it."""
    members = {member for node in nodes for _, member in node.parties}
    members.update(node.id for node in nodes if node.kind == "member")
    return Graph(
        subject=" ".join(subject),
        direction=direction,
        height=facts.height,
        block_hash="0x" + bytes(facts.block_hash).hex(),
        time=facts.time,
        on=on,
        nodes=tuple(nodes),
        edges=tuple(edges),
        names=things.names(sorted(members)),
    )
