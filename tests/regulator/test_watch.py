"""What is found block by block is what is found over all of history, with the height from which each version stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import regulator.watch
from ledger.facts import Invoice
from ledger.snapshot import Snapshot, take
from ledger.store import Narrowed
from regulator.book import Book
from regulator.errors import BookStale
from regulator.histories import MarketHistories, StoreHistories
from regulator.signals import Level, Version
from regulator.watch import follow, sweep
from tests.support import ledger_book
from tests.support.ledger_book import invoice
from tests.support.red_invoices import RULE, NotNormal


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Book]:
    with Book.open(tmp_path / "book.db") as made:
        yield made


def status(book: ledger_book.Book, name: str, to: str) -> None:
    book.say("verifier", "invoice.status_changed", {
        "invoice": name, "status": to, "red_invoice": None, "at": f"{book.time:%Y-%m-%d}",
    })  # fmt: skip


@pytest.fixture
def history(book: ledger_book.Book) -> ledger_book.Book:
    """Invoices A, B, C: A is found abnormal, cleared, then red-flushed; B is voided; C stays normal."""
    for name in "ABC":
        book.say("gateway", "invoice.registered", invoice(name))
    book.seal()
    status(book, "A", "abnormal")
    book.seal(1)
    status(book, "A", "normal")
    status(book, "B", "voided")
    book.seal(1)
    status(book, "A", "red_flushed")
    book.seal(1)
    return book


def watched(history: ledger_book.Book, casebook: Book) -> list[Version]:
    for _ in follow(history.store, casebook, [NotNormal()]):
        pass
    return list(casebook.versions([RULE]))


def swept(history: ledger_book.Book, folder: Path) -> list[Version]:
    facts = history.store.at()
    take(facts, folder)
    with Snapshot.open(folder).on_duckdb() as market:
        return sorted(sweep(market, facts.height, [NotNormal()]), key=lambda one: (one.height, one.id))


def test_versions_stand_from_the_block_that_changed_something(history: ledger_book.Book, casebook: Book) -> None:
    first = history.height - 3
    found = watched(history, casebook)
    of_a = [(one.height, one.signal and one.signal.level) for one in found if one.subject == "invoice A"]
    assert of_a == [(first, Level.LOW), (first + 1, None), (first + 2, Level.HIGH)]
    of_b = [(one.height, one.signal and one.signal.since) for one in found if one.subject == "invoice B"]
    assert of_b == [(first + 1, date(2026, 1, 6))]


@pytest.mark.parametrize("records", [1, 2, 10_000])
def test_steps_of_any_size_give_the_same(
    history: ledger_book.Book, casebook: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert watched(history, casebook) == swept(history, tmp_path / "snapshot")


def test_followed_block_by_block_as_they_come(history: ledger_book.Book, casebook: Book, tmp_path: Path) -> None:
    watched(history, casebook)
    status(history, "C", "abnormal")
    history.seal(1)
    steps = list(follow(history.store, casebook, [NotNormal()]))
    assert [(one.height, one.head, len(one.versions)) for one in steps] == [(history.height - 1,) * 2 + (1,)]
    assert list(casebook.versions([RULE])) == swept(history, tmp_path / "snapshot")
    assert list(follow(history.store, casebook, [NotNormal()])) == []


def test_nothing_is_half_written(history: ledger_book.Book, casebook: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails leaves the book as it was, and the next run goes on from there."""
    monkeypatch.setattr(regulator.watch, "RECORDS", 1)

    class Failing(NotNormal):
        def load(self, histories, seeds):  # type: ignore[no-untyped-def]
            if histories.height == history.height - 1:
                raise OSError("gone")
            return super().load(histories, seeds)

    with pytest.raises(OSError, match="gone"):
        for _ in follow(history.store, casebook, [Failing()]):
            pass
    followed = casebook.followed("invoices")
    assert followed is not None
    assert followed.height == history.height - 2
    assert len(watched(history, casebook)) == 4


def test_facts_that_were_rebuilt_make_the_book_stale(history: ledger_book.Book, casebook: Book, tmp_path: Path) -> None:
    watched(history, casebook)
    other = ledger_book.Book(tmp_path / "other.db")
    other.admit()
    with pytest.raises(BookStale) as refused:
        for _ in follow(other.store, casebook, [NotNormal()]):
            pass
    other.store.close()
    assert refused.value.code == "book-stale"
    casebook.forget("invoices", [RULE])
    assert len(watched(history, casebook)) == 4


def test_both_readings_give_the_same_rows(history: ledger_book.Book, tmp_path: Path) -> None:
    facts = history.store.at(history.height - 2)
    take(facts, tmp_path / "snapshot")
    day = Narrowed(within=("issued", date(2026, 1, 4), date(2026, 1, 4)))
    before = Narrowed(within=("issued", date.min, date(2026, 1, 3)))
    with Snapshot.open(tmp_path / "snapshot").on_duckdb() as market:
        for reading in (StoreHistories(facts), MarketHistories(market, facts.height)):
            rows = [one.values() for one in reading.having(Invoice, "id", ["A", "B", "nobody"])]
            assert [(row["id"], row["status"], row["to_height"]) for row in rows] == [
                ("A", "normal", facts.height - 1), ("B", "normal", facts.height),
                ("A", "abnormal", facts.height), ("A", "normal", None), ("B", "voided", None),
            ]  # fmt: skip
            assert [one.id for one in reading.having(Invoice, "seller", ["supplier"], day)].count("A") == 3
            assert reading.having(Invoice, "seller", ["supplier"], before) == []
            assert reading.having(Invoice, "id", []) == []
        both = [
            [one.values() for one in reading.having(Invoice, "buyer", ["core"])]
            for reading in (StoreHistories(facts), MarketHistories(market, facts.height))
        ]
    assert both[0] == both[1]
