"""Asking for findings: what is looked for, and in which order it comes, as parts of an SQL statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from regulator.book.tables import FindingLinkRow, FindingRow, table_of
from regulator.signals import Level

__all__ = ["ORDERS", "Search", "clauses"]

_FOUND, _LINKS = table_of(FindingRow), table_of(FindingLinkRow)

_RANK: Final = sum((_FOUND.c.level == each.value).cast(_FOUND.c.score.type) * each.rank for each in Level)
ORDERS: Final[Mapping[str, Sequence[Any]]] = {
    "level": (_RANK, _FOUND.c.amount, _FOUND.c.score),
    "rule": (_FOUND.c.rule,),
    "amount": (_FOUND.c.amount,),
    "since": (_FOUND.c.since.is_not(None), _FOUND.c.since),
    "first_height": (_FOUND.c.first_height,),
}
"""What findings can be ordered by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a person looks for: ``text`` in ids, rules and subjects, in either case; or whatever names one of these."""

    text: str
    rules: Collection[str] = ()
    things: Collection[str] = ()


def clauses(
    rule: str | None, level: Level | None, about: Collection[str], standing: bool | None, search: Search | None
) -> Iterator[Any]:
    """Yield what must hold of a finding that is asked for; None and nothing ask for any."""
    if rule is not None:
        yield (_FOUND.c.rule == rule) | _FOUND.c.rule.startswith(f"{rule}.", autoescape=True)
    if level is not None:
        yield _FOUND.c.level == level.value
    for thing in about:
        yield _FOUND.c.id.in_(select(_LINKS.c.id).where(_LINKS.c.thing == thing))
    if search is not None:
        columns = (_FOUND.c.id, _FOUND.c.rule, _FOUND.c.subject)
        named = select(_LINKS.c.id).where(_LINKS.c.thing.in_(sorted(search.things)))
        yield or_(
            *(each.icontains(search.text, autoescape=True) for each in columns),
            _FOUND.c.rule.in_(sorted(search.rules)),
            _FOUND.c.id.in_(named),
        )
    if standing is not None:
        yield _FOUND.c.standing.is_(standing)
