"""Scrub: an untouched store passes, every flipped byte is found with its block and cause, and no damage stops it."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import JSON, select, text

from ledger.errors import LedgerError, StoreDamaged
from ledger.scrub import Cause, last_scrub, sampled, scrub
from ledger.store import Store, schema
from ledger.store.tables import TABLES
from ledger.verdict import Verdict
from tests.support import flipping
from tests.support.stored import replicate, small_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ledger.scrub import ScrubReport
    from tests.support.chains import SmallChain
    from tests.support.databases import MakeDatabase

AT = datetime(2026, 1, 5, tzinfo=UTC)
FLIPS = int(os.environ.get("GLASSPOOL_FLIPS", "2000"))


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    return small_chain()


@pytest.fixture
def store(chain: SmallChain, database: MakeDatabase, tmp_path: Path) -> Iterator[Store]:
    """A store that holds the small chain."""
    replicate(chain, database(), tmp_path)
    with Store.open(database()) as store:
        yield store


def scrubbed(store: Store, heights: Callable[[int], Iterable[int]] | None = None) -> ScrubReport:
    return scrub(store, at=AT, heights=heights, workers=0)


def execute(store: Store, statement: str, **given: Any) -> None:
    with store._engine.begin() as connection:
        assert connection.execute(text(statement), given).rowcount > 0


def found(store: Store) -> set[tuple[str, int | None]]:
    return {(each.cause.value, each.height) for each in scrubbed(store).damage}


def test_an_untouched_store_passes(store: Store) -> None:
    report = scrubbed(store)
    assert report.damage == ()
    assert report.verdict is Verdict.PASSED
    assert (report.whole, report.facts, report.blocks, report.head) == (True, True, 14, 13)
    assert report.records == store.record_count() > 30
    assert last_scrub(store) == {
        "at": "2026-01-05T00:00:00+00:00", "blocks": 14, "damage": 0, "head": 13, "verdict": "PASSED", "whole": True,
    }  # fmt: skip
    assert {table.name for table in TABLES if store._one(select(1).select_from(table).limit(1))} > {
        "block", "document", "record", "finding", "state", "log_node", "output", "receivable", "plan",
    }  # fmt: skip


@pytest.mark.parametrize("chosen", [(9,), (0, 1, 2), (3, 12, 13), range(8, 10), ()])
def test_a_part_is_judged_as_the_whole_is(store: Store, chosen: Iterable[int]) -> None:
    report = scrubbed(store, lambda _: chosen)
    assert (report.damage, report.whole, report.blocks) == ((), False, len(list(chosen)))


def test_workers_judge_alike(store: Store) -> None:
    assert scrub(store, at=AT, workers=1).damage == ()


@pytest.mark.slow
def test_every_flipped_bit_is_found_with_its_block_and_cause(store: Store) -> None:
    sqlite = store._engine.dialect.name == "sqlite"
    chance, missed, landed, several = random.Random(2000), [], 0, flipping.cells(store._engine)
    columns = {(cell.table, cell.column) for cell in several}
    seen = set()
    for cell, bit in flipping.sampled(several, 4 * FLIPS, chance):
        if landed == (FLIPS if sqlite else FLIPS // 5):
            break
        with flipping.Flip(store._engine, cell, bit) as flip:
            if not flip.lands or flip.same:
                continue
            landed += 1
            seen.add((cell.table, cell.column))
            told = scrubbed(store, lambda _, at=cell.heights: at).damage
            if not told or (cell.heights and not {each.height for each in told} & {*cell.heights}):
                missed.append((str(cell), bit, told))
    assert missed == []
    # no bit of an empty list leaves JSON, and PostgreSQL keeps nothing else in such a column
    never = {(table.name, each.name) for table in TABLES for each in table.columns if isinstance(each.type, JSON)}
    assert landed < len(columns) or columns - seen <= (set() if sqlite else never)
    assert landed == (FLIPS if sqlite else FLIPS // 5)
    assert scrubbed(store).damage == ()


CASES: list[tuple[str, set[tuple[str, int | None]]]] = [
    ("DELETE FROM document WHERE height = 5", {("bytes-missing", 5)}),
    ("UPDATE document SET content = content || content WHERE height = 5", {("bytes-altered", 5)}),
    ("UPDATE document SET digest = NULL WHERE height = 5", {("bytes-altered", 5)}),
    ("DELETE FROM block WHERE height = 13", {("block-missing", 13), ("log-altered", None)}),
    ("UPDATE block SET timestamp = timestamp + 1 WHERE height = 3", {("block-altered", 3)}),
    ("UPDATE block SET facts_digest = parent_hash WHERE height = 3", {("facts-digest", 3)}),
    ("DELETE FROM record WHERE position = (SELECT max(position) FROM record)", {("record-missing", 12)}),
    ("UPDATE record SET echoed = NOT echoed WHERE kind = 'nobody.knows.this'", {("record-altered", 12)}),
    ("UPDATE record SET position = position + 1 WHERE kind = 'nobody.knows.this'",
     {("record-missing", 12), ("record-extra", 12)}),
    ("UPDATE receivable SET amount = amount + 1 WHERE id = 'r2' AND to_position IS NULL", {("fact-altered", 12)}),
    ("DELETE FROM plan", {("fact-missing", 12)}),
    ("DELETE FROM finding WHERE code = 'output.double_spend'", {("finding-missing", 10)}),
    ("UPDATE finding SET severity = 'notice' WHERE code = 'output.double_spend'", {("finding-altered", 10)}),
    ("UPDATE finding SET position = -1 WHERE code = 'output.double_spend'",
     {("finding-missing", 10), ("finding-extra", -1)}),
    ("DELETE FROM state WHERE name = 'trusted'", {("state-missing", None)}),
    ("UPDATE state SET text = '{}' WHERE name = 'anchor'", {("state-altered", None)}),
    ("UPDATE log_node SET hash = (SELECT hash FROM block WHERE height = 1) WHERE number = 2", {("log-altered", None)}),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "causes"), CASES, ids=[statement for statement, _ in CASES])
def test_a_cause_is_named(store: Store, statement: str, causes: set[tuple[str, int | None]]) -> None:
    execute(store, statement)
    assert found(store) == causes
    told = last_scrub(store)
    assert told is not None
    assert (told["verdict"], told["damage"]) == ("FAILED", len(scrubbed(store).damage))


def test_a_version_that_ended_for_no_reason_is_found_where_it_says_it_ended(store: Store) -> None:
    place = 7 << 32
    execute(store, f"UPDATE invoice SET to_height = 7, to_position = {place} WHERE id = 'i1'")
    assert found(store) == {("fact-extra", 7)}
    execute(store, "UPDATE invoice SET to_height = 8 WHERE id = 'i1'")
    assert ("fact-altered", 4) in found(store)


def test_a_version_that_did_not_end_is_found_where_it_should_have(store: Store) -> None:
    execute(store, "UPDATE output SET to_height = NULL, to_position = NULL WHERE from_height = 3")
    assert found(store) == {("fact-missing", 9)}


def test_rows_of_no_block_are_found(store: Store) -> None:
    execute(store, "INSERT INTO document (height, content, digest) VALUES (14, 'x', 'y'), (99, 'x', 'y')")
    assert found(store) == {("bytes-extra", 14), ("bytes-extra", 99)}


def test_it_goes_on_after_damage_and_lists_all_of_it(store: Store) -> None:
    for statement in (
        "DELETE FROM document WHERE height IN (2, 8)",
        "UPDATE block SET transactions = 99 WHERE height IN (1, 13)",
        "UPDATE record SET payload = kind WHERE kind = 'nobody.knows.this'"
        if store._engine.dialect.name == "sqlite"
        else "UPDATE record SET payload = sender WHERE kind = 'nobody.knows.this'",
        "UPDATE plan SET manager = 'somebody'",
    ):
        execute(store, statement)
    assert found(store) >= {
        ("bytes-missing", 2), ("bytes-missing", 8), ("block-altered", 1), ("block-altered", 13), ("record-altered", 12),
        ("fact-altered", 12),
    }  # fmt: skip


def test_a_whole_forged_block_is_refused_by_the_procedure(store: Store, chain: SmallChain) -> None:
    import zstandard

    from ledger.suites import sm3

    forged = json.loads(chain.blocks[6].document)
    forged["receipts"][0]["gasUsed"] = "1"
    packed = zstandard.compress(json.dumps(forged).encode())
    execute(
        store,
        "UPDATE document SET content = :content, digest = :digest WHERE height = 6",
        content=packed,
        digest=sm3(packed),
    )
    (told,) = scrubbed(store).damage
    assert (told.cause, told.height) == (Cause.BLOCK_REFUSED, 6)
    assert "receipt-hash" in told.what


def test_facts_and_digests_forged_together_are_found(store: Store) -> None:
    """Whoever edits a fact can compute every digest again; what the blocks make of it stays what it is."""
    execute(store, "UPDATE plan SET custodian = 'somebody'")
    before = store.block(11).facts_digest
    from ledger.store.digest import block_digest, recompute

    with store._engine.begin() as connection:
        for height in (12, 13):
            digest = recompute(connection, height)
            connection.execute(text("UPDATE block SET facts_digest = :d WHERE height = :h"), {"d": digest, "h": height})
    assert store.recompute_facts_digest() == store.head().facts_digest != block_digest(before, ())  # type: ignore[union-attr]
    assert {("fact-altered", 12), ("facts-digest", 12)} <= found(store)


def test_facts_that_make_no_sense_stop_nothing(store: Store) -> None:
    execute(store, "UPDATE receivable SET adjusted = 9223372036854775807 WHERE id = 'r2'")
    execute(store, "UPDATE address SET member = 'nobody'")
    told = found(store)
    assert ("fact-altered", 2) in told
    assert ("fact-altered", 12) in told


def test_facts_of_another_version_are_not_compared(store: Store) -> None:
    store.keep_state("facts", "0")
    report = scrubbed(store)
    assert (report.facts, report.damage, report.verdict) == (False, (), Verdict.INDETERMINATE)
    execute(store, "UPDATE block SET timestamp = 99 WHERE height = 3")
    execute(store, "DELETE FROM record WHERE position = (SELECT max(position) FROM record)")
    assert found(store) == {("block-altered", 3)}


def test_a_sample_is_so_many_blocks_or_per_cent() -> None:
    chance = random.Random(1)
    assert len(sampled(1000, 5, percent=True, chance=chance)) == 50
    assert len(set(sampled(1000, 7, percent=False, chance=chance))) == 7
    assert sampled(3, 100, percent=False, chance=chance) == [0, 1, 2]
    assert len(sampled(3, 1, percent=True, chance=chance)) == 1


@pytest.mark.slow
def test_bytes_flipped_in_the_file_itself_are_found(chain: SmallChain, tmp_path: Path) -> None:
    """Unless no row has changed: pages hold free space, and bytes of rows that were moved."""
    whole = tmp_path / "whole.db"
    replicate(chain, whole, tmp_path)
    with sqlite3.connect(whole) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        dump = [line for line in raw.iterdump() if line.startswith("INSERT")]
    raw.close()
    places = [place for place, byte in enumerate(whole.read_bytes()) if byte]
    chance, missed, told = random.Random(7), [], 0
    for _ in range(max(20, FLIPS // 10)):
        for each in tmp_path.glob("flipped.db*"):
            each.unlink()
        file, place = tmp_path / "flipped.db", chance.choice(places)
        shutil.copy(whole, file)
        with file.open("r+b") as opened:
            opened.seek(place)
            byte = opened.read(1)[0]
            opened.seek(place)
            opened.write(bytes([byte ^ 1 << chance.randrange(8)]))
        try:
            with Store.open(file) as store:
                damaged = scrubbed(store).verdict is Verdict.FAILED
        except LedgerError:
            damaged = True  # it does not even open, and says why
        told += damaged
        if not damaged and not _same_rows(file, dump):
            missed.append(place)
    assert missed == []
    assert told > 5


def _same_rows(file: Path, dump: list[str]) -> bool:
    raw = sqlite3.connect(file)
    try:
        raw.text_factory = lambda value: value.decode("utf-8", "backslashreplace")
        return [line for line in raw.iterdump() if line.startswith("INSERT") and "'scrub'" not in line] == dump
    except sqlite3.DatabaseError:
        return False
    finally:
        raw.close()


def test_a_schema_that_is_damaged_is_told_when_it_is_opened(store: Store, database: MakeDatabase) -> None:
    execute(store, "UPDATE alembic_version SET version_num = '9003'")
    with pytest.raises(LedgerError) as refused:
        Store.open(database())
    assert refused.value.code == "store-schema"
    assert schema.SCHEMA != "9003"


def test_what_is_read_is_checked_too(store: Store) -> None:
    execute(store, "UPDATE state SET text = '{}' WHERE name = 'trusted'")
    with pytest.raises(StoreDamaged) as damaged:
        store.trusted()
    assert damaged.value.code == "state-damaged"
    execute(store, "UPDATE document SET digest = hash FROM block WHERE block.height = document.height")
    with pytest.raises(StoreDamaged, match="not those that were stored"):
        store.document(3)
