"""Every breach about orders, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import TradeOrder
from tests.support.ledger_book import Book
from tests.support.trade import TODAY, TRADERS, order


@pytest.fixture
def book(book: Book) -> Book:
    book.admit(TRADERS)
    assert book.tell("customs", "order.registered", order("o")) == []
    return book


def locked(book: Book, sender: str = "bank", **values: Any) -> list[str]:
    return book.tell(sender, "order.locked", {"order": "o", "by": "bank", "financing": "f", "at": TODAY, **values})


def settled(book: Book, sender: str = "customs", **values: Any) -> list[str]:
    return book.tell(sender, "order.settled", {"order": "o", "at": TODAY, **values})


def row(book: Book) -> TradeOrder:
    return book.store.at().get(TradeOrder, "o")


def test_registered_locked_settled(book: Book) -> None:
    assert locked(book) == []
    assert (row(book).status, row(book).locked_by, row(book).financing) == ("locked", "bank", "f")
    assert settled(book) == []
    assert (row(book).status, str(row(book).changed_on)) == ("settled", TODAY)


def test_an_order_nobody_financed_is_settled(book: Book) -> None:
    paid = {
        "payment": "p", "payer": "core", "payee": "supplier", "amount": 9_900, "date": TODAY, "bank_reference": "B-1",
        "settles": [],
    }  # fmt: skip
    book.tell("bank", "payment.recorded", paid)
    assert settled(book, "settlement", payment="p") == []
    assert row(book).payment == "p"


def test_an_order_is_locked_once(book: Book) -> None:
    locked(book)
    assert locked(book, "factor", by="factor") == ["order.status_path"]
    assert book.found[-1].subject == "trade_order o"
    assert row(book).locked_by == "factor"


def test_a_settled_order_is_over(book: Book) -> None:
    settled(book)
    assert settled(book) == ["order.status_path"]
    assert locked(book) == ["order.status_path"]


def test_the_platform_speaks_for_its_orders(book: Book) -> None:
    assert book.tell("platform", "order.registered", order("x")) == ["sender.not_party"]
    assert book.tell("platform", "order.registered", order("y", platform="platform")) == []
    assert locked(book, "platform") == ["sender.not_party"]
    assert settled(book, "platform") == ["sender.not_party"]


def test_the_platform_may_lock_for_a_financier(book: Book) -> None:
    assert locked(book, "customs") == []
    assert row(book).locked_by == "bank"


def test_a_financier_locks_for_itself(book: Book) -> None:
    assert locked(book, "factor") == ["sender.not_party"]


def test_days_of_orders(book: Book) -> None:
    assert book.tell("customs", "order.registered", order("late", date="2026-01-06")) == ["dates.order"]
    assert locked(book, order="late") == []  # told once
    assert locked(book, at="2026-01-03") == ["dates.order"]
    assert settled(book, at="2026-01-06") == ["dates.order"]


def test_what_is_named_exists(book: Book) -> None:
    assert book.tell("customs", "order.registered", order("x", buyer="ghost")) == ["reference.missing"]
    assert book.tell("customs", "order.registered", order("o")) == ["identifier.reused"]
    assert settled(book, payment="never") == ["reference.missing"]
    assert row(book).status == "settled"
    assert settled(book, order="never") == ["reference.missing"]
