"""What falls due in a period: interest, principal, fees; and the measures of a deal by their names."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from abs.calendars import Roll
from abs.deal import Period
from abs.money import DayCount, Rounding
from abs.terms import Conventions, Dates, Fee, Scheduled
from abs.terms.vocabulary import MEASURES, OF_EACH
from abs.waterfall import opening_state, run_period
from abs.waterfall.books import Books, engine_measures
from tests.support.random_deals import CLOSING, plan_part
from tests.support.small_deals import CASH, DAYS, RESERVE, draws, fee, plan, run, step, told, tranche

WEEKDAYS = Conventions(calendar="weekdays")


def test_unpaid_interest_stays_due_without_interest() -> None:
    terms = plan(step("interest", "A"), tranches=[tranche("A", 10_000, "0.05")])
    first, second = run(terms, 200, 1_000)
    assert first.closing.tranches["A"].interest_arrears == 300
    assert told(second) == [("A", 800, 800, 1_000, "due")]


def test_unpaid_interest_bears_interest_where_the_tranche_says_so() -> None:
    part = tranche("A", 10_000, "0.05", interest_on_unpaid=True)
    _, second = run(plan(step("interest", "A"), tranches=[part]), 200, 1_000)
    assert second.paid("A", "interest") == 300 + 500 + 15


def test_interest_on_balance_and_on_arrears_is_rounded_each_for_itself() -> None:
    part = tranche("A", 30, "0.05", interest_on_unpaid=True)
    terms = plan(step("interest", "A"), tranches=[part], conventions=Conventions(rounding=Rounding.DOWN))
    state = run(terms, 0, 0, 0, 0)[-1].closing
    assert state.tranches["A"].interest_arrears == 4, "1.50 and up to 0.15 of interest on it are 1 and 0"


def test_interest_is_counted_from_the_payment_date_before() -> None:
    terms = plan(step("interest", "A"), tranches=[tranche("A", 10_000, "0.0365")])
    period = Period(period=1, on=CLOSING + timedelta(days=10), receipts={CASH: 1_000})
    assert run_period(terms, opening_state(terms), period).paid("A") == 10


def test_a_schedule_catches_up() -> None:
    schedule = tuple(Scheduled(on=day, amount=200) for day in DAYS)
    terms = plan(step("principal", "A"), tranches=[tranche("A", 1_000, repayment="scheduled", schedule=schedule)])
    paid = run(terms, 50, 500, 0, 0, 900)
    assert [told(one)[0][:3] for one in paid] == [
        ("A", 50, 200),
        ("A", 350, 350),
        ("A", 150, 200),
        ("A", 0, 250),
        ("A", 450, 450),
    ]
    assert paid[1].closing.accounts[CASH] == 150, "what is above the schedule stays, and pays what is due later"


def test_a_bullet_is_due_at_its_maturity() -> None:
    terms = plan(step("principal", "A"), tranches=[tranche("A", 1_000, repayment="bullet", maturity=DAYS[2])])
    assert [one.paid("A") for one in run(terms, 700, 0, 700)] == [0, 0, 1_000]


def test_everything_is_due_once_the_deal_is_accelerated() -> None:
    terms = plan(step("principal", "A"), tranches=[tranche("A", 1_000, repayment="bullet")])
    assert run(terms, 700, declared=("accelerated",))[0].paid("A") == 700


@pytest.mark.parametrize(
    ("roll", "stated", "paid_on", "due"),
    [
        ("preceding", date(2025, 1, 12), date(2025, 1, 10), 1_000),
        ("preceding", date(2025, 1, 12), date(2025, 1, 9), 0),
        ("following", date(2025, 1, 12), date(2025, 1, 10), 0),
        ("modified_following", date(2025, 8, 31), date(2025, 8, 29), 1_000),
        ("modified_following", date(2025, 1, 12), date(2025, 1, 10), 0),
        ("modified_preceding", date(2025, 11, 1), date(2025, 10, 31), 0),
    ],
)
def test_a_maturity_that_was_rolled_back_counts_on_the_day_it_is_paid(
    roll: Any, stated: date, paid_on: date, due: int
) -> None:
    part = tranche("A", 1_000, repayment="bullet", maturity=stated)
    terms = plan(step("principal", "A"), tranches=[part], dates=Dates(pay=(stated,), roll=roll), conventions=WEEKDAYS)
    period = Period(period=1, on=paid_on, receipts={CASH: 2_000})
    assert run_period(terms, opening_state(terms), period).paid("A") == due


@pytest.mark.parametrize("roll", list(Roll))
def test_what_the_next_week_asks_for_is_not_due_in_this_one(roll: Roll) -> None:
    days = (date(2025, 1, 10), date(2025, 1, 17))
    schedule = tuple(Scheduled(on=day, amount=500) for day in days)
    part = tranche("A", 1_000, repayment="scheduled", schedule=schedule)
    terms = plan(step("principal", "A"), tranches=[part], dates=Dates(pay=days, roll=roll), conventions=WEEKDAYS)
    period = Period(period=1, on=days[0], receipts={CASH: 2_000})
    assert run_period(terms, opening_state(terms), period).paid("A") == 500


def test_interest_up_to_a_maturity_counts_days_as_the_contract_does() -> None:
    """30E/360 ISDA: the last day of February is the 30th, unless the tranche matures on it."""
    stated, paid_on = date(2025, 1, 28), date(2025, 2, 28)
    for maturity, due in ((paid_on, 30), (date(2026, 2, 28), 32)):
        part = tranche("A", 3_600_000, "0.0001", repayment="bullet", maturity=maturity)
        terms = plan(
            step("interest", "A"),
            tranches=[part],
            conventions=Conventions(day_count=DayCount.THIRTY_E_360_ISDA),
            plan=plan_part(maturity).model_copy(update={"closing": stated}),
        )
        period = Period(period=1, on=paid_on, receipts={CASH: 2_000})
        assert run_period(terms, opening_state(terms), period).paid("A") == due


@pytest.mark.parametrize(
    ("one", "due"),
    [
        (fee(), 100),
        (fee(cap=70), 70),
        (fee(kind="annual", rate=Decimal("0.01"), amount=None), 90),
        (fee(kind="annual", rate=Decimal("0.01"), amount=None, base="securities.outstanding"), 50),
        (fee(kind="share", rate=Decimal("0.1"), amount=None, base="receipts"), 200),
        (fee(kind="count", amount=3, base="pool.count"), 21),
    ],
)
def test_what_a_fee_is(one: Fee, due: int) -> None:
    terms = plan(step("fees"), tranches=[tranche("A", 5_000)], fees=(one,))
    measures = {"pool.balance": 9_000, "pool.count": 7}
    assert told(run(terms, 2_000, measures=measures)[0]) == [("trustee", due, due, 2_000, "due")]


def test_a_fee_on_an_undefined_base_says_so() -> None:
    line = run(plan(step("fees"), fees=(fee(kind="annual", rate=Decimal("0.01"), amount=None),)), 500)[0].lines[0]
    assert (line.amount, line.note) == (0, "pool.balance is undefined")


def test_a_fee_left_unpaid_is_in_arrears_and_paid_before_the_next_one() -> None:
    terms = plan(step("fees", "trustee", "auditor"), fees=(fee(), fee("auditor", amount=40)))
    first, second = run(terms, 30, 215)
    assert first.closing.fees["trustee"].arrears == 70
    assert told(second) == [("trustee", 170, 170, 215, "due"), ("auditor", 45, 80, 45, "cash")]


def test_a_fee_due_once_is_due_once() -> None:
    assert [one.paid("trustee") for one in run(plan(step("fees"), fees=(fee(once=True),)), 30, 500, 500)] == [30, 70, 0]


@pytest.mark.parametrize(("order", "paid"), [(("interest", "fees"), [30, 30]), (("fees", "interest"), [0, 30])])
def test_vat_follows_the_interest_that_was_paid(order: tuple[str, str], paid: list[int]) -> None:
    """Where VAT (增值税) comes first, it pays what the period before left in arrears."""
    vat = fee("vat", kind="share", rate=Decimal("0.06"), amount=None, base="interest")
    terms = plan(*map(step, order), tranches=[tranche("A", 10_000, "0.05")], fees=(vat,))
    assert [one.paid("vat") for one in run(terms, 600, 600)] == paid


@pytest.mark.parametrize(("balance", "open_"), [(100, 1), (101, 0), (None, None)])
def test_the_clean_up_call_opens_at_its_share(balance: int | None, open_: int | None) -> None:
    terms = plan(step("principal"), clean_up=Decimal("0.1"))
    result = run(terms, 0, measures={"pool.balance": balance, "pool.original": 1_000})[0]
    assert result.measures["clean_up.open"] == open_


def test_the_measures_are_those_that_terms_may_name() -> None:
    terms = draws()
    names = set(engine_measures(terms))
    fixed = {name for name, measure in MEASURES.items() if measure.source == "waterfall"}
    lists = {"account": [CASH, RESERVE], "tranche": ["A"], "trigger": []}
    each = {pattern.replace("<name>", name) for pattern, (part, _) in OF_EACH.items() for name in lists[part]}
    assert names == fixed | each
    result = run(terms, 250)[0]
    assert {name: result.measures[name] for name in names} == {
        "period": 1,
        "receipts": 250,
        "principal.collected": 250,
        "fees.due": 100,
        "interest.due": 500,
        "interest": 0,
        "senior.outstanding": 10_000,
        "rated.outstanding": 10_000,
        "securities.outstanding": 10_000,
        "shortfall.owed": 0,
        "clean_up.open": 0,
        "account.cash": 250,
        "account.cash.excess": 250,
        "account.reserve": 0,
        "account.reserve.excess": 0,
        "tranche.A.outstanding": 10_000,
        "tranche.A.arrears": 0,
    }


@pytest.mark.parametrize(
    "name", ["account.gone", "tranche.A", "tranche.gone.arrears", "trigger.gone", "pool.gone", "x"]
)
def test_a_measure_that_nobody_knows_is_undefined(name: str) -> None:
    terms = draws()
    assert Books(terms, opening_state(terms), Period(period=1, on=DAYS[0], receipts={})).measure(name) is None
