"""The same expressions on Spark give the same answers as on DuckDB and in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import StoreUnavailable
from ledger.facts import FACTS, Output, Receivable
from ledger.snapshot import Snapshot, take
from tests.support.ledger_book import Book, certificate_on, financed_by_factor
from tests.support.spark import INSTALLED

if TYPE_CHECKING:
    from pathlib import Path

    from ibis import Table

    from ledger.snapshot import Market


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
def test_spark_and_duckdb_agree(book: Book, tmp_path: Path, spark: Any) -> None:
    for name in ("r1", "r2"):
        financed_by_factor(book, name)
    certificate_on(book, "r3")
    facts = book.store.at()
    take(facts, tmp_path / "s")
    snapshot = Snapshot.open(tmp_path / "s")
    with snapshot.on_duckdb() as duckdb:
        market = snapshot.on_spark(spark)
        assert by_owner(market).to_pyarrow().to_pylist() == by_owner(duckdb).to_pyarrow().to_pylist()
        for table in FACTS:
            assert market.table(table).count().to_pyarrow().as_py() == facts.count(table), table.label
    market.close()
    assert spark.range(3).count() == 3, "the session is its owner's"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_is_kept_may_rest_on_values_in_memory(book: Book, tmp_path: Path, spark: Any) -> None:
    import ibis

    for name in ("r1", "r2"):
        certificate_on(book, name)
    take(book.store.at(), tmp_path / "s")
    snapshot = Snapshot.open(tmp_path / "s")
    for market in (snapshot.on_duckdb(), snapshot.on_spark(spark)):
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
