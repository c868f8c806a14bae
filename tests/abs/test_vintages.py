"""Static pools, roll rates and recoveries, against plain assets one by one, and by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings

from abs.frame import PoolFrame
from abs.performance import days_label
from abs.ratios import recovery_rate
from abs.series import Series, monthly, series
from abs.terms import Metrics
from abs.vintages import GONE, OF_COHORT, recovery_lag, roll_rates, static_pools
from tests.support import plain_series as plain
from tests.support.pool_frames import asset, frame

EDGES = (1, 10, 30)
METRICS = Metrics(delinquency_edges=EDGES, default_days=20)
UNTIL = date(2024, 8, 15)


@given(plain.assets())
@settings(max_examples=15, deadline=None)
def test_every_cohort_at_every_age_is_what_its_own_assets_make(assets: list[dict[str, Any]]) -> None:
    found = monthly(frame(assets), METRICS, UNTIL)
    pools = static_pools(found)
    assert set(pools.frame["cohort"]) == {month(found, one) for one in assets if one["entered_on"] <= UNTIL}
    for cohort, age in zip(pools.frame["cohort"], pools.frame["age"], strict=True):
        mine = [one for one in assets if month(found, one) == cohort]
        end = found.ends[cohort + age]
        flow = plain.flows(mine, found.start, end, METRICS.default_days)
        level = plain.levels(mine, end, METRICS.default_days, EDGES)
        for name, (source, _) in OF_COHORT.items():
            if name in ("written_off", "prepaid"):  # no plain asset has a statement; early is early in each month
                continue
            expected = level[source] if name in ("outstanding", "overdue") else flow[source]
            assert pools.figure(name, cohort, age).value == expected, (name, cohort, age)
        assert pools.rate("paid", cohort, age).inputs[1].value == sum(
            one["amount"] for one in mine if one["entered_on"] <= end
        )


def month(found: Series, one: dict[str, Any]) -> int:
    return next(at for at, end in enumerate(found.ends) if one["issued"] <= end)


@given(plain.assets())
@settings(max_examples=15, deadline=None)
def test_cohorts_add_up_to_the_pool(assets: list[dict[str, Any]]) -> None:
    found = monthly(frame(assets), METRICS, UNTIL)
    pools = static_pools(found)
    for at in range(len(found.ends)):
        now = pools.frame.filter(pools.frame["end"] == found.ends[at])
        assert now["outstanding"].sum() == found.value("balance", at)
        assert now["original"].sum() == sum(one["amount"] for one in assets if one["entered_on"] <= found.ends[at])
        for name, (source, _) in OF_COHORT.items():
            if name not in ("outstanding", "overdue"):
                assert now[name].sum() == sum(found.value(source, each) for each in range(at + 1))


@given(plain.assets())
@settings(max_examples=15, deadline=None)
def test_every_balance_rolls_somewhere(assets: list[dict[str, Any]]) -> None:
    """By asset: from the class at one end to the class at the next; the rates of one class add up to 1."""
    found = monthly(frame(assets), METRICS, UNTIL)
    for at in range(len(found.ends)):
        before, after = found.after(at), found.ends[at]
        moved: Counter[tuple[str, str]] = Counter()
        for one in assets:
            was, now = plain.open_on(one, before), plain.open_on(one, after)
            if was:
                moved[label(one, before), label(one, after)] += now
                moved[label(one, before), GONE] += was - now
        rolled = roll_rates(found, at)
        assert {(one.before, one.after): one.amount.value for one in rolled if one.amount.value} == {
            key: amount for key, amount in moved.items() if amount
        }
        for name in {one.before for one in rolled}:
            total = sum(Decimal(one.rate.number()) for one in rolled if one.before == name)
            assert abs(total - 1) < Decimal("1e-25")


def label(one: dict[str, Any], day: date) -> str:
    late = max(0, (day - one["due"]).days)
    place = sum(edge <= late for edge in EDGES)
    return days_label(EDGES[place - 1] if place else None, EDGES[place] - 1 if place < len(EDGES) else None)


def test_by_hand() -> None:
    """Two invoices of January, one of February. Half of one is paid late, the other is in default and recovers."""
    back = [(date(2024, 2, 15), -600), (date(2024, 2, 25), -600)]
    assets = [
        asset("a", 1_000, date(2024, 1, 5), date(2024, 1, 26), changes=[(date(2024, 2, 10), -500)]),
        asset("b", 3_000, date(2024, 1, 9), date(2024, 1, 16), changes=back),
        asset("c", 2_000, date(2024, 2, 9), date(2024, 3, 9)),
    ]
    found = monthly(frame(assets), METRICS, date(2024, 3, 31))
    pools = static_pools(found)
    assert [one.value for one in pools.curve("outstanding", 0)] == [1, Decimal("0.575"), Decimal("0.575")]
    assert [one.value for one in pools.curve("defaulted", 0)] == [0, Decimal("0.875"), Decimal("0.875")]
    assert [one.value for one in pools.curve("paid", 1)] == [0, 0]
    assert {ref.id for ref in pools.figure("outstanding", 0, 2).unfold() if ref.table == "Receivable"} == {"a", "b"}
    assert {ref.id for ref in pools.figure("paid", 0, 1).unfold()} == {"a/0", "b/0", "b/1"}
    rolled = {(one.before, one.after): one for one in roll_rates(found, 1)}
    assert {key: one.amount.value for key, one in rolled.items()} == {
        ("1-9", "30+"): 500,
        ("1-9", GONE): 500,
        ("10-29", "30+"): 1_800,
        ("10-29", GONE): 1_200,
    }
    assert rolled["10-29", "30+"].rate.value == Decimal("0.6")
    assert {ref.id for ref in rolled["10-29", "30+"].amount.facts if ref.table == "Receivable"} == {"b"}
    # b was in default from 5 February on (20 days), and paid 600 after 10 days and 600 after 20
    assert recovery_lag(found, 2).value == 15
    assert {ref.table for ref in recovery_lag(found, 2).unfold()} == {"Settlement", "Receivable"}
    assert recovery_lag(found, 0).formula.endswith(": nothing was recovered so far")


def test_what_rolled_from_the_first_day_of_a_class_stands_on_its_own_assets() -> None:
    """Ten and nine days past due at the end of January, 39 and 38 at that of February."""
    assets = [asset(f"{late}", 100, date(2024, 1, 5), date(2024, 1, 31 - late)) for late in (9, 10)]
    rolled = {
        one.before: one for one in roll_rates(monthly(frame(assets), METRICS, date(2024, 2, 29)), 1) if one.amount.value
    }
    for before, name in (("1-9", "9"), ("10-29", "10")):
        assert rolled[before].amount.value == 100
        assert {ref.id for ref in rolled[before].amount.facts if ref.table == "Receivable"} == {name}


def test_what_was_paid_early_stands_on_its_payment_for_good() -> None:
    """Paid in January, due in February: seen from March it is early still, by the same record."""
    one = asset("a", 100, date(2024, 1, 5), date(2024, 2, 9), changes=[(date(2024, 1, 20), -60)])
    pools = static_pools(monthly(frame([one]), METRICS, date(2024, 3, 31)))
    for age in range(3):
        figure = pools.figure("prepaid", 0, age)
        assert (figure.value, [ref.id for ref in figure.unfold()]) == (60, ["a/0"])


def test_what_was_recovered_counts_from_defaults_before_the_first_period_too() -> None:
    """In default when it came on 31 January; 30 back 10 days later: 30 % of 100, after 10 days."""
    day = date(2024, 1, 31)
    one = asset("a", 100, date(2023, 12, 1), date(2024, 1, 5), entered_on=day, changes=[(date(2024, 2, 10), -30)])
    found = series(frame([one]), METRICS, [date(2024, 2, 29)], start=day)
    assert recovery_rate(found, 0).value == Decimal("0.3")
    assert recovery_lag(found, 0).value == 10


def test_a_pool_of_nothing_has_no_cohorts() -> None:
    empty: PoolFrame = frame([])
    assert static_pools(monthly(empty, METRICS, UNTIL)).frame.is_empty()
    assert roll_rates(monthly(empty, METRICS, UNTIL), 0) == ()
