"""A disk that is full, a disk or database that may not be written, a database another holds: said, and harmless."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event

from ledger.consortium import PIN, generate_sample, import_receivables, packaged_map
from ledger.store import Store
from tests.support.commands import Ran
from tests.support.follow import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROOM = 512 * 1024  # bytes left on the small disk: enough for some blocks, not for all


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disk")
    (folder / "receivables.csv").write_bytes(generate_sample(5, 40))
    import_receivables(folder / "receivables.csv", packaged_map("demo"), folder / "archive", seed=5)
    return folder / "archive"


@pytest.fixture(scope="module")
def whole(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The facts digest of a run that nothing hindered."""
    return follow(tmp_path_factory.mktemp("whole") / "ledger.db", archive, workers=0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "node"))
    monkeypatch.setenv("GLASSPOOL_WORKERS", "1")
    (tmp_path / "node").mkdir()
    return tmp_path / "node"


@pytest.fixture
def small_disk(home: Path) -> Iterator[Callable[[str], None]]:
    """The home on a disk of its own, which the test remounts with other options."""
    if os.getuid() != 0:
        pytest.skip("mounting a disk takes root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", home], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk may be mounted here: {mounted.stderr.strip()}")
    yield lambda options: subprocess.run(["mount", "-o", f"remount,{options}", home], check=True)  # type: ignore[misc]
    subprocess.run(["umount", home], check=True)


def goes_on(capsys: pytest.CaptureFixture[str], home: Path, whole: bytes) -> None:
    """Nothing was damaged, and the next sync ends where an undisturbed one would have."""
    with Store.open(home / "ledger.db") as store:
        head = store.head()
        assert head is not None
        assert store.recompute_facts_digest() == head.facts_digest
    synced = Ran(capsys, "sync", "--json")
    assert (synced.code, synced.json["facts_digest"]) == (0, "0x" + whole.hex())
    assert Ran(capsys, "scrub", "--json").json["verdict"] == "PASSED"


def refused(ran: Ran, code: str) -> None:
    assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert ran.json["error"]["next_step"]


def height(home: Path) -> int:
    with closing(sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT max(height) FROM block").fetchone()[0])


@pytest.mark.slow
def test_a_full_disk(
    archive: Path, whole: bytes, home: Path, small_disk: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert Ran(capsys, "init", archive, "--pin", archive / PIN).code == 0
    small_disk(f"size={sum(each.stat().st_blocks * 512 for each in home.rglob('*')) + ROOM}")
    refused(Ran(capsys, "sync", "--json"), "store-full")
    stopped = height(home)
    assert stopped > 0
    refused(Ran(capsys, "sync", "--json"), "store-full")
    small_disk("size=64m")
    goes_on(capsys, home, whole)
    assert height(home) > stopped


@pytest.mark.slow
def test_a_disk_that_may_only_be_read(
    archive: Path, whole: bytes, home: Path, small_disk: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert Ran(capsys, "init", archive, "--pin", archive / PIN).code == 0
    small_disk("ro")
    refused(Ran(capsys, "sync", "--json"), "store-access")
    refused(Ran(capsys, "init", archive, "--pin", archive / PIN, "--json"), "store-access")
    small_disk("rw")
    goes_on(capsys, home, whole)


@pytest.mark.slow
def test_a_database_that_may_grow_no_further(
    archive: Path, whole: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a full disk is to SQLite, where no disk can be mounted."""
    assert Ran(capsys, "init", archive, "--pin", archive / PIN).code == 0
    pages = (home / "ledger.db").stat().st_size // 4096 + 40

    def bound(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", bound)
    try:
        refused(Ran(capsys, "sync", "--json"), "store-full")
    finally:
        event.remove(Engine, "connect", bound)
    assert height(home) > 0
    goes_on(capsys, home, whole)


@pytest.mark.slow
def test_a_database_that_another_program_holds(
    archive: Path, whole: bytes, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.store.engine.BUSY_MS", 200)
    assert Ran(capsys, "init", archive, "--pin", archive / PIN).code == 0
    with closing(sqlite3.connect(home / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused(Ran(capsys, "sync", "--json"), "store-locked")
        assert Ran(capsys, "status", "--offline", "--json").json["height"] == 0, "reading goes on"
        other.execute("ROLLBACK")
    goes_on(capsys, home, whole)


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() == 0, reason="root may write every file; it has the disk above")
def test_a_database_whose_file_may_only_be_read(
    archive: Path, whole: bytes, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Ran(capsys, "init", archive, "--pin", archive / PIN).code == 0
    (home / "ledger.db").chmod(0o400)
    refused(Ran(capsys, "sync", "--json"), "store-access")
    for file in home.glob("ledger.db*"):  # SQLite gives the files beside it the same mode
        file.chmod(0o600)
    goes_on(capsys, home, whole)
