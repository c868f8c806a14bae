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
from sqlalchemy import BigInteger, Integer, inspect, text
from sqlmodel import SQLModel

from ledger.admission import VerifiedBlock
from ledger.errors import LedgerError, StoreDamaged, StoreUnavailable, Unknown
from ledger.facts import FACTS, Invoice, Output, PoolAsset, Receivable, Settlement
from ledger.keyring import Keyring
from ledger.store import Store, cache, committing, schema, state
from ledger.store.tables import TABLES
from ledger.suites import sm3
from tests.support.databases import MakeDatabase
from tests.support.ledger_book import Book, invoice, receivable

ROOT = Path(__file__).parents[3]


def test_the_models_are_the_migrated_schema(empty_database: Path | str) -> None:
    with Store.create(empty_database) as store, store._engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), SQLModel.metadata)
        indexed = {index["name"] for table in TABLES for index in inspect(connection).get_indexes(table.name)}
    ours = {table.name for table in TABLES}
    assert [change for change in found if change[0] != "add_table" or change[1].name in ours] == []
    assert {index.name for table in TABLES for index in table.indexes} <= indexed
    config = Config()
    config.set_main_option("script_location", str(ROOT / "ledger" / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.SCHEMA]


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


@pytest.mark.parametrize("step", ["_write_block", "write_facts", "write_findings", "_write_state"])
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


def test_another_writers_block_is_seen(book: Book, database: MakeDatabase) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    other = Book.__new__(Book)
    other.__dict__.update(book.__dict__)
    other.store, other.events = Store.open(database()), []
    change = {"receivable": "r", "delta": -1, "reason": "return", "at": "2026-01-05"}
    assert other.tell("gateway", "receivable.adjusted", change) == []
    book.time, book._serial = other.time, other._serial
    assert book.tell("gateway", "receivable.adjusted", change) == []
    assert book.store.at().get(Receivable, "r").adjusted == -2
    other.store.close()


def test_facts_another_process_rebuilt_are_seen(book: Book, database: MakeDatabase) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    with Store.open(database()) as other, other._engine.begin() as connection:
        connection.execute(text("UPDATE receivable SET adjusted = -7"))
        connection.execute(text("UPDATE block SET facts_digest = hash WHERE height = (SELECT max(height) FROM block)"))
    change = {"receivable": "r", "delta": -1, "reason": "return", "at": "2026-01-05"}
    book.tell("gateway", "receivable.adjusted", change)
    assert book.store.at().get(Receivable, "r").adjusted == -8


def test_a_block_is_not_added_to_facts_read_with_other_keys(database: MakeDatabase) -> None:
    keys = Keyring(epochs={"2026": bytes(32)})
    with Store.create(database("other")) as store:  # as `glasspool init` makes it: the genesis block, without keys
        store.commit(BARE, trusted="{}")
    book = Book(database("other"), keys)
    assert book.store.state(state.KEYS) == "2026", "what held no record was read with no key"
    book.admit()
    head = book.store.head()
    book.store.keep_state(state.KEYS, "2025")
    with pytest.raises(StoreUnavailable) as refused:
        book.seal()
    assert (refused.value.code, "glasspool rebuild" in refused.value.next_step) == ("facts-stale", True)
    assert (book.store.head(), book.store.state(state.KEYS)) == (head, "2025")
    book.store.close()


BARE = VerifiedBlock(
    height=0, hash=hashlib.sha256(b"block 0").digest(), parent_hash=bytes(32), timestamp=1_767_571_200_000,
    transactions=0, events=(), unproven_logs=0, document=b"{}",
)  # fmt: skip


def test_the_same_records_give_the_same_digest(database: MakeDatabase) -> None:
    digests = set()
    for name, size in (("a", 2), ("b", 32_768)):
        book = Book(database(name))
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


def test_a_database_of_another_version(book: Book, database: MakeDatabase) -> None:
    with book.store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for opened in (Store.open, Store.create):
        with pytest.raises(StoreUnavailable, match="schema 9999") as refused:
            opened(database())
        assert refused.value.code == "store-schema"


def test_stored_bytes_that_do_not_unpack(book: Book) -> None:
    with book.store._engine.begin() as connection:
        junk = {"content": b"junk", "digest": sm3(b"junk")}
        connection.execute(text("UPDATE document SET content = :content, digest = :digest WHERE height = 0"), junk)
        connection.execute(text("DELETE FROM document WHERE height = 1"))
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
    if book.store._engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL plans by how full tables are; the indexes are the same")
    statements = [cache._latest(table) for table in FACTS]
    for table, column in ((PoolAsset, "asset"), (Settlement, "receivable"), (Output, "root")):
        statements.append(cache._live(table, column))
    with book.store._engine.connect() as connection:
        for statement in statements:
            named = statement.params(names=["x", "y"], bound=1)
            plain = str(named.compile(connection, compile_kwargs={"literal_binds": True}))
            steps = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {plain}")]
            assert any(step.startswith("SEARCH") for step in steps)
            assert not any(step.startswith("SCAN") for step in steps), steps


SMALL = {"transactions", "records", "unproven_logs", "place", "assets", "days", "periods"}
"""Counts within one block or one record, or of what a payload's shape bounds."""


def test_numbers_have_64_bits_on_every_database() -> None:
    narrow = {
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if isinstance(column.type, Integer) and not isinstance(column.type, BigInteger) and column.name not in SMALL
    }
    assert narrow == set()


def test_what_no_database_keeps_is_written_otherwise(book: Book) -> None:
    """A zero byte, half of a surrogate pair, and text that only some languages order as its bytes do."""
    book.tell("supplier", "x\0y\ud800", b"\xff")
    record = book.store.record(book.last())
    assert record.kind == "x\\x00y\\ud800"
    for name in ("b", "A", "a", "甲", "Z", "é"):
        book.say("supplier", "invoice.registered", invoice(name))
    assert book.seal() == ()
    rows = book.store.at().select(Invoice, order_by=Invoice.id)
    assert [row.id for row in rows] == sorted(row.id for row in rows) == ["A", "Z", "a", "b", "é", "甲"]


def test_many_rows_are_written_as_few_are(book: Book) -> None:
    """PostgreSQL copies many rows at once; every kind of value must come back from both ways."""
    for name in ("few", "many"):
        for number in range(2 if name == "few" else 30):
            book.say("supplier", "invoice.registered", invoice(f"{name}-{number}", goods='"钢" \\N', refers_to=["é"]))
        book.seal()
    rows = book.store.at().select(Invoice)
    assert len(rows) == 32
    assert {(row.goods, tuple(row.refers_to), row.issued.isoformat(), row.code) for row in rows} == {
        ('"钢" \\N', ("é",), "2026-01-04", None)
    }
    assert book.store.recompute_facts_digest() == book.store.at().facts_digest
