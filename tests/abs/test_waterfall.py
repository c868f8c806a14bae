"""What each step of a waterfall does, on small deals that can be reckoned by hand."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from abs.deal import Line, Period
from abs.errors import BadAmount, BadTerms, Unbalanced
from abs.terms import Account, Condition, Limit, PlanTerms, Shortfall
from abs.terms.faults import faults_of
from abs.waterfall import ASSETS, opening_state, run_period, split
from abs.waterfall.books import Books, Due
from tests.support.random_deals import CLOSING
from tests.support.small_deals import CASH, DAYS, RESERVE, draws, fee, held, plan, run, step, told, tranche


def test_a_deal_opens_with_everything_outstanding_and_nothing_due() -> None:
    state = opening_state(plan(step("fees"), tranches=[tranche("A", 1_000), tranche("S", 500)], fees=(fee(),)))
    assert (state.period, state.on, state.state) == (0, CLOSING, "amortising")
    assert {name: each.outstanding for name, each in state.tranches.items()} == {"A": 1_000, "S": 500}
    assert state.accounts == {CASH: 0}
    assert state.fees["trustee"].arrears == 0


def test_a_line_says_rule_state_cause_and_amounts() -> None:
    terms = plan(step("interest", "A", rule="senior interest"), tranches=[tranche("A", 10_000, "0.05")])
    assert run(terms, 300)[0].lines == (
        Line(
            rule="senior interest",
            action="interest",
            state="amortising",
            source=CASH,
            target="A",
            amount=300,
            due=500,
            available=300,
            cause="cash",
            part="interest",
        ),
    )


def test_what_is_paid_in_order_ends_where_the_cash_does() -> None:
    terms = plan(step("principal", "A", "B"), tranches=[tranche("A", 1_000), tranche("B", 1_000)])
    assert told(run(terms, 1_400)[0]) == [("A", 1_000, 1_000, 1_400, "due"), ("B", 400, 1_000, 400, "cash")]


def test_what_is_paid_pro_rata_follows_what_is_due() -> None:
    terms = plan(step("principal", "A", "B", pro_rata=True), tranches=[tranche("A", 1_000), tranche("B", 2_000)])
    first, second = run(terms, 1_000, 5_000)
    assert told(first) == [("A", 333, 1_000, 1_000, "shared"), ("B", 667, 2_000, 667, "shared")]
    assert told(second) == [("A", 667, 667, 5_000, "due"), ("B", 1_333, 1_333, 4_333, "due")]


def test_parts_that_do_not_divide_go_to_the_last() -> None:
    assert split(2, [1, 1, 1]) == [0, 1, 1]
    assert split(0, [0, 0]) == [0, 0]


def test_a_limit_bounds_all_that_a_step_moves() -> None:
    terms = plan(
        step("fees", "trustee", "auditor", limit=Limit(amount=120)),
        step("fees", "auditor", rule="later"),
        fees=(fee(), fee("auditor")),
    )
    assert told(run(terms, 500)[0]) == [
        ("trustee", 100, 100, 500, "due"),
        ("auditor", 20, 100, 400, "limit"),
        ("auditor", 80, 80, 380, "due"),
    ]


def test_a_limit_may_follow_a_measure_as_it_is_when_the_step_runs() -> None:
    terms = plan(
        step("principal", "A"),
        step("principal", "S", rule="equal", limit=Limit(measure="tranche.A.outstanding", factor=Decimal("0.5"))),
        tranches=[tranche("A", 1_000), tranche("S", 900)],
    )
    assert told(run(terms, 400)[0])[1] == ("S", 0, 900, 0, "cash")
    terms = plan(step("transfer", to=RESERVE, limit=Limit(measure="pool.balance")), reserve=10)
    line = run(terms, 400)[0].lines[0]
    assert (line.amount, line.cause, line.note) == (0, "limit", "pool.balance is undefined")


def test_a_step_whose_condition_fails_leaves_a_line_with_the_values() -> None:
    conditions = (
        Condition(measure="receipts", op=">", value=Decimal(100)),
        Condition(measure="tranche.A.outstanding", op="==", value=Decimal(0)),
    )
    terms = plan(
        step("principal", "A"),
        step("residual", "S", when=conditions),
        tranches=[tranche("A", 1_000), tranche("S", 0)],
    )
    first, second = run(terms, 600, 600)
    line = first.lines[-1]
    assert (line.target, line.amount, line.due, line.cause) == ("S", 0, 0, "condition")
    assert line.note == "tranche.A.outstanding = 4.00 == 0.00"
    assert told(second)[-1] == ("S", 200, 200, 200, "cash"), "judged after the principal of the same period"


def test_a_transfer_moves_what_there_is_up_to_its_limit() -> None:
    terms = plan(step("transfer", to=RESERVE), reserve=10)
    assert told(run(terms, 400)[0]) == [(RESERVE, 400, 400, 400, "cash")]
    terms = plan(step("transfer", to=RESERVE, limit=Limit(amount=90)), reserve=10)
    result = run(terms, 400)[0]
    assert told(result) == [(RESERVE, 90, 90, 400, "limit")]
    assert result.closing.accounts == {CASH: 310, RESERVE: 90}


def test_a_reserve_is_filled_to_its_target_and_gives_back_what_is_above() -> None:
    excess = Limit(measure=f"account.{RESERVE}.excess")
    terms = plan(
        step("transfer", account=RESERVE, to=CASH, limit=excess, rule="release"),
        step("top_up", to=RESERVE),
        step("principal", "A"),
        tranches=[tranche("A", 1_000)],
        accounts=(
            Account(account=CASH, kind="collection", bank="bank"),
            Account(
                account=RESERVE,
                kind="reserve",
                bank="bank",
                target=Limit(measure="securities.outstanding", factor=Decimal("0.1")),
            ),
        ),
    )
    first, second = run(terms, 600, 0)
    assert told(first)[1:] == [(RESERVE, 100, 100, 600, "due"), ("A", 500, 1_000, 500, "cash")]
    assert told(second)[0] == (CASH, 50, 50, 100, "limit")
    assert second.closing.accounts == {CASH: 0, RESERVE: 50}


def test_a_reserve_gives_what_is_lacking_up_to_a_rule() -> None:
    terms = draws()
    result = run_period(terms, held(terms, reserve=1_000), Period(period=1, on=DAYS[0], receipts={CASH: 250}))
    assert told(result) == [
        (CASH, 350, 350, 1_000, "due"),
        (CASH, 0, 0, 0, "due"),
        ("trustee", 100, 100, 600, "due"),
        ("A", 500, 500, 500, "due"),
        ("A", 0, 10_000, 0, "cash"),
        ("promisor", 0, 0, 0, "due"),
    ]


def test_nothing_is_drawn_where_nothing_lacks() -> None:
    terms = draws()
    result = run_period(terms, held(terms, reserve=1_000), Period(period=1, on=DAYS[0], receipts={CASH: 700}))
    assert [line.amount for line in result.lines] == [0, 0, 100, 500, 100, 0]


def test_the_promisor_makes_up_what_the_reserve_does_not_and_is_repaid() -> None:
    terms = draws()
    first = run_period(terms, held(terms, reserve=200), Period(period=1, on=DAYS[0], receipts={CASH: 250}))
    call = first.lines[1]
    assert told(first)[:2] == [(CASH, 200, 350, 200, "cash"), (CASH, 150, 150, 150, "due")]
    assert (call.source, call.target) == ("promisor", CASH)
    assert first.closing.shortfall_paid == 150
    second = run_period(terms, first.closing, Period(period=2, on=DAYS[1], receipts={CASH: 10_650}))
    assert told(second)[-1] == ("promisor", 50, 150, 50, "cash")
    assert second.closing.shortfall_repaid == 50


def test_the_promise_has_a_limit_in_all() -> None:
    first, second = run(draws(limit=700), 0, 0)
    assert told(first)[1] == (CASH, 600, 600, 700, "due")
    assert told(second)[1] == (CASH, 100, 600, 100, "limit")


def test_what_lacks_for_a_step_with_a_limit_is_the_limit() -> None:
    terms = plan(
        step("shortfall", until="interest"),
        step("fees", limit=Limit(amount=60)),
        step("interest", "A", when=(Condition(measure="period", op=">", value=Decimal(1)),)),
        tranches=[tranche("A", 10_000, "0.05")],
        fees=(fee(),),
        shortfall=Shortfall(payer="promisor"),
    )
    assert [told(one)[0][1] for one in run(terms, 0, 0)] == [60, 1_060]


def test_purchases_before_the_payment_date_count() -> None:
    terms = plan(step("buy", limit=Limit(amount=300)), step("residual", "S"))
    result = run(terms, 1_000, bought={CASH: 200})[0]
    assert told(result) == [(ASSETS, 100, 100, 800, "limit"), ("S", 700, 700, 700, "cash")]
    assert told(run(plan(step("buy")), 1_000, bought={CASH: 200})[0]) == [(ASSETS, 800, 800, 800, "cash")]


def test_an_overdrawn_account_pays_nothing_and_is_said() -> None:
    result = run(plan(step("fees"), fees=(fee(),)), 100, bought={CASH: 150})[0]
    assert told(result) == [("trustee", 0, 100, 0, "cash")]
    assert result.changes == ("account cash overdrawn by 50 fen",)
    assert result.closing.accounts == {CASH: -50}


def test_a_promisor_who_was_repaid_too_much_is_owed_nothing() -> None:
    """Records may say so, and the periods after it are recomputed all the same."""
    terms = plan(step("repay"), shortfall=Shortfall(payer="promisor"))
    state = replace(opening_state(terms), shortfall_paid=100, shortfall_repaid=150)
    result = run_period(terms, state, Period(period=1, on=DAYS[0], receipts={CASH: 1_000}))
    assert told(result) == [("promisor", 0, 0, 1_000, "due")]
    assert result.measures["shortfall.owed"] == 0


def test_what_is_left_is_yield_and_repays_nothing() -> None:
    result = run(plan(step("residual", "S"), tranches=[tranche("S", 500)]), 800)[0]
    assert (result.paid("S", "interest"), result.paid("S", "principal")) == (800, 0)
    assert result.closing.tranches["S"].outstanding == 500


def test_a_step_that_lists_nobody_pays_all() -> None:
    terms = plan(step("principal"), tranches=[tranche("A", 100), tranche("S", 100)])
    assert [line.target for line in run(terms, 150)[0].lines] == ["A", "S"]


def test_the_callers_decimal_context_changes_nothing() -> None:
    terms = plan(step("interest"), tranches=[tranche("A", 123_456_789, "0.0525")])
    with localcontext() as context:
        context.prec = 3
        coarse = run(terms, 10**9)
    assert coarse == run(terms, 10**9)


def test_amended_terms_leave_what_they_no_longer_know() -> None:
    before = run(plan(step("fees"), fees=(fee(),), reserve=5), 10)[0].closing
    terms = plan(step("fees"), fees=(fee("auditor"),))
    after = run_period(terms, before, Period(period=2, on=DAYS[1], receipts={CASH: 30})).closing
    assert after.fees["trustee"] == before.fees["trustee"]
    assert after.fees["auditor"].arrears == 70
    assert set(after.accounts) == {CASH, RESERVE}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (plan(step("fees", account="gone")), "unknown-account"),
        (plan(step("transfer", to="gone")), "unknown-account"),
        (plan(step("repay")), "no-promisor"),
        (plan(step("shortfall", until="gone"), shortfall=Shortfall(payer="p")), "unknown-rule"),
    ],
)
def test_terms_that_cannot_be_applied_are_refused(terms: PlanTerms, code: str) -> None:
    assert faults_of(terms), "a document that was checked never comes here"
    with pytest.raises(BadTerms) as caught:
        run(terms, 100)
    assert caught.value.code == code


def test_cash_on_an_unknown_account_is_refused() -> None:
    terms = plan(step("fees"))
    with pytest.raises(BadTerms, match="no account 'gone'"):
        run_period(terms, opening_state(terms), Period(period=1, on=DAYS[0], receipts={"gone": 1}))


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    terms = plan(step("interest"), tranches=[tranche("A", 1, "0.1")])
    with pytest.raises(BadAmount, match="reversed-period"):
        run_period(terms, opening_state(terms), Period(period=1, on=date(2020, 1, 1), receipts={}))


TAKE, OWED = Books.take, Books.interest_due


@pytest.mark.parametrize(
    ("name", "fault", "code"),
    [
        ("take", lambda books, account, amount: None, "paid-too-much"),
        ("take", lambda books, account, amount: TAKE(books, account, amount + 1), "cash-not-conserved"),
        ("cash", lambda books, account, debt=False: 10**9, "paid-too-much"),
        ("interest_due", lambda books, name: replace(OWED(books, name), amount=7), "balance-broken"),
        ("fee_due", lambda books, name: Due(to=name, amount=-1), "paid-too-much"),
    ],
)
def test_a_period_that_does_not_add_up_is_never_a_result(
    monkeypatch: pytest.MonkeyPatch, name: str, fault: Any, code: str
) -> None:
    monkeypatch.setattr(Books, name, fault)
    with pytest.raises(Unbalanced) as caught:
        run(draws(), 700)
    assert caught.value.code == code


def test_the_worked_example_of_the_documentation_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    ran = doctest.testfile(str(root / "docs" / "waterfall.md"), module_relative=False, encoding="utf-8")
    assert (ran.failed, ran.attempted) == (0, 16)
