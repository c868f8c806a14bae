"""A document of terms that a user wrote, where it meets a file of receivables: what the two must agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.consortium.course import Calendar

__all__ = ["stated_by"]

STATED = ("plan", "code", "name", "venue", "manager", "custodian", "originators", "servicer", "shelf", "cutoff",
          "closing", "maturity")  # fmt: skip
OF_A_TRANCHE = ("tranche", "name", "code", "rank", "principal", "rate", "repayment", "maturity")


def stated_by(terms: Mapping[str, Any], roles: Mapping[str, Any], calendar: Calendar) -> dict[str, Any]:
    """Return what the record of a plan with these terms states beside them; they are well-formed, as ``abs`` says.

    ``roles``: the members that act for the plan. It closes on the last day of the file, over what is open then. Raises
    Malformed ``terms`` with every place where the document says otherwise, or where nothing is open.
    """
    if all(row.settled for day in calendar.days for row in day.issued):
        raise Malformed(
            "terms",
            "Every receivable of the file is settled: nothing is left for a plan with terms of your own",
            next_step="Import it without --terms, or leave what was paid later out of the file.",
        )
    plan, closing = terms["plan"], calendar.last.isoformat()
    wanted = {**roles, "cutoff": closing, "closing": closing}
    wrong = [
        f"plan.{name} is {_shown(plan[name])}, not {_shown(it)}" for name, it in wanted.items() if plan[name] != it
    ]
    if wrong:
        raise Malformed(
            "terms",
            f"The terms do not fit the receivables: {'; '.join(wrong)}",
            next_step="Correct these places: the plan closes on the last day the file tells of, and its parties are "
            "those that docs/consortium.md names.",
        )
    return {
        **{name: plan.get(name) for name in STATED},
        "tranches": [{name: each.get(name) for name in OF_A_TRANCHE} for each in terms["tranches"]],
    }


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
