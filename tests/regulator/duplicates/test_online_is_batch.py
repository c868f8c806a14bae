"""All scopes on one generated market: what is found block by block, in steps of any size, is what a sweep finds.

`python -m tests.benchmarks.duplicates --equal` does the same on 200,000 receivables.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import regulator.watch
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from regulator.book import Book
from regulator.watch import follow, sweep
from tests.benchmarks.duplicates import spark
from tests.support.duplicates_measured import SCOPES, Measured, found, in_order, measured

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    folder = tmp_path_factory.mktemp("online_is_batch")
    made = measured(folder, receivables=900, seed=70_311, rate=Decimal("0.002"), months=8)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def snapshot(market: Measured, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("snapshot") / "taken"
    take(market.store.at(), folder)
    return Snapshot.open(folder)


def test_every_rule_had_something_to_say(market: Measured) -> None:
    said = {one.rule for one in market.versions}
    assert len([rule for rule in said if rule.startswith("duplicate.")]) >= 18


def test_a_sweep_on_duckdb_finds_the_same(market: Measured, snapshot: Snapshot) -> None:
    with snapshot.on_duckdb() as opened:
        assert in_order(sweep(opened, market.store.at().height, SCOPES)) == in_order(market.versions)


@pytest.mark.parametrize("records", [1, 300])
def test_steps_of_another_size_find_the_same(
    market: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert in_order(found(market.store, tmp_path / "book.db")) == in_order(market.versions)


def test_a_scope_that_comes_later_catches_up_with_the_others(market: Measured, tmp_path: Path) -> None:
    """Scopes step together where they stand at one height, and find the same where they did not begin together."""
    with Book.open(tmp_path / "book.db") as book:
        for _ in follow(market.store, book, SCOPES[::2]):
            pass
        steps = list(follow(market.store, book, SCOPES))
        versions = [version for scope in SCOPES for version in book.versions(scope.rules)]
    assert {step.scope for step in steps} == {scope.name for scope in SCOPES[1::2]}
    assert in_order(versions) == in_order(market.versions)


@pytest.mark.filterwarnings("ignore")
def test_a_sweep_on_spark_finds_the_same(market: Measured, snapshot: Snapshot) -> None:
    if importlib.util.find_spec("pyspark") is None and os.environ.get("CI") != "true":
        pytest.skip("pyspark is not installed: `make spark` brings it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark's own imports
        session = spark()
        try:
            with snapshot.on_spark(session) as opened:
                assert in_order(sweep(opened, market.store.at().height, SCOPES)) == in_order(market.versions)
        finally:
            session.stop()
