"""``duplicate.over_financed``: the active financings of an asset come to more than is left of it.

Definition, event by event: when a financing begins, the money of those that are active with it must fit into face
minus what the debtor paid before that record, minus what was taken off by now: the larger of adjustments and credit
notes, which are two records of one reduction. Faces include tax: what a loan is measured by is what the debtor owes.
Money of a loan on several things falls on each by its worth; on a package, on each invoice by its face. Asked of the
whole asset and of each receivable and piece.

Payments after a financing began do not count: they are what it is repaid from. A red-flushed invoice does not either:
that is ``duplicate.red_after_finance``.

Evidence: every financing, the payments and reductions.

Lawful: parts within the face; what a factor refinances of what it bought counts once; an undrawn twin of a financing
(the same party, money and thing) is a retry; what nobody can measure is not summed; one loan on a bill or an order
beyond its face, for which more may stand than the ledger shows.

Severity: HIGH when it was too much when it began; LOW when only later reductions made it so (稀释). Amount: the excess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regulator.duplicates.claims import Claim
from regulator.duplicates.patterns.telling import told
from regulator.duplicates.view import ALL, VOID, View, begun
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.over_financed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excess:
    amount: int
    active: int
    face: int
    reduced: int
    paid: int
    claims: tuple[Claim, ...]
    later: bool
    """Only because of what was taken off later."""


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    claims = _counted([claim for claim in view.claims if claim.bought and claim.money])
    trade = view.invoices or view.receivables
    if not view.known or (not trade and len({claim.thing for claim in claims}) < 2):
        return None
    excesses = [found for node in _nodes(claims) if (found := _exceeds(view, node, claims)) is not None]
    if not excesses:
        return None
    found = max(excesses, key=lambda each: (not each.later, each.amount))
    last = found.claims[-1]
    return told(
        RULE,
        view,
        found.claims,
        level=Level.LOW if found.later else Level.HIGH,
        score=40 if found.later else 90,
        amount=found.amount,
        since=view.day_of([last]),
        evidence=[one.from_position for one in begun(view.rows.settlements, view.height)] if found.paid else (),
        financings=len({claim.thing for claim in found.claims}),
        last_party=last.holder,
        active_fen=found.active,
        face_fen=found.face,
        reduced_fen=found.reduced,
        paid_fen=found.paid,
        excess_fen=found.amount,
    )


def _counted(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims whose money counts, in order: none within another's, no undrawn twin."""
    holders = {claim.holder for claim in claims}
    found: list[Claim] = []
    seen: set[tuple[str, str, int | None]] = set()
    for claim in sorted(claims, key=lambda each: (each.began, each.thing, each.target)):
        twin = (claim.holder, claim.target, claim.money)
        if claim.givers.isdisjoint(holders - {claim.holder}) and not (twin in seen and not claim.drawn):
            found.append(claim)
        seen.add(twin)
    return found


def _nodes(claims: Sequence[Claim]) -> list[str]:
    return list(dict.fromkeys(node for claim in claims for node in claim.covers))


def _exceeds(view: View, node: str, claims: Sequence[Claim]) -> _Excess | None:
    """Return the excess over a node, the worst of those with which some financing began."""
    mine = [claim for claim in claims if node in claim.covers]
    reduced, active = _reduced(view, node), 0
    worst: _Excess | None = None
    for at, claim in enumerate(mine):
        active += claim.money or 0
        face, paid = _face(view, node), _paid(view, node, claim.began)
        if active > face - reduced - paid:
            later = active <= face - _reduced(view, node, claim.began) - paid
            found = _Excess(
                amount=active - max(face - reduced - paid, 0),
                active=active,
                face=face,
                reduced=reduced,
                paid=paid,
                claims=tuple(mine[: at + 1]),
                later=later,
            )
            if worst is None or (not found.later, found.amount) > (not worst.later, worst.amount):
                worst = found
    return worst


def _face(view: View, node: str) -> int:
    kind, _, name = node.partition(" ")
    return view.receivables[name].amount if kind == "receivable" and name in view.receivables else view.worth[node]


def _within(view: View, node: str) -> list[str]:
    """Return the receivables of a node; none for a part of one, whose payments and reductions are not its own."""
    kind, _, name = node.partition(" ")
    if node == ALL:
        return list(view.receivables)
    return [name] if kind == "receivable" else []


def _paid(view: View, node: str, before: int) -> int:
    names = set(_within(view, node))
    paid = sum(one.amount for one in view.rows.settlements if one.receivable in names and one.from_position < before)
    return min(paid, _face(view, node))


def _reduced(view: View, node: str, before: int | None = None) -> int:
    """Return what was taken off: by adjustments of receivables, or by credit notes, whichever is more."""
    adjusted = 0
    for name in _within(view, node):
        versions = [
            one
            for one in begun(view.rows.receivables[name], view.height)
            if before is None or one.from_position < before
        ]
        adjusted += max(-(versions[-1].adjusted + versions[-1].netted), 0) if versions else 0
    return max(adjusted, _credited(view, before) if node == ALL else 0)


def _credited(view: View, before: int | None) -> int:
    total = 0
    for name, invoice in view.invoices.items():
        if invoice.status in VOID or name not in view.faces:
            continue
        notes = [
            versions[0]
            for versions in view.rows.notes.values()
            if versions[0].from_height <= view.height
            and (before is None or versions[0].from_position < before)
            and versions[0].amount_including_tax < 0
            and name in versions[0].refers_to
        ]
        total += min(-sum(note.amount_including_tax for note in notes), view.faces[name])
    return total
