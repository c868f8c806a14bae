"""What an invoice's number and the tax authority's answer say by themselves: digits, provinces, years, amounts."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from ledger.facts import Invoice
from regulator.duplicates.family import SHORT

__all__ = [
    "MISMATCH",
    "PROVINCES",
    "bare",
    "declared",
    "folded",
    "forms_of",
    "known_otherwise",
    "mismatched",
    "near",
    "number_key",
    "odd_province",
    "odd_year",
    "one_code",
    "unknown",
    "written_otherwise",
]

PROVINCES: Final = frozenset(
    (
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43",
        "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "91", "92", "93", "94", "95",
    )
)  # fmt: skip
"""Digits 3-4 of a 数电 number: the province by GB/T 2260. The tax bureaus of Dalian, Ningbo, Xiamen, Qingdao and
Shenzhen (计划单列市) answer to no province and number apart: 91 to 95 are taken for theirs. Taiwan, Hong Kong and Macao
issue no such invoices."""
FIRST_YEAR: Final = 21
"""数电 invoices began as a pilot on 1 December 2021."""
JANUARY: Final = 1
MISMATCH: Final = ("inconsistent", "not_found")

_DIGITAL = re.compile(r"[0-9]{20}\Z", re.ASCII)
_SIGNS = re.compile(r"[^0-9A-Z]+", re.ASCII)


def bare(text: str | None) -> str:
    """Return a number without what only formats it: signs and spaces go, letters become capitals."""
    return _SIGNS.sub("", (text or "").upper())


def number_key(invoice: Invoice) -> str:
    """Return code and number without their format: equal ones are one number, however it was written."""
    return bare(invoice.code) + bare(invoice.number)


def written_otherwise(one: Invoice, other: Invoice) -> bool:
    """Tell whether two records that look like two invoices are one whose number was written in two ways.

    Of one day, amount and parties, with one number but for signs, spaces, letters' size and width, or for the code that
    one leaves out or joins to it.
    """
    if (one.seller, one.buyer, one.issued, one.amount_including_tax) != (
        other.seller, other.buyer, other.issued, other.amount_including_tax,
    ) or one.number == other.number:  # fmt: skip
        return False
    (code, number), (its_code, its_number) = folded(one), folded(other)
    if code + number == its_code + its_number:
        return True
    return number == its_number and len(number) >= SHORT and not (code and its_code)


def folded(invoice: Invoice) -> tuple[str, str]:
    """Return code and number without anything that only formats them, full-width signs as plain ones."""
    code, number = (unicodedata.normalize("NFKC", each or "") for each in (invoice.code, invoice.number))
    return bare(code), bare(number) or number


def forms_of(invoice: Invoice) -> set[str]:
    """Return the folded number without its code and with it: two records of one invoice have one of them in common."""
    code, number = folded(invoice)
    return {number, code + number}


def one_code(one: Invoice, other: Invoice) -> bool:
    """Tell whether two invoices may be of one code: the same, or one that states none."""
    codes = {bare(one.code), bare(other.code)} - {""}
    return len(codes) < 2


def declared(invoice: Invoice) -> int:
    """Return the declared amount on the basis that the tax authority answers on, fen.

    Of a 数电 invoice that is the amount with tax, of the others the one without: for VAT special invoices by rule, for
    the rest because nobody can tell, and the smaller is in the doubt's favour.
    """
    return invoice.amount_including_tax if invoice.type == "digital" else invoice.amount_excluding_tax


def known_otherwise(invoice: Invoice) -> bool:
    """Tell whether the tax authority gave an amount that is neither of the two that the invoice states."""
    return invoice.verified_amount is not None and invoice.verified_amount not in (
        invoice.amount_including_tax,
        invoice.amount_excluding_tax,
    )


def mismatched(invoice: Invoice) -> bool:
    """Tell whether the tax authority does not know the invoice as it stands."""
    return invoice.verified_result in MISMATCH or known_otherwise(invoice)


def unknown(invoice: Invoice) -> bool:
    """Tell whether the tax authority does not know the invoice by its number."""
    return mismatched(invoice) and not known_otherwise(invoice)


def odd_year(number: str, issued: date) -> bool:
    """Tell whether digits 1-2 of a 数电 number are a year in which the invoice cannot have been issued.

    A number drawn at the end of December may go out in January.
    """
    if _DIGITAL.match(number) is None:
        return False
    year, stated = int(number[:2]), issued.year % 100
    across = issued.month == JANUARY and year == (issued.year - 1) % 100
    return year < FIRST_YEAR or not (year == stated or across)


def odd_province(number: str) -> bool:
    """Tell whether digits 3-4 of a 数电 number are no tax bureau's."""
    return _DIGITAL.match(number) is not None and number[2:4] not in PROVINCES


def near(one: str, other: str) -> bool:
    """Tell whether one number becomes another by one edit: a sign changed, added or left out, or two swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1]
    return one[at + 1 :] == other[at + 1 :] or (swapped and one[at + 2 :] == other[at + 2 :])
