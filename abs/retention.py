"""How much of its own risk the seller keeps (风险自留)."""

from __future__ import annotations

from sqlmodel import col

from abs.figure import Figure, ratio_of, sum_over
from abs.reading import ReadModel, Stated
from ledger.facts import Holding, Plan, Tranche

__all__ = ["risk_retention"]


def risk_retention(facts: ReadModel, plan: Plan, face: int) -> Figure:
    """Metric 5: face value of what the originators hold of the plan's securities / the issue (>= 5%, SL2 2.3.4).

    ``face`` is fen per unit, a term of the deal. None where the issue has no principal.
    """
    mine = (col(Holding.plan) == plan.id, col(Holding.investor).in_(plan.originators))
    held = [Stated(one) for one in facts.select(Holding, *mine)]
    issued = [Stated(one) for one in facts.select(Tranche, col(Tranche.plan) == plan.id)]
    kept = sum_over(
        "plan.retained",
        held,
        lambda one: one.fact.units * face,
        formula="sum of units held by originators x face",
        height=facts.height,
    )
    issue = sum_over(
        "plan.issue", issued, lambda one: one.fact.principal, formula="sum of principal issued", height=facts.height
    )
    return ratio_of("plan.retention", kept, issue)
