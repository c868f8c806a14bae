"""Looking through a thing of any kind: up or down, a member by role, a document by the papers around it."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.store import AsOf
from regulator.graph import Graph, direction_of, look_at_member, look_at_papers, look_down, look_up

__all__ = ["LIMIT", "look"]

LIMIT: Final = 20
"""Things listed below one, unless more are asked for."""


def look(
    facts: AsOf,
    kind: str,
    id_: str,
    *,
    direction: str | None = None,
    on: date | None = None,
    limit: int | None = LIMIT,
) -> Graph:
    """The thing looked through ``up`` or ``down`` (what its kind is for, unless said), or its ``papers``.

    Raises UnknownThing.
    """
    if kind == "member":
        return look_at_member(facts, id_, on=on, limit=limit)
    if direction == "papers" or (direction is None and kind == "document"):
        return look_at_papers(facts, kind, id_, on=on, limit=limit)
    through = look_up if (direction or direction_of(kind)) == "up" else look_down
    return through(facts, kind, id_, on=on, limit=limit)
