"""Securitisation plans (专项计划): established, amended, events declared on them, liquidated."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ledger.facts import (
    ConcentrationLimit,
    EligibilityCriterion,
    Member,
    Plan,
    PlanAccount,
    PlanCash,
    PlanEvent,
    PlanFee,
    PlanTrigger,
    PoolAsset,
    Tranche,
    within_plan,
)
from ledger.finding import Code
from ledger.records.base import (
    Amount,
    Day,
    Distinct,
    Id,
    Ids,
    Lookup,
    Need,
    Payload,
    PlanId,
    Reference,
    Role,
    Text,
    canonical,
    record_kind,
)
from ledger.records.plan_terms import (
    Accounts,
    Criteria,
    Document,
    Event,
    Fees,
    Limits,
    Revolving,
    Terms,
    Tranches,
    Triggers,
    columns_of,
    with_terms,
)
from ledger.records.pooling import unfinished

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "EventDeclared",
    "PlanDocumented",
    "PlanEstablished",
    "PlanLiquidated",
    "PlanTermsAmended",
    "PlanTermsReplaced",
    "PlanWithTerms",
    "running",
]

MAX_DATES = 1_000  # payment dates of one plan
MAX_STEPS = 1_000  # of one waterfall


def running(facts: Projection, name: str) -> Plan | None:
    """Return the plan that a record acts on; report one whose liquidation (清算) was complete before."""
    plan = facts.current(Plan, name)
    if plan is not None and plan.liquidated_on is not None:
        facts.finding(
            Code.PLAN_STATUS,
            f"{facts.record.kind} acts on plan {name}, whose liquidation was complete before",
            subject=f"plan {name}",
            others=[plan.from_position],
            liquidated=str(plan.liquidated_on),
        )
    return plan


def _check_days(facts: Projection, plan: Plan) -> None:
    """Report a revolving period or payment dates that lie outside the plan's life."""
    if plan.revolving_until is not None:
        facts.dated("the revolving period ends after closing", plan.closing, plan.revolving_until)
        facts.dated("the revolving period ends before maturity", plan.revolving_until, plan.maturity)
    if plan.payment_dates:
        facts.dated("a plan pays its holders after closing", plan.closing, date.fromisoformat(min(plan.payment_dates)))


class Establishing(Payload):
    """What every version states of a plan that its manager establishes (设立)."""

    plan: PlanId
    code: Text
    name: Text
    venue: Literal["SSE", "SZSE", "NAFMII", "BJS"]
    manager: Id
    custodian: Id
    originators: Ids
    servicer: Id
    shelf: Text | None = None
    cutoff: Day
    closing: Day
    maturity: Day
    tranches: Tranches

    def references(self) -> list[Reference]:
        members = dict.fromkeys((self.manager, self.custodian, self.servicer, *self.originators, *self._parties()))
        return [Reference(Plan, self.plan, Need.NEW), *(Reference(Member, member) for member in members)]

    def _parties(self) -> list[str]:
        """Return the further members a version names."""
        return []

    @abstractmethod
    def _columns(self) -> dict[str, Any]:
        """Return the columns of the plan that a version states in its own way."""

    def project(self, facts: Projection) -> None:
        facts.by_party(self.manager, act=f"establishes a plan of {self.manager}")
        facts.dated("cut-off comes before closing", self.cutoff, self.closing)
        facts.dated("closing comes before maturity", self.closing, self.maturity)
        plan = Plan(
            id=self.plan,
            code=self.code,
            name=self.name,
            venue=self.venue,
            manager=self.manager,
            custodian=self.custodian,
            originators=list(self.originators),
            servicer=self.servicer,
            shelf=self.shelf,
            cutoff=self.cutoff,
            closing=self.closing,
            maturity=self.maturity,
            **self._columns(),
        )
        facts.add(plan)
        facts.add(PlanCash(id=self.plan))
        for place, each in enumerate(self.tranches):
            facts.dated(f"tranche {each.tranche} matures no later than the plan", each.maturity, self.maturity)
            facts.add(
                Tranche(
                    id=within_plan(self.plan, each.tranche),
                    plan=self.plan,
                    tranche=each.tranche,
                    name=each.name,
                    code=each.code,
                    rank=each.rank,
                    principal=each.principal,
                    outstanding=each.principal,
                    rate=each.rate,
                    repayment=each.repayment,
                    maturity=each.maturity,
                    place=place,
                )
            )
        _check_days(facts, plan)


@record_kind("plan.established", by=[Role.PLAN_MANAGER])
class PlanEstablished(Establishing):
    """The manager establishes a plan (设立) with its tranches."""

    terms: Terms

    def _columns(self) -> dict[str, Any]:
        return {"terms": _text_of(self.terms)}


@record_kind("plan.established", by=[Role.PLAN_MANAGER], version=2)
class PlanDocumented(PlanEstablished):
    """The same, with what the plan's documents (计划说明书) say of its accounts, its pool and its payments."""

    accounts: Accounts
    fees: Fees
    triggers: Triggers
    eligibility: Criteria
    concentration_limits: Limits
    revolving: Revolving | None = None
    payment_dates: Annotated[tuple[Day, ...], Field(max_length=MAX_DATES), Distinct()]
    waterfall: Annotated[tuple[Text, ...], Field(max_length=MAX_STEPS)]

    def _parties(self) -> list[str]:
        return [*(each.bank for each in self.accounts), *(each.payee for each in self.fees)]

    def _columns(self) -> dict[str, Any]:
        return {
            **super()._columns(),
            "revolving_until": None if self.revolving is None else self.revolving.until,
            "revolving_min_yield": None if self.revolving is None else self.revolving.min_yield,
            "payment_dates": [day.isoformat() for day in self.payment_dates],
            "waterfall": list(self.waterfall),
        }

    def project(self, facts: Projection) -> None:
        super().project(facts)
        for place, account in enumerate(self.accounts):
            facts.add(PlanAccount(**self._row(place, account.account), **account.model_dump()))
        for place, fee in enumerate(self.fees):
            facts.add(PlanFee(**self._row(place, fee.fee), **fee.model_dump()))
        for place, trigger in enumerate(self.triggers):
            facts.add(PlanTrigger(**self._row(place, trigger.trigger), **trigger.model_dump()))
        for place, criterion in enumerate(self.eligibility):
            facts.add(EligibilityCriterion(**self._row(place, criterion.criterion), **criterion.model_dump()))
        for place, each in enumerate(self.concentration_limits):
            facts.add(ConcentrationLimit(**self._row(place, each.by), grouping=each.by, limit=each.limit))

    def _row(self, place: int, name: str) -> dict[str, Any]:
        return {"id": within_plan(self.plan, name), "plan": self.plan, "place": place}


@record_kind("plan.established", by=[Role.PLAN_MANAGER], version=3)
class PlanWithTerms(Establishing):
    """The same, with its terms (交易条款) as one document, by which anybody can recompute what the plan pays."""

    document: Document

    def _columns(self) -> dict[str, Any]:
        return columns_of(self.document)


def _text_of(terms: Terms) -> str:
    return canonical(terms.model_dump()).decode()


class Amending(Payload):
    """What every version states of terms that the manager amends (变更约定), from a day on."""

    plan: Id
    effective: Day
    reason: Text

    def references(self) -> list[Reference]:
        return [Reference(Plan, self.plan, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.manager, act=f"amends plan {self.plan}")
        facts.dated("terms are amended after the plan's cut-off", plan.cutoff, self.effective)
        amended = plan.changed(terms_from=self.effective, terms_reason=self.reason, **self._columns(plan))
        facts.begin(amended)
        _check_days(facts, amended)

    @abstractmethod
    def _columns(self, plan: Plan) -> dict[str, Any]:
        """Return the columns of the plan that change."""


@record_kind("plan.terms_amended", by=[Role.PLAN_MANAGER])
class PlanTermsAmended(Amending):
    """The manager amends how the plan computes (变更约定), from a day on; in its document too, where it has one."""

    terms: Terms

    def _columns(self, plan: Plan) -> dict[str, Any]:
        text = plan.document
        changed = {} if text is None else {"document": with_terms(text, self.terms)}
        return {"terms": _text_of(self.terms), **changed}


@record_kind("plan.terms_amended", by=[Role.PLAN_MANAGER], version=2)
class PlanTermsReplaced(Amending):
    """The manager replaces the document of the plan's terms (变更约定), from a day on."""

    document: Document

    def _columns(self, plan: Plan) -> dict[str, Any]:
        del plan
        return columns_of(self.document)


@record_kind("event.declared", by=[Role.PLAN_MANAGER])
class EventDeclared(Payload):
    """The manager declares an event on the plan, such as acceleration (加速清偿)."""

    plan: Id
    event: Event
    at: Day
    reason: Text

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(PlanEvent, within_plan(self.plan, self.event), Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.manager, act=f"declares an event on plan {self.plan}")
        facts.dated("an event is declared after the plan's cut-off", plan.cutoff, self.at)
        facts.dated("an event is declared before that is recorded", self.at, facts.record.business_day)
        declared = facts.current(PlanEvent, within_plan(self.plan, self.event))
        if declared is not None:
            facts.finding(
                Code.EVENT_STATUS,
                f"{self.event} was declared on plan {self.plan} before",
                subject=f"plan {self.plan}",
                others=[declared.from_position],
                before=str(declared.declared_on),
            )
            return
        if self.event == "revolving_ended" and plan.revolving_until is None:
            facts.finding(
                Code.EVENT_STATUS,
                f"Plan {self.plan} has no revolving period that could end",
                subject=f"plan {self.plan}",
                others=[plan.from_position],
            )
        facts.add(
            PlanEvent(
                id=within_plan(self.plan, self.event),
                plan=self.plan,
                event=self.event,
                declared_on=self.at,
                reason=self.reason,
            )
        )


@record_kind("plan.liquidated", by=[Role.PLAN_MANAGER])
class PlanLiquidated(Payload):
    """The plan's liquidation is complete (清算完成): nothing is left in its pool, and nothing to distribute."""

    plan: Id
    at: Day
    surplus: Amount

    def references(self) -> list[Reference]:
        return [Reference(Plan, self.plan, Need.ESSENTIAL)]

    def lookups(self) -> list[Lookup]:
        return [Lookup(PoolAsset, "plan", (self.plan,)), Lookup(Tranche, "plan", (self.plan,))]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.manager, act=f"liquidates plan {self.plan}")
        facts.dated("a plan is liquidated after closing", plan.closing, self.at)
        facts.dated("a plan is liquidated before that is recorded", self.at, facts.record.business_day)
        if plan.liquidated_on is not None:
            return
        if left := unfinished(facts, self.plan):
            facts.finding(
                Code.PLAN_STATUS,
                f"Plan {self.plan} is liquidated with {len(left)} assets in its pool that are not settled",
                subject=f"plan {self.plan}",
                others=[left[0].from_position],
                assets=len(left),
            )
        self._check_principal(facts)
        facts.begin(plan.changed(liquidated_on=self.at, surplus=self.surplus))

    def _check_principal(self, facts: Projection) -> None:
        """Report principal that was not repaid. A subordinated tranche (次级) bears losses; not beside a surplus."""
        unpaid = [
            tranche
            for tranche in facts.live(Tranche, "plan", [self.plan])
            if tranche.outstanding > 0 and (self.surplus or tranche.rank != "subordinated")
        ]
        if unpaid:
            facts.finding(
                Code.PLAN_STATUS,
                f"Plan {self.plan} is liquidated, and principal of {len(unpaid)} of its tranches is unpaid",
                subject=f"plan {self.plan}",
                others=[each.from_position for each in unpaid],
                outstanding=sum(each.outstanding for each in unpaid),
                surplus=self.surplus,
            )
