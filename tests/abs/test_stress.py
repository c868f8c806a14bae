"""A plan under scenarios, held to a slow forecast and a slow waterfall, and to what must hold whatever is assumed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.deal import Period
from abs.errors import BadTerms
from abs.scenario import PRESETS, Scenario, preset
from abs.stress import break_even, stress
from abs.stress.result import StressRun
from abs.stress.setting import Setting, setting_of
from abs.terms import Condition, Conventions, Dates, PlanTerms, Revolving, Trigger, Waterfall
from abs.waterfall import opening_state
from tests.support.deals import NAMES, terms_named
from tests.support.plain_forecast import PlainForecast, random_assets
from tests.support.plain_waterfall import PlainDeal
from tests.support.pool_frames import asset, frame
from tests.support.random_deals import CLOSING
from tests.support.small_deals import DAYS, YEAR, fee, plan, step, tranche

NOTHING = {"default": {"rate": 0}, "dilution": {"rate": 0}}


def scenario(**parts: Any) -> Scenario:
    return Scenario.model_validate({"scenario": "x", **parts})


def simple(*, debt: int = 10_000, senior: str = "0.05") -> PlanTerms:
    """Fee, interest, principal by rank, and the rest to the last; it pays once a year."""
    return plan(
        step("fees", "trustee"),
        step("interest", "A", "M"),
        step("principal", "A", "M", "S"),
        step("residual", "S"),
        tranches=[tranche("A", debt, senior), tranche("M", debt // 10, "0.08"), tranche("S", debt // 10)],
        fees=(fee(),),
    )


def owing(*amounts: int, **more: Any) -> list[dict[str, Any]]:
    """Assets that are due half a year before each payment date."""
    return [
        asset(f"a{at}", amount, CLOSING - timedelta(days=1), day - YEAR / 2, assigned_on=CLOSING, **more)
        for at, (amount, day) in enumerate(zip(amounts, DAYS, strict=False))
    ]


def set_up(terms: PlanTerms, assets: list[dict[str, Any]], **more: Any) -> Setting:
    return setting_of(terms, frame(assets), CLOSING, opening_state(terms), **more)


def paid(run: StressRun) -> list[tuple[int, int, int]]:
    return [(one.fees, one.interest, one.principal + one.residual) for one in run.dates]


def test_by_hand() -> None:
    """6,000 due in each of two years; half of the second year's defaults, and 20% of that comes back a year later."""
    terms = simple()
    run = stress(
        set_up(terms, owing(6_000, 6_000), cash=500),
        scenario(default={"rate": [0, "0.5"]}, recovery={"rate": "0.2", "lag": 365}, dilution={"rate": 0}),
    )
    # 6,500 = 100 fee + 500 + 80 interest + 5,820 to A, of which 4,180 are left.
    # 3,000 = 100 fee + 209 + 80 interest + 2,611 to A: 1,569 left. Then 600 recovered: 100 + 78 + 80 + 342: 1,227 left.
    assert paid(run) == [(100, 580, 5_820), (100, 289, 2_611), (100, 158, 342), (0, 0, 0), (0, 0, 0)]
    first, second, third = run.dates[:3]
    assert [one.collected for one in run.dates] == [6_500, 3_000, 600, 0, 0]
    assert first.cover("rated").interest == Decimal(6_400) / 580
    assert first.cover("senior").principal == Decimal(6_400 - 500) / 10_000
    # 3,000 and 600 are still to come for 4,180 and 1,000.
    assert first.cover("senior").assets == pytest.approx(Decimal(3_600) / 4_180)
    assert first.cover("rated").assets == pytest.approx(Decimal(3_600) / 5_180)
    assert second.cover("rated").assets == pytest.approx(Decimal(600) / 2_569)
    assert (third.balance, third.performing) == (2_400, 0)
    assert run.pool.expected + run.pool.lost == 12_000
    senior = run.tranche("A")
    assert (senior.lost_principal, senior.principal) == (1_227, 8_773)
    assert senior.lost_interest == 61 + 61
    days = [(one.principal, (one.on - CLOSING).days) for one in senior.flows]
    assert senior.average_life == pytest.approx(
        Decimal(sum(amount * day for amount, day in days)) / (365 * senior.principal)
    )
    assert run.tranche("S").internal_rate is None


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(PRESETS), trigger=st.booleans())
def test_it_is_what_a_slow_forecast_and_a_slow_waterfall_pay(seed: int, name: str, trigger: bool) -> None:
    random = Random(seed)
    assets = random_assets(random, 10, CLOSING)
    triggers = (
        Trigger(
            trigger="t",
            name="t",
            when=Condition(measure="pool.cumulative_default_rate", op=">", value=Decimal(random.randint(0, 40)) / 100),
            periods=random.randint(1, 2),
            effect="accelerated",
        ),
    )
    terms = simple(debt=random.randint(10, 10**9)).model_copy(update={"triggers": triggers if trigger else ()})
    terms = terms.model_copy(update={"metrics": terms.metrics.model_copy(update={"default_days": 90})})
    run = stress(set_up(terms, assets), preset(name))
    slow, deal = PlainForecast(assets, CLOSING, 90), PlainDeal(terms)
    cash = slow.cash(preset(name), [one.calculation for one in run.dates])
    for at, result in enumerate(run.results):
        came = cash[at] - (cash[at - 1] if at else 0)
        assert result.period.receipts == {"cash": came}
        deal.run(Period(period=at + 1, on=DAYS[at], receipts={"cash": came}, measures=result.period.measures))
        for one in terms.tranches:
            assert run.results[at].closing.tranches[one.tranche].outstanding == deal.at(("principal", one.tranche))
            assert run.results[at].closing.tranches[one.tranche].interest_arrears == deal.at(("interest", one.tranche))
    rate = run.results[-1].period.measures["pool.cumulative_default_rate"]
    came_in = sum(one["amount"] for one in assets if one["entered_on"] <= CLOSING)
    assert rate is None or rate * came_in == pytest.approx(slow.fallen + run.pool.defaulted[-1] - slow.in_default)


@settings(max_examples=15, deadline=None)
@given(
    amounts=st.lists(st.integers(0, 10**6), min_size=5, max_size=5),
    debt=st.integers(10, 10**6),
    low=st.integers(0, 100),
    more=st.integers(0, 100),
    delay=st.sampled_from([0, 200]),
)
def test_more_defaults_never_raise_coverage(amounts: list[int], debt: int, low: int, more: int, delay: int) -> None:
    """Where no trigger leads elsewhere and nothing is recovered: not on any date, of any scope; nor lower a loss."""
    setting = set_up(simple(debt=debt), owing(*amounts))
    runs = [
        stress(
            setting,
            scenario(
                default={"rate": str(Decimal(rate) / 100)}, dilution={"rate": 0}, recovery={"rate": 0}, delay=delay
            ),
        )
        for rate in (low, min(100, low + more))
    ]
    for few, many in zip(runs[0].dates, runs[1].dates, strict=True):
        for scope in ("senior", "rated"):
            for part in ("interest", "principal", "assets"):
                before, after = (getattr(one.cover(scope), part) for one in (few, many))
                # Without debt there is no coverage: with fewer defaults it is paid earlier, never later.
                assert after is not None or before is None
                assert before is None or after is None or after <= before
    for first, second in zip(runs[0].tranches[:2], runs[1].tranches[:2], strict=True):
        assert first.lost_principal <= second.lost_principal


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(NAMES), assumed=st.sampled_from(PRESETS))
def test_cash_is_conserved_whatever_happens(seed: int, name: str, assumed: str) -> None:
    """All that came is paid out, spent or still there; what is bought is owed; every tranche is repaid or lost."""
    terms, day = terms_named(name), terms_named(name).plan.closing + timedelta(days=30)
    setting = setting_of(terms, frame(random_assets(Random(seed), 15, day)), day, opening_state(terms), cash=1_000)
    run = stress(setting, preset(assumed))
    came = sum(one.collected for one in run.dates) + sum(one.shortfall for one in run.dates)
    gone = sum(one.fees + one.interest + one.principal + one.residual + one.repaid + one.spent for one in run.dates)
    assert came == gone + run.dates[-1].cash
    assert sum(one.collected for one in run.dates) - setting.cash == run.total.received(len(run.total.ends) - 1)
    assert run.total.outstanding == run.pool.outstanding + sum(one.bought for one in run.dates)
    assert run.total.expected + run.total.lost == run.total.outstanding
    assert run.pool.outstanding == setting.outstanding.value
    for one in run.tranches:
        assert one.principal + one.lost_principal == one.outstanding
    assert run.as_json() == stress(setting, preset(assumed)).as_json()


def revolving(*, buy: bool = True, until: date = DAYS[1], **dates: Any) -> PlanTerms:
    """Two years of purchases, then principal."""
    kept = [step("fees"), step("interest", "A")]
    waterfalls = (
        Waterfall(state="revolving", steps=(*kept, *([step("buy")] if buy else []))),
        Waterfall(state="amortising", steps=(*kept, step("principal", "A", "S"), step("residual", "S"))),
    )
    return plan(
        *kept,
        tranches=[tranche("A", 10_000, "0.05"), tranche("S", 1_000)],
        fees=(fee(),),
        revolving=Revolving(until=until),
        waterfalls=waterfalls,
        dates=Dates(pay=DAYS, roll="none", **dates),
        conventions=Conventions(calendar="every_day"),
    )


def purchased(**more: Any) -> list[dict[str, Any]]:
    """12,000 that were bought for 9,600, due a year after."""
    return [asset("p", 12_000, CLOSING - timedelta(days=9), CLOSING + YEAR, assigned_on=CLOSING, price=9_600, **more)]


@pytest.mark.parametrize("buy", [True, False])
def test_purchases_by_hand(buy: bool) -> None:
    """What the first date leaves buys at 80%, due a year later; the second date does so again; the third repays."""
    run = stress(set_up(revolving(buy=buy), purchased()), scenario(**NOTHING))
    assert [(one.state, one.spent, one.bought) for one in run.dates[:3]] == [
        ("revolving", 11_400, 14_250),  # 12,000 - 100 - 500
        ("revolving", 13_650, 17_062),
        ("amortising", 0, 0),
    ]
    assert run.dates[0].cover("senior").assets == Decimal(14_250) / 10_000
    assert run.dates[0].cash == 0
    assert run.dates[2].principal == 11_000
    assert run.dates[2].residual == 17_062 - 600 - 11_000
    assert run.total.beyond == 0


def test_cash_that_is_passed_on_earlier_buys_earlier() -> None:
    """Monthly: what the coming date does not need is spent on the first day of passing on after it came."""
    assets = [{**purchased()[0], "due": CLOSING + timedelta(days=40)}]
    run = stress(set_up(revolving(remittance_every="month", calculation=5), assets), scenario(**NOTHING))
    # All but 100 + 500 is spent after 40 days; what that buys is due 40 days later, and buys again.
    first = run.dates[0]
    assert first.collected > 5 * 12_000
    assert first.spent > 4 * 11_400
    assert (first.fees, first.interest, first.state) == (100, 500, "revolving")
    assert first.spent == run.results[0].period.bought["cash"] + run.results[0].paid("assets")


def test_purchases_leave_what_the_coming_date_needs() -> None:
    """All comes before the first purchase, and nothing of what that buys before the date: 600 of it are kept back."""
    early = asset("e", 12_000, CLOSING - timedelta(days=9), CLOSING + timedelta(days=10), assigned_on=CLOSING, price=9)
    lasting = asset("l", 1, CLOSING, CLOSING + 5 * YEAR, assigned_on=CLOSING, price=1, came="purchased")
    terms = revolving(remittance_every="month", calculation=5)
    first = stress(set_up(terms, [early, lasting]), scenario(**NOTHING)).dates[0]
    assert (first.collected, first.spent, first.fees, first.interest, first.cash) == (12_000, 11_400, 100, 500, 0)


@pytest.mark.parametrize("stop", [{"revolving_periods": 0}, {"revolving_stop": DAYS[0].isoformat()}])
def test_a_stop_of_purchases_ends_the_revolving_period(stop: dict[str, Any]) -> None:
    run = stress(set_up(revolving(), purchased()), scenario(**NOTHING, **stop))
    assert [one.state for one in run.dates] == ["amortising"] * 5
    assert (run.dates[0].spent, run.dates[0].principal) == (0, 11_000)


@pytest.mark.parametrize(("days", "spent"), [(59, 0), (60, 11_400)])
def test_purchases_go_on_until_the_day_they_stop(days: int, spent: int) -> None:
    """What came after 40 days buys on the first day of passing on after it, day 59, where that is ahead of the stop."""
    assets = [{**purchased()[0], "due": CLOSING + timedelta(days=40)}]
    terms = revolving(remittance_every="month", calculation=5)
    stop = (CLOSING + timedelta(days=days)).isoformat()
    run = stress(set_up(terms, assets), scenario(**NOTHING, revolving_stop=stop))
    assert (run.dates[0].spent, run.dates[0].state) == (spent, "amortising")


def test_a_trigger_ends_purchases_too() -> None:
    when = Condition(measure="pool.cumulative_default_rate", op=">", value=Decimal("0.1"))
    terms = revolving().model_copy(
        update={"triggers": (Trigger(trigger="t", name="t", when=when, effect="amortising"),)}
    )
    run = stress(set_up(terms, purchased()), scenario(default={"rate": "0.5"}))
    assert [one.state for one in run.dates[:2]] == ["revolving", "amortising"]
    assert [one.spent > 0 for one in run.dates[:2]] == [True, False]
    assert run.dates[1].changes[0].startswith("trigger t on")


def test_a_trigger_on_what_a_forecast_cannot_know_is_told_once() -> None:
    when = Condition(measure="pool.dilution_ratio", op=">", value=Decimal("0.1"))
    terms = simple().model_copy(update={"triggers": (Trigger(trigger="t", name="t", when=when),)})
    run = stress(set_up(terms, owing(1)), scenario())
    assert run.untested == ("trigger t not tested: pool.dilution_ratio is undefined",)
    assert [one.changes for one in run.dates] == [()] * 5


def test_break_even_is_the_last_rate_that_is_borne() -> None:
    setting = set_up(simple(), owing(6_000, 6_000, 2_000, 2_000))
    assumed = scenario(recovery={"rate": 0}, dilution={"rate": 0})
    found = break_even(setting, assumed)
    assert found["S"] is not None
    assert found["M"] is not None
    assert found["A"] is not None
    assert 0 < found["S"] < found["M"] < found["A"] < 1
    for name, rate in found.items():
        for step_, lost in ((0, False), (1, True)):
            stressed = {"default": {"rate": str(rate + Decimal(step_) / 10_000)}}  # type: ignore[operator]
            run = stress(setting, Scenario.model_validate(assumed.document() | stressed))
            assert bool(run.tranche(name).lost) is lost
    assert break_even(set_up(simple(), owing(1)), assumed)["A"] is None
    assert break_even(set_up(simple(), [], cash=20_000), assumed)["A"] == 1


def test_a_plan_without_dates_to_come_has_no_stress_test() -> None:
    terms = simple()
    with pytest.raises(BadTerms) as caught:
        setting_of(terms, frame([]), DAYS[-1] + timedelta(days=1), opening_state(terms))
    assert caught.value.code == "no-payment-date"


def test_what_it_shows() -> None:
    run = stress(set_up(simple(), owing(6_000, 6_000)), preset("severe"))
    shown = run._repr_html_()
    assert shown.count("<tr>") == 2 + 2 + len(run.tranches)  # nothing happens after two dates
    assert "severe" in shown
    assert run.frame().height == 5
    assert run.frame()["principal"].sum() == sum(one.principal for one in run.tranches)
    assert run.outcome()["lost_principal"].to_list() == [one.lost_principal for one in run.tranches]
    assert run.as_json()["dates"][0]["on"] == DAYS[0].isoformat()
