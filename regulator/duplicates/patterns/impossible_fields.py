"""``duplicate.impossible_fields`` (票面要素矛盾): what an invoice states cannot be.

Definition: of a 20-digit 数电 number, digits 1-2 are a year before the pilot (2021) or not the year of issue, or digits
3-4 no province's; or the credit code (统一社会信用代码) of a party has a wrong check sign; or the invoice is dated
after the financing that was opened on it.

Evidence: the invoice, the party's admission, the financing.

Lawful: a company that moved: the province of its number is not that of its credit code, which is compared to nothing
here; a number drawn in December and issued in January; numbers of the tax bureaus of 计划单列市; a financing on an
order or a contract whose invoice comes later: only what was put up when the financing was opened is held against it.

Severity: LOW while nothing is claimed on it, MEDIUM when something is, HIGH when two things contradict and something
is claimed. Amount: the face.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.records.members import uscc_holds
from regulator.duplicates.claims import Instrument
from regulator.duplicates.paper_numbers import odd_province, odd_year
from regulator.duplicates.sheet import Sheet, told
from regulator.duplicates.view import current
from regulator.signals import Level, Signal

__all__ = ["RULE", "look"]

RULE: Final = "duplicate.impossible_fields"
SCORES: Final = {1: 75, 2: 90}


def look(sheet: Sheet) -> Signal | None:
    """Return what is to be said of the invoice, or None."""
    found = list(_contradictions(sheet))
    if not found:
        return None
    level = Level.LOW if not sheet.claims else Level.HIGH if len(found) > 1 else Level.MEDIUM
    return told(
        RULE,
        sheet,
        level=level,
        score=SCORES.get(len(found), 95),
        amount=max(sheet.invoice.amount_including_tax, 0),
        number=sheet.invoice.number,
        issued=sheet.invoice.issued.isoformat(),
        contradictions=len(found),
        which=found[0],
    )


def _contradictions(sheet: Sheet) -> Iterator[str]:
    invoice = sheet.invoice
    if odd_year(invoice.number, invoice.issued):
        yield "year"
    if odd_province(invoice.number):
        yield "province"
    for versions in sheet.papers.parties.values():
        member = current(versions, sheet.height)
        if member is not None and not uscc_holds(member.uscc):
            yield "uscc"
    opened = [claim for claim in sheet.claims if claim.instrument is Instrument.FINANCING]
    if any(claim.evidence[0] == claim.began and claim.day and claim.day < invoice.issued for claim in opened):
        yield "dated_after"
