"""``duplicate.priority_conflict``: two parties have active registrations (登记) on one asset.

Definition: at least two registrations that are active, of different secured parties, on the same asset, in force at the
same time, neither given by the other's holder.

Who comes first is told in the details. Of several factors or pledgees of one receivable (民法典 768; 担保制度解释 66):
the registered before the unregistered; of the registered, the one registered first; of the unregistered, the one whose
notice the debtor got first. Registrations are ordered by the time of filing (登记时间), then by the ledger. Whether the
later party searched, and when: before the first one had filed (a *stale* search, which could not find it), after it
(known, or missed by the search), or not at all.

Evidence: the registrations and the search.

Lawful: one party that files transfer and pledge; a factor's own pledgee; a registration that had expired when the other
was filed; an agreed second rank (第二顺位): the later one names the earlier in its description.

Severity: HIGH; LOW when the later party knew of the earlier by a search and filed behind it, or when the earlier was
left standing after what it secured was repaid. Amount: what the asset is worth, for which both ask.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations, islice
from typing import Final, NamedTuple

from ledger.business_day import business_day
from ledger.facts import Registration, RegistrationQuery
from regulator.duplicates.claims import Claim, Instrument, at_odds, compared
from regulator.duplicates.patterns.telling import told
from regulator.duplicates.view import View, current
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.priority_conflict"
NUMBER: Final = 6
"""Signs of a registration's number below which it is in any text by chance; the register's own have 20."""
SEARCHES: Final = 1_000
"""Searches of one party that are looked at, the last ones."""
PAIRS: Final = 500
"""Pairs at odds that are looked at, the first ones."""


Searches = defaultdict[str, list[tuple[bool, RegistrationQuery]]]
"""By party its searches, each with whether it was for a thing of the asset."""


class _Conflict(NamedTuple):
    earlier: Registration
    later: Registration
    claims: tuple[Claim, Claim]
    search: str
    """stale, known, missed or none."""
    query: RegistrationQuery | None
    level: Level


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    filed = [claim for claim in view.claims if claim.instrument is Instrument.REGISTRATION]
    if len({claim.holder for claim in filed}) < 2:
        return None
    searches = _searches(view)
    pairs = (pair for pair in combinations(compared(filed), 2) if at_odds(*pair, view.worth))
    conflicts = [found for pair in islice(pairs, PAIRS) if (found := _conflict(view, searches, *pair)) is not None]
    if not conflicts:
        return None
    worst = max(conflicts, key=lambda each: (each.level.rank, -each.later.filed_at.timestamp(), each.later.id))
    claims = list({id(claim): claim for each in conflicts for claim in each.claims}.values())
    query = worst.query
    return told(
        RULE,
        view,
        claims,
        level=worst.level,
        score=85 if worst.level is Level.HIGH else 25,
        amount=min(claim.extent for claim in worst.claims) if view.known else 0,
        since=business_day(worst.later.filed_at),
        evidence=[each.query.from_position for each in conflicts if each.query is not None],
        registrations=len({claim.thing for claim in claims}),
        first=worst.earlier.id,
        first_party=worst.earlier.secured_party,
        first_on=business_day(worst.earlier.filed_at).isoformat(),
        last=worst.later.id,
        last_party=worst.later.secured_party,
        last_on=business_day(worst.later.filed_at).isoformat(),
        search=worst.search,
        searched_on="" if query is None else business_day(query.queried_at).isoformat(),
    )


def _conflict(view: View, searches: Searches, one: Claim, other: Claim) -> _Conflict | None:
    """Return the conflict of two claims by registration; None when they are in order."""
    found = [(_registration(view, claim), claim) for claim in (one, other)]
    (earlier, first), (later, second) = sorted(
        found, key=lambda each: (each[0].filed_at, view.rows.registrations[each[0].id][0].from_position)
    )
    if business_day(later.filed_at) > earlier.expires_on or _names(later.description, earlier.id):
        return None
    search, query = _search(view, searches[later.secured_party], earlier, later)
    calm = search == "known" or first.idle
    level = Level.LOW if calm else Level.HIGH
    return _Conflict(earlier, later, (first, second), search, query, level)


def _names(text: str, number: str) -> bool:
    """Tell whether a text names a registration's number, and not one that it is a part of, nor by chance."""
    return len(number) >= NUMBER and re.search(rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])", text) is not None


def _registration(view: View, claim: Claim) -> Registration:
    found = current(view.rows.registrations[claim.thing.split(" ", 1)[1]], view.height)
    assert found is not None
    return found


def _searches(view: View) -> Searches:
    """Return by party its searches for the asset, or for somebody."""
    things = {node.split(" ", 1)[1] for node in (*view.nodes, *(claim.target for claim in view.claims))}
    found: Searches = defaultdict(list)
    for query in view.rows.queries:
        found[query.queried_by].append((query.subject in things, query))
    return found


def _search(
    view: View, searches: Sequence[tuple[bool, RegistrationQuery]], earlier: Registration, later: Registration
) -> tuple[str, RegistrationQuery | None]:
    """Return what the later party's last search before it filed could tell it: stale, known, missed or none."""
    filed = view.rows.registrations[later.id][0].from_position
    made = [
        query
        for of_it, query in searches[-SEARCHES:]
        if query.queried_at <= later.filed_at
        and query.from_position < filed  # what was recorded only later shows nothing
        and (of_it or query.subject in (later.debtor, earlier.debtor))
    ]
    if not made:
        return "none", None
    knew = [query for query in made if earlier.id in query.conflicts]
    if knew:
        return "known", max(knew, key=lambda query: (query.queried_at, query.from_position))
    last = max(made, key=lambda query: (query.queried_at, query.from_position))
    return ("stale" if last.queried_at < earlier.filed_at else "missed"), last
