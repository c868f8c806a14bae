"""The business day of a block: China's, at every hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.business_day import business_day, end_of


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2025, 3, 1, 15, 59, 59, tzinfo=UTC), date(2025, 3, 1)),
        (datetime(2025, 3, 1, 16, tzinfo=UTC), date(2025, 3, 2)),
        (datetime(2024, 12, 31, 23, tzinfo=UTC), date(2025, 1, 1)),
    ],
)
def test_a_day_begins_at_four_in_the_afternoon_utc(moment: datetime, day: date) -> None:
    assert business_day(moment) == day


@given(st.dates(min_value=date(1970, 1, 2), max_value=date(8999, 1, 1)))
def test_a_day_is_over_when_the_next_begins(day: date) -> None:
    assert business_day(end_of(day)) == day + timedelta(days=1)
    assert business_day(end_of(day) - timedelta(milliseconds=1)) == day
