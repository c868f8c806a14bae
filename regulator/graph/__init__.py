"""Look-through (穿透) as one value: a graph of things whose amounts add up at every level, as of a height."""

from __future__ import annotations

from regulator.graph.graphml import graphml
from regulator.graph.look import LIMIT, look_down, look_up
from regulator.graph.papers import look_at_papers
from regulator.graph.roles import look_at_member
from regulator.graph.subjects import KINDS, direction_of
from regulator.graph.value import MORE, OVERLAP, Difference, Edge, Graph, Node, Part, footing

__all__ = [
    "KINDS",
    "LIMIT",
    "MORE",
    "OVERLAP",
    "Difference",
    "Edge",
    "Graph",
    "Node",
    "Part",
    "direction_of",
    "footing",
    "graphml",
    "look_at_member",
    "look_at_papers",
    "look_down",
    "look_up",
]
