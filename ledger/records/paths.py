"""Things that go along a path: for each status, the acts that may follow it, as a small table per noun."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.finding import Code
    from ledger.projection import Projection

__all__ = ["Paths", "Staged", "follow", "since"]

Paths = dict[str, set[str]]
"""For each status the acts it allows, by the second half of their kind: ``order.locked`` is ``locked``."""


class Staged(Protocol):
    """A fact with a status and the day of the last record about it."""

    label: ClassVar[str]
    id: str
    from_position: int
    status: str
    changed_on: date


def since(facts: Projection, day: date) -> date:
    """Return a stated day as others are measured against it: one in the future is told once, not held against them."""
    return min(day, facts.record.business_day)


def follow(facts: Projection, thing: Staged, at: date, paths: Mapping[str, set[str]], code: Code) -> date:
    """Report an act that the status of a thing does not allow, or whose day stands wrong; return the day it changed."""
    act = facts.record.kind.partition(".")[2]
    noun = thing.label.replace("_", " ")
    if act not in paths[thing.status]:
        facts.finding(
            code,
            f"A {thing.status} {noun} cannot be {act}",
            subject=f"{thing.label} {thing.id}",
            others=[thing.from_position],
            status=thing.status,
        )
    facts.dated(f"a {noun} is {act} before that is recorded", at, facts.record.business_day)
    facts.dated(f"a {noun} is {act} after what happened to it before", thing.changed_on, at)
    return max(thing.changed_on, since(facts, at))
