"""Cycles in small random networks are those that a plain search finds; bounds hold where a network is large."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulator.network import cycles as module
from regulator.network.cycles import FAN, LEGS, WINDOW, cycles, linked
from regulator.network.trades import SPREAD, STEP, Trade, cell_of, cells_around, days_of, quarter_of
from tests.benchmarks.network import accuracy, graph

DAY = 739_000


def trade(position: int, seller: str, buyer: str, day: int = 0, amount: int = 100_000, family: str = "钢铁") -> Trade:
    return Trade(
        node=f"invoice {position}", seller=seller, buyer=buyer, day=DAY + day, amount=amount, family=family,
        position=position,
    )  # fmt: skip


def nodes(found: Sequence[tuple[Trade, ...]]) -> set[frozenset[str]]:
    return {frozenset(leg.node for leg in cycle) for cycle in found}


def slowly(trades: Sequence[Trade]) -> set[frozenset[str]]:
    """Every cycle by the definition, found by trying every run."""

    def grown(run: list[Trade]) -> Iterator[frozenset[str]]:
        first, last = run[0], run[-1]
        if len(run) > 1 and last.buyer == first.seller:
            families = {leg.family for leg in run} - {""}
            if len(families) <= 1 and sum(leg.family == "" for leg in run) <= 1:
                yield frozenset(leg.node for leg in run)
            return
        for leg in trades:
            if (
                len(run) < LEGS
                and leg.seller == last.buyer
                and leg.seller not in {each.seller for each in run}
                and last.day <= leg.day <= first.day + WINDOW
                and abs(leg.amount - last.amount) * 100 <= STEP * last.amount
            ):
                yield from grown([*run, leg])

    return {found for one in trades for found in grown([one])}


members = st.sampled_from("ABCDE")
edges = st.tuples(
    members, members, st.integers(0, 45), st.sampled_from([1_000, 1_040, 960, 1_085, 2_000]),
    st.sampled_from(["a", "a", "b", ""]),
).filter(lambda one: one[0] != one[1])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(edges, max_size=14))
@example([("A", "B", 0, 1_000, "a"), ("B", "A", 30, 1_040, "a")])
@example([("A", "B", 0, 1_000, "a"), ("B", "A", 31, 1_000, "a")])
@example([("A", "B", 0, 1_000, ""), ("B", "A", 0, 1_000, "")])
@example([("A", "B", 3, 1_000, "a"), ("B", "C", 3, 1_000, "a"), ("C", "A", 3, 1_000, "a")])
def test_the_search_agrees_with_a_plain_one(some: list[tuple[str, str, int, int, str]]) -> None:
    trades = [trade(at, *one) for at, one in enumerate(some)]
    found = cycles(trades)
    assert nodes(found) == slowly(trades)
    assert len(found) == len(nodes(found))
    assert cycles(trades[::-1]) == found


@settings(max_examples=60, deadline=None)
@given(st.lists(edges, min_size=1, max_size=12), st.data())
def test_what_is_registered_later_takes_nothing_away(
    some: list[tuple[str, str, int, int, str]], data: st.DataObject
) -> None:
    trades = [trade(at, *one) for at, one in enumerate(some)]
    first = data.draw(st.integers(0, len(trades)))
    assert nodes(cycles(trades[:first])) <= nodes(cycles(trades))


@pytest.mark.parametrize("legs", range(2, LEGS + 1))
def test_a_ring_of_any_length_with_commissions(legs: int) -> None:
    names = "ABCDEF"[:legs]
    amount, ring = 1_000_000, []
    for at, seller in enumerate(names):
        ring.append(trade(at, seller, names[(at + 1) % legs], day=at * WINDOW // (legs - 1), amount=amount))
        amount = amount * 97 // 100
    assert cycles(ring) == [tuple(ring)]
    late = [*ring[:-1], trade(legs, names[-1], "A", day=WINDOW + 1, amount=ring[-1].amount)]
    assert cycles(late) == []


def test_seven_legs_are_too_many() -> None:
    names = "ABCDEFG"
    assert cycles([trade(at, names[at], names[(at + 1) % 7], day=at) for at in range(7)]) == []


def test_repetitions_are_linked_within_a_quarter() -> None:
    turns = 40
    ring = [trade(at, "ABC"[at % 3], "ABC"[(at + 1) % 3], day=5 * at) for at in range(turns)]
    groups = linked(cycles(ring))
    quarters = [{quarter_of(cycle[0].day) for cycle in group} for group in groups]
    assert sorted(len(each) for each in quarters) == [1] * len(groups)
    assert len(groups) == len({quarter for each in quarters for quarter in each}) > 1


def test_a_hub_costs_no_more_than_its_trades() -> None:
    """Ten thousand sales into a hub and out of it, all alike: nobody buys from whom it sells to, but for one ring."""
    size = 10_000
    trades = [trade(at, f"s{at}", "H", day=at % 30) for at in range(size)]
    trades += [trade(size + at, "H", f"b{at}", day=at % 30) for at in range(size)]
    trades += [trade(3 * size, "b17", "s3", day=30)]
    started = time.process_time()
    assert nodes(cycles(trades)) == {frozenset(("invoice 3", f"invoice {size + 17}", f"invoice {3 * size}"))}
    assert time.process_time() - started < 5


def test_a_dense_network_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everyone sells everyone the same every day: what is looked at is bounded, and every member is still named."""
    monkeypatch.setattr(module, "PATHS", 8)
    monkeypatch.setattr(module, "FAN", 4)
    names = "ABCDEFGH"
    trades = [
        trade(at, one, other, day=at % 20)
        for at, (one, other) in enumerate((one, other) for one in names for other in names if one != other)
    ]
    found = cycles(trades)
    assert {leg.seller for cycle in found for leg in cycle} == set(names)
    assert len(found) <= len(trades) * LEGS * 8 * 4


def test_the_first_that_were_registered_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAN", 1)
    ring = [trade(0, "A", "B"), trade(1, "B", "C", day=9), trade(2, "B", "C", day=1), trade(3, "C", "A", day=10)]
    assert nodes(cycles(ring)) == {frozenset(("invoice 0", "invoice 1", "invoice 3"))}


@given(st.integers(1, 10**15), st.lists(st.integers(100 - STEP, 100 + STEP), max_size=LEGS - 1), st.integers(0, WINDOW))
def test_what_may_be_of_one_cycle_lies_in_cells_side_by_side(amount: int, steps: list[int], days: int) -> None:
    last = amount
    for step in steps:
        least, most = -(-last * (100 - STEP) // 100), last * (100 + STEP) // 100
        last = min(max(last * step // 100, least), most)
    one, other = trade(0, "A", "B", amount=amount), trade(1, "A", "B", day=days, amount=last)
    assert cell_of("A", other) in set(cells_around(cell_of("A", one)))
    assert cell_of("A", one) in set(cells_around(cell_of("A", other)))


def test_the_spread_covers_all_steps_of_a_cycle() -> None:
    assert max((1 + STEP / 100) ** (LEGS - 1), (1 - STEP / 100) ** (1 - LEGS)) < SPREAD
    assert math.log(2**63, SPREAD) < 256
    assert FAN < module.PATHS


def test_quarters() -> None:
    for quarter in ("2025Q4", "2026Q1", "2026Q2"):
        first, last = days_of(quarter)
        assert {quarter_of(first), quarter_of(last)} == {quarter}
        assert quarter not in (quarter_of(first - 1), quarter_of(last + 1))


def test_rings_in_a_large_network_are_found_and_nothing_else() -> None:
    made = graph(companies=3_000, trades=18_000, rings=100, seed=41)
    recall, precision = accuracy(made, cycles(made.trades))
    assert recall == 1.0
    assert precision > 0.98
