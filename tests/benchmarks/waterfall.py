"""How long a waterfall takes: 60 monthly periods of 30 steps each, with a reserve, a promisor and triggers.

    python tests/benchmarks/waterfall.py

The target is 0.5 s for all 60 periods on one core, and so that is what it compares with.
"""

from __future__ import annotations

import argparse
import sys
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from abs.calendars import later
from abs.deal import Period, PeriodResult
from abs.terms import (
    Account,
    Condition,
    Dates,
    Fee,
    Limit,
    PlanTerms,
    Shortfall,
    Step,
    TranchePart,
    Trigger,
    Waterfall,
)
from abs.waterfall import opening_state, run_period
from tests.support.random_deals import CLOSING, plan_part

PERIODS, STEPS, TARGET = 60, 30, 0.5
SECURITIES = ("A1", "A2", "A3", "B", "C", "S")
FEES = tuple(f"fee{at}" for at in range(10))


def plan() -> PlanTerms:
    """Six tranches, ten fees, and a waterfall of exactly 30 steps."""
    pay = tuple(later(CLOSING, months=month) for month in range(1, PERIODS + 1))
    ranks = ("senior", "senior", "senior", "mezzanine", "mezzanine", "subordinated")
    due = (Condition(measure="securities.outstanding", op=">", value=Decimal(0)),)
    paying = [
        *(Step(rule=f"pay {name}", action="fees", account="cash", pays=(name,)) for name in FEES),
        *(Step(rule=f"interest {name}", action="interest", account="cash", pays=(name,)) for name in SECURITIES[:-1]),
        Step(rule="fill", action="top_up", account="cash", to="reserve"),
        *(
            Step(rule=f"principal {name}", action="principal", account="cash", pays=(name,), when=due)
            for name in SECURITIES
        ),
        Step(rule="repay", action="repay", account="cash"),
        *(
            Step(rule=f"extra {name}", action="fees", account="cash", pays=(name,), limit=Limit(amount=10**9))
            for name in FEES[:4]
        ),
        Step(rule="rest", action="residual", account="cash", pays=("S",)),
    ]
    steps = (
        Step(rule="draw", action="draw", account="reserve", to="cash", until="interest C"),
        Step(rule="call", action="shortfall", account="cash", until="interest C"),
        *paying,
    )
    assert len(steps) == STEPS
    return PlanTerms(
        plan=plan_part(later(pay[-1], months=12)),
        dates=Dates(pay=pay, roll="none"),
        tranches=tuple(
            TranchePart(
                tranche=name,
                name=name,
                code=name,
                rank=rank,
                principal=100_000_000_00,
                rate=None if name == "S" else Decimal("0.0415"),
                repayment="residual" if name == "S" else "pass_through",
                maturity=pay[-1],
            )
            for name, rank in zip(SECURITIES, ranks, strict=True)
        ),
        accounts=(
            Account(account="cash", kind="collection", bank="bank"),
            Account(account="reserve", kind="reserve", bank="bank", target=Limit(amount=5_000_000_00)),
        ),
        fees=tuple(Fee(fee=name, payee="payee", kind="annual", rate=Decimal("0.0002")) for name in FEES),
        shortfall=Shortfall(payer="promisor"),
        waterfalls=(Waterfall(state="amortising", steps=steps),),
        triggers=tuple(
            Trigger(
                trigger=f"T{at}",
                name=f"T{at}",
                when=Condition(measure="pool.cumulative_default_rate", op=">", value=Decimal(at) / 10),
                periods=3,
                curable=True,
            )
            for at in range(1, 6)
        ),
    )


def cash_of(terms: PlanTerms) -> list[Period]:
    """Cash that falls short every fifth month."""
    return [
        Period(
            period=number,
            on=day,
            receipts={"cash": 500_000_00 if number % 5 == 0 else 15_000_000_00},
            measures={
                "pool.balance": max(0, 660_000_000_00 - number * 11_000_000_00),
                "pool.cumulative_default_rate": Decimal(number) / 1_000,
            },
        )
        for number, day in enumerate(terms.dates.pay, 1)
    ]


def run(terms: PlanTerms, periods: list[Period]) -> list[PeriodResult]:
    """Every period in turn."""
    state, results = opening_state(terms), []
    for period in periods:
        results.append(run_period(terms, state, period))
        state = results[-1].closing
    return results


def main() -> None:
    """Run the benchmark and print what it took: clock and processor, the best of some rounds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    terms = plan()
    periods, best = cash_of(terms), [float("inf"), float("inf")]
    lines = 0
    for _ in range(given.rounds):
        clock, processor = time.perf_counter(), time.process_time()
        lines = sum(len(result.lines) for result in run(terms, periods))
        best = [min(best[0], time.perf_counter() - clock), min(best[1], time.process_time() - processor)]
    print(f"{PERIODS} periods of {STEPS} steps, {lines:,} lines: {best[0]:.3f} s, processor {best[1]:.3f} s")
    print(f"target {TARGET} s: {'met' if best[0] < TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
