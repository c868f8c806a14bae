"""Amounts, rounding and interest, against vectors that others published."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
import QuantLib as ql  # noqa: N813 - as its manual does
from hypothesis import given
from hypothesis import strategies as st

from abs.calendars import later
from abs.errors import BadAmount, BadTerms
from abs.money import (
    DayCount,
    Rounding,
    accrued,
    day_count_of,
    days_between,
    interest,
    parse_yuan,
    quotient,
    round_fen,
    rounding_of,
    year_fraction,
    yuan_text,
)

ACTUS = {
    "A365": DayCount.ACT_365F, "A360": DayCount.ACT_360, "AA": DayCount.ACT_ACT_ISDA, "30E360": DayCount.THIRTY_E_360,
}  # fmt: skip
"""The standard's names of day counts."""

FEN = st.integers(min_value=-(10**15), max_value=10**15)
RATES = st.decimals(min_value="0", max_value="0.36", places=6, allow_nan=False)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 12, 31))


@given(FEN)
def test_an_amount_survives_being_shown_and_read(fen: int) -> None:
    assert parse_yuan(yuan_text(fen)) == fen


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1,234.56"), (-100000000, "-1,000,000.00")]
)
def test_amounts_are_shown_in_yuan(fen: int, text: str) -> None:
    assert yuan_text(fen) == text


@pytest.mark.parametrize(("text", "fen"), [("1234.5", 123450), ("1234", 123400), ("-0.01", -1), ("1,000", 100000)])
def test_amounts_are_read_without_grouping_or_cents(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize("text", ["", " 1", "+1", "1.234", "1,23", "1e3", "1_0", ".5", "1.", "١", "--1", "1,2345.00"])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parse_yuan(text)


@pytest.mark.parametrize(
    ("amount", "half_up", "down", "half_even", "up"),
    [
        ("0.5", 1, 0, 0, 1),
        ("1.4999", 1, 1, 1, 2),
        ("-0.5", -1, 0, 0, -1),
        ("2.5", 3, 2, 2, 3),
        ("3.5", 4, 3, 4, 4),
        ("-2.51", -3, -2, -3, -3),
        ("7", 7, 7, 7, 7),
        ("0.0000001", 0, 0, 0, 1),
    ],
)
def test_rounding_is_a_term_of_the_deal(amount: str, half_up: int, down: int, half_even: int, up: int) -> None:
    expected = {
        Rounding.HALF_UP: half_up, Rounding.DOWN: down, Rounding.HALF_EVEN: half_even, Rounding.UP: up,
    }  # fmt: skip
    assert {rounding: round_fen(Decimal(amount), rounding) for rounding in Rounding} == expected


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(BadTerms):
        rounding_of("nearest")
    with pytest.raises(BadTerms):
        day_count_of("30E/365")


@given(FEN.filter(lambda fen: fen >= 0), RATES, DAYS, st.integers(0, 400), st.integers(0, 400))
def test_interest_of_two_periods_is_that_of_both(
    balance: int, rate: Decimal, start: date, first: int, second: int
) -> None:
    middle, end = start + timedelta(days=first), start + timedelta(days=first + second)
    whole = accrued(balance, rate, start, end)
    parts = accrued(balance, rate, start, middle) + accrued(balance, rate, middle, end)
    assert (whole - parts).copy_abs() <= Decimal("1e-9")


@given(FEN.filter(lambda fen: fen >= 0), RATES, DAYS, st.integers(0, 4000))
def test_truncation_never_pays_more_and_never_a_fen_less(balance: int, rate: Decimal, start: date, days: int) -> None:
    end = start + timedelta(days=days)
    exact = accrued(balance, rate, start, end)
    down = interest(balance, rate, start, end, rounding=Rounding.DOWN)
    up = interest(balance, rate, start, end, rounding=Rounding.HALF_UP)
    assert down <= exact < down + 1
    assert up in (down, down + 1)


def test_the_first_day_counts_and_the_last_does_not() -> None:
    assert days_between(date(2024, 2, 28), date(2024, 3, 1)) == 2
    assert days_between(date(2024, 1, 1), date(2024, 1, 1)) == 0
    with pytest.raises(BadAmount):
        days_between(date(2024, 1, 2), date(2024, 1, 1))


def _ql(day: date) -> ql.Date:
    return ql.Date.from_date(day)


@pytest.mark.parametrize(
    ("day_count", "start", "end", "share"),
    [
        (DayCount.ACT_365F, date(2024, 1, 1), date(2025, 1, 1), Fraction(366, 365)),
        (DayCount.ACT_360, date(2024, 1, 31), date(2024, 2, 29), Fraction(29, 360)),
        (DayCount.ACT_ACT_ISDA, date(2003, 11, 1), date(2004, 5, 1), Fraction(61, 365) + Fraction(121, 366)),
        (DayCount.ACT_ACT_ISDA, date(2023, 7, 1), date(2024, 7, 1), Fraction(184, 365) + Fraction(182, 366)),
        (DayCount.THIRTY_E_360, date(2024, 2, 29), date(2024, 3, 31), Fraction(31, 360)),
        (DayCount.THIRTY_E_360, date(2024, 1, 31), date(2024, 2, 29), Fraction(29, 360)),
        (DayCount.THIRTY_E_360_ISDA, date(2024, 1, 31), date(2024, 2, 29), Fraction(30, 360)),
        (DayCount.THIRTY_360_US, date(2024, 1, 30), date(2024, 1, 31), Fraction(0)),
        (DayCount.THIRTY_360_US, date(2024, 1, 29), date(2024, 1, 31), Fraction(2, 360)),
        (DayCount.ACT_ACT_ICMA, date(2003, 11, 1), date(2004, 5, 1), Fraction(1, 2)),
    ],
)
def test_shares_of_a_year_by_the_definitions(day_count: DayCount, start: date, end: date, share: Fraction) -> None:
    """The ISDA paper's own example among them: 2003-11-01 to 2004-05-01 (EMU and market conventions, 1998)."""
    assert year_fraction(start, end, day_count) == share


def test_the_last_day_of_february_counts_whole_only_before_maturity() -> None:
    start, end = date(2023, 8, 31), date(2024, 2, 29)
    assert year_fraction(start, end, DayCount.THIRTY_E_360_ISDA, maturity=end) == Fraction(179, 360)
    assert year_fraction(start, end, DayCount.THIRTY_E_360_ISDA, maturity=date(2025, 1, 1)) == Fraction(180, 360)


def test_a_stub_counts_as_part_of_its_regular_period() -> None:
    """ISDA's example: the short first period of a half-yearly bond, of the regular period it lies in."""
    share = year_fraction(
        date(1999, 2, 1), date(1999, 7, 1), DayCount.ACT_ACT_ICMA, period=(date(1998, 7, 1), date(1999, 7, 1))
    )
    assert share == Fraction(150, 365)


@given(DAYS, st.integers(0, 4000))
def test_shares_of_a_year_are_those_of_quantlib(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    counters = {
        DayCount.ACT_365F: ql.Actual365Fixed(),
        DayCount.ACT_360: ql.Actual360(),
        DayCount.ACT_ACT_ISDA: ql.ActualActual(ql.ActualActual.ISDA),
        DayCount.THIRTY_E_360: ql.Thirty360(ql.Thirty360.European),
        DayCount.THIRTY_E_360_ISDA: ql.Thirty360(ql.Thirty360.ISDA),
        DayCount.THIRTY_360_US: ql.Thirty360(ql.Thirty360.USA),
    }
    for day_count, counter in counters.items():
        share = year_fraction(start, end, day_count)
        assert math.isclose(share, counter.yearFraction(_ql(start), _ql(end)), abs_tol=1e-12)


@given(DAYS, st.sampled_from([1, 2, 3, 6, 12]), st.data())
def test_parts_of_a_regular_period_are_those_of_quantlib(start: date, months: int, data: st.DataObject) -> None:
    end = later(start, months=months)
    day = data.draw(st.dates(start, end))
    share = year_fraction(start, day, DayCount.ACT_ACT_ICMA, period=(start, end))
    counter = ql.ActualActual(ql.ActualActual.ISMA)
    assert math.isclose(share, counter.yearFraction(_ql(start), _ql(day), _ql(start), _ql(end)), abs_tol=1e-12)
    assert year_fraction(start, end, DayCount.ACT_ACT_ICMA) == Fraction(months, 12)


@given(DAYS, st.integers(0, 1_000))
def test_days_without_a_regular_period_are_those_of_quantlib(start: date, days: int) -> None:
    """A week of ACT/ACT ICMA is a week and no month."""
    end = start + timedelta(days=days)
    share = year_fraction(start, end, DayCount.ACT_ACT_ICMA)
    counter = ql.ActualActual(ql.ActualActual.ISMA)
    assert math.isclose(share, counter.yearFraction(_ql(start), _ql(end)), abs_tol=1e-12)


@given(DAYS, st.sampled_from(DayCount), st.integers(0, 400), st.integers(1, 10**15), RATES)
def test_interest_is_the_exact_share_of_the_rate(
    start: date, day_count: DayCount, days: int, balance: int, rate: Decimal
) -> None:
    end = start + timedelta(days=days)
    exact = balance * Fraction(rate) * year_fraction(start, end, day_count)
    assert math.isclose(Fraction(accrued(balance, rate, start, end, day_count)), exact, rel_tol=1e-20)
    with pytest.raises(BadAmount):
        year_fraction(end + timedelta(days=1), end, day_count)


def test_the_callers_decimal_context_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 3
        coarse = accrued(123456789, Decimal("0.0525"), date(2024, 1, 1), date(2024, 4, 1))
    assert coarse == accrued(123456789, Decimal("0.0525"), date(2024, 1, 1), date(2024, 4, 1))


def test_a_share_of_nothing_is_undefined() -> None:
    assert quotient(1, 0) is None


@pytest.mark.oracle
def test_interest_of_the_published_deal_comes_out_with_truncation_only(absbox_response: Path) -> None:
    """Class A1 of the deal: 17 of 17 periods by truncation, 8 of 17 by rounding half up."""
    document = json.loads(absbox_response.read_text(encoding="utf-8"), parse_float=Decimal)
    statement = [entry["contents"] for entry in document["Right"][0]["contents"]["bonds"]["A1"]["bndStmt"]]
    agreed = {Rounding.DOWN: 0, Rounding.HALF_UP: 0}
    for before, now in pairwise(statement):
        balance, unpaid = int(Decimal(before[1]) * 100), int(Decimal(before[6]) * 100)
        start, end = date.fromisoformat(before[0]), date.fromisoformat(now[0])
        paid, rate = int(Decimal(now[2]) * 100), Decimal(now[4])
        for rounding in agreed:
            due = unpaid + interest(balance + unpaid, rate, start, end, rounding=rounding)
            agreed[rounding] += due == paid
    assert len(statement) - 1 == 17
    assert agreed == {Rounding.DOWN: 17, Rounding.HALF_UP: 8}


@pytest.mark.oracle
def test_interest_of_the_published_contracts_comes_out(actus_pam: Path) -> None:
    """Every interest payment of the plain fixed-rate contracts, by every day count they use, to ten digits."""
    checked: Counter[DayCount] = Counter()
    for contract in json.loads(actus_pam.read_text(encoding="utf-8")).values():
        terms = contract["terms"]
        convention = ACTUS.get(terms.get("dayCountConvention", ""))
        events = contract["results"]
        plain = not {event["eventType"] for event in events} - {"IED", "IP", "MD"}
        whole_days = all(event["eventDate"].endswith("T00:00") for event in events)
        if (
            convention is None
            or not plain
            or not whole_days
            or terms.keys() & {"accruedInterest", "businessDayConvention"}
        ):
            continue
        before = None
        for event in events:
            day = date.fromisoformat(event["eventDate"][:10])
            if event["eventType"] == "IP" and before is not None:
                rate = Decimal(str(event["nominalInterestRate"]))
                principal = int(Decimal(str(before["notionalPrincipal"])) * 100)
                started = date.fromisoformat(before["eventDate"][:10])
                expected = Decimal(str(event["payoff"])) * 100
                assert (accrued(principal, rate, started, day, convention) - expected).copy_abs() < Decimal("1e-6")
                checked[convention] += 1
            before = event
    assert checked[DayCount.ACT_365F] >= 20
    assert checked[DayCount.THIRTY_E_360] >= 10
