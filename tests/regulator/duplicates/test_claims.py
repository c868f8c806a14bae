"""Patterns of claims on one asset: each fires from the first block in which it is true, and what is lawful is silent.

Every story is told in one ledger, followed block by block, and swept over a snapshot of it as well.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from regulator.duplicates.scope import FamilyScope
from regulator.scope import Scope
from regulator.signals import Level, Version
from regulator.watch import sweep
from regulator.wording import WORDING, explain, used_by
from tests.support import (
    duplicates_cheats,
    duplicates_loans,
    duplicates_measured,
    duplicates_papers,
    duplicates_single,
)
from tests.support.duplicates_stories import FACE, STORIES, Desk, ledger

TOLD_BY = (
    duplicates_cheats,
    duplicates_loans,
    duplicates_papers,
    duplicates_single,
)  # the modules whose stories fill STORIES
SCOPES: tuple[Scope, ...] = (FamilyScope(),)

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All stories as written: what each expects, and what was found online and in batch."""

    expected: dict[str, Any]
    online: list[Version]
    batch: list[Version]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("claims")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("regulator.watch.RECORDS", 1)  # a step for every block: nothing later is known
    book = ledger(folder / "ledger.db")
    expected = {name: tell(Desk(book, name)) for name, tell in STORIES.items()}
    made = Told(expected=expected, **found(book.store, folder))
    monkeypatch.undo()
    book.store.close()
    return made


def found(store: Any, folder: Path) -> dict[str, list[Version]]:
    """The versions by following a store to its head, and by sweeping a snapshot of it."""
    online = duplicates_measured.found(store, folder / "book.db", SCOPES)
    height = store.head().height
    take(store.at(height), folder / "snapshot")
    with Snapshot.open(folder / "snapshot").on_duckdb() as market:
        return {"online": online, "batch": duplicates_measured.in_order(sweep(market, height, SCOPES))}


def steps(versions: list[Version], name: str) -> dict[str, list[tuple[int, Level | None]]]:
    """By pattern, the heights and levels of a story's findings."""
    mine: defaultdict[str, list[tuple[int, Level | None]]] = defaultdict(list)
    for version in versions:
        if version.subject.split(" ", 1)[1].startswith(f"{name}."):
            level = None if version.signal is None else version.signal.level
            mine[version.rule.removeprefix("duplicate.")].append((version.height, level))
    return dict(mine)


@pytest.mark.parametrize("name", STORIES)
def test_story_raises_what_it_shows_from_the_block_that_shows_it(told: Told, name: str) -> None:
    assert steps(told.online, name) == (told.expected[name] or {})


def test_sweep_over_a_snapshot_finds_what_following_found(told: Told) -> None:
    assert told.online
    assert told.batch == told.online


def test_one_finding_for_each_asset_and_pattern(told: Told) -> None:
    subjects = defaultdict(set)
    for version in told.online:
        subjects[version.rule, version.subject.split(" ", 1)[1].split(".")[0]].add(version.subject)
    assert {len(each) for each in subjects.values()} == {1}


def test_details_tell_the_order_of_registrations(told: Told) -> None:
    (signal,) = [
        version.signal
        for version in told.online
        if version.rule == "duplicate.priority_conflict" and "filed_twice" in version.subject and version.signal
    ]
    assert signal.detail("first") == "filed_twice.Z1"
    assert signal.detail("last_party") == "bank2"
    assert signal.detail("search") == "stale"
    assert signal.amount == FACE


def test_every_signal_can_be_told_in_both_languages(told: Told) -> None:
    names = {"bank": "第一银行"}
    for version in told.online:
        if version.signal is not None:
            details = {name for name, _ in version.signal.details} | {"subject", "amount"}
            words = WORDING[version.rule]
            assert used_by(words.sentence_zh) <= details
            assert used_by(words.sentence_en) <= details
            chinese = explain(version.signal, "zh", names)
            assert "{" not in chinese
            assert explain(version.signal, "en", names) != chinese
    assert {version.rule for version in told.online} == set(FamilyScope.rules)
    assert set(FamilyScope.rules) <= WORDING.keys()


def test_evidence_and_parties_name_both_sides(told: Told) -> None:
    first = next(version.signal for version in told.online if version.subject == "invoice two_banks.I")
    assert first is not None
    assert first.parties == ("bank", "bank2", "supplier")
    assert {"financing two_banks.F1", "financing two_banks.F2", "receivable two_banks.R"} <= set(first.things)
    assert len(first.evidence) == 4  # the invoice, the claim on it, and two loans, each one record with its collateral
    assert first.amount == FACE * 8 // 10


def test_things_of_one_name_are_two_where_they_claim_by_two_instruments(tmp_path: Path) -> None:
    book = ledger(tmp_path / "ledger.db")
    desk = Desk(book, "s")
    desk.asset()
    desk.lend("X", "bank", ("receivable", "R"))
    desk.block()
    desk.file("X", "factor", ("receivable", "R"))
    desk.block()
    told = found(book.store, tmp_path)
    assert told["online"] == told["batch"]
    assert {one.rule for one in told["online"]} == {"duplicate.cross_instrument"}
