"""Weighted average life and yield of a tranche's payments: by hand, against a slow search, and as they must move."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.instrument.tranche import Flow
from abs.yields import PLACES, average_life, internal_rate

DAY = date(2024, 1, 31)
YEAR = timedelta(days=365)
FINE = Context(prec=50, rounding=ROUND_HALF_EVEN)


def flow(days: int, principal: int, interest: int = 0) -> Flow:
    return Flow(on=DAY + timedelta(days=days), principal=principal, interest=interest)


flows = st.lists(
    st.builds(flow, st.integers(1, 4_000), st.integers(0, 10**9), st.integers(0, 10**8)), min_size=1, max_size=12
).filter(lambda each: any(one.principal + one.interest for one in each))


def worth(each: list[Flow], rate: Decimal) -> Decimal:
    """Their value at a yield, by the formula as it is written, in another context."""
    total = Decimal(0)
    for one in each:
        years = FINE.divide(Decimal((one.on - DAY).days), Decimal(365))
        growth = FINE.power(FINE.add(Decimal(1), rate), years)
        total = FINE.add(total, FINE.divide(Decimal(one.principal + one.interest), growth))
    return total


def test_wal_by_hand() -> None:
    assert average_life([flow(365, 1), flow(730, 3)], DAY) == Decimal("1.75")
    assert average_life([flow(365, 0, 9)], DAY) is None


@pytest.mark.parametrize(
    ("price", "each", "rate"),
    [
        (100, [flow(365, 100, 5)], "0.0500000000"),
        (100, [flow(365, 0, 10), flow(730, 100, 10)], "0.1000000000"),
        (10**13, [flow(730, 10**13 * 121 // 100)], "0.1000000000"),
        (100, [flow(365, 50)], "-0.5000000000"),
        (100, [flow(365, 100)], "0E-10"),
        (1, [flow(1, 2)], None),
        (0, [flow(365, 1)], None),
        (100, [flow(365, 0)], None),
        (100, [flow(0, 100)], None),
        (100, [flow(-1, 100), flow(3, 100)], None),
        (100, [], None),
    ],
)
def test_yields_by_hand(price: int, each: list[Flow], rate: str | None) -> None:
    assert internal_rate(price, each, DAY) == (None if rate is None else Decimal(rate))


@settings(max_examples=40, deadline=None)
@given(price=st.integers(1, 10**10), each=flows)
def test_a_yield_is_right_to_ten_decimals(price: int, each: list[Flow]) -> None:
    """At half a place more the payments are worth less than the price, at half a place less they are worth more."""
    found = internal_rate(price, each, DAY)
    if found is None:
        assert worth(each, Decimal(10**6)) > price
        return
    half = PLACES / 2
    assert worth(each, found + half * Decimal("1.000001")) <= price
    if found - half > -1:
        assert worth(each, found - half * Decimal("1.000001")) >= price


@settings(max_examples=30, deadline=None)
@given(price=st.integers(10**6, 10**10), each=flows, at=st.integers(0, 11), more=st.integers(1, 10**9))
def test_yields_rise_with_payments_and_fall_with_the_price(price: int, each: list[Flow], at: int, more: int) -> None:
    one = each[at % len(each)]
    better = [*each, Flow(on=one.on, principal=more, interest=0)]
    rates = [internal_rate(price + more, each, DAY), internal_rate(price, each, DAY), internal_rate(price, better, DAY)]
    known = [rate for rate in rates if rate is not None]
    assert known == sorted(known)
    later = [Flow(on=one.on + YEAR, principal=one.principal, interest=one.interest) for one in each]
    first, second = internal_rate(price, each, DAY), internal_rate(price, later, DAY)
    if first is not None and second is not None and first >= 0:
        assert second <= first


@settings(max_examples=30, deadline=None)
@given(each=flows, days=st.integers(1, 400))
def test_wal_moves_with_the_payments(each: list[Flow], days: int) -> None:
    life = average_life(each, DAY)
    later = average_life(each, DAY - timedelta(days=days))
    assert (life is None) == (later is None)
    if life is not None and later is not None:
        assert abs(later - life - Decimal(days) / 365) < Decimal("1e-20")
        assert min((one.on - DAY).days for one in each if one.principal) <= life * 365 + Decimal("1e-9")
