"""A plan's cash as records move it: what came in by now, what went out, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.facts import PlanCash

if TYPE_CHECKING:
    from ledger.finding import Code
    from ledger.projection import Projection

__all__ = ["cash_of", "count_cash", "pay_out"]


def cash_of(facts: Projection, plan: str) -> PlanCash:
    """Return the plan's cash so far."""
    return facts.current(PlanCash, plan) or PlanCash(id=plan)


def count_cash(facts: Projection, plan: str, **fen: int) -> None:
    """Add amounts to columns of the plan's cash."""
    cash = cash_of(facts, plan)
    after = {name: facts.total(getattr(cash, name), amount, f"plan {plan}") for name, amount in fen.items()}
    facts.begin(cash.changed(**after))


def pay_out(facts: Projection, plan: str, column: str, amount: int, *, code: Code, what: str) -> None:
    """Count what left the plan's cash in a column; report when the plan then paid out more than reached it."""
    cash = cash_of(facts, plan)
    left = cash.distributable - cash.distributed
    if amount > left:
        facts.finding(
            code,
            f"{what} takes more than the plan has left of what reached it",
            subject=f"plan {plan}",
            others=[cash.from_position],
            amount=amount,
            left=left,
        )
    count_cash(facts, plan, **{column: amount})
