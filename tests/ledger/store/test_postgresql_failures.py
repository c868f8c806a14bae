"""What PostgreSQL's failures are called, that no message tells a password, and that writers and readers keep apart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from ledger.errors import LedgerError, StoreDamaged, StoreUnavailable, Unknown
from ledger.store import Store, engine
from ledger.store.tables import BlockRow
from tests.support.databases import LOCKED, Databases, Server
from tests.support.ledger_book import Book, invoice

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def made(postgresql: Server) -> Iterator[Databases]:
    """A maker of databases of the server."""
    databases = Databases(postgresql)
    yield databases
    databases.give_back()


@pytest.fixture
def book(made: Databases) -> Iterator[Book]:
    """A book in a database."""
    book = Book(made())
    book.admit()
    yield book
    book.store.close()


def refusal(location: str) -> LedgerError:
    with pytest.raises(LedgerError) as refused:
        Store.open(location)
    return refused.value


def test_a_plain_url_takes_the_driver_that_is_installed(book: Book) -> None:
    assert book.store._engine.dialect.driver == "psycopg"


def test_a_server_that_is_not_there(postgresql: Server) -> None:
    for url in (
        f"postgresql://me:hush-hush@/x?host={postgresql.folder}/nowhere", "postgresql://me:hush-hush@127.0.0.1:1/x",
    ):  # fmt: skip
        told = refusal(url)
        assert told.code == "store-unreachable"
        assert "hush" not in f"{told}{told.next_step}"


def test_a_wrong_password_is_not_told(postgresql: Server) -> None:
    told = refusal(f"postgresql://{LOCKED}:hush-hush@/postgres?host={postgresql.folder}")
    assert told.code == "store-access"
    assert "hush" not in f"{told}{told.next_step}"


def test_a_url_that_is_none_is_not_told_either() -> None:
    for url in ("postgresql://me:hush-hush@host:port/x", "mysql://me:hush-hush@host/x"):
        told = refusal(url)
        assert told.code == "store-url"
        assert "hush" not in f"{told}{told.next_step}"


def test_a_database_that_is_not_there(postgresql: Server) -> None:
    told = refusal(postgresql.url("nowhere"))
    assert isinstance(told, Unknown)
    assert told.code == "no-store"
    assert "createdb" in told.next_step


def test_a_database_that_cannot_hold_every_character(postgresql: Server) -> None:
    postgresql.execute("CREATE DATABASE narrow ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StoreUnavailable) as refused:
        Store.create(postgresql.url("narrow"))
    assert refused.value.code == "store-encoding"
    postgresql.execute("DROP DATABASE narrow")


def test_another_writer_is_waited_for_and_then_told(book: Book, made: Databases, postgresql: Server) -> None:
    with postgresql.connect(made._known["ledger"]) as holder, holder.transaction():
        holder.execute(f"SELECT pg_advisory_xact_lock({engine.WRITE_LOCK})")
        with book.store._engine.connect() as connection:
            connection.execute(text("SET lock_timeout = 50"))
            connection.commit()
        with pytest.raises(StoreUnavailable) as refused:
            book.seal()
        assert refused.value.code == "store-locked"
        assert book.store.head().height == 1  # reading goes on
    assert book.seal() == ()


def test_two_writers_never_interleave(book: Book, made: Databases) -> None:
    """The second waits for the first, and then sees that the height is taken."""
    other = Book.__new__(Book)
    other.__dict__.update(book.__dict__)
    other.store, other.events, results = Store.open(made()), [], []
    for each in (book, other):
        for number in range(40):
            each.say("supplier", "invoice.registered", invoice(f"i{number}"))

    def seal(each: Book) -> None:
        try:
            results.append(each.seal())
        except StoreUnavailable as refused:
            results.append(refused.code if refused.code == "store-moved" else str(refused))

    threads = [threading.Thread(target=seal, args=(each,)) for each in (book, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [(), "store-moved"]
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest
    other.store.close()


def test_a_reading_sees_one_height_whatever_is_committed(book: Book, made: Databases) -> None:
    counted = select(BlockRow.height).order_by(BlockRow.height.desc()).limit(1)  # type: ignore[attr-defined]
    with Store.open(made()) as reader, reader._engine.connect() as connection:
        before = connection.execute(counted).scalar()
        book.tell("supplier", "invoice.registered", invoice("i"))
        assert connection.execute(counted).scalar() == before
        connection.rollback()
        assert connection.execute(counted).scalar() == before + 1


def test_a_read_only_server(book: Book) -> None:
    with book.store._engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
        connection.commit()
    with pytest.raises(StoreUnavailable) as refused:
        book.seal()
    assert refused.value.code == "store-access"


@pytest.mark.parametrize("records", [1, 40])
def test_a_connection_lost_in_the_middle(book: Book, postgresql: Server, records: int) -> None:
    head = book.store.head()
    for number in range(records):
        book.say("supplier", "invoice.registered", invoice(f"i{number}"))
    events = list(book.events)
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    postgresql.execute(ended)
    with pytest.raises(StoreUnavailable) as refused:
        book.seal()
    assert refused.value.code == "store-unreachable"
    assert "run again" in refused.value.next_step
    assert book.store.head() == head
    book.events = events
    assert book.seal() == ()


def test_a_lost_table_is_damage(book: Book, postgresql: Server, made: Databases) -> None:
    with postgresql.connect(made._known["ledger"]) as raw:
        raw.execute("DROP TABLE record")
    with pytest.raises(StoreDamaged):
        book.store.record_count()


STATES = {
    "53100": "store-full", "53300": "store-busy", "25006": "store-access", "42501": "store-access",
    "28P01": "store-access", "3D000": "no-store", "55P03": "store-locked", "40P01": "store-locked",
    "40001": "store-locked", "57P01": "store-unreachable", "57P03": "store-busy", "08006": "store-unreachable",
    "XX001": "store-damaged", "22003": "store-failed",
}  # fmt: skip


@pytest.mark.parametrize(("state", "code"), STATES.items())
def test_the_servers_own_codes_have_names(state: str, code: str) -> None:
    cause: Any = psycopg.errors.lookup(state)("it says so")
    with pytest.raises(LedgerError) as refused, engine.guarded("testing"):
        raise OperationalError("SELECT 1", {}, cause)
    assert refused.value.code == code
    assert "it says so while testing" in refused.value.message
