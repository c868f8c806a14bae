"""Every breach about invoices and receivables, and beside it the lawful record that looks like it."""

import pytest

from ledger.facts import Invoice, Receivable, ReceivableInvoice, Settlement
from ledger.records import base
from tests.support.ledger_book import Book, account, certificate_on, invoice, receivable

CHECKED = {"invoice": "i", "verifier": "verifier", "result": "consistent", "checked_at": "2026-01-05T01:00:00Z"}


def paid(name: str, amount: int, *settles: tuple[str, str, int], **changes: object) -> dict[str, object]:
    return {
        "payment": name, "payer": "core", "payee": "supplier", "amount": amount, "date": "2026-01-05",
        "bank_reference": "B-1", "settles": [{"target": t, "id": i, "amount": a} for t, i, a in settles], **changes,
    }  # fmt: skip


def test_invoice_amounts(book: Book) -> None:
    assert book.tell("supplier", "invoice.registered", invoice("i", tax=13_001)) == ["invoice.amounts"]
    red = invoice("red", amount_excluding_tax=-100_000, tax=-13_000, amount_including_tax=-113_000, refers_to=["i"])
    assert book.tell("supplier", "invoice.registered", red) == []


def test_invoice_number(book: Book) -> None:
    assert book.tell("supplier", "invoice.registered", invoice("i", number="12345678")) == ["invoice.number"]
    paper = invoice("j", number="12345678", type="vat_special", code="044001900111")
    assert book.tell("supplier", "invoice.registered", paper) == []


def test_invoice_dates(book: Book) -> None:
    assert book.tell("supplier", "invoice.registered", invoice("i", issued="2026-01-06")) == ["dates.order"]
    book.time = book.time.replace(hour=17)  # 01:00 the next day in China
    assert book.tell("supplier", "invoice.registered", invoice("j", issued="2026-01-06")) == []


def test_verification_is_signed_by_its_verifier(book: Book) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))
    wrong = {**CHECKED, "verifier": "gateway", "tax_authority_amount": 113_000}
    assert book.tell("verifier", "invoice.verified", wrong) == ["sender.not_party"]
    assert book.tell("verifier", "invoice.verified", {**CHECKED, "tax_authority_amount": 113_000}) == []
    row = book.store.at().get(Invoice, "i")
    assert (row.verified_by, row.verified_result, row.verified_amount) == ("verifier", "consistent", 113_000)
    assert row.verified_at.isoformat() == "2026-01-05T01:00:00+00:00"


def test_invoice_status_path(book: Book) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))

    def changed(status: str, day: str = "2026-01-05") -> list[str]:
        return book.tell("verifier", "invoice.status_changed", {"invoice": "i", "status": status, "at": day})

    assert changed("abnormal") == []
    assert changed("normal") == []
    assert changed("voided") == []
    assert changed("voided", "2026-01-01") == []  # a patrol that finds nothing new
    assert changed("normal") == ["invoice.status_path"]
    assert changed("abnormal", "2026-01-04") == ["dates.order"]
    assert [row.status for row in book.store.at().history(Invoice, "i")] == [
        "normal", "abnormal", "normal", "voided", "normal", "abnormal",
    ]  # fmt: skip


def test_receivable_rests_on_normal_invoices_of_its_parties(book: Book) -> None:
    for name in ("i", "j", "k"):
        book.say("supplier", "invoice.registered", invoice(name))
    book.say("verifier", "invoice.status_changed", {"invoice": "i", "status": "voided", "at": "2026-01-05"})
    assert book.seal() == ()
    assert book.tell("supplier", "receivable.registered", receivable("r1", "i")) == ["invoice.not_normal"]
    turned = receivable("r2", "j", creditor="tier2")
    assert book.tell("tier2", "receivable.registered", turned) == ["receivable.parties"]
    assert book.tell("supplier", "receivable.registered", receivable("r3", "k", due="2026-01-03")) == ["dates.order"]
    assert book.tell("gateway", "receivable.registered", receivable("r4", "j", "k", "k", "ghost")) == [
        "reference.missing"
    ]
    links = book.store.at().select(ReceivableInvoice, ReceivableInvoice.receivable == "r4")
    assert [link.invoice for link in links] == ["j", "k"]


def test_only_the_debtor_confirms_and_once(book: Book) -> None:
    book.say("operator", "member.updated", {"member": "tier2", "roles": ["core_enterprise"]})
    book.say("supplier", "receivable.registered", receivable("r"))
    assert book.seal() == ()
    by = {"receivable": "r", "by": "core", "method": "signature"}
    assert book.tell("tier2", "receivable.confirmed", {**by, "by": "tier2"}) == ["receivable.parties"]
    assert book.tell("tier2", "receivable.confirmed", by) == ["sender.not_party", "receivable.status_path"]
    book.tell("supplier", "receivable.registered", receivable("s"))
    assert book.tell("core", "receivable.confirmed", {**by, "receivable": "s"}) == []


def test_adjustments(book: Book) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    change = {"receivable": "r", "delta": -13_000, "reason": "dilution", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", change) == []
    assert book.tell("tier2", "receivable.adjusted", {**change, "delta": 0}) == ["sender.not_party"]
    assert book.tell("servicer", "receivable.adjusted", {**change, "delta": 0, "reason": "dispute"}) == []
    row = book.store.at().get(Receivable, "r")
    assert (row.adjusted, row.disputed, row.outstanding) == (-13_000, True, 100_000)
    assert book.tell("gateway", "receivable.adjusted", {**change, "delta": -100_000}) == []
    assert str(book.store.at().get(Receivable, "r").settled_on) == "2026-01-05"
    assert book.tell("gateway", "receivable.adjusted", {**change, "delta": -1}) == ["receivable.negative"]


def test_payments_settle(book: Book) -> None:
    output = certificate_on(book, "r")
    first = paid("p1", 50_000, ("output", output, 30_000), ("receivable", "r", 20_000))
    assert book.tell("settlement", "payment.recorded", first) == []
    row = book.store.at().get(Receivable, "r")
    assert (row.paid, row.outstanding, row.settled_on) == (50_000, 63_000, None)
    over = paid("p2", 10_000, ("receivable", "r", 10_001))
    assert book.tell("bank", "payment.recorded", over) == ["payment.over_allocated"]
    assert book.tell("bank", "payment.recorded", paid("p3", 52_999, ("receivable", "r", 52_999))) == []
    assert str(book.store.at().get(Receivable, "r").settled_on) == "2026-01-05"
    assert book.tell("bank", "payment.recorded", paid("p4", 1, ("receivable", "r", 1))) == ["receivable.overpaid"]
    assert book.tell("bank", "payment.recorded", paid("p5", 1, ("output", "0x:0", 1))) == ["reference.missing"]
    assert book.tell("bank", "payment.recorded", paid("p6", 1, date="2026-02-05")) == ["dates.order"]
    settled = book.store.at().select(Settlement, Settlement.payment == "p1")
    assert [(each.target_kind, each.receivable, each.amount) for each in settled] == [
        ("output", "r", 30_000),
        ("receivable", "r", 20_000),
    ]


def test_running_totals_stay_within_64_bits(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.projection.LARGEST", 2 * base.MAX_FEN)
    book.tell("supplier", "receivable.registered", receivable("r"))
    change = {"receivable": "r", "delta": base.MAX_FEN, "reason": "return", "at": "2026-01-05"}
    assert book.tell("gateway", "receivable.adjusted", change) == []
    assert book.tell("gateway", "receivable.adjusted", change) == []
    assert book.tell("gateway", "receivable.adjusted", change) == ["amount.out_of_range"]
    assert book.store.at().get(Receivable, "r").adjusted == 2 * base.MAX_FEN


def test_several_records_of_one_transaction(book: Book) -> None:
    hash_ = account("one transaction") + bytes(12)
    book.say("supplier", "invoice.registered", invoice("i"), transaction_hash=hash_)
    book.say("supplier", "invoice.registered", invoice("j"), transaction_hash=hash_, transaction_index=0, log_index=1)
    assert book.seal() == ()
    reference = f"0x{hash_.hex()}"
    assert str(book.store.find_record(reference)).endswith(":0:0")
    assert str(book.store.find_record(f"{reference}:1")).endswith(":0:1")
