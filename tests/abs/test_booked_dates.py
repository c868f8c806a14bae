"""Which payment date a payment counts for: late, early, under another period, under none; and dates that were missed.

Amounts are those of ``test_reconciliation``: what is due on each date is reckoned by hand there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from abs.booked.periods import ledger_periods
from abs.reconciliation import reconcile
from abs.stress.start import state_after
from abs.terms import terms_of
from tests.support.ledger_book import Book
from tests.support.paid_plan import FIRST, SECOND, THIRD, PaidPlan
from tests.support.plan_book import distributed, fee

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)
RIGHT_FIRST = {
    "management": 210, "custody": 50, "A_interest": 900, "B_interest": 146, "tax": 105, "A_principal": 18_589,
}  # fmt: skip
RIGHT = {"management": 173, "custody": 50, "A_interest": 714, "B_interest": 146, "tax": 86, "A_principal": 28_831}


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[PaidPlan]:
    made = PaidPlan(Book(tmp_path / "book.db"))
    yield made
    made.book.store.close()


def causes(plan: PaidPlan) -> list[tuple[str, str]]:
    found = reconcile(plan.book.store.at(), "plan-1")
    return [(one.subject.removeprefix("plan plan-1 period "), one.cause) for one in found.findings]


def first(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(30_000, SECOND)


def test_a_fee_that_is_recorded_for_a_period_without_distributions_is_not_lost(plan: PaidPlan) -> None:
    """The management fee is paid twice, the second time under a period that there never was."""
    first(plan)
    plan.book.say("custodian", "fee.paid", fee("x", 173, fee="management", period=99, date=SECOND.isoformat()))
    plan.pays(2, SECOND, **{**RIGHT, "A_principal": 28_658})
    assert causes(plan) == [("2", "fee_twice"), ("2", "another_period")]


def test_what_is_right_but_for_the_period_of_its_record_is_told_and_no_difference(plan: PaidPlan) -> None:
    first(plan)
    plan.until(SECOND)
    plan.book.say("custodian", "fee.paid", fee("x", 173, fee="management", period=1, date=SECOND.isoformat()))
    plan.pays(2, SECOND, **{name: amount for name, amount in RIGHT.items() if name != "management"})
    assert causes(plan) == [("2", "another_period")]
    found = reconcile(plan.book.store.at(), "plan-1")
    assert not found.differs
    assert found.findings[0].message.endswith("fee management 1.73 of period 1")
    assert len(found.findings[0].positions) == 1


def test_a_whole_distribution_under_the_period_before_counts_by_its_day(plan: PaidPlan) -> None:
    """Everything of the second date is recorded as period 1; the third is right."""
    first(plan)
    plan.pays(1, SECOND, **RIGHT)
    plan.comes_in(10_000, THIRD)
    third = {"management": 115, "custody": 50, "A_interest": 426, "B_interest": 146, "tax": 57}
    plan.pays(3, THIRD, **third, A_principal=10_000 - sum(third.values()))
    assert causes(plan) == [("2", "another_period")]


def test_arrears_that_are_paid_later_under_their_own_period_leave_it_as_it_was(plan: PaidPlan) -> None:
    """In the first period B and tax get nothing; on the second date they get it, recorded as period 1."""
    plan.comes_in(1_000, FIRST)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=740)
    before = reconcile(plan.book.store.at(), "plan-1")
    plan.comes_in(30_000, SECOND)
    plan.book.say(
        "custodian", "distribution.made",
        distributed("late", 0, 146, tranche="B", period=1, date=SECOND.isoformat()),
    )  # fmt: skip
    rest = {"management": 210, "custody": 50, "A_interest": 1_060, "tax": 209, "B_interest": 146}
    plan.pays(2, SECOND, **rest, A_principal=30_000 - sum(rest.values()) - 146)
    found = reconcile(plan.book.store.at(), "plan-1")
    assert [one.cause for one in found.findings] == ["another_period"]
    assert found.periods[0].period.paid_on == FIRST
    assert found.periods[0].result == before.periods[0].result


def test_a_payment_of_some_days_later_is_of_its_period(plan: PaidPlan) -> None:
    first(plan)
    plan.pays(2, SECOND, **{name: amount for name, amount in RIGHT.items() if name != "custody"})
    later = SECOND + 3 * DAY
    plan.until(later)
    plan.book.say("custodian", "fee.paid", fee("x", 50, period=2, date=later.isoformat()))
    plan.book.seal()
    assert causes(plan) == []


def test_a_payment_date_that_was_passed_over_is_told(plan: PaidPlan) -> None:
    """Nothing is paid on the second date; the third makes it good, with what it is due by then itself."""
    first(plan)
    plan.comes_in(10_000, THIRD)
    due = {"management": 346, "custody": 100, "A_interest": 1_428, "B_interest": 292, "tax": 172}
    plan.pays(3, THIRD, **due, A_principal=40_000 - sum(due.values()))
    found = reconcile(plan.book.store.at(), "plan-1")
    assert [(one.subject, one.cause) for one in found.findings] == [("plan plan-1 period 2", "date_missed")]
    assert found.findings[0].message == (
        f"nothing was paid on {SECOND}, a payment date of the terms: 300.00 is by the terms"
    )
    assert found.differs


def test_a_payment_date_on_which_there_was_nothing_to_pay_is_none_that_was_missed(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(10_000, THIRD)
    due = {"management": 346, "custody": 100, "A_interest": 1_428, "B_interest": 292, "tax": 172}
    plan.pays(2, THIRD, **due, A_principal=10_000 - sum(due.values()))
    assert causes(plan) == []
    assert [one.missed for one in ledger_periods(plan.book.store.at(), "plan-1")] == [False, True, False]


def test_fees_alone_are_a_payment(plan: PaidPlan) -> None:
    """On the second date 200 fen come in, which the fees take; nothing is distributed."""
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(200, SECOND)
    for name, amount in (("management", 173), ("custody", 27)):
        plan.book.say("custodian", "fee.paid", fee(name, amount, fee=name, period=2, date=SECOND.isoformat()))
    plan.comes_in(10_000, THIRD)
    due = {"management": 173, "custody": 73, "A_interest": 1_428, "B_interest": 292, "tax": 172}
    plan.pays(3, THIRD, **due, A_principal=10_000 - sum(due.values()))
    assert causes(plan) == []


def test_a_stress_of_an_earlier_day_starts_from_what_was_paid_by_then(plan: PaidPlan) -> None:
    first(plan)
    plan.pays(2, SECOND, **RIGHT)
    facts = plan.book.store.at()
    terms = terms_of(facts, "plan-1")
    left = [state_after(facts, "plan-1", terms, day).tranches["A"].outstanding for day in (FIRST - DAY, FIRST, SECOND)]
    assert left == [90_000, 71_411, 42_580]


@pytest.mark.parametrize("late", [0, 2])
def test_the_last_distribution_under_the_period_before_counts_by_its_day(plan: PaidPlan, late: int) -> None:
    """As long as no period follows it either; some days late, it is counted for the date of the terms all the same."""
    first(plan)
    plan.pays(1, SECOND + late * DAY, **RIGHT)
    assert causes(plan) == [("2", "another_period")]
