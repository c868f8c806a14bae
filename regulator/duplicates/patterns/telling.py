"""How a pattern says what it found: the claims become parties, things and evidence of a signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from regulator.duplicates.claims import Claim
from regulator.duplicates.view import View
from regulator.signals import Level, Signal

__all__ = ["first_of_each", "money_of", "told"]


def told(
    rule: str,
    view: View,
    claims: Sequence[Claim],
    *,
    level: Level,
    score: int,
    amount: int,
    since: date | None,
    evidence: Iterable[int] = (),
    things: Iterable[str] = (),
    parties: Iterable[str] = (),
    **details: int | str,
) -> Signal:
    """Return the signal of a rule about the view's asset that rests on these claims, and on more where named."""
    subject = view.subject
    named = {claim.thing for claim in claims} | {claim.target for claim in claims} | set(things)
    return Signal(
        rule=rule,
        subject=subject,
        level=level,
        score=score,
        amount=max(amount, 0),
        since=since,
        parties=tuple(view.parties(claims) | set(parties)),
        things=tuple(named - {subject}),
        evidence=(*evidence, *(position for claim in claims for position in claim.evidence)),
        details=tuple(sorted(details.items())),
    )


def first_of_each(claims: Iterable[Claim]) -> list[Claim]:
    """Return the first claim of every holder, in the order in which they began."""
    found: dict[str, Claim] = {}
    for claim in sorted(claims, key=lambda each: (each.began, each.thing, each.target)):
        found.setdefault(claim.holder, claim)
    return list(found.values())


def money_of(claims: Iterable[Claim]) -> int:
    """Return the money at stake in these claims on the asset, fen; one financing on one thing counts once."""
    return sum({(claim.thing, claim.target): claim.money or 0 for claim in claims}.values())
