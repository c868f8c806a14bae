"""The pace of a run counts the time in which there was something to store, and is kept now and then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ledger.pace import KEPT_EVERY, Pace, last_pace
from ledger.replica import Progress
from ledger.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2025, 1, 2, tzinfo=UTC)
BLOCK = Progress(
    height=1, target=1, timestamp=0, transactions=20, records=10, severities={}, verifying=0.0, committing=0.0
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "ledger.db") as made:
        yield made


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_rests_between_rounds_do_not_count(store: Store) -> None:
    clock = Clock()
    pace = Pace(clock=clock, now=lambda: AT)
    for _ in range(2):
        pace.begin()
        clock.now += 0.5
        pace.add(BLOCK, store)
        clock.now += 3600
    pace.keep(store)
    assert last_pace(store) == {
        "at": "2025-01-02T00:00:00+00:00",
        "blocks": 2,
        "transactions": 40,
        "records": 20,
        "seconds": 1.0,
        "blocks_per_second": 2.0,
        "records_per_second": 20.0,
    }


def test_it_is_kept_at_most_every_minute_and_at_the_end(store: Store) -> None:
    clock, kept = Clock(), []
    pace = Pace(clock=clock, now=lambda: AT)
    pace.begin()
    for _ in range(150):
        clock.now += 1
        pace.add(BLOCK, store)
        told = last_pace(store)
        if told is not None and told["blocks"] not in kept:
            kept.append(told["blocks"])
    assert kept == [KEPT_EVERY, 2 * KEPT_EVERY]
    pace.keep(store)
    told = last_pace(store)
    assert told is not None
    assert told["blocks"] == 150


def test_a_run_that_stored_nothing_leaves_the_last_one_standing(store: Store) -> None:
    clock = Clock()
    assert last_pace(store) is None
    first, second = (Pace(clock=clock, now=lambda: AT) for _ in range(2))
    first.begin()
    clock.now += 1
    first.add(BLOCK, store)
    first.keep(store)
    before = last_pace(store)
    second.begin()
    clock.now += 100
    second.keep(store)
    assert last_pace(store) == before
