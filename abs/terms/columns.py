"""Terms of a plan that was recorded before records carried a document: made from the columns of its facts.

The columns state parties, days, tranches and, of some plans, accounts, fees, triggers and limits. What they do not say
is taken as nearly all deals have it: fees, interest by rank, then - unless the plan revolves - principal by rank, and
what is left to the last tranche once nothing is outstanding or in arrears; a yearly fee is one of the outstanding
securities. Criteria that are a sentence alone, and triggers whose measure is not one of docs/terms.md, are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from abs.terms.parts import PlanPart
from abs.terms.vocabulary import MEASURES
from ledger.facts import ConcentrationLimit, Plan, PlanAccount, PlanFee, PlanTrigger, Tranche

if TYPE_CHECKING:
    from abs.reading import ReadModel

__all__ = ["document_from_columns"]

RANKS: Final = ("senior", "mezzanine", "subordinated")
GROUPINGS: Final = ("debtor", "creditor", "region")
EFFECTS: Final[Mapping[str, str]] = {
    "acceleration": "accelerated",
    "default": "defaulted",
    "early_termination": "accelerated",
    "revolving_ended": "amortising",
    "perfection": "flag",
}
"""The state that a declared event (宣布) leads to."""
CUSTODY: Final = "专项计划账户"
NOTHING_DUE: Final = ("securities.outstanding", "interest.due", "fees.due")


def document_from_columns(facts: ReadModel, row: Plan, tranches: Sequence[Tranche]) -> dict[str, Any]:
    """The document as plain values; ``tranches`` in the order of the record."""
    computed = json.loads(row.terms)
    ranked = sorted(tranches, key=lambda one: (RANKS.index(one.rank), one.place))
    accounts = facts.select(PlanAccount, PlanAccount.plan == row.id, order_by=PlanAccount.place)
    fees = _fees(facts.select(PlanFee, PlanFee.plan == row.id, order_by=PlanFee.place))
    triggers = facts.select(PlanTrigger, PlanTrigger.plan == row.id, order_by=PlanTrigger.place)
    limits = facts.select(ConcentrationLimit, ConcentrationLimit.plan == row.id, order_by=ConcentrationLimit.place)
    listed = [{"account": one.account, "kind": one.kind, "bank": one.bank} for one in accounts]
    listed = listed or [{"account": CUSTODY, "kind": "custody", "bank": row.custodian}]
    document: dict[str, Any] = {
        "plan": {name: getattr(row, name) for name in PlanPart.model_fields if name != "plan"} | {"plan": row.id},
        "conventions": {name: computed[name] for name in ("day_count", "rounding", "face") if name in computed},
        "dates": {"pay": sorted(set(row.payment_dates)), "roll": "none", "record": computed.get("record_date_lag", 1)},
        "tranches": [
            {
                name: getattr(one, name)
                for name in ("tranche", "name", "code", "rank", "principal", "rate", "repayment", "maturity")
            }
            for one in tranches
        ],
        "accounts": listed,
        "fees": fees,
        "waterfalls": _waterfalls(listed, fees, ranked, revolving=row.revolving_until is not None),
        "triggers": [_trigger(one) for one in triggers if one.measure in MEASURES],
        "concentration": [{"by": one.grouping, "limit": one.limit} for one in limits if one.grouping in GROUPINGS],
    }
    if row.revolving_until is not None:
        document["revolving"] = {"until": row.revolving_until, "min_yield": row.revolving_min_yield}
    return document


def _fees(rows: Sequence[PlanFee]) -> list[dict[str, Any]]:
    """A fee that states both a rate and an amount becomes two, the second under a name of its own."""
    found: list[dict[str, Any]] = []
    for one in rows:
        if one.rate is not None:
            found.append(
                {"fee": one.fee, "payee": one.payee, "kind": "annual", "rate": one.rate, "base": NOTHING_DUE[0]}
            )
        if one.amount is not None:
            name = one.fee if one.rate is None else f"{one.fee}:amount"
            found.append({"fee": name, "payee": one.payee, "kind": "fixed", "amount": one.amount})
    return found


def _trigger(row: PlanTrigger) -> dict[str, Any]:
    return {
        "trigger": row.trigger,
        "name": row.trigger,
        "when": {"measure": row.measure, "op": ">", "value": row.threshold},
        "periods": row.periods,
        "effect": EFFECTS[row.event],
    }


def _waterfalls(
    accounts: Sequence[Mapping[str, Any]], fees: Sequence[Any], ranked: Sequence[Tranche], *, revolving: bool
) -> list[dict[str, Any]]:
    account = next((one["account"] for one in accounts if one["kind"] == "custody"), accounts[0]["account"])
    bearing = [one.tranche for one in ranked if one.rate is not None]
    steps: list[dict[str, Any]] = []
    if fees:
        steps.append({"rule": "fees", "action": "fees", "account": account})
    if bearing:
        steps.append({"rule": "interest", "action": "interest", "account": account, "pays": bearing})
    repaid = {"rule": "principal", "action": "principal", "account": account, "pays": [one.tranche for one in ranked]}
    left = {
        "rule": "residual",
        "action": "residual",
        "account": account,
        "pays": [ranked[-1].tranche],
        "when": [{"measure": name, "op": "==", "value": 0} for name in NOTHING_DUE],
    }
    found = [{"state": "amortising", "steps": [*steps, repaid, left]}]
    if revolving:
        kept = steps or [{"rule": "buy", "action": "buy", "account": account}]
        found.insert(0, {"state": "revolving", "steps": kept})
    return found
