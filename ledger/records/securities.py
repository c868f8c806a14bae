"""A plan's securities: what an agency rates them, and who holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ledger.facts import Holding, Member, Plan, Rating, Tranche, within_plan
from ledger.finding import Code
from ledger.records.base import MAX_FEN, MAX_ITEMS, Day, Id, Lookup, Need, Part, Payload, Reference, Role, record_kind
from ledger.records.plan_terms import face_of

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["Holder", "HoldingsReported", "RatingChanged"]


@record_kind("rating.changed", by=[Role.RATING])
class RatingChanged(Payload):
    """An agency rates a tranche, or the plan as a whole, from now on (评级调整)."""

    plan: Id
    tranche: Id | None = None
    agency: Id
    rating: Id
    at: Day

    @property
    def _security(self) -> str:
        return self.plan if self.tranche is None else within_plan(self.plan, self.tranche)

    def references(self) -> list[Reference]:
        rated = [] if self.tranche is None else [Reference(Tranche, self._security, Need.ESSENTIAL)]
        return [Reference(Plan, self.plan, Need.ESSENTIAL), *rated, Reference(Member, self.agency)]

    def lookups(self) -> list[Lookup]:
        return [Lookup(Rating, "security", (self._security,))]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.agency, act=f"rates for {self.agency}")
        facts.dated("a rating is given before it is recorded", self.at, facts.record.business_day)
        for rating in facts.live(Rating, "security", [self._security]):
            if rating.agency == self.agency:
                facts.dated("a rating changes after the one before it", rating.rated_on, self.at)
                facts.end(rating)
        facts.add(
            Rating(
                id=facts.place(0),
                security=self._security,
                plan=self.plan,
                tranche=self.tranche,
                agency=self.agency,
                rating=self.rating,
                rated_on=self.at,
            )
        )


class Holder(Part):
    """An investor, and how many units it holds."""

    investor: Id
    units: Annotated[int, Field(ge=1, le=MAX_FEN)]


@record_kind("holdings.reported", by=[Role.CUSTODIAN, Role.REGISTRY, Role.PLAN_MANAGER])
class HoldingsReported(Payload):
    """Who holds a tranche on a day (持有人名册): all of it, in units of the plan's face value."""

    plan: Id
    tranche: Id
    at: Day
    holders: Annotated[tuple[Holder, ...], Field(min_length=1, max_length=MAX_ITEMS)]

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Tranche, within_plan(self.plan, self.tranche), Need.ESSENTIAL),
        ]

    def lookups(self) -> list[Lookup]:
        return [Lookup(Holding, "security", (within_plan(self.plan, self.tranche),))]

    def project(self, facts: Projection) -> None:
        plan = facts.current(Plan, self.plan)
        tranche = facts.current(Tranche, within_plan(self.plan, self.tranche))
        if plan is None or tranche is None:
            return
        if facts.sender is not None and Role.REGISTRY not in facts.sender.roles:
            facts.by_party(plan.custodian, plan.manager, act=f"reports holders of plan {self.plan}")
        facts.dated("securities are held after closing", plan.closing, self.at)
        facts.dated("holdings are reported after the day they are of", self.at, facts.record.business_day)
        self._check_total(facts, plan, tranche)
        for holding in facts.live(Holding, "security", [tranche.id]):
            facts.end(holding)
        for index, each in enumerate(self.holders):
            facts.add(
                Holding(
                    id=facts.place(index),
                    security=tranche.id,
                    plan=self.plan,
                    tranche=self.tranche,
                    investor=each.investor,
                    units=each.units,
                    held_on=self.at,
                )
            )

    def _check_total(self, facts: Projection, plan: Plan, tranche: Tranche) -> None:
        if plan.terms_from is not None and self.at < plan.terms_from:
            return  # Terms that hold from a later day say nothing of it.
        face = face_of(plan.terms)
        units = sum(each.units for each in self.holders)
        if face is not None and units * face != tranche.principal:
            facts.finding(
                Code.HOLDINGS_TOTAL,
                f"The units held of tranche {self.tranche} do not make up its principal",
                subject=f"tranche {tranche.id}",
                others=[tranche.from_position],
                units=units,
                face=face,
                principal=tranche.principal,
            )
