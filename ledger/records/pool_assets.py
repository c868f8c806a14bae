"""How the assets of a pool do, as the servicer says: overdue, in default, recovered, written off, disputed."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ledger.facts import AssetStatus, Payment, Plan, PoolAsset, within_plan
from ledger.finding import Code
from ledger.records.base import Day, Id, Need, Payload, Positive, Reference, Role, Text, record_kind
from ledger.records.paths import Paths, follow, since
from ledger.records.plans import running
from ledger.records.pooling import going, not_held

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["AssetDefaulted", "AssetDisputed", "AssetOverdue", "AssetRecovered", "AssetWrittenOff"]

_PATHS: Paths = {
    "performing": {"overdue", "defaulted", "disputed"},
    "overdue": {"overdue", "defaulted", "disputed", "recovered", "written_off"},
    "disputed": {"overdue", "defaulted", "disputed", "recovered", "written_off"},
    "defaulted": {"disputed", "recovered", "written_off"},
    "recovered": {"overdue", "defaulted", "disputed", "recovered", "written_off"},
    "written_off": {"recovered"},
}


class AssetAct(Payload):
    """The servicer says something of an asset."""

    plan: Id
    asset: Id
    at: Day

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            *going(self.plan, [self.asset]),
            Reference(AssetStatus, within_plan(self.plan, self.asset), Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.servicer, act=f"speaks of assets of plan {self.plan}")
        name = within_plan(self.plan, self.asset)
        pooled = facts.current(PoolAsset, name)
        if pooled is None:
            not_held(facts, self.plan, [self.asset])
        before = facts.current(AssetStatus, name) or AssetStatus(
            id=name,
            plan=self.plan,
            asset=self.asset,
            status="performing",
            since=plan.cutoff,
            changed_on=plan.cutoff,
            from_position=(pooled or plan).from_position,
        )
        act = self.kind.partition(".")[2]
        day = follow(facts, before, self.at, _PATHS, Code.ASSET_STATUS)
        begun = before.since if before.status == act else since(facts, self.at)
        facts.begin(before.changed(status=act, since=begun, changed_on=day, **self._said(facts, before)))

    @abstractmethod
    def _said(self, facts: Projection, before: AssetStatus) -> dict[str, Any]:
        """Return what the record states of the asset, and report what cannot be."""


@record_kind("asset.overdue", by=[Role.SERVICER])
class AssetOverdue(AssetAct):
    """An amount is overdue (逾期) for so many days. What was recovered before was of an earlier delay."""

    amount: Positive
    days: Annotated[int, Field(ge=1, le=100_000)]

    def _said(self, facts: Projection, before: AssetStatus) -> dict[str, Any]:
        del facts, before
        return {"amount": self.amount, "days": self.days, "recovered": 0}


@record_kind("asset.defaulted", by=[Role.SERVICER])
class AssetDefaulted(AssetAct):
    """The debtor is in default (违约) with an amount."""

    amount: Positive

    def _said(self, facts: Projection, before: AssetStatus) -> dict[str, Any]:
        del facts, before
        return {"amount": self.amount, "recovered": 0}


@record_kind("asset.recovered", by=[Role.SERVICER])
class AssetRecovered(AssetAct):
    """Part of what was overdue, in default or written off came in (回收)."""

    amount: Positive
    payment: Id | None = None

    def references(self) -> list[Reference]:
        paid = [] if self.payment is None else [Reference(Payment, self.payment)]
        return [*super().references(), *paid]

    def _said(self, facts: Projection, before: AssetStatus) -> dict[str, Any]:
        recovered = facts.total(before.recovered, self.amount, f"asset {self.asset}")
        if before.amount and recovered > before.amount:
            facts.finding(
                Code.ASSET_STATUS,
                f"More was recovered on {self.asset} than was overdue or in default",
                subject=f"receivable {self.asset}",
                others=[before.from_position],
                amount=before.amount,
                recovered=recovered,
            )
        return {"recovered": recovered}


@record_kind("asset.written_off", by=[Role.SERVICER])
class AssetWrittenOff(AssetAct):
    """The plan gives an amount up (核销)."""

    amount: Positive

    def _said(self, facts: Projection, before: AssetStatus) -> dict[str, Any]:
        if before.amount and before.recovered >= before.amount:
            facts.finding(
                Code.ASSET_STATUS,
                f"{self.asset} is written off after all of it was recovered",
                subject=f"receivable {self.asset}",
                others=[before.from_position],
                amount=self.amount,
                recovered=before.recovered,
            )
        return {"written_off": facts.total(before.written_off, self.amount, f"asset {self.asset}")}


@record_kind("asset.disputed", by=[Role.SERVICER])
class AssetDisputed(AssetAct):
    """The debtor disputes what it owes (争议)."""

    reason: Text

    def _said(self, facts: Projection, before: AssetStatus) -> dict[str, Any]:
        del facts, before
        return {"reason": self.reason}
