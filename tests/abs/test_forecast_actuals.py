"""Actual collections against forecasts, and the rule of 20%."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from abs.actuals import Actuals, actuals
from abs.scenario import preset
from tests.support.pool_frames import asset, frame
from tests.support.small_deals import DAYS, YEAR, plan, step, tranche

TERMS = plan(step("principal", "A"), tranches=[tranche("A", 1)])
START = TERMS.plan.cutoff


def compared(*assets: dict[str, Any], day: Any = DAYS[-1]) -> Actuals:
    return actuals(TERMS, frame(assets), day, preset("base"))


def due(name: str, amount: int, year: int, *changes: tuple[int, int], **more: Any) -> dict[str, Any]:
    """Due half a year before a payment date; ``changes``: days after the due date, fen."""
    on = DAYS[year] - YEAR / 2
    paid = [(on + timedelta(days=days), -fen) for days, fen in changes]
    return asset(name, amount, START, on, **{"entered_on": START, "changes": paid, **more})


@pytest.mark.parametrize(
    ("paid", "flags"),
    [(799, ("shortfall",)), (800, ("shortfall",)), (801, ()), (1_000, ()), (0, ("shortfall",))],
)
def test_a_shortfall_is_a_fifth_or_more(paid: int, flags: tuple[str, ...]) -> None:
    first = compared(due("a", 1_000, 0, (0, paid))).periods[0]
    assert (first.forecast.value, first.actual and first.actual.value, first.flags) == (1_000, paid, flags)
    assert first.ratio is not None
    assert first.ratio.value == Decimal(paid) / 1_000


@pytest.mark.parametrize(("early", "flags"), [(199, ()), (200, ("excess",))])
def test_an_excess_is_a_fifth_or_more(early: int, flags: tuple[str, ...]) -> None:
    found = compared(due("a", 1_000, 0, (0, 1_000)), due("b", 1_000, 1, (-300, early)))
    assert found.periods[0].flags == flags


def test_a_forecast_that_is_lowered_by_a_fifth_is_told() -> None:
    """A debtor that paid ahead of the second period leaves less for it than was forecast at first."""
    found = compared(due("a", 1_000, 0, (0, 1_000)), due("b", 1_000, 1, (-300, 200), (0, 800)))
    second = found.periods[1]
    assert second.previous is not None
    assert (second.previous.value, second.forecast.value, second.flags) == (1_000, 800, ("lowered",))


def test_what_came_later_was_not_forecast() -> None:
    late = due("l", 500, 0, (0, 500), entered_on=START + timedelta(days=3), came="purchased")
    first = compared(due("a", 1_000, 0, (0, 1_000)), late).periods[0]
    assert first.actual is not None
    assert first.other is not None
    assert (first.forecast.value, first.actual.value, first.other.value, first.flags) == (1_000, 1_000, 500, ())
    assert {ref.id for ref in first.actual.unfold()} == {"a/0"}
    assert {ref.id for ref in first.other.unfold()} == {"l/0"}


def test_a_period_that_runs_on_has_a_forecast_alone() -> None:
    found = compared(due("a", 1_000, 0, (0, 1_000)), due("b", 70, 1), day=DAYS[0] + timedelta(days=9))
    last = found.periods[-1]
    assert (len(found.periods), last.forecast.value, last.actual, last.ratio, last.flags) == (2, 70, None, None, ())
    assert found.rows()[-1][4] == ""
    assert found.frame().height == 2
    assert "shortfall" not in found._repr_html_()
    assert last.as_json()["actual"] is None
