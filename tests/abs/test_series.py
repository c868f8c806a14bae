"""Series of a pool against the same sums taken asset by asset and day by day, and by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs import sums
from abs.errors import FigureMisuse
from abs.frame import OPEN, PoolFrame
from abs.movements import movements
from abs.pool import pool_of
from abs.series import FLOWS, LEVELS, Series, month_ends, monthly, series
from abs.terms import Metrics
from tests.support import plain_series as plain
from tests.support.pool_frames import asset, frame

EDGES = (1, 10, 30)
METRICS = Metrics(delinquency_edges=EDGES, default_days=20, default_lag=1)
UNTIL = date(2024, 8, 15)


def test_month_ends_are_those_that_are_over() -> None:
    assert month_ends(date(2024, 1, 31), date(2024, 3, 30)) == (date(2024, 1, 31), date(2024, 2, 29))
    assert month_ends(date(2024, 12, 5), date(2025, 1, 31)) == (date(2024, 12, 31), date(2025, 1, 31))
    assert month_ends(date(2024, 2, 1), date(2024, 1, 31)) == ()


@given(plain.assets())
@settings(max_examples=25, deadline=None)
def test_every_sum_is_what_adding_asset_by_asset_gives(assets: list[dict[str, Any]]) -> None:
    found = monthly(frame(assets), METRICS, UNTIL)
    for at in range(-1, len(found.ends)):
        assert_agrees(found, assets, at)


def assert_agrees(found: Series, assets: list[dict[str, Any]], at: int) -> None:
    end = found.end(at)
    level = plain.levels(assets, end, METRICS.default_days, EDGES)
    for name in LEVELS:
        assert found.value(name, at) == level[name], (name, at)
    for label, edge in zip(found.classes(), (0, *EDGES), strict=True):
        assert found.value(f"delinquency.{label}", at) == level[f"from {edge}"]
    flow = plain.flows(assets, found.after(at), end, METRICS.default_days)
    for name in (*FLOWS, *(f"dilution.{reason}" for reason in found.reasons())):
        assert found.value(name, at) == flow[name], (name, at)
    if at < 0:
        return
    for by in range(at, len(found.ends)):
        assert found.sales(at, by).value == plain.sales(assets, found.after(at), end, found.ends[by])


@given(plain.assets(), st.lists(st.integers(0, 200), min_size=2, max_size=6, unique=True))
@settings(max_examples=15, deadline=None)
def test_any_periods_and_any_slices_give_the_same(assets: list[dict[str, Any]], days: list[int]) -> None:
    """Periods that are no months; and in memory a few assets at a time."""
    start, *ends = (plain.FIRST + timedelta(days=day) for day in sorted(days))
    whole = series(frame(assets), METRICS, ends, start=start)
    for at in range(-1, len(ends)):
        assert_agrees(whole, assets, at)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sums, "AT_ONCE", 3)
        sliced = series(frame(assets), METRICS, ends, start=start)
    assert sliced.cells.equals(whole.cells)
    assert sliced.rolls.equals(whole.rolls)


@given(plain.assets())
@settings(max_examples=15, deadline=None)
def test_the_balance_moves_by_the_flows_and_each_part_adds_up(assets: list[dict[str, Any]]) -> None:
    """opening + added - removed - payments - dilution + raised + overpaid = closing, as ``movements`` has it."""
    pool = frame(assets)
    found = monthly(pool, METRICS, UNTIL)
    for at, end in enumerate(found.ends):
        account = movements(pool, found.after(at), end)
        flow = {name: found.value(name, at) for name in (*FLOWS, *LEVELS)}
        assert flow["added"] == account.added.value
        assert flow["removed"] == account.removed.value
        assert flow["payments"] == account.paid.value
        assert flow["raised"] - flow["dilution"] == account.adjusted.value
        moved = flow["added"] - flow["removed"] - flow["payments"] - flow["dilution"] + flow["raised"]
        assert found.value("balance", at - 1) + moved + account.overpaid.fen() == flow["balance"]
        assert sum(found.value(f"delinquency.{label}", at) for label in found.classes()) == flow["balance"]
        assert flow["in_default"] + flow["performing"] == flow["balance"] == pool.on(end).total("outstanding", OPEN)
        assert sum(found.value(f"dilution.{reason}", at) for reason in found.reasons()) == flow["dilution"]


@given(plain.assets())
@settings(max_examples=12, deadline=None)
def test_nothing_that_happened_later_changes_a_period(assets: list[dict[str, Any]]) -> None:
    whole = monthly(frame(assets), METRICS, UNTIL)
    if len(whole.ends) < 3:
        return
    part = monthly(frame(assets), METRICS, whole.ends[-2])
    assert whole.frame().head(len(part.ends)).equals(part.frame().select(whole.frame().columns))


@given(plain.assets(most=6))
@settings(max_examples=5, deadline=None)
def test_every_value_stands_on_facts_of_its_own_assets(assets: list[dict[str, Any]]) -> None:
    """What is not 0 has facts; and they are those of the assets that a plain look at the pool finds."""
    pool = frame(assets)
    found = monthly(pool, METRICS, UNTIL)
    for at, end in enumerate(found.ends):
        for name in (*FLOWS, *LEVELS):
            figure = found.figure(name, at)
            assert bool(figure.facts) or not figure.value, name
        named = {ref.id for ref in found.figure("balance", at).unfold() if ref.table == "Receivable"}
        assert named == {one["asset"] for one in assets if plain.open_on(one, end)}
        late = {ref.id for ref in found.figure("overdue", at).unfold() if ref.table == "Receivable"}
        assert late == {one["asset"] for one in assets if plain.open_on(one, end) and end > one["due"]}
        paid = list(found.figure("payments", at).unfold())
        assert {ref.table for ref in paid} <= {"Settlement"}
        assert found.figure("payments", at) == found.figure("payments", at)


def test_by_hand() -> None:
    """100 yuan of January due on 10 February: 40 paid that day, 10 a credit note, 50 in default from 1 March on."""
    one = asset(
        "a",
        10_000,
        date(2024, 1, 20),
        date(2024, 2, 10),
        changes=[(date(2024, 2, 10), -4_000), (date(2024, 2, 20), -1_000, "dilution"), (date(2024, 4, 2), -500)],
    )
    found = monthly(frame([one]), METRICS, date(2024, 4, 30))
    assert [found.label(at) for at in range(4)] == ["2024-01", "2024-02", "2024-03", "2024-04"]
    told = found.frame()
    assert told["sales"].to_list() == [10_000, 0, 0, 0]
    assert told["payments"].to_list() == [0, 4_000, 0, 500]
    assert told["dilution"].to_list() == [0, 1_000, 0, 0]
    assert told["defaulted"].to_list() == [0, 0, 5_000, 0]
    assert told["recovered"].to_list() == [0, 0, 0, 500]
    assert told["balance"].to_list() == [10_000, 5_000, 5_000, 4_500]
    assert told["delinquency.10-29"].to_list() == [0, 5_000, 0, 0]
    assert told["delinquency.30+"].to_list() == [0, 0, 5_000, 4_500]
    assert found.figure("defaulted", 2).formula.endswith("in 2024-03")


def test_the_first_day_of_a_class_of_delay_is_in_it_and_so_are_its_facts() -> None:
    """On 31 March: 9, 10, 29 and 30 days past due, in classes from 1, 10 and 30 days on."""
    days = (9, 10, 29, 30)
    assets = [asset(f"{late}", late, date(2024, 1, 5), date(2024, 3, 31) - timedelta(days=late)) for late in days]
    found = monthly(frame(assets), METRICS, date(2024, 3, 31))
    for label, members in {"current": set(), "1-9": {"9"}, "10-29": {"10", "29"}, "30+": {"30"}}.items():
        figure = found.figure(f"delinquency.{label}", 2)
        assert figure.value == sum(map(int, members))
        assert {ref.id for ref in figure.unfold() if ref.table == "Receivable"} == members


def test_what_is_paid_on_the_last_day_of_a_month_on_which_it_is_due_is_not_prepaid() -> None:
    due = [date(2024, 1, 31), date(2024, 2, 1)]
    assets = [asset(f"{day}", 100, date(2024, 1, 5), day, changes=[(date(2024, 1, 31), -100)]) for day in due]
    found = monthly(frame(assets), METRICS, date(2024, 1, 31))
    assert (found.value("payments", 0), found.value("prepaid", 0)) == (200, 100)


def test_what_the_servicer_says_is_counted_by_what_is_new_in_it() -> None:
    """Sums so far: 300 recovered, 500 in all, nothing once it is overdue again; 200 written off, then 250."""
    said = [
        ("defaulted", date(2024, 2, 1), 0, 0),
        ("recovered", date(2024, 2, 9), 300, 0),
        ("recovered", date(2024, 3, 9), 500, 0),
        ("written_off", date(2024, 3, 20), 500, 200),
        ("overdue", date(2024, 4, 1), 0, 200),
        ("written_off", date(2024, 4, 2), 0, 250),
    ]
    statuses = [
        {"status": status, "since": on, "on": on, "recovered": back, "written_off": lost}
        for status, on, back, lost in said
    ]
    one = asset("a", 10_000, date(2024, 1, 20), date(2024, 2, 10), statuses=statuses)
    found = monthly(frame([one]), METRICS, date(2024, 4, 30))
    assert found.frame()["stated_recovered"].to_list() == [0, 300, 200, 0]
    assert found.frame()["written_off"].to_list() == [0, 0, 200, 50]
    assert [ref.table for ref in found.figure("written_off", 2).unfold()] == ["AssetStatus"]


def test_what_is_written_off_is_in_default_from_that_day_on() -> None:
    """No word of default before: 100 written off on 5 March, 24 days late. Declared on 1 March, it stays that day's."""
    dates = {"due": date(2024, 2, 10), "issued": date(2024, 1, 20), "written_off_on": date(2024, 3, 5)}
    lost, known = asset("a", 100, **dates), asset("b", 100, **dates, defaulted_on=date(2024, 3, 1))
    found = monthly(frame([lost, known]), Metrics(default_days=90), date(2024, 3, 31))
    assert [found.value("defaulted", at) for at in range(3)] == [0, 0, 200]
    assert found.defaults["on"].to_list() == [date(2024, 3, 5), date(2024, 3, 1)]
    assert found.value("in_default", 2) == found.value("balance", 2) == 200


def test_what_defaults_on_the_day_it_is_bought_back_defaulted_in_the_pool() -> None:
    """Bought back (赎回) on the day it was declared: 60 of 100 were owed the evening before. A day later it is not."""
    paid = [(date(2024, 2, 1), -40), (date(2024, 3, 5), -10)]
    for left, defaulted in ((date(2024, 3, 5), 60), (date(2024, 3, 4), 0)):
        one = asset(
            "a", 100, date(2024, 1, 20), date(2024, 3, 1), changes=paid, left_on=left, defaulted_on=date(2024, 3, 5)
        )
        found = monthly(frame([one]), METRICS, date(2024, 4, 30))
        assert [found.value("defaulted", at) for at in range(4)] == [0, 0, defaulted, 0]
        assert bool(found.figure("defaulted", 2).facts) == bool(defaulted)


def test_what_is_written_off_after_an_asset_left_is_not_the_pools_loss() -> None:
    said = [{"status": "written_off", "since": date(2024, 3, 5), "on": date(2024, 3, 5), "written_off": 100}]
    for left, lost in ((None, 100), (date(2024, 3, 5), 100), (date(2024, 3, 4), 0)):
        one = asset("a", 100, date(2024, 1, 20), date(2024, 2, 1), left_on=left, statuses=said)
        found = monthly(frame([one]), METRICS, date(2024, 3, 31))
        assert found.value("written_off", 2) == lost
        assert bool(found.figure("written_off", 2).facts) == bool(lost)


def test_a_default_stands_on_the_word_that_declared_it() -> None:
    said = [
        {"status": status, "since": on, "on": on, "written_off": 0}
        for status, on in (("overdue", date(2024, 2, 3)), ("defaulted", date(2024, 2, 5)))
    ]
    one = asset(
        "a",
        100,
        date(2024, 1, 20),
        date(2024, 2, 1),
        statuses=said,
        defaulted_on=date(2024, 2, 5),
        entered_on=date(2024, 1, 20),
    )
    found = monthly(frame([one]), METRICS, date(2024, 3, 31))
    for figure in (found.figure("defaulted", 1), found.figure("in_default", 2)):
        assert figure.value == 100
        assert [ref.table for ref in figure.unfold()] == ["Receivable", "AssetStatus"]
    assert [ref.table for ref in found.figure("balance", 2).unfold()] == ["Receivable"]


def test_what_was_before_the_first_period_is_known_of_it() -> None:
    """A pool of 300 came on its cut-off day, 31 January, with 100 in default; the periods begin the day after."""
    day = date(2024, 1, 31)
    assets = [
        asset("a", 100, date(2023, 12, 1), date(2024, 1, 5), entered_on=day),
        asset("b", 200, date(2023, 12, 1), date(2024, 3, 5), entered_on=day, changes=[(date(2024, 3, 9), -200)]),
    ]
    found = series(frame(assets), METRICS, [date(2024, 2, 29), date(2024, 3, 31)], start=day)
    assert [(found.value("initial", at), found.value("defaulted", at)) for at in (-1, 0, 1)] == [
        (300, 100), (0, 0), (0, 0),
    ]  # fmt: skip
    came = found.so_far("initial", 1)
    assert (came.value, came.formula) == (300, f"{FLOWS['initial']}, by 2024-03-31")
    assert {ref.id for ref in came.unfold() if ref.table == "Receivable"} == {"a", "b"}
    assert found.figure("initial", -1).formula.endswith("in ..2024-01-31")


def test_a_pool_that_began_within_a_month_was_not_there_for_all_of_it() -> None:
    """A cut-off day in the middle or at the end of a month, unless nothing had been invoiced before."""
    wholes = {date(2024, 1, 5): 0, date(2024, 1, 31): 1, date(2024, 2, 1): 1, date(2024, 2, 2): 2}
    for entered, whole in wholes.items():
        one = asset("a", 100, date(2024, 1, 5), date(2024, 6, 5), entered_on=entered)
        assert monthly(frame([one]), METRICS, date(2024, 3, 31)).whole == whole


def test_a_day_within_a_month_ends_a_period_that_runs_on() -> None:
    one = asset("a", 10_000, date(2024, 1, 20), date(2024, 2, 10))
    found = monthly(frame([one]), METRICS, date(2024, 2, 10))
    assert (found.complete, found.last, found.label(1)) == (1, 0, "2024-02-01..2024-02-10")
    assert monthly(frame([one]), METRICS, date(2024, 1, 30)).last is None
    empty = monthly(frame([]), METRICS, date(2024, 2, 10))
    assert (empty.last, empty.frame()["balance"].to_list()) == (None, [0])


def test_ends_must_rise() -> None:
    for ends in ([], [date(2024, 1, 1)], [date(2024, 1, 3), date(2024, 1, 3)]):
        with pytest.raises(FigureMisuse):
            series(frame([]), METRICS, ends, start=date(2024, 1, 1))


@pytest.mark.oracle
def test_the_published_ledger_by_month(ibm: PoolFrame) -> None:
    """June 2013 of the published ledger, as recomputed independently; every month of it adds up."""
    found = monthly(ibm, Metrics(delinquency_edges=(1, 31, 61, 91)), date(2013, 12, 31))
    june = next(at for at in range(len(found.ends)) if found.label(at) == "2013-06")
    assert found.figure("balance", june).text() == "5,119.85"
    assert found.figure("delinquency.current", june).text() == "4,284.29"
    assert found.figure("delinquency.1-30", june).text() == "835.56"
    assert found.sales(june, june).text() == "5,849.59"
    for at, end in enumerate(found.ends):
        assert found.value("balance", at) == pool_of(ibm, end).balance().value
    paid = sum(found.value("payments", at) for at in range(len(found.ends)))
    assert paid + found.value("balance", len(found.ends) - 1) == 14_770_318
    assert len(list(found.figure("balance", june).unfold())) == 84
