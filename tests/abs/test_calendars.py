"""Trading days, rolls, and the dates of a plan's periods over the long holidays."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import date, timedelta

import pytest
from exchange_calendars.exchange_calendar_xshg import XSHGExchangeCalendar
from hypothesis import given
from hypothesis import strategies as st

from abs.calendars import Calendar, Roll, calendar, later, schedule, trading_days_before
from abs.errors import BadTerms
from abs.terms import Dates, PlanTerms
from tests.support.deals import NAMES, terms_named

CLOSED = {
    "春节 2025": (date(2025, 1, 28), date(2025, 2, 4)),
    "国庆节 2025": (date(2025, 10, 1), date(2025, 10, 8)),
    "春节 2026": (date(2026, 2, 15), date(2026, 2, 23)),
    "国庆节 2026": (date(2026, 10, 1), date(2026, 10, 7)),
}
"""First and last day of the exchange's holidays, as the exchange announced them."""
DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize("name", CLOSED)
def test_the_exchange_is_closed_on_its_holidays(name: str) -> None:
    exchange = calendar("XSHG")
    first, last = CLOSED[name]
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    assert not any(exchange.open(day) for day in days)
    assert exchange.roll(first, Roll.FOLLOWING) > last
    assert exchange.open(exchange.roll(first, Roll.PRECEDING))
    assert exchange.roll(first, Roll.NONE) == first


def test_the_exchange_is_open_on_exactly_the_published_sessions() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library asks of pandas is being renamed
        published = XSHGExchangeCalendar(start="2005-01-01", end="2026-12-31").sessions
    exchange = calendar("XSHG")
    days = [date(2005, 1, 1) + timedelta(days=ahead) for ahead in range(365 * 22 + 5)]
    assert [day for day in days if exchange.open(day)] == [day.date() for day in published]


def test_working_weekends_are_no_trading_days() -> None:
    assert not calendar("XSHG").open(date(2025, 1, 26))  # 调休上班
    assert not calendar("XSHG").open(date(2025, 10, 11))


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2025, 2, 5), 0, date(2025, 2, 5)),
        (date(2025, 2, 5), 1, date(2025, 1, 27)),
        (date(2025, 2, 1), 1, date(2025, 1, 27)),
        (date(2025, 10, 9), 2, date(2025, 9, 29)),
        (date(2026, 2, 24), 5, date(2026, 2, 9)),
        (date(2026, 10, 8), 3, date(2026, 9, 28)),
    ],
)
def test_trading_days_before(day: date, count: int, expected: date) -> None:
    assert trading_days_before(day, count, calendar("XSHG")) == expected


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        (Roll.FOLLOWING, date(2026, 1, 31), date(2026, 2, 2)),
        (Roll.MODIFIED_FOLLOWING, date(2026, 1, 31), date(2026, 1, 30)),
        (Roll.MODIFIED_FOLLOWING, date(2025, 10, 8), date(2025, 10, 9)),
        (Roll.PRECEDING, date(2025, 10, 8), date(2025, 9, 30)),
        (Roll.MODIFIED_PRECEDING, date(2025, 10, 8), date(2025, 10, 9)),
        (Roll.MODIFIED_PRECEDING, date(2026, 1, 31), date(2026, 1, 30)),
    ],
)
def test_rolls(rule: Roll, day: date, expected: date) -> None:
    assert calendar("XSHG").roll(day, rule) == expected


def test_beyond_the_announced_years_weekdays_count_and_it_is_said() -> None:
    exchange = calendar("XSHG")
    beyond = exchange.last + timedelta(days=1)
    assert exchange.known(exchange.last)
    assert not exchange.known(beyond)
    week = [beyond + timedelta(days=ahead) for ahead in range(7)]
    assert sum(map(exchange.open, week)) == 5


def test_calendars_by_rule_know_every_day() -> None:
    saturday = date(2026, 1, 31)
    assert calendar("weekdays").open(date(2025, 10, 1))
    assert not calendar("weekdays").open(saturday)
    assert calendar("every_day").open(saturday)
    assert all(calendar(name).known(date(2150, 1, 1)) for name in ("weekdays", "every_day"))


def test_a_calendar_that_never_opens_is_refused() -> None:
    shut = Calendar(name="shut", holidays=frozenset(date(2020, 1, 1) + timedelta(days=ahead) for ahead in range(366)))
    with pytest.raises(BadTerms, match="closed-calendar"):
        shut.roll(date(2020, 3, 1), Roll.FOLLOWING)


@given(DAYS, st.sampled_from(Roll), st.sampled_from(["XSHG", "weekdays", "every_day"]))
def test_a_rolled_day_is_open_and_near(day: date, rule: Roll, name: str) -> None:
    of = calendar(name)
    moved = of.roll(day, rule)
    if rule is not Roll.NONE:
        assert of.open(moved)
        assert of.roll(moved, rule) == moved
    if of.open(day):
        assert moved == day
    if rule.startswith("modified"):
        assert moved.month == day.month


@given(DAYS, st.integers(0, 30))
def test_so_many_trading_days_lie_between(day: date, count: int) -> None:
    of = calendar("XSHG")
    before = of.before(day, count)
    between = [before + timedelta(days=ahead) for ahead in range((day - before).days)]
    assert sum(map(of.open, between)) == count


@given(DAYS, st.integers(-60, 60))
def test_months_later_and_back(day: date, months: int) -> None:
    moved = later(day, months=months)
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(days=1)).day == 1)


def with_dates(name: str = "scheduled-receivables", **dates: object) -> PlanTerms:
    terms = terms_named(name)
    return terms.model_copy(update={"dates": Dates.model_validate({**terms.dates.model_dump(), **dates})})


def test_the_dates_of_a_payment_over_the_national_day() -> None:
    """T is stated as the last day of the holiday; every T-n is counted from the day it is rolled to."""
    first, second, *_ = schedule(terms_named("scheduled-receivables"))
    assert (first.stated, first.payment) == (date(2025, 10, 8), date(2025, 10, 9))
    assert (first.instruction, first.report, first.shortfall) == (
        date(2025, 9, 29), date(2025, 9, 24), date(2025, 9, 22),
    )  # fmt: skip
    assert (first.collected_from, first.calculation) == (date(2025, 6, 1), date(2025, 9, 15))
    assert first.record == date(2025, 10, 8)
    assert second.collected_from == date(2025, 9, 16)
    assert not first.provisional


def test_the_dates_of_a_payment_over_the_spring_festival() -> None:
    first = schedule(terms_named("revolving-factoring"))[0]
    assert (first.stated, first.payment) == (date(2025, 1, 31), date(2025, 2, 5))
    assert (first.instruction, first.report, first.shortfall) == (date(2025, 1, 24), date(2025, 1, 21), None)
    assert first.calculation == date(2025, 1, 16)
    (only,) = schedule(with_dates(pay=[date(2026, 2, 17)], roll="following"))
    assert (only.payment, only.instruction, only.report) == (date(2026, 2, 24), date(2026, 2, 12), date(2026, 2, 9))


def test_a_later_year_is_provisional() -> None:
    last = schedule(terms_named("revolving-factoring"))[-1]
    assert last.payment.year == 2027
    assert last.provisional


def test_remittances_come_more_often_after_an_event() -> None:
    terms = with_dates(
        "reverse-factoring", pay=[date(2025, 9, 22)], remittance=9, remittance_every="month",
        remittance_every_after_event="week", remittance_after_event=4,
    )  # fmt: skip
    (only,) = schedule(terms)
    assert only.remittances == (
        date(2025, 4, 9), date(2025, 5, 9), date(2025, 6, 9), date(2025, 7, 9), date(2025, 8, 8), date(2025, 9, 9),
    )  # fmt: skip
    assert only.remittances_after_event[-2:] == (date(2025, 9, 9), date(2025, 9, 16))
    assert len(only.remittances_after_event) == 26
    (single,) = schedule(with_dates(pay=[date(2025, 9, 22)], remittance=1, remittance_every="period"))
    assert single.remittances == (date(2025, 9, 19),)


def test_every_trading_day_is_a_remittance_where_it_is_daily() -> None:
    terms = with_dates(pay=[date(2025, 10, 9)], remittance=0, remittance_every="day")
    (only,) = schedule(terms)
    of, after = calendar("XSHG"), terms.plan.closing
    days = [after + timedelta(days=ahead) for ahead in range(1, (only.payment - after).days + 1)]
    assert only.remittances == tuple(day for day in days if of.open(day))


@pytest.mark.parametrize("name", NAMES)
def test_dates_of_a_period_are_in_order(name: str) -> None:
    before = None
    for one in schedule(terms_named(name)):
        assert one.collected_from <= one.calculation <= one.report <= one.instruction <= one.payment
        assert list(one.remittances) == sorted(set(one.remittances))
        assert one.remittances[0] > terms_named(name).plan.closing
        if before is not None:
            assert (one.collected_from - before.calculation).days == 1
            assert one.remittances[0] > before.remittances[-1]
        before = one


def test_two_payments_on_one_day_are_refused() -> None:
    with pytest.raises(BadTerms, match="same-payment-date"):
        schedule(with_dates(pay=[date(2025, 10, 4), date(2025, 10, 8)]))


def test_a_plan_without_payment_dates_has_no_schedule() -> None:
    assert schedule(with_dates(pay=())) == ()


def test_the_exchanges_calendar_is_read_when_it_is_asked_for() -> None:
    code = "import sys, abs.terms as t, abs.calendars; sys.exit('pandas' in sys.modules or 'QuantLib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
