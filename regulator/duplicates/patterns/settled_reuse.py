"""``duplicate.settled_reuse``: a claim was financed that the debtor had paid already.

Definition: when the money of a loan went out, a piece was bought or a pool took it in, nothing was owed any more on all
the receivables it rests on: paid in full, set off, or taken back whole. By the order of records, and by business days
where a payment of an earlier day was recorded only later.

Evidence: the payments and the record of the financing.

Lawful: a part was paid and the rest is financed (more than the rest: ``duplicate.over_financed``); a payment of the
same day that was recorded after the loan; a loan on an invoice of which a part only became a receivable.

Severity: HIGH, strength 95 by the order of records, 80 by days alone. Amount: the money out.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from regulator.duplicates.claims import Claim, Instrument
from regulator.duplicates.patterns.telling import money_of, told
from regulator.duplicates.view import View, begun
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.settled_reuse"


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    beneath: dict[str, _Beneath] = {}
    found: list[Claim] = []
    surely = False
    for claim in view.claims:
        if claim.bought or claim.instrument is Instrument.POOL:
            if claim.target not in beneath:
                beneath[claim.target] = _Beneath(view, claim)
            how = beneath[claim.target].settled(view, claim)
            if how:
                found.append(claim)
                surely = surely or how == "order"
    if not found:
        return None
    names = {name for claim in found for name in beneath[claim.target].names}
    paid = [one for one in begun(view.rows.settlements, view.height) if one.receivable in names]
    settled = [day for name in names if (day := view.receivables[name].settled_on) is not None]
    settled = settled or [one.paid_on for one in paid]  # it was, and was raised again since
    last = max(found, key=lambda each: each.began)
    return told(
        RULE,
        view,
        found,
        level=Level.HIGH,
        score=95 if surely else 80,
        amount=money_of(found),
        since=view.day_of([last]),
        evidence=[one.from_position for one in paid] + [view.receivables[name].from_position for name in names],
        things=[f"payment {one.payment}" for one in paid] + [f"receivable {name}" for name in names],
        party=last.holder,
        settled_on=max(settled).isoformat() if settled else "",
        paid_fen=sum(one.amount for one in paid),
        money_fen=money_of(found),
    )


class _Beneath:
    """The receivables that the claims on one thing live by."""

    def __init__(self, view: View, claim: Claim) -> None:
        self.names = _rests_on(view, claim)
        ends = [_settled_for_good(view, name) for name in self.names]
        self._after = None if None in ends else max((each for each in ends if each is not None), default=None)

    def settled(self, view: View, claim: Claim) -> str:
        """Tell by what all of them were settled before the money of a claim went out: order, days, or nothing."""
        if self._after is not None and self._after < claim.paid_out:
            return "order"
        told_by = set()
        for name in self.names:
            how = _settled(view, name, claim)
            if not how:
                return ""
            told_by.add(how)
        return "order" if "order" in told_by else "days" if told_by else ""


def _settled_for_good(view: View, name: str) -> int | None:
    """Return the position from which a receivable was settled to this day, or None."""
    found = None
    for one in begun(view.rows.receivables[name], view.height):
        if one.settled_on is None:
            found = None
        elif found is None:
            found = one.from_position
    return found


def _rests_on(view: View, claim: Claim) -> list[str]:
    """Return the receivables that a claim lives by: of an invoice those on it, if they take up all of it."""
    kind, name = claim.target.split(" ", 1)
    if kind == "output":
        return [view.outputs[name].root]
    if kind == "receivable":
        return [name]
    if kind != "invoice" or name not in view.invoices:
        return []
    on_it = view.resting.get(name, [])
    taken_up = sum(view.receivables[each].amount for each in on_it)
    return on_it if taken_up >= view.invoices[name].amount_including_tax else []


def _settled(view: View, name: str, claim: Claim) -> str:
    """Tell by what a receivable was settled before the money of a claim went out: order, days, or nothing."""
    versions = begun(view.rows.receivables[name], view.height)
    before = [one for one in versions if one.from_position < claim.paid_out]
    if before and before[-1].settled_on is not None:
        return "order"
    now = view.receivables[name]
    if now.settled_on is None or claim.day is None:
        return ""
    payments = [one.paid_on for one in begun(view.rows.settlements, view.height) if one.receivable == name]
    day: date = max([now.settled_on, *payments])
    return "days" if day < claim.day else ""
