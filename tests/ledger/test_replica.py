"""Following a chain: killed at any moment, fed a bad block, served over HTTP, across a change of sealers."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger import replica
from ledger.anchor import Trusted
from ledger.consortium import PIN, Consortium, generate_sample, import_receivables, packaged_map, pin
from ledger.consortium.server import Node
from ledger.errors import LedgerError, Malformed, ProofFailed, SourceUnreachable
from ledger.replica import join, sync
from ledger.sources import RawBlock, open_source
from ledger.sources.archive import ArchiveSource
from ledger.sources.archive_writer import ArchiveWriter
from ledger.store import Store
from ledger.verifier import VerifierDied, examined
from portal.node import read_pin
from tests.support.chains import DAY, START, SmallChain
from tests.support.follow import follow
from tests.support.nodes import serving
from tests.support.sources import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replica")
    file = folder / "receivables.csv"
    file.write_bytes(generate_sample(3, 30))
    import_receivables(file, packaged_map("demo"), folder / "archive", seed=3)
    return folder / "archive"


@pytest.fixture(scope="module")
def expected(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The facts digest of an uninterrupted run."""
    return follow(tmp_path_factory.mktemp("whole") / "ledger.db", archive, workers=0)


@pytest.mark.slow
def test_workers_and_no_workers_give_the_same_facts(archive: Path, expected: bytes, tmp_path: Path) -> None:
    assert follow(tmp_path / "ledger.db", archive, workers=2) == expected


def test_a_second_run_adds_nothing(archive: Path, expected: bytes, tmp_path: Path) -> None:
    assert follow(tmp_path / "ledger.db", archive, workers=0) == expected
    assert follow(tmp_path / "ledger.db", archive, workers=0) == expected


@pytest.mark.slow
def test_verifying_processes_end_with_the_process_that_was_killed(archive: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.follow", str(tmp_path / "ledger.db"), str(archive)]
    running = subprocess.Popen(command, cwd=ROOT)
    children: list[int] = []
    try:
        deadline = time.monotonic() + 20
        while not children and time.monotonic() < deadline:
            listed = Path(f"/proc/{running.pid}/task/{running.pid}/children")
            children = [int(each) for each in listed.read_text().split()] if listed.exists() else []
            time.sleep(0.05)
    finally:
        running.kill()
        running.wait()
    assert children
    deadline = time.monotonic() + 20
    while any(_alive(child) for child in children):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _rewrite(archive: Path, target: Path, height: int, change: object) -> None:
    """Copy an archive with one block's document changed."""
    source = open_source(archive)
    with ArchiveWriter(target) as sink:
        for raw in source.blocks(0):
            document = change(raw.document) if raw.height == height else raw.document  # type: ignore[operator]
            sink.append(RawBlock(height=raw.height, document=document))
    shutil.copy(archive / PIN, target / PIN)
    source.close()


@pytest.mark.slow
def test_a_tampered_block_stops_the_sync_keeps_the_evidence_and_goes_on_once_replaced(
    archive: Path, expected: bytes, tmp_path: Path
) -> None:
    height = 12

    def tamper(document: bytes) -> bytes:
        outer = json.loads(document)
        outer["receipts"][0]["gasUsed"] = str(int(outer["receipts"][0]["gasUsed"]) + 1)
        return json.dumps(outer).encode()

    _rewrite(archive, tmp_path / "bad", height, tamper)
    database = tmp_path / "node" / "ledger.db"
    database.parent.mkdir()
    with pytest.raises(ProofFailed) as refused:
        follow(database, tmp_path / "bad", workers=1)
    assert refused.value.code == "receipt-hash"
    with Store.open(database) as store:
        head = store.head()
        assert head is not None
        assert head.height == height - 1
    kept = list((tmp_path / "node" / "evidence").glob("block-*.json"))
    reason = next(each for each in kept if each.name.endswith(".reason.json"))
    assert json.loads(reason.read_text())["code"] == "receipt-hash"
    evidence = next(each for each in kept if each != reason)
    assert str(evidence) in refused.value.next_step
    source = open_source(tmp_path / "bad")
    assert evidence.read_bytes() == next(iter(source.blocks(height))).document
    source.close()
    assert follow(database, archive, workers=1) == expected
    assert evidence.exists(), "evidence of a lie is not thrown away"


@pytest.mark.parametrize("limit", [{"EVIDENCE_FILES": 4}, {"EVIDENCE_BYTES": 400}])
def test_evidence_does_not_fill_the_disk(
    limit: dict[str, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(replica, name, value)
    said = []
    for at in (*range(9), 0):
        refusal = ProofFailed("header-hash", "no", next_step="Ask.")
        replica.keep_evidence(tmp_path, RawBlock(height=7, document=b"%d" % at * 100), refusal)
        said.append(refusal.next_step)
    kept = sorted(tmp_path.iterdir())
    assert 3 <= len(kept) <= 5, "two blocks or so with their reasons, and one reason of all the others"
    assert sum(file.stat().st_size for file in kept) < 1_000
    assert json.loads((tmp_path / "block-000000000007.reason.json").read_text())["code"] == "header-hash"
    assert "is kept as" in said[0]
    assert said[0] == said[-1], "what is kept stays"
    assert str(tmp_path) in said[8]
    assert "reason alone" in said[8]


def test_a_source_that_breaks_off_loses_nothing_of_what_it_gave(archive: Path, tmp_path: Path) -> None:
    source = open_source(archive)
    blocks = list(source.blocks(0))
    source.close()

    class Breaking(Listed):
        def blocks(self, start: int) -> Iterator[RawBlock]:
            yield from blocks[start:9]
            raise SourceUnreachable("gone", "The node is gone")

    told = read_pin(archive / PIN)
    with Store.create(tmp_path / "ledger.db") as store:
        breaking = Breaking(blocks)
        join(store, breaking, genesis_hash=told.genesis_hash, contracts=told.contracts)
        with pytest.raises(SourceUnreachable):
            sync(store, breaking, evidence=tmp_path, workers=1)
        head = store.head()
    assert head is not None
    assert head.height == 8


@pytest.mark.parametrize(
    ("line", "code"), [(b"not json", "json"), (b'{"block":"0x"}', "shape"), (b'{"receipts":[]}', "shape")]
)
def test_a_line_that_is_no_block_is_kept_as_evidence_too(line: bytes, code: str, archive: Path, tmp_path: Path) -> None:
    source = open_source(archive)
    lines = [raw.document for raw in source.blocks(0)][:6]
    source.close()
    lines[4] = line
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "000000000000.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    shutil.copy(archive / PIN, tmp_path / "bad" / PIN)
    with pytest.raises(Malformed) as refused:
        follow(tmp_path / "ledger.db", tmp_path / "bad", workers=1)
    assert refused.value.code == code
    kept = next(each for each in (tmp_path / "evidence").glob("block-*4-*.json") if ".reason" not in each.name)
    assert kept.read_bytes() == line


@pytest.mark.slow
def test_a_node_over_http_and_an_archive_give_the_same_facts(archive: Path, expected: bytes, tmp_path: Path) -> None:
    node = Node(ArchiveSource(archive))
    with serving(node) as url:
        assert follow(tmp_path / "ledger.db", archive, location=url) == expected


def test_a_source_that_became_shorter_is_refused(archive: Path, tmp_path: Path) -> None:
    follow(tmp_path / "ledger.db", archive, workers=0)
    short = tmp_path / "short"
    source = open_source(archive)
    with ArchiveWriter(short) as sink:
        for raw in source.blocks(0):
            if raw.height < 5:
                sink.append(raw)
    source.close()
    shutil.copy(archive / PIN, short / PIN)
    with pytest.raises(ProofFailed) as refused:
        follow(tmp_path / "ledger.db", short, workers=0)
    assert refused.value.code == "source-behind"


def test_another_chain_is_not_joined_over_this_one(archive: Path, tmp_path: Path) -> None:
    follow(tmp_path / "ledger.db", archive, workers=0)
    chain = SmallChain(seed=99)
    with Store.open(tmp_path / "ledger.db") as store, pytest.raises(ProofFailed) as refused:
        join(
            store,
            Listed(chain.blocks),
            genesis_hash=chain.consortium.genesis_hash,
            contracts=(chain.consortium.contract,),
        )
    assert refused.value.code == "pinned-otherwise"


def test_a_genesis_block_that_was_not_pinned_is_refused(archive: Path, tmp_path: Path) -> None:
    source = open_source(archive)
    with Store.create(tmp_path / "ledger.db") as store, pytest.raises(ProofFailed) as refused:
        join(store, source, genesis_hash=bytes(32), contracts=read_pin(archive / PIN).contracts)
    source.close()
    assert refused.value.code == "genesis-hash"


def test_a_store_that_joined_nothing_does_not_sync(archive: Path, tmp_path: Path) -> None:
    source = open_source(archive)
    with Store.create(tmp_path / "ledger.db") as store, pytest.raises(LedgerError) as refused:
        sync(store, source, evidence=tmp_path)
    source.close()
    assert refused.value.code == "not-joined"


def test_an_explained_change_of_sealers_is_followed_and_remembered(tmp_path: Path) -> None:
    chain = SmallChain()
    chain.consortium.add_sealer("newcomer")
    chain.next_day()
    voted = chain.consortium.height
    chain.next_day()
    source = Listed(chain.blocks)
    with Store.create(tmp_path / "ledger.db") as store:
        join(store, source, genesis_hash=chain.consortium.genesis_hash, contracts=(chain.consortium.contract,))
        sync(store, source, evidence=tmp_path, workers=0)
        state = Trusted.from_json(store.trusted() or "")
    assert len(state.sealers) == 5
    assert state.epochs == (voted,)


def test_a_verifier_that_dies_is_an_error_with_a_next_step(archive: Path) -> None:
    source, chain = open_source(archive), SmallChain()
    blocks = list(source.blocks(1))
    source.close()
    stream = examined(itertools.cycle(blocks), chain.anchor, engine="auto", workers=1)
    while not multiprocessing.active_children():
        next(stream)
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(VerifierDied) as died:
        for _ in stream:
            pass
    assert "goes on where it stopped" in died.value.next_step


@pytest.mark.slow
def test_a_verifier_that_died_while_the_source_was_slow_loses_nothing_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.verifier.ALONE_BYTES", 0)
    chain = SmallChain()
    chain.next_day()
    chain.next_day()

    def slow() -> Iterator[RawBlock]:
        yield chain.blocks[1]  # judged in this process
        yield chain.blocks[2]
        deadline = time.monotonic() + 20
        while not multiprocessing.active_children() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(2)  # the second block has been judged by now
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        time.sleep(0.5)
        yield chain.blocks[3]

    stream = examined(slow(), chain.anchor, engine="auto", workers=1)
    assert [next(stream)[0].height, next(stream)[0].height] == [1, 2]
    with pytest.raises(VerifierDied):
        next(stream)


def test_the_pin_of_an_archive_is_what_its_consortium_says(tmp_path: Path) -> None:
    blocks: list[RawBlock] = []
    consortium = Consortium(blocks, seed=5, start=START + DAY)
    (tmp_path / PIN).write_text(pin(consortium))
    told = read_pin(tmp_path / PIN)
    assert told.genesis_hash == consortium.genesis_hash
    assert told.contracts == (consortium.contract,)
