"""Rings, loops and hubs fire from the first block in which they are true, in any form; lawful trade does not.

Every story is told in one ledger, followed block by block and many blocks at once, and swept over a snapshot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import regulator.watch
from ledger.snapshot import Snapshot, take
from ledger.store import Store
from regulator.network import SCOPES
from regulator.signals import Level, Version
from regulator.watch import sweep
from regulator.wording import WORDING, explain, used_by
from tests.support.duplicates_measured import differing, found, in_order
from tests.support.network_rings import CIRCLE, HUB, LOOP
from tests.support.network_stories import STORIES, Desk, ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A ledger in which all stories were told, what they should raise, and what was found by following it."""

    store: Store
    expected: dict[str, Any]
    online: list[Version]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("network_stories")
    book = ledger(folder / "ledger.db")
    expected = {name: tell(Desk(book, name)) for name, tell in STORIES.items()}
    book.seal()
    yield Told(store=book.store, expected=expected, online=in_order(found(book.store, folder / "book.db", SCOPES)))
    book.store.close()


def story_of(version: Version) -> str:
    return version.subject.split(" ", 1)[1].split(".")[0]


def steps_of(versions: list[Version], name: str) -> dict[str, list[tuple[int, Level | None]]]:
    steps: defaultdict[str, list[tuple[int, Level | None]]] = defaultdict(list)
    for version in versions:
        if story_of(version) == name:
            steps[version.rule].append((version.height, version.signal and version.signal.level))
    return steps


@pytest.mark.parametrize("name", STORIES)
def test_story_raises_what_it_shows_from_the_block_that_shows_it(told: Told, name: str) -> None:
    assert steps_of(told.online, name) == (told.expected[name] or {})


@pytest.mark.slow
@pytest.mark.parametrize("records", [1, 12])
def test_steps_of_any_size_give_the_same(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert told.online
    assert differing(told.online, found(told.store, tmp_path / "book.db", SCOPES)) == []


@pytest.mark.slow
def test_sweep_over_a_snapshot_finds_what_following_found(told: Told, tmp_path: Path) -> None:
    facts = told.store.at()
    take(facts, tmp_path / "snapshot")
    with Snapshot.open(tmp_path / "snapshot").on_duckdb() as market:
        assert differing(told.online, sweep(market, facts.height, SCOPES)) == []


def test_one_finding_for_each_ring_loop_and_hub(told: Told) -> None:
    subjects = defaultdict(set)
    for version in told.online:
        subjects[version.rule, story_of(version)].add(version.subject)
    assert {len(each) for each in subjects.values()} == {1}


def test_every_signal_can_be_told_in_both_languages(told: Told) -> None:
    for version in told.online:
        if version.signal is not None:
            details = {name for name, _ in version.signal.details} | {"subject", "amount"}
            words = WORDING[version.rule]
            assert used_by(words.sentence_zh) | used_by(words.sentence_en) <= details
            assert explain(version.signal, "zh", {}) != explain(version.signal, "en", {})
    assert {version.rule for version in told.online} == {CIRCLE, LOOP, HUB}


def test_a_ring_names_its_trades_members_and_money(told: Told) -> None:
    (*_, last) = [one.signal for one in told.online if story_of(one) == "three_financed"]
    assert last is not None
    assert set(last.parties) == {"bank", *(f"three_financed.{name}" for name in "ABC")}
    assert len([one for one in (last.subject, *last.things) if one.startswith("invoice ")]) == 3
    assert last.detail("financed") == 2
    assert last.amount == last.detail("money_fen") == 2 * (113_000 * 70 // 100)
    assert last.score == 90


def test_strength_of_kinship_is_in_the_score(told: Told) -> None:
    scores = {story_of(one): one.signal.score for one in told.online if one.rule == LOOP and one.signal is not None}
    assert scores == {
        "sisters": 80, "bought_after_it_was_sold": 80, "one_account": 95, "one_entity": 95, "renamed_later": 80,
        "half_disclosed": 60, "paid_by_bare_claims": 80,
    }  # fmt: skip
