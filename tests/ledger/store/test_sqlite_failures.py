"""What SQLite's failures are called: locked, full, read-only, damaged, not there."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.errors import StoreDamaged, StoreUnavailable
from ledger.facts import Invoice
from ledger.store import Store, engine
from tests.support.ledger_book import Book, invoice


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A book in a file."""
    book = Book(tmp_path / "ledger.db")
    book.admit()
    yield book
    book.store.close()


def test_a_locked_database(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    book.store._engine.dispose()
    holder = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as refused:
        book.seal()
    assert refused.value.code == "store-locked"
    assert book.store.head().height == 1  # reading goes on
    holder.execute("ROLLBACK")
    holder.close()
    assert book.seal() == ()


def test_a_full_disk(book: Book) -> None:
    with book.store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    for number in range(100):
        book.say("supplier", "invoice.registered", invoice(f"i{number}", goods="g" * 900))
    with pytest.raises(StoreUnavailable) as refused:
        book.seal()
    assert refused.value.code == "store-full"


def test_a_read_only_database(book: Book, tmp_path: Path) -> None:
    book.store.close()
    with Store.open(tmp_path / "ledger.db") as store:
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        book.store = store
        with pytest.raises(StoreUnavailable) as refused:
            book.seal()
    assert refused.value.code == "store-access"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(b"not a database, but long enough to look like something" * 100)
    with pytest.raises(StoreDamaged) as refused:
        Store.open(file)
    assert refused.value.code == "store-damaged"


def test_a_file_that_lost_a_table(book: Book, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute("DROP TABLE record")
    raw.close()
    with pytest.raises(StoreDamaged, match="no such table"):
        book.store.record_count()


def test_text_that_is_none(book: Book, tmp_path: Path) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute("UPDATE invoice SET goods = CAST(x'ff' AS TEXT)")
    raw.close()
    with pytest.raises(StoreDamaged):
        book.store.at().get(Invoice, "i")


@pytest.mark.parametrize(("column", "value"), [("issued", "'someday'"), ("refers_to", "'[a'"), ("verified_at", "'x'")])
def test_values_that_are_none(book: Book, tmp_path: Path, column: str, value: str) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute(f"UPDATE invoice SET {column} = {value}")
    raw.close()
    with pytest.raises(StoreDamaged):
        book.store.at().get(Invoice, "i")
    book.store._committer._cache.clear()
    change = {"invoice": "i", "status": "voided", "at": "2026-01-05"}
    with pytest.raises(StoreDamaged):
        book.tell("verifier", "invoice.status_changed", change)


def test_a_finding_of_no_code(book: Book, tmp_path: Path) -> None:
    book.tell("supplier", "invoice.registered", invoice("i", tax=1))
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute("UPDATE finding SET code = 'nonsense'")
    raw.close()
    with pytest.raises(StoreDamaged):
        book.store.findings()


def test_a_file_without_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreUnavailable, match="no schema of Glasspool"):
        Store.open(tmp_path / "empty.db")


def test_locations_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for location in ("nonsense://x/y", "postgresql+nodriver://x/y", tmp_path / "file" / "ledger.db"):
        with pytest.raises(StoreUnavailable):
            Store.create(location)
