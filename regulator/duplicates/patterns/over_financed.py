"""``duplicate.over_financed``: the active financings of an asset come to more than is left of it.

Definition, event by event: when a financing begins, the money of those that are active with it must fit into face
minus what the debtor paid before that record, minus what was taken off by now: the larger of adjustments and credit
notes, which are two records of one reduction. Faces include tax: what a loan is measured by is what the debtor owes.
Money of a loan on several things falls on each by its worth; on a package, on each invoice by its face. Asked of the
whole asset and of each receivable, piece and invoice: of what is lent on a receivable, an invoice beneath it bears what
the others cannot.

Payments after a financing began do not count: they are what it is repaid from. A red-flushed invoice does not either:
that is ``duplicate.red_after_finance``. What was taken off a receivable because all its invoices were red-flushed is
owed again on those issued in their place, and counts for that receivable alone. Adjustments of a receivable that is for
more than the invoices beneath it come off that excess first.

Evidence: every financing, the payments and reductions.

Lawful: parts within the face; what a factor refinances counts once, up to what it has out itself; an undrawn twin of a
financing (the same party, money and thing) is a retry; what nobody can measure is not summed; one loan on a bill or an
order beyond its face, for which more may stand than the ledger shows.

Severity: HIGH when it was too much when it began; LOW when only later reductions made it so (稀释). Amount: the excess.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from regulator.duplicates.claims import Claim, Out
from regulator.duplicates.patterns.telling import told
from regulator.duplicates.view import ALL, VOID, View, begun
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.over_financed"
NEVER: Final = 2**63
"""A position after all."""


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
    claims = _counted(view, [claim for claim in view.claims if claim.bought and claim.money])
    trade = view.invoices or view.receivables
    if not view.known or (not trade and len({claim.thing for claim in claims}) < 2):
        return None
    by_node: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        for node in claim.covers:
            by_node[node].append(claim)
    excesses = [found for node, some in by_node.items() if (found := _exceeds(view, node, some)) is not None]
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
        evidence=_paying(view, last.began) if found.paid else (),
        financings=len({claim.thing for claim in found.claims}),
        last_party=last.holder,
        active_fen=found.active,
        face_fen=found.face,
        reduced_fen=found.reduced,
        paid_fen=found.paid,
        excess_fen=found.amount,
    )


def _paying(view: View, before: int) -> list[int]:
    return [one.from_position for one in begun(view.rows.settlements, view.height) if one.from_position < before]


def _counted(view: View, claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims whose money counts, in order: of twins those that were drawn, else the first."""
    found: list[Claim] = []
    seen = {(claim.holder, _trade(view, claim), claim.money) for claim in claims if claim.drawn}
    for claim in sorted(claims, key=lambda each: (each.began, each.thing, each.target)):
        twin = (claim.holder, _trade(view, claim), claim.money)
        if claim.drawn or twin not in seen:
            found.append(claim)
        seen.add(twin)
    return found


def _trade(view: View, claim: Claim) -> frozenset[str]:
    """Return what a claim is on: where something was issued anew, the invoices that count, whatever ids it names."""
    anew = {view.key_node(name) for name in view.replaced}
    if anew.isdisjoint(claim.covers):
        return frozenset((claim.target,))
    return frozenset(node for node in claim.covers if node.startswith("key "))


def _exceeds(view: View, node: str, claims: Sequence[Claim]) -> _Excess | None:
    """Return the excess over a node, the worst of those with which some financing began."""
    face, within = _face(view, node), _within(view, node)
    paid, taken = _paid(view, within), _taken_off(view, node, within)
    reduced = taken.by(NEVER)
    money = [_money(view, claim, node) for claim in claims]
    if sum(money) <= face - reduced - min(paid.by(NEVER), face):
        return None
    worst: tuple[bool, int, int, int, int] | None = None
    out = Out()
    for at, claim in enumerate(claims):
        active = out.add(claim, money[at])
        before = min(paid.by(claim.began), face)
        excess = active - max(face - reduced - before, 0)
        if active > face - reduced - before:
            later = active <= face - taken.by(claim.began) - before
            if worst is None or (not later, excess) > worst[:2]:
                worst = not later, excess, at, active, before
    if worst is None:
        return None
    first, excess, at, active, before = worst
    return _Excess(
        amount=excess,
        active=active,
        face=face,
        reduced=reduced,
        paid=before,
        claims=tuple(claims[: at + 1]),
        later=not first,
    )


def _face(view: View, node: str) -> int:
    """Return what a node was for before anything was taken off."""
    kind, _, name = node.partition(" ")
    if node == ALL and view.receivables:
        return sum(view.faces.values()) + sum(view.beyond(each, one.amount) for each, one in view.receivables.items())
    return view.receivables[name].amount if kind == "receivable" and name in view.receivables else view.worth[node]


def _money(view: View, claim: Claim, node: str) -> int:
    """Return how much of a claim's money rests on a node: what a receivable was beyond its invoices then bore some."""
    kind, _, name = claim.target.partition(" ")
    name = view.outputs[name].root if kind == "output" else name
    money = claim.money_on(node)
    if not money or not node.startswith("key ") or kind == "invoice" or name not in view.receivables:
        return money
    versions = begun(view.rows.receivables[name], view.height)
    then = [one.claimed for one in versions if one.from_position < claim.began] or [versions[0].claimed]
    gone = view.beyond(name, then[-1]) - view.beyond(name, view.receivables[name].claimed)
    return max(money - max(gone, 0), 0)


def _within(view: View, node: str) -> list[str]:
    """Return the receivables of a node; none for a part of one, whose payments and reductions are not its own."""
    kind, _, name = node.partition(" ")
    if node == ALL:
        return list(view.receivables)
    if kind == "key":
        return [each for each in _tied(view, name) if view.beneath(each).keys() == {node}]
    return [name] if kind == "receivable" else []


def _tied(view: View, invoice: str) -> set[str]:
    """Return the receivables on an invoice, under whatever ids it is known."""
    key = view.keys[invoice]
    twins = [each for each, its in view.keys.items() if its == key]
    return {each for twin in twins for each in view.resting.get(twin, ())}


class _Course:
    """An amount as it changed from record to record."""

    def __init__(self, changes: Iterable[tuple[int, str, int]]) -> None:
        """Take ``(position, what of, its amount from there on)``; the amount is the sum over all."""
        self._positions: list[int] = []
        self._sums: list[int] = []
        last: dict[str, int] = {}
        total = 0
        for position, name, amount in sorted(changes):
            total += amount - last.get(name, 0)
            last[name] = amount
            self._positions.append(position)
            self._sums.append(total)

    def by(self, position: int) -> int:
        """Return what it was before a position."""
        at = bisect_left(self._positions, position)
        return self._sums[at - 1] if at else 0


@dataclass(frozen=True, slots=True)
class _Taken:
    adjusted: _Course
    credited: _Course
    beyond: int
    """What receivables were for beyond the face: adjustments come off that first."""

    def by(self, position: int) -> int:
        """Return what was taken off before a position: by adjustments or by credit notes, whichever is more."""
        return max(self.adjusted.by(position) - self.beyond, self.credited.by(position))


def _paid(view: View, receivables: Sequence[str]) -> _Course:
    names = set(receivables)
    return _Course(
        (one.from_position, f"{one.from_position} {at}", one.amount)
        for at, one in enumerate(begun(view.rows.settlements, view.height))
        if one.receivable in names
    )


def _taken_off(view: View, node: str, receivables: Sequence[str]) -> _Taken:
    """Return what was taken off; what went with an invoice is there again in the one that was issued in its place."""
    whole = [name for name in receivables if node != f"receivable {name}" and _issued_anew(view, name)]
    adjusted = _Course(
        (one.from_position, name, max(-(one.adjusted + one.netted), 0))
        for name in set(receivables).difference(whole)
        for one in begun(view.rows.receivables[name], view.height)
    )
    beyond = _beyond(view, node) if adjusted.by(NEVER) else 0
    return _Taken(adjusted, _Course(_credited(view, node)), beyond)


def _beyond(view: View, node: str) -> int:
    """Return by how much the receivables on a node were for more than that before anything was taken off.

    Of what is owed on several invoices, each bears what the others cannot.
    """
    kind, _, name = node.partition(" ")
    if kind == "receivable":
        return 0
    total = 0
    for each in view.receivables if node == ALL else _tied(view, name):
        beneath = view.beneath(each)
        if not _issued_anew(view, each):
            beside = 0 if node == ALL else sum(beneath.values()) - beneath[node]
            total += max(view.receivables[each].amount - beside, 0)
    return max(total - _face(view, node), 0)


def _issued_anew(view: View, receivable: str) -> bool:
    beneath = view.tied(receivable)
    return bool(beneath) and view.replaced.issuperset(beneath)


def _credited(view: View, node: str) -> Iterator[tuple[int, str, int]]:
    """Yield what the credit notes for each invoice of a node come to, no more than its face."""
    for name, face in view.faces.items():
        if view.invoices[name].status not in VOID and node in (ALL, view.key_node(name)):
            total = 0
            for note in view.noted.get(name, ()):
                total -= note.amount_including_tax
                yield note.from_position, name, min(total, face)
