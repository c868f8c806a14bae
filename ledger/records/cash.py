"""The cash of a plan: collected by its servicer (归集), passed on (转付), distributed (分配)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ledger.facts import (
    Collection,
    CollectionItem,
    Distribution,
    Payment,
    PaymentUse,
    Plan,
    PlanCash,
    PoolAsset,
    Receivable,
    Remittance,
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
    Need,
    Part,
    Payload,
    Positive,
    Reference,
    Role,
    record_kind,
)
from ledger.records.plan_cash import cash_of, count_cash
from ledger.records.plan_terms import Period
from ledger.records.plans import running

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["Collected", "CollectionReceived", "CollectionRemitted", "DistributionMade", "take_of_payment"]

SHOWN = 5  # names spelled out in one message


class Collected(Part):
    """What part of a collection came by which payment on which asset."""

    payment: Id
    asset: Id
    amount: Positive


@record_kind("collection.received", by=[Role.SERVICER])
class CollectionReceived(Payload):
    """The servicer collected cash on the pool (归集)."""

    collection: Id
    plan: Id
    date: Day
    amount: Positive
    items: Annotated[tuple[Collected, ...], Field(max_length=MAX_ITEMS)]

    def references(self) -> list[Reference]:
        return [
            Reference(Collection, self.collection, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
            *dict.fromkeys(Reference(Payment, each.payment) for each in self.items),
            *dict.fromkeys(Reference(PaymentUse, each.payment, Need.READ) for each in self.items),
            *dict.fromkeys(Reference(Receivable, each.asset) for each in self.items),
            *dict.fromkeys(Reference(PoolAsset, within_plan(self.plan, each.asset), Need.READ) for each in self.items),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        subject = f"collection {self.collection}"
        facts.by_party(plan.servicer, act=f"collects for plan {self.plan}")
        facts.dated("cash is collected after the plan's cut-off", plan.cutoff, self.date)
        facts.dated("cash is collected before that is recorded", self.date, facts.record.business_day)
        items = sum(each.amount for each in self.items)
        if items != self.amount:
            facts.finding(
                Code.COLLECTION_TOTAL,
                "The items do not add up to the collection",
                subject=subject,
                amount=self.amount,
                items=items,
            )
        assets = dict.fromkeys(each.asset for each in self.items)
        foreign = [asset for asset in assets if facts.current(PoolAsset, within_plan(self.plan, asset)) is None]
        if foreign:
            facts.finding(
                Code.COLLECTION_NOT_IN_POOL,
                f"The plan's pool does not hold {', '.join(foreign[:SHOWN])}",
                subject=subject,
                others=[plan.from_position],
                assets=len(foreign),
            )
        facts.add(Collection(id=self.collection, plan=self.plan, collected_on=self.date, amount=self.amount))
        for index, each in enumerate(self.items):
            facts.add(
                CollectionItem(
                    id=facts.place(index),
                    collection=self.collection,
                    plan=self.plan,
                    payment=each.payment,
                    asset=each.asset,
                    amount=each.amount,
                )
            )
        count_cash(facts, self.plan, collected=self.amount)
        taken: Counter[str] = Counter()
        for each in self.items:
            taken[each.payment] += each.amount
        for name, amount in taken.items():
            take_of_payment(facts, name, amount)


def take_of_payment(facts: Projection, name: str, amount: int) -> None:
    """Count what a plan takes in of a payment; report when all plans together took more than was paid."""
    payment = facts.current(Payment, name)
    if payment is None:
        return
    used = facts.current(PaymentUse, name)
    before = PaymentUse(id=name) if used is None else used
    collected = facts.total(before.collected, amount, f"payment {name}")
    if collected > payment.amount:
        facts.finding(
            Code.COLLECTION_EXCEEDS_PAYMENT,
            f"More was collected of payment {name} than was paid",
            subject=f"payment {name}",
            others=[payment.from_position, None if used is None else used.from_position],
            paid=payment.amount,
            collected=collected,
        )
    facts.begin(before.changed(collected=collected))


@record_kind("collection.remitted", by=[Role.SERVICER])
class CollectionRemitted(Payload):
    """The servicer passed collections on to the custody account (转付)."""

    remittance: Id
    plan: Id
    date: Day
    amount: Positive
    collections: Ids

    def references(self) -> list[Reference]:
        return [
            Reference(Remittance, self.remittance, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
            *(Reference(Collection, each) for each in dict.fromkeys(self.collections)),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        subject = f"remittance {self.remittance}"
        facts.by_party(plan.servicer, act=f"remits for plan {self.plan}")
        facts.dated("a remittance is made before it is recorded", self.date, facts.record.business_day)
        rest = self.amount
        for name in dict.fromkeys(self.collections):
            collection = facts.current(Collection, name)
            if collection is None:
                continue
            if collection.plan != self.plan:
                facts.finding(
                    Code.REFERENCE_MISSING,
                    f"Collection {name} is of plan {collection.plan}",
                    subject=subject,
                    others=[collection.from_position],
                )
            elif collection.remitted >= collection.amount:
                facts.finding(
                    Code.REMITTANCE_TWICE,
                    f"Collection {name} was passed on by remittance {collection.remittance} already",
                    subject=subject,
                    others=[collection.from_position],
                    amount=collection.amount,
                )
            else:
                facts.dated("cash is collected before it is passed on", collection.collected_on, self.date)
                part = min(rest, collection.amount - collection.remitted)
                rest -= part
                remitted = collection.remitted + part
                facts.begin(collection.changed(remitted=remitted, remittance=self.remittance))
        if rest:
            facts.finding(
                Code.REMITTANCE_EXCEEDS,
                "The remittance is larger than the collections it passes on",
                subject=subject,
                amount=self.amount,
                collections=self.amount - rest,
            )
        facts.add(
            Remittance(
                id=self.remittance,
                plan=self.plan,
                remitted_on=self.date,
                amount=self.amount,
                collections=list(self.collections),
            )
        )
        count_cash(facts, self.plan, remitted=self.amount)


@record_kind("distribution.made", by=[Role.CUSTODIAN, Role.PLAN_MANAGER])
class DistributionMade(Payload):
    """Interest and principal were paid on a tranche (收益分配)."""

    distribution: Id
    plan: Id
    tranche: Id
    period: Period
    date: Day
    principal: Amount
    interest: Amount

    def references(self) -> list[Reference]:
        return [
            Reference(Distribution, self.distribution, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Tranche, within_plan(self.plan, self.tranche), Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        tranche = facts.current(Tranche, within_plan(self.plan, self.tranche))
        if plan is None or tranche is None:
            return
        facts.by_party(plan.custodian, plan.manager, act=f"distributes for plan {self.plan}")
        facts.dated("a distribution comes after closing", plan.closing, self.date)
        facts.dated("a distribution is made before it is recorded", self.date, facts.record.business_day)
        if self.principal > max(tranche.outstanding, 0):
            facts.finding(
                Code.DISTRIBUTION_EXCEEDS_PRINCIPAL,
                f"More principal is repaid on tranche {self.tranche} than is outstanding",
                subject=f"distribution {self.distribution}",
                others=[tranche.from_position],
                principal=self.principal,
                outstanding=tranche.outstanding,
            )
        cash = cash_of(facts, self.plan)
        count_cash(facts, self.plan, distributed=self.principal + self.interest)
        if cash.distributed + self.principal + self.interest > cash.distributable:
            facts.finding(
                Code.DISTRIBUTION_EXCEEDS_CASH,
                "The plan has distributed more than reached it and was not spent on purchases",
                subject=f"distribution {self.distribution}",
                others=[cash.from_position],
                distributed=cash.distributed + self.principal + self.interest,
                received=cash.distributable,
            )
        facts.add(
            Distribution(
                id=self.distribution,
                plan=self.plan,
                tranche=self.tranche,
                period=self.period,
                paid_on=self.date,
                principal=self.principal,
                interest=self.interest,
            )
        )
        if self.principal:
            outstanding = facts.total(tranche.outstanding, -self.principal, f"tranche {tranche.id}")
            facts.begin(tranche.changed(outstanding=outstanding))
