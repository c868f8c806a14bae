"""``duplicate.red_after_finance``: an invoice was red-flushed (红冲) or voided (作废) and money is out on it.

Definition: the invoice's status is voided or red_flushed, or red invoices (红字发票) take off more than a loan leaves
room for, while a loan, a bought piece or a pool claims the asset.

Evidence: the record of the status or of the red invoice, the financing.

Re-scored as facts change: a red invoice that takes off only a part lowers it to what is left uncovered; once another
is issued in the place of each, when the money is back or the collateral released, the finding stands no more.

Lawful: an invoice issued in its place, of the same parties and at least the same value and itself sound, which refers
to it or to the red one (and is one asset with it from then on, whoever lends on either); red after release; a part that
the rest still covers; an asset of a pool that was paid before.

Severity: HIGH when the money out is more than what sound invoices are left for; MEDIUM when they still cover it.
Amount: the money out that no sound invoice covers, and at least what the red one was for of it.
"""

from __future__ import annotations

from typing import Final

from ledger.facts import Invoice
from regulator.duplicates.claims import Claim, Instrument
from regulator.duplicates.patterns.telling import money_on, told
from regulator.duplicates.view import ALL, VOID, View, current
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.red_after_finance"


def look(view: View) -> Signal | None:
    """Return what is to be said of the asset, or None."""
    red = {name: taken for name in view.faces if (taken := _taken_off(view, view.invoices[name])) > 0}
    claims = [claim for claim in view.claims if _touched(view, claim, red)]
    if not claims:
        return None
    out, left = money_on(claims), max(view.worth[ALL] - sum(red.values()), 0)
    beneath = {name: view.key_node(name) for name in red}
    short = sum(max(money_on(claims, key) - (view.worth[key] - red[name]), 0) for name, key in beneath.items())
    short = max(short, out - left)
    void = [view.invoices[name] for name in red if view.invoices[name].status in VOID]
    if not void and not short:
        return None
    level = Level.HIGH if short else Level.MEDIUM
    days = [one.status_on for one in void if one.status_on is not None]
    days = days or [note.issued for name in red for note in _red_ones(view, name)]
    return told(
        RULE,
        view,
        claims,
        level=level,
        score=95 if level is Level.HIGH else 60,
        amount=short,
        since=min(days, default=None),
        evidence=[view.invoices[name].from_position for name in red] + _notes(view, red),
        things=[f"invoice {name}" for name in red],
        invoices=len(red) + len(view.replaced),
        status="reduced" if not void else void[0].status,
        on=min(days).isoformat() if days else "",
        party=claims[0].holder,
        out_fen=out,
        taken_off_fen=sum(red.values()),
        left_fen=left,
        reissued=len(view.replaced),
    )


def _touched(view: View, claim: Claim, red: dict[str, int]) -> bool:
    """Tell whether money of the claim is out on one of these invoices."""
    if not claim.money and not (claim.bought and claim.money is None):
        return False
    kind, name = claim.target.split(" ", 1)
    if kind == "invoice":
        return name in view.invoices and any(view.keys[each] == view.keys[name] for each in red)
    root = view.outputs[name].root if kind == "output" else name
    if claim.instrument is Instrument.POOL and view.over(root):
        return False
    touched = {view.keys[each] for each in view.tied(root)}
    return any(view.keys[each] in touched for each in red)


def _taken_off(view: View, invoice: Invoice) -> int:
    """Return what of an invoice's face is gone."""
    face = view.faces[invoice.id]
    if invoice.status == "voided":
        return face
    notes = -sum(note.amount_including_tax for note in _red_ones(view, invoice.id))
    if invoice.status == "red_flushed":
        return min(notes, face) if notes > 0 else face
    return min(notes, face)


def _red_ones(view: View, invoice: str) -> list[Invoice]:
    found = (current(view.rows.notes[note.id], view.height) for note in view.noted.get(invoice, ()))
    return [note for note in found if note is not None and note.status not in VOID]


def _notes(view: View, red: dict[str, int]) -> list[int]:
    return [note.from_position for name in red for note in _red_ones(view, name)]
