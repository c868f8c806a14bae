"""Committing: all of a block or nothing of it, on whatever goes wrong; and what the database's failures are called."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from ledger.admission import VerifiedBlock
from ledger.errors import LedgerError, StoreDamaged, StoreUnavailable, Unknown
from ledger.facts import FACTS, Invoice, Output, PoolAsset, Receivable, Settlement
from ledger.store import Store, cache, committing, engine
from tests.support.ledger_book import Book, invoice, receivable

ROOT = Path(__file__).parents[3]


def test_the_models_are_the_migrated_schema(tmp_path: Path) -> None:
    with Store.create(tmp_path / "ledger.db") as store, store._engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), SQLModel.metadata)
    ours = {table.label for table in FACTS} | {"block", "document", "record", "finding", "state"}
    assert [change for change in found if getattr(change[1], "name", "") in ours or change[0] != "add_table"] == []
    config = Config()
    config.set_main_option("script_location", str(ROOT / "ledger" / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [engine.SCHEMA]


def test_a_store_is_made_once_and_opened_again(tmp_path: Path) -> None:
    with pytest.raises(Unknown, match="no database"):
        Store.open(tmp_path / "deep" / "ledger.db")
    book = Book(tmp_path / "deep" / "ledger.db")
    book.store.pin('{"genesis":1}')
    book.store.pin('{"genesis":1}')
    with pytest.raises(LedgerError, match="another chain"):
        book.store.pin('{"genesis":2}')
    head = book.store.head()
    book.store.close()
    for opened in (Store.open, Store.create):
        with opened(f"sqlite:///{tmp_path}/deep/ledger.db") as store:
            assert (store.head(), store.anchor(), store.trusted()) == (head, '{"genesis":1}', '{"height":0}')
            assert store.document(0) == b'{"block":0}'
            with pytest.raises(Unknown):
                store.document(1)


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with Store.create(tmp_path / "ledger.db") as store:
        assert (store.head(), store.anchor(), store.trusted()) == (None, None, None)
        with pytest.raises(Unknown, match="no block yet"):
            store.at()
        with pytest.raises(Unknown, match="no block yet"):
            store.block(0)


def test_a_block_must_follow_the_head(book: Book) -> None:
    head = book.store.head()
    before = book.store.recompute_facts_digest()
    block = VerifiedBlock(
        height=head.height + 1, hash=b"x" * 32, parent_hash=head.hash, timestamp=head.timestamp,
        transactions=0, events=(), unproven_logs=0, document=b"{}",
    )  # fmt: skip
    for wrong in (
        replace(block, height=head.height + 2),
        replace(block, parent_hash=b"y" * 32),
        replace(block, height=0),
    ):
        with pytest.raises(StoreUnavailable, match="does not follow"):
            book.store.commit(wrong, trusted="{}")
    assert book.store.head() == head
    assert book.store.recompute_facts_digest() == before
    book.store.commit(block, trusted="{}")


@pytest.mark.parametrize("step", ["_write_block", "_write_facts", "_write_findings", "_write_state"])
def test_a_failure_leaves_nothing_behind(book: Book, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    head, trusted = book.store.head(), book.store.trusted()
    change = {"receivable": "r", "delta": -1, "reason": "return", "at": "2026-01-05"}
    book.say("gateway", "receivable.adjusted", change)
    book.say("supplier", "invoice.registered", invoice("i", tax=1))
    events = list(book.events)
    real = getattr(committing, step)

    def fails(*given: object) -> None:
        real(*given)
        raise sqlite3.OperationalError("planted")

    with monkeypatch.context() as patched:
        patched.setattr(committing, step, fails)
        with pytest.raises(sqlite3.OperationalError, match="planted"):
            book.seal()
    assert (book.store.head(), book.store.trusted()) == (head, trusted)
    assert book.store.findings() == []
    assert book.store.at().get(Invoice, "i") is None
    book.events = events
    assert [finding.code.value for finding in book.seal()] == ["invoice.amounts"]
    assert book.store.at().get(Receivable, "r").adjusted == -1
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest


def test_another_writers_block_is_seen(book: Book, tmp_path: Path) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    other = Book.__new__(Book)
    other.__dict__.update(book.__dict__)
    other.store, other.events = Store.open(tmp_path / "ledger.db"), []
    change = {"receivable": "r", "delta": -1, "reason": "return", "at": "2026-01-05"}
    assert other.tell("gateway", "receivable.adjusted", change) == []
    book.time, book._serial = other.time, other._serial
    assert book.tell("gateway", "receivable.adjusted", change) == []
    assert book.store.at().get(Receivable, "r").adjusted == -2
    other.store.close()


def test_the_same_records_give_the_same_digest(tmp_path: Path) -> None:
    digests = set()
    for name, size in (("a", 2), ("b", 32_768)):
        book = Book(tmp_path / f"{name}.db")
        book.store._committer._cache._size = size
        book.admit()
        for number in range(5):
            book.tell("supplier", "invoice.registered", invoice(f"i{number}"))
            book.tell("supplier", "receivable.registered", receivable(f"r{number}", f"i{number}"))
        change = {"receivable": "r0", "delta": -1, "reason": "return", "at": "2026-01-05"}
        assert book.tell("gateway", "receivable.adjusted", change) == []
        assert book.found == []
        digests.add(book.store.head().facts_digest)
        book.store.close()
    assert len(digests) == 1


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


def test_a_database_of_another_version(book: Book, tmp_path: Path) -> None:
    book.store.close()
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    for opened in (Store.open, Store.create):
        with pytest.raises(StoreUnavailable, match="schema 9999") as refused:
            opened(tmp_path / "ledger.db")
        assert refused.value.code == "store-schema"
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreUnavailable, match="no schema of Glasspool"):
        Store.open(tmp_path / "empty.db")


def test_locations_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for location in ("nonsense://x/y", "postgresql+nodriver://x/y", tmp_path / "file" / "ledger.db"):
        with pytest.raises(StoreUnavailable):
            Store.create(location)


def test_stored_bytes_that_do_not_unpack(book: Book, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as raw:
        raw.execute("UPDATE document SET content = ? WHERE height = 0", (b"junk",))
        raw.execute("DELETE FROM document WHERE height = 1")
    raw.close()
    for height in (0, 1):
        with pytest.raises(StoreDamaged):
            book.store.document(height)


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from ledger.admission import VerifiedBlock
from tests.support.ledger_book import Book, invoice
book = Book(sys.argv[2])
book.admit()
for number in range(100_000):
    for each in range(5):
        book.say("supplier", "invoice.registered", invoice(f"i{number}-{each}"))
    book.seal()
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_blocks(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(ROOT), str(file)], stdout=subprocess.PIPE) as writer:
        for _ in range(12):
            assert writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    with Store.open(file) as store:
        head = store.head()
        assert head.height >= 13
        assert head.hash == hashlib.sha256(f"block {head.height}".encode()).digest()
        assert store.trusted() == f'{{"height":{head.height}}}'
        assert store.at().count(Invoice) == 5 * (head.height - 1)
        assert store.recompute_facts_digest() == head.facts_digest


def test_what_committing_reads_is_found_by_an_index(book: Book) -> None:
    statements = [cache._latest(table) for table in FACTS]
    for table, column in ((PoolAsset, "asset"), (Settlement, "receivable"), (Output, "root")):
        statements.append(cache._live(table, column))
    with book.store._engine.connect() as connection:
        for statement in statements:
            named = statement.params(names=["x", "y"])
            text = str(named.compile(connection, compile_kwargs={"literal_binds": True}))
            steps = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
            assert any(step.startswith("SEARCH") for step in steps)
            assert not any(step.startswith("SCAN") for step in steps), steps
