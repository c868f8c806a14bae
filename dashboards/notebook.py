"""The way in for a notebook: a desk over the node's database, and the pages as the last expression of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import holoviews as hv
import panel as pn

from dashboards.desk import REGULATOR, Actor, Desk
from dashboards.look import LIMIT, look
from dashboards.pool_page import PoolPage
from dashboards.texts import Language
from ledger.store import Store
from regulator.graph import Graph
from regulator.graph.text import html, lines, title

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LookedThrough", "look_through", "open_desk", "pool_page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedThrough:
    """A look-through as the last expression of a cell: the tree with amounts and records; ``graph`` is its value."""

    graph: Graph
    language: Language = Language.ZH

    def __repr__(self) -> str:
        return title(self.graph, self.language)

    def _repr_html_(self) -> str:
        return html(self.graph, self.language)

    def element(self) -> hv.Graph:
        """The graph drawn, from left to right as it is followed; hover says what a thing is and what it carries."""
        places: dict[str, tuple[int, int]] = {}
        for row, line in enumerate(lines(self.graph, self.language)):
            if line.node is not None:
                places.setdefault(line.node, (line.depth, -row))
        nodes = [node for node in self.graph.nodes if node.key in places]
        number = {node.key: place for place, node in enumerate(nodes)}
        drawn = [
            (*places[node.key], number[node.key], node.kind, node.label, node.amount if node.amount is not None else -1)
            for node in nodes
        ]
        edges = [
            (number[edge.source], number[edge.target], edge.relation)
            for edge in self.graph.edges
            if edge.source in number and edge.target in number
        ]
        shown = hv.Nodes(drawn, ["x", "y", "index"], ["kind", "label", "amount"])
        return hv.Graph((edges, shown), vdims=["relation"])


def look_through(
    store: Store,
    kind: str,
    id_: str,
    *,
    direction: str | None = None,
    height: int | None = None,
    on: date | None = None,
    limit: int | None = LIMIT,
    language: Language = Language.ZH,
) -> LookedThrough:
    """A thing looked through ``up`` or ``down`` (what its kind is for, unless said), a member by role, a document's
    ``papers``. Raises UnknownThing.
    """
    graph = look(store.at(height), kind, id_, direction=direction, on=on, limit=limit)
    return LookedThrough(graph=graph, language=language)


def open_desk(database: str | Path, *, actor: Actor = REGULATOR) -> Desk:
    """A desk over the database at a path or URL; pages then show in cells, with scripts that come from this machine.

    Raises Unknown or StoreUnavailable when there is no usable database.
    """
    pn.extension(inline=True)
    return Desk(Store.open(database), actor)


def pool_page(desk: Desk, plan: str, *, on: date | None = None, language: Language = Language.ZH) -> PoolPage:
    """The pool page of a plan, read and ready to be shown. Raises UnknownPlan."""
    page = PoolPage(desk, plan, on=on, language=language)
    page.load()
    return page
