"""Carrying amounts through the links: what each thing takes on from the ones before it, and what it passes on.

Things are taken in an order in which all that leads to one comes before it. Its amount is what was carried to it, or
its own worth where nothing was. It is then broken down, once for each breakdown its links stand in; whatever the links
do not carry becomes a part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final

from ledger.facts import Output
from regulator.graph.pools import Pools
from regulator.graph.shares import broken_down
from regulator.graph.things import Key, Things
from regulator.graph.ties import DOWN, UP, Link
from regulator.graph.value import MORE, OVERLAP, Part
from regulator.graph.worth import Worth

__all__ = ["BREAKDOWNS", "Flow", "Flowed"]

#: direction -> relation -> the breakdown it stands in, the name of what it leaves; one not listed carries nothing
BREAKDOWNS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    UP: {
        "claims": ("claimed", "unclaimed"),
        "packs": ("packed", "unpacked"),
        "issued_on": ("certified", "uncertified"),
        "piece_of": ("pieces", "unaccounted"),
        "made_of": ("moved", "unaccounted"),
        "held_by_pool": ("pooled", "unpooled"),
        "owned_by": ("owned", "unaccounted"),
        "in_pool": ("pool", "unaccounted"),
        "pool_of": ("plan", "unaccounted"),
        "tranche_of": ("tranches", "nothing_owed"),
        "part_of": ("holders", "unreported"),
        "on_shelf": ("shelf", "unaccounted"),
        "secured_by": ("financed", "unfinanced"),
        "covers": ("registered", "unregistered"),
        "settles": ("settled", "unallocated"),
        "collects": ("collected", "unallocated"),
        "occupied_by": ("occupied", "free"),
    },
    DOWN: {
        "on_shelf": ("plans", "unaccounted"),
        "tranche_of": ("cover", "unaccounted"),
        "surplus_of": ("cover", "unaccounted"),
        "covered_by": ("cover", "uncovered"),
        "part_of": ("units", "unaccounted"),
        "in_pool": ("assets", "cash"),
        "held_by_pool": ("held", "unaccounted"),
        "made_of": ("made", "unaccounted"),
        "piece_of": ("issued", "unaccounted"),
        "issued_on": ("issued", "unaccounted"),
        "claims": ("invoices", "uninvoiced"),
        "packs": ("invoices", "unaccounted"),
        "secured_by": ("collateral", "unsecured"),
        "covers": ("collateral", "unaccounted"),
        "settles": ("settled", "unallocated"),
        "collects": ("collected", "unallocated"),
        "occupied_by": ("occupied", "free"),
    },
}

_PASSED: Final = {
    UP: frozenset({"covers", "packs", "held_by_pool", "in_pool", "pool_of", "on_shelf", "owned_by"}),
    DOWN: frozenset({"part_of", "piece_of", "issued_on"}),
}
"""Relations by which the far end relies on all of the near one's amount, whatever part of it is looked at."""
_ENDS: Final = frozenset({"member", "shelf", "holding", "query"})
"""Kinds that nothing carries an amount on from, whether they are gone on from or not."""


@dataclass(frozen=True, slots=True)
class Flowed:
    """What flowed: amounts and parts by thing, and the amount of each shown link by its place."""

    amounts: dict[Key, int | None]
    parts: dict[Key, list[Part]]
    carried: dict[int, int | None]


class Flow:
    """Amounts over the links of one look-through."""

    def __init__(self, things: Things, pools: Pools, worth: Worth, direction: str) -> None:
        self._things = things
        self._pools = pools
        self._worth = worth
        self._direction = direction
        self._breakdowns = BREAKDOWNS[direction]
        self._passed = _PASSED[direction]
        self._left: frozenset[Key] = frozenset()

    def carries(self, link: Link) -> bool:
        """Tell whether amounts go over the link."""
        return link.relation in self._breakdowns and not link.aside and not link.ended

    def run(
        self, nodes: Sequence[Key], shown: Sequence[Link], hidden: Sequence[Link], *, left: Collection[Key] = ()
    ) -> Flowed:
        """Carry amounts through the shown links; what goes over hidden ones becomes a part of what they leave.

        ``left`` are the things that were found and not gone on from.
        """
        self._left = frozenset(left)
        leaving: dict[Key, list[tuple[int | None, Link]]] = {node: [] for node in nodes}
        for place, link in enumerate(shown):
            leaving[link.near].append((place, link))
        for link in hidden:
            leaving[link.near].append((None, link))
        self._worth.prepare([*nodes, *(link.far for link in hidden)])
        arrived: dict[Key, int] = {}
        found = Flowed({}, {node: [] for node in nodes}, {})
        for node in self._ordered(nodes, shown):
            amount = arrived.get(node)
            if amount is None and node not in self._left:
                amount = self._own(node, [link for _, link in leaving[node]])
            found.amounts[node] = amount
            for place, carried in self._broken_down(node, amount, leaving[node], found.parts[node]):
                found.carried[place] = carried
                if carried is not None:
                    far = shown[place].far
                    arrived[far] = arrived.get(far, 0) + carried
        return found

    def _ordered(self, nodes: Sequence[Key], shown: Iterable[Link]) -> list[Key]:
        before: dict[Key, set[Key]] = {node: set() for node in nodes}
        for link in shown:
            if self.carries(link):
                before[link.far].add(link.near)
        try:
            return list(TopologicalSorter(before).static_order())
        except CycleError as circle:  # no record can name one that comes after it
            raise RuntimeError(f"amounts go in a circle: {circle.args[1]}") from circle

    def _own(self, node: Key, links: Sequence[Link]) -> int | None:
        """What a thing is worth to which nothing is carried: by its records, or by what it leads to."""
        kind, id_ = node
        if kind in ("plan", "pool", "shelf"):
            return self._pools.owed(id_) if self._direction == UP else self._worth_of_plans(kind, id_, links)
        stated, _, currency = self._worth.of(node)
        if stated is None and self._direction == DOWN and any(self.carries(link) for link in links):
            return sum(self._weight(node, None, link) or 0 for link in links if self.carries(link))
        return stated if currency == "CNY" else None

    def _worth_of_plans(self, kind: str, id_: str, links: Sequence[Link]) -> int:
        if kind == "pool":
            return self._pools.worth(id_).cover
        plans = [id_] if kind == "plan" else [link.far[1] for link in links if self.carries(link)]
        return sum(self._plan(plan) for plan in plans)

    def _plan(self, plan: str) -> int:
        """What holders are owed or what covers it, whichever is more, fen."""
        return self._pools.owed(plan) + self._pools.surplus(plan)

    def _broken_down(
        self, node: Key, amount: int | None, links: Sequence[tuple[int | None, Link]], parts: list[Part]
    ) -> list[tuple[int, int | None]]:
        """What each shown link carries; adds to ``parts`` what is left of every breakdown, and what is not listed."""
        groups: dict[tuple[str, str], list[tuple[int | None, Link]]] = {}
        unlisted: dict[str, int] = {}
        carried: list[tuple[int, int | None]] = []
        for place, link in links:
            if amount is not None and self.carries(link) and self._weight(node, amount, link) is not None:
                groups.setdefault(self._breakdowns[link.relation], []).append((place, link))
            elif place is not None:
                carried.append((place, None))
            else:
                unlisted[link.relation] = unlisted.get(link.relation, 0) + 1
        for (breakdown, left), group in groups.items():
            assert amount is not None
            weights = [self._weight(node, amount, link) or 0 for _, link in group]
            found, rest = broken_down(amount, self._whole(node, amount, breakdown, weights), weights)
            more = [each for (place, _), each in zip(group, found, strict=True) if place is None]
            carried += [(place, each) for (place, _), each in zip(group, found, strict=True) if place is not None]
            if more:
                parts.append(Part(breakdown=breakdown, name=MORE, amount=sum(more), count=len(more)))
            if rest:
                name = OVERLAP if rest < 0 and amount >= 0 else left
                parts.append(Part(breakdown=breakdown, name=name, amount=rest))
        if amount is not None and not groups:
            parts.append(Part(breakdown="own", name=self._ending(node), amount=amount))
        parts += [Part(breakdown=name, name=MORE, amount=None, count=count) for name, count in unlisted.items()]
        return carried

    def _ending(self, node: Key) -> str:
        """Why nothing carries an amount on from here."""
        found = self._things.one(node)
        if node in self._left and node[0] not in _ENDS:
            return "not_followed"
        if self._direction == DOWN and node[0] == "pool":
            return "cash"
        if self._direction == UP and isinstance(found, Output) and found.to_height is not None:
            return "redeemed"
        return "own"

    def _weight(self, node: Key, amount: int | None, link: Link) -> int | None:
        """What of the near thing's whole the link carries; None where nothing states it."""
        if link.relation in self._passed:
            return amount
        return self._upward(node, amount, link) if self._direction == UP else self._downward(node, amount, link)

    def _upward(self, node: Key, amount: int | None, link: Link) -> int | None:
        match link.relation:
            case "claims":
                return self._worth.claim(link.far[1], node[1])
            case "made_of":
                return self._made(node[1], link.far[1])
            case "secured_by":
                whole = self._worth.of(node)[0] if link.amount is None else link.amount
                return amount if whole is None else whole
            case "settles" | "collects" | "occupied_by":
                return link.amount
            case "issued_on":
                pieces = self._things.pieces([node[1]])[node[1]]
                return sum(one.amount for one in pieces if one.certificate == link.far[1] and not one.parents)
        return self._worth.of(link.far)[0]

    def _downward(self, node: Key, amount: int | None, link: Link) -> int | None:
        match link.relation:
            case "claims":
                return self._worth.claim(node[1], link.far[1])
            case "on_shelf":
                return self._plan(link.far[1])
            case "surplus_of":
                return self._pools.surplus(node[1])
            case "covered_by":
                return self._pools.covered(link.far[1]).get(node[1], 0)
            case "in_pool":
                return self._pools.worth(node[1]).assets[link.far[1]].owed
            case "held_by_pool" if link.far[0] == "receivable":
                return amount
            case "settles" | "collects" | "occupied_by":
                return link.amount
            case "secured_by" if link.amount is not None:
                return link.amount
        stated, _, currency = self._worth.of(link.far)
        return stated if currency == "CNY" else None

    def _made(self, output: str, child: str) -> int:
        one, other = self._things.of(Output, "output", output), self._things.of(Output, "output", child)
        return 0 if one is None or other is None else self._worth.siblings(one, other)

    def _whole(self, node: Key, amount: int, breakdown: str, weights: list[int]) -> int:
        """What the weights of a breakdown are parts of; may scale them, where they are only a proportion."""
        total = sum(max(weight, 0) for weight in weights)
        stated = self._worth.of(node)[0]
        if breakdown in ("tranches", "holders"):
            return total or 1
        if self._direction == DOWN:
            if breakdown in ("assets", "plans", "cover"):
                return self._own(node, ()) or 0 if breakdown != "plans" else total
            if breakdown in ("held", "made", "units", "issued") or stated is None:
                return total or 1
            if breakdown == "collateral" and node[0] == "financing":
                return max(total, 1) if total >= stated else stated
            return stated
        if breakdown in ("packed", "pooled", "owned", "pool", "plan", "shelf", "registered"):
            return amount
        return amount if stated is None else stated
