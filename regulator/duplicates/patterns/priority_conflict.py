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

from itertools import combinations
from typing import Final, NamedTuple

from ledger.business_day import business_day
from ledger.facts import Registration, RegistrationQuery
from regulator.duplicates.claims import Claim, Instrument, rivals
from regulator.duplicates.patterns.telling import told
from regulator.duplicates.view import View, current
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.priority_conflict"
PAIRS: Final = 500
"""Pairs looked at, the first ones."""


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
    conflicts = [
        found
        for pair in list(combinations(filed, 2))[:PAIRS]
        if rivals(pair, view.worth) and (found := _conflict(view, *pair)) is not None
    ]
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


def _conflict(view: View, one: Claim, other: Claim) -> _Conflict | None:
    """Return the conflict of two claims by registration; None when they are in order."""
    found = [(_registration(view, claim), claim) for claim in (one, other)]
    (earlier, first), (later, second) = sorted(
        found, key=lambda each: (each[0].filed_at, view.rows.registrations[each[0].id][0].from_position)
    )
    if business_day(later.filed_at) > earlier.expires_on or earlier.id in later.description:
        return None
    search, query = _search(view, earlier, later)
    calm = search == "known" or first.idle
    level = Level.LOW if calm else Level.HIGH
    return _Conflict(earlier, later, (first, second), search, query, level)


def _registration(view: View, claim: Claim) -> Registration:
    found = current(view.rows.registrations[claim.thing.split(" ", 1)[1]], view.height)
    assert found is not None
    return found


def _search(view: View, earlier: Registration, later: Registration) -> tuple[str, RegistrationQuery | None]:
    """Return what the later party's last search before it filed could tell it: stale, known, missed or none."""
    filed = view.rows.registrations[later.id][0].from_position
    names = {node.split(" ", 1)[1] for node in (*view.nodes, *(claim.target for claim in view.claims))}
    made = [
        query
        for query in view.rows.queries
        if query.queried_by == later.secured_party
        and query.queried_at <= later.filed_at
        and query.from_position < filed  # what was recorded only later shows nothing
        and query.subject in names | {later.debtor, earlier.debtor}
    ]
    if not made:
        return "none", None
    knew = [query for query in made if earlier.id in query.conflicts]
    if knew:
        return "known", max(knew, key=lambda query: (query.queried_at, query.from_position))
    last = max(made, key=lambda query: (query.queried_at, query.from_position))
    return ("stale" if last.queried_at < earlier.filed_at else "missed"), last
