"""The chain's tree against an independent recursion, and paths in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import EMPTY_ROOT, binary_path, binary_root, climb
from ledger.suites import sm3, suite
from tests.support.blocks import root

LEAVES = st.lists(st.binary(min_size=32, max_size=32), max_size=40)


@given(LEAVES)
def test_the_root_is_the_published_construction(leaves: list[bytes]) -> None:
    assert binary_root(leaves, sm3) == root(leaves, suite("sm"))


def test_small_trees_by_hand() -> None:
    a, b, c = (bytes([at]) * 32 for at in range(3))
    assert binary_root([], sm3) == EMPTY_ROOT == bytes(32)
    assert binary_root([a], sm3) == a
    assert binary_root([a, b], sm3) == sm3(a + b)
    assert binary_root([a, b, c], sm3) == sm3(sm3(a + b) + sm3(c))


@given(LEAVES.filter(bool), st.data())
def test_every_leaf_climbs_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    assert climb(leaves[index], index, binary_path(leaves, index, sm3), sm3) == binary_root(leaves, sm3)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=24, unique=True), st.data())
def test_a_leaf_has_no_other_place(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = binary_path(leaves, index, sm3)
    for claimed in range(64):
        if claimed == index:
            continue
        try:
            reached = climb(leaves[index], claimed, path, sm3)
        except ValueError:
            continue
        assert reached != binary_root(leaves, sm3)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=24, unique=True), st.data())
def test_an_altered_leaf_or_path_misses_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = binary_path(leaves, index, sm3)
    good = binary_root(leaves, sm3)
    assert climb(bytes(32), index, path, sm3) != good or leaves[index] == bytes(32)
    at = data.draw(st.integers(0, len(path) - 1))
    for other in (None, sm3(b"other")):
        altered = (*path[:at], other, *path[at + 1 :])
        if altered == path:
            continue
        try:
            reached = climb(leaves[index], index, altered, sm3)
        except ValueError:
            continue
        assert reached != good


def test_places_that_do_not_exist() -> None:
    leaves = [bytes([at]) * 32 for at in range(3)]
    for index in (-1, 3):
        with pytest.raises(IndexError):
            binary_path(leaves, index, sm3)
    with pytest.raises(ValueError, match="shorter"):
        climb(leaves[0], 4, binary_path(leaves, 0, sm3), sm3)
    with pytest.raises(ValueError, match="stands on the left"):
        climb(leaves[0], 1, (None,), sm3)
    with pytest.raises(ValueError, match="shorter"):
        climb(leaves[0], -1, (), sm3)
