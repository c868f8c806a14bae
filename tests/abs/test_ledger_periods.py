"""What a period starts from, by the records: cash, purchases, events, terms, and the state the period before left."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from abs.booked.entries import move
from abs.booked.periods import buyer, entrance, ledger_periods, pool_measures
from abs.booked.state import left_by
from abs.deal import FeeState, TrancheState
from abs.errors import UnknownPlan
from abs.reconciliation import recompute, reconcile
from abs.terms import PlanTerms, load_terms
from abs.waterfall import opening_state, run_period
from ledger.facts import PlanCash
from tests.support.deals import NAMES, terms_named
from tests.support.ledger_book import Book, financed_by_factor
from tests.support.paid_plan import CASH, CLOSING, FIRST, REPAID, RESERVE, SECOND, SERVED, THIRD, PaidPlan, step, terms
from tests.support.plan_book import (
    assigned,
    distributed,
    funded,
    given_back,
    purchased,
    received,
    remitted,
    repurchased,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "book.db")
    yield made
    made.store.close()


def receipts(plan: PaidPlan) -> list[dict[str, int]]:
    return [dict(one.inputs.receipts) for one in ledger_periods(plan.book.store.at(), "plan-1")]


def test_a_plan_that_paid_nothing_has_no_periods(book: Book) -> None:
    plan = PaidPlan(book)
    plan.comes_in(100, FIRST)
    assert ledger_periods(book.store.at(), "plan-1") == ()
    assert recompute(book.store.at(), "plan-1") == ()
    with pytest.raises(UnknownPlan):
        ledger_periods(book.store.at(), "nobody")


def test_cash_counts_by_its_day_for_the_next_payment_date(book: Book) -> None:
    plan = PaidPlan(book)
    plan.comes_in(100, CLOSING)
    plan.comes_in(200, FIRST)
    plan.pays(1, FIRST, custody=50)
    plan.comes_in(400, FIRST + DAY)
    plan.comes_in(800, SECOND)
    plan.comes_in(1_600, SECOND + DAY)
    plan.pays(2, SECOND, custody=50)
    assert receipts(plan) == [{CASH: 300}, {CASH: 1_200}]
    first, second = ledger_periods(book.store.at(), "plan-1")
    assert (second.inputs.period, second.inputs.on, second.on_schedule) == (2, SECOND, True)
    assert [one.name for one in first.cash] == ["period.remitted"]
    assert len(list(first.cash[0].unfold())) == 2
    assert ledger_periods(book.store.at(), "plan-1", until=1) == (first,)


def test_of_two_periods_paid_on_one_day_the_second_has_what_was_recorded_between(book: Book) -> None:
    plan = PaidPlan(book)
    plan.comes_in(300, FIRST)
    plan.pays(1, FIRST, custody=50)
    plan.comes_in(400, FIRST)
    plan.pays(2, FIRST, custody=50)
    assert receipts(plan) == [{CASH: 300}, {CASH: 400}]


def test_periods_that_begin_with_0_count_from_1(book: Book) -> None:
    plan = PaidPlan(book)
    plan.pays(0, FIRST)
    plan.pays(1, SECOND)
    assert [(one.number, one.inputs.period) for one in ledger_periods(book.store.at(), "plan-1")] == [(0, 1), (1, 2)]


def test_prices_of_assets_bought_back_and_of_a_clean_up_call_are_cash(book: Book) -> None:
    plan = PaidPlan(book)
    day = {"date": FIRST.isoformat()}
    plan.until(FIRST)
    book.say("factor", "pool.repurchased", repurchased(7_000, "r", **day))
    plan.pays(1, FIRST)
    plan.until(SECOND)
    book.say("factor", "cleanup_call", {"plan": "plan-1", "date": SECOND.isoformat(), "by": "factor", "price": 500})
    plan.pays(2, SECOND)
    assert receipts(plan) == [{CASH: 7_000}, {CASH: 500}]


def test_a_clean_up_price_that_repurchases_stated_counts_once(book: Book) -> None:
    plan = PaidPlan(book)
    plan.until(FIRST)
    day = FIRST.isoformat()
    book.say("factor", "pool.repurchased", repurchased(7_000, "r", date=day, reason="cleanup"))
    book.say("factor", "cleanup_call", {"plan": "plan-1", "date": day, "by": "factor", "price": 7_000})
    plan.pays(1, FIRST)
    assert receipts(plan) == [{CASH: 7_000}]


def test_one_price_of_several_assets_and_what_the_call_states_beyond_it(book: Book) -> None:
    plan = PaidPlan(book)
    other = financed_by_factor(book, "other")
    book.say("factor", "pool.assigned", assigned("plan-1", ("other", [other]), date=CLOSING.isoformat()))
    plan.until(FIRST)
    day = FIRST.isoformat()
    book.say("factor", "pool.repurchased", repurchased(7_000, "r", "other", date=day, reason="cleanup"))
    book.say("factor", "cleanup_call", {"plan": "plan-1", "date": day, "by": "factor", "price": 7_500})
    plan.pays(1, FIRST)
    assert receipts(plan) == [{CASH: 7_500}]


REVOLVING = terms(
    revolving={"until": "2026-12-31"},
    waterfalls=[{"state": "revolving", "steps": [*SERVED, step("buy")]}, *terms()["waterfalls"]],
)


def test_purchases_are_paid_from_collections_before_they_are_passed_on(book: Book) -> None:
    """Of 1,000 collected, 600 buy assets before 1,000 are passed on: 400 are left, of which 150 buy more."""
    plan = PaidPlan(book, REVOLVING)
    other = financed_by_factor(book, "other")
    third = financed_by_factor(book, "third")
    day = FIRST - 9 * DAY
    plan.comes_in(1_000, day)
    book.say("factor", "pool.revolving_purchased", purchased("b1", 600, ("other", [other]), date=day.isoformat()))
    plan.pays(1, FIRST, custody=50)
    plan.until(FIRST + DAY)
    later = (FIRST + DAY).isoformat()
    book.say("factor", "pool.revolving_purchased", purchased("b2", 150, ("third", [third]), date=later))
    plan.pays(2, SECOND, custody=50)
    first, second = ledger_periods(book.store.at(), "plan-1")
    assert (first.inputs.receipts, first.inputs.bought) == ({CASH: 1_000}, {CASH: 600})
    assert (second.inputs.receipts, second.inputs.bought) == ({CASH: 0}, {CASH: 150})
    found = reconcile(book.store.at(), "plan-1")
    cash = book.store.at().get(PlanCash, "plan-1")
    assert cash is not None
    assert found.periods[1].opening.accounts == {CASH: 350}
    state = left_by(second, found.periods[1].opening, found.periods[1].result)
    assert state.accounts == {CASH: cash.unspent} == {CASH: 150}


def test_purchases_out_of_collections_that_wait_cost_the_plan_nothing_yet(book: Book) -> None:
    """300 of 500 collected buy assets before the payment date; the 500 are passed on after it, as stated."""
    plan = PaidPlan(book, REVOLVING)
    other = financed_by_factor(book, "other")
    plan.comes_in(400, FIRST - DAY)
    day = (FIRST - DAY).isoformat()
    book.say("servicer", "collection.received", received("c", 500, ("p", "r", 500), date=day))
    book.say("factor", "pool.revolving_purchased", purchased("b1", 300, ("other", [other]), date=day))
    plan.pays(1, FIRST, custody=50)
    plan.until(SECOND)
    book.say("servicer", "collection.remitted", remitted("m", 500, "c", date=SECOND.isoformat()))
    plan.pays(2, SECOND, custody=50)
    first, second = (one.inputs for one in ledger_periods(book.store.at(), "plan-1"))
    assert (first.receipts, first.bought) == ({CASH: 400}, {})
    assert (second.receipts, second.bought) == ({CASH: 500}, {CASH: 300})


def test_what_another_account_paid_for_assets_had_gone_there(book: Book) -> None:
    document = {
        **REVOLVING,
        "accounts": [{"account": "归集账户", "kind": "collection", "bank": "bank"}, *REVOLVING["accounts"]],
    }
    steps = [step("transfer", to=CASH) | {"account": "归集账户", "pays": []}, *SERVED, step("buy")]
    document["waterfalls"] = [{"state": "revolving", "steps": steps}, *terms()["waterfalls"]]
    plan = PaidPlan(book, document)
    other = financed_by_factor(book, "other")
    plan.comes_in(1_000, FIRST - DAY)
    bought = purchased("b1", 600, ("other", [other]), date=(FIRST - DAY).isoformat())
    book.say("factor", "pool.revolving_purchased", bought)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=140)
    (only,) = ledger_periods(book.store.at(), "plan-1")
    assert (entrance(only.terms), buyer(only.terms)) == ("归集账户", CASH)
    assert (only.inputs.receipts, only.inputs.bought) == ({"归集账户": 400, CASH: 600}, {CASH: 600})
    assert not reconcile(book.store.at(), "plan-1").findings  # the transfer, which no record states, is as agreed


def test_a_transfer_that_a_record_states_is_compared(book: Book) -> None:
    document = terms(accounts=[{"account": "归集账户", "kind": "collection", "bank": "bank"}, *terms()["accounts"]])
    document["waterfalls"] = [
        {**one, "steps": [step("transfer", to=CASH) | {"account": "归集账户", "pays": []}, *one["steps"]]}
        for one in document["waterfalls"]
    ]
    plan = PaidPlan(book, document)
    plan.comes_in(1_000, FIRST)
    plan.moves(1, FIRST, "归集账户", CASH, 999)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=740)
    (found,) = reconcile(book.store.at(), "plan-1").findings
    assert dict(found.details) == {f"move 归集账户 → {CASH}": -1}
    assert book.store.at().height == book.height - 1


PROMISED = terms(
    accounts=[
        {"account": CASH, "kind": "custody", "bank": "custodian"},
        {"account": RESERVE, "kind": "reserve", "bank": "custodian", "target": {"amount": 100}},
    ],
    shortfall={"payer": "core"},
    triggers=[],
    waterfalls=[
        {
            "state": "amortising",
            "steps": [
                step("draw", to=CASH, until="interest-A") | {"account": RESERVE, "pays": []},
                step("shortfall", until="interest-A"),
                *SERVED,
                step("top_up", to=RESERVE),
                step("repay"),
                *REPAID[:3],
            ],
        }
    ],
)


def promised(book: Book) -> PaidPlan:
    """The first period fills the reserve; in the second nothing comes in: 100 are drawn, 1,052 are called."""
    plan = PaidPlan(book, PROMISED)
    plan.comes_in(1_511, FIRST)
    plan.moves(1, FIRST, CASH, RESERVE, 100)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=900, B_interest=146, tax=105)
    plan.until(SECOND)
    plan.moves(2, SECOND, RESERVE, CASH, 100)
    plan.call = plan.makes_up(1_060, SECOND)
    plan.pays(2, SECOND, management=210, custody=50, A_interest=900)
    return plan


def test_reserve_and_promisor_are_followed_through_the_records(book: Book) -> None:
    plan = promised(book)
    found = reconcile(book.store.at(), "plan-1")
    assert not found.findings
    second = found.periods[1]
    assert second.opening.accounts == {CASH: 0, RESERVE: 100}
    assert second.period.inputs.receipts == {CASH: 0}
    assert {str(one.item) for one in second.compared if one.stated.value} == {
        str(move(RESERVE, CASH)), "shortfall core", "fee management", "fee custody", "interest A",
    }  # fmt: skip
    # in the third: tax 90 of the second (of 900), B 146 + 146, and 1,060 to the promisor before A's principal
    plan.comes_in(4_000, THIRD)
    plan.moves(3, THIRD, CASH, RESERVE, 100)
    day = THIRD.isoformat()
    book.say("custodian", "shortfall.repaid", given_back("back", plan.call, 1_060, period=3, date=day))
    paid = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 292, "tax": 90 + 119}
    plan.pays(3, THIRD, **paid, A_principal=4_000 - sum(paid.values()) - 100 - 1_060)
    last = reconcile(book.store.at(), "plan-1", 3)
    assert not last.findings
    assert (last.periods[0].opening.shortfall_paid, last.periods[0].opening.shortfall_repaid) == (1_060, 0)


def test_a_promisor_that_paid_less_than_it_was_called_for_explains_what_was_not_paid(book: Book) -> None:
    """In the second period 100 are drawn and 1,060 are called; 500 come, of which A has what the fees leave."""
    plan = PaidPlan(book, PROMISED)
    plan.comes_in(1_511, FIRST)
    plan.moves(1, FIRST, CASH, RESERVE, 100)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=900, B_interest=146, tax=105)
    plan.until(SECOND)
    plan.moves(2, SECOND, RESERVE, CASH, 100)
    plan.makes_up(500, SECOND)
    plan.pays(2, SECOND, management=210, custody=50, A_interest=340)
    (found,) = reconcile(book.store.at(), "plan-1").findings
    assert (found.cause, found.rule) == ("amount", "shortfall")
    assert found.message == "shortfall core: 5.00 was paid, and 10.60 is due; everything else follows from it"
    assert dict(found.details) == {"shortfall core": -560, "interest A": -560}


def test_a_promisor_that_was_not_repaid_is_found(book: Book) -> None:
    plan = promised(book)
    plan.comes_in(4_000, THIRD)
    plan.moves(3, THIRD, CASH, RESERVE, 100)
    paid = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 292, "tax": 90 + 119}
    plan.pays(3, THIRD, **paid, A_principal=4_000 - sum(paid.values()) - 100)
    (found,) = reconcile(book.store.at(), "plan-1", 3).findings
    assert found.cause == "wrong_order"
    assert found.message == "principal-A was paid before repay"
    assert dict(found.details) == {"repaid core": -1_060, "principal A": 1_060}


def test_a_shortfall_that_the_terms_do_not_know_is_cash(book: Book) -> None:
    plan = PaidPlan(book)
    plan.comes_in(100, FIRST)
    plan.makes_up(60, FIRST)
    plan.pays(1, FIRST, custody=50)
    assert receipts(plan) == [{CASH: 160}]
    (only,) = ledger_periods(book.store.at(), "plan-1")
    assert [one.name for one in only.cash] == ["period.remitted", "period.made_up"]


def test_measures_of_the_pool_are_asked_for_on_the_calculation_date(book: Book) -> None:
    document = terms(dates={**terms()["dates"], "calculation": 3})
    document["triggers"].append(
        {"trigger": "large", "name": "规模", "when": {"measure": "pool.original", "op": ">", "value": "113000"}}
    )
    plan = PaidPlan(book, document)
    plan.pays(1, FIRST)
    asked: list[date] = []

    def measuring(facts: Any, name: str, day: date, of: PlanTerms) -> dict[str, int]:
        asked.append(day)
        return {"pool.original": 113_001, "pool.balance": 2}

    (only,) = ledger_periods(book.store.at(), "plan-1", measuring=measuring)
    assert asked == [FIRST - 3 * DAY]
    assert only.inputs.measures == {"pool.original": 113_001}
    (result,) = recompute(book.store.at(), "plan-1", measuring=measuring)
    assert result.closing.triggers["large"].on
    (by_default,) = ledger_periods(book.store.at(), "plan-1")
    assert by_default.inputs.measures == {"pool.original": 113_000}


def test_terms_that_name_no_measure_of_the_pool_read_none(book: Book) -> None:
    plan = PaidPlan(book)
    plan.pays(1, FIRST)

    def measuring(*_: object) -> dict[str, int]:
        raise AssertionError

    (only,) = ledger_periods(book.store.at(), "plan-1", measuring=measuring)
    assert only.inputs.measures == {}


@pytest.mark.parametrize("name", NAMES)
def test_measures_that_the_examples_name(name: str) -> None:
    of = terms_named(name)
    named = of.model_dump_json()
    assert {one for one in pool_measures(of) if one not in ("pool.balance", "pool.original")} <= {
        word for word in named.replace('"', " ").split() if word.startswith(("pool.", "coverage."))
    }
    assert pool_measures(of)
    assert entrance(of) in {one.account for one in of.accounts if one.kind == "collection"}


def test_what_was_paid_too_much_makes_no_claim(book: Book) -> None:
    """A has 1,000 of 900 and 10 of its principal; custody has nothing of 50."""
    plan = PaidPlan(book)
    plan.comes_in(2_000, FIRST)
    plan.pays(1, FIRST, management=210, A_interest=1_000, A_principal=10)
    (period,) = ledger_periods(book.store.at(), "plan-1")
    opening = opening_state(period.terms)
    state = left_by(period, opening, run_period(period.terms, opening, period.inputs))
    assert state.tranches["A"] == TrancheState(outstanding=89_990, interest_arrears=0)
    assert state.tranches["B"] == TrancheState(outstanding=10_000, interest_arrears=146)
    assert state.fees["custody"] == FeeState(arrears=50, paid=0)
    assert state.fees["management"] == FeeState(arrears=0, paid=210)
    assert state.accounts == {CASH: 780}
    assert (state.on, state.period) == (FIRST, 1)


def test_fees_of_a_plan_without_a_document_are_left_out_where_none_was_recorded(book: Book) -> None:
    book.admit()
    funded(book, version=2)
    book.seal(days=174)
    book.say("custodian", "distribution.made", distributed("d1", 0, 2_253, date="2026-06-28"))
    book.seal()
    (period,) = ledger_periods(book.store.at(), "plan-1")
    assert period.terms.fees == ()
    assert period.notes == ("the ledger records no fee of this plan, and its terms are no document: fees are left out",)
    assert "fees" not in {one.action for waterfall in period.terms.waterfalls for one in waterfall.steps}


def test_the_document_of_the_tests_is_right() -> None:
    for document in (terms(), REVOLVING, PROMISED):
        assert load_terms(json.dumps(document), kind="json").plan.plan == "plan-1"
