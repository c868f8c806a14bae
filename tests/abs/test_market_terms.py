"""The market's own manager and the waterfall are two programs: by the same terms they pay the same, to the fen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.deal import Period, PeriodResult
from abs.terms import PlanTerms, load_terms
from abs.waterfall import opening_state, run_period
from ledger.consortium.cash import Tranche, next_weekday
from ledger.consortium.market import generate_market
from ledger.consortium.market.manager import SLIPS, Desk, Paid
from ledger.consortium.market.terms import AGREEMENTS, Agreed, accounts_of, document, replaced
from tests.support.generated import followed, written

if TYPE_CHECKING:
    from pathlib import Path

CLOSING = date(2024, 4, 8)
PAY = [date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31), date(2025, 3, 31), date(2025, 6, 30)]
_, CUSTODY, RESERVE = accounts_of("P")
TRANCHES = (("A", "senior", "0.0320"), ("B", "mezzanine", "0.0450"), ("C", "subordinated", None))


def stated(*principal: int) -> dict[str, Any]:
    """What the record of a plan states beside its document."""
    return {
        "plan": "P", "code": "150001", "name": "专项计划", "venue": "SSE", "manager": "manager",
        "custodian": "custodian", "originators": ["originator"], "servicer": "servicer", "shelf": "储架",
        "cutoff": CLOSING.isoformat(), "closing": CLOSING.isoformat(), "maturity": "2026-09-30",
        "tranches": [
            {"tranche": name, "name": name, "code": f"150001{name}", "rank": rank, "principal": amount, "rate": rate,
             "repayment": "pass_through" if rate else "residual", "maturity": "2026-09-30"}
            for (name, rank, rate), amount in zip(TRANCHES, principal, strict=True)
        ],
    }  # fmt: skip


def terms_of(agreed: Agreed, *principal: int, until: date | None = None) -> PlanTerms:
    said = document(agreed, stated(*principal), pay=PAY, revolving=until, affiliates=["x", "y"])
    return load_terms(json.dumps(said), kind="json")


def desk_of(agreed: Agreed, *principal: int) -> Desk:
    tranches = [
        Tranche(tranche=name, name=name, rank=rank, principal=amount, rate=rate and Decimal(rate))  # type: ignore[arg-type]
        for (name, rank, rate), amount in zip(TRANCHES, principal, strict=True)
    ]
    return Desk(agreed=agreed, tranches=tranches, since=CLOSING)


def by_engine(result: PeriodResult) -> dict[str, Any]:
    """What the waterfall paid, in the manager's words."""
    found: dict[str, Any] = {"called": 0, "repaid": 0, "drawn": 0, "filled": 0, "released": 0}
    words = {"shortfall": "called", "repay": "repaid", "draw": "drawn", "top_up": "filled", "transfer": "released"}
    for line in result.lines:
        if line.action in words:
            found[words[line.action]] += line.amount
    fees = {line.target: line.amount for line in result.lines if line.action == "fees" and line.amount}
    parts = {
        (name, part): amount
        for name in "ABC"
        for part in ("interest", "principal")
        if (amount := result.paid(name, part))
    }
    return {**found, "fees": fees, "parts": parts, "accelerated": result.closing.state == "accelerated"}


def by_manager(paid: Paid) -> dict[str, Any]:
    parts = {
        (name, part): amount
        for part in ("interest", "principal")
        for name, amount in getattr(paid, part).items()
        if amount
    }
    flat = {name: getattr(paid, name) for name in ("called", "repaid", "drawn", "filled", "released", "accelerated")}
    return {**flat, "fees": {name: amount for name, amount in paid.fees if amount}, "parts": parts}


units = st.integers(1, 10**6).map(lambda count: count * 100_00)
cash = st.one_of(st.just(0), st.integers(0, 10**6), st.integers(0, 2 * 10**10))
periods = st.lists(st.tuples(cash, st.booleans()), min_size=1, max_size=5)
agreements = st.builds(
    replace,
    st.sampled_from(AGREEMENTS),
    rounding=st.sampled_from(["half_up", "down"]),
    reserve=st.sampled_from([0, 10_000]),
    promised=st.sampled_from([0, None, 1_000_00]),
    tests=st.integers(1, 2),
    thin=st.booleans(),
)


def run(
    agreed: Agreed,
    principal: tuple[int, int, int],
    until: date | None,
    brought: list[tuple[int, bool]],
    slip: str = "",
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What waterfall and manager pay in the same periods; the manager slips in the last, if at all."""
    terms, desk = terms_of(agreed, *principal, until=until), desk_of(agreed, *principal)
    state, found, defaulted = opening_state(terms), [], 0
    for at, (amount, defaults) in enumerate(brought):
        on = next_weekday(PAY[at])
        defaulted += defaults
        rate = Decimal(defaulted) / 10
        desk.receive(amount)
        measures = {"pool.cumulative_default_rate": rate}
        result = run_period(terms, state, Period(period=at + 1, on=on, receipts={CUSTODY: amount}, measures=measures))
        paid = desk.pay(
            on, revolving=until is not None and on <= until, defaulted=defaulted, pooled=10,
            slip=slip if at == len(brought) - 1 else "",
        )  # fmt: skip
        state = result.closing
        found.append((by_engine(result), by_manager(paid)))
        if not slip:
            assert state.accounts.get(RESERVE, 0) == desk.reserve
            assert state.accounts[CUSTODY] == desk.cash
            assert {name: one.arrears for name, one in state.fees.items() if one.arrears} == {
                name: due for name, due in desk.arrears.items() if due
            }
    return found


@settings(max_examples=150, deadline=None)
@given(agreements, st.tuples(units, units, units), st.sampled_from([None, PAY[0], PAY[2]]), periods)
def test_manager_and_waterfall_pay_the_same(
    agreed: Agreed, principal: tuple[int, int, int], until: date | None, brought: list[tuple[int, bool]]
) -> None:
    if until is None:  # what never revolved has nothing that a trigger could stop
        agreed = replace(agreed, thin=False)
    for engine, manager in run(agreed, principal, until, brought):
        assert engine == manager


SLIPPED = {
    "wrong_order": Agreed(),
    "fee_twice": Agreed(),
    "trigger_missed": Agreed(defaults=0),
    "junior_early": Agreed(),
    "rounding": Agreed(rounding="down"),
    "wrong_date": Agreed(),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_a_difference(slip: str) -> None:
    brought = [(10**9, False), (10**9, slip == "trigger_missed")]
    principal = (80 * 10**9 + 10_000, 10**9, 10**9)
    *before, (engine, manager) = run(SLIPPED[slip], principal, None, brought, slip)
    assert all(one == other for one, other in before)
    assert engine != manager
    lawful = run(SLIPPED[slip], principal, None, brought)[-1]
    assert lawful[0] == lawful[1]


@pytest.mark.parametrize("agreed", AGREEMENTS)
def test_every_agreement_is_a_document_that_can_be_read(agreed: Agreed) -> None:
    said = document(agreed, stated(10**6, 10**6, 10**6), pay=PAY, revolving=PAY[1])
    for one in (said, replaced(said, replace(agreed, rounding="down", record=2), stated(10**6, 10**6, 10**6))):
        terms = PlanTerms.model_validate(json.loads(json.dumps(one)))
        assert load_terms(json.dumps(one), kind="json") == terms
        assert terms.conventions.calendar == "weekdays"
    assert terms.dates.record == 2


@pytest.mark.slow
def test_every_document_of_a_market_is_read(tmp_path: Path) -> None:
    rates = {f"manager.{slip}": Decimal("0.001") for slip in SLIPS}
    summary = generate_market(
        tmp_path / "market", receivables=300, plans=4, months=6, seed=5, trouble=rates, traps=Decimal("0.001"),
        suite="ecdsa",
    )  # fmt: skip
    with followed(tmp_path / "market", summary, tmp_path / "home") as store:
        said = [record for record in written(store) if "document" in record.payload and record.kind.startswith("plan.")]
    assert {record.kind for record in said} == {"plan.established", "plan.terms_amended"}
    assert len(said) > len(SLIPS)
    for record in said:
        terms = load_terms(json.dumps(record.payload["document"]), kind="json")
        assert terms.plan.plan == record.payload["plan"]
        assert terms.dates.pay[0] - terms.plan.closing < timedelta(days=100)
