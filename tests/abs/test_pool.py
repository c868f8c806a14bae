"""The pool metrics, against figures of a published ledger that were recomputed independently, and by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.composition import OVERDUE
from abs.errors import FigureMisuse
from abs.figure import Figure
from abs.frame import Basis, Party, PoolFrame
from abs.pool import pool_of
from tests.support.pool_frames import asset, frame

JUNE = date(2013, 6, 30)
AFTER_THE_LAST = date(2014, 12, 31)


def rounded(figure: Figure, places: str) -> Decimal:
    return Decimal(figure.number()).quantize(Decimal(places))


@pytest.mark.oracle
def test_the_published_ledger_on_a_day(ibm: PoolFrame) -> None:
    """Bases: what is unpaid at the end of the day; sales of the calendar month; DSO over its 30 days."""
    pool = pool_of(ibm, JUNE)
    assert pool.balance().text() == "5,119.85"
    aging = pool.aging((1, 31, 61, 91))
    assert [(bucket.label, bucket.balance.text()) for bucket in aging] == [
        ("current", "4,284.29"), ("1-30", "835.56"), ("31-60", "0.00"), ("61-90", "0.00"), ("91+", "0.00"),
    ]  # fmt: skip
    assert pool.sales(date(2013, 6, 1), JUNE).text() == "5,849.59"
    assert pool.dso().text() == "26.26"
    assert rounded(pool.delinquency_ratio(), "0.0001") == Decimal("0.1632")


@pytest.mark.oracle
def test_the_published_ledger_as_a_whole(ibm: PoolFrame) -> None:
    """Base: the original amount of every invoice, paid or not, so the shares are of the whole ledger."""
    pool = pool_of(ibm, AFTER_THE_LAST)
    debtors = pool.concentration(Party.DEBTOR, basis=Basis.ORIGINAL, top=10)
    assert (pool.entered(), debtors.total.text(), debtors.members.value) == (2466, "147,703.18", 100)
    assert pool.disputed_share(Basis.ORIGINAL).text() == "24.88%"
    assert debtors.top_share.text() == "15.69%"
    assert rounded(debtors.hhi, "0.000001") == Decimal("0.010921")
    assert rounded(debtors.effective_number, "0.01") == Decimal("91.57")
    assert rounded(pool.days_to_settle(), "0.001") == Decimal("26.701")
    assert pool.balance().value == 0


@pytest.mark.oracle
def test_the_published_ledger_moves_by_what_is_sold_and_paid(ibm: PoolFrame) -> None:
    """Balance - payments + sales = next balance in every month, and every figure stands on facts."""
    pool = pool_of(ibm, date(2011, 12, 31))
    for month in range(24):
        start = pool.on + timedelta(days=1)
        end = (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        after = pool.on_day(end)
        moved = after.sales(start, end).fen() - after.payments(pool.on, end).fen()
        assert pool.balance().fen() + moved == after.balance().fen(), f"{start}..{end} of {month}"
        pool = after
    assert len(list(pool_of(ibm, JUNE).balance().unfold())) == 84


@pytest.mark.oracle
def test_classes_of_the_published_ledger_foot_to_its_balance(ibm: PoolFrame) -> None:
    pool = pool_of(ibm, JUNE)
    for classes in (pool.aging(), pool.aging((1,)), pool.maturity_ladder()):
        assert sum(bucket.balance.fen() for bucket in classes) == pool.balance().fen()
        assert sum(Decimal(bucket.count.number()) for bucket in classes) == pool.count().value
    labels = [bucket.label for bucket in pool.maturity_ladder()]
    assert labels == [OVERDUE, "2013-06", "2013-07"]  # what falls due on the day itself is not late yet


def test_terms_by_hand() -> None:
    """100 yuan due in 30 days and 300 due in 90: 75 days on average; an overdue claim has no term left."""
    day = date(2024, 3, 31)
    due = [day + timedelta(days=days) for days in (30, 90)]
    assets = [asset("a", 10_000, date(2024, 3, 1), due[0]), asset("b", 30_000, date(2024, 3, 21), due[1])]
    pool = pool_of(frame(assets), day)
    assert pool.wam().value == Decimal(75)
    assert pool.seasoning().value == Decimal(15)
    assert pool.wal().value == Decimal(75) / Decimal(365)
    late = pool.on_day(day + timedelta(days=40))
    assert late.wam().value == Decimal(50 * 30_000) / Decimal(40_000)
    assert late.listed()["days_past_due"].to_list() == [10, 0]


def test_a_day_counts_as_finished_and_a_part_payment_leaves_the_rest() -> None:
    changes = [(date(2024, 2, 1), -4_000), (date(2024, 2, 10), -6_000, "dilution")]
    one = asset("a", 10_000, date(2024, 1, 1), date(2024, 1, 31), changes=changes)
    pool = pool_of(frame([one]), date(2024, 1, 31))
    assert [pool.on_day(date(2024, 2, day)).balance().value for day in (1, 9, 10)] == [6_000, 6_000, 0]
    assert pool.on_day(date(2024, 2, 9)).days_to_settle().value is None
    assert pool.on_day(date(2024, 2, 10)).days_to_settle().value == 40
    later = pool.on_day(date(2024, 2, 29))
    assert (later.payments(date(2024, 1, 31), date(2024, 2, 10)).value) == 4_000
    assert (later.payments(date(2024, 2, 1), date(2024, 2, 10)).value) == 0
    assert (later.adjustments(date(2024, 1, 31), date(2024, 2, 29)).value) == -6_000
    assert [ref.table for ref in later.payments(date(2024, 1, 31), date(2024, 2, 10)).unfold()] == ["Settlement"]


def test_an_asset_counts_once_it_is_the_plans_unless_its_past_is_asked_for() -> None:
    one = asset("a", 10_000, date(2024, 1, 1), date(2024, 6, 1), entered_on=date(2024, 3, 1))
    on = date(2024, 2, 1)
    pool = frame([one])
    assert pool_of(pool, on).balance().value == 0
    assert pool_of(pool.since_issue(), on).balance().value == 10_000
    assert pool_of(pool, date(2024, 3, 1)).balance().value == 10_000


def test_an_empty_pool_has_no_shares() -> None:
    pool = pool_of(frame([]), JUNE)
    assert (pool.balance().value, pool.count().value, pool.wam().value, pool.dso().value) == (0, 0, None, None)
    debtors = pool.concentration()
    assert (debtors.hhi.value, debtors.effective_number.value, debtors.top_share.value) == (None, None, None)
    assert pool.maturity_ladder() == ()


def test_an_overpaid_asset_does_not_lower_the_pool() -> None:
    one = asset("a", 10_000, date(2024, 1, 1), date(2024, 2, 1), changes=[(date(2024, 1, 5), -12_000)])
    two = asset("b", 10_000, date(2024, 1, 1), date(2024, 2, 1))
    assert pool_of(frame([one, two]), date(2024, 1, 31)).balance().value == 10_000


def test_edges_must_rise() -> None:
    pool = pool_of(frame([]), JUNE)
    for edges in ((30, 1), (1, 1)):
        with pytest.raises(FigureMisuse):
            pool.aging(edges)


WEIGHTS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 10**11)), min_size=1, max_size=30)


@settings(deadline=None)
@given(WEIGHTS)
def test_concentration_holds_its_bounds(weights: list[tuple[int, int]]) -> None:
    """The largest share is at most 1, HHI lies between 1/n and 1, and the effective number between 1 and n."""
    day = date(2024, 1, 1)
    assets = [asset(f"a{n}", amount, day, day, debtor=f"d{who}") for n, (who, amount) in enumerate(weights)]
    debtors = pool_of(frame(assets), day).concentration(top=3)
    members = int(debtors.members.number())
    slack = Decimal("1e-20")
    assert Decimal(1) / members - slack <= Decimal(debtors.hhi.number()) <= 1
    assert 1 - slack <= Decimal(debtors.effective_number.number()) <= members + Decimal("1e-15")
    assert 0 < Decimal(debtors.top_share.number()) <= 1
    assert debtors.total.value == sum(amount for _, amount in weights)
    assert list(debtors.largest) == sorted(debtors.largest, key=lambda one: (-one.balance.fen(), one.member))
