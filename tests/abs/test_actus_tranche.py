"""What a tranche is due by its own terms, and that a waterfall with cash enough pays just that."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from abs.calendars import calendar
from abs.deal import Period
from abs.errors import BadTerms
from abs.instrument.tranche import Flow, scheduled_flows, tranche_contract
from abs.terms import PlanTerms
from abs.waterfall import opening_state, run_period


def plan_terms(repayment: str, schedule: list[dict[str, Any]], pay: list[str]) -> PlanTerms:
    """A plan with one tranche of 10,000,000 fen at 5.25%, paid interest first."""
    named = {"code": "180001", "name": "优先级"}
    return PlanTerms.model_validate(
        {
            "plan": {
                "plan": "p", "code": "P", "name": "计划", "venue": "SSE", "manager": "m", "custodian": "c",
                "originators": ["o"], "servicer": "s",
                "cutoff": "2024-01-01", "closing": "2024-01-31", "maturity": "2026-01-31",
            },
            "dates": {"pay": pay, "roll": "following"},
            "conventions": {"calendar": "weekdays", "rounding": "down"},
            "tranches": [
                {
                    **named, "tranche": "A", "rank": "senior", "principal": 10_000_000, "rate": "0.0525",
                    "repayment": repayment, "maturity": "2025-01-31", "schedule": schedule,
                }
            ],
            "accounts": [{"account": "custody", "kind": "custody", "bank": "c"}],
            "waterfalls": [
                {
                    "state": "amortising",
                    "steps": [
                        {"rule": "1", "action": "interest", "account": "custody", "pays": ["A"]},
                        {"rule": "2", "action": "principal", "account": "custody", "pays": ["A"]},
                    ],
                }
            ],
        }
    )  # fmt: skip


PAY = ["2024-04-30", "2024-07-31", "2024-10-31", "2025-01-31"]


def test_a_bullet_tranche_is_due_interest_and_then_its_principal() -> None:
    terms = plan_terms("bullet", [], PAY)
    flows = scheduled_flows(terms, terms.tranches[0])
    assert [flow.principal for flow in flows] == [0, 0, 0, 10_000_000]
    assert [flow.interest for flow in flows] == [10_000_000 * 525 * days // 3_650_000 for days in (90, 92, 92, 92)]


def test_a_scheduled_tranche_is_due_what_its_schedule_says_on_rolled_days() -> None:
    """31 August 2024 is a Saturday: what is due then is paid, with interest, on Monday 2 September."""
    schedule = [{"on": "2024-04-30", "amount": 2_000_000}, {"on": "2024-08-15", "amount": 3_000_000}]
    terms = plan_terms("scheduled", schedule, ["2024-04-30", "2024-08-31", "2025-01-31"])
    assert scheduled_flows(terms, terms.tranches[0]) == (
        Flow(on=date(2024, 4, 30), principal=2_000_000, interest=10_000_000 * 525 * 90 // 3_650_000),
        Flow(on=date(2024, 9, 2), principal=3_000_000, interest=8_000_000 * 525 * 125 // 3_650_000),
        Flow(on=date(2025, 1, 31), principal=5_000_000, interest=5_000_000 * 525 * 151 // 3_650_000),
    )


@pytest.mark.parametrize("repayment", ["bullet", "scheduled"])
def test_a_waterfall_with_cash_enough_pays_what_the_contract_says(repayment: str) -> None:
    """Two ways to the same payments: the contract knows no waterfall, the waterfall no contract."""
    schedule = [{"on": "2024-04-30", "amount": 2_000_000}, {"on": "2024-08-15", "amount": 3_000_000}]
    days = ["2024-04-30", "2024-08-31", "2024-11-30", "2025-01-31"]
    terms = plan_terms(repayment, schedule if repayment == "scheduled" else [], days)
    state, paid = opening_state(terms), []
    for number, day in enumerate(terms.dates.pay, start=1):
        on = calendar("weekdays").roll(day, terms.dates.roll)
        result = run_period(terms, state, Period(period=number, on=on, receipts={"custody": 10**9}))
        state = result.closing
        paid.append(Flow(on=on, principal=result.paid("A", "principal"), interest=result.paid("A", "interest")))
    assert tuple(paid) == scheduled_flows(terms, terms.tranches[0])


def test_life_and_yield_follow_from_the_flows() -> None:
    """Paid a year apart at 5.25%, a bullet lives a year and yields its rate: a forecast computes it from the flows."""
    terms = plan_terms("bullet", [], ["2025-01-30"])
    (flow,) = scheduled_flows(terms, terms.tranches[0].model_copy(update={"maturity": date(2025, 1, 30)}))
    assert (flow.on - terms.plan.closing).days == 365
    assert Decimal(flow.principal + flow.interest) / terms.tranches[0].principal == Decimal("1.0525")


@pytest.mark.parametrize("repayment", ["pass_through", "residual"])
def test_what_the_pool_decides_is_no_contract(repayment: str) -> None:
    terms = plan_terms(repayment, [], PAY)
    with pytest.raises(BadTerms) as refused:
        tranche_contract(terms, terms.tranches[0])
    assert refused.value.code == "no-schedule"
