"""The same expressions on Spark give the same answers as on DuckDB and in SQL."""

from __future__ import annotations

import importlib.util
import os
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import StoreUnavailable
from ledger.facts import FACTS, Output, Receivable
from ledger.snapshot import Snapshot, take
from tests.support.ledger_book import Book, certificate_on, financed_by_factor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ibis import Table

    from ledger.snapshot import Market

INSTALLED = importlib.util.find_spec("pyspark") is not None


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A Spark of one process on this machine."""
    if not INSTALLED and os.environ.get("CI") != "true":
        pytest.skip("pyspark is not installed: `make spark` brings it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark's own imports
        from pyspark.sql import SparkSession

        spark = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "1")
            .getOrCreate()
        )
        yield spark
        spark.stop()


def by_owner(market: Market) -> Table:
    receivables, outputs = market.table(Receivable), market.table(Output)
    joined = outputs.join(receivables, outputs.root == receivables.id)
    return (
        joined.group_by("debtor", "owner")
        .agg(total=joined.amount.sum().cast("int64"), rate=joined.rate.max(), due=joined.due.max())
        .order_by("debtor", "owner")
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_and_duckdb_agree(book: Book, tmp_path: Path, session: Any) -> None:
    for name in ("r1", "r2"):
        financed_by_factor(book, name)
    certificate_on(book, "r3")
    facts = book.store.at()
    take(facts, tmp_path / "s")
    snapshot = Snapshot.open(tmp_path / "s")
    with snapshot.on_duckdb() as duckdb:
        spark = snapshot.on_spark(session)
        assert by_owner(spark).to_pyarrow().to_pylist() == by_owner(duckdb).to_pyarrow().to_pylist()
        for table in FACTS:
            assert spark.table(table).count().to_pyarrow().as_py() == facts.count(table), table.label


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_is_kept_may_rest_on_values_in_memory(book: Book, tmp_path: Path, session: Any) -> None:
    import ibis

    for name in ("r1", "r2"):
        certificate_on(book, name)
    take(book.store.at(), tmp_path / "s")
    snapshot = Snapshot.open(tmp_path / "s")
    for market in (snapshot.on_duckdb(), snapshot.on_spark(session)):
        wanted = ibis.memtable({"wanted": ["r2", "r3"]}, schema={"wanted": "string"})
        rows = market.table(Receivable)
        with market.kept(rows.semi_join(wanted, rows.id == wanted.wanted)) as kept:
            for _ in range(2):
                assert kept.select("id").to_pyarrow()["id"].to_pylist() == ["r2"]


@pytest.mark.skipif(INSTALLED, reason="Spark is installed here")
def test_without_spark_the_way_to_it_is_told(book: Book, tmp_path: Path) -> None:
    take(book.store.at(), tmp_path / "s")
    with pytest.raises(StoreUnavailable, match="not installed") as refused:
        Snapshot.open(tmp_path / "s").on_spark(None)
    assert refused.value.code == "no-spark"
