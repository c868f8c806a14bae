"""Killed at random moments while syncing or rebuilding, on either database: nothing is lost, nothing to repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.errors import StoreUnavailable, Unknown
from ledger.rebuild import rebuild
from ledger.store import Store
from ledger.store.state import REBUILDING
from tests.support.follow import follow
from tests.support.killing import killed, sample_archive
from tests.support.working import rebuilding, syncing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import MakeDatabase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_archive(tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="module")
def expected(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The facts digest of an uninterrupted run."""
    return follow(tmp_path_factory.mktemp("whole") / "ledger.db", archive, workers=0)


def test_syncing(archive: Path, expected: bytes, database: MakeDatabase) -> None:
    heights: set[int] = set()

    def look(_: str) -> None:
        try:
            with Store.open(database()) as store:
                head = store.head()
                if head is not None:
                    heights.add(head.height)
                    assert store.recompute_facts_digest() == head.facts_digest
        except Unknown:
            return  # killed before there was a file
        except StoreUnavailable as early:
            if "no schema" not in early.message:  # killed before there were tables
                raise

    killed(syncing, database(), archive, begin=database.drop, look=look)
    print(f"kills left the database at the heights {sorted(heights)}")
    assert heights, "a kill left blocks behind"
    assert follow(database(), archive, workers=0) == expected


def test_rebuilding(archive: Path, expected: bytes, database: MakeDatabase) -> None:
    follow(database(), archive, workers=0)
    stopped = []

    def look(_: str) -> None:
        with Store.open(database()) as store:
            if store.state(REBUILDING) is None:
                assert store.recompute_facts_digest() == expected
            else:
                stopped.append(store.state(REBUILDING))
                with pytest.raises(StoreUnavailable, match="being rebuilt"):
                    store.at()

    killed(rebuilding, database(), begin=lambda: None, look=look)
    print(f"{len(stopped)} kills fell into the rebuild")
    assert stopped, "a kill fell into the rebuild"
    with Store.open(database()) as store:
        report = rebuild(store, workers=0)
        assert (report.facts_digest, report.changed) == (expected, False)
        assert store.recompute_facts_digest() == expected
    assert follow(database(), archive, workers=0) == expected
