"""What is disclosed on a plan (信息披露): packages filed with its venue, and what the exchange answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ledger.facts import Disclosure, Member, Plan
from ledger.finding import Code
from ledger.records.base import Day, Digest, Id, Need, Payload, Reference, Role, Text, record_kind

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["DisclosureAcknowledged", "DisclosureFiled"]


@record_kind("disclosure.filed", by=[Role.PLAN_MANAGER, Role.CUSTODIAN, Role.RATING])
class DisclosureFiled(Payload):
    """A signed package was filed; it may take the place of an earlier one (更正)."""

    disclosure: Id
    report: Id
    kind_: Annotated[Id, Field(alias="kind")]
    plan: Id
    period: Annotated[int, Field(ge=0, le=10_000)] | None = None
    package_digest: Digest
    signer: Id
    supersedes: Id | None = None

    def references(self) -> list[Reference]:
        earlier = [] if self.supersedes is None else [Reference(Disclosure, self.supersedes, Need.READ)]
        return [
            Reference(Disclosure, self.disclosure, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Member, self.signer),
            *earlier,
        ]

    def project(self, facts: Projection) -> None:
        plan = facts.current(Plan, self.plan)
        if plan is None:
            return
        facts.by_party(self.signer, act=f"files what {self.signer} signed")
        if facts.sender is not None and Role.RATING not in facts.sender.roles:
            facts.by_party(plan.manager, plan.custodian, act=f"discloses on plan {self.plan}")
        if self.supersedes is not None:
            self._supersede(facts, self.supersedes)
        facts.add(
            Disclosure(
                id=self.disclosure,
                report=self.report,
                kind=self.kind_,
                plan=self.plan,
                period=self.period,
                package_digest=self.package_digest,
                signer=self.signer,
                filed_on=facts.record.business_day,
                supersedes=self.supersedes,
            )
        )

    def _supersede(self, facts: Projection, name: str) -> None:
        """Let the earlier disclosure be superseded; report one that is not there to be."""
        earlier = facts.current(Disclosure, name)
        wrong = (
            "no record filed it"
            if earlier is None
            else f"that is of plan {earlier.plan}"
            if earlier.plan != self.plan
            else f"{earlier.superseded_by} did before"
            if earlier.superseded_by is not None
            else None
        )
        if wrong is not None:
            facts.finding(
                Code.DISCLOSURE_SUPERSEDES,
                f"{self.disclosure} supersedes {name}, but {wrong}",
                subject=f"disclosure {self.disclosure}",
                others=[] if earlier is None else [earlier.from_position],
            )
        elif earlier is not None:
            facts.begin(earlier.changed(superseded_by=self.disclosure))


@record_kind("disclosure.acknowledged", by=[Role.EXCHANGE])
class DisclosureAcknowledged(Payload):
    """The plan's venue accepts a package, or sends it back (回执)."""

    disclosure: Id
    exchange: Id
    accepted: bool
    reason: Text | None = None
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Disclosure, self.disclosure, Need.ESSENTIAL), Reference(Member, self.exchange)]

    def project(self, facts: Projection) -> None:
        disclosure = facts.current(Disclosure, self.disclosure)
        plan = None if disclosure is None else facts.current(Plan, disclosure.plan)
        if disclosure is None or plan is None:
            return
        facts.by_party(self.exchange, act=f"acknowledges for {self.exchange}")
        facts.dated("a disclosure is acknowledged after it was filed", disclosure.filed_on, self.at)
        facts.dated("a disclosure is acknowledged before that is recorded", self.at, facts.record.business_day)
        # A venue's member goes by the venue's code.
        wrong = [] if self.exchange.upper() == plan.venue else [f"its venue is {plan.venue}, not {self.exchange}"]
        if disclosure.exchange is not None:
            wrong.append(f"{disclosure.exchange} did before")
        for reason in wrong:
            facts.finding(
                Code.DISCLOSURE_ACKNOWLEDGED,
                f"{self.exchange} acknowledges {self.disclosure}, but {reason}",
                subject=f"disclosure {self.disclosure}",
                others=[disclosure.from_position],
            )
        if disclosure.exchange is None:
            facts.begin(
                disclosure.changed(
                    exchange=self.exchange, accepted=self.accepted, answered_on=self.at, answer=self.reason
                )
            )
