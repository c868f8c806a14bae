"""Conditions, limits and triggers (触发事件) of a deal: what holds, how much may move, and the state that follows.

Triggers are tested once in a period: after its cash is on the accounts and its fees and interest are due, before the
first step of the waterfall. They are tested in the order of the terms, so that one may ask for ``trigger.<name>`` of
an earlier one. The state (循环期, 摊还期, 加速清偿, 违约) is the worst of

- revolving up to and on the day ``revolving.until``, amortising after it or where the plan does not revolve,
- every state that was ever declared,
- the effects of all triggers that are on: a curable one takes its state along when it goes off.

A measure that is undefined makes a condition false; the trigger that asked for it says so.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Final, TypeVar

from abs.deal import Measured, TriggerState
from abs.figure import Unit
from abs.money import CONTEXT, yuan_text
from abs.terms import Condition, Limit, PlanTerms, State, Trigger
from abs.terms.vocabulary import unit_of

__all__ = ["STATES", "Measures", "bound", "dated_state", "judge", "judge_all", "worst"]

STATES: Final[tuple[State, ...]] = ("revolving", "amortising", "accelerated", "defaulted")
"""From the best to the worst."""

SHOWN: Final = 10
"""Decimals of a measure in words; conditions are judged by all of them."""

Measures = Callable[[str], Measured]
"""A measure's value by its name, now."""

StateT = TypeVar("StateT", State, State | None)

_HOLDS: Final[Mapping[str, Callable[[Decimal | int, Decimal | int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def judge(condition: Condition, measures: Measures) -> tuple[bool, str]:
    """Whether a condition holds, and its values in words; false, and said, where one of its measures is undefined."""
    left = measures(condition.measure)
    right = condition.value if condition.than is None else measures(condition.than)
    for name, value in ((condition.measure, left), (condition.than, right)):
        if value is None:
            return False, f"{name} is undefined"
    assert left is not None
    assert right is not None
    than = "" if condition.than is None else f"{condition.than} = "
    held = _HOLDS[condition.op](left, right)
    unit = unit_of(condition.measure)
    return held, f"{condition.measure} = {_told(left, unit)} {condition.op} {than}{_told(right, unit)}"


def _told(value: Decimal | int, unit: Unit | None) -> str:
    """A measure's value for a person: yuan for whole fen, other numbers to ten decimals, without idle zeros."""
    if unit is Unit.FEN and value == int(value):
        return yuan_text(int(value))
    exact = Decimal(value)
    rounded = round(exact, SHOWN)
    return f"{exact if exact == rounded else rounded.normalize(CONTEXT):f}"


def bound(limit: Limit | None, measures: Measures) -> tuple[int | None, str]:
    """The most that may move, whole fen rounded down, never below 0; None without limit.

    A limit on a measure that is undefined lets nothing move; the text names it.
    """
    if limit is None or (limit.amount is None and limit.measure is None):
        return None, ""
    if limit.measure is None:
        return limit.amount, ""
    value = measures(limit.measure)
    if value is None:
        return 0, f"{limit.measure} is undefined"
    most = int(CONTEXT.multiply(limit.factor, Decimal(value)).to_integral_value(rounding=ROUND_FLOOR))
    return max(0, most if limit.amount is None else min(most, limit.amount)), ""


def worst(*states: State) -> State:
    """The worst of some states."""
    return max(states, key=STATES.index)


def dated_state(terms: PlanTerms, day: date) -> State:
    """Revolving up to and on the last day of the revolving period, amortising after it or where there is none."""
    return "revolving" if terms.revolving is not None and day <= terms.revolving.until else "amortising"


def judge_all(
    triggers: tuple[Trigger, ...], states: dict[str, TriggerState], period: int, measures: Measures
) -> list[str]:
    """Every trigger is tested once, in order, and ``states`` says what it is now; returns what changed, in words."""
    changes = []
    for trigger in triggers:
        before = states[trigger.trigger]
        held, text = judge(trigger.when, measures)
        in_a_row = before.in_a_row + 1 if held else 0
        after = replace(before, in_a_row=in_a_row)
        if in_a_row >= trigger.periods and not before.on:
            after = replace(after, on=True, since=period)
            changes.append(f"trigger {trigger.trigger} on: {text}, {in_a_row} in a row")
        elif before.on and trigger.curable and not held:
            after = replace(after, on=False, since=None)
            changes.append(f"trigger {trigger.trigger} off: not {text}")
        elif not held and text.endswith("undefined"):
            changes.append(f"trigger {trigger.trigger} not tested: {text}")
        states[trigger.trigger] = after
    return changes
