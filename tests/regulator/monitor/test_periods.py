"""What a plan paid against its terms, and what came in against its forecast: told when the period is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.ledger_book import Book, financed_by_factor
from tests.support.paid_plan import FIRST, RIGHT, SECOND, THIRD, TRANCHES, PaidPlan, terms
from tests.support.plan_book import assigned, termed

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def test_a_period_paid_by_its_terms_is_silent(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST)
    deal.pays(1, FIRST, **RIGHT)
    deal.until(FIRST + 3 * DAY)
    found = watch(book)
    assert found.of("distribution_differs") == []
    assert found.of("cash_held_back") == []
    assert found.of("statement_differs") == []


def test_a_period_paid_wrong_is_told_when_its_day_is_over(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST)
    deal.pays(1, FIRST, **RIGHT | {"A_interest": 800, "A_principal": 18_689})
    deal.until(FIRST)  # another block of the day: more may be paid
    first = book.height
    deal.until(FIRST + DAY)
    found = watch(book)
    assert found.heights("distribution_differs") == [(first, "high")]
    signal = found.of("distribution_differs")[0].signal
    assert (signal.subject, signal.since, signal.detail("trigger")) == ("period plan-1/1", FIRST, "T21")
    assert signal.detail("article") == "S5 5.4.1"
    assert signal.detail("difference_fen") == 200


def test_a_period_paid_by_two_blocks_of_one_day_is_silent(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST)
    some = {name: RIGHT[name] for name in ("management", "custody", "tax")}
    deal.pays(1, FIRST, **some)
    deal.pays(1, FIRST, **{name: amount for name, amount in RIGHT.items() if name not in some})
    deal.until(FIRST + DAY)
    assert watch(book).of("distribution_differs") == []


def test_a_payment_date_missed_is_told_once_it_is_over_and_is_a_default(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST)
    deal.until(FIRST)
    first = book.height
    deal.until(FIRST + DAY)
    found = watch(book)
    assert found.heights("distribution_differs") == [(first, "high")]
    assert (first, "high") in found.heights("risk_class")
    signal = next(one.signal for one in found.of("risk_class") if one.height == first)
    assert (signal.detail("risk_class"), signal.detail("limb")) == ("default", "date_missed")
    overdue = [one.signal for one in found.of("disclosure") if one.signal.detail("about") == "T21"]
    assert overdue == [], "the ad-hoc report is not due yet"


def test_paid_late_after_all_the_period_still_differs(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST)
    deal.until(FIRST)
    deal.until(FIRST + DAY)
    deal.pays(1, FIRST + 2 * DAY, **RIGHT)
    deal.until(FIRST + 3 * DAY)
    causes = [one.signal and one.signal.detail("cause") for one in watch(book).of("distribution_differs")]
    assert causes[0] == "date_missed"
    assert causes[-1] == "wrong_date", "paid, and counted to another day"


def test_a_period_paid_before_its_day_is_one_finding(book: Book, watch: Any) -> None:
    """Nothing is distributed on the date, as it was three days earlier: that differs, and nobody missed anything."""
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST - 4 * DAY)
    deal.pays(1, FIRST - 3 * DAY, **RIGHT)
    deal.until(FIRST + DAY)
    deal.until(FIRST + 2 * DAY)
    found = watch(book)
    causes = {one.signal and one.signal.detail("cause") for one in found.of("distribution_differs")}
    assert causes == {"wrong_date"}
    assert {one.subject for one in found.of("distribution_differs")} == {"period plan-1/1"}


def test_a_period_that_brings_nothing_of_what_was_forecast(book: Book, watch: Any) -> None:
    """What is due in the third period is not paid: known when the period is over, and not before."""
    book.admit()
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", termed("plan-1", tranches=TRANCHES, document=terms()))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.seal()
    heights = {}
    for day in (FIRST + DAY, SECOND + DAY, THIRD, THIRD + DAY):
        heights[day] = book.height
        book.seal((day - book.time.date()).days)
    found = watch(book)
    assert found.heights("cash_flow", "period plan-1/3")[0] == (heights[THIRD + DAY], "high")
    signal = found.of("cash_flow", "period plan-1/3")[0].signal
    assert (signal.detail("forecast_fen"), signal.detail("actual_fen")) == (113_000, 0)
    assert (signal.detail("trigger"), signal.detail("article")) == ("T03", "S5 5.2.4")
