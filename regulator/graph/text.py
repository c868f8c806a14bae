"""A look-through as lines to read: a tree from its subject, each thing once, amounts in yuan, nothing cut silently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from abs.money import yuan_text
from regulator.graph.value import MORE, Edge, Graph, Node, Part, footing
from regulator.graph.words import WORDS, relation, word

__all__ = ["Line", "html", "lines", "title"]

_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that move a cursor, turn the writing round or show nothing: none belongs into a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the tree: ``depth`` below the subject, how it is related, what it is, and amounts as text.

    ``amount`` is what the look-through carries here, ``stated`` what the thing is worth by its records, where that is
    another amount; ``remark`` is what a reader must not miss.
    """

    depth: int
    relation: str
    thing: str
    about: str = ""
    amount: str = ""
    stated: str = ""
    remark: str = ""
    position: str = ""
    node: str | None = None


def title(graph: Graph, language: str) -> str:
    """What is looked through, which way, as of when, and whether it adds up."""
    subject = graph.node(graph.subject)
    verdict = word("sign", "differs" if footing(graph) else "foots", language)
    seen = f"{word('sign', 'height', language)} {graph.height} · {word('sign', 'on', language)} {graph.on}"
    return f"{_named(subject, graph, language)} · {word('direction', graph.direction, language)} · {seen} · {verdict}"


def lines(graph: Graph, language: str) -> Iterator[Line]:
    """The tree, the subject first; a thing that was shown before is named again and not unfolded again."""
    nodes = {node.key: node for node in graph.nodes}
    leaving = graph.leaving()
    seen: set[str] = set()
    # A stack, as a chain of papers may be longer than Python's.
    waiting: list[tuple[int, Edge | None, Part | None, str]] = [(0, None, None, graph.subject)]
    while waiting:
        depth, edge, part, key = waiting.pop()
        if part is not None:
            yield _part_line(depth, part, language)
            continue
        node = nodes[key]
        again = key in seen and bool(leaving.get(key) or node.parts)
        yield _line(depth, edge, node, graph, language, again=again, unfolded=bool(leaving.get(key) or node.parts))
        if key in seen:
            continue
        seen.add(key)
        below: list[tuple[int, Edge | None, Part | None, str]] = [
            (depth + 1, each, None, each.target) for each in leaving.get(key, ()) if each.target in nodes
        ]
        below += [(depth + 1, None, each, key) for each in node.parts if not _self_evident(each, node)]
        waiting.extend(reversed(below))


def _self_evident(part: Part, node: Node) -> bool:
    """Tell a part that says no more than that nothing follows."""
    return part.name == "listed" or (part.name == "own" and part.amount == node.amount)


def _line(
    depth: int, edge: Edge | None, node: Node, graph: Graph, language: str, *, again: bool, unfolded: bool
) -> Line:
    carried = node.amount if edge is None or edge.amount is None else edge.amount
    remarks = [word("sign", "missing", language)] if node.missing else []
    if node.ended or (edge is not None and edge.ended):
        remarks.append(word("sign", "ended", language))
    shown = node.amount is not None and (edge is None or edge.amount is not None)
    if again:
        remarks.append(word("sign", "again", language))
    elif shown and unfolded and node.amount is not None and node.amount != carried:
        remarks.append(f"{word('sign', 'in_all', language)} {yuan_text(node.amount)}")
    stated = "" if node.stated is None or (shown and node.stated == carried) else _money(node.stated, node.currency)
    if stated and node.measure:
        stated = f"{word('measure', node.measure, language)} {stated}"
    return Line(
        depth=depth,
        relation="" if edge is None or node.kind == "role" else _relation(edge, graph, language),
        thing=_named(node, graph, language),
        about=_about(node, graph, language),
        amount=yuan_text(carried) if shown and carried is not None else "",
        stated=stated,
        remark=" · ".join(remarks),
        position=node.position or "",
        node=node.key,
    )


def _relation(edge: Edge, graph: Graph, language: str) -> str:
    if graph.direction == "party":
        return word("role", edge.relation, language)
    return relation(edge.relation, language, upward=edge.upward)


def _part_line(depth: int, part: Part, language: str) -> Line:
    told = word("part", part.name, language)
    if part.count is not None and part.name == MORE:
        told = f"{told} {part.count:,} {word('sign', 'things', language)}"
    return Line(depth=depth, relation="", thing=told, amount="" if part.amount is None else yuan_text(part.amount))


def _named(node: Node, graph: Graph, language: str) -> str:
    coded = node.kind in WORDS
    label = word(node.kind, node.label, language) if coded else graph.names.get(node.id, node.label)
    known = "" if node.kind == "role" or label == node.id else f" {node.id}"
    return plain(f"{word('kind', node.kind, language)} {label}{known}")


def _about(node: Node, graph: Graph, language: str) -> str:
    told = [f"{word('role', role, language)} {graph.names.get(who, who)}" for role, who in node.parties[:2]]
    flow = [] if node.flow is None or graph.direction != "papers" else [word("flow", node.flow, language)]
    return plain(" · ".join([*flow, *told]))


def _money(amount: int, currency: str) -> str:
    return yuan_text(amount) if currency == "CNY" else f"{currency} {yuan_text(amount)}"


def plain(text: str) -> str:
    """The text without characters that move a cursor or turn the writing round."""
    return _UNSEEN.sub("\ufffd", text)


def html(graph: Graph, language: str) -> str:
    """The tree as a table for a notebook: plain HTML, every text escaped; each cell knows its column's head."""
    heads = [escape(word("sign", name, language)) for name in ("role", "thing", "amount", "stated", "record")]
    head = "".join(f"<th>{each}</th>" for each in heads)
    body = "".join(_row(line, heads) for line in lines(graph, language))
    return (
        f"<table><caption>{escape(title(graph, language))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(line: Line, heads: Sequence[str]) -> str:
    cells: Sequence[tuple[str, str]] = (
        (line.relation, f"padding-left:{line.depth + 0.5}em;text-align:left"),
        (" · ".join(each for each in (line.thing, line.about, line.remark) if each), "text-align:left"),
        (line.amount, "text-align:right"),
        (line.stated, "text-align:right"),
        (line.position, "text-align:left"),
    )
    drawn = (
        f'<td data-head="{head}" style="{style}">{escape(text)}</td>'
        for head, (text, style) in zip(heads, cells, strict=True)
    )
    return f'<tr style="--depth:{line.depth}">{"".join(drawn)}</tr>'
