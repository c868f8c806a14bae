"""Deals of a few steps that can be reckoned by hand: they pay once a year, and a year has 365 days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from abs.deal import DealState, Measured, Period, PeriodResult
from abs.terms import Account, Conventions, Dates, Fee, Limit, PlanTerms, Shortfall, Step, TranchePart, Waterfall
from abs.waterfall import opening_state, run_period
from tests.support.random_deals import CLOSING, plan_part

YEAR = timedelta(days=365)
DAYS = tuple(CLOSING + year * YEAR for year in range(1, 6))
CASH, RESERVE = "cash", "reserve"


def tranche(name: str, principal: int, rate: str | None = None, **parts: Any) -> TranchePart:
    """A pass-through tranche; S is subordinated and takes what is left."""
    last = name == "S"
    given: dict[str, Any] = {
        "tranche": name,
        "name": name,
        "code": name,
        "rank": "subordinated" if last else "mezzanine" if name == "M" else "senior",
        "principal": principal,
        "rate": None if rate is None else Decimal(rate),
        "repayment": "residual" if last else "pass_through",
        "maturity": DAYS[-1],
    }
    return TranchePart(**{**given, **parts})


def step(action: Any, *pays: str, **parts: Any) -> Step:
    return Step(**{"rule": action, "action": action, "account": CASH, "pays": pays, **parts})


def plan(
    *steps: Step, tranches: Sequence[TranchePart] = (tranche("S", 0),), reserve: int | None = None, **parts: Any
) -> PlanTerms:
    """A plan that pays once a year of 365 days, by these steps; ``reserve`` is the target of its reserve account."""
    accounts = [Account(account=CASH, kind="collection", bank="bank")]
    if reserve is not None:
        accounts.append(Account(account=RESERVE, kind="reserve", bank="bank", target=Limit(amount=reserve)))
    given: dict[str, Any] = {
        "plan": plan_part(DAYS[-1]),
        "conventions": Conventions(calendar="every_day"),
        "dates": Dates(pay=DAYS, roll="none"),
        "tranches": tuple(tranches),
        "accounts": tuple(accounts),
        "waterfalls": (Waterfall(state="amortising", steps=steps),),
    }
    return PlanTerms(**{**given, **parts})


def run(
    terms: PlanTerms, *cash: int, measures: Mapping[str, Measured] | None = None, **parts: Any
) -> list[PeriodResult]:
    """A year for each amount of cash."""
    state, results = opening_state(terms), []
    for number, amount in enumerate(cash, 1):
        period = Period(
            period=number, on=DAYS[number - 1], receipts={CASH: amount}, measures=dict(measures or {}), **parts
        )
        results.append(run_period(terms, state, period))
        state = results[-1].closing
    return results


def told(result: PeriodResult) -> list[tuple[str, int, int, int, str]]:
    """Target, amount, due, available and cause of every line."""
    return [(line.target, line.amount, line.due, line.available, line.cause) for line in result.lines]


def fee(name: str = "trustee", **parts: Any) -> Fee:
    return Fee(**{"fee": name, "payee": "payee", "kind": "fixed", "amount": 100, **parts})


def held(terms: PlanTerms, **accounts: int) -> DealState:
    """The opening state with cash already on accounts."""
    state = opening_state(terms)
    return replace(state, accounts={**state.accounts, **accounts})


def draws(*, limit: int | None = None) -> PlanTerms:
    """A reserve, then a promisor, for fees and senior interest; principal is not helped."""
    return plan(
        step("draw", account=RESERVE, to=CASH, until="interest"),
        step("shortfall", until="interest"),
        step("fees"),
        step("interest", "A"),
        step("principal", "A"),
        step("repay"),
        tranches=[tranche("A", 10_000, "0.05")],
        fees=(fee(),),
        shortfall=Shortfall(payer="promisor", limit=limit),
        reserve=1_000,
    )
