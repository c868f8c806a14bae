"""Every breach about documents and what refers to them, and beside it the lawful record that looks like it."""

import pytest

from ledger.facts import TradeDocument, TradeReference
from tests.support.ledger_book import Book, invoice
from tests.support.trade import TODAY, TRADERS, digest, document, order, receipt


@pytest.fixture
def book(book: Book) -> Book:
    book.admit(TRADERS)
    return book


def references(book: Book, source: str) -> list[tuple[str, str]]:
    rows = book.store.at().select(TradeReference, TradeReference.source == source)
    return sorted((row.source_kind, row.target) for row in rows)


def test_a_document_is_kept_as_stated(book: Book) -> None:
    assert book.tell("supplier", "document.registered", document("d")) == []
    row = book.store.at().get(TradeDocument, "d")
    assert (row.type, row.number, row.parties, row.amount, row.currency) == (
        "contract", "HT-d", ["supplier", "core"], 113_000, "CNY",
    )  # fmt: skip
    assert (str(row.quantity), row.unit, row.file_digest, row.status) == ("12.5", "吨", digest("d"), "active")
    bare = document("e", amount=None, file_digest=None, goods=None, quantity=None, unit=None)
    assert book.tell("warehouse", "document.registered", bare) == []
    assert book.store.at().get(TradeDocument, "e").quantity is None


def test_what_is_referred_to_may_be_a_document_an_invoice_an_order_or_a_receipt(book: Book) -> None:
    book.say("supplier", "document.registered", document("d"))
    book.say("supplier", "invoice.registered", invoice("i", refers_to=["d"]))
    book.say("customs", "order.registered", order("o"))
    book.say("warehouse", "warehouse_receipt.issued", receipt("w"))
    assert book.seal() == ()
    assert book.tell("bank", "document.registered", document("e", "d", "i", "o", "w", "d")) == []
    assert references(book, "e") == [("document", "d"), ("document", "i"), ("document", "o"), ("document", "w")]
    assert references(book, "i") == [("invoice", "d")]


@pytest.mark.parametrize("missing", [["ghost"], ["ghost", "d"], ["core"]])  # core is a member, no trade document
def test_what_nobody_registered_is_missing(book: Book, missing: list[str]) -> None:
    book.tell("supplier", "document.registered", document("d"))
    assert book.tell("supplier", "document.registered", document("e", *missing)) == ["reference.missing"]
    assert book.tell("supplier", "invoice.registered", invoice("i", refers_to=missing)) == ["reference.missing"]
    assert dict(book.found[-1].details) == {"missing": 1}
    assert book.found[-1].subject == "invoice i"
    assert references(book, "i") == sorted(("invoice", name) for name in missing)


def test_a_document_of_the_same_block_is_found(book: Book) -> None:
    book.say("supplier", "document.registered", document("d"))
    book.say("supplier", "document.registered", document("e", "d"))
    assert book.seal() == ()


def test_parties_are_members(book: Book) -> None:
    assert book.tell("bank", "document.registered", document("d", parties=["core", "ghost"])) == ["reference.missing"]
    assert book.tell("supplier", "document.registered", document("d")) == ["identifier.reused"]
    assert book.store.at().get(TradeDocument, "d").parties == ["core", "ghost"]


def test_a_document_is_not_dated_after_its_record(book: Book) -> None:
    assert book.tell("supplier", "document.registered", document("d", date="2026-01-06")) == ["dates.order"]
    # told once: what follows in its order is lawful
    assert book.tell("supplier", "document.cancelled", {"document": "d", "at": TODAY, "reason": "录入错误"}) == []
    assert book.tell("supplier", "document.registered", document("e", date=TODAY)) == []


def test_an_amendment_replaces_what_it_gives(book: Book) -> None:
    for name in ("d", "x", "y"):
        book.say("supplier", "document.registered", document(name))
    book.say("supplier", "document.registered", document("e", "x"))
    book.say("supplier", "invoice.registered", invoice("e", refers_to=["x"]))  # an invoice of the same name
    assert book.seal() == ()
    change = {"document": "e", "at": TODAY, "reason": "补充协议", "amount": 0, "refers_to": ["y"]}
    assert book.tell("supplier", "document.amended", change) == []
    row = book.store.at().get(TradeDocument, "e")
    assert (row.amount, row.file_digest, row.parties) == (0, digest("e"), ["supplier", "core"])
    assert references(book, "e") == [("document", "y"), ("invoice", "x")]
    assert len(book.store.at().history(TradeDocument, "e")) == 2
    other = {"document": "e", "at": TODAY, "reason": "改期", "date": "2026-01-03", "parties": ["core"]}
    assert book.tell("core", "document.amended", other) == []
    row = book.store.at().get(TradeDocument, "e")
    assert (str(row.dated_on), row.parties, row.amount) == ("2026-01-03", ["core"], 0)
    assert references(book, "e") == [("document", "y"), ("invoice", "x")]


def test_a_cancelled_document_stays_cancelled(book: Book) -> None:
    book.tell("supplier", "document.registered", document("d"))
    ended = {"document": "d", "at": TODAY, "reason": "作废"}
    assert book.tell("supplier", "document.cancelled", ended) == []
    assert book.tell("supplier", "document.cancelled", ended) == ["document.status_path"]
    assert book.tell("supplier", "document.amended", {**ended, "amount": 1}) == ["document.status_path"]
    row = book.store.at().get(TradeDocument, "d")
    assert (row.status, row.amount) == ("cancelled", 1)


def test_acts_follow_each_other(book: Book) -> None:
    book.tell("supplier", "document.registered", document("d"))
    change = {"document": "d", "reason": "更正", "amount": 1}
    assert book.tell("supplier", "document.amended", {**change, "at": "2026-01-03"}) == ["dates.order"]
    assert book.tell("supplier", "document.amended", {**change, "at": "2026-01-06"}) == ["dates.order"]
    late = {**change, "at": TODAY, "date": "2026-01-06"}
    assert book.tell("supplier", "document.amended", late) == ["dates.order"]
    assert book.tell("supplier", "document.amended", {**change, "at": TODAY, "date": TODAY}) == []


@pytest.mark.parametrize(
    ("sender", "codes"), [("supplier", []), ("core", []), ("gateway", []), ("tier2", ["sender.not_party"])]
)
def test_only_its_own_change_a_document(book: Book, sender: str, codes: list[str]) -> None:
    book.tell("bank", "document.registered", document("d"))
    assert book.tell(sender, "document.amended", {"document": "d", "at": TODAY, "reason": "更正"}) == codes
    assert book.tell("bank", "document.cancelled", {"document": "d", "at": TODAY, "reason": "作废"}) == []
