"""Damaged blocks fetched again: the very block is put back, a lie changes nothing, and a rebuild goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from sqlalchemy import text

from ledger.errors import LedgerError, SourceUnreachable, StoreDamaged
from ledger.rebuild import rebuild
from ledger.repair import RepairReport, repair
from ledger.scrub import scrub
from ledger.store import Store
from ledger.suites import sm3
from tests.support.chains import SmallChain
from tests.support.sources import Listed
from tests.support.stored import replicate, small_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ledger.sources import RawBlock
    from tests.support.databases import MakeDatabase

AT = datetime(2026, 1, 5, tzinfo=UTC)
HEAD = 13


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    return small_chain()


@pytest.fixture
def store(chain: SmallChain, database: MakeDatabase, tmp_path: Path) -> Iterator[Store]:
    """A store that holds the small chain."""
    replicate(chain, database(), tmp_path)
    with Store.open(database()) as store:
        yield store


class Unreachable(Listed):
    """Never answers."""

    name = "nobody"

    def blocks(self, start: int) -> Iterator[RawBlock]:
        raise SourceUnreachable("rpc-unreachable", f"block {start} cannot be fetched")


def execute(store: Store, statement: str, **given: Any) -> None:
    with store._engine.begin() as connection:
        assert connection.execute(text(statement), given).rowcount > 0


def overwrite(store: Store, height: int, document: bytes) -> None:
    """Let other bytes be stored, with the digest that goes with them."""
    packed = zstandard.compress(document)
    execute(
        store,
        "UPDATE document SET content = :content, digest = :digest WHERE height = :height",
        content=packed,
        digest=sm3(packed),
        height=height,
    )


def rows(store: Store) -> list[tuple[int, bytes, bytes]]:
    with store._engine.connect() as connection:
        found = connection.execute(text("SELECT height, content, digest FROM document ORDER BY height"))
        return [(height, bytes(content), bytes(digest or b"")) for height, content, digest in found]


def mended(
    store: Store, folder: Path, *sources: Listed, heights: Callable[[int], Iterable[int]] | None = None
) -> RepairReport:
    report = scrub(store, at=AT, heights=heights, workers=0)
    return repair(store, sources, report, at=AT, evidence=folder / "evidence", workers=0)


def sound(store: Store, chain: SmallChain) -> bool:
    held = [store.document(height) for height in range(HEAD + 1)]
    return held == [raw.document for raw in chain.blocks[: HEAD + 1]] and not scrub(store, at=AT, workers=0).damage


def altered(chain: SmallChain, height: int) -> bytes:
    told = json.loads(chain.blocks[height].document)
    told["receipts"][0]["gasUsed"] = "1"
    return json.dumps(told).encode()


FAULTS: dict[str, Callable[[Store, SmallChain], None]] = {
    "missing": lambda store, _: execute(store, "DELETE FROM document WHERE height = 6"),
    "other bytes": lambda store, _: execute(store, "UPDATE document SET content = digest WHERE height = 6"),
    "no digest": lambda store, _: execute(store, "UPDATE document SET digest = NULL WHERE height = 6"),
    "forged with its digest": lambda store, chain: overwrite(store, 6, altered(chain, 6)),
    "another block": lambda store, chain: overwrite(store, 6, chain.blocks[5].document),
    "the first": lambda store, _: execute(store, "DELETE FROM document WHERE height = 0"),
    "the last": lambda store, _: execute(store, f"DELETE FROM document WHERE height = {HEAD}"),
    "one before a change of sealers": lambda store, _: execute(store, "DELETE FROM document WHERE height IN (6, 7)"),
    "several in a row and apart": lambda store, _: execute(
        store, f"DELETE FROM document WHERE height IN (1, 3, 4, 5, 9, {HEAD - 1}, {HEAD})"
    ),
    "all": lambda store, _: execute(store, "DELETE FROM document WHERE height >= 0"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_very_block_is_put_back(store: Store, chain: SmallChain, tmp_path: Path, fault: str) -> None:
    FAULTS[fault](store, chain)
    damaged = {each.height for each in scrub(store, at=AT, workers=0).damage}
    done = mended(store, tmp_path, Listed(chain.blocks))
    assert (done.unrepaired, done.failures) == ((), ())
    assert 0 < len(done.repaired) == len(damaged & {*done.repaired})
    assert sound(store, chain)


def test_nothing_is_fetched_where_nothing_is_damaged(store: Store, tmp_path: Path) -> None:
    assert mended(store, tmp_path, Unreachable(())) == RepairReport(repaired=(), unrepaired=(), failures=())


def forks(chain: SmallChain) -> list[RawBlock]:
    """The same chain up to block 5; then another history that a quorum of the same sealers signed."""
    other = small_chain()
    assert [raw.document for raw in other.blocks] == [raw.document for raw in chain.blocks]
    rival = SmallChain()
    for at in range(HEAD):
        rival.consortium.admit(rival.consortium.enrol(f"x{at}", "甲", ["supplier"]))
        rival.next_day()
    return [*chain.blocks[:1], *rival.blocks[1:]]


LIES: dict[str, tuple[Callable[[SmallChain], list[RawBlock]], str]] = {
    "altered": (lambda chain: [replace(raw, document=altered(chain, 6)) for raw in chain.blocks], "receipt-hash"),
    "another block": (lambda chain: chain.blocks[1:], "repair-hash"),
    "signed by a quorum, and another": (forks, "repair-hash"),
    "too few signatures": (lambda chain: [replace(raw, document=unsigned(raw)) for raw in chain.blocks], "quorum"),
    "padded": (
        lambda chain: [replace(raw, document=raw.document + b" " * (1 << 20)) for raw in chain.blocks],
        "uncovered-text",
    ),
    "no block": (lambda chain: [replace(raw, document=b"{}") for raw in chain.blocks], "shape"),
    "nothing": (lambda chain: chain.blocks[:6], "source-empty"),
}


def unsigned(raw: RawBlock) -> bytes:
    told = json.loads(raw.document)
    told["block"]["signatureList"] = told["block"]["signatureList"][:2]
    return json.dumps(told).encode()


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_kept_and_changes_nothing(store: Store, chain: SmallChain, tmp_path: Path, lie: str) -> None:
    execute(store, "UPDATE document SET content = digest WHERE height = 6")
    before, head = rows(store), store.head()
    told, code = LIES[lie]
    done = mended(store, tmp_path, Listed(told(chain)))
    assert (done.repaired, done.unrepaired, [each.code for each in done.failures]) == ((), (6,), [code])
    assert (rows(store), store.head()) == (before, head)
    kept = [json.loads(file.read_bytes())["code"] for file in (tmp_path / "evidence").glob("*.reason.json")]
    assert kept == ([] if code == "source-empty" else [code])


def test_the_next_source_is_asked(store: Store, chain: SmallChain, tmp_path: Path) -> None:
    execute(store, "DELETE FROM document WHERE height = 6")
    lying = Listed([replace(raw, document=altered(chain, 6)) for raw in chain.blocks])
    done = mended(store, tmp_path, Unreachable(()), lying, Listed(chain.blocks))
    assert (done.repaired, [each.code for each in done.failures]) == ((6,), ["rpc-unreachable", "receipt-hash"])
    assert sound(store, chain)


def test_a_block_is_put_back_only_beneath_one_that_pins_it(store: Store, chain: SmallChain, tmp_path: Path) -> None:
    """With block 7 beyond repair nothing says which block 6 is: even the right one is not taken."""
    execute(store, "DELETE FROM document WHERE height IN (6, 7)")
    before = rows(store)
    spoiled = list(chain.blocks)
    spoiled[7] = replace(spoiled[7], document=b"{}")
    done = mended(store, tmp_path, Listed(spoiled))
    assert [(each.height, each.code) for each in done.failures] == [(7, "shape"), (6, "repair-unpinned")]
    assert (done.unrepaired, rows(store)) == ((6, 7), before)


def test_a_forged_successor_pins_nothing(store: Store, chain: SmallChain, tmp_path: Path) -> None:
    """Whoever writes into the database and serves blocks forges both: strangers' blocks under strangers' sealers."""
    strangers = SmallChain(seed=8)
    for at in range(HEAD):
        strangers.consortium.admit(strangers.consortium.enrol(f"x{at}", "甲", ["supplier"]))
        strangers.next_day()
    overwrite(store, 7, strangers.blocks[7].document)
    execute(store, "DELETE FROM document WHERE height = 6")
    before = rows(store)
    for heights in (None, lambda _: [6]):
        done = mended(store, tmp_path, Listed(strangers.blocks), heights=heights)
        assert (done.repaired, done.unrepaired) == ((), (6, 7))
        assert rows(store) == before


def test_a_part_is_repaired_with_what_pins_it(store: Store, chain: SmallChain, tmp_path: Path) -> None:
    execute(store, "UPDATE document SET content = digest WHERE height IN (6, 7, 8, 11)")
    done = mended(store, tmp_path, Listed(chain.blocks), heights=lambda _: [6])
    assert done.repaired == (6, 7, 8), "those above it pin it, and 11 was not looked at"
    assert {each.height for each in scrub(store, at=AT, workers=0).damage} == {11}


def test_the_last_block_without_a_state_is_the_one_its_row_names(
    store: Store, chain: SmallChain, tmp_path: Path
) -> None:
    execute(store, f"DELETE FROM document WHERE height = {HEAD}")
    execute(store, "UPDATE state SET text = '{}' WHERE name = 'trusted'")
    assert mended(store, tmp_path, Listed(forks(chain))).repaired == ()
    assert mended(store, tmp_path, Listed(chain.blocks)).repaired == (HEAD,)
    rebuild(store, workers=0)
    assert sound(store, chain)


def test_a_rebuild_that_met_damage_goes_on_after_it(store: Store, chain: SmallChain, tmp_path: Path) -> None:
    execute(store, "UPDATE plan SET manager = 'somebody'")
    execute(store, "DELETE FROM document WHERE height = 6")
    with pytest.raises(StoreDamaged) as damaged:
        rebuild(store, workers=0)
    assert "scrub --repair" in damaged.value.next_step
    assert mended(store, tmp_path, Listed(chain.blocks)).repaired == (6,)
    report = rebuild(store, workers=0)
    assert (report.start, report.height) == (6, HEAD)
    assert sound(store, chain)


def test_damaged_facts_are_left_to_the_rebuild(store: Store, chain: SmallChain, tmp_path: Path) -> None:
    execute(store, "UPDATE plan SET manager = 'somebody'")
    execute(store, "UPDATE receivable SET adjusted = 9223372036854775807 WHERE id = 'r2'")
    assert mended(store, tmp_path, Unreachable(())).repaired == ()
    rebuild(store, workers=0)
    assert sound(store, chain)


def test_without_a_source_or_a_chain_it_says_so(
    store: Store, database: MakeDatabase, chain: SmallChain, tmp_path: Path
) -> None:
    with pytest.raises(LedgerError) as refused:
        mended(store, tmp_path)
    assert refused.value.code == "no-source"
    report = scrub(store, at=AT, workers=0)
    with Store.create(database("empty")) as empty, pytest.raises(LedgerError) as refused:
        repair(empty, [Listed(chain.blocks)], report, at=AT, evidence=tmp_path, workers=0)
    assert refused.value.code == "not-joined"
