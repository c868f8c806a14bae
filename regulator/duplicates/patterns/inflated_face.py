"""``duplicate.inflated_face`` (虚增票面): an invoice states more than the tax authority knows of.

Definition: the declared amount is beyond the one that the verification returned, on the basis the authority answers on:
with tax for 数电 invoices, without tax for VAT special invoices (two amounts are kept for this).

Evidence: the invoice and its verification; the money that was lent on it.

Lawful: an answer on the other basis; an invoice that stands for several (汇总) and refers to them, together as much as
it states. An altered copy of an invoice that is on the ledger is ``duplicate.altered_document``, not this.

Severity: LOW while nothing is claimed on it; MEDIUM when something is; HIGH when what is beyond the authority's amount
is at least a tenth of what is declared, and something is claimed. Amount: what is declared beyond the verified amount.
"""

from __future__ import annotations

from typing import Final

from regulator.duplicates.paper_numbers import declared, known_otherwise, mismatched
from regulator.duplicates.patterns.altered_document import returned
from regulator.duplicates.sheet import Sheet, told
from regulator.duplicates.view import VOID, current
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.inflated_face"
GRAVE: Final = 10
"""One part in so many of the declared amount: beyond rounding, discounts and freight."""
SCORE: Final = 90


def look(sheet: Sheet) -> Signal | None:
    """Return what is to be said of the invoice, or None."""
    invoice = sheet.invoice
    known, stated = invoice.verified_amount, declared(invoice)
    if known is None or not known_otherwise(invoice) or known >= stated or _aggregates(sheet) >= stated:
        return None
    if returned(sheet) is not None:
        return None
    excess = stated - known
    grave = Level.HIGH if excess * GRAVE >= stated else Level.MEDIUM
    return told(
        RULE,
        sheet,
        level=grave if sheet.claims else Level.LOW,
        score=SCORE,
        amount=excess,
        declared_fen=stated,
        verified_fen=known,
        excess_fen=excess,
        basis="including_tax" if stated == invoice.amount_including_tax else "excluding_tax",
        verifier_party=invoice.verified_by or "",
    )


def _aggregates(sheet: Sheet) -> int:
    """Return what the invoices come to that it stands for, on its own basis: of its seller, good, and not disproved."""
    total = 0
    for versions in sheet.papers.parts.values():
        part = current(versions, sheet.height)
        if part is None or part.seller != sheet.invoice.seller or part.status in VOID or mismatched(part):
            continue
        digital = sheet.invoice.type == "digital"
        total += part.amount_including_tax if digital else part.amount_excluding_tax
    return total
