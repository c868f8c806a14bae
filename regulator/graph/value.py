"""What a look-through (穿透) answers: a graph whose amounts add up, every node and edge with the record that shows it.

A *node* is a thing of the ledger. Its ``amount`` is what the look-through carries at it, integer fen; ``stated`` is
what the thing itself is worth by its records, whatever is looked at. An *edge* leads from where one looks to what is
found, and carries a part of the amount. The edges of one node stand in *breakdowns*: an invoice is broken down once by
the receivables that claim it, once by the packages that hold it, once by the registrations that name it. What the
edges of a breakdown do not carry is a *part* with a name of its own, negative when the edges carry more than there is:
then the amount is relied on more than once (重复). :func:`footing` holds each breakdown against its node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Final

from ledger.position import Position
from regulator.steps import jsonable

__all__ = ["MORE", "OVERLAP", "Difference", "Edge", "Graph", "Node", "Part", "footing"]

MORE: Final = "more"
"""The part of what is there and not listed, because a look-through is bounded."""
OVERLAP: Final = "overlap"
"""The (negative) part by which a breakdown's edges carry more than there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of a node's amount no edge of a breakdown carries, and why; ``count`` things, where it stands for some.

    ``amount`` is None where the breakdown carries no amounts: then only the number is said.
    """

    breakdown: str
    name: str
    amount: int | None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A thing of the ledger. ``measure`` says what ``stated`` is; ``position`` is the record of the version that holds.

    Amounts are in hundredths of ``currency``; only CNY (fen) is carried. ``missing``: it is named, and nowhere
    registered. ``ended``: it does not hold any more at the height.
    """

    kind: str
    id: str
    label: str
    amount: int | None = None
    stated: int | None = None
    measure: str = ""
    currency: str = "CNY"
    position: str | None = None
    flow: str | None = None
    parties: tuple[tuple[str, str], ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    missing: bool = False
    ended: bool = False

    @property
    def key(self) -> str:
        """``<kind> <id>``, which names it in the graph."""
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From where one looks (``source``) to what is found there (``target``), and how much of the source it carries.

    ``breakdown`` and ``amount`` are None where the relation carries nothing, as a reference does. ``ended``: the tie
    held once and does not hold at the height, as of collateral that was released. ``upward``: the target rests on the
    source.
    """

    source: str
    target: str
    relation: str
    breakdown: str | None = None
    amount: int | None = None
    position: str | None = None
    ended: bool = False
    upward: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A look-through of one subject as of a height. Nodes stand in the order in which they were found."""

    subject: str
    direction: str
    """up, down, party or papers."""
    height: int
    block_hash: str
    time: datetime
    on: date
    """The business day for which outstanding amounts are told."""
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    names: Mapping[str, str]
    """The members' names by id."""

    def node(self, key: str) -> Node:
        """The node of that key; raises KeyError."""
        for node in self.nodes:
            if node.key == key:
                return node
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a node of that key."""
        return any(node.key == key for node in self.nodes)

    def of_kind(self, kind: str) -> tuple[Node, ...]:
        """The nodes of one kind that stand, in order: without what is missing or only once was there."""
        return tuple(node for node in self.nodes if node.kind == kind and not node.missing and not node.ended)

    def leaving(self) -> dict[str, list[Edge]]:
        """The edges by the node they leave, in order."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    def positions(self) -> tuple[Position, ...]:
        """Every record that shows a node or an edge, each once, in ledger order: what there is to prove."""
        told = {one.position for one in self.nodes} | {one.position for one in self.edges}
        found = (Position.parse(each) for each in told if each is not None)
        return tuple(sorted(position for position in found if position is not None))

    def as_json(self) -> dict[str, object]:
        """The graph as JSON-able data; amounts are integers in fen."""
        return {one.name: jsonable(getattr(self, one.name)) for one in fields(self)}

    def with_nodes(self, nodes: Iterable[Node]) -> Graph:
        """The same graph with other nodes."""
        return replace(self, nodes=tuple(nodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a graph does not add up: the node, the breakdown (``carried``: what comes in), and both sides in fen."""

    node: str
    breakdown: str
    amount: int | None
    found: int


CARRIED: Final = "carried"


def footing(graph: Graph) -> tuple[Difference, ...]:
    """Return every difference between a node's amount and its edges and parts; none for a graph that adds up.

    1. What the edges of each breakdown carry, and its parts, come to the node's amount.
    2. A node with an amount has a breakdown: where nothing follows, a part says so.
    3. What the edges carry to a node comes to its amount, where any carries something to it.
    4. No edge carries less than nothing; no part but an overlap, or what is not listed of one, is less than nothing.
    """
    return tuple(_differences(graph))


def _differences(graph: Graph) -> Iterator[Difference]:
    out: dict[str, dict[str, int]] = {node.key: {} for node in graph.nodes}
    into: dict[str, int] = {}
    for edge in graph.edges:
        if edge.amount is None or edge.breakdown is None:
            continue
        sums = out[edge.source]
        sums[edge.breakdown] = sums.get(edge.breakdown, 0) + edge.amount
        into[edge.target] = into.get(edge.target, 0) + edge.amount
        if edge.amount < 0:
            yield Difference(node=edge.source, breakdown=edge.breakdown, amount=0, found=edge.amount)
    for node in graph.nodes:
        sums = out[node.key]
        for part in node.parts:
            if part.amount is None:
                continue
            sums[part.breakdown] = sums.get(part.breakdown, 0) + part.amount
            if part.amount < 0 and part.name != OVERLAP and node.amount is not None and node.amount >= 0:
                yield Difference(node=node.key, breakdown=part.breakdown, amount=0, found=part.amount)
        if node.amount is not None and not sums:
            yield Difference(node=node.key, breakdown="", amount=node.amount, found=0)
        for breakdown, found in sums.items():
            if found != node.amount:
                yield Difference(node=node.key, breakdown=breakdown, amount=node.amount, found=found)
        if node.key in into and into[node.key] != node.amount:
            yield Difference(node=node.key, breakdown=CARRIED, amount=node.amount, found=into[node.key])
