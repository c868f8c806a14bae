"""The first step: each paper and record in itself (节点数据自身校验)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ledger.facts import Invoice
from ledger.records.members import uscc_holds
from regulator.authenticity.background import Paper, Trade
from regulator.authenticity.outcome import Check, Item, failed, open_, passed
from regulator.duplicates.paper_numbers import MISMATCH, known_otherwise, odd_province, odd_year
from regulator.duplicates.view import VOID

__all__ = ["BEARS", "HIGHEST_RATE", "ROUNDING", "node_checks", "rest_of"]

HIGHEST_RATE: Final = 17
"""Per cent: the highest rate of value-added tax there ever was (until 30 April 2018)."""
ROUNDING: Final = 100
"""Fen: an invoice of a hundred lines rounds each to the fen."""
BEARS: Final = {
    "contract": Item.CONTRACT, "order": Item.CONTRACT, "customs_declaration": Item.CUSTOMS,
    "waybill": Item.DELIVERY, "warehouse_receipt": Item.DELIVERY, "other": Item.DELIVERY,
    "tax_slip": Item.TAX, "bank_slip": Item.PAYMENT, "acceptance": Item.PAYMENT,
}  # fmt: skip
"""By type of document: the evidence it is."""

_DIGITAL = re.compile(r"[0-9]{20}\Z", re.ASCII)


def node_checks(trade: Trade) -> Iterator[Check]:
    """Yield what each invoice, document and the receivable say by themselves."""
    for invoice in trade.invoices:
        yield _sum(invoice)
        yield _tax(invoice)
        yield _number(invoice)
        yield _verified(trade, invoice)
        yield _status(trade, invoice)
    yield from _codes(trade)
    for paper in trade.papers:
        yield from _document(trade, paper)
    yield _paid(trade)


def rest_of(trade: Trade, invoice: Invoice) -> int:
    """Return what an invoice still comes to with tax, fen: less the red ones (红字发票) on it, nothing when voided;
    with what was issued in its place, as far as its own amount.
    """
    red = [one for one in trade.notes if one.amount_including_tax < 0 and one.status not in VOID]
    on_it = [one for one in red if one.id == invoice.red_invoice or invoice.id in one.refers_to]
    face = invoice.amount_including_tax
    rest = face + sum(one.amount_including_tax for one in on_it)
    if on_it or invoice.status in VOID:
        rest = rest if on_it else 0
        rest = min(max(rest, 0) + sum(one.amount_including_tax for one in _instead(trade, invoice)), face)
    return rest


def _instead(trade: Trade, invoice: Invoice) -> list[Invoice]:
    """Return what was issued in an invoice's place: between the same two, and in reference to it or to its red one."""
    return [
        one
        for one in trade.notes
        if one.amount_including_tax > 0
        and one.status == "normal"
        and one.id not in invoice.refers_to
        and (one.seller, one.buyer) == (invoice.seller, invoice.buyer)
    ]


def _sum(invoice: Invoice) -> Check:
    thing, made = f"invoice {invoice.id}", invoice.amount_excluding_tax + invoice.tax
    if made == invoice.amount_including_tax:
        return passed("invoice-sum", Item.INVOICE, thing, invoice)
    stated = invoice.amount_including_tax
    return failed(
        "invoice-sum", Item.INVOICE, thing, "sum-differs", invoice, stated_fen=stated, sum_fen=made,
    )  # fmt: skip


def _tax(invoice: Invoice) -> Check:
    """The rate lies between nothing and the highest there ever was; lines of several rates lie between, too."""
    thing, net, tax = f"invoice {invoice.id}", invoice.amount_excluding_tax, invoice.tax
    most = abs(net) * HIGHEST_RATE // 100 + ROUNDING
    if abs(tax) <= most and (tax * net >= 0 or abs(tax) <= ROUNDING):
        return passed("invoice-tax", Item.INVOICE, thing, invoice)
    return failed("invoice-tax", Item.INVOICE, thing, "tax-impossible", invoice, tax_fen=tax, net_fen=net)


def _number(invoice: Invoice) -> Check:
    thing, number = f"invoice {invoice.id}", invoice.number
    if invoice.type == "digital" and _DIGITAL.match(number) is None:
        return failed("invoice-number", Item.INVOICE, thing, "number-not-digital", invoice, number=number)
    if odd_year(number, invoice.issued) or odd_province(number):
        return failed(
            "invoice-number", Item.INVOICE, thing, "number-impossible", invoice, number=number, issued=invoice.issued
        )
    return passed("invoice-number", Item.INVOICE, thing, invoice)


def _verified(trade: Trade, invoice: Invoice) -> Check:
    thing = f"invoice {invoice.id}"
    known, result = invoice.verified_amount, invoice.verified_result
    if result is None:
        return open_("invoice-verified", Item.TAX, thing, "not-verified", invoice)
    if result == "not_found":
        return failed("invoice-verified", Item.TAX, thing, "tax-authority-unknown", invoice)
    if result in MISMATCH or known_otherwise(invoice):
        parts = [one for one in trade.notes if one.id in invoice.refers_to and one.seller == invoice.seller]
        whole = sum(one.amount_including_tax for one in parts if one.status not in VOID)
        if whole >= invoice.amount_including_tax > 0:
            return open_(
                "invoice-verified", Item.TAX, thing, "stands-for-several", invoice, *parts, invoices=len(parts)
            )
        return failed(
            "invoice-verified", Item.TAX, thing, "tax-authority-differs", invoice,
            stated_fen=invoice.amount_including_tax, known_fen=0 if known is None else known,
        )  # fmt: skip
    if invoice.verified_by in (trade.receivable.creditor, trade.receivable.debtor):
        return open_(
            "invoice-verified", Item.TAX, thing, "verified-by-party", invoice, verifier_party=invoice.verified_by
        )
    return passed("invoice-verified", Item.TAX, thing, invoice)


def _status(trade: Trade, invoice: Invoice) -> Check:
    """Voided or red-flushed is a contradiction while money is owed on it, unless it was reissued or a part is left."""
    name, thing, owed = "invoice-status", f"invoice {invoice.id}", trade.receivable
    if invoice.status == "normal":
        return passed(name, Item.INVOICE, thing, invoice)
    if invoice.status not in VOID:
        return open_(name, Item.INVOICE, thing, "invoice-abnormal", invoice, on=invoice.status_on or invoice.issued)
    on = invoice.status_on or invoice.issued
    if owed.settled_on is not None and on >= owed.settled_on:
        return passed(name, Item.INVOICE, thing, invoice)
    rest = rest_of(trade, invoice)
    if rest > 0:
        again = _instead(trade, invoice)
        return open_(name, Item.INVOICE, thing, "reissued" if again else "part-red", invoice, *again, rest_fen=rest)
    return failed(name, Item.INVOICE, thing, invoice.status, invoice, on=on)


def _codes(trade: Trade) -> Iterator[Check]:
    for party in dict.fromkeys((trade.receivable.creditor, trade.receivable.debtor)):
        member = trade.members.get(party)
        if member is None:
            yield open_("party-code", Item.INVOICE, f"member {party}", "party-unknown", trade.receivable, party=party)
        elif not uscc_holds(member.uscc):
            thing = f"member {party}"
            yield failed("party-code", Item.INVOICE, thing, "code-wrong", member, party=party, uscc=member.uscc)
        else:
            yield passed("party-code", Item.INVOICE, f"member {party}", member)


def _document(trade: Trade, paper: Paper) -> Iterator[Check]:
    document, bears = paper.document, BEARS[paper.document.type]
    thing = f"document {document.id}"
    if document.file_digest is None:
        yield open_("document-file", bears, thing, "file-missing", document)
    else:
        yield passed("document-file", bears, thing, document)
    if document.quantity is not None and document.quantity == 0:
        yield failed("document-quantity", bears, thing, "quantity-none", document)
    elif document.quantity is not None and document.unit is None:
        yield open_("document-quantity", bears, thing, "unit-missing", document, quantity=f"{document.quantity:f}")
    elif document.quantity is not None:
        yield passed("document-quantity", bears, thing, document)
    yield _standing(trade, paper, bears)


def _standing(trade: Trade, paper: Paper, bears: Item) -> Check:
    """Cancelled is a contradiction while money is owed on it, unless another of its type and parties took its place."""
    document, owed = paper.document, trade.receivable
    thing = f"document {document.id}"
    over = owed.settled_on is not None and document.changed_on >= owed.settled_on
    instead = any(set(one.document.parties) == set(document.parties) for one in trade.of(document.type))
    if paper.active or over or instead:
        return passed("document-status", bears, thing, document)
    return failed("document-status", bears, thing, "document-cancelled", document, on=document.changed_on)


def _paid(trade: Trade) -> Check:
    owed, thing = trade.receivable, f"receivable {trade.receivable.id}"
    face = owed.amount + owed.adjusted
    if 0 <= owed.paid <= face:
        return passed("receivable-paid", Item.PAYMENT, thing, owed)
    return failed("receivable-paid", Item.PAYMENT, thing, "overpaid", owed, paid_fen=owed.paid, face_fen=face)
