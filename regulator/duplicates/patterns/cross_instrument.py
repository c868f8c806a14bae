"""``duplicate.cross_instrument``: one asset is claimed by different parties through different instruments.

Definition: a live piece of its certificate is in one party's hands, or a pool or a financier holds it, while another
instrument (an active registration, a loan, a pool) claims the same for somebody who did not get it from there. Two of a
kind are other patterns: two financings ``exact_reuse``, two registrations ``priority_conflict``, two pools
``double_pool``.

Evidence: the lineage of the piece, the number of the registration, the records of loan and pool.

Lawful: one party with several instruments for one deal (transfer and pledge filed by the factor that bought the piece);
a plan's manager that files for the plan; the holder of the piece pledging it, filing it or selling it on.

Severity: HIGH where title went two ways: a piece or a pool against anything else; MEDIUM for a loan against another's
registration, which says only that both may ask for it. LOW for a registration left standing after what it secured was
repaid, and for a loan of the assignor that a pool is to take out (过桥融资) and that was not released yet.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

from regulator.duplicates.claims import Claim, Instrument, at_odds, compared
from regulator.duplicates.patterns.telling import told
from regulator.duplicates.view import View
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.cross_instrument"

_TITLE = (Instrument.CERTIFICATE, Instrument.POOL)
_SCORES = {Level.HIGH: 85, Level.MEDIUM: 60, Level.LOW: 25}


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    if len({claim.instrument for claim in view.claims}) < 2:
        return None
    pairs = [
        (one, other)
        for one, other in combinations(compared(view.claims), 2)
        if one.instrument is not other.instrument
        and not (one.bought and other.bought)
        and at_odds(one, other, view.worth)
    ]
    if not pairs:
        return None
    levels = [_level(*pair) for pair in pairs]
    level = max(levels, key=lambda each: each.rank)
    one, other = pairs[levels.index(level)]
    found = list({id(claim): claim for pair in pairs for claim in pair}.values())
    return told(
        RULE,
        view,
        found,
        level=level,
        score=_SCORES[level],
        amount=min(one.extent, other.extent),
        since=view.day_of([other]) or view.day_of([one]),
        first=one.thing,
        first_by=one.instrument.value,
        first_party=one.holder,
        last=other.thing,
        last_by=other.instrument.value,
        last_party=other.holder,
        claimed_fen=min(one.extent, other.extent),
    )


def _level(one: Claim, other: Claim) -> Level:
    if one.idle or other.idle:
        return Level.LOW
    taken_out = one.instrument is Instrument.FINANCING and other.instrument is Instrument.POOL
    if taken_out and one.giver == other.giver:
        return Level.LOW
    return Level.HIGH if one.instrument in _TITLE or other.instrument in _TITLE else Level.MEDIUM
