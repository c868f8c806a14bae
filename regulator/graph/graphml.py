"""A look-through as GraphML, for any program that draws graphs. Whatever a record says, the file is well-formed XML."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from regulator.graph.value import Graph, Node

__all__ = ["graphml"]

_NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not."""

_NODE: Final = {
    "kind": "string", "id": "string", "label": "string", "amount": "long", "stated": "long", "measure": "string",
    "currency": "string", "position": "string", "flow": "string", "missing": "boolean", "ended": "boolean",
    "parts": "string", "parties": "string", "details": "string",
}  # fmt: skip
_EDGE: Final = {
    "relation": "string", "breakdown": "string", "amount": "long", "position": "string", "ended": "boolean",
}  # fmt: skip
_GRAPH: Final = {"subject": "string", "direction": "string", "height": "long", "block_hash": "string", "on": "string"}


def graphml(graph: Graph) -> bytes:
    """The graph as a GraphML document in UTF-8. Node ids are ``<kind> <id>``; amounts are fen.

    Characters that XML cannot hold become U+FFFD. A value that is not there has no ``data``.
    """
    root = Element("graphml", {"xmlns": _NAMESPACE})
    for domain, columns in (("graph", _GRAPH), ("node", _NODE), ("edge", _EDGE)):
        for name, kind in columns.items():
            stated = {"id": f"{domain}_{name}", "for": domain, "attr.name": name, "attr.type": kind}
            SubElement(root, "key", stated)
    drawn = SubElement(root, "graph", {"edgedefault": "directed"})
    for name in _GRAPH:
        _data(drawn, "graph", name, getattr(graph, name))
    ids = _ids(graph)
    for node in graph.nodes:
        element = SubElement(drawn, "node", {"id": ids[node.key]})
        for name in _NODE:
            _data(element, "node", name, _value(node, name))
    for number, edge in enumerate(graph.edges):
        ends = {"id": f"e{number}", "source": ids[edge.source], "target": ids[edge.target]}
        element = SubElement(drawn, "edge", ends)
        for name in _EDGE:
            _data(element, "edge", name, getattr(edge, name))
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _ids(graph: Graph) -> dict[str, str]:
    """A name for each node that XML can hold, and no two alike."""
    taken: dict[str, str] = {}
    used: set[str] = set()
    for node in graph.nodes:
        name = _FORBIDDEN.sub("\ufffd", node.key)
        while name in used:
            name += "\ufffd"
        used.add(name)
        taken[node.key] = name
    return taken


def _value(node: Node, name: str) -> object:
    if name == "parts":
        return "; ".join(f"{one.breakdown}/{one.name}={one.amount}" for one in node.parts) or None
    if name in ("parties", "details"):
        return "; ".join(f"{one}={value}" for one, value in getattr(node, name)) or None
    return getattr(node, name)


def _data(parent: Element, domain: str, name: str, value: object) -> None:
    if value is None or value == "":
        return
    element = SubElement(parent, "data", {"key": f"{domain}_{name}"})
    text = str(value).lower() if isinstance(value, bool) else str(value)
    element.text = _FORBIDDEN.sub("\ufffd", text)
