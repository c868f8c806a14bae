"""Killed at random moments while it takes snapshots, on either database: each is there whole, or not at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ledger.snapshot import Snapshot, take
from ledger.snapshot.lines import file_digest
from ledger.store import Store
from tests.support.follow import follow
from tests.support.killing import KILLS, finished, killed, sample_archive
from tests.support.working import taking

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.snapshot import Manifest
    from tests.support.databases import MakeDatabase

pytestmark = pytest.mark.slow

SNAPSHOTS = 2


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_archive(tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="module")
def expected(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Manifest]:
    """The manifests of snapshots by their height that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    follow(folder / "ledger.db", archive, workers=0)
    with Store.open(folder / "ledger.db") as store:
        last = store.last_document()
        heights = [last * part // SNAPSHOTS for part in range(1, SNAPSHOTS + 1)]
        return {height: take(store.at(height), folder / str(height)) for height in heights}


def test_taking_snapshots(
    archive: Path,
    expected: dict[int, Manifest],
    database: MakeDatabase,
    tmp_path: Path,
) -> None:
    follow(database(), archive, workers=0)
    folder = tmp_path / "snapshots"
    arguments = (database(), folder, list(expected))
    whole: set[int] = set()
    looked: list[int] = []
    parts: dict[tuple[str, int], int] = {}

    def begin() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        whole.clear()

    def check() -> None:
        """Hold every snapshot that is there against the uninterrupted one, to the byte."""
        there = {int(each.name) for each in folder.iterdir() if not each.name.startswith(".")}
        for height in there - whole:
            assert Snapshot.open(folder / str(height)).manifest == expected[height]
            digests = {file.name: file_digest(file).hex() for file in (folder / str(height)).glob("*.parquet")}
            assert digests == {entry.file: entry.file_digest for entry in expected[height].tables.values()}
        whole.update(there)

    def look(_: str) -> None:
        if folder.exists():
            check()
            for each in folder.glob(".*"):
                parts[each.name, each.stat().st_mtime_ns] = len(list(each.iterdir()))
        looked.append(len(whole))

    killed(taking, *arguments, begin=begin, look=look, kills=max(KILLS, 10))
    some = sorted(filter(None, parts.values()))
    print(f"{len(some)} of {len(looked)} kills left a part of a snapshot, with so many files: {some}")
    assert some, "a kill fell into the writing"
    finished(taking, *arguments)
    check()
    assert whole == set(expected)
    for height in whole:
        Snapshot.open(folder / str(height)).verify()
    assert {each.name for each in folder.iterdir()} == set(map(str, expected)), "nothing is left of those killed"
