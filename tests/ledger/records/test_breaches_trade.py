"""Every breach about invoices and receivables, and beside it the lawful record that looks like it."""

from collections.abc import Iterable
from typing import Any

import pytest

from ledger.facts import Invoice, Receivable, ReceivableInvoice, Settlement
from ledger.projection import Projection
from ledger.records import base
from tests.support.ledger_book import Book, account, address, certificate_on, invoice, receivable

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


def test_a_verification_is_dated_by_the_day_in_china(book: Book) -> None:
    book.time = book.time.replace(hour=17)  # 01:00 on the 6th in China
    assert book.tell("supplier", "invoice.registered", invoice("i", issued="2026-01-06")) == []
    checked = {**CHECKED, "tax_authority_amount": 113_000}
    lawful = {**checked, "checked_at": "2026-01-05T17:00:00Z"}
    assert book.tell("verifier", "invoice.verified", lawful) == []
    early = {**checked, "checked_at": "2026-01-05T15:59:59Z"}
    assert book.tell("verifier", "invoice.verified", early) == ["dates.order"]
    late = {**checked, "checked_at": "2026-01-06T16:00:00Z"}
    assert book.tell("verifier", "invoice.verified", late) == ["dates.order"]


def test_traders_speak_of_their_own_invoices(book: Book) -> None:
    between = invoice("i", seller="supplier", buyer="core")
    assert book.tell("tier2", "invoice.registered", between) == ["sender.not_party"]
    assert book.tell("core", "invoice.registered", invoice("j")) == [], "its buyer"
    assert book.tell("gateway", "invoice.registered", invoice("k")) == []
    voided = {"invoice": "i", "status": "abnormal", "at": "2026-01-05"}
    assert book.tell("tier2", "invoice.status_changed", voided) == ["sender.not_party"]
    assert book.tell("supplier", "invoice.status_changed", {**voided, "invoice": "j"}) == []
    assert book.tell("verifier", "invoice.status_changed", {**voided, "invoice": "k"}) == []


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


def registered(book: Book, name: str, amount: int, *invoices: str) -> list[str]:
    return book.tell("supplier", "receivable.registered", receivable(name, *invoices, amount=amount))


def invoiced(book: Book, *names: str) -> None:
    for name in names:
        book.say("supplier", "invoice.registered", invoice(name))
    assert book.seal() == ()


def test_receivables_share_an_invoice_within_its_amount(book: Book) -> None:
    invoiced(book, "i", "j")
    assert registered(book, "r1", 100_000, "i") == []
    assert registered(book, "r2", 13_000, "i") == []
    first = book.store.at().get(Receivable, "r1")
    assert registered(book, "r3", 1, "i") == ["receivable.exceeds_invoices"]
    assert dict(book.found[-1].details) == {"amount": 1, "claimed_before": 113_000, "invoices": 113_000}
    assert first.began in book.found[-1].others
    assert registered(book, "r4", 113_000, "j") == []


def test_receivables_share_an_invoice_within_one_block(book: Book) -> None:
    invoiced(book, "i")
    for name in ("r1", "r2"):
        book.say("supplier", "receivable.registered", receivable(name, "i", amount=60_000))
    assert [each.code.value for each in book.seal()] == ["receivable.exceeds_invoices"]


def test_receivables_on_several_invoices_fit_some_way_or_are_found(book: Book) -> None:
    invoiced(book, "i", "j", "k", "l", "m")
    assert registered(book, "wide", 113_000, "i", "j") == []
    assert registered(book, "narrow", 113_000, "i") == [], "the first one fits on the other invoice"
    assert registered(book, "third", 1, "j") == ["receivable.exceeds_invoices"], "both are taken up by then"
    assert registered(book, "inner", 113_000, "k") == []
    assert registered(book, "outer", 226_000, "k", "l", "m") == []
    assert registered(book, "more", 1, "l", "m", "k") == ["receivable.exceeds_invoices"]


def test_what_exceeds_elsewhere_is_told_once(book: Book) -> None:
    invoiced(book, "i", "j")
    assert registered(book, "wide", 50_000, "i", "j") == []
    assert registered(book, "far", 300_000, "i") == ["receivable.exceeds_invoices"]
    assert registered(book, "near", 63_000, "j") == [], "with the wide one it fits on its own invoice"
    assert registered(book, "again", 50_001, "j") == ["receivable.exceeds_invoices"]


def chain(book: Book, length: int) -> None:
    """Receivables r0, r1, ... in one block, each on two invoices, of which it shares one with the next."""
    for at in range(length + 1):
        book.say("supplier", "invoice.registered", invoice(f"i{at}"))
    for at in range(length):
        book.say("supplier", "receivable.registered", receivable(f"r{at}", f"i{at}", f"i{at + 1}", amount=100_000))


def test_the_search_for_shared_invoices_ends(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    live = Projection.live

    def counted(self: Projection, table: type[Any], column: str, values: Iterable[str]) -> list[Any]:
        wanted = list(values)
        if table is ReceivableInvoice:
            asked.append(len(wanted))
        return live(self, table, column, wanted)

    monkeypatch.setattr(Projection, "live", counted)
    chain(book, 60)
    assert book.seal() == ()
    assert sum(asked) < 60 * 30, "each record asks for what is near it, and for that once"
    assert registered(book, "near", 126_001, "i60") == ["receivable.exceeds_invoices"]
    assert registered(book, "far", 13_000, "i30") == []


def test_what_frees_an_invoice_and_what_does_not(book: Book) -> None:
    def settled(name: str, method: str) -> list[str]:
        return book.tell("gateway", "receivable.settled", {"receivable": name, "at": "2026-01-05", "method": method})

    invoiced(book, "i", "j", "k", "l")
    for name in "ijkl":
        assert registered(book, f"r-{name}", 113_000, name) == []
    change = {"receivable": "r-i", "delta": -13_000, "reason": "return", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", change) == []
    assert registered(book, "again-i", 13_000, "i") == []
    assert book.tell("bank", "payment.recorded", paid("p", 113_000, ("receivable", "r-j", 113_000))) == []
    assert registered(book, "again-j", 1, "j") == ["receivable.exceeds_invoices"], "it was paid once already"
    assert settled("r-k", "netting") == []
    assert registered(book, "again-k", 1, "k") == ["receivable.exceeds_invoices"], "it was set off"
    assert settled("r-l", "replacement") == []
    assert registered(book, "again-l", 113_000, "l") == []


def test_a_receivable_is_declared_settled(book: Book) -> None:
    for name in "rstu":
        book.say("supplier", "receivable.registered", receivable(name))
    book.say("bank", "payment.recorded", paid("p", 113_000, ("receivable", "r", 113_000)))
    book.say("bank", "payment.recorded", paid("q", 112_999, ("receivable", "s", 112_999)))
    assert book.seal() == ()

    def settled(sender: str, name: str, method: str, **more: object) -> list[str]:
        payload = {"receivable": name, "at": "2026-01-05", "method": method, **more}
        return book.tell(sender, "receivable.settled", payload)

    assert settled("settlement", "r", "payment", payment="p") == []
    assert settled("settlement", "s", "payment", payment="q") == ["receivable.settled_unpaid"]
    assert dict(book.found[-1].details) == {"owed": 113_000, "paid": 112_999}
    row = book.store.at().get(Receivable, "s")
    assert (str(row.settled_on), row.settled_by, row.outstanding) == ("2026-01-05", "payment", 1)
    assert settled("servicer", "t", "netting") == []
    row = book.store.at().get(Receivable, "t")
    assert (str(row.settled_on), row.settled_by, row.outstanding, row.netted) == ("2026-01-05", "netting", 0, 113_000)
    assert settled("gateway", "t", "other") == ["receivable.status_path"]
    assert settled("tier2", "u", "other") == ["sender.not_party"]
    assert settled("supplier", "r", "payment", payment="ghost", at="2026-01-06") == [
        "reference.missing", "dates.order", "receivable.status_path",
    ]  # fmt: skip


def test_a_receivable_is_settled_by_its_parties(book: Book) -> None:
    for name in "rs":
        book.say("supplier", "receivable.registered", receivable(name))
    assert book.seal() == ()
    payload = {"receivable": "r", "at": "2026-01-05", "method": "netting"}
    assert book.tell("core", "receivable.settled", payload) == []
    assert book.tell("supplier", "receivable.settled", {**payload, "receivable": "s"}) == []
    assert book.tell("bank", "receivable.settled", {**payload, "receivable": "s"}) == [
        "sender.role", "sender.not_party", "receivable.status_path",
    ]  # fmt: skip


def test_what_was_declared_settled_takes_no_certificate_and_stays_settled(book: Book) -> None:
    book.say("supplier", "receivable.registered", receivable("r"))
    book.say("core", "receivable.confirmed", {"receivable": "r", "by": "core", "method": "seal"})
    book.say("core", "receivable.settled", {"receivable": "r", "at": "2026-01-05", "method": "netting"})
    assert book.seal() == ()
    outputs = [{"owners": ["supplier"], "amount": 1, "due": "2026-06-30"}]
    issued = {"certificate": "c", "receivable": "r", "issuer": "core", "outputs": outputs}
    found = book.tell("core", "certificate.issued", issued)
    assert found == ["certificate.settled", "certificate.exceeds_receivable"]
    change = {"receivable": "r", "delta": 5, "reason": "return", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", change) == []
    assert str(book.store.at().get(Receivable, "r").settled_on) == "2026-01-05"


def test_only_the_debtor_confirms_and_once(book: Book) -> None:
    book.say("operator", "member.updated", {"member": "tier2", "roles": ["core_enterprise"]})
    book.say("supplier", "receivable.registered", receivable("r"))
    assert book.seal() == ()
    by = {"receivable": "r", "by": "core", "method": "signature"}
    assert book.tell("tier2", "receivable.confirmed", {**by, "by": "tier2"}) == ["receivable.parties"]
    assert book.tell("tier2", "receivable.confirmed", by) == ["sender.not_party", "receivable.status_path"]
    book.tell("supplier", "receivable.registered", receivable("s"))
    assert book.tell("core", "receivable.confirmed", {**by, "receivable": "s"}) == []


def test_a_confirmation_keeps_whose_key_signed_it_whatever_it_says(book: Book) -> None:
    for name in ("r", "s", "t"):
        book.say("supplier", "receivable.registered", receivable(name))
    assert book.seal() == ()
    by = {"by": "core", "method": "seal"}
    assert book.tell("core", "receivable.confirmed", {**by, "receivable": "r"}) == []
    assert "sender.not_party" in book.tell("supplier", "receivable.confirmed", {**by, "receivable": "s"})
    forged = {"signer": account("supplier"), "echoed": False}
    assert book.tell("core", "receivable.confirmed", {**by, "receivable": "t"}, **forged) == ["record.not_echoed"]
    rows = book.store.at().select(Receivable)
    assert {row.id: (row.confirmed_by, row.confirmed_signer, row.confirmed_signer_member) for row in rows} == {
        "r": ("core", address("core"), "core"), "s": ("core", address("supplier"), "supplier"),
        "t": ("core", address("supplier"), None),
    }  # fmt: skip
    change = {"receivable": "s", "delta": -5, "reason": "return", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", change) == []
    after = book.store.at().get(Receivable, "s")
    assert (after.confirmed_signer, after.confirmed_signer_member) == (address("supplier"), "supplier")


def test_a_confirming_key_is_whose_it_was_at_that_record(book: Book) -> None:
    """In one block: with the first key, then with the next, then with the first again, which is nobody's by then."""
    names = ("r", "s", "t")
    for name in names:
        book.say("supplier", "receivable.registered", receivable(name))
    assert book.seal() == ()
    by = {"by": "core", "method": "seal"}
    book.say("core", "receivable.confirmed", {**by, "receivable": "r"})
    book.say("operator", "member.key_rotated", {"member": "core", "address": address("core-2"), "certificate": None})
    book.say("core-2", "receivable.confirmed", {**by, "receivable": "s"})
    book.say("core", "receivable.confirmed", {**by, "receivable": "t"})
    assert [finding.code.value for finding in book.seal()] == ["sender.unknown"]
    book.say("operator", "member.key_rotated", {"member": "core", "address": address("core"), "certificate": None})
    assert book.seal() == ()
    book.say("supplier", "receivable.registered", receivable("u"))
    book.say("operator", "member.suspended", {"member": "core", "reason": "x"})
    assert book.seal() == ()
    assert book.tell("core", "receivable.confirmed", {**by, "receivable": "u"}) == ["sender.suspended"]
    rows = [book.store.at().get(Receivable, name) for name in (*names, "u")]
    assert [(row.confirmed_signer, row.confirmed_signer_member) for row in rows] == [
        (address("core"), "core"), (address("core-2"), "core"), (address("core"), None), (address("core"), "core"),
    ]  # fmt: skip


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


def test_a_receivable_that_grows_fits_its_invoices(book: Book) -> None:
    invoiced(book, "i", "j")
    assert registered(book, "r", 100_000, "i") == []
    assert registered(book, "s", 100_000, "j") == []
    assert registered(book, "t", 13_000, "j") == []
    grown = {"receivable": "r", "delta": 13_000, "reason": "return", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", grown) == []
    assert book.tell("supplier", "receivable.adjusted", {**grown, "delta": 1}) == ["receivable.exceeds_invoices"]
    assert dict(book.found[-1].details) == {"amount": 113_001, "claimed_before": 0, "invoices": 113_000}
    assert book.tell("supplier", "receivable.adjusted", {**grown, "receivable": "s", "delta": 1}) == [
        "receivable.exceeds_invoices"
    ]
    assert book.tell("supplier", "receivable.adjusted", {**grown, "receivable": "t", "delta": -1}) == []


def test_a_confirmation_does_not_cover_what_comes_on_top(book: Book) -> None:
    invoiced(book, "i")
    assert registered(book, "r", 100_000, "i") == []
    assert book.tell("core", "receivable.confirmed", {"receivable": "r", "by": "core", "method": "seal"}) == []
    change = {"receivable": "r", "delta": -1_000, "reason": "discount", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", change) == []
    assert book.tell("supplier", "receivable.adjusted", {**change, "delta": 1_000}) == [], "what was confirmed"
    assert book.tell("supplier", "receivable.adjusted", {**change, "delta": 1}) == ["receivable.status_path"]


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
