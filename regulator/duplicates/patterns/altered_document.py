"""``duplicate.altered_document`` (票据变造): an invoice comes back under its number, or nearly so, and is not the same.

Definition: two invoices between the same parties have one number (code and number, however written) and another amount
or date; or numbers that are one edit apart and the same amount, issued within DAYS of each other. In both cases the tax
authority tells which is the suspect: it does not know that one as it stands (验真不符), or it confirmed the other one's
figures for the very number. Where neither is known as it stands, the later one is the suspect.

Evidence: both invoices, and the verifications that tell them apart.

One number written in two ways (060729074001, 060729074/001; full-width digits; a code joined to it) is one invoice,
which is no alteration; it is told when both forms are claimed, which nobody would see otherwise. The later form is the
suspect then, unless the authority does not know the other.

Lawful: two forms of one number of which one alone is claimed, or the one claim was given by the other's holder.
Bills that recur have numbers and amounts near each other, and none of them is unknown; one that the authority knows
under its own number with another amount is inflated, not altered. Numbers of paper invoices are within their code.

Severity: LOW while nothing is claimed on the suspect, MEDIUM when something is, HIGH when the other one is claimed too.
Amount: the face of the suspect.
"""

from __future__ import annotations

from typing import Final

from ledger.facts import Invoice
from regulator.duplicates.claims import Claim, chained
from regulator.duplicates.paper_numbers import bare, known_otherwise, mismatched, near, number_key, one_code
from regulator.duplicates.sheet import Sheet, told
from regulator.duplicates.view import current
from regulator.signals import Level, Signal

__all__ = ["DAYS", "RULE", "alike", "look", "returned"]

RULE: Final = "duplicate.altered_document"
DAYS: Final = 15
"""How far apart two invoices of nearly one number may be issued: a copy may be dated anew, bills that recur are weeks
apart."""
SURE: Final = 95
LIKELY: Final = 80
FORM: Final = 75
LATER: Final = 60
"""Scores: the authority confirmed the other; it does not know this one; one number in two forms; it knows neither."""
_WHY: Final = {SURE: "told_confirmed", LIKELY: "told_unknown", FORM: "told_form", LATER: "told_neither"}
SHORT: Final = 8
"""Digits below which two numbers are near each other by chance."""


def look(sheet: Sheet) -> Signal | None:
    """Return what is to be said of the invoice, or None."""
    found = returned(sheet) or _renumbered(sheet) or _in_two_forms(sheet)
    if found is None:
        return None
    other, score = found
    theirs = sheet.claims_on(other)
    level = Level.LOW if not sheet.claims else Level.HIGH if theirs else Level.MEDIUM
    if score == FORM and len({claim.holder for claim in (*sheet.claims, *theirs)}) < 2:
        level = Level.MEDIUM
    return told(
        RULE,
        sheet,
        level=level,
        score=score,
        amount=max(sheet.invoice.amount_including_tax, 0),
        others=(other,),
        claims=[*sheet.claims, *theirs],
        other=f"invoice {other.id}",
        number=sheet.invoice.number,
        other_number=other.number,
        alteration="form" if score == FORM else _what_changed(sheet.invoice, other),
        why=_WHY[score],
        face_fen=sheet.invoice.amount_including_tax,
        other_face_fen=other.amount_including_tax,
    )


def returned(sheet: Sheet) -> tuple[Invoice, int] | None:
    """Return the invoice that this one is another form of under one number, and how sure that is."""
    mine = sheet.invoice
    for other in sheet.same:
        if (other.amount_including_tax, other.issued) == (mine.amount_including_tax, mine.issued):
            continue
        confirmed = other.verified_result == "consistent" and not known_otherwise(other)
        if mismatched(mine) and not mismatched(other):
            return other, SURE if confirmed else LIKELY
        if mine.verified_result is None and confirmed and (mine.code or len(bare(mine.number)) == 20):
            return other, LIKELY
        if mismatched(mine) and mismatched(other) and sheet.first(other) < sheet.first(mine):
            return other, LATER
    return None


def _renumbered(sheet: Sheet) -> tuple[Invoice, int] | None:
    """Return the invoice of the same amount whose number this one nearly has.

    The tax authority does not know this one. What it had said of the other one by then is what counts, so that nothing
    that happens to that later is looked for.
    """
    mine = sheet.invoice
    if not mismatched(mine) or known_otherwise(mine):
        return None
    for versions in sheet.papers.near.values():
        then = [one for one in versions if one.from_position < mine.from_position]
        other = then[-1] if then else None
        if other is None or other.id == mine.id or mismatched(other):
            continue
        confirmed = other.verified_result == "consistent"
        score = SURE if confirmed else LIKELY
        edited = bare(mine.number) != bare(other.number) and number_key(mine) != number_key(other)
        if edited or mine.issued != other.issued or _apart(sheet, other):
            return other, score
    return None


def _in_two_forms(sheet: Sheet) -> tuple[Invoice, int] | None:
    """Return an earlier record of the invoice under another form of its number, with money out on both."""
    for versions in sheet.papers.otherwise.values():
        other = current(versions, sheet.height)
        if other is not None and sheet.first(other) < sheet.first(sheet.invoice):
            theirs = sheet.claims_on(other)
            if any(_against(one, each) for one in sheet.claims for each in theirs):
                return other, FORM
    return None


def _against(one: Claim, other: Claim) -> bool:
    """Tell whether two claims are two: of different parties, neither given by the other's; or lent twice by one."""
    if one.holder == other.holder:
        return one.thing != other.thing and one.bought and other.bought and one.drawn and other.drawn
    return not chained(one, other)


def alike(mine: Invoice, other: Invoice) -> bool:
    """Tell whether two invoices are the same but for their numbers, which are one or nearly one."""
    same = (mine.seller, mine.buyer, mine.amount_including_tax) == (
        other.seller,
        other.buyer,
        other.amount_including_tax,
    )
    if not same or abs((mine.issued - other.issued).days) > DAYS or not one_code(mine, other):
        return False
    one, its = bare(mine.number), bare(other.number)
    return number_key(mine) == number_key(other) or (len(one) >= SHORT and (one == its or near(one, its)))


def _apart(sheet: Sheet, other: Invoice) -> bool:
    """Tell whether different parties claim both."""
    mine = {claim.holder for claim in sheet.claims}
    theirs = {claim.holder for claim in sheet.claims_on(other)}
    return bool(mine and theirs) and len(mine | theirs) > 1


def _what_changed(mine: Invoice, other: Invoice) -> str:
    if mine.amount_including_tax != other.amount_including_tax:
        return "amount"
    return "date" if mine.issued != other.issued else "number"
