"""Rounds without end: who fails rests, who lied rests long, and the others are followed all the while."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ledger.errors import SourceUnreachable, StoreUnavailable
from ledger.follower import LONGEST_REST, REFUSED_REST, Follower
from ledger.following import Following, Standing, State
from ledger.replica import SyncReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EVERY = 5.0
REPORT = SyncReport(
    start=0, height=0, blocks=0, transactions=0, records=0, findings=0, block_hash=b"", facts_digest=b""
)
OK, SILENT, LIAR = State.AGREES, State.UNREACHABLE, State.REFUSED


class Rounds:
    """Sources that answer by a plan, over a clock that only waiting moves."""

    def __init__(self, *plans: Callable[[float], State], until: float) -> None:
        self.plans, self.until, self.now = plans, until, 0.0
        self.asked: list[tuple[float, list[int]]] = []
        self.changes: list[tuple[float, int, State]] = []
        self.follower = Follower(
            len(plans),
            every=EVERY,
            clock=lambda: self.now,
            wait=self.wait,
            stop=lambda: self.now >= self.until,
            changed=lambda at, standing: self.changes.append((self.now, at, standing.state)),
        )

    def wait(self, seconds: float) -> None:
        assert seconds >= EVERY, "it never spins"
        self.now += seconds

    def attempt(self, places: Sequence[int]) -> Following:
        self.asked.append((self.now, list(places)))
        states = [self.plans[at](self.now) for at in places]
        standings = tuple(
            Standing(name=str(at), state=state, code=None if state is OK else "a-code")
            for at, state in zip(places, states, strict=True)
        )
        nobody = None if OK in states else SourceUnreachable("a-code", "nobody")
        return Following(report=REPORT, standings=standings, failure=nobody)

    def run(self) -> Rounds:
        self.follower.run(self.attempt, lambda _: None)
        return self

    def times(self, at: int) -> list[float]:
        return [when for when, places in self.asked if at in places]


def test_a_source_that_is_well_is_asked_every_round() -> None:
    rounds = Rounds(lambda _: OK, until=50).run()
    assert rounds.times(0) == [5.0 * at for at in range(10)]
    assert rounds.changes == [(0.0, 0, OK)]


def test_one_that_fails_rests_longer_each_time_and_holds_up_nobody() -> None:
    rounds = Rounds(lambda _: SILENT, lambda _: OK, until=3000).run()
    assert rounds.times(1) == [5.0 * at for at in range(600)]
    asked = rounds.times(0)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[:6] == [5, 10, 20, 40, 80, 160]
    assert set(pauses[6:]) == {LONGEST_REST}
    assert rounds.changes == [(0.0, 0, SILENT), (0.0, 1, OK)]


def test_one_that_lied_rests_long_and_is_asked_again() -> None:
    rounds = Rounds(lambda now: LIAR if now < 1000 else OK, lambda _: OK, until=1500).run()
    assert rounds.times(0)[:3] == [0.0, REFUSED_REST, 2 * REFUSED_REST]
    assert [(at, state) for _, at, state in rounds.changes] == [(0, LIAR), (1, OK), (0, OK)]


def test_when_all_fail_nobody_is_asked_until_the_first_wakes() -> None:
    rounds = Rounds(lambda _: SILENT, lambda now: LIAR if now else SILENT, until=1000).run()
    assert rounds.times(0)[:5] == [0, 5, 15, 35, 75]
    assert rounds.times(1)[:3] == [0, 5, 5 + REFUSED_REST]
    assert all(places for _, places in rounds.asked)


def test_one_that_recovers_is_asked_at_the_usual_pace_again() -> None:
    rounds = Rounds(lambda now: SILENT if now < 30 else OK, until=60).run()
    assert rounds.times(0) == [0, 5, 15, 35, 40, 45, 50, 55]
    assert [state for _, _, state in rounds.changes] == [SILENT, OK]


def test_a_failure_of_this_node_is_not_the_sources() -> None:
    def full(_: float) -> State:
        raise StoreUnavailable("store-full", "full")

    with pytest.raises(StoreUnavailable):
        Rounds(full, until=50).run()


def test_a_round_that_was_cut_short_says_nothing_of_those_not_asked() -> None:
    rounds = Rounds(lambda _: OK, lambda _: OK, until=50)
    told: list[Following] = []

    def attempt(_: Sequence[int]) -> Following:
        rounds.now = 50.0
        return Following(report=REPORT, standings=())

    rounds.follower.run(attempt, told.append)
    assert len(told) == 1
    assert rounds.changes == []
