"""Amounts, rounding and interest, against vectors that others published."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    yuan_text,
)

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
    ("amount", "half_up", "down"), [("0.5", 1, 0), ("1.4999", 1, 1), ("-0.5", -1, 0), ("2.5", 3, 2), ("-2.51", -3, -2)]
)
def test_rounding_is_a_term_of_the_deal(amount: str, half_up: int, down: int) -> None:
    assert round_fen(Decimal(amount), Rounding.HALF_UP) == half_up
    assert round_fen(Decimal(amount), Rounding.DOWN) == down


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(BadTerms):
        rounding_of("up")
    with pytest.raises(BadTerms):
        day_count_of("30E/360")


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
    agreed = dict.fromkeys(Rounding, 0)
    for before, now in pairwise(statement):
        balance, unpaid = int(Decimal(before[1]) * 100), int(Decimal(before[6]) * 100)
        start, end = date.fromisoformat(before[0]), date.fromisoformat(now[0])
        paid, rate = int(Decimal(now[2]) * 100), Decimal(now[4])
        for rounding in Rounding:
            due = unpaid + interest(balance + unpaid, rate, start, end, rounding=rounding)
            agreed[rounding] += due == paid
    assert len(statement) - 1 == 17
    assert agreed == {Rounding.DOWN: 17, Rounding.HALF_UP: 8}


@pytest.mark.oracle
def test_interest_of_the_published_contracts_comes_out(actus_pam: Path) -> None:
    """Every interest payment of the plain fixed-rate contracts by actual days over 365, to ten digits."""
    checked = 0
    for contract in json.loads(actus_pam.read_text(encoding="utf-8")).values():
        terms = contract["terms"]
        convention = {"A365": DayCount.ACT_365F}.get(terms.get("dayCountConvention", ""))
        events = contract["results"]
        plain = not {event["eventType"] for event in events} - {"IED", "IP", "MD"}
        whole_days = all(event["eventDate"].endswith("T00:00") for event in events)
        if convention is None or not plain or not whole_days or "accruedInterest" in terms:
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
                checked += 1
            before = event
    assert checked >= 20
