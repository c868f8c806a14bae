"""What a pool is expected to bring, held to a slow forecast that goes asset by asset and day by day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs import forecast as forecasts
from abs.forecast import Assumed, Expected, expected, forecast
from abs.history import Curve, Reinvestment, Standing, history_of, record_of, standing_on
from abs.scenario import PRESETS, Scenario, preset
from abs.terms import Metrics
from tests.support.plain_forecast import START, PlainForecast, random_assets
from tests.support.pool_frames import asset, frame

METRICS = Metrics(default_days=90)
ENDS = tuple(START + timedelta(days=days) for days in (30, 60, 90, 180, 365))
NOTHING = Scenario.model_validate({"scenario": "nothing", "default": {"rate": 0}, "dilution": {"rate": 0}})


def rates(most: int = 10) -> st.SearchStrategy[list[str]]:
    return st.lists(st.integers(0, most).map(lambda one: str(Decimal(one) / 10)), min_size=1, max_size=3)


def vectors() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.fixed_dictionaries({"rate": rates()}),
        st.fixed_dictionaries({"multiple": rates(30)}),
        st.fixed_dictionaries({"rate": rates(), "multiple": rates(30)}),
        st.just({}),
    )


scenarios = st.fixed_dictionaries(
    {
        "scenario": st.just("random"),
        "default": vectors(),
        "recovery": vectors().flatmap(
            lambda one: st.sampled_from([one, {**one, "lag": 0}, {**one, "lag": 45}]),
        ),
        "dilution": vectors(),
        "delay": st.lists(st.sampled_from([0, 0, 15, 90]), min_size=1, max_size=3),
        "prepayment": rates(),
    }
).map(Scenario.model_validate)


def made(seed: int, count: int) -> tuple[Any, PlainForecast]:
    assets = random_assets(Random(seed), count, START)
    return record_of(frame(assets), METRICS), PlainForecast(assets, START, METRICS.default_days)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 12), scenario=scenarios)
def test_it_is_what_a_slow_forecast_says(seed: int, count: int, scenario: Scenario) -> None:
    record, plain = made(seed, count)
    history, found = forecast(record, START, ENDS, scenario)
    assert (history.rate("default_rate"), history.rate("dilution_rate"), history.rate("recovery_rate")) == plain.rates()
    assert (history.lag, history.seasoned) == (plain.lag, plain.seasoned)
    assert dict(history.curve.shares()) == ({k: v for k, v in plain.late.items() if v > 0} or {0: 1})
    assert [found.received(at) for at in range(len(ENDS))] == plain.cash(scenario, ENDS)
    gone = [(found.diluted[at], found.defaulted[at], found.overdue(at)) for at in range(len(ENDS))]
    assert gone == plain.gone(scenario, ENDS)
    assert_adds_up(found, sum(plain.due.values()) + plain.in_default, plain.lost(scenario, ENDS))


def assert_adds_up(found: Expected, owed: int, lost: int) -> None:
    """Nothing is lost or made: what is owed is expected or lost, by every end, and nothing runs backwards."""
    assert (found.outstanding, found.lost) == (owed, lost)
    assert owed == found.expected + found.lost
    assert found.paying + found.diluting + found.defaulting == owed
    for at in range(len(found.ends)):
        assert found.received(at) + found.to_come(at) == found.expected
        assert 0 <= found.received(at) <= found.expected
        assert found.owed(at) == owed - found.received(at) - found.diluted[at] >= found.performing(at) >= 0
        assert 0 <= found.overdue(at) <= found.owed(at)
    assert found.beyond == found.expected - found.received(len(found.ends) - 1)
    for name in ("paid", "diluted", "defaulted", "recovered"):
        flow = getattr(found, name)
        assert list(flow) == sorted(flow)
        assert not flow or flow[0] >= 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), scenario=scenarios, low=st.integers(0, 10), more=st.integers(0, 10))
def test_more_defaults_never_bring_more(seed: int, scenario: Scenario, low: int, more: int) -> None:
    """By any end where nothing is recovered, in all where nothing is diluted (of which nothing is recovered at all)."""
    record, _ = made(seed, 10)
    for spared in ("recovery", "dilution"):
        few, many = (
            forecast(
                record,
                START,
                ENDS,
                Scenario.model_validate(
                    scenario.document() | {spared: {"rate": 0}, "default": {"rate": str(Decimal(rate) / 10)}}
                ),
            )[1]
            for rate in (low, min(10, low + more))
        )
        assert many.expected <= few.expected
        assert many.defaulting >= few.defaulting
        for at in range(len(ENDS) if spared == "recovery" else 0):
            assert many.received(at) <= few.received(at)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_without_stress_and_history_it_is_the_schedule(seed: int) -> None:
    random = Random(seed)
    assets = [
        asset(f"a{at}", random.randint(1, 10**8), START, START + timedelta(days=random.randint(1, 400)))
        for at in range(random.randint(1, 20))
    ]
    _, found = forecast(record_of(frame(assets), METRICS), START, ENDS, NOTHING)
    for at, end in enumerate(ENDS):
        assert found.received(at) == sum(one["amount"] for one in assets if one["due"] <= end)
    assert (found.lost, found.beyond) == (0, sum(one["amount"] for one in assets if one["due"] > ENDS[-1]))


def test_a_day_later_than_any_payment_ever_was_is_paid_when_it_would_be_in_default() -> None:
    late = asset("late", 100, START - timedelta(days=80), START - timedelta(days=50))
    paid = asset("paid", 100, START - timedelta(days=300), START - timedelta(days=250))
    paid["changes"] = [(paid["due"] + timedelta(days=3), -100)]
    _, found = forecast(
        record_of(frame([late, paid]), METRICS), START, (START + timedelta(days=39), *ENDS[1:]), NOTHING
    )
    assert [found.received(at) for at in (0, 1)] == [0, 100]
    assert late["due"] + timedelta(days=METRICS.default_days) == START + timedelta(days=40)


def test_what_is_still_unpaid_pays_as_those_did_that_were_unpaid_as_long() -> None:
    """Of four that were paid 0, 10, 20 and 20 days late, an asset 5 days late can only be like the last three."""
    old = START - timedelta(days=300)
    four = [asset(f"p{at}", 100, old, old, changes=[(old + timedelta(days=late), -100)]) for at, late in
            enumerate((0, 10, 20, 20))]  # fmt: skip
    late = asset("late", 300, old, START - timedelta(days=5))
    ends = tuple(START + timedelta(days=days) for days in (4, 5, 14, 15))
    _, found = forecast(record_of(frame([*four, late]), METRICS), START, ends, NOTHING)
    assert [found.received(at) for at in range(4)] == [0, 100, 100, 300]


def test_history_is_of_the_past_alone() -> None:
    """A day's history and standing do not know what happened after it."""
    assets = random_assets(Random(5), 30, START)
    day = START - timedelta(days=120)
    cut = [{**one, "changes": [each for each in one["changes"] if each[0] <= day]} for one in assets]
    cut = [
        {**one, **({"left_on": None} if (one.get("left_on") or date.min) > day else {})}
        for one in cut
        if one["entered_on"] <= day
    ]
    full, past = record_of(frame(assets), METRICS), record_of(frame(cut), METRICS)
    assert standing_on(full, full.pool.on(day)).cells.equals(standing_on(past, past.pool.on(day)).cells)
    assert standing_on(full, full.pool.on(day)).in_default == standing_on(past, past.pool.on(day)).in_default
    one, other = history_of(full, day), history_of(past, day)
    assert [getattr(one, name) for name in ("seasoned", "lag", "reinvestment")] == [
        getattr(other, name) for name in ("seasoned", "lag", "reinvestment")
    ]
    assert [one.rate(name) for name in RATES] == [other.rate(name) for name in RATES]
    assert one.curve.shares() == other.curve.shares()


RATES = ("default_rate", "dilution_rate", "recovery_rate")


def test_rates_unfold_to_the_changes_they_stand_on() -> None:
    old = START - timedelta(days=300)
    assets = [
        asset("p", 100, old, old, changes=[(old, -60), (old, -40, "return")]),
        asset("d", 100, old, old, changes=[(old + timedelta(days=100), -30)]),
    ]
    history = history_of(record_of(frame(assets), METRICS), START)
    assert {ref.id for ref in history.dilution_rate.inputs[0].unfold()} == {"p"}
    assert {ref.id for ref in history.recovery_rate.inputs[0].unfold()} == {"d/0"}
    assert "d" in {ref.id for ref in history.default_rate.inputs[0].unfold()}
    assert (history.default_rate.text(), history.dilution_rate.text(), history.recovery_rate.text()) == (
        "50.00%", "20.00%", "30.00%",
    )  # fmt: skip
    assert history.lag == 10


def test_a_few_seasoned_assets_do_not_speak_for_the_pool() -> None:
    old = START - timedelta(days=300)
    accident = asset("d", 100, old, old)
    fresh = asset("f", 901, START - timedelta(days=1), START + timedelta(days=60))
    for amount, seasoned in ((900, True), (901, False)):
        history = history_of(record_of(frame([accident, {**fresh, "amount": amount}]), METRICS), START)
        assert history.seasoned is seasoned
    assert history.default_rate.inputs[1].value == 1_001


def test_what_is_bought_costs_and_lasts_as_it_did() -> None:
    bought = asset("b", 200, START, START + timedelta(days=31), came="purchased", assigned_on=START, price=150)
    first = asset("a", 900, START, START + timedelta(days=90), assigned_on=START, price=900)
    usual = history_of(record_of(frame([first, bought]), METRICS), START).reinvestment
    assert usual == Reinvestment(amount=200, price=150, tenor=31)
    assert usual.bought(100) == 133
    assert history_of(record_of(frame([first]), METRICS), START).reinvestment.tenor == 90
    assert history_of(record_of(frame([]), METRICS), START).reinvestment == Reinvestment()


def test_amounts_beyond_64_bits_stay_exact() -> None:
    huge = [asset(f"h{at}", 9 * 10**18, START, START + timedelta(days=20)) for at in range(3)]
    _, found = forecast(record_of(frame(huge), METRICS), START, ENDS, NOTHING)
    assert found.received(0) == 27 * 10**18


def test_the_same_inputs_give_the_same_forecast() -> None:
    record, _ = made(7, 25)
    for name in PRESETS:
        assert forecast(record, START, ENDS, preset(name))[1] == forecast(record, START, ENDS, preset(name))[1]


def test_ends_up_to_the_day_bring_nothing() -> None:
    there = Standing(
        day=START, cells=pl.DataFrame({"due": [START], "owed": [5]}, schema={"due": pl.Date, "owed": pl.Int128})
    )
    assumed = Assumed(
        default=[0] * 3, dilution=[0] * 3, recovery=[0] * 3, delay=[0] * 3, prepaid=ONES, lag=0, default_days=1,
        curve=Curve.of([]),
    )  # fmt: skip
    found = expected(there, (START, START + timedelta(days=1)), assumed)
    assert (found.received(0), found.received(1)) == (0, 5)


ONES: Any = [1, 1]


@pytest.mark.parametrize("part", ["paying", "diluting", "defaulting", "recovering"])
def test_a_forecast_that_loses_a_fen_is_caught(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """The conservation that is tested above does find a fen that goes missing, of whichever part."""
    parted = forecasts._parted

    def faulty(*given: Any) -> pl.DataFrame:
        return parted(*given).with_columns(pl.col(part) - 1)

    monkeypatch.setattr(forecasts, "_parted", faulty)
    record, plain = made(3, 25)
    _, found = forecast(record, START, ENDS, preset("severe"))
    with pytest.raises(AssertionError):
        assert_adds_up(found, sum(plain.due.values()) + plain.in_default, plain.lost(preset("severe"), ENDS))
