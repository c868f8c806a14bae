"""Metrics 7 to 12 by period: against the formulas in fractions over plain assets, their bounds, and by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from abs.figure import Figure, Unit
from abs.frame import PoolFrame
from abs.pool import pool_of
from abs.ratios import RATIOS, actual_to_forecast, cdr, cpr, loss_to_liquidation, return_decline, turnover
from abs.series import monthly, series
from abs.terms import Metrics
from tests.support import plain_series as plain
from tests.support.plain_metrics import Months
from tests.support.pool_frames import asset, frame

METRICS = Metrics(delinquency_edges=(1, 10, 30), default_days=20, default_lag=1, dilution_lag=0)
UNTIL = date(2024, 8, 31)
EXACT = (
    "default_ratio", "dilution_ratio", "cumulative_default_rate", "turnover", "dso", "collection_rate",
    "recovery_rate", "return_decline", "loss_to_liquidation",
)  # fmt: skip


def close(figure: Figure, exact: Fraction | None) -> None:
    """The figure is the fraction to 25 digits, or both are undefined."""
    if exact is None:
        assert figure.value is None, figure
        assert ":" in figure.formula, "an undefined figure says what is missing"
    else:
        found = Fraction(Decimal(figure.number()))
        assert abs(found - exact) <= abs(exact) / 10**25, (figure.name, float(found), float(exact))


@given(plain.assets())
@settings(max_examples=12, deadline=None)
def test_every_ratio_is_its_formula(assets: list[dict[str, Any]]) -> None:
    found, months = monthly(frame(assets), METRICS, UNTIL), Months(assets, METRICS, UNTIL)
    assert list(found.ends[: found.complete]) == months.ends
    assert found.last == (months.begun[-1] if months.begun else None)
    for at in range(found.complete):
        for name in EXACT:
            close(RATIOS[name](found, at), getattr(months, name)(at))
        for ratio, plain_rate in ((cpr, months.smm), (cdr, months.periodic_default_rate)):
            (inner,) = ratio(found, at).inputs
            close(inner, plain_rate(at))


@given(plain.assets())
@settings(max_examples=12, deadline=None)
def test_ratios_hold_their_bounds(assets: list[dict[str, Any]]) -> None:
    """Shares lie between 0 and 1, the cumulative default rate never falls while nothing comes, facts are beneath."""
    for one in assets:
        one["changes"] = [change for change in one["changes"] if change[1] < 0]
    found = monthly(frame(assets), METRICS, UNTIL)
    for at in range(found.complete):
        for name in ("delinquency_ratio", "default_ratio", "dilution_ratio", "cumulative_default_rate", "cpr", "cdr"):
            value = RATIOS[name](found, at).value
            assert value is None or Decimal(value) >= 0
        for name in ("delinquency_ratio", "cpr", "cdr"):
            value = RATIOS[name](found, at).value
            assert value is None or Decimal(value) <= 1
        if at and not found.value("initial", at) and not found.value("purchased", at):
            before, now = (RATIOS["cumulative_default_rate"](found, each).value for each in (at - 1, at))
            assert now is None or (before is not None and Decimal(now) >= Decimal(before))


def test_more_default_days_find_no_more_defaults() -> None:
    late = [asset(f"a{at}", 100, date(2024, 1, 5), date(2024, 2, at + 1), began=at) for at in range(20)]
    counted = [
        monthly(frame(late), Metrics(default_days=days, default_lag=0), date(2024, 3, 31)).value("in_default", 2)
        for days in range(0, 80, 10)
    ]
    assert counted == sorted(counted, reverse=True)
    assert (counted[0], counted[-1]) == (2_000, 0)


def test_by_hand() -> None:
    """Sales of January 1,000, of February 600. In March 100 defaulted and 30 were credited.

    Lag 1: 100 / 600 and 30 / 600; lag 2 would take January. 600 paid of 900 open at first: 60 a third early.
    """
    paid = [(date(2024, 2, 20), -300), (date(2024, 3, 5), -600)]
    credited = [(date(2024, 3, 8), -30, "dilution"), (date(2024, 3, 9), -60)]
    assets = [
        asset("a", 1_000, date(2024, 1, 10), date(2024, 3, 5), changes=paid),
        asset("b", 600, date(2024, 2, 1), date(2024, 4, 20), changes=credited),
    ]
    found = monthly(frame(assets), Metrics(default_days=20, default_lag=1, dilution_lag=1), date(2024, 3, 31))
    value = {name: ratio(found, 2).value for name, ratio in RATIOS.items()}
    assert value["default_ratio"] == Decimal(100) / 600
    assert value["dilution_ratio"] == Decimal(30) / 600
    assert value["cumulative_default_rate"] == Decimal(100) / 1_600
    assert value["delinquency_ratio"] == Decimal(100) / 610
    assert value["collection_rate"] == Decimal(660) / 1_300
    assert value["return_decline"] == Decimal("-1.2")
    assert value["cpr"] == 1 - (1 - Decimal(60) / 570) ** 12
    assert value["cdr"] == 1 - (1 - Decimal(100) / 1_300) ** 12
    assert value["recovery_rate"] == 0
    assert value["turnover"] is None
    lagged = monthly(frame(assets), Metrics(default_days=20, default_lag=2), date(2024, 3, 31))
    assert RATIOS["default_ratio"](lagged, 2).value == Decimal("0.1")
    assert RATIOS["default_ratio"](lagged, 2).formula == (
        "defaulted_t / sales_(t-2), defaulted in 2024-03 / sales of 2024-01"
    )


def test_an_undefined_ratio_says_what_is_missing() -> None:
    one = asset("a", 100, date(2024, 1, 10), date(2024, 3, 5))
    found = monthly(frame([one]), Metrics(default_lag=1), date(2024, 3, 31))
    assert RATIOS["default_ratio"](found, 0).formula.endswith(": no period 1 before 2024-01")
    assert RATIOS["default_ratio"](found, 2).formula.endswith(": no sales in 2024-02")
    assert RATIOS["dso"](found, 1).formula.endswith(": no sales in 2024-02")
    assert turnover(found, 2).formula.endswith(": the pool has 3 of 12")
    assert return_decline(found, 2).formula.endswith(": no payments in the period before")
    assert return_decline(found, 0).formula.endswith(": no whole period before")
    assert loss_to_liquidation(found, 2).formula.endswith(": no payments in 2024-03")


def test_a_month_that_the_pool_was_there_for_a_part_of_has_no_ratio_of_flows() -> None:
    """Cut off on 20 January, looked at on 20 March: January and March are no months to compare with."""
    paid = [(date(2024, month, 10), -100) for month in (1, 2, 3)]
    one = asset("a", 1_000, date(2024, 1, 5), date(2024, 6, 5), entered_on=date(2024, 1, 20), changes=paid)
    found = monthly(frame([one]), Metrics(default_lag=0, dilution_lag=0), date(2024, 3, 20))
    for name in ("default_ratio", "dilution_ratio", "return_decline", "turnover"):
        assert RATIOS[name](found, 0).formula.endswith(": the pool began within 2024-01"), name
        assert RATIOS[name](found, 2).formula.endswith(": 2024-03-01..2024-03-20 is not over"), name
        assert RATIOS[name](found, 0).value is RATIOS[name](found, 2).value is None
    assert return_decline(found, 1).formula.endswith(": no whole period before")
    assert [ratio(found, 0).value for ratio in (cpr, cdr)] == [None, None]
    assert cdr(found, 0).formula.endswith("^12: the pool began within 2024-01")
    assert [ratio(found, 2).value is None for ratio in (cpr, cdr)] == [False, False], "by the days so far"


def test_the_cumulative_default_rate_of_a_plans_periods_counts_what_came_on_the_cut_off_day() -> None:
    """400 came with the cut-off day, 100 by a purchase; 100 of the 500 defaulted: 20 %, not 100 / 100."""
    day = date(2024, 1, 31)
    assets = [
        asset("a", 100, date(2024, 1, 1), date(2024, 2, 5), entered_on=day, came="assigned"),
        asset("b", 300, date(2024, 1, 1), date(2024, 6, 5), entered_on=day, came="assigned"),
        asset("c", 100, date(2024, 3, 1), date(2024, 6, 5), came="purchased"),
    ]
    found = series(frame(assets), METRICS, [date(2024, 2, 29), date(2024, 3, 31)], start=day)
    assert [RATIOS["cumulative_default_rate"](found, at).value for at in (0, 1)] == [Decimal("0.25"), Decimal("0.2")]
    assert RATIOS["recovery_rate"](found, 1).value == 0


@pytest.mark.parametrize("edges", [(1, 31, 61, 91, 121), (1, 30, 60, 90, 120), (1, 30), (200,)])
def test_loss_to_liquidation_takes_91_to_120_days_whatever_the_classes(edges: tuple[int, ...]) -> None:
    """At the end of April 1, 2, 4 and 8 yuan are 90, 91, 120 and 121 days late; 16 were paid: 600 / 1,600."""
    days = {90: 100, 91: 200, 120: 400, 121: 800}
    end = date(2024, 4, 30)
    assets = [asset(f"{late}", owed, date(2023, 12, 1), end - timedelta(days=late)) for late, owed in days.items()]
    paid = asset("paid", 1_600, date(2024, 4, 1), date(2024, 4, 9), changes=[(date(2024, 4, 9), -1_600)])
    found = monthly(frame([*assets, paid]), Metrics(delinquency_edges=edges), end)
    ratio = loss_to_liquidation(found, found.complete - 1)
    assert ratio.value == Decimal(600) / 1_600
    assert {ref.id for ref in ratio.inputs[0].unfold() if ref.table == "Receivable"} == {"91", "120"}


def test_what_was_written_off_is_no_loss_twice() -> None:
    """1,000 are 100 days late at the end of April; 400 of it written off in March, 500 in April: 100 + 500 are lost."""
    statuses = [
        {"status": "written_off", "since": date(2024, 3, 9), "on": on, "written_off": lost}
        for on, lost in ((date(2024, 3, 9), 400), (date(2024, 4, 9), 900))
    ]
    assets = [
        asset("a", 1_000, date(2024, 1, 1), date(2024, 1, 21), statuses=statuses, changes=[]),
        asset("b", 300, date(2024, 4, 1), date(2024, 4, 9), changes=[(date(2024, 4, 9), -300)]),
    ]
    found = monthly(frame(assets), Metrics(), date(2024, 4, 30))
    assert [found.value("doubtful", 3), found.value("written_off", 3)] == [100, 500]
    assert loss_to_liquidation(found, 3).value == 2
    assert {ref.table for ref in found.figure("doubtful", 3).unfold()} == {"Receivable", "AssetStatus"}


def test_loss_to_liquidation_by_hand() -> None:
    """500 are 96 days late at the end of April, 40 were written off in it, 200 were paid."""
    assets = [
        asset("a", 700, date(2024, 1, 1), date(2024, 1, 25), changes=[(date(2024, 4, 2), -200)]),
        asset(
            "b", 40, date(2024, 1, 1), date(2024, 9, 1),
            statuses=[{"status": "written_off", "since": date(2024, 4, 9), "on": date(2024, 4, 9), "written_off": 40}],
        ),
    ]  # fmt: skip
    found = monthly(frame(assets), Metrics(delinquency_edges=(1, 31, 61, 91, 121)), date(2024, 4, 30))
    assert loss_to_liquidation(found, 3).value == Decimal(540) / 200


def test_a_turnover_of_a_whole_year() -> None:
    """1,200 sold a month and 600 of it left at its end: twelve times 1,200 / 600 is 24 a year."""
    assets = []
    for month in range(1, 13):
        gone, half = date(2024 + month // 12, month % 12 + 1, 1), [(date(2024, month, 20), -600)]
        one = asset(f"a{month}", 1_200, date(2024, month, 2), date(2024, month, 28), left_on=gone, changes=half)
        assets.append(one)
    found = monthly(frame(assets), Metrics(), date(2024, 12, 31))
    assert turnover(found, 11).value == 24
    assert turnover(found, 10).value is None


def test_periods_other_than_months_are_annualised_by_their_days() -> None:
    one = asset("a", 100, date(2024, 1, 1), date(2024, 6, 1), changes=[(date(2024, 1, 10), -50)])
    found = series(frame([one]), Metrics(), [date(2024, 1, 20)], start=date(2023, 12, 31))
    (half,) = cpr(found, 0).inputs
    assert half.value == Decimal("0.5")
    assert float(str(cpr(found, 0).value)) == pytest.approx(1 - 0.5 ** (365 / 20))
    assert "18.25" in cpr(found, 0).formula


def test_actual_and_forecast() -> None:
    actual, expected, nothing = (
        Figure(name=name, value=value, unit=Unit.FEN, formula=name, height=1)
        for name, value in (("actual", 80), ("expected", 100), ("nothing", 0))
    )
    assert actual_to_forecast(actual, expected).value == Decimal("0.8")
    assert actual_to_forecast(actual, nothing).value is None


@pytest.mark.oracle
def test_the_published_ledger(ibm: PoolFrame) -> None:
    """June 2013: DSO 26.26 and the overdue share, as recomputed independently, and as the pool itself has them."""
    found = monthly(ibm, Metrics(), date(2013, 6, 30))
    june = found.complete - 1
    pool = pool_of(ibm, date(2013, 6, 30))
    assert RATIOS["dso"](found, june).text() == pool.dso().text() == "26.26"
    assert RATIOS["delinquency_ratio"](found, june).value == pool.delinquency_ratio().value
