"""Dynamic reserves, metrics 13 to 17: against fractions over plain assets, by hand, and what must hold of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from abs.figure import Figure, Unit
from abs.frame import OPEN
from abs.reserves import Reserves, reserves
from abs.series import monthly
from abs.terms import Affiliates, Metrics
from tests.support import plain_metrics
from tests.support import plain_series as plain
from tests.support.plain_metrics import Months
from tests.support.pool_frames import asset, frame

UNTIL = date(2024, 8, 15)
METRICS = Metrics(
    delinquency_edges=(1, 10, 30),
    default_days=20,
    default_lag=1,
    dilution_lag=1,
    dilution_horizon=2,
    loss_horizon=3,
    history=5,
    average_months=2,
    yield_reserve=Decimal("0.01"),
    servicing_reserve=Decimal("0.005"),
    debtor_ratings={"d0": "A", "d1": "B", "d2": "C"},
)


def fen(name: str, value: int | None) -> Figure:
    return Figure(name=name, value=value, unit=Unit.FEN, formula=name, height=1)


def of(
    assets: list[dict[str, Any]], terms: Metrics, nrpb: int, capital: int = 0, groups: tuple[Affiliates, ...] = ()
) -> Reserves:
    pool = frame(assets)
    found = monthly(pool, terms, UNTIL)
    return reserves(found, pool.on(UNTIL), fen("pool.nrpb", nrpb), OPEN, fen("capital", capital), groups)


@given(plain.assets(), st.integers(0, 50_000))
@settings(max_examples=20, deadline=None)
def test_every_reserve_is_its_formula(assets: list[dict[str, Any]], nrpb: int) -> None:
    assume(any(one["entered_on"] <= date(2024, 7, 31) for one in assets))
    found, months = of(assets, METRICS, nrpb), Months(assets, METRICS, UNTIL)
    adr, hdr = months.dilution()
    close(found.average_dilution, adr)
    close(found.highest_dilution, hdr)
    close(found.peak_default, peak := months.peak_default())
    close(found.dilution_horizon, dhr := months.horizon(2, nrpb))
    close(found.loss_horizon, lhr := months.horizon(3, nrpb))
    owing: dict[str, int] = {}
    for one in assets:
        owing[one["debtor"]] = owing.get(one["debtor"], 0) + plain.open_on(one, UNTIL)
    close(found.floor, floor := plain_metrics.floor(owing, METRICS.debtor_ratings, nrpb))
    if None in (adr, peak, dhr, lhr, floor):
        assert found.required.value is None
        assert found.holds is None
        return
    dvc = max(Fraction(0), hdr - adr) * hdr / adr if hdr > adr else Fraction(0)
    dilution = (Fraction("2.25") * adr + dvc) * dhr
    loss = Fraction("2.25") * peak * lhr
    close(found.volatility, dvc)
    close(found.dilution, dilution)
    close(found.minimum_dilution, adr * dhr)
    close(found.loss, loss)
    required = nrpb * (max(loss + dilution, floor + adr * dhr) + Fraction("0.015"))
    assert found.required.value in (ceil(required), ceil(required - Fraction(1, 10**15)))
    assert found.available.value == nrpb - found.required.fen()


def close(figure: Figure, exact: Fraction | None) -> None:
    if exact is None:
        assert figure.value is None, figure
    else:
        assert abs(Fraction(Decimal(figure.number())) - exact) <= max(abs(exact), Fraction(1)) / 10**24, figure


@given(
    plain.assets(),
    st.integers(1, 50_000),
    st.sampled_from(("dilution_stress", "loss_stress", "yield_reserve", "servicing_reserve")),
)
@settings(max_examples=12, deadline=None)
def test_a_harder_stress_never_asks_for_less(assets: list[dict[str, Any]], nrpb: int, factor: str) -> None:
    harder = METRICS.model_copy(update={factor: getattr(METRICS, factor) * 2})
    plainly, stressed = of(assets, METRICS, nrpb), of(assets, harder, nrpb)
    if plainly.required.value is not None:
        assert stressed.required.fen() >= plainly.required.fen()
        assert stressed.available.fen() <= plainly.available.fen()
    else:
        assert stressed.required.value is None


def history(diluted: dict[int, int], defaulted: dict[int, int]) -> list[dict[str, Any]]:
    """1,000,000 fen sold on the first of each month to seven debtors; so much is credited, or never paid, of it."""
    found = []
    for month in range(1, 8):
        credit = [(date(2024, month, 20), -diluted[month], "dilution")] if month in diluted else []
        bad = defaulted.get(month, 0)
        paid = [(date(2024, month, 28), -(1_000_000 - bad - diluted.get(month, 0)))]
        found.append(
            asset(
                f"a{month}",
                1_000_000,
                date(2024, month, 1),
                date(2024, month, 28),
                debtor=f"d{month}",
                changes=credit + paid,
            )
        )
    return found  # fmt: skip


def test_by_hand() -> None:
    """Dilution of 1, 1, 4 and 2 per cent of the sales of its month in April to July; 3 % of May defaults in June.

    History of four months, dilution lag 0: ADR 2 %, HDR 4 %, DVC = 2 % x 4 / 2 = 4 %. Horizon 1 month: DHR = 1,000,000
    / 500,000 = 2. Dilution reserve (2 x 2 % + 4 %) x 2 = 16 %, its minimum 4 %. June: 30,000 / 1,000,000 of May (lag
    1) = 3 %; averaged over 3 months at most 1 %. LHR = 2 months / 500,000 = 4: 2.5 x 1 % x 4 = 10 %.
    May's debtor still owes 30,000, unrated: floor 6 %. max(26 %, 10 %) + 1 % + 0.5 %: 137,500 of 500,000.
    """
    terms = METRICS.model_copy(
        update={
            "history": 4, "average_months": 3, "dilution_lag": 0, "default_lag": 1, "dilution_horizon": 1,
            "loss_horizon": 2, "dilution_stress": Decimal(2), "loss_stress": Decimal("2.5"), "default_days": 20,
        }
    )  # fmt: skip
    found = of(history({4: 10_000, 5: 10_000, 6: 40_000, 7: 20_000}, {5: 30_000}), terms, 500_000, capital=362_500)
    shares = {name: Decimal(getattr(found, name).number()).normalize() for name in (
        "average_dilution", "highest_dilution", "volatility", "dilution_horizon", "dilution", "minimum_dilution",
        "peak_default", "loss_horizon", "loss", "floor",
    )}  # fmt: skip
    assert shares == {
        "average_dilution": Decimal("0.02"), "highest_dilution": Decimal("0.04"), "volatility": Decimal("0.04"),
        "dilution_horizon": 2, "dilution": Decimal("0.16"), "minimum_dilution": Decimal("0.04"),
        "peak_default": Decimal("0.01"), "loss_horizon": 4, "loss": Decimal("0.1"), "floor": Decimal("0.06"),
    }  # fmt: skip
    assert found.required.value == 137_500
    assert (found.available.value, found.headroom.value, found.holds) == (362_500, 0, True)
    assert of(history({4: 10_000}, {}), terms, 500_000, capital=10**9).holds is False
    assert "4 of 4 months, 2024-04 to 2024-07" in found.average_dilution.formula
    named = {ref.id for ref in found.required.unfold() if ref.table == "Receivable"}
    assert named == {f"a{month}" for month in range(1, 8)}


def test_classes_of_debtors_decide_the_floor_and_affiliates_count_as_one() -> None:
    day = date(2024, 8, 1)
    owing = {"d0": 900, "d1": 500, "x": 300, "y": 200, "z": 100, "d2": 250, "e": 50, "f": 40, "g": 30}
    assets = [asset(name, owed, day, date(2024, 12, 1), debtor=name) for name, owed in owing.items()]
    # A: 900; B: 500; C: 250; five largest without a class: 300 + 200 + 100 + 50 + 40
    assert of(assets, METRICS, 1_000).floor.value == Decimal("0.9")
    assert of([one for one in assets if one["asset"] != "d0"], METRICS, 1_000).floor.value == Decimal("0.69")
    grouped = (Affiliates(group="grp", members=("d0", "x")),)  # with its worst member in D: 1,200 + 200 + 100 + 50 + 40
    assert of(assets, METRICS, 1_000, groups=grouped).floor.value == Decimal("1.59")


def test_what_is_missing_is_said() -> None:
    empty = of([], METRICS, 0)
    assert empty.required.value is None
    assert empty.average_dilution.formula.endswith(": there are 0 of 5 months")
    assert empty.headroom.formula.endswith("coverage.available undefined")
    idle = [asset("a", 100, date(2023, 12, 1), date(2024, 9, 1))]
    assert of(idle, METRICS, 100).average_dilution.formula.endswith("none of them has sales to compare with")
    for figure in (of(idle, METRICS, 0).loss_horizon, of(idle, METRICS, 0).floor):
        assert (figure.value, figure.formula.endswith(": NRPB is 0")) == (None, True)


@pytest.mark.parametrize(("months", "known"), [(1, True), (2, True), (3, False), (12, False)])
def test_a_history_shorter_than_the_terms_ask_for_has_no_answer(months: int, known: bool) -> None:
    """Invoiced in May; with a lag of 1, June and July have a ratio, 0 and 2 %. None stands for a good month."""
    changes = [(date(2024, 7, 3), -2_000, "dilution")]
    assets = [
        asset("a", 100_000, date(2024, 5, 1), date(2024, 9, 1), began=0),
        asset("b", 100_000, date(2024, 6, 1), date(2024, 9, 1), changes=changes),
    ]
    found = of(assets, METRICS.model_copy(update={"history": months, "average_months": 1}), 100_000)
    for figure, value in (
        (found.average_dilution, Decimal("0.02") / months),
        (found.highest_dilution, Decimal("0.02")),
    ):
        assert figure.value == (value if known else None)
        assert figure.formula.endswith("2024-07" if known else f": there are 2 of {months} months")
    assert (found.peak_default.value is None, found.required.value is None) == (not known, not known)


def test_a_month_without_sales_to_compare_with_is_left_out_and_that_is_said() -> None:
    """Sales in March and June alone: of April to July, April and July have a ratio; 1 % and 3 %."""
    assets = [
        asset("a", 100_000, date(2024, 3, 1), date(2024, 9, 1), changes=[(date(2024, 4, 3), -1_000, "dilution")]),
        asset("b", 100_000, date(2024, 6, 1), date(2024, 9, 1), changes=[(date(2024, 7, 3), -3_000, "dilution")]),
    ]
    found = of(assets, METRICS.model_copy(update={"history": 4}), 100_000)
    assert found.average_dilution.value == Decimal("0.02")
    assert found.average_dilution.formula == "mean dilution ratio of 2 of 4 months, 2024-04 to 2024-07"


def test_a_mean_over_months_that_are_not_there_is_no_peak() -> None:
    """Three months averaged, with a lag of 2, over two: of January to July that needs May to July, from May on."""
    terms = METRICS.model_copy(update={"average_months": 3, "default_lag": 2})
    assets = history({}, {3: 30_000})
    for months, value in ((3, Decimal("0.01")), (4, None)):
        assert of(assets, terms.model_copy(update={"history": months}), 500_000).peak_default.value == value


@pytest.mark.parametrize(("horizon", "value"), [(2, Decimal(2)), (3, None)])
def test_sales_of_a_horizon_longer_than_the_pool_has_no_answer(horizon: int, value: Decimal | None) -> None:
    assets = [asset(f"a{month}", 100_000, date(2024, month, 1), date(2024, 9, 1)) for month in (6, 7)]
    found = of(assets, METRICS.model_copy(update={"dilution_horizon": horizon, "loss_horizon": horizon}), 100_000)
    for figure in (found.dilution_horizon, found.loss_horizon):
        assert figure.value == value
        assert value is not None or figure.formula.endswith(": there are 2 of 3 months")


def test_a_cut_off_day_at_the_end_of_a_month_makes_no_month_of_one_day() -> None:
    """It came on 31 May: June and July are its months, May is none without dilution."""
    changes = [(date(2024, month, 3), -2_000, "dilution") for month in (6, 7)]
    day = date(2024, 5, 31)
    one = asset("a", 100_000, date(2024, 5, 1), date(2024, 9, 1), entered_on=day, changes=changes)
    more = asset("b", 100_000, date(2024, 6, 1), date(2024, 9, 1))
    for months, value in ((2, Decimal("0.02")), (3, None)):
        terms = METRICS.model_copy(update={"history": months})
        assert of([one, more], terms, 100_000).average_dilution.value == value
