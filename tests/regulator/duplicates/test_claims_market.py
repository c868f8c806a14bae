"""Patterns of claims over a generated market with planted trouble: what is planted is found, and nothing else.

Online, in batch on DuckDB, and in batch on Spark the findings are the same, version by version.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.consortium.market import generate_market, labels_of
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from ledger.store import Store
from regulator.book import Book
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.sealed import SealedScope
from regulator.scope import Scope
from regulator.signals import Version
from regulator.watch import follow, sweep
from tests.support.duplicates_truth import CLAIMS, scored, table
from tests.support.generated import followed

SCOPES: tuple[Scope, ...] = (FamilyScope(), SealedScope())
SEED = 90_517

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A market, its labels, and the versions found by following it."""

    store: Store
    labels: Path
    snapshot: Path
    versions: list[Version]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    folder = tmp_path_factory.mktemp("claims_market")
    trouble = {"every": Decimal("0.001"), **dict.fromkeys(CLAIMS, Decimal("0.002"))}
    summary = generate_market(
        folder / "chain", receivables=1_600, plans=3, months=10, seed=SEED, trouble=trouble, traps=Decimal("0.001")
    )
    store = followed(folder / "chain", summary, folder / "home")
    with Book.open(folder / "book.db") as book:
        for _ in follow(store, book, SCOPES):
            pass
        versions = [version for scope in SCOPES for version in book.versions(scope.rules)]
    head = store.head()
    assert head is not None
    take(store.at(head.height), folder / "snapshot")
    yield Found(store=store, labels=labels_of(folder / "chain"), snapshot=folder / "snapshot", versions=versions)
    store.close()


def test_planted_patterns_are_found_and_nothing_else(found: Found) -> None:
    scores, high = scored(found.store, found.labels, found.versions, CLAIMS)
    print(f"\n{table(scores)}")
    assert {name: score.missed for name, score in scores.items() if score.missed} == {}
    assert {name: score.false for name, score in scores.items() if score.false} == {}
    assert high == []


def test_batch_on_duckdb_finds_what_following_found(found: Found) -> None:
    height = found.store.head().height  # type: ignore[union-attr]
    with Snapshot.open(found.snapshot).on_duckdb() as market:
        assert _ordered(sweep(market, height, SCOPES)) == _ordered(found.versions)


def test_block_by_block_is_the_same_as_many_blocks_at_once(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulator.watch.RECORDS", 1)
    with Book.open(tmp_path / "book.db") as book:
        for _ in follow(found.store, book, SCOPES):
            pass
        versions = [version for scope in SCOPES for version in book.versions(scope.rules)]
    assert _ordered(versions) == _ordered(found.versions)


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
        height = found.store.head().height  # type: ignore[union-attr]
        try:
            with Snapshot.open(found.snapshot).on_spark(session) as market:
                assert _ordered(sweep(market, height, SCOPES)) == _ordered(found.versions)
        finally:
            session.stop()


def _ordered(versions: object) -> list[Version]:
    return sorted(versions, key=lambda version: (version.height, version.id))  # type: ignore[call-overload, no-any-return]
