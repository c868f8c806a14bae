"""The monitor's rules as data: what each watches, by which article and threshold, from which facts, how grave it is.

Articles and thresholds stand in :mod:`disclosure.catalogue`; a rule names them. docs/monitoring.md lists the same
rules; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from disclosure.catalogue import catalogue
from ledger.facts import (
    AccountMove,
    AssetStatus,
    Collection,
    Disclosure,
    Distribution,
    Fact,
    FeePayment,
    Financing,
    FinancingCollateral,
    Freeze,
    Holding,
    Invoice,
    Member,
    Output,
    Plan,
    PlanAccount,
    PlanCash,
    PlanEvent,
    PoolAsset,
    PoolExit,
    PoolPurchase,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    Remittance,
    Shortfall,
    ShortfallPayment,
    ShortfallRepayment,
    Statement,
    Tranche,
)

__all__ = ["RULES", "Rule", "article_of"]

POOL: Final[tuple[type[Fact], ...]] = (Plan, Tranche, PlanCash, PoolAsset, PoolExit, AssetStatus, Receivable, Invoice)
"""What the figures of a pool follow from."""
PAID: Final[tuple[type[Fact], ...]] = (
    Plan, Remittance, Distribution, FeePayment, AccountMove, Shortfall, ShortfallPayment, ShortfallRepayment,
    PoolPurchase, PoolExit, PlanEvent,
)  # fmt: skip
"""What a period's payments and what was due follow from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. ``trigger`` and ``thresholds`` are the catalogue's; ``articles`` where neither has one, by venue.

    ``inputs``: the tables it reads; it is judged again when one of them changed for the plan, or a day it waits for is
    over. ``rounded``: its amounts are figures of a whole pool, told to two significant digits, so that a finding has a
    new version when something moved and not whenever a debtor paid.
    """

    rule: str
    text: str
    inputs: tuple[type[Fact], ...]
    severity: str
    trigger: str | None = None
    thresholds: tuple[str, ...] = ()
    articles: Mapping[str, str] = field(default_factory=dict)
    rounded: bool = False


def _rules(*rules: Rule) -> Mapping[str, Rule]:
    return MappingProxyType({one.rule: one for one in rules})


RULES: Final[Mapping[str, Rule]] = _rules(
    Rule(
        rule="monitor.asset_loss",
        text="losses of a calendar year passed a further 10% of what is unpaid on all tranches, one finding a step",
        inputs=(AssetStatus, PoolExit, Receivable, Tranche),
        severity="high",
        trigger="T01",
        thresholds=("asset_loss_step",),
    ),
    Rule(
        rule="monitor.cash_flow",
        text="a period brought at most 80% of its forecast, or its forecast is at most 80% of the one before",
        inputs=POOL,
        severity="high when it brought too little, medium when the forecast was lowered",
        trigger="T03",
        thresholds=("cash_flow_share",),
    ),
    Rule(
        rule="monitor.asset_claimed",
        text="an asset of a pool is pledged, registered, financed, frozen or passed on, or in another pool too",
        inputs=(
            PoolAsset,
            FinancingCollateral,
            Financing,
            RegistrationCollateral,
            Registration,
            Freeze,
            Output,
            Plan,
        ),
        severity="high; medium for what is only frozen",
        trigger="T05",
    ),
    Rule(
        rule="monitor.invoice_status",
        text="an invoice is not normal while what rests on it is in a pool or secures a financing",
        inputs=(Invoice, ReceivableInvoice, PoolAsset, FinancingCollateral, Financing, Output),
        severity="high when voided or red-flushed, medium when abnormal",
        articles=MappingProxyType({"SSE": "SL2 2.1", "SZSE": "ZL2 52"}),
    ),
    Rule(
        rule="monitor.cash_held_back",
        text="on a remittance date of the terms, less was passed on than had been collected before it",
        inputs=(Collection, PlanCash, Plan),
        severity="high",
        trigger="T06",
    ),
    Rule(
        rule="monitor.collection_cycle",
        text="collected cash waits longer than a month; three months are the most with strong credit",
        inputs=(Collection, PlanCash),
        severity="medium, high beyond three months",
        thresholds=("collection_cycle", "collection_cycle_strong"),
    ),
    Rule(
        rule="monitor.idle_cash",
        text="in the revolving period, unspent cash is above 10% of what is unpaid for 30 days in a row",
        inputs=(PlanCash, Tranche, Plan, PlanEvent),
        severity="low",
        trigger="T09",
        thresholds=("idle_cash_share", "idle_cash_days"),
        rounded=True,
    ),
    Rule(
        rule="monitor.revolving_ended",
        text="the revolving period was ended by an event before its last day",
        inputs=(PlanEvent, Plan),
        severity="medium, high where the event is an acceleration or a default",
        trigger="T09",
    ),
    Rule(
        rule="monitor.ineligible_entry",
        text="assets came in that did not meet a criterion of the terms",
        inputs=POOL,
        severity="high",
        trigger="T12",
    ),
    Rule(
        rule="monitor.ineligible_now",
        text="open assets that met a criterion when they came in do not meet it any more",
        inputs=POOL,
        severity="medium",
        articles=MappingProxyType({"SSE": "SL2 3.1.2", "SZSE": "ZL2 52"}),
    ),
    Rule(
        rule="monitor.concentration",
        text="members stand for more of the pool than a limit of the terms lets one",
        inputs=POOL,
        severity="medium, high where half a limit or more is beyond it",
        articles=MappingProxyType({"SSE": "SL2 3.2.3", "SZSE": "ZL2 65"}),
        rounded=True,
    ),
    Rule(
        rule="monitor.diversification",
        text="fewer than 10 unrelated debtors and fewer than 10 unrelated creditors, or one debtor above 50%",
        inputs=POOL,
        severity="low: waivers for strong credit are lawful and stand in the plan's documents",
        thresholds=("unrelated_parties", "single_debtor"),
    ),
    Rule(
        rule="monitor.related_party",
        text="the originators and their affiliates owe more than 10% of the pool",
        inputs=POOL,
        severity="medium",
        thresholds=("related_share",),
        rounded=True,
    ),
    Rule(
        rule="monitor.important_provider",
        text="payers that a rule makes significant, by unpaid future cash flow or by unpaid principal",
        inputs=POOL,
        severity="low: it is to be disclosed, not wrong",
        thresholds=("provider_alone", "provider_group"),
    ),
    Rule(
        rule="monitor.coverage",
        text="pool and cash are less than what is outstanding on all tranches (revolving shortfall)",
        inputs=POOL,
        severity="high where the rated tranches are not covered, else medium",
        articles=MappingProxyType({"SSE": "SL2 3.1.8", "SZSE": "ZL2 58"}),
        rounded=True,
    ),
    Rule(
        rule="monitor.trigger",
        text="a measure of a trigger of the terms holds, or is within 10% of its threshold",
        inputs=POOL,
        severity="high when it holds, low when it is near",
        thresholds=("trigger_near",),
        articles=MappingProxyType({"SSE": "SL2 3.1.8", "SZSE": "ZL2 58"}),
    ),
    Rule(
        rule="monitor.participant_changed",
        text="a participant of the plan is another than before",
        inputs=(Plan,),
        severity="medium",
        trigger="T13",
    ),
    Rule(
        rule="monitor.participant_suspended",
        text="a participant of the plan is suspended from the ledger, and nobody took its role",
        inputs=(Plan, Member),
        severity="high",
        trigger="T13",
    ),
    Rule(
        rule="monitor.distribution_differs",
        text="a period was not paid on its day, or otherwise than the terms say",
        inputs=PAID,
        severity="by the cause: high for errors, medium for warnings, low for notices (docs/reconciliation.md)",
        trigger="T21",
    ),
    Rule(
        rule="monitor.terms_amended",
        text="the plan's terms were amended",
        inputs=(Plan,),
        severity="medium where distribution, pool or enhancement changed, else low",
        trigger="T23",
    ),
    Rule(
        rule="monitor.terms_unusable",
        text="the terms on the ledger cannot be read, so that the plan is watched by its records alone",
        inputs=(Plan, Tranche),
        severity="medium",
        articles=MappingProxyType({"SSE": "S5 3.1.5", "CSRC": "C49"}),
    ),
    Rule(
        rule="monitor.risk_retention",
        text="the originators hold less than 5% of the issue",
        inputs=(Holding, Tranche, Plan),
        severity="medium",
        thresholds=("risk_retention",),
    ),
    Rule(
        rule="monitor.statement_differs",
        text="the custodian's statement of the plan's account is not what the ledger says came and went",
        inputs=(Statement, PlanAccount, Remittance, PoolPurchase, Distribution, FeePayment, PoolExit),
        severity="high",
        articles=MappingProxyType({"SSE": "S5 3.1.5, 4.5", "CSRC": "C49 披露指引 16"}),
    ),
    Rule(
        rule="monitor.disclosure",
        text="a report was filed after its deadline, or is not filed and the deadline has passed",
        inputs=(Disclosure, Plan, PlanEvent, PoolPurchase, Distribution, Tranche),
        severity="medium while it is not filed, low once it was filed late",
    ),
    Rule(
        rule="monitor.risk_class",
        text="the class of credit risk that the other findings and the forecast suggest, where it is not normal",
        inputs=(*POOL, PlanEvent, Distribution),
        severity="low for 一般关注, medium for 重点关注, high for 风险 and 违约",
        articles=MappingProxyType({"SSE": "S4 34-35", "SZSE": "Z3 22-23"}),
        rounded=True,
    ),
)
"""Every rule, by id."""


def article_of(rule: str, venue: str) -> str:
    """The article of a rule at a venue: the venue's own, else the baseline's, else an exchange's by analogy (参照)."""
    found = RULES[rule]
    known = catalogue()
    said: dict[str, str] = {}
    for name in reversed(found.thresholds):
        said |= {where: str(one) for where, one in known.thresholds[name].articles.items()}
    if found.trigger is not None:
        said |= {where: str(one) for where, one in known.triggers[found.trigger].articles.items()}
    said |= found.articles
    for where in (venue, "CSRC"):
        if where in said:
            return said[where]
    where, text = next(iter(said.items()))
    return text if where == "GP" else f"{text} (参照)"
