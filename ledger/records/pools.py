"""The pool of a plan (基础资产池): what comes in and what leaves, and what is paid for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ledger.facts import Member, Output, Plan, PlanCash, PlanEvent, PoolAsset, PoolPurchase, within_plan
from ledger.finding import Code
from ledger.records.base import (
    MAX_ITEMS,
    Amount,
    Day,
    Id,
    Lookup,
    Need,
    Payload,
    Reference,
    Role,
    record_kind,
)
from ledger.records.plan_cash import cash_of, count_cash
from ledger.records.plans import running
from ledger.records.pooling import (
    Assets,
    admit,
    by_originator,
    coming,
    going,
    leave,
    pooled_before,
    unfinished,
    worth,
)

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["CleanupCall", "PoolAssigned", "PoolRemoved", "PoolRepurchased", "PoolRevolvingPurchased", "PoolSubstituted"]

CLOSING = ("revolving_ended", "acceleration", "default", "early_termination")
"""The events that end a revolving period."""

Leaving = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_ITEMS)]


@record_kind("pool.assigned", by=[Role.ORIGINATOR, Role.FACTOR])
class PoolAssigned(Payload):
    """An originator assigns assets to the plan (二次转让)."""

    plan: Id
    date: Day
    assignor: Id
    price: Amount
    assets: Assets

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Member, self.assignor),
            *coming(self.plan, self.assets),
        ]

    def lookups(self) -> list[Lookup]:
        return [pooled_before(self.assets)]

    def _entry(self) -> dict[str, Any]:
        """Return how the assets came in."""
        return {"came": "assigned"}

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.dated("an assignment is made before it is recorded", self.date, facts.record.business_day)
        by_originator(facts, plan, self.assignor, "assigns")
        admit(facts, plan, self.assets, self.assignor, assigned_on=self.date, price=self.price, **self._entry())


@record_kind("pool.revolving_purchased", by=[Role.ORIGINATOR, Role.FACTOR])
class PoolRevolvingPurchased(PoolAssigned):
    """The plan buys further assets with what it collected (循环购买)."""

    purchase: Id

    def references(self) -> list[Reference]:
        return [
            Reference(PoolPurchase, self.purchase, Need.NEW),
            *super().references(),
            Reference(PlanCash, self.plan, Need.READ),
            *(Reference(PlanEvent, within_plan(self.plan, event), Need.READ) for event in CLOSING),
        ]

    def _entry(self) -> dict[str, Any]:
        return {"came": "purchased", "purchase": self.purchase}

    def project(self, facts: Projection) -> None:
        super().project(facts)
        plan = facts.current(Plan, self.plan)
        if plan is None:
            return
        if closed := self._closed(facts, plan):
            why, position = closed
            facts.finding(
                Code.POOL_REVOLVING_CLOSED,
                f"Plan {self.plan} buys assets outside a revolving period: {why}",
                subject=f"purchase {self.purchase}",
                others=[position],
                date=str(self.date),
            )
        facts.add(
            PoolPurchase(
                id=self.purchase,
                plan=self.plan,
                purchased_on=self.date,
                assignor=self.assignor,
                price=self.price,
                assets=len(self.assets),
            )
        )
        cash = cash_of(facts, self.plan)
        if self.price > cash.unspent:
            facts.finding(
                Code.POOL_EXCEEDS_CASH,
                "The purchase costs more than what the plan received and has not spent",
                subject=f"purchase {self.purchase}",
                others=[cash.from_position],
                price=self.price,
                unspent=cash.unspent,
            )
        count_cash(facts, self.plan, purchased=self.price)

    def _closed(self, facts: Projection, plan: Plan) -> tuple[str, int] | None:
        """Return why the purchase lies outside the revolving period (循环期), and the record that says so."""
        if plan.revolving_until is None:
            return "it has none", plan.from_position
        for event in CLOSING:
            declared = facts.current(PlanEvent, within_plan(self.plan, event))
            if declared is not None and declared.declared_on <= self.date:
                return f"{event} ended it on {declared.declared_on}", declared.from_position
        if self.date > plan.revolving_until:
            return f"it ended on {plan.revolving_until}", plan.from_position
        return None


@record_kind("pool.repurchased", by=[Role.ORIGINATOR, Role.FACTOR])
class PoolRepurchased(Payload):
    """An originator buys assets back (赎回)."""

    plan: Id
    date: Day
    by: Id
    price: Amount
    reason: Literal["dilution", "ineligible", "dispute", "cleanup", "other"]
    assets: Leaving

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Member, self.by),
            Reference(PlanCash, self.plan, Need.READ),
            *going(self.plan, self.assets),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.dated("a repurchase is made before it is recorded", self.date, facts.record.business_day)
        by_originator(facts, plan, self.by, "buys back")
        leave(
            facts,
            self.plan,
            self.assets,
            how="repurchased",
            reason=self.reason,
            left_on=self.date,
            taker=self.by,
            price=self.price,
        )
        count_cash(facts, self.plan, **{"cleaned_up" if self.reason == "cleanup" else "repurchased": self.price})


@record_kind("pool.substituted", by=[Role.ORIGINATOR, Role.FACTOR])
class PoolSubstituted(Payload):
    """An originator puts assets in the place of others (置换)."""

    plan: Id
    date: Day
    by: Id
    removed: Leaving
    assets: Assets

    def references(self) -> list[Reference]:
        named = dict.fromkeys((*going(self.plan, self.removed), *coming(self.plan, self.assets)))
        return [Reference(Plan, self.plan, Need.ESSENTIAL), Reference(Member, self.by), *named]

    def lookups(self) -> list[Lookup]:
        return [pooled_before(self.assets)]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.dated("a substitution is made before it is recorded", self.date, facts.record.business_day)
        by_originator(facts, plan, self.by, "substitutes")
        gone = leave(
            facts,
            self.plan,
            self.removed,
            how="substituted",
            reason="substitution",
            left_on=self.date,
            taker=self.by,
        )
        self._check_value(facts, gone)
        admit(facts, plan, self.assets, self.by, assigned_on=self.date, price=0, came="substituted")

    def _check_value(self, facts: Projection, gone: list[PoolAsset]) -> None:
        facts.prefetch((Output, output) for row in gone for output in row.outputs)
        taken = sum(worth(facts, row.asset, row.outputs) for row in gone)
        given = sum(worth(facts, each.asset, each.outputs) for each in self.assets)
        if given < taken:
            facts.finding(
                Code.POOL_SUBSTITUTION_VALUE,
                f"What comes into the pool of {self.plan} is worth less than what it replaces",
                subject=f"plan {self.plan}",
                others=[row.from_position for row in gone],
                given=given,
                taken=taken,
            )


@record_kind("pool.removed", by=[Role.SERVICER, Role.PLAN_MANAGER])
class PoolRemoved(Payload):
    """Assets leave the pool without anybody buying them: settled, written off, or never eligible."""

    plan: Id
    date: Day
    reason: Literal["settled", "written_off", "ineligible", "other"]
    assets: Leaving

    def references(self) -> list[Reference]:
        return [Reference(Plan, self.plan, Need.ESSENTIAL), *going(self.plan, self.assets)]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.dated("a removal is made before it is recorded", self.date, facts.record.business_day)
        facts.by_party(plan.servicer, plan.manager, act=f"removes assets from plan {self.plan}")
        leave(facts, self.plan, self.assets, how="removed", reason=self.reason, left_on=self.date)


@record_kind("cleanup_call", by=[Role.ORIGINATOR, Role.FACTOR])
class CleanupCall(Payload):
    """An originator has bought all that was left of the pool (清仓回购): ``price`` is what it paid in all."""

    plan: Id
    date: Day
    by: Id
    price: Amount

    def references(self) -> list[Reference]:
        return [
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Member, self.by),
            Reference(PlanCash, self.plan, Need.READ),
        ]

    def lookups(self) -> list[Lookup]:
        return [Lookup(PoolAsset, "plan", (self.plan,))]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.dated("a clean-up call is made before it is recorded", self.date, facts.record.business_day)
        by_originator(facts, plan, self.by, "cleans up")
        left = unfinished(facts, self.plan)
        if left or not self.price:
            facts.finding(
                Code.POOL_CLEANUP,
                f"The clean-up call of {self.plan} leaves {len(left)} assets in the pool; its price is {self.price}",
                subject=f"plan {self.plan}",
                others=[left[0].from_position if left else plan.from_position],
                assets=len(left),
                price=self.price,
            )
        cash = cash_of(facts, self.plan)
        # The repurchases it consists of may have stated their part of the price.
        facts.begin(cash.changed(cleaned_up=max(cash.cleaned_up, self.price)))
