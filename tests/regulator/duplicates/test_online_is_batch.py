"""Every rule on one generated market: block by block, in steps of any size, resumed, or over all of history at once.

Whichever way findings are made, they are the same, each version with the first height at which it holds.
`tests/regulator/test_equal_at_scale.py` does it on many more receivables, and on Spark.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import regulator.watch
from ledger.rebuild import rebuild
from ledger.replica import join, sync
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from ledger.sources.archive import ArchiveSource
from ledger.store import Store
from portal.node import read_pin
from regulator.book import Book
from regulator.errors import BookStale
from regulator.rules import ALL_SCOPES, FAMILIES, scopes
from regulator.signals import Version
from regulator.watch import follow, sweep
from tests.support.duplicates_measured import SWEPT, Measured, differing, found, measured

pytestmark = pytest.mark.slow

RULES = {rule for scope in SWEPT for rule in scope.rules}
PORTIONS = (1, 40)
"""Blocks that come before a regulator looks again: from, to."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    folder = tmp_path_factory.mktemp("online_is_batch")
    made = measured(folder, receivables=400, seed=70_311, rate=Decimal("0.004"), plans=2, months=5, scopes=scopes())
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def snapshot(market: Measured, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("snapshot") / "taken"
    take(market.store.at(), folder)
    return Snapshot.open(folder)


class Growing:
    """A node that verifies the market's blocks in portions, and a regulator who comes back now and then.

    The regulator's program starts anew each time: it knows what its book says, and nothing else.
    """

    def __init__(self, market: Measured, folder: Path) -> None:
        chain = market.labels.with_name(market.labels.name.removesuffix(".labels.jsonl"))
        pin = read_pin(chain / "node.toml")
        self.folder, self.source = folder, ArchiveSource(chain)
        self.store = Store.create(folder / "node.db")
        join(self.store, self.source, genesis_hash=pin.genesis_hash, contracts=pin.contracts)

    def grow(self, blocks: int) -> bool:
        """Verify so many blocks more; return whether there are still others."""
        until = self.height + blocks
        sync(self.store, self.source, evidence=self.folder / "evidence", workers=0, stop=lambda: self.height >= until)
        return self.height < self.source.head()

    @property
    def height(self) -> int:
        return self.store.at().height

    def watch(self) -> list[Version]:
        return found(self.store, self.folder / "book.db", scopes())


@pytest.fixture
def growing(market: Measured, tmp_path: Path) -> Iterator[Growing]:
    made = Growing(market, tmp_path)
    yield made
    made.store.close()


def test_every_rule_had_something_to_say(market: Measured) -> None:
    said = {one.rule for one in market.versions}
    assert len([rule for rule in said if rule.startswith("duplicate.")]) >= 18
    assert {rule.partition(".")[0] for rule in said} == set(FAMILIES) - {"network"}, "no hub is planted"
    assert {"monitor.asset_claimed", "monitor.invoice_status"} <= said
    assert len(said - RULES) >= 10, "rules of plans"


def test_a_sweep_on_duckdb_finds_the_same(market: Measured, snapshot: Snapshot) -> None:
    with snapshot.on_duckdb() as opened:
        swept = list(sweep(opened, market.store.at().height, SWEPT))
    assert differing([one for one in market.versions if one.rule in RULES], swept) == []


@pytest.mark.parametrize("third", [1, 2])
def test_a_sweep_of_an_earlier_height_finds_what_was_found_by_then(
    market: Measured, tmp_path: Path, third: int
) -> None:
    """Nobody knows at a height what comes later: neither what begins, nor what ends."""
    height = market.store.at().height * third // 3
    take(market.store.at(height), tmp_path / "taken")
    with Snapshot.open(tmp_path / "taken").on_duckdb() as opened:
        swept = list(sweep(opened, height, SWEPT))
    assert differing([one for one in market.versions if one.rule in RULES and one.height <= height], swept) == []


@pytest.mark.parametrize("records", [1, 10**9])
def test_steps_of_another_size_find_the_same(
    market: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert differing(market.versions, found(market.store, tmp_path / "book.db", scopes())) == []


def test_a_scope_that_comes_later_catches_up_with_the_others(market: Measured, tmp_path: Path) -> None:
    """Scopes step together where they stand at one height, and find the same where they did not begin together."""
    found(market.store, tmp_path / "book.db", SWEPT[::2])
    with Book.open(tmp_path / "book.db") as book:
        steps = list(follow(market.store, book, SWEPT))
    assert {step.scope for step in steps} == {scope.name for scope in SWEPT[1::2]}
    known = [one for one in market.versions if one.rule in RULES]
    assert differing(known, found(market.store, tmp_path / "book.db", SWEPT)) == []


def test_watching_now_and_then_while_the_ledger_grows_finds_the_same(market: Measured, growing: Growing) -> None:
    """Portions of any size, all that was known by each; the facts are made again from the blocks on the way."""
    chance, portions, more = random.Random(70_312), 0, True
    while more:
        more = growing.grow(chance.randint(*PORTIONS))
        portions += 1
        if portions == 5:
            before = growing.store.at().facts_digest
            assert rebuild(growing.store).facts_digest == before
        known = [one for one in market.versions if one.height <= growing.height]
        assert differing(known, growing.watch()) == []
    assert portions > 6
    assert growing.height == market.store.at().height


def test_a_replica_that_was_lost_is_watched_again(market: Measured, growing: Growing) -> None:
    """The book is ahead of a replica that begins anew: nothing is believed of it until it is followed again."""
    half = market.store.at().height // 2
    growing.grow(half)
    every = scopes()
    found(market.store, growing.folder / "book.db", every)
    shutil.copy(growing.folder / "book.db", growing.folder / "ahead.db")
    with Book.open(growing.folder / "book.db") as book:
        for scope in every:
            with pytest.raises(BookStale):
                next(follow(growing.store, book, [scope]))
            book.forget(scope.name, scope.rules)
    known = [one for one in market.versions if one.height <= growing.height]
    # the same scopes as before: what they remember of the ledger that was lost counts no more
    assert differing(known, found(growing.store, growing.folder / "book.db", every)) == []
    growing.grow(10**9)
    assert differing(market.versions, found(growing.store, growing.folder / "book.db", every)) == []
    # what was lost is there again, and the book that was ahead says the same of it
    assert differing(market.versions, found(growing.store, growing.folder / "ahead.db", ALL_SCOPES)) == []
