"""Mistakes that a small deal shows best: with a reserve and a promisor, shares instead of an order, caps, fees once.

A case is made of two runs of the waterfall: what it pays by its terms, and what a manager pays by others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from abs.booked.entries import Entry, Item
from abs.booked.state import items_of
from abs.deal import DealState, Period
from abs.figure import FactRef
from abs.reconciliation import TRIALS
from abs.reconciliation.dues import another_base, another_rounding, paid_twice
from abs.reconciliation.order import another_split, held_back, junior_early, reordered
from abs.reconciliation.rules import CAUSES
from abs.reconciliation.trials import Case, Trial, overlooked
from abs.terms import Condition, Limit, PlanTerms, Trigger
from abs.waterfall import opening_state, run_period
from ledger.position import Position
from tests.support.small_deals import CASH, DAYS, RESERVE, draws, fee, held, plan, step, tranche

Trials = Callable[[Case], Iterator[Trial]]


def case(terms: PlanTerms, by: PlanTerms, cash: int, opening: DealState | None = None, **astray: int) -> Case:
    """A period that pays by ``terms`` and was paid by other ones; ``astray`` went to fees besides."""
    inputs = Period(period=1, on=DAYS[0], receipts={CASH: cash})
    state = opening or opening_state(terms)
    result = run_period(terms, state, inputs)
    stated = items_of(run_period(by, state, inputs).lines)
    for name, amount in astray.items():
        item = Item(kind="fee", name=name)
        stated[item] = stated.get(item, 0) + amount
    return Case(terms=terms, opening=state, inputs=inputs, result=result, paid=dict.fromkeys(stated, ()), stated=stated)


def records(*amounts: int) -> tuple[Entry, ...]:
    """One record for each amount."""
    return tuple(
        Entry(on=DAYS[0], amount=amount, ref=FactRef(table="FeePayment", id=str(place), position="1/0/0"),
              place=Position(1, 0, place))
        for place, amount in enumerate(amounts)
    )  # fmt: skip


def first(trials: Trials, of: Case) -> Trial | None:
    return next((one for one in trials(of) if one.reproduces(of)), None)


ORDER = (step("fees"), step("interest", "A"), step("principal", "A"), step("principal", "M"), step("principal", "S"))
TRANCHES = (tranche("A", 10_000, "0.05"), tranche("M", 5_000), tranche("S", 2_000))


def test_a_swap_below_a_reserve_that_gave_what_it_should() -> None:
    """The reserve gives what fees and interest lack; then principal is paid before the interest."""
    terms = draws()
    steps = terms.waterfalls[0].steps
    wrong = (
        *(one.model_copy(update={"limit": Limit(amount=gives)}) for one, gives in zip(steps, (300, 0), strict=False)),
        steps[2], steps[4], steps[3], steps[5],
    )  # fmt: skip
    by = terms.model_copy(update={"waterfalls": (terms.waterfalls[0].model_copy(update={"steps": wrong}),)})
    of = case(terms, by, 300, held(terms, **{RESERVE: 1_000}))
    assert of.by_terms()[Item(kind="interest", name="A")] == 500
    assert of.stated[Item(kind="principal", name="A")] == 500
    found = first(reordered, of)
    assert found is not None
    assert found.text == "principal was paid before interest"


def test_shares_instead_of_an_order() -> None:
    interest = step("interest", "A", "M")
    parts = {"tranches": [tranche("A", 10_000, "0.05"), tranche("M", 10_000, "0.05"), tranche("S", 1)]}
    terms, by = plan(interest, **parts), plan(interest.model_copy(update={"pro_rata": True}), **parts)
    found = first(reordered, case(terms, by, 600))
    assert found is not None
    assert found.text == "interest was paid pro rata, not in order"
    found = first(reordered, case(by, terms, 600))
    assert found is not None
    assert found.text == "interest was paid in order, not pro rata"


def test_payees_of_one_step_in_another_order() -> None:
    parts = {"tranches": [tranche("A", 10_000, "0.05"), tranche("M", 10_000, "0.05"), tranche("S", 1)]}
    terms, by = plan(step("interest", "A", "M"), **parts), plan(step("interest", "M", "A"), **parts)
    found = first(reordered, case(terms, by, 600))
    assert found is not None
    assert found.text == "interest was paid before interest#A"


def test_a_fee_without_its_cap_and_one_that_is_due_once() -> None:
    capped = plan(*ORDER, tranches=TRANCHES, fees=(fee(kind="annual", rate=Decimal("0.1"), base="senior.outstanding",
                                                       amount=None, cap=300),))  # fmt: skip
    free = capped.model_copy(update={"fees": (capped.fees[0].model_copy(update={"cap": None}),)})
    found = first(another_base, case(capped, free, 5_000))
    assert found is not None
    assert found.text == "fee trustee was paid without its cap"
    once = plan(*ORDER, tranches=TRANCHES, fees=(fee(once=True),))
    again = once.model_copy(update={"fees": (once.fees[0].model_copy(update={"once": False}),)})
    later = replace(opening_state(once), period=1)
    found = first(another_base, case(once, again, 5_000, later))
    assert found is not None
    assert found.text == "fee trustee is due once, and was paid again"


def test_a_fee_paid_again_out_of_what_was_left_is_less_than_the_first() -> None:
    terms = plan(step("fees"), step("interest", "A"), tranches=TRANCHES, fees=(fee(),))
    of = case(terms, terms, 680, trustee=80)
    assert first(paid_twice, of) is None  # one record, and no second fee in full: it may be anything
    trustee = Item(kind="fee", name="trustee")
    twice = replace(of, paid={**of.paid, trustee: records(100, 80)})
    found = first(paid_twice, twice)
    assert found is not None
    assert found.text == "fee trustee: 1.00 is due, and 0.80 was paid besides"
    in_parts = replace(of, paid={**of.paid, trustee: records(90, 90)})
    assert first(paid_twice, in_parts) is None  # neither is the fee: it may be one that was paid in parts, and wrong


def test_a_fee_paid_three_times() -> None:
    terms = plan(step("fees"), step("interest", "A"), tranches=TRANCHES, fees=(fee(),))
    found = first(paid_twice, case(terms, terms, 900, trustee=200))
    assert found is not None
    assert found.text == "fee trustee: 1.00 is due, and 2.00 was paid besides"


def test_one_interest_alone_that_was_rounded_otherwise() -> None:
    parts = {"tranches": [tranche("A", 10_009, "0.05"), tranche("M", 10_009, "0.05"), tranche("S", 1)]}
    terms = plan(step("interest", "A"), step("interest", "M"), step("principal", "A"), **parts)
    of = case(terms, terms, 5_000)  # 500.45 each
    stated = {**of.stated, Item(kind="interest", name="M"): 501, Item(kind="principal", name="A"): 3_999}
    found = first(another_rounding, replace(of, stated=stated))
    assert found is not None
    assert found.text == "interest of M rounded up, and the terms say half_up"


def test_fen_that_do_not_divide_for_another() -> None:
    parts = {"tranches": [tranche("A", 1_000), tranche("B", 1_000), tranche("S", 1)]}
    shared = step("principal", "A", "B", pro_rata=True)
    by = plan(shared.model_copy(update={"pays": ("B", "A")}), **parts)
    found = first(another_split, case(plan(shared, **parts), by, 501))
    assert found is not None
    assert found.text == "principal was shared with the fen that do not divide for A, not B"


def test_principal_that_was_held_back() -> None:
    repaid = [step("principal", name, rule=name) for name in ("A", "M", "S")]
    terms = plan(*ORDER[:2], *repaid, tranches=TRANCHES)
    less = repaid[0].model_copy(update={"limit": Limit(amount=700)})
    by = plan(*ORDER[:2], less, *repaid[1:], tranches=TRANCHES)
    found = first(held_back, case(terms, by, 3_000))
    assert found is not None
    assert found.text == "principal A: 7.00 was paid, and 25.00 is due; everything else follows from it"


def test_a_junior_tranche_of_the_same_rank_is_not_early() -> None:
    parts = {"tranches": [tranche("A", 1_000), tranche("B", 1_000), tranche("S", 1)]}
    terms = plan(step("principal", "A", "B"), **parts)
    by = plan(step("principal", "B", "A"), **parts)
    of = case(terms, by, 500)
    assert list(junior_early(of)) == []
    assert first(reordered, of) is not None


def test_a_junior_tranche_that_was_paid_with_all_that_the_senior_had() -> None:
    terms = plan(*ORDER, tranches=TRANCHES)
    early = step("principal", "M", rule="early", limit=Limit(amount=700))
    by = plan(ORDER[0], ORDER[1], early, *ORDER[2:], tranches=TRANCHES)
    found = first(junior_early, case(terms, by, 20_000 // 2))
    assert found is not None
    assert found.text == "M was repaid 7.00 early: principal of A is outstanding"
    assert list(junior_early(case(terms, by, 20_000))) == []  # everybody is repaid: nothing was early


def test_two_triggers_that_were_overlooked() -> None:
    low = Condition(measure="receipts", op="<", value=Decimal(1_000))
    triggers = tuple(Trigger(trigger=name, name=name, when=low, effect="accelerated") for name in ("one", "two"))
    base = plan(step("interest", "A"), step("interest", "M"), tranches=[tranche("A", 10_000, "0.05"),
                tranche("M", 10_000, "0.05"), tranche("S", 1)])  # fmt: skip
    quick = base.waterfalls[0].model_copy(update={"state": "accelerated", "steps": (step("principal", "A"),)})
    terms = base.model_copy(update={"triggers": triggers, "waterfalls": (*base.waterfalls, quick)})
    found = first(overlooked, case(terms, base, 900))
    assert found is not None
    assert found.text == "one, two: the period was paid as if none of it were so"


def test_a_mistake_that_changes_nothing_is_not_tried() -> None:
    terms = plan(*ORDER, tranches=TRANCHES)  # 5% of 10,000 is 500 whatever the rounding
    assert list(another_rounding(case(terms, terms, 1_000))) == []


@pytest.mark.parametrize("days", [-14, -2, 2, 14])
def test_a_day_without_a_name(days: int) -> None:
    parts = {"tranches": [tranche("A", 10_000_000, "0.05"), tranche("M", 1_000_000, "0.08"), tranche("S", 1)]}
    terms = plan(step("interest", "A"), step("interest", "M"), step("principal", "A"), **parts)
    of = case(terms, terms, 2_000_000)
    other = run_period(terms, of.opening, replace(of.inputs, on=DAYS[0] + timedelta(days=days)))
    wrong = replace(of, stated=items_of(other.lines))
    causes = {one.cause for trials in TRIALS for one in trials(wrong) if one.reproduces(wrong)}
    assert causes == {"wrong_date"}


def test_every_trial_is_of_a_known_cause() -> None:
    terms = plan(*ORDER, tranches=TRANCHES, fees=(fee(), fee("other", kind="annual", rate=Decimal("0.01"),
                 base="senior.outstanding", amount=None)))  # fmt: skip
    of = case(terms, plan(*ORDER, tranches=TRANCHES, fees=terms.fees[:1]), 700)
    tried = [one for trials in TRIALS for one in trials(of)]
    assert {one.cause for one in tried} <= set(CAUSES)
    assert all(one.text for one in tried)


def test_a_junior_tranche_that_is_not_due_yet_was_paid_early() -> None:
    """M is a bullet of the last day: no step pays it principal now, whatever its place."""
    parts = {"tranches": [tranche("A", 10_000, "0.05"), tranche("M", 5_000, repayment="bullet"), tranche("S", 2_000)]}
    terms = plan(*ORDER, **parts)
    of = case(terms, terms, 2_000)
    stated = {**of.stated, Item(kind="principal", name="M"): 300, Item(kind="principal", name="A"): 1_200}
    found = first(junior_early, replace(of, stated=stated))
    assert found is not None
    assert (found.text, found.rule) == ("M was repaid 3.00 early: principal of A is outstanding", "principal M")


def test_two_junior_tranches_that_were_paid_early() -> None:
    terms = plan(*ORDER, tranches=TRANCHES)
    early = [step("principal", name, rule=name, limit=Limit(amount=300)) for name in ("M", "S")]
    found = first(junior_early, case(terms, plan(*ORDER[:2], *early, *ORDER[2:], tranches=TRANCHES), 5_000))
    assert found is not None
    assert found.text == (
        "M was repaid 3.00 early: principal of A is outstanding; "
        "S was repaid 3.00 early: principal of A, M is outstanding"
    )


def test_what_is_left_over_was_paid_out_early() -> None:
    terms = plan(*ORDER, step("residual", "S"), tranches=TRANCHES)
    of = case(terms, terms, 2_000)
    stated = {**of.stated, Item(kind="interest", name="S"): 400, Item(kind="principal", name="A"): 1_100}
    found = first(junior_early, replace(of, stated=stated))
    assert found is not None
    assert found.text == "S had 4.00 early: principal of A, M is outstanding"
