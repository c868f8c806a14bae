"""Dividing in whole fen: nothing is lost, nobody gets a fen more than the share, and what is left is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulator.graph.shares import broken_down, shares

FEN = st.integers(min_value=0, max_value=10**16)


@given(FEN, st.lists(FEN, min_size=1, max_size=12))
def test_shares_add_up_and_differ_from_the_exact_share_by_less_than_a_fen(amount: int, weights: list[int]) -> None:
    found = shares(amount, weights)
    total = sum(weights)
    assert sum(found) == (amount if total else 0)
    for part, weight in zip(found, weights, strict=True):
        assert abs(part * total - amount * weight) < max(total, 1)


@pytest.mark.parametrize(
    ("amount", "weights", "found"),
    [(100, [1, 1, 1], [34, 33, 33]), (100, [2, 1], [67, 33]), (1, [1, 3], [0, 1]), (5, [0, 0], [0, 0])],
)
def test_fen_left_over_go_to_the_largest_remainders(amount: int, weights: list[int], found: list[int]) -> None:
    assert shares(amount, weights) == found


@given(FEN, FEN, st.lists(FEN, max_size=8))
def test_what_is_carried_and_the_rest_come_to_the_amount(amount: int, whole: int, weights: list[int]) -> None:
    carried, rest = broken_down(amount, whole, weights)
    assert sum(carried) + rest == amount
    assert all(part >= 0 for part in carried)
    if sum(weights) <= whole:
        assert rest >= 0


def test_what_is_relied_on_twice_leaves_a_negative_rest() -> None:
    assert broken_down(100, 100, [100, 60]) == ([100, 60], -60)
    assert broken_down(50, 100, [100, 60]) == ([50, 30], -30)
