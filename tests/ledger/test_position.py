"""Positions: one order in all three forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.position import Position

POSITIONS = st.builds(Position, st.integers(0, 2**31 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))


@given(POSITIONS, POSITIONS)
def test_number_and_text_lead_back_and_keep_the_order(one: Position, other: Position) -> None:
    assert Position.from_number(one.number) == one
    assert Position.parse(str(one)) == one
    assert (one < other) == (one.number < other.number)
    assert one.number < 2**63


@pytest.mark.parametrize(
    "text", ["", "1:2", "01:2:3", "1:2:3 ", "1:-2:3", "1:65536:3", "2147483648:0:0", "1:2:٣", "1:2:3\n"]
)
def test_anything_else_is_no_position(text: str) -> None:
    assert Position.parse(text) is None
