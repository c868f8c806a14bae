"""Questions asked past SQLAlchemy answer as those it asks: the same rows and values, whatever is asked for."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import or_, text
from sqlmodel import col

from ledger.errors import StoreDamaged
from ledger.facts import FACTS, Fact, Invoice, Member, Receivable, ReceivableInvoice
from ledger.position import Position
from ledger.store import AsOf, Narrowed
from tests.support.ledger_book import Book, invoice, receivable

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 2)
HOSTILE = ("o'brien", 'say "no"', "50%(x)s ?", "[]", "单号", "a\\u0000b", "", "\U0001f4a5", "null", "{}")


def told(rows: Any) -> list[dict[str, Any]]:
    return [row.values() for row in sorted(rows, key=lambda row: (row.from_position, row.id))]


@pytest.fixture
def traded(book: Book) -> AsOf:
    """Two invoices of different days, one of them under a receivable and voided later; as it was before that."""
    book.say("supplier", "invoice.registered", invoice("i", issued=FIRST.isoformat()))
    book.say("supplier", "invoice.registered", invoice("j", issued=(FIRST + timedelta(days=30)).isoformat()))
    book.seal()
    book.tell("supplier", "receivable.registered", receivable("r", invoices=["i"]))
    then = book.store.at()
    book.tell("verifier", "invoice.status_changed", {"invoice": "i", "status": "voided", "at": "2026-01-05"})
    return then


def test_among_gives_what_select_gives_of_every_table(book: Book, traded: AsOf) -> None:
    for facts in (traded, book.store.at()):
        found = {table: facts.select_ended(table) for table in FACTS}
        assert sum(map(len, found.values())) > 6
        for table, rows in found.items():
            assert told(facts.among(table, "id", [row.id for row in rows])) == told(rows)
            assert facts.among(table, "id", []) == []


def test_an_end_that_came_later_is_not_known(book: Book, traded: AsOf) -> None:
    (before,) = traded.among(Invoice, "id", ["i"])
    assert (before.to_height, before.to_position, before.status) == (None, None, "normal")
    assert [one.to_height for one in book.store.at().among(Invoice, "id", ["i"])] != [None]


def test_among_holds_to_days_and_to_what_nothing_names(book: Book, traded: AsOf) -> None:
    seller = traded.among(Invoice, "id", ["i"])[0].seller
    days = ("issued", FIRST, LAST)
    assert [one.id for one in traded.among(Invoice, "seller", [seller], Narrowed(within=days))] == ["i"]
    assert {one.id for one in traded.among(Invoice, "seller", [seller])} == {"i", "j"}
    unnamed = (ReceivableInvoice, "invoice")
    assert [one.id for one in traded.among(Invoice, "seller", [seller], Narrowed(unnamed=unnamed))] == ["j"]
    earlier = book.store.at(traded.height - 1)
    assert {one.id for one in earlier.among(Invoice, "seller", [seller], Narrowed(unnamed=unnamed))} == {"i", "j"}


def test_among_holds_to_other_columns(book: Book, traded: AsOf) -> None:
    (one,) = traded.among(Invoice, "id", ["i"])
    days = ("issued", FIRST, LAST)
    for number, amount, found in (("i", 0, 0), (one.number, 0, 0), (one.number, one.amount_including_tax, 1)):
        also = {"number": {number, *HOSTILE}, "amount_including_tax": [amount, -1]}
        assert len(traded.among(Invoice, "seller", [one.seller], Narrowed(within=days, also=also))) == found
        assert len(traded.among(Invoice, "seller", [one.seller], Narrowed(also=also))) == found
    assert traded.among(Invoice, "seller", [one.seller], Narrowed(also={"buyer": ()})) == []


def test_values_are_values_and_nothing_else(book: Book) -> None:
    for number, name in enumerate(HOSTILE):
        book.say("supplier", "invoice.registered", invoice(f"i{number}", number=name or "-"))
    book.seal()
    facts = book.store.at()
    stored = {one.number: one.id for one in facts.select(Invoice)}
    for name in HOSTILE:
        expected = [stored[name]] if name in stored else []
        assert [one.id for one in facts.among(Invoice, "number", [name])] == expected, name
    assert len(facts.among(Invoice, "number", list(HOSTILE))) == len(stored.keys() & set(HOSTILE)) > 4


def test_text_that_no_fact_can_have_is_not_taken_for_another(book: Book, traded: AsOf) -> None:
    never = ["i\x00", "i\x00j", "\ud800", "i\udc80"]
    assert traded.among(Invoice, "id", never) == []
    assert [one.id for one in traded.among(Invoice, "id", [*never, "i"])] == ["i"]
    assert traded.stated(Invoice, "id", [*never, "i"]) == {"i"}
    assert traded.among(Invoice, "id", ["i"], Narrowed(also={"number": never})) == []


def test_stated_gives_those_that_a_version_begun_by_then_states(book: Book, traded: AsOf) -> None:
    assert book.store.at().stated(Invoice, "status", ["voided", "normal", "red", *HOSTILE]) == {"voided", "normal"}
    assert traded.stated(Invoice, "status", ["voided", "normal"]) == {"normal"}
    assert traded.stated(Invoice, "id", []) == set()


def test_more_values_than_a_statement_has_places(book: Book, traded: AsOf) -> None:
    values = [f"none-{number}" for number in range(70_000)]
    assert [one.id for one in traded.among(Invoice, "id", [*values, "i"])] == ["i"]


def test_changed_gives_what_began_or_ended_in_the_blocks(book: Book, traded: AsOf) -> None:
    tables = (Member, Invoice, Receivable, ReceivableInvoice)
    head = book.store.at().height
    for height in range(head + 1):
        facts = book.store.at(height)
        for after in range(-1, height):
            first, bound = Position(after + 1, 0, 0).number, Position(height + 1, 0, 0).number
            expected: dict[type[Fact], list[dict[str, Any]]] = {}
            for table in tables:
                began = col(table.from_position).between(first, bound - 1)
                ended = col(table.to_position).between(first, bound - 1)
                if rows := facts.select_ended(table, or_(began, ended)):
                    expected[table] = told(rows)
            found = facts.changed(tables, after)
            assert {table: told(rows) for table, rows in found.items()} == expected
            assert all(list(rows) == sorted(rows, key=lambda row: row.from_position) for rows in found.values())
    assert list(book.store.at().changed(tables, head - 1)) == [Invoice]
    assert book.store.at().changed(tables, head) == {}


def test_what_the_database_refuses_is_told_as_elsewhere(book: Book, traded: AsOf) -> None:
    with book.store._engine.begin() as connection:
        connection.execute(text("DROP TABLE receivable_invoice"))
    for ask in (
        lambda: traded.among(ReceivableInvoice, "invoice", ["i"]),
        lambda: traded.stated(ReceivableInvoice, "invoice", ["i"]),
        lambda: traded.changed((Invoice, ReceivableInvoice), -1),
    ):
        with pytest.raises(StoreDamaged, match="reading facts"):
            ask()
