"""What the parties of a plan agreed (交易条款): the figures, and the document that says them to everybody else.

The figures are what the market's own manager pays by (``manager``). The document is what a node reads; the two say the
same thing, and nothing but the document tells it to whoever recomputes what the manager paid. Rates are parts in a
million (ppm), amounts fen.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from ledger.consortium.cash import FACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ledger.consortium.cash import Tranche

__all__ = ["AGREEMENTS", "PPM", "Agreed", "accounts_of", "document", "replaced", "tranche_rows"]

PPM = 1_000_000
FORMAT = "glasspool-terms/1"
LARGEST_SHARE = {"debtor": "0.50", "region": "0.90"}  # of the pool, 集中度限制
LEAST_YIELD = "0.03"  # of what is bought while the plan revolves


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The figures of one plan."""

    rounding: Literal["half_up", "down"] = "half_up"
    management: int = 1_000
    """ppm a year of all securities outstanding."""
    cap: int | None = None
    """The most of the management fee in one period."""
    custody: int = 200
    """ppm a year of the senior tranche outstanding."""
    service: int = 0
    """Each period."""
    opening: int = 0
    """In the first period only."""
    vat: int = 32_600
    """ppm of the interest paid 增值税."""
    reserve: int = 0
    """ppm of the senior tranche outstanding; 0: there is no reserve account."""
    promised: int | None = 0
    """What the originator makes up at most in all 差额支付; None without limit, 0: it promised nothing."""
    defaults: int = 80_000
    """ppm of all that came into the pool: defaults beyond it accelerate the plan 加速清偿."""
    tests: int = 1
    """In so many periods in a row."""
    thin: bool = False
    """While less comes in than interest is due, principal is repaid instead of assets bought."""
    record: int = 1
    """Days from the record date to the payment."""
    default_days: int = 90


AGREEMENTS = (
    Agreed(reserve=10_000, opening=2_000_00, thin=True),
    Agreed(rounding="down", promised=None, defaults=0, service=500_00),
    Agreed(reserve=5_000, promised=50_000_00, defaults=0, tests=2, cap=30_000_00),
    Agreed(rounding="down", management=1_500, service=200_00, thin=True),
    Agreed(custody=300, opening=1_000_00, promised=200_000_00),
)
"""What plans agree on, by turns."""


def accounts_of(plan: str) -> tuple[str, str, str]:
    """Return the names of a plan's accounts: collection (归集), custody (托管), reserve (储备)."""
    return f"{plan}-C", f"{plan}-T", f"{plan}-R"


def _rate(ppm: int) -> str:
    return f"{Decimal(ppm) / PPM:f}"


def tranche_rows(tranches: Sequence[Tranche], code: str, maturity: date) -> list[dict[str, Any]]:
    """Return tranches as the record of their plan states them; ``code`` is the plan's."""
    return [
        {
            "tranche": each.tranche,
            "name": each.name,
            "code": f"{code}{each.tranche}",
            "rank": each.rank,
            "principal": each.principal,
            "rate": None if each.rate is None else f"{each.rate:f}",
            "repayment": "residual" if each.rate is None else "pass_through",
            "maturity": maturity.isoformat(),
        }
        for each in tranches
    ]


def document(
    agreed: Agreed,
    stated: Mapping[str, Any],
    *,
    pay: Sequence[date],
    revolving: date | None,
    affiliates: Sequence[str] = (),
    shares: Mapping[str, str] = LARGEST_SHARE,
    least_yield: str = LEAST_YIELD,
    metrics: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return the document of a plan's terms. ``stated``: what its record states beside it, tranches included.

    ``shares``: the most one debtor, region ... may have of the pool; ``metrics``: lags and horizons of its figures.
    """
    plan, promisor = stated["plan"], stated["originators"][0]
    names = accounts_of(plan)
    told: dict[str, Any] = {
        "format": FORMAT,
        "plan": {name: value for name, value in stated.items() if name not in ("tranches", "terms")},
        "conventions": {
            "day_count": "ACT/365F", "rounding": agreed.rounding, "face": FACE, "calendar": "weekdays",
        },
        "dates": {"pay": [day.isoformat() for day in pay], "roll": "following", "record": agreed.record},
        "tranches": stated["tranches"],
        "accounts": [
            {"account": names[0], "kind": "collection", "bank": stated["custodian"]},
            {"account": names[1], "kind": "custody", "bank": stated["custodian"]},
        ],
        "fees": _fees(agreed, stated),
        "waterfalls": [
            *([] if revolving is None else [{"state": "revolving", "steps": _steps(agreed, plan)}]),
            {"state": "amortising", "steps": [*_steps(agreed, plan), *_repaying(plan)]},
            {"state": "accelerated", "steps": _accelerated(agreed, plan)},
        ],
        "triggers": _triggers(agreed),
        "eligibility": [
            {"criterion": "tenor", "text": "剩余期限不超过一年", "field": "days_to_due", "op": "<=", "value": "365"},
            {"criterion": "undisputed", "text": "入池时无商业纠纷", "field": "disputed", "op": "==", "value": False},
        ],
        "concentration": [{"by": by, "limit": limit} for by, limit in shares.items()],
        "clean_up": "0.10",
        "metrics": {"default_days": agreed.default_days, **(metrics or {})},
    }  # fmt: skip
    if agreed.reserve:
        target = {"measure": "senior.outstanding", "factor": _rate(agreed.reserve)}
        told["accounts"].append({"account": names[2], "kind": "reserve", "bank": stated["custodian"], "target": target})
    if agreed.promised != 0:
        told["shortfall"] = {"payer": promisor}
        if agreed.promised is not None:
            told["shortfall"]["limit"] = agreed.promised
    if revolving is not None:
        told["revolving"] = {"until": revolving.isoformat(), "min_yield": least_yield}
    if affiliates:
        told["affiliates"] = [{"group": f"{plan}-关联方", "members": list(affiliates)}]
    return told


def replaced(said: Mapping[str, Any], agreed: Agreed, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with the fees, the rounding and the record date that were agreed instead."""
    conventions = {**said["conventions"], "rounding": agreed.rounding}
    dates = {**said["dates"], "record": agreed.record}
    return {**said, "fees": _fees(agreed, stated), "conventions": conventions, "dates": dates}


def _fees(agreed: Agreed, stated: Mapping[str, Any]) -> list[dict[str, Any]]:
    manager, custodian = stated["manager"], stated["custodian"]
    management = {
        "fee": "management", "payee": manager, "kind": "annual", "rate": _rate(agreed.management),
        "base": "securities.outstanding",
    }  # fmt: skip
    if agreed.cap is not None:
        management["cap"] = agreed.cap
    fees = [
        management,
        {"fee": "custody", "payee": custodian, "kind": "annual", "rate": _rate(agreed.custody),
         "base": "senior.outstanding"},
    ]  # fmt: skip
    if agreed.service:
        fees.append({"fee": "service", "payee": stated["servicer"], "kind": "fixed", "amount": agreed.service})
    if agreed.opening:
        fees.append({"fee": "opening", "payee": manager, "kind": "fixed", "amount": agreed.opening, "once": True})
    fees.append({"fee": "vat", "payee": manager, "kind": "share", "rate": _rate(agreed.vat), "base": "interest"})
    return fees


def _triggers(agreed: Agreed) -> list[dict[str, Any]]:
    when = {"measure": "pool.cumulative_default_rate", "op": ">", "value": _rate(agreed.defaults)}
    triggers: list[dict[str, Any]] = [
        {"trigger": "defaults", "name": "累计违约率", "when": when, "periods": agreed.tests, "effect": "accelerated"}
    ]
    if agreed.thin:
        thin = {"measure": "receipts", "op": "<", "than": "interest.due"}
        triggers.append({"trigger": "thin", "name": "回款不足", "when": thin, "curable": True, "effect": "amortising"})
    return triggers


def _helped(agreed: Agreed, plan: str) -> list[dict[str, Any]]:
    """Return the steps by which reserve and promisor bring what is short."""
    _, custody, reserve = accounts_of(plan)
    steps = []
    if agreed.reserve:
        steps.append({"rule": "draw", "action": "draw", "account": reserve, "to": custody, "until": "interest-B"})
    if agreed.promised != 0:
        steps.append({"rule": "call", "action": "shortfall", "account": custody, "until": "interest-A"})
    return steps


def _paid(plan: str, action: str, *names: str) -> dict[str, Any]:
    custody = accounts_of(plan)[1]
    return {"rule": f"{action}-{names[0]}", "action": action, "account": custody, "pays": list(names)}


def _before_interest(agreed: Agreed, plan: str) -> list[dict[str, Any]]:
    listed = [name for name, given in (("service", agreed.service), ("opening", agreed.opening)) if given]
    return [_paid(plan, "fees", "management", "custody", *listed)]


def _steps(agreed: Agreed, plan: str) -> list[dict[str, Any]]:
    """Return the order of payments while the plan revolves."""
    _, custody, reserve = accounts_of(plan)
    steps = [
        *_helped(agreed, plan), *_before_interest(agreed, plan), _paid(plan, "interest", "A"),
        _paid(plan, "interest", "B"), _paid(plan, "fees", "vat"),
    ]  # fmt: skip
    if agreed.reserve:
        excess = {"measure": f"account.{reserve}.excess"}
        steps += [
            {"rule": "fill", "action": "top_up", "account": custody, "to": reserve},
            {"rule": "release", "action": "transfer", "account": reserve, "to": custody, "limit": excess},
        ]
    if agreed.promised != 0:
        steps.append({"rule": "repay", "action": "repay", "account": custody})
    return steps


def _repaying(plan: str) -> list[dict[str, Any]]:
    """Return what comes after that once it does not: principal by rank, then the rest."""
    return [*(_paid(plan, "principal", each) for each in "ABC"), _residual(plan)]


def _residual(plan: str) -> dict[str, Any]:
    done = {"measure": "securities.outstanding", "op": "==", "value": "0"}
    return {**_paid(plan, "residual", "C"), "when": [done]}


def _accelerated(agreed: Agreed, plan: str) -> list[dict[str, Any]]:
    """Return the order of payments once the plan is accelerated: the senior tranche in full, then the next."""
    _, custody, reserve = accounts_of(plan)
    released = [{"rule": "release", "action": "transfer", "account": reserve, "to": custody}] if agreed.reserve else []
    called = [step for step in _helped(agreed, plan) if step["action"] == "shortfall"]
    return [
        *released, *called, *_before_interest(agreed, plan), _paid(plan, "interest", "A"), _paid(plan, "fees", "vat"),
        _paid(plan, "principal", "A"), _paid(plan, "interest", "B"), _paid(plan, "principal", "B"),
        _paid(plan, "principal", "C"), _residual(plan),
    ]  # fmt: skip
