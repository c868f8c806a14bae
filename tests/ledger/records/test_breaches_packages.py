"""Every breach about packages of invoices, and beside it the lawful record that looks like it."""

import pytest

from ledger.facts import Package, PackageInvoice
from tests.support.ledger_book import Book, invoice
from tests.support.trade import TRADERS, package


@pytest.fixture
def book(book: Book) -> Book:
    book.admit(TRADERS)
    for name in ("a", "b", "c", "d"):
        book.say("supplier", "invoice.registered", invoice(name))
    assert book.seal() == ()
    return book


def held(book: Book, name: str) -> list[str]:
    return sorted(row.invoice for row in book.store.at().select(PackageInvoice, PackageInvoice.package == name))


def test_the_digest_is_that_of_the_list(book: Book) -> None:
    turned = package("p", "a", "b", digest=package("p", "b", "a")["digest"])
    assert book.tell("supplier", "package.registered", turned) == ["package.digest"]
    assert dict(book.found[-1].details)["computed"] == package("p", "a", "b")["digest"]
    assert held(book, "p") == ["a", "b"]
    assert book.tell("supplier", "package.registered", package("q", "d", "c")) == []


def test_the_digest_is_sm3_of_canonical_json() -> None:
    # printf '["a","发票"]' | openssl dgst -sm3
    known = "5b149ba1b50799ad128e163e438655e6473ee0c1b9bd0029ea5ac996feae601c"
    assert package("p", "a", "发票")["digest"] == known


def test_an_invoice_is_packed_once(book: Book) -> None:
    assert book.tell("supplier", "package.registered", package("p", "a", "b")) == []
    assert book.tell("supplier", "package.registered", package("q", "b", "c")) == ["package.invoice_packed"]
    assert book.found[-1].message == "Package p holds b already"
    assert book.found[-1].others[0] < book.last()
    assert book.tell("supplier", "package.registered", package("s", "b", "d")) == ["package.invoice_packed"] * 2
    assert (held(book, "p"), held(book, "q"), held(book, "s")) == (["a", "b"], ["b", "c"], ["b", "d"])


def test_in_one_block_too(book: Book) -> None:
    book.say("supplier", "package.registered", package("p", "a"))
    book.say("gateway", "package.registered", package("q", "a"))
    assert [found.code.value for found in book.seal()] == ["package.invoice_packed"]


def test_a_correction_takes_the_place_of_what_it_supersedes(book: Book) -> None:
    book.tell("supplier", "package.registered", package("p", "a", "b"))
    assert book.tell("supplier", "package.registered", package("q", "a", "c", supersedes="p")) == []
    assert (held(book, "p"), held(book, "q")) == ([], ["a", "c"])
    assert book.store.at().get(Package, "p").superseded_by == "q"
    assert book.tell("supplier", "package.registered", package("s", "b")) == []  # the correction left it out
    again = package("t", "a", supersedes="p")  # a second correction of the same package packs it twice
    assert book.tell("supplier", "package.registered", again) == ["package.invoice_packed"]


def test_a_correction_frees_only_what_it_supersedes(book: Book) -> None:
    book.tell("supplier", "package.registered", package("p", "a"))
    book.tell("supplier", "package.registered", package("q", "b"))
    both = package("s", "a", "b", supersedes="p")
    assert book.tell("supplier", "package.registered", both) == ["package.invoice_packed"]
    assert book.found[-1].message == "Package q holds b already"


def test_a_supplier_corrects_its_own_packages(book: Book) -> None:
    book.tell("supplier", "package.registered", package("p", "a"))
    assert book.tell("tier2", "package.registered", package("q", "a", supersedes="p")) == ["sender.not_party"]
    assert book.tell("gateway", "package.registered", package("s", "a", supersedes="q")) == []


def test_what_is_named_exists(book: Book) -> None:
    ghosts = package("p", "a", "ghost", supersedes="never")
    assert book.tell("supplier", "package.registered", ghosts) == ["reference.missing"] * 2
    assert held(book, "p") == ["a", "ghost"]
    assert book.tell("supplier", "package.registered", package("p", "b")) == ["identifier.reused"]
    assert book.tell("core", "package.registered", package("q", "b")) == ["sender.role"]
