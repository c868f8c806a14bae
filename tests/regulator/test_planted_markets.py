"""Patterns over generated markets with planted trouble: what is planted is found, and nothing else.

Online in steps of any size, in batch on DuckDB, and in batch on Spark the findings are the same, version by version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger.snapshot import Snapshot, take
from regulator import network
from regulator.duplicates.contracts import ContractScope
from regulator.duplicates.lots import LotScope
from regulator.duplicates.packages import PackageScope
from regulator.duplicates.pairs import PairScope
from regulator.duplicates.papers import PaperScope
from regulator.duplicates.runs import RunScope
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.sealed import SealedScope
from regulator.scope import Scope
from regulator.watch import sweep
from tests.support.duplicates_measured import Measured, differing, found, planted
from tests.support.duplicates_truth import CLAIMS, SHOWS, scored, table

pytestmark = pytest.mark.slow

PAPERS: tuple[Scope, ...] = (
    PaperScope(), RunScope(), PackageScope(), ContractScope(), LotScope(), PairScope(),
)  # fmt: skip
OF_PAPERS = frozenset(rule.removeprefix("duplicate.") for scope in PAPERS for rule in scope.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A market, the scopes it is followed with, and by label the patterns that these are to find in it."""

    scopes: tuple[Scope, ...]
    truth: Mapping[str, frozenset[str]]
    trouble: Mapping[str, Decimal]
    traps: Decimal
    receivables: int
    seed: int
    least: int
    """The stories of each pattern that there are to be found, at least."""


def case(scopes: tuple[Scope, ...], truth: Mapping[str, frozenset[str]], seed: int, **others: Any) -> Case:
    trouble = {"every": Decimal("0.001"), **dict.fromkeys(others.pop("planted", truth), others.pop("rate"))}
    return Case(scopes=scopes, truth=truth, trouble=trouble, seed=seed, **others)


CLAIMS_AND_PAPERS: dict[str, Any] = {"rate": Decimal("0.002"), "traps": Decimal("0.001"), "receivables": 1_600}
RINGS: dict[str, Any] = {"rate": Decimal("0.004"), "traps": Decimal("0.002"), "receivables": 2_000, "least": 8}
CIRCLES = {name: frozenset((name,)) for name in ("circular_trade", "related_loop")}
CASES = {
    "claims": case((FamilyScope(), SealedScope()), CLAIMS, 90_517, least=3, **CLAIMS_AND_PAPERS),
    "papers": case(
        PAPERS,
        {label: shown & OF_PAPERS for label, shown in SHOWS.items() if shown & OF_PAPERS},
        31_415,
        planted=sorted(OF_PAPERS),
        least=3,
        **CLAIMS_AND_PAPERS,
    ),
    **{f"network-{seed}": case(network.SCOPES, CIRCLES, seed, **RINGS) for seed in (60_101, 60_102)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What a case became: its market, the snapshot of it, and where books may be kept."""

    case: Case
    measured: Measured
    snapshot: Snapshot

    @property
    def height(self) -> int:
        return self.measured.store.at().height


@pytest.fixture(scope="module", params=CASES)
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    one, folder = CASES[request.param], tmp_path_factory.mktemp(request.param)
    made = planted(
        folder, receivables=one.receivables, plans=3, months=10, seed=one.seed, trouble=one.trouble, traps=one.traps,
        scopes=one.scopes,
    )  # fmt: skip
    take(made.store.at(), folder / "snapshot")
    yield Market(case=one, measured=made, snapshot=Snapshot.open(folder / "snapshot"))
    made.store.close()


def test_what_is_planted_is_found_and_nothing_else(market: Market) -> None:
    one = market.case
    scores, high = scored(market.measured.store, market.measured.labels, market.measured.versions, one.truth)
    print(f"\n{table(scores)}")
    assert {name: (score.missed, score.false) for name, score in scores.items()} == {
        name: ([], set()) for names in one.truth.values() for name in names
    }
    assert min(score.hit for score in scores.values()) >= one.least
    assert high == []


def test_batch_on_duckdb_finds_what_following_found(market: Market) -> None:
    with market.snapshot.on_duckdb() as opened:
        assert differing(market.measured.versions, sweep(opened, market.height, market.case.scopes)) == []


@pytest.mark.filterwarnings("ignore")
def test_batch_on_spark_finds_what_following_found(market: Market, spark: Any) -> None:
    with market.snapshot.on_spark(spark) as opened:
        assert differing(market.measured.versions, sweep(opened, market.height, market.case.scopes)) == []


@pytest.mark.parametrize("records", [1, 300])
def test_steps_of_any_size_find_the_same(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr("regulator.watch.RECORDS", records)
    again = found(market.measured.store, tmp_path / "book.db", market.case.scopes)
    assert differing(market.measured.versions, again) == []
