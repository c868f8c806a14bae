"""Securitisation plans (专项计划): established, and given a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from ledger.facts import (
    Member,
    Output,
    Plan,
    PlanCash,
    PoolAsset,
    Receivable,
    Tranche,
    within_plan,
)
from ledger.finding import Code
from ledger.records.base import (
    MAX_ITEMS,
    Amount,
    Day,
    Id,
    Ids,
    Lookup,
    Need,
    Part,
    Payload,
    PlanId,
    Positive,
    Rate,
    Reference,
    Role,
    Text,
    canonical,
    record_kind,
)

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["Assigned", "PlanEstablished", "PoolAssigned", "Terms", "TrancheTerms"]


class TrancheTerms(Part):
    """A tranche as the plan's record states it."""

    tranche: Id
    name: Text
    code: Text
    rank: Literal["senior", "mezzanine", "subordinated"]
    principal: Amount
    rate: Rate | None
    repayment: Literal["pass_through", "scheduled", "bullet", "residual"]
    maturity: Day


class Terms(Part):
    """How the plan computes: day count, rounding to the fen, fen per unit, days from record date to payment."""

    day_count: Literal["ACT/365F"]
    rounding: Literal["half_up", "down"]
    face: Positive
    record_date_lag: Annotated[int, Field(ge=0, le=366)]


def _named_once(tranches: tuple[TrancheTerms, ...]) -> tuple[TrancheTerms, ...]:
    if len({each.tranche for each in tranches}) != len(tranches):
        raise ValueError("two tranches have one name")
    return tranches


@record_kind("plan.established", by=[Role.PLAN_MANAGER])
class PlanEstablished(Payload):
    """The manager establishes a plan (设立) with its tranches."""

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
    tranches: Annotated[tuple[TrancheTerms, ...], Field(min_length=1, max_length=100), AfterValidator(_named_once)]
    terms: Terms

    def references(self) -> list[Reference]:
        members = dict.fromkeys((self.manager, self.custodian, self.servicer, *self.originators))
        return [Reference(Plan, self.plan, Need.NEW), *(Reference(Member, member) for member in members)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.manager, act=f"establishes a plan of {self.manager}")
        facts.dated("cut-off comes before closing", self.cutoff, self.closing)
        facts.dated("closing comes before maturity", self.closing, self.maturity)
        facts.add(
            Plan(
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
                terms=canonical(self.terms.model_dump()).decode(),
            )
        )
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


class Assigned(Part):
    """A receivable, and the outputs by which the assignor owns it; none when it owns the receivable itself."""

    asset: Id
    outputs: Ids


@record_kind("pool.assigned", by=[Role.ORIGINATOR, Role.FACTOR])
class PoolAssigned(Payload):
    """An originator assigns assets to the plan (二次转让)."""

    plan: Id
    date: Day
    assignor: Id
    price: Amount
    assets: Annotated[tuple[Assigned, ...], Field(min_length=1, max_length=MAX_ITEMS)]

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Member, self.assignor),
            *dict.fromkeys(Reference(Receivable, each.asset) for each in self.assets),
            *dict.fromkeys(Reference(Output, output) for each in self.assets for output in each.outputs),
        ]

    def lookups(self) -> list[Lookup]:
        return [Lookup(PoolAsset, "asset", tuple(each.asset for each in self.assets))]

    def project(self, facts: Projection) -> None:
        plan = facts.current(Plan, self.plan)
        facts.by_party(self.assignor, act=f"assigns for {self.assignor}")
        facts.dated("an assignment is made before it is recorded", self.date, facts.record.business_day)
        if plan is not None and self.assignor not in plan.originators:
            facts.finding(
                Code.PLAN_ORIGINATOR,
                f"{self.assignor} is no originator of plan {self.plan}",
                subject=f"plan {self.plan}",
                others=[plan.from_position],
            )
        pooled: dict[str, list[PoolAsset]] = {}
        for row in facts.live(PoolAsset, "asset", (each.asset for each in self.assets)):
            pooled.setdefault(row.asset, []).append(row)
        for each in self.assets:
            receivable = facts.current(Receivable, each.asset)
            if receivable is None:
                continue
            self._check_owner(each, receivable, facts)
            held = pooled.setdefault(each.asset, [])
            if held:
                plans = dict.fromkeys(row.plan for row in held)
                facts.finding(
                    Code.POOL_DOUBLE,
                    f"{each.asset} is in the pool of {', '.join(plans)} and is assigned to {self.plan}",
                    subject=f"receivable {each.asset}",
                    others=[row.from_position for row in held],
                    outstanding=receivable.outstanding,
                )
                if self.plan in plans:
                    continue  # the pool holds it; a second time would only count it twice
            row = PoolAsset(
                id=within_plan(self.plan, each.asset),
                plan=self.plan,
                asset=each.asset,
                outputs=list(each.outputs),
                assigned_on=self.date,
                price=self.price,
                assignor=self.assignor,
            )
            facts.add(row)
            held.append(row)

    def _check_owner(self, assigned: Assigned, receivable: Receivable, facts: Projection) -> None:
        reasons: list[tuple[str, int]] = []
        if not assigned.outputs and receivable.creditor != self.assignor:
            reasons.append((f"its creditor is {receivable.creditor}", receivable.from_position))
        for name in assigned.outputs:
            output = facts.last(Output, name)
            if output is None:
                continue
            if output.root != assigned.asset:
                reasons.append((f"output {name} is a piece of {output.root}", output.from_position))
            elif output.to_position is not None:
                reasons.append((f"output {name} was spent before", output.to_position))
            elif output.owners != (self.assignor,):
                reasons.append((f"output {name} belongs to {' and '.join(output.owners)}", output.from_position))
        for reason, position in reasons:
            facts.finding(
                Code.POOL_NOT_OWNER,
                f"{self.assignor} assigns {assigned.asset}, but {reason}",
                subject=f"receivable {assigned.asset}",
                others=[position],
                outstanding=receivable.outstanding,
            )
