"""`glasspool look-through KIND ID`: up, down or around from any thing of the ledger, as a tree, JSON or GraphML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from portal.cli.files import whole
from regulator.graph import (
    direction_of,
    footing,
    graphml,
    look_at_member,
    look_at_papers,
    look_down,
    look_up,
)
from regulator.graph.text import lines, title
from regulator.graph.words import word

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from ledger.store import AsOf
    from regulator.graph import Graph
    from regulator.graph.text import Line

__all__ = ["as_json", "looked", "tree", "write_graphml"]


def looked(
    facts: AsOf, kind: str, id_: str, *, up: bool | None, on: date | None, offset: int, limit: int | None
) -> Graph:
    """What is asked for: a member by role and a document with the papers around it, unless a way is named.

    Raises UnknownThing.
    """
    if kind == "member":
        return look_at_member(facts, id_, on=on, offset=offset, limit=limit)
    if kind == "document" and up is None:
        return look_at_papers(facts, kind, id_, on=on, offset=offset, limit=limit)
    upward = direction_of(kind) == "up" if up is None else up
    look = look_up if upward else look_down
    return look(facts, kind, id_, on=on, offset=offset, limit=limit)


def as_json(graph: Graph) -> dict[str, object]:
    """The graph with where it does not add up: nowhere, unless the program is at fault."""
    differences = [
        {"node": one.node, "breakdown": one.breakdown, "amount": one.amount, "found": one.found}
        for one in footing(graph)
    ]
    return graph.as_json() | {"differences": differences}


def write_graphml(graph: Graph, file: Path) -> None:
    """Write the graph; raises PortalError ``file``."""
    with whole(file) as partial:
        partial.write_bytes(graphml(graph))


def tree(graph: Graph, language: str) -> Tree:
    """The graph as a tree on a terminal."""
    root: Tree | None = None
    branches: list[Tree] = []
    for line in lines(graph, language):
        label = _label(line)
        if root is None:
            told = f"{title(graph, language)} · {word('sign', 'records', language)}"
            heading = Text(f"{told}\n", no_wrap=False, overflow="fold")
            root = Tree(heading.append_text(label))
            branches = [root]
            continue
        del branches[line.depth :]
        branches.append(branches[-1].add(label))
    assert root is not None
    return root


def _label(line: Line) -> Text:
    label = Text(no_wrap=False, overflow="fold")
    if line.position:
        label.append(f"{line.position} ", style="dim")
    if line.relation:
        label.append(f"{line.relation} ", style="cyan")
    label.append(line.thing, style="bold")
    for text, style in ((line.amount, ""), (line.stated, "dim"), (line.about, ""), (line.remark, "yellow")):
        if text:
            label.append(f"  {text}", style=style)
    return label
