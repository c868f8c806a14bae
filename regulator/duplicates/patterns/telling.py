"""How a pattern says what it found: the claims become parties, things and evidence of a signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, TypeVar

from ledger.facts import Fact
from regulator.duplicates.claims import Claim, Out
from regulator.duplicates.view import ALL, View
from regulator.signals import Level, Signal

__all__ = ["SHOWN", "ends", "first_of_each", "money_of", "money_on", "told"]

T = TypeVar("T")

SHOWN: Final = 400
"""Claims, things and records named in a finding: ten thousand claims on one thing make no endless one."""


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
    """Return the signal of a rule about the view's asset that rests on these claims, and on more where named.

    Its evidence holds the records by which the asset and what the claims are on became known. Of what is more than
    SHOWN the first and the last are named.
    """
    subject = view.subject
    shown = ends(sorted(claims, key=lambda claim: (claim.began, claim.thing, claim.target)))
    named = {claim.thing for claim in shown} | {claim.target for claim in shown} | set(things)
    records = {position for node in (subject, *named) for position in _known_by(view, node)}
    records |= {position for claim in shown for position in claim.evidence}
    return Signal(
        rule=rule,
        subject=subject,
        level=level,
        score=score,
        amount=max(amount, 0),
        since=since,
        parties=tuple(view.parties(claims) | set(parties)),
        things=ends(sorted(named - {subject})),
        evidence=ends(sorted(records.union(evidence))),
        details=tuple(sorted(details.items())),
    )


def money_on(claims: Iterable[Claim], node: str = ALL) -> int:
    """Return the money out on a node, fen: a financing on one thing counts once, and what a holder gave on."""
    out = Out()
    total = 0
    for claim in {(each.thing, each.target): each for each in claims if node in each.covers}.values():
        total = out.add(claim, claim.money_on(node))
    return total


def _known_by(view: View, node: str) -> tuple[int, ...]:
    """Return the position of the record by which an invoice, a receivable or the root of a piece became known."""
    kind, name = node.split(" ", 1)
    if kind == "output" and name in view.outputs:
        kind, name = "receivable", view.outputs[name].root
    rows = view.rows
    versions: Iterable[Fact] = rows.alone.get(node, ())
    if kind in ("invoice", "receivable"):
        versions = (rows.invoices if kind == "invoice" else rows.receivables).get(name, ())
    return tuple(one.from_position for one in versions if one.from_height <= view.height)[:1]


def ends(some: Sequence[T]) -> tuple[T, ...]:
    """Return the first and the last of what is more than SHOWN."""
    return (*some[: SHOWN // 2], *some[-SHOWN // 2 :]) if len(some) > SHOWN else tuple(some)


def first_of_each(claims: Iterable[Claim]) -> list[Claim]:
    """Return the first claim of every holder, in the order in which they began."""
    found: dict[str, Claim] = {}
    for claim in sorted(claims, key=lambda each: (each.began, each.thing, each.target)):
        found.setdefault(claim.holder, claim)
    return list(found.values())


def money_of(claims: Iterable[Claim]) -> int:
    """Return the money at stake in these claims on the asset, fen; one financing on one thing counts once."""
    return sum({(claim.thing, claim.target): claim.money or 0 for claim in claims}.values())
