"""Rebuild: the same facts from the stored blocks, whatever became of the old ones; and what stands in its way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import inspect, text

from ledger.errors import LedgerError, StoreDamaged, StoreUnavailable, Unknown
from ledger.facts import FACTS, Member, Receivable
from ledger.rebuild import rebuild
from ledger.replica import sync
from ledger.scrub import scrub
from ledger.store import Store, schema, state
from ledger.store.engine import connect
from ledger.store.inspection import Inspection
from ledger.store.rebuilding import Rebuilder
from tests.support.first_schema import earlier_release, first_release
from tests.support.sources import Listed
from tests.support.stored import replicate, small_chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.chains import SmallChain
    from tests.support.databases import MakeDatabase

AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    return small_chain()


@pytest.fixture
def store(chain: SmallChain, database: MakeDatabase, tmp_path: Path) -> Iterator[Store]:
    """A store that holds the small chain."""
    replicate(chain, database(), tmp_path)
    with Store.open(database()) as store:
        yield store


def everything(store: Store) -> list[Any]:
    facts = store.at()
    return [row.values() for table in FACTS for row in facts.select_ended(table)] + [store.findings(), store.records()]


def execute(store: Store, *statements: str) -> None:
    with store._engine.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement)).rowcount > 0


def test_it_changes_nothing_where_nothing_is_wrong(store: Store) -> None:
    before, head = everything(store), store.head()
    watched: list[tuple[int, int]] = []
    report = rebuild(store, workers=0, watch=lambda *told: watched.append(told))
    assert (store.head(), everything(store)) == (head, before)
    assert (report.start, report.height, report.changed) == (0, 13, False)
    assert report.findings == len(store.findings()) > 4
    assert watched == [(height, 13) for height in range(14)]
    assert scrub(store, at=AT, workers=0).damage == ()


def test_it_repairs_whatever_follows_from_the_blocks(store: Store) -> None:
    before, head = everything(store), store.head()
    execute(
        store,
        "UPDATE plan SET manager = 'somebody'",
        "DELETE FROM receivable WHERE id = 'r1'",
        "DELETE FROM finding",
        "UPDATE record SET kind = 'x' WHERE kind = 'nobody.knows.this'",
        "UPDATE block SET hash = parent_hash, records = 99 WHERE height = 5",
        "DELETE FROM block WHERE height = 13",
        "DELETE FROM log_node",
        "UPDATE state SET text = '{}' WHERE name = 'trusted'",
    )
    assert len(scrub(store, at=AT, workers=0).damage) > 8
    report = rebuild(store, workers=0)
    assert (store.head(), everything(store)) == (head, before)
    assert report.facts_digest == store.recompute_facts_digest()
    assert scrub(store, at=AT, workers=0).damage == ()


def test_facts_that_were_not_what_the_blocks_say_are_told(store: Store) -> None:
    digest = store.at().facts_digest
    execute(store, "UPDATE block SET facts_digest = hash WHERE height = 13")
    report = rebuild(store, workers=0)
    assert report.changed
    assert report.facts_digest == digest


def test_stopped_it_refuses_readers_and_goes_on(
    store: Store, chain: SmallChain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, reading = everything(store), store.at()
    assert reading.count(Receivable) == 4
    real = Rebuilder.block

    def stops(self: Rebuilder, block: Any, **given: Any) -> int:
        if block.height == 7:
            raise KeyboardInterrupt
        return real(self, block, **given)

    with monkeypatch.context() as patched:
        patched.setattr(Rebuilder, "block", stops)
        with pytest.raises(KeyboardInterrupt):
            rebuild(store, workers=0)
    for ask in (store.at, lambda: store.at(3), lambda: reading.count(Receivable)):
        with pytest.raises(StoreUnavailable) as refused:
            ask()
        assert refused.value.code == "facts-rebuilding"
    with pytest.raises(StoreUnavailable) as refused:
        sync(store, Listed(chain.blocks), evidence=tmp_path, workers=0)
    assert refused.value.code == "facts-rebuilding"
    assert store.document(9) == chain.blocks[9].document
    report = rebuild(store, workers=0)
    assert (report.start, report.height, report.changed) == (7, 13, False)
    assert everything(store) == before
    assert reading.count(Receivable) == 4, "whoever was reading goes on"


def test_a_reader_is_told_when_the_facts_became_others(store: Store) -> None:
    reading = store.at()
    execute(store, "UPDATE block SET facts_digest = hash WHERE height = 13")
    with pytest.raises(StoreUnavailable) as refused:
        reading.count(Receivable)
    assert refused.value.code == "facts-changed"


def test_a_damaged_block_stops_it(store: Store) -> None:
    execute(store, "DELETE FROM document WHERE height = 6")
    with pytest.raises(StoreDamaged, match="block 6"):
        rebuild(store, workers=0)
    with Store.open(store._engine.url.render_as_string(hide_password=False)) as other, pytest.raises(StoreUnavailable):
        other.at()


def test_a_forged_block_stops_it(store: Store, chain: SmallChain) -> None:
    import zstandard

    document = chain.blocks[6].document.replace(b'"gasUsed":"', b'"gasUsed":"1', 1)
    with store._engine.begin() as connection:
        connection.execute(
            text("UPDATE document SET digest = NULL, content = :content WHERE height = 6"),
            {"content": zstandard.compress(document)},
        )
    with pytest.raises(StoreDamaged, match="Block 6") as refused:
        rebuild(store, workers=0)
    assert refused.value.code == "block-damaged"


def test_two_rebuilds_do_not_interleave(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Rebuilder.block

    def overtaken(self: Rebuilder, block: Any, **given: Any) -> int:
        if block.height == 4:
            monkeypatch.setattr(Rebuilder, "block", real)
            rebuild(store, workers=0)
        return real(self, block, **given)

    monkeypatch.setattr(Rebuilder, "block", overtaken)
    with pytest.raises(StoreUnavailable) as refused:
        rebuild(store, workers=0)
    assert refused.value.code == "store-moved"
    assert store.recompute_facts_digest() == store.at().facts_digest


def test_a_block_committed_before_it_began_is_made_again_too(
    store: Store, chain: SmallChain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = Rebuilder.begin

    def overtaken(self: Rebuilder, progress: Any) -> bytes:
        sync(store, Listed(chain.blocks), evidence=tmp_path, workers=0)
        return real(self, progress)

    monkeypatch.setattr(Rebuilder, "begin", overtaken)
    report = rebuild(store, workers=0)
    assert (report.start, report.height, report.changed) == (0, 14, False)
    assert store.at().facts_digest == store.recompute_facts_digest() == report.facts_digest
    assert scrub(store, at=AT, workers=0).damage == ()


@pytest.mark.parametrize("meanwhile", ["under way", "begun and ended", "before it is compared"])
def test_a_scrub_beside_it_says_nothing_of_facts(store: Store, monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> None:
    before = everything(store)
    step = "compare" if meanwhile == "before it is compared" else "project"
    real = getattr(Inspection, step)
    told: list[str] = []
    real_block = Rebuilder.block

    def stops(self: Rebuilder, block: Any, **given: Any) -> int:
        if block.height == 7:
            raise KeyboardInterrupt
        return real_block(self, block, **given)

    def rebuilds() -> None:
        monkeypatch.setattr(Rebuilder, "block", stops)
        with pytest.raises(KeyboardInterrupt):
            rebuild(store, workers=0)
        monkeypatch.setattr(Rebuilder, "block", real_block)

    def beside(self: Inspection, *given: Any, **more: Any) -> Any:
        told.append(step)
        if len(told) == (1 if step == "compare" else 5):
            rebuilds()
        if len(told) == 9 and meanwhile == "begun and ended":
            rebuild(store, workers=0)
        return real(self, *given, **more)

    execute(store, "UPDATE finding SET message = 'x' WHERE position = (SELECT min(position) FROM finding)")
    monkeypatch.setattr(Inspection, step, beside)
    report = scrub(store, at=AT, workers=0)
    assert (report.damage, report.facts, report.verdict.value) == ((), False, "INDETERMINATE")
    assert report.blocks == 14
    monkeypatch.undo()
    if store.state(state.REBUILDING) is not None:
        rebuild(store, workers=0)
    assert everything(store) == before
    assert scrub(store, at=AT, workers=0).verdict.value == "PASSED"


def test_a_store_that_joined_nothing_has_nothing_to_rebuild(database: MakeDatabase) -> None:
    with Store.create(database("empty")) as store, pytest.raises(LedgerError) as refused:
        rebuild(store)
    assert refused.value.code == "not-joined"


@pytest.mark.parametrize("before", schema.OLDER)
def test_a_database_of_an_earlier_release_is_upgraded_and_rebuilt(
    store: Store, empty_database: Path | str, chain: SmallChain, tmp_path: Path, before: str
) -> None:
    earlier_release(store, empty_database, before)
    for opened in (Store.open, Store.create):
        with pytest.raises(StoreUnavailable) as refused:
            opened(empty_database)
        assert (refused.value.code, "glasspool upgrade" in refused.value.next_step) == ("store-old", True)
    done = Store.upgrade(empty_database)
    assert (done.before, done.after, done.stale) == (before, schema.SCHEMA, True)
    assert Store.upgrade(empty_database).before == schema.SCHEMA
    with Store.open(empty_database) as old:
        assert (old.anchor(), old.trusted()) == (store.anchor(), store.trusted())
        assert [old.document(height) for height in range(14)] == [block.document for block in chain.blocks[:-1]]
        assert old.records() == store.records()
        old.log().recheck()
        for ask in (old.at, lambda: sync(old, Listed(chain.blocks), evidence=tmp_path, workers=0)):
            with pytest.raises(StoreUnavailable) as refused:
                ask()
            assert (refused.value.code, "glasspool rebuild" in refused.value.next_step) == ("facts-stale", True)
        report = scrub(old, at=AT, workers=0)
        assert (report.facts, report.damage) == (False, ())
        assert not rebuild(old, workers=0).changed
        assert (old.head(), everything(old)) == (store.head(), everything(store))
        assert scrub(old, at=AT, workers=0).verdict.value == "PASSED"
        assert not Store.upgrade(empty_database).stale


def test_who_signed_a_confirmation_is_known_once_the_facts_of_before_are_made_again(
    store: Store, empty_database: Path | str
) -> None:
    earlier_release(store, empty_database, "0004")
    engine = connect(empty_database, create=False)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO state (name, text) VALUES ('facts', '3')"))
        columns = {column["name"] for column in inspect(connection).get_columns("receivable")}
    engine.dispose()
    assert not columns & {"confirmed_signer", "confirmed_signer_member"}
    assert Store.upgrade(empty_database).stale
    with Store.open(empty_database) as old:
        with pytest.raises(StoreUnavailable) as refused:
            old.at()
        assert refused.value.code == "facts-stale"
        rebuild(old, workers=0)
        signed = {
            (row.confirmed_by, row.confirmed_signer, row.confirmed_signer_member)
            for row in old.at().select_ended(Receivable)
            if row.confirmed_by is not None
        }
        core = old.at().get(Member, "core")
    assert core is not None
    assert signed == {("core", core.address, "core")}


def test_an_upgrade_that_fails_changes_nothing(
    store: Store, empty_database: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    first_release(store, empty_database)
    with monkeypatch.context() as patched:
        patched.setattr(schema, "fill_log", fails)
        with pytest.raises(KeyboardInterrupt):
            Store.upgrade(empty_database)
    with pytest.raises(StoreUnavailable, match="schema 0001"):
        Store.open(empty_database)
    assert Store.upgrade(empty_database).stale


def test_an_empty_database_of_the_first_release_needs_no_rebuild(store: Store, empty_database: Path | str) -> None:
    first_release(store, empty_database)
    engine = connect(empty_database, create=False)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM block"))
    engine.dispose()
    assert not Store.upgrade(empty_database).stale


def test_what_is_no_store_of_ours_is_not_upgraded(store: Store, empty_database: Path | str) -> None:
    if not isinstance(empty_database, str):
        with pytest.raises(Unknown):
            Store.upgrade(empty_database)
        empty_database.touch()
    with pytest.raises(StoreUnavailable, match="no schema of Glasspool"):
        Store.upgrade(empty_database)
    execute(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="schema 9999"):
        Store.upgrade(store._engine.url.render_as_string(hide_password=False))


def test_a_store_that_was_read_with_other_keys_is_not_compared(store: Store) -> None:
    store.keep_state(state.KEYS, "reader-1")
    assert not scrub(store, at=AT, workers=0).facts
    rebuild(store, workers=0)
    assert scrub(store, at=AT, workers=0).facts
