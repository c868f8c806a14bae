"""Where the pieces of a certificate come from: read once, in the order in which they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from ledger.facts import Output

__all__ = ["Line", "lines_of", "made_of"]

FORKS: Final = 500
"""Pieces of a certificate that another is counted as a part of, the nearest ones."""


class Line(NamedTuple):
    """Where a piece of a certificate comes from."""

    owners: frozenset[str]
    """Who had it or what it was made from."""
    bought: dict[str, int]
    """By financier: the position at which it, or what it was made from, was first bought."""
    giver: str | None
    """Who had it last before its owner."""
    within: tuple[str, ...]
    """The pieces it is a part of, nearest first: of several that went into one record nobody can tell."""


def lines_of(outputs: Collection[Output], named: Collection[str]) -> dict[str, Line]:
    """Return by piece where it comes from; a piece is made after those it is made from.

    It is told as a part of such pieces only as others are a part of too, or as something is ``named`` on.
    """
    made = Counter(parent for one in outputs for parent in one.parents)
    forked = {*named, *(name for name, children in made.items() if children > 1)}
    owner = {one.id: one.owner for one in outputs}
    found: dict[str, Line] = {}
    for one in sorted(outputs, key=lambda each: (each.from_position, each.id)):
        parents = [parent for parent in one.parents if parent in found]
        before = [found[parent] for parent in parents]
        bought: dict[str, int] = {}
        for each in before:
            for financier, position in each.bought.items():
                bought[financier] = min(bought.get(financier, position), position)
        if one.financier is not None:
            bought.setdefault(one.financier, one.from_position)
        givers = [one.owner, *(owner[parent] for parent in parents), *(each.giver for each in before if each.giver)]
        within: tuple[str, ...] = ()
        if len(one.parents) == 1 and before:
            within = (*(each for each in parents if each in forked), *before[0].within)[:FORKS]
        found[one.id] = Line(
            owners=frozenset(one.owners).union(*(each.owners for each in before)),
            bought=bought,
            giver=next((each for each in givers if each != (one.co_owner or one.owner)), None),
            within=within,
        )
    return found


def made_of(outputs: Iterable[Output], pieces: Collection[str]) -> set[str]:
    """Return these pieces and all that was made of them."""
    found = set(pieces)
    for one in sorted(outputs, key=lambda each: each.from_position):
        if not found.isdisjoint(one.parents):
            found.add(one.id)
    return found
