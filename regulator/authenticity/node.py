"""The first step: each paper and record in itself (节点数据自身校验)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from ledger.facts import Invoice
from ledger.records.members import uscc_holds
from regulator.authenticity.background import Paper, Trade
from regulator.authenticity.outcome import Check, Item, failed, open_, passed
from regulator.duplicates.paper_numbers import MISMATCH, known_otherwise, odd_province, odd_year
from regulator.duplicates.view import VOID

__all__ = ["BEARS", "HIGHEST_RATE", "ROUNDING", "Left", "left_by_invoice", "node_checks"]

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


class Left(NamedTuple):
    """What is left of an invoice with tax, fen: after the ``red`` ones (红字发票) on it, and with what was issued
    ``again`` in its place, as far as its own amount.
    """

    rest: int
    red: tuple[Invoice, ...] = ()
    again: tuple[Invoice, ...] = ()


def node_checks(trade: Trade) -> Iterator[Check]:
    """Yield what each invoice, document and the receivable say by themselves."""
    left, replaced = left_by_invoice(trade), _replaced(trade.papers)
    for invoice in trade.invoices:
        yield _sum(invoice)
        yield _tax(invoice)
        yield _number(invoice)
        yield _verified(trade, invoice)
        yield _status(trade, invoice, left[invoice.id])
    yield from _codes(trade)
    for paper in trade.papers:
        yield from _document(paper)
        yield _standing(trade, paper, replaced)
    yield _paid(trade)


def left_by_invoice(trade: Trade) -> dict[str, Left]:
    """Return by invoice what is left of it. What was issued in the place of several is shared out among them."""
    onto: defaultdict[str, dict[str, Invoice]] = defaultdict(dict)
    for note in sorted(trade.notes, key=lambda one: (len(one.refers_to), one.id)):
        for name in note.refers_to:
            onto[name][note.id] = note
    notes = {one.id: one for one in trade.notes}
    for invoice in trade.invoices:
        red = _marked(trade, invoice).red_invoice
        if red in notes:
            onto[invoice.id][red] = notes[red]
    unspent = {one.id: one.amount_including_tax for one in trade.notes}
    invoices = sorted(trade.invoices, key=lambda one: one.id)
    return {one.id: _left_of(trade, one, onto, unspent) for one in invoices}


def _left_of(trade: Trade, invoice: Invoice, onto: Mapping[str, dict[str, Invoice]], unspent: dict[str, int]) -> Left:
    """Return what is left of one invoice, and take from ``unspent`` what was issued in its place.

    That refers to it or to a red one on it, and is between the same two. A voided one leaves nothing, nor does one that
    is red-flushed by no red one that is known. ``onto``: notes by what they refer to.
    """
    status, face = _marked(trade, invoice).status, invoice.amount_including_tax
    notes = onto.get(invoice.id, {})
    red = {name: one for name, one in notes.items() if one.amount_including_tax < 0}
    red = {name: one for name, one in red.items() if _marked(trade, one).status not in VOID}
    if status not in VOID and not red:
        return Left(face)
    gone = status == "voided" or not red
    rest = 0 if gone else max(face + sum(one.amount_including_tax for one in red.values()), 0)
    near, again = dict(notes), []
    for name in red:
        near |= onto.get(name, {})
    for name, one in near.items():
        part = min(unspent[name], face - rest)
        normal = _marked(trade, one).status == "normal" and name not in invoice.refers_to
        if part > 0 and normal and _between_same(one, invoice):
            unspent[name] -= part
            rest += part
            again.append(one)
    return Left(rest, tuple(red.values()), tuple(again))


def _between_same(one: Invoice, other: Invoice) -> bool:
    return (one.seller, one.buyer) == (other.seller, other.buyer)


def _marked(trade: Trade, invoice: Invoice) -> Invoice:
    """Return the version that says what became of an invoice: the last, but one that voids it or flushes it stands."""
    void = [one for one in trade.versions[invoice.id] if one.status in VOID]
    return max(void, key=lambda one: one.status == "voided", default=invoice)


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
    """Of several answers that of the last look counts, whenever it was recorded."""
    thing, answer = f"invoice {invoice.id}", max(trade.versions[invoice.id], key=_looked)
    known, result = answer.verified_amount, answer.verified_result
    if result is None:
        return open_("invoice-verified", Item.TAX, thing, "not-verified", answer)
    if result == "not_found":
        return failed("invoice-verified", Item.TAX, thing, "tax-authority-unknown", answer)
    if result in MISMATCH or known_otherwise(answer):
        named = [one for one in trade.notes if one.id in invoice.refers_to and _between_same(one, invoice)]
        parts = [one for one in named if _marked(trade, one).status not in VOID]
        if sum(one.amount_including_tax for one in parts) >= invoice.amount_including_tax > 0:
            return open_("invoice-verified", Item.TAX, thing, "stands-for-several", answer, *parts, invoices=len(parts))
        return failed(
            "invoice-verified", Item.TAX, thing, "tax-authority-differs", answer,
            stated_fen=invoice.amount_including_tax, known_fen=0 if known is None else known,
        )  # fmt: skip
    if answer.verified_by in (trade.receivable.creditor, trade.receivable.debtor):
        return open_(
            "invoice-verified", Item.TAX, thing, "verified-by-party", answer, verifier_party=answer.verified_by
        )
    return passed("invoice-verified", Item.TAX, thing, answer)


def _looked(invoice: Invoice) -> tuple[float, int]:
    at = invoice.verified_at
    return 0.0 if at is None else at.timestamp(), invoice.from_position


def _status(trade: Trade, invoice: Invoice, left: Left) -> Check:
    """Voided or red-flushed is a contradiction while money is owed on it, unless it was reissued or a part is left; so
    are red ones for the whole of it, whatever its status says.
    """
    name, thing, owed, marked = "invoice-status", f"invoice {invoice.id}", trade.receivable, _marked(trade, invoice)
    status, on = marked.status, marked.status_on or invoice.issued
    if status not in VOID and left.red and left.rest == 0:
        status, on = "all-red", _taken_off(invoice, left.red)
    elif status == "normal":
        return passed(name, Item.INVOICE, thing, marked)
    elif status not in VOID:
        return open_(name, Item.INVOICE, thing, "invoice-abnormal", marked, on=on)
    if owed.settled_on is not None and on >= owed.settled_on:
        return passed(name, Item.INVOICE, thing, marked)
    if left.rest > 0:
        code = "reissued" if left.again else "part-red"
        return open_(name, Item.INVOICE, thing, code, marked, *left.again, rest_fen=left.rest)
    return failed(name, Item.INVOICE, thing, status, marked, *left.red, on=on)


def _taken_off(invoice: Invoice, red: Iterable[Invoice]) -> date:
    """Return the day on which red ones had left nothing of an invoice."""
    rest, on = invoice.amount_including_tax, invoice.issued
    for one in sorted(red, key=lambda one: (one.issued, one.id)):
        rest, on = (rest + one.amount_including_tax, one.issued) if rest > 0 else (rest, on)
    return on


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


def _document(paper: Paper) -> Iterator[Check]:
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


def _standing(trade: Trade, paper: Paper, replaced: Collection[str]) -> Check:
    """Cancelled is a contradiction while money is owed on it, unless another took its place."""
    document, owed, bears = paper.document, trade.receivable, BEARS[paper.document.type]
    thing = f"document {document.id}"
    over = owed.settled_on is not None and document.changed_on >= owed.settled_on
    if paper.active or over or document.id in replaced:
        return passed("document-status", bears, thing, document)
    return failed("document-status", bears, thing, "document-cancelled", document, on=document.changed_on)


def _replaced(papers: Iterable[Paper]) -> set[str]:
    """Return the ids of the cancelled papers that another of their type and parties took the place of.

    It takes the place of one, and was registered after that one was cancelled, or after it was registered when it
    stands itself; when it is cancelled in turn, that is looked at as its own. Papers of one number are one, which each
    party registered: it is cancelled when all of them are.
    """
    copies: defaultdict[tuple[str, frozenset[str], str], list[Paper]] = defaultdict(list)
    for paper in papers:
        document = paper.document
        copies[document.type, frozenset(document.parties), document.number].append(paper)
    first = {name: min(one.first for one in some) for name, some in copies.items()}
    ended = {
        name: min(one.document.from_position for one in some)
        for name, some in copies.items()
        if not any(one.active for one in some)
    }
    free, found = list(copies), copies.keys() - ended.keys()
    for name in sorted(ended, key=lambda each: first[each], reverse=True):
        for place in free:
            since = ended[name] if place in ended else first[name]
            if place[:2] == name[:2] and first[place] > since:
                free.remove(place)
                found.add(name)
                break
    return {one.document.id for name in found for one in copies[name]}


def _paid(trade: Trade) -> Check:
    owed, thing = trade.receivable, f"receivable {trade.receivable.id}"
    face = owed.amount + owed.adjusted
    if 0 <= owed.paid <= face:
        return passed("receivable-paid", Item.PAYMENT, thing, owed)
    return failed("receivable-paid", Item.PAYMENT, thing, "overpaid", owed, paid_fen=owed.paid, face_fen=face)
