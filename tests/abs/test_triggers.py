"""Conditions, limits, triggers and the state that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from abs.deal import DealState, Measured, Period, PeriodResult, TriggerState
from abs.errors import BadTerms
from abs.money import CONTEXT
from abs.terms import (
    Account,
    Condition,
    Dates,
    Limit,
    PlanTerms,
    Revolving,
    State,
    Step,
    TranchePart,
    Trigger,
    Waterfall,
)
from abs.waterfall import opening_state, run_period
from abs.waterfall.triggers import STATES, bound, judge, judge_all, worst
from tests.support.random_deals import CLOSING, plan_part

RATE = "pool.cumulative_default_rate"
DAYS = tuple(CLOSING + timedelta(days=30 * month) for month in range(1, 9))


def over(value: str, measure: str = RATE) -> Condition:
    return Condition(measure=measure, op=">", value=Decimal(value))


def trigger(name: str = "defaults", **parts: Any) -> Trigger:
    return Trigger(**{"trigger": name, "name": name, "when": over("0.05"), "effect": "accelerated", **parts})


def plan(*triggers: Trigger, states: tuple[State, ...] = STATES, until: int | None = None) -> PlanTerms:
    """A plan that does nothing but be in a state: one step in each, which names it."""
    revolving = None if until is None else Revolving(until=DAYS[until - 1])
    return PlanTerms(
        plan=plan_part(DAYS[-1]),
        dates=Dates(pay=DAYS, roll="none"),
        tranches=(
            TranchePart(
                tranche="S",
                name="S",
                code="S",
                rank="subordinated",
                principal=100,
                repayment="residual",
                maturity=DAYS[-1],
            ),
        ),
        accounts=(Account(account="cash", kind="collection", bank="bank"),),
        waterfalls=tuple(
            Waterfall(state=state, steps=(Step(rule=f"when {state}", action="principal", account="cash"),))
            for state in states
        ),
        triggers=triggers,
        revolving=revolving,
    )


def run(terms: PlanTerms, *measures: Mapping[str, Measured], **declared: tuple[State, ...]) -> list[PeriodResult]:
    """A period for each mapping of measures; ``p3=("defaulted",)`` is declared by period 3."""
    state, results = opening_state(terms), []
    for number, each in enumerate(measures, 1):
        period = Period(
            period=number, on=DAYS[number - 1], receipts={}, measures=each, declared=declared.get(f"p{number}", ())
        )
        results.append(run_period(terms, state, period))
        state = results[-1].closing
    return results


def rates(*values: str | None) -> list[dict[str, Measured]]:
    return [{RATE: None if value is None else Decimal(value)} for value in values]


def states(results: list[PeriodResult]) -> list[State]:
    return [one.closing.state for one in results]


@pytest.mark.parametrize(("op", "held"), [("<", False), ("<=", True), (">", False), (">=", True), ("==", True)])
def test_a_condition_compares_exactly(op: Any, held: bool) -> None:
    condition = Condition(measure="a", op=op, value=Decimal("0.10"))
    assert judge(condition, {"a": Decimal("0.1")}.get) == (held, f"a = 0.1 {op} 0.10")


def test_amounts_are_told_in_yuan_and_ratios_without_idle_digits() -> None:
    fen = Condition(measure="tranche.A.outstanding", op="==", value=Decimal(0))
    assert judge(fen, {"tranche.A.outstanding": 123456}.get) == (False, "tranche.A.outstanding = 1,234.56 == 0.00")
    ratio = Condition(measure="pool.cumulative_default_rate", op=">", value=Decimal("0.08"))
    third = CONTEXT.divide(Decimal(1), Decimal(3))
    assert judge(ratio, {"pool.cumulative_default_rate": third}.get) == (
        True,
        "pool.cumulative_default_rate = 0.3333333333 > 0.08",
    )


def test_a_condition_may_compare_two_measures() -> None:
    condition = Condition(measure="a", op="<", than="b")
    assert judge(condition, {"a": 1, "b": 2}.get) == (True, "a = 1 < b = 2")


@pytest.mark.parametrize(("measures", "missing"), [({"b": 2}, "a"), ({"a": 1}, "b"), ({"a": None, "b": 1}, "a")])
def test_an_undefined_measure_makes_a_condition_false_and_is_named(measures: dict[str, Measured], missing: str) -> None:
    for op in ("<", ">="):
        condition = Condition(measure="a", op=op, than="b")  # type: ignore[arg-type]
        assert judge(condition, measures.get) == (False, f"{missing} is undefined")


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        (None, None),
        (Limit(amount=7), 7),
        (Limit(measure="a", factor=Decimal("0.5")), 4),
        (Limit(measure="a", factor=Decimal("0.5"), amount=3), 3),
        (Limit(measure="a", amount=100), 9),
        (Limit(measure="a", factor=Decimal(-1)), 0),
    ],
)
def test_a_limit_is_the_lower_of_both_rounded_down(limit: Limit | None, most: int | None) -> None:
    assert bound(limit, {"a": 9}.get) == (most, "")


def test_nothing_moves_by_a_limit_on_an_undefined_measure() -> None:
    assert bound(Limit(measure="a", amount=5), {}.get) == (0, "a is undefined")


def test_a_trigger_waits_for_its_periods_in_a_row() -> None:
    results = run(plan(trigger(periods=2)), *rates("0.06", "0.04", "0.06", "0.07"))
    assert states(results) == ["amortising", "amortising", "amortising", "accelerated"]
    assert [one.closing.triggers["defaults"].in_a_row for one in results] == [1, 0, 1, 2]
    assert results[3].closing.triggers["defaults"] == TriggerState(in_a_row=2, on=True, since=4)
    assert results[3].changes == (
        f"trigger defaults on: {RATE} = 0.07 > 0.05, 2 in a row",
        "state amortising -> accelerated",
    )
    assert [line.rule for line in results[3].lines] == ["when accelerated"], "tested before the payment"


def test_a_curable_trigger_ends_and_takes_its_state_along() -> None:
    results = run(plan(trigger(curable=True)), *rates("0.06", "0.05", "0.06"))
    assert states(results) == ["accelerated", "amortising", "accelerated"]
    assert results[1].changes == (
        f"trigger defaults off: not {RATE} = 0.05 > 0.05",
        "state accelerated -> amortising",
    )
    assert results[2].closing.triggers["defaults"].since == 3


def test_a_trigger_that_is_not_curable_stays() -> None:
    results = run(plan(trigger()), *rates("0.06", "0.01", None))
    assert states(results) == ["accelerated"] * 3
    assert results[2].closing.triggers["defaults"] == TriggerState(in_a_row=0, on=True, since=1)


def test_an_undefined_measure_breaks_the_row_and_is_said() -> None:
    results = run(plan(trigger(periods=2)), *rates("0.06", None, "0.06"))
    assert states(results) == ["amortising"] * 3
    assert results[1].changes == (f"trigger defaults not tested: {RATE} is undefined",)


def test_a_flag_changes_no_state_and_is_a_measure() -> None:
    flag = trigger("flag", effect="flag")
    then = trigger("then", when=Condition(measure="trigger.flag", op="==", value=Decimal(1)), effect="defaulted")
    assert states(run(plan(flag), *rates("0.06"))) == ["amortising"]
    assert states(run(plan(flag, then), *rates("0.01", "0.06"))) == ["amortising", "defaulted"]
    assert states(run(plan(then, flag), *rates("0.06", "0.06"))) == ["amortising", "defaulted"], "tested in their order"


def test_the_worst_effect_decides() -> None:
    both = (trigger("one", effect="defaulted", curable=True), trigger("two", when=over("0.01")))
    assert states(run(plan(*both), *rates("0.06", "0.02"))) == ["defaulted", "accelerated"]
    assert worst("amortising", "defaulted", "revolving") == "defaulted"


def test_revolving_ends_after_its_last_day() -> None:
    results = run(plan(until=2), *rates("0", "0", "0"))
    assert states(results) == ["revolving", "revolving", "amortising"]
    assert results[2].changes == ("state revolving -> amortising",)


def test_revolving_ends_early_by_an_event() -> None:
    early = trigger(effect="amortising")
    assert states(run(plan(early, until=6), *rates("0.01", "0.06", "0.01"))) == ["revolving", *["amortising"] * 2]


def test_what_was_declared_lasts() -> None:
    results = run(plan(until=6), *rates("0", "0", "0", "0"), p2=("amortising",), p3=("defaulted",))
    assert states(results) == ["revolving", "amortising", "defaulted", "defaulted"]
    assert results[3].closing.declared == "defaulted"


def test_a_trigger_of_amended_terms_begins_anew() -> None:
    state: DealState = run(plan(), *rates("0.06"))[0].closing
    period = Period(period=2, on=DAYS[1], receipts={}, measures=rates("0.06")[0])
    result = run_period(plan(trigger(periods=2)), state, period)
    assert result.closing.triggers["defaults"] == TriggerState(in_a_row=1)


@pytest.mark.parametrize(
    ("there", "state", "paid_by"),
    [
        (("amortising",), "defaulted", "amortising"),
        (("amortising", "accelerated"), "defaulted", "accelerated"),
        (("amortising", "defaulted"), "accelerated", "amortising"),
    ],
)
def test_a_state_without_a_waterfall_is_paid_by_the_next_better(
    there: tuple[State, ...], state: State, paid_by: State
) -> None:
    result = run(plan(states=there), {}, p1=(state,))[0]
    assert [(line.rule, line.state) for line in result.lines] == [(f"when {paid_by}", state)]


def test_nothing_is_paid_by_the_waterfall_of_the_revolving_period_after_it() -> None:
    terms = plan(states=("revolving",), until=1)
    with pytest.raises(BadTerms, match="no-waterfall"):
        run(terms, {}, {})


def test_triggers_are_tested_once_and_only_here() -> None:
    found = {"defaults": TriggerState()}
    assert judge_all((trigger(),), found, 7, {RATE: Decimal("0.06")}.get) == [
        f"trigger defaults on: {RATE} = 0.06 > 0.05, 1 in a row"
    ]
    assert found == {"defaults": replace(TriggerState(), in_a_row=1, on=True, since=7)}
