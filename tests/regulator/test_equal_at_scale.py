"""Following block by block, DuckDB and Spark find the same on very many receivables, with every trouble planted.

A market is generated and verified, and its facts are copied side by side into a node's database and into Parquet
(`tests/support/duplicates_bulk.py`): copies share their members, and have things and numbers of their own.
GLASSPOOL_EQUAL says how many receivables; in CI they are 200,000, which takes ten minutes of a processor.
`python -m tests.benchmarks.duplicates --equal` compares a market generated and verified as a whole.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pytest

import regulator.watch
from ledger.consortium.market import generate_market
from ledger.consortium.market.planting import EVERY
from ledger.consortium.market.trouble.table import PATTERNS
from ledger.facts import FACTS
from ledger.snapshot import Market, take
from ledger.snapshot.reading import embedded
from ledger.store import Store
from regulator.signals import Version
from regulator.watch import sweep
from tests.support.duplicates_bulk import Bulk, load, spread
from tests.support.duplicates_measured import SWEPT, differing, found
from tests.support.generated import followed
from tests.support.spark import running

pytestmark = [pytest.mark.slow, pytest.mark.first]

RECEIVABLES = int(os.environ.get("GLASSPOOL_EQUAL", "10000"))
BASE = max(1_000, RECEIVABLES // 40)
"""Receivables of the base: every kind of trouble is in it once at least, so a small one is troubled more."""
COPIES = RECEIVABLES // BASE
SEED = 50_221
DAYS = 20
"""Days of the base in one step: all copies live through the same days, a block each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """Copies of a market, and every version that following all their blocks finds."""

    bulk: Bulk
    versions: list[Version]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Copied:
    folder = tmp_path_factory.mktemp("equal_at_scale")
    trouble = {EVERY: Decimal("0.0005"), **dict.fromkeys(PATTERNS, Decimal("0.001"))}
    summary = generate_market(
        folder / "chain", receivables=BASE, plans=2, months=8, seed=SEED, trouble=trouble, traps=Decimal("0.0005"),
        suite="ecdsa",
    )  # fmt: skip
    with followed(folder / "chain", summary, folder / "home") as base:
        height = base.at().height
        take(base.at(), folder / "base")
    bulk = spread(folder / "base", height, COPIES, folder / "bulk")
    load(bulk, folder / "node.db", FACTS)
    with pytest.MonkeyPatch.context() as patch, Store.open(folder / "node.db") as store:
        patch.setattr(regulator.watch, "RECORDS", DAYS * COPIES)
        versions = found(store, folder / "book.db", SWEPT)
    return Copied(bulk=bulk, versions=versions)


@pytest.fixture
def on_duckdb(copied: Copied) -> Iterator[Market]:
    with Market(embedded(), copied.bulk.files()) as market:
        yield market


def test_in_every_copy_every_pattern_was_found(copied: Copied) -> None:
    subjects = defaultdict(set)
    for one in copied.versions:
        subjects[one.rule].add(one.subject)
    least = {f"duplicate.{name}": COPIES * 98 // 100 for name in PATTERNS}
    least |= dict.fromkeys(("authenticity.contradiction", "monitor.asset_claimed"), COPIES)
    counts = Counter({rule: len(some) for rule, some in subjects.items()})
    assert {rule: counts[rule] for rule, some in least.items() if counts[rule] < some} == {}


def test_a_sweep_on_duckdb_finds_what_following_found(copied: Copied, on_duckdb: Market) -> None:
    assert differing(copied.versions, sweep(on_duckdb, copied.bulk.height, SWEPT)) == []


@pytest.fixture
def spark() -> Iterator[Any]:
    yield from running()


@pytest.mark.filterwarnings("ignore")
def test_a_sweep_on_spark_finds_what_following_found(copied: Copied, spark: Any) -> None:
    with Market(ibis.pyspark.connect(spark), copied.bulk.files()) as market:
        assert differing(copied.versions, sweep(market, copied.bulk.height, SWEPT)) == []
