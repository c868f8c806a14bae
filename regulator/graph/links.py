"""The links that take more than one row to see: certificates and their pieces, pools, tranches, what was paid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ledger.facts import Distribution, Output, Plan, PoolAsset, Remittance, Tranche, within_plan
from regulator.graph.pools import Pools
from regulator.graph.things import Key, Things
from regulator.graph.ties import DOWN, Link

__all__ = ["Links"]


class Links:
    """What is next to the things of a wave, beyond the table of ties."""

    def __init__(self, things: Things, pools: Pools) -> None:
        self._things = things
        self._pools = pools

    def of(self, wave: Mapping[str, list[str]], direction: str) -> Iterator[Link]:
        """Yield the links upward or downward from the things of a wave, ids by kind."""
        for kind, look in (_DOWN if direction == DOWN else _UP).items():
            if kind in wave:
                for link in look(self, wave[kind]):
                    yield replace(link, upward=direction != DOWN)

    def above_receivables(self, ids: Sequence[str]) -> Iterator[Link]:
        """The certificates issued on them, and the pools that hold them without naming a piece."""
        pieces = self._things.pieces(ids)
        for id_ in ids:
            issued = {one.certificate: one for one in reversed(pieces[id_]) if not one.parents}
            for certificate, first in issued.items():
                yield _link(("receivable", id_), ("certificate", certificate), "issued_on", first.from_position)
        for asset in self._held(ids):
            if not _by_piece(asset, pieces[asset.asset]):
                yield _link(("receivable", asset.asset), ("asset", asset.id), "held_by_pool", asset.from_position)

    def above_certificates(self, ids: Sequence[str]) -> Iterator[Link]:
        """The outputs that their issue made."""
        for id_, pieces in self._issued(ids).items():
            for one in pieces:
                yield _link(("certificate", id_), ("output", one.id), "piece_of", one.from_position)

    def above_outputs(self, ids: Sequence[str]) -> Iterator[Link]:
        """What was made of them, which pools hold them, and who owns those that live."""
        outputs = [one for one in self._things.read("output", ids).values() if isinstance(one, Output)]
        pieces = self._things.pieces([one.root for one in outputs])
        assets = self._held([one.root for one in outputs])
        made = self._made_at([one.to_position for one in outputs if one.to_position is not None])
        for one in outputs:
            key = ("output", one.id)
            children = {each.id: each for each in (*pieces[one.root], *made) if one.id in each.parents}
            for child in children.values():
                yield _link(key, ("output", child.id), "made_of", child.from_position)
            for asset in assets:
                if one.held_by(asset):
                    named = one.id in asset.outputs
                    yield _link(key, ("asset", asset.id), "held_by_pool", asset.from_position, aside=not named)
            if one.to_height is None:
                for place, owner in enumerate(one.owners):
                    yield _link(key, ("member", owner), "owned_by", one.from_position, aside=place > 0)

    def above_assets(self, ids: Sequence[str]) -> Iterator[Link]:
        """The pool each is in, or was in."""
        for id_, one in self._things.read("asset", ids).items():
            if isinstance(one, PoolAsset):
                link = _link(("asset", id_), ("pool", one.plan), "in_pool", one.from_position)
                yield replace(link, ended=one.to_height is not None)

    def above_pools(self, ids: Sequence[str]) -> Iterator[Link]:
        """The plan of each."""
        for id_, plan in self._things.read("plan", ids).items():
            yield _link(("pool", id_), ("plan", id_), "pool_of", plan.from_position)

    def above_plans(self, ids: Sequence[str]) -> Iterator[Link]:
        """Their tranches."""
        for one in self._things.having(Tranche, "plan", ids):
            self._things.read("tranche", [one.id])
            yield _link(("plan", one.plan), ("tranche", one.id), "tranche_of", one.from_position)

    def beneath_plans(self, ids: Sequence[str]) -> Iterator[Link]:
        """Their tranches, and the pool for what it has beyond what holders are owed; aside, the cash in and out."""
        yield from self.above_plans(ids)
        for each in self._things.having(Remittance, "plan", ids):
            yield _link(("plan", each.plan), ("remittance", each.id), "received", each.from_position, aside=True)
        for paid in self._things.having(Distribution, "plan", ids):
            yield _link(("plan", paid.plan), ("distribution", paid.id), "paid_out", paid.from_position, aside=True)
        for id_ in ids:
            if isinstance(plan := self._things.read("plan", [id_]).get(id_), Plan):
                yield _link(("plan", id_), ("pool", id_), "surplus_of", plan.from_position)

    def beneath_tranches(self, ids: Sequence[str]) -> Iterator[Link]:
        """The pool that covers each."""
        for id_, one in self._things.read("tranche", ids).items():
            if isinstance(one, Tranche):
                yield _link(("tranche", id_), ("pool", one.plan), "covered_by", one.from_position)

    def beneath_pools(self, ids: Sequence[str]) -> Iterator[Link]:
        """The assets that are in it at the height, in the order in which they came."""
        for id_ in ids:
            for position, asset in self._pools.listed(id_):
                yield _link(("pool", id_), ("asset", asset), "in_pool", position)

    def beneath_assets(self, ids: Sequence[str]) -> Iterator[Link]:
        """The outputs by which an asset is held, or the receivable itself where none is."""
        assets = [one for one in self._things.read("asset", ids).values() if isinstance(one, PoolAsset)]
        self._things.read("output", [output for one in assets for output in one.outputs])
        for asset in assets:
            key, held = ("asset", asset.id), 0
            for id_ in dict.fromkeys(asset.outputs):
                output = self._things.of(Output, "output", id_)
                if output is not None and output.root == asset.asset:
                    held += 1
                    yield _link(key, ("output", id_), "held_by_pool", asset.from_position)
            if not held:
                yield _link(key, ("receivable", asset.asset), "held_by_pool", asset.from_position)

    def beneath_outputs(self, ids: Sequence[str]) -> Iterator[Link]:
        """The outputs it was made of, or the certificate where its issue made it."""
        for id_, one in self._things.read("output", ids).items():
            if isinstance(one, Output):
                for parent in dict.fromkeys(one.parents):
                    yield _link(("output", id_), ("output", parent), "made_of", one.from_position)
                if not one.parents:
                    yield _link(("output", id_), ("certificate", one.certificate), "piece_of", one.from_position)

    def beneath_distributions(self, ids: Sequence[str]) -> Iterator[Link]:
        """What was passed on to the plan by the day it was paid, and the tranche it was paid on."""
        for id_, one in self._things.read("distribution", ids).items():
            if not isinstance(one, Distribution):
                continue
            key, tranche = ("distribution", id_), ("tranche", within_plan(one.plan, one.tranche))
            yield _link(key, tranche, "paid_on", one.from_position, aside=True)
            yield _link(key, ("plan", one.plan), "paid_by", one.from_position, aside=True)
            for each in self._things.having(Remittance, "plan", [one.plan]):
                if each.remitted_on <= one.paid_on:
                    yield _link(key, ("remittance", each.id), "paid_from", each.from_position)

    def beneath_remittances(self, ids: Sequence[str]) -> Iterator[Link]:
        """The plan that it reached."""
        for id_, one in self._things.read("remittance", ids).items():
            if isinstance(one, Remittance):
                yield _link(("remittance", id_), ("plan", one.plan), "reached", one.from_position, aside=True)

    def _held(self, receivables: Sequence[str]) -> list[PoolAsset]:
        """The places of these receivables in pools, as of the height."""
        found = self._things.having(PoolAsset, "asset", receivables)
        return [one for one in found if one.to_height is None]

    def _issued(self, certificates: Sequence[str]) -> dict[str, list[Output]]:
        found = self._things.read("certificate", certificates)
        roots = {id_: str(getattr(one, "receivable", "")) for id_, one in found.items()}
        pieces = self._things.pieces(list(dict.fromkeys(roots.values())))
        return {
            id_: [one for one in pieces[root] if one.certificate == id_ and not one.parents]
            for id_, root in roots.items()
        }

    def _made_at(self, positions: Sequence[int]) -> list[Output]:
        """The outputs that these records made, of whatever receivable; their place is an index."""
        found = self._things.having(Output, "from_position", positions)
        self._things.read("output", [one.id for one in found])
        return found


Look = Callable[[Links, Sequence[str]], Iterator[Link]]

_UP: Final[Mapping[str, Look]] = {
    "receivable": Links.above_receivables,
    "certificate": Links.above_certificates,
    "output": Links.above_outputs,
    "asset": Links.above_assets,
    "pool": Links.above_pools,
    "plan": Links.above_plans,
}
_DOWN: Final[Mapping[str, Look]] = {
    "plan": Links.beneath_plans,
    "tranche": Links.beneath_tranches,
    "pool": Links.beneath_pools,
    "asset": Links.beneath_assets,
    "output": Links.beneath_outputs,
    "distribution": Links.beneath_distributions,
    "remittance": Links.beneath_remittances,
}


def _by_piece(asset: PoolAsset, pieces: Sequence[Output]) -> bool:
    return any(one.id in asset.outputs for one in pieces)


def _link(near: Key, far: Key, relation: str, position: int, *, aside: bool = False) -> Link:
    return Link(near=near, far=far, relation=relation, position=position, aside=aside)
