"""A period that was paid otherwise than its terms say is found, and its cause named, by amounts reckoned by hand.

In the first period 20,000 fen come in. Due are: management 210, custody 50, A 900, B 146, tax 105 (of 1,046); A is
repaid 18,589. In the second, by the same terms, 30,000 come in: management 173 (172.82), custody 50, A 714 (714.11),
B 146, tax 86; A is repaid 28,831.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from abs.errors import UnknownPeriod, UnknownPlan
from abs.reconciliation import recompute, reconcile
from abs.reconciliation.rules import CAUSES
from ledger.facts import PlanCash
from tests.support.ledger_book import Book
from tests.support.paid_plan import CLOSING, FIRST, SECOND, THIRD, PaidPlan, terms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from abs.reconciliation import Difference, Reconciliation

RIGHT_FIRST = {
    "management": 210,
    "custody": 50,
    "A_interest": 900,
    "B_interest": 146,
    "tax": 105,
    "A_principal": 18_589,
}
RIGHT = {"management": 173, "custody": 50, "A_interest": 714, "B_interest": 146, "tax": 86, "A_principal": 28_831}


Make = Callable[[dict[str, Any]], PaidPlan]


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, PaidPlan]]:
    """Ledgers with the plan established, by its document; each is made once."""
    return {"folder": (tmp_path_factory.mktemp("ledgers"), None)}  # type: ignore[dict-item]


@pytest.fixture
def make(ledgers: dict[str, tuple[Path, PaidPlan]], tmp_path: Path) -> Iterator[Make]:
    """Makes the plan with a document on a ledger of the test's own."""
    made: list[PaidPlan] = []

    def build(document: dict[str, Any]) -> PaidPlan:
        name = json.dumps(document)
        if name not in ledgers:
            file = ledgers["folder"][0] / f"{len(ledgers)}.db"
            book = Book(file)
            ledgers[name] = file, PaidPlan(book, document)
            book.store.close()
        file, first = ledgers[name]
        made.append(first.copied(file, tmp_path / f"{len(made)}.db"))
        return made[-1]

    yield build
    for plan in made:
        plan.book.store.close()


@pytest.fixture
def plan(make: Make) -> PaidPlan:
    return make(terms())


def paid(plan: PaidPlan, *, cash: int = 30_000, **second: int) -> Reconciliation:
    """The first period is paid rightly, the second as told."""
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(cash, SECOND)
    plan.pays(2, SECOND, **second)
    return reconcile(plan.book.store.at(), "plan-1")


def only(found: Reconciliation) -> Difference:
    (one,) = found.findings
    assert one.subject == "plan plan-1 period 2"
    assert found.differs
    return one


def test_what_was_paid_by_the_terms_raises_nothing(plan: PaidPlan) -> None:
    found = paid(plan, **RIGHT)
    assert (found.findings, found.differs, len(found.periods)) == ((), False, 2)
    for check in found.periods:
        assert all(not one.difference.value for one in check.compared)
    assert {str(one.item): one.stated.value for one in found.periods[1].compared if one.stated.value} == {
        "fee management": 173, "fee custody": 50, "interest A": 714, "interest B": 146, "fee tax": 86,
        "principal A": 28_831,
    }  # fmt: skip


WRONG: dict[str, tuple[str, str, dict[str, int]]] = {
    "a fee twice": ("fee_twice", "173", {"A_principal": 28_658}),
    "junior early": ("junior_early", "B was repaid 10.00 early", {"A_principal": 27_831, "B_principal": 1_000}),
    "rounded down": ("rounding", "fees rounded down", {"management": 172, "A_principal": 28_832}),
    "rounded up": ("rounding", "interest rounded up", {"A_interest": 715, "A_principal": 28_830}),
    "tax rounded up": ("rounding", "fees on interest rounded", {"tax": 86, "A_principal": 28_831}),
    "three days less": (
        "wrong_date", "70 days are counted, 73 are due",
        {"management": 166, "A_interest": 685, "B_interest": 140, "tax": 83, "A_principal": 28_876},
    ),
    "another day count": (
        "day_count", "ACT/360",
        {"management": 175, "A_interest": 724, "B_interest": 148, "tax": 87, "A_principal": 28_816},
    ),
    "another base": ("fee_base", "was taken of senior.outstanding", {"management": 143, "A_principal": 28_861}),
    "a step passed over": ("wrong_order", "principal-A was paid before fees-tax", {"tax": 0, "A_principal": 28_917}),
    "one amount": ("amount", "1.80 was paid, and 1.73 is due", {"management": 180, "A_principal": 28_824}),
    "principal kept back": ("amount", "200.00 was paid, and 288.31 is due; all else is right", {"A_principal": 20_000}),
    "an unknown fee": ("amount", "the terms know no such fee", {"advisory": 100, "A_principal": 28_731}),
    "more than one mistake": (
        "unexplained", "fee management, paid by fees-management: 1.73 by the terms, 1.80 by the records",
        {"management": 180, "B_interest": 100, "tax": 81, "A_principal": 28_875},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in WRONG if name not in ("tax rounded up", "a fee twice")])
def test_a_mistake_is_explained(plan: PaidPlan, name: str) -> None:
    cause, text, changes = WRONG[name]
    found = only(paid(plan, **{**RIGHT, **changes}))
    assert found.cause == cause
    assert found.code == f"distribution.differs.{cause}"
    assert text in found.message
    assert found.severity is CAUSES[cause].severity


def test_a_fee_paid_twice_is_explained_by_both_records(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, management=173)
    plan.pays(2, SECOND, **{**RIGHT, "A_principal": 28_658})
    found = only(reconcile(plan.book.store.at(), "plan-1"))
    assert (found.cause, found.rule) == ("fee_twice", "fees-management")
    assert dict(found.details) == {"fee management": 173, "principal A": -173}
    assert len(found.positions) == 3  # two fees, and the distribution that lacks what the second took


def test_a_distribution_that_is_recorded_twice_is_explained(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, **RIGHT)
    plan.pays(2, SECOND, A_interest=714, A_principal=28_831)
    found = only(reconcile(plan.book.store.at(), "plan-1"))
    assert (found.cause, len(found.positions)) == ("recorded_twice", 2)
    assert found.message == (
        "recorded more than once: interest A 7.14; principal A 288.31; without that all is by the terms"
    )


def test_an_order_that_was_swapped_is_explained(plan: PaidPlan) -> None:
    """Of 1,000 fen: management 173, custody 50, B 146 before A, so that A has 631 of 714 and the tax nothing."""
    wrong = paid(plan, cash=1_000, management=173, custody=50, B_interest=146, A_interest=631)
    found = only(wrong)
    assert (found.cause, found.also) == ("wrong_order", ())
    assert found.message == "interest-B was paid before interest-A"
    assert dict(found.details) == {"interest A": -83, "interest B": 83}


def test_in_the_right_order_it_raises_nothing(plan: PaidPlan) -> None:
    assert not paid(plan, cash=1_000, management=173, custody=50, A_interest=714, B_interest=63).findings


def test_fees_of_one_step_out_of_their_order_are_explained(plan: PaidPlan) -> None:
    """Of 200 fen custody takes its 50 first; management has 150 of 173. The trigger is on, which pays no other."""
    found = only(paid(plan, cash=200, management=150, custody=50))
    assert found.message == "fees-management was paid before fees-management#management"


ACCELERATED = {"management": 173, "custody": 50, "A_interest": 77}
AS_IF_NOT = {"management": 173, "custody": 50}


def test_a_trigger_that_was_missed_is_explained(make: Make) -> None:
    """In the second period 400 come in, and the trigger is on: 177 are left for A's interest, which is lawful. In the
    third 50 cents more: B's interest is paid before A's principal, as if it were off."""
    document = terms()
    document["triggers"] = [{**document["triggers"][0], "curable": False}]
    one = make(document)
    first = {"management": 173, "custody": 50, "A_interest": 177}
    found = paid(one, cash=400, **first)
    assert not found.findings
    assert found.periods[1].result is not None
    assert found.periods[1].result.closing.state == "accelerated"
    # due in the third: management 173, custody 50, A 537 + 714, B 146 + 146, tax 18 (of 177) and then
    right = {"management": 173, "custody": 50, "A_interest": 1_251, "A_principal": 8_526}
    amortising = {**right, "B_interest": 292, "tax": 18 + 154, "A_principal": 8_526 - 292 - 172}
    one.comes_in(10_000, THIRD)
    one.pays(3, THIRD, **amortising)
    found = reconcile(one.book.store.at(), "plan-1", 3)
    (wrong,) = found.findings
    assert (wrong.cause, wrong.rule) == ("trigger_missed", "low")
    assert wrong.message == "trigger low is on since period 2, and the period was paid as if it were off"


def test_a_trigger_that_was_cured_raises_nothing(plan: PaidPlan) -> None:
    paid(plan, cash=400, management=173, custody=50, A_interest=177)
    plan.comes_in(10_000, THIRD)
    due = {"management": 173, "custody": 50, "A_interest": 1_251, "B_interest": 292, "tax": 172}
    plan.pays(3, THIRD, **due, A_principal=10_000 - sum(due.values()))
    assert not reconcile(plan.book.store.at(), "plan-1").findings


def declared(plan: PaidPlan, event: str) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    day = SECOND - timedelta(days=3)
    plan.until(day)
    plan.book.say(
        "manager", "event.declared", {"plan": "plan-1", "event": event, "at": day.isoformat(), "reason": "决议"}
    )
    plan.comes_in(30_000, SECOND)


def test_an_event_that_was_overlooked_is_explained(plan: PaidPlan) -> None:
    declared(plan, "acceleration")
    plan.pays(2, SECOND, **RIGHT)
    found = only(reconcile(plan.book.store.at(), "plan-1"))
    assert (found.cause, found.message) == (
        "trigger_missed", "an event was declared, and the period was paid as if it were not",
    )  # fmt: skip


def test_an_event_that_was_followed_raises_nothing(plan: PaidPlan) -> None:
    declared(plan, "acceleration")
    plan.pays(2, SECOND, management=173, custody=50, A_interest=714, A_principal=29_063)
    assert not reconcile(plan.book.store.at(), "plan-1").findings


def test_arrears_that_were_forgotten_are_explained(plan: PaidPlan) -> None:
    """Of 1,000 fen in the first period, A has 740 of 900, B and tax nothing; in the second nobody makes it good."""
    plan.comes_in(1_000, FIRST)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=740)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, **{**RIGHT_FIRST, "A_principal": 28_589})
    found = only(reconcile(plan.book.store.at(), "plan-1"))
    assert found.cause == "arrears_forgotten"
    assert found.message == ("arrears of earlier periods were not paid: interest of A, interest of B, fee tax")


def test_arrears_that_were_paid_raise_nothing(plan: PaidPlan) -> None:
    plan.comes_in(1_000, FIRST)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=740)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, management=210, custody=50, A_interest=1_060, B_interest=292, tax=74 + 135, A_principal=28_179)
    assert not reconcile(plan.book.store.at(), "plan-1").findings


def test_a_mistake_does_not_echo(plan: PaidPlan) -> None:
    """After a fee was paid twice, the third period has less to go on with, and is right by that."""
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **{**RIGHT_FIRST, "management": 420, "A_principal": 18_379})
    plan.comes_in(30_000, SECOND)
    # A has 71,621, all securities 86,621: management 173 (173.24), A 716 (716.21), tax 86 (of 862)
    plan.pays(2, SECOND, management=173, custody=50, A_interest=716, B_interest=146, tax=86, A_principal=28_829)
    found = reconcile(plan.book.store.at(), "plan-1")
    assert [one.subject for one in found.findings] == ["plan plan-1 period 1"]
    own = recompute(plan.book.store.at(), "plan-1", own=True)
    assert own[1].opening == own[0].closing
    assert own[1].opening.tranches["A"].outstanding == 71_411
    assert found.periods[1].opening.tranches["A"].outstanding == 71_621
    assert recompute(plan.book.store.at(), "plan-1")[1].opening == found.periods[1].opening


def test_a_day_off_the_schedule_is_told_and_is_no_difference(plan: PaidPlan) -> None:
    """It is paid a day later, and counted to that day: management 175.19, A 723.89, B 148, tax 87."""
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(30_000, SECOND)
    late = {"management": 175, "custody": 50, "A_interest": 724, "B_interest": 148, "tax": 87}
    plan.pays(2, SECOND + timedelta(days=1), **late, A_principal=30_000 - sum(late.values()))
    found = reconcile(plan.book.store.at(), "plan-1")
    assert [(one.cause, one.severity.value) for one in found.findings] == [("off_schedule", "notice")]
    assert not found.differs


def test_paid_late_and_counted_to_the_day_of_the_terms(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND + timedelta(days=2), **RIGHT)
    found = only(reconcile(plan.book.store.at(), "plan-1"))
    assert found.cause == "wrong_date"
    assert "the payment date of the terms: 73 days are counted, 75 are due" in found.message


def test_terms_amended_between_two_periods_apply_from_their_day(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    document = terms()
    document["fees"][0]["rate"] = "0.02"
    day = FIRST + timedelta(days=1)
    plan.until(day)
    plan.book.say(
        "manager", "plan.terms_amended",
        {"v": 2, "plan": "plan-1", "effective": day.isoformat(), "reason": "决议", "document": document},
    )  # fmt: skip
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, **{**RIGHT, "management": 346, "A_principal": 28_658})
    found = reconcile(plan.book.store.at(), "plan-1")
    assert not found.findings
    first, second = (check.period.terms_ref.position for check in found.periods)
    assert first != second


def test_principal_while_the_plan_revolves_is_paid_by_the_order_of_another_state(make: Make) -> None:
    document = terms(revolving={"until": "2026-12-31"})
    document["waterfalls"] = [
        {"state": "revolving", "steps": document["waterfalls"][0]["steps"][:4]}, *document["waterfalls"],
    ]  # fmt: skip
    plan = make(document)
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    (found,) = reconcile(plan.book.store.at(), "plan-1").findings
    assert (found.cause, found.rule) == ("wrong_state", "amortising")
    assert "paid by the order of the state amortising, and the state is revolving" in found.message


def test_what_is_left_on_the_accounts_is_the_cash_of_the_ledger(plan: PaidPlan) -> None:
    found = paid(plan, **{**RIGHT, "A_principal": 20_000})
    facts = plan.book.store.at()
    cash = facts.get(PlanCash, "plan-1")
    assert cash is not None
    plan.comes_in(1, THIRD)
    plan.pays(3, THIRD)
    last = reconcile(plan.book.store.at(), "plan-1", 3).periods[0].opening
    assert sum(last.accounts.values()) == cash.unspent == 8_831
    assert found.differs


def test_every_figure_unfolds_to_its_records(plan: PaidPlan) -> None:
    found = paid(plan, **RIGHT)
    fee = next(one for one in found.periods[1].compared if one.item.name == "management")
    assert {ref.table for ref in fee.stated.unfold()} == {"FeePayment"}
    assert {ref.table for ref in fee.recomputed.unfold()} == {"Plan", "Remittance", "FeePayment"}
    assert "fees-management in state amortising: 1.73 of 1.73 due" in fee.recomputed.formula
    assert {one.height for one in found.figures()} == {found.height}


def test_what_is_known_at_a_height(plan: PaidPlan) -> None:
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT_FIRST)
    height = plan.book.height - 1
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, **{**RIGHT, "tax": 0})
    store = plan.book.store
    assert reconcile(store.at(), "plan-1").differs
    assert not reconcile(store.at(height), "plan-1").differs
    assert not reconcile(store.at(), "plan-1", 1).differs
    with pytest.raises(UnknownPeriod):
        reconcile(store.at(height), "plan-1", 2)
    with pytest.raises(UnknownPlan):
        reconcile(store.at(), "nobody")


def test_a_period_dated_before_the_one_it_follows_is_not_recomputed(plan: PaidPlan) -> None:
    plan.comes_in(20_000, SECOND)
    plan.pays(1, SECOND, **RIGHT_FIRST)
    plan.pays(2, CLOSING + timedelta(days=10), A_interest=5)
    found = reconcile(plan.book.store.at(), "plan-1")
    assert [one.cause for one in found.findings][-1] == "not_recomputed"
    assert found.periods[-1].result is None
    assert "cannot start on" in found.findings[-1].message
    assert found.as_json()["periods"][-1]["compared"] == []


def test_a_step_that_was_left_out_is_explained(plan: PaidPlan) -> None:
    """90,000 come in: everything is repaid, and 2,420 are left, which C should have."""
    repaid = {**RIGHT, "A_principal": 71_411, "B_principal": 10_000, "C_principal": 5_000}
    found = only(paid(plan, cash=90_000, **repaid))
    assert (found.cause, found.rule, dict(found.details)) == ("step_skipped", "residual-C", {"interest C": -2_420})


def test_what_is_left_goes_to_the_last_tranche(plan: PaidPlan) -> None:
    repaid = {**RIGHT, "A_principal": 71_411, "B_principal": 10_000, "C_principal": 5_000, "C_interest": 2_420}
    assert not paid(plan, cash=90_000, **repaid).findings


def test_a_notebook_shows_it_as_tables(plan: PaidPlan) -> None:
    found = paid(plan, **{**RIGHT, "tax": 0, "A_principal": 28_917})
    html = found._repr_html_()
    assert "distribution.differs.wrong_order" in html
    assert "principal-A was paid before fees-tax (so do: step_skipped)" in html
    period = found.periods[1]._repr_html_()
    assert "<td>fees-tax</td>" in period
    assert "0.86" in period
