"""Rings and loops planted in generated markets are found and nothing else, whatever the seed; three ways agree."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.consortium.market import generate_market, labels_of
from ledger.snapshot import Snapshot, take
from ledger.store import Store
from regulator.book import Book
from regulator.network import SCOPES
from regulator.signals import Version
from regulator.watch import follow, sweep
from tests.support.duplicates_truth import scored, table
from tests.support.generated import followed

TRUTH: Mapping[str, frozenset[str]] = {
    "circular_trade": frozenset(("circular_trade",)),
    "related_loop": frozenset(("related_loop",)),
}
PLANTED = {"every": Decimal("0.001"), "circular_trade": Decimal("0.004"), "related_loop": Decimal("0.004")}

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A market, its labels, its snapshot, and the versions found by following it."""

    store: Store
    labels: Path
    snapshot: Path
    versions: list[Version]

    @property
    def height(self) -> int:
        head = self.store.head()
        assert head is not None
        return head.height


@pytest.fixture(scope="module", params=[60_101, 60_102])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    folder = tmp_path_factory.mktemp("network_market")
    summary = generate_market(
        folder / "chain", receivables=2_000, plans=3, months=10, seed=request.param, trouble=PLANTED,
        traps=Decimal("0.002"),
    )  # fmt: skip
    store = followed(folder / "chain", summary, folder / "home")
    versions = watched(store, folder / "book.db")
    take(store.at(), folder / "snapshot")
    yield Found(store=store, labels=labels_of(folder / "chain"), snapshot=folder / "snapshot", versions=versions)
    store.close()


def watched(store: Store, location: Path) -> list[Version]:
    with Book.open(location) as book:
        for _ in follow(store, book, SCOPES):
            pass
        return ordered(version for scope in SCOPES for version in book.versions(scope.rules))


def ordered(versions: Iterable[Version]) -> list[Version]:
    return sorted(versions, key=lambda version: (version.height, version.id))


def test_what_is_planted_is_found_and_nothing_else(found: Found) -> None:
    scores, high = scored(found.store, found.labels, found.versions, TRUTH)
    print(f"\n{table(scores)}")
    assert {name: (score.missed, score.false) for name, score in scores.items()} == {
        name: ([], set()) for name in ("circular_trade", "related_loop")
    }
    assert min(score.hit for score in scores.values()) >= 8
    assert high == []


def test_batch_on_duckdb_finds_what_following_found(found: Found) -> None:
    with Snapshot.open(found.snapshot).on_duckdb() as market:
        assert ordered(sweep(market, found.height, SCOPES)) == found.versions


def test_block_by_block_is_the_same_as_many_blocks_at_once(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for records in (1, 300):
        monkeypatch.setattr("regulator.watch.RECORDS", records)
        assert watched(found.store, tmp_path / f"{records}.db") == found.versions


@pytest.mark.filterwarnings("ignore")
def test_batch_on_spark_finds_what_following_found(found: Found) -> None:
    if importlib.util.find_spec("pyspark") is None and os.environ.get("CI") != "true":
        pytest.skip("pyspark is not installed: `make spark` brings it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark's own imports
        from pyspark.sql import SparkSession

        session = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "1")
            .getOrCreate()
        )
        try:
            with Snapshot.open(found.snapshot).on_spark(session) as market:
                assert ordered(sweep(market, found.height, SCOPES)) == found.versions
        finally:
            session.stop()
