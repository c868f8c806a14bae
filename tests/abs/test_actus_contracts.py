"""What the reference tests leave open: other conventions, and properties of every contract and guarantee."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from abs.calendars import calendar
from abs.errors import BadTerms
from abs.instrument import Contract, ContractType, Event, EventType, Reset, Trade
from abs.instrument.dates import Cycle, Shift
from abs.instrument.events import balance_on, events
from abs.instrument.guarantee import Covered, CreditEvent, Exposure, Guarantee, GuaranteeFee, guarantee_events
from abs.instrument.tranche import flows_of
from abs.money import DayCount, Rounding

QUIET = settings(deadline=None, max_examples=60)
"""The first example may load QuantLib, which takes seconds on a busy machine."""
TINY = Decimal("1e-12")
ISSUED = date(2024, 1, 31)
MONTHLY = Cycle(anchor=date(2024, 2, 29), months=1, long_stub=True)
BULLET = Contract(
    type=ContractType.PAM,
    status=date(2024, 1, 1),
    exchange=ISSUED,
    notional=Decimal(1_000_000),
    rate=Decimal("0.06"),
    day_count=DayCount.ACT_365F,
    maturity=date(2024, 12, 15),
    interest=MONTHLY,
)
CREDIT = CreditEvent(on=date(2024, 6, 20), name="loan", performance="DF")
GUARANTEE = Guarantee(
    role="BUY",
    status=date(2024, 1, 1),
    covered=(Covered(name="loan", contract=BULLET),),
    covers=frozenset({"DF"}),
)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A contract of any type with the terms that bear on its cash flows; no resets, trades or stated payments."""
    kind = draw(st.sampled_from(ContractType))
    start = draw(st.dates(min_value=date(2010, 1, 1), max_value=date(2030, 12, 31)))
    months = draw(st.sampled_from([1, 2, 3, 6, 12]))
    anchor = start + timedelta(days=draw(st.integers(1, 70)))
    cycle = Cycle(anchor=anchor, months=months, long_stub=draw(st.booleans()))
    last = anchor + timedelta(days=draw(st.integers(40, 2_000)))
    notional = Decimal(draw(st.integers(1, 10**12)))
    shares = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5))
    return Contract(
        type=kind,
        role=draw(st.sampled_from(["RPA", "RPL"])),
        status=start - timedelta(days=1),
        exchange=start,
        notional=notional,
        rate=draw(st.decimals(min_value="0", max_value="0.24", places=4, allow_nan=False)),
        day_count=draw(st.sampled_from([day_count for day_count in DayCount if day_count != "ACT/ACT ICMA"])),
        maturity=last,
        premium=Decimal(draw(st.integers(-1_000, 1_000))),
        interest=cycle,
        principal=cycle,
        redemptions={
            start + timedelta(days=30 * place): Decimal(int(notional) * share // sum(shares))
            for place, share in enumerate(shares, start=1)
        },
        end_of_month=draw(st.booleans()),
        shift=draw(st.sampled_from(Shift)),
        calendar=calendar("weekdays"),
        last_day_counts=draw(st.booleans()),
    )


def paid(found: Sequence[Event], *kinds: EventType) -> Decimal:
    return sum((event.payoff for event in found if event.type in kinds), Decimal(0))


@QUIET
@given(contracts())
def test_principal_repaid_is_principal_lent(contract: Contract) -> None:
    found = events(contract)
    assert paid(found, EventType.IED) == -contract.sign * (contract.notional + contract.premium)
    repaid = paid(found, EventType.PR, EventType.MD)
    assert (repaid - contract.sign * contract.notional).copy_abs() <= TINY * contract.notional
    assert found[-1].type is EventType.MD
    assert found[-1].notional == found[-1].accrued == 0
    flows = flows_of(found, Rounding.DOWN)
    assert sum(flow.principal for flow in flows) == contract.sign * contract.notional, "rounded, it still adds up"


@QUIET
@given(contracts())
def test_the_debtor_pays_what_the_holder_gets(contract: Contract) -> None:
    holder, debtor = events(replace(contract, role="RPA")), events(replace(contract, role="RPL"))
    assert [(event.on, event.type, -event.payoff) for event in holder] == [
        (event.on, event.type, event.payoff) for event in debtor
    ]


@QUIET
@given(contracts())
def test_days_never_go_back_and_the_balance_never_grows(contract: Contract) -> None:
    found = events(replace(contract, role="RPA"))
    for before, now in pairwise(found):
        assert before.on <= now.on
        assert now.notional <= before.notional
    assert found[0].type is EventType.IED
    if contract.shift is not Shift.NONE:
        moved = [event for event in found if event.type is not EventType.PRF and event.on > contract.exchange]
        assert all(event.on.weekday() < 5 for event in moved)


@QUIET
@given(contracts())
def test_an_annuity_pays_the_same_every_time(contract: Contract) -> None:
    contract = replace(contract, type=ContractType.ANN, role="RPA")
    by_day: dict[date, Decimal] = {}
    for event in events(contract):
        if event.type in (EventType.PR, EventType.IP, EventType.MD):
            by_day[event.on] = by_day.get(event.on, Decimal(0)) + event.payoff
    payments = list(by_day.values())
    if len(set(by_day)) == len(contract.days(contract.interest, contract.ends(), with_end=True)):
        assert max(payments) - min(payments) <= TINY * contract.notional


@QUIET
@given(contracts(), st.integers(0, 2_000))
def test_a_contract_seen_later_has_the_same_future(contract: Contract, after: int) -> None:
    """Balance and events from any later day on are those that were foreseen at the start.

    Days counted by 30/360 US do not add up: from the 25th to the 31st they are one more than by way of the 30th.
    """
    contract = replace(contract, role="RPA", shift=Shift.NONE)
    assume(contract.day_count is not DayCount.THIRTY_360_US)
    seen = contract.exchange + timedelta(days=after)
    if seen >= contract.ends():
        return
    notional, accrued = balance_on(contract, seen)
    ahead = [event for event in events(contract) if event.on > seen]
    later = replace(contract, status=seen, notional=notional, accrued=accrued)
    if contract.type is ContractType.LAM:
        later = replace(later, payment=next((e.payoff for e in ahead if e.type is EventType.PR), Decimal(0)))
    seen_so = [later]
    if contract.type is not ContractType.LAX:  # elsewhere principal changes on interest days alone
        seen_so.append(replace(later, accrued=None))
    for found in map(events, seen_so):
        assert [(event.on, event.type) for event in found] == [(event.on, event.type) for event in ahead]
        for one, other in zip(found, ahead, strict=True):
            assert (one.payoff - other.payoff).copy_abs() <= TINY * contract.notional


@pytest.mark.parametrize(
    ("shift", "paid_on", "counted_to"),
    [
        (Shift.NONE, date(2024, 3, 31), date(2024, 3, 31)),
        (Shift.SCF, date(2024, 4, 1), date(2024, 4, 1)),
        (Shift.CSF, date(2024, 4, 1), date(2024, 3, 31)),
        (Shift.SCMF, date(2024, 3, 29), date(2024, 3, 29)),
        (Shift.CSMF, date(2024, 3, 29), date(2024, 3, 31)),
        (Shift.SCP, date(2024, 3, 29), date(2024, 3, 29)),
        (Shift.CSP, date(2024, 3, 29), date(2024, 3, 31)),
    ],
)
def test_a_sunday_at_the_end_of_march_is_shifted(shift: Shift, paid_on: date, counted_to: date) -> None:
    sunday = date(2024, 3, 31)
    assert shift.pays_on(sunday, calendar("weekdays")) == paid_on
    assert shift.counts_to(sunday, calendar("weekdays")) == counted_to


@pytest.mark.parametrize(
    ("shift", "paid_on"),
    [(Shift.SCP, date(2024, 5, 31)), (Shift.SCMP, date(2024, 6, 3)), (Shift.CSMP, date(2024, 6, 3))],
)
def test_the_first_of_june_is_shifted_back_unless_that_leaves_the_month(shift: Shift, paid_on: date) -> None:
    assert shift.pays_on(date(2024, 6, 1), calendar("weekdays")) == paid_on


def test_a_cycle_counts_from_its_anchor() -> None:
    cycle = Cycle(anchor=date(2024, 1, 31), months=1)
    assert [cycle.at(count).isoformat()[5:] for count in range(4)] == ["01-31", "02-29", "03-31", "04-30"]
    short = Cycle(anchor=date(2024, 2, 29), months=1)
    assert short.at(1) == date(2024, 3, 29)
    assert short.at(1, end_of_month=True) == date(2024, 3, 31)


def test_a_short_last_period_is_joined_or_stands_alone() -> None:
    for long_stub, days in ((True, ["02-29", "12-15"]), (False, ["02-29", "11-29", "12-15"])):
        cycle = Cycle(anchor=date(2024, 2, 29), months=9, long_stub=long_stub)
        assert [day.isoformat()[5:] for day in cycle.until(date(2024, 12, 15), with_end=True)] == days


def test_a_loan_that_redeems_evenly_says_its_payment_or_its_end() -> None:
    linear = replace(BULLET, type=ContractType.LAM, principal=MONTHLY, maturity=date(2024, 11, 29))
    redeemed = [event.payoff for event in events(linear) if event.type in (EventType.PR, EventType.MD)]
    assert redeemed == [Decimal(100_000)] * 10
    assert replace(linear, maturity=None, payment=Decimal(100_000)).ends() == date(2024, 11, 29)
    assert replace(linear, maturity=None, payment=Decimal(300_000)).ends() == date(2024, 5, 29)


def test_an_annuity_with_a_stated_payment_ends_when_it_has_repaid() -> None:
    annuity = replace(BULLET, type=ContractType.ANN, principal=MONTHLY, maturity=None, payment=Decimal(90_000))
    assert annuity.ends() == date(2025, 1, 29)
    found = events(annuity)
    redeemed = [event.payoff for event in found if event.type is EventType.PR]
    assert len(redeemed) == 11
    assert 0 < found[-1].payoff < redeemed[-1] < 90_000


def test_the_callers_decimal_context_changes_nothing() -> None:
    annuity = replace(BULLET, type=ContractType.ANN, principal=MONTHLY)
    stated = replace(annuity, maturity=None, payment=Decimal(88_100))  # does not quite repay in 12 periods
    with localcontext() as context:
        context.prec = 2
        coarse = events(annuity), events(stated), guarantee_events(GUARANTEE, [CREDIT]), balance_on(stated, CREDIT.on)
    exact = events(annuity), events(stated), guarantee_events(GUARANTEE, [CREDIT]), balance_on(stated, CREDIT.on)
    assert coarse == exact


def test_interest_capitalised_bears_interest() -> None:
    found = events(replace(BULLET, capitalise_until=date(2024, 3, 29)))
    grown = [event.notional for event in found if event.type is EventType.IPCI]
    first = Decimal(1_000_000) * (1 + Decimal("0.06") * 29 / 365)
    assert len(grown) == 2
    assert (grown[0] - first).copy_abs() <= Decimal("1e-15") * first
    assert (grown[1] - first * (1 + Decimal("0.06") * 29 / 365)).copy_abs() <= Decimal("1e-15") * first
    assert found[-1].payoff == grown[1]
    found = events(replace(BULLET, capitalise_until=date(2024, 3, 28)))
    assert [event.on.day for event in found if event.type is EventType.IPCI] == [29, 28]


def test_a_rate_that_nobody_observed_stops_the_contract() -> None:
    reset = Reset(when=(date(2024, 5, 29),), spread=Decimal("0.01"))
    with pytest.raises(BadTerms, match="2024-05-29") as refused:
        events(replace(BULLET, reset=reset))
    assert refused.value.code == "no-rate-observed"
    found = events(replace(BULLET, reset=reset), {date(2024, 5, 29): Decimal("0.03")})
    assert [event.rate for event in found if event.type is EventType.RR] == [Decimal("0.04")]


def test_a_buyer_gets_what_comes_after_the_purchase() -> None:
    found = events(replace(BULLET, purchase=Trade(on=date(2024, 6, 10), price=Decimal(990_000))))
    assert found[0].type is EventType.PRD
    assert found[0].payoff == -990_000 - found[0].accrued
    bought_later = replace(BULLET, purchase=Trade(on=date(2024, 6, 10), price=Decimal(990_000)))
    assert events(bought_later, to=date(2024, 6, 9)) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"maturity": None},
        {"type": ContractType.LAM, "maturity": None},
        {"type": ContractType.LAM, "maturity": None, "payment": Decimal(1), "principal": (date(2024, 5, 1),)},
        {"type": ContractType.ANN, "maturity": None, "payment": Decimal(1), "principal": MONTHLY},
        {"type": ContractType.LAM, "maturity": None, "payment": Decimal(1), "principal": MONTHLY},
        {"type": ContractType.LAM, "maturity": None, "payment": Decimal("1e-9"), "principal": MONTHLY},
    ],
)
def test_a_contract_that_never_ends_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadTerms) as refused:
        events(replace(BULLET, **change))
    assert refused.value.code == "bad-contract"


def test_a_cycle_that_does_not_go_on_is_refused() -> None:
    with pytest.raises(BadTerms):
        Cycle(anchor=ISSUED)


def test_a_guarantee_covers_principal_interest_or_market_value() -> None:
    accrued = Decimal(1_000_000) * Decimal("0.06") * 22 / 365
    value = Covered(name="loan", values={CREDIT.on: Decimal(900_000)})
    for exposure, covered, amount in (
        (Exposure.NO, GUARANTEE.covered[0], Decimal(1_000_000)),
        (Exposure.NI, GUARANTEE.covered[0], 1_000_000 + accrued),
        (Exposure.MV, value, Decimal(900_000)),
    ):
        guarantee = replace(GUARANTEE, exposure=exposure, covered=(covered,), maturity=date(2024, 12, 31))
        exercised, settled = guarantee_events(guarantee, [CREDIT])
        assert (exercised.type, settled.type) == (EventType.XD, EventType.STD)
        assert (settled.payoff - amount).copy_abs() <= TINY * amount
    with pytest.raises(BadTerms, match="market value"):
        guarantee_events(
            replace(GUARANTEE, exposure=Exposure.MV, covered=(Covered(name="loan"),), maturity=date(2024, 12, 31)),
            [CREDIT],
        )


def test_a_guarantee_without_terms_of_what_it_covers_says_so() -> None:
    for guarantee in (
        replace(GUARANTEE, covered=(Covered(name="loan"),)),
        replace(GUARANTEE, covered=(Covered(name="loan"),), maturity=date(2024, 12, 31)),
    ):
        with pytest.raises(BadTerms) as refused:
            guarantee_events(guarantee, [CREDIT])
        assert refused.value.code == "bad-contract"


def test_a_guarantee_is_exercised_once_by_what_it_covers() -> None:
    early, other = replace(CREDIT, on=date(2024, 3, 1), performance="DQ"), replace(CREDIT, name="another")
    found = guarantee_events(GUARANTEE, [other, early, CREDIT, replace(CREDIT, on=date(2024, 8, 1))])
    assert [(event.on, event.type) for event in found] == [(CREDIT.on, EventType.XD), (CREDIT.on, EventType.STD)]
    assert [event.type for event in guarantee_events(GUARANTEE, [other, early])] == [EventType.MD]


def test_a_fee_by_the_year_follows_what_is_guaranteed() -> None:
    """1% a year of 1,000,000 from quarter to quarter, then 20 of 366 days up to the exercise, settled with it."""
    fee = GuaranteeFee(when=Cycle(anchor=date(2024, 2, 29), months=3), rate=Decimal("0.01"), basis="N")
    found = guarantee_events(replace(GUARANTEE, fee=fee), [CREDIT])
    assert [event.type for event in found] == [EventType.FP, EventType.FP, EventType.XD, EventType.STD]
    assert found[0].payoff == 0
    assert (found[1].payoff - Decimal(10_000) * 90 / 366).copy_abs() <= TINY * 10_000
    assert (found[3].payoff - 1_000_000 - Decimal(10_000) * 22 / 366).copy_abs() <= TINY * 1_000_000
    on_fee_day = guarantee_events(replace(GUARANTEE, fee=fee), [replace(CREDIT, on=date(2024, 5, 29))])
    assert [event.payoff for event in on_fee_day] == [0, found[1].payoff, 0, 1_000_000]
    seller = guarantee_events(replace(GUARANTEE, fee=fee, role="SEL"), [CREDIT])
    assert [event.payoff for event in seller] == [-event.payoff for event in found]
