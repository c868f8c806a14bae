"""Shortfalls of a plan's cash (差额支付): called from whoever promised to make them up, paid, and paid back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.facts import (
    Member,
    Payment,
    PaymentUse,
    Plan,
    PlanCash,
    Shortfall,
    ShortfallPayment,
    ShortfallRepayment,
)
from ledger.finding import Code
from ledger.records.base import Day, Id, Need, Payload, Positive, Reference, Role, record_kind
from ledger.records.cash import take_of_payment
from ledger.records.plan_cash import count_cash, pay_out
from ledger.records.plan_terms import Period
from ledger.records.plans import running

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["ShortfallCalled", "ShortfallPaid", "ShortfallRepaid"]


def _check_plan(facts: Projection, call: Shortfall, plan: str) -> None:
    """Report a call that is of another plan than the record says."""
    if call.plan != plan:
        facts.finding(
            Code.REFERENCE_MISSING,
            f"Call {call.id} is of plan {call.plan}",
            subject=f"shortfall {call.id}",
            others=[call.from_position],
        )


@record_kind("shortfall.called", by=[Role.PLAN_MANAGER, Role.CUSTODIAN])
class ShortfallCalled(Payload):
    """The plan calls on a payer to make up what its cash lacks (差额支付启动)."""

    call: Id
    plan: Id
    date: Day
    payer: Id
    amount: Positive

    def references(self) -> list[Reference]:
        return [
            Reference(Shortfall, self.call, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Member, self.payer),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.manager, plan.custodian, act=f"calls a shortfall of plan {self.plan}")
        facts.dated("a shortfall is called after closing", plan.closing, self.date)
        facts.dated("a shortfall is called before that is recorded", self.date, facts.record.business_day)
        facts.add(Shortfall(id=self.call, plan=self.plan, payer=self.payer, called_on=self.date, amount=self.amount))


@record_kind("shortfall.paid", by=[Role.CUSTODIAN, Role.BANK])
class ShortfallPaid(Payload):
    """Cash came in on a call (差额支付)."""

    shortfall: Id
    plan: Id
    call: Id
    date: Day
    amount: Positive
    payment: Id | None = None

    def references(self) -> list[Reference]:
        paid: list[Reference] = []
        if self.payment is not None:
            paid = [Reference(Payment, self.payment), Reference(PaymentUse, self.payment, Need.READ)]
        return [
            Reference(ShortfallPayment, self.shortfall, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Shortfall, self.call, Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
            *paid,
        ]

    def project(self, facts: Projection) -> None:
        plan, call = running(facts, self.plan), facts.current(Shortfall, self.call)
        if plan is None or call is None:
            return
        subject = f"shortfall {self.call}"
        if facts.sender is not None and Role.BANK not in facts.sender.roles:
            facts.by_party(plan.custodian, act=f"receives cash for plan {self.plan}")
        facts.dated("a shortfall is paid after it was called", call.called_on, self.date)
        facts.dated("a shortfall is paid before that is recorded", self.date, facts.record.business_day)
        _check_plan(facts, call, self.plan)
        self._check_payer(facts, call)
        paid = facts.total(call.paid, self.amount, subject)
        if paid > call.amount:
            facts.finding(
                Code.SHORTFALL_OVER_PAID,
                "More was paid on the call than it asks for",
                subject=subject,
                others=[call.from_position],
                called=call.amount,
                paid=paid,
            )
        facts.begin(call.changed(paid=paid))
        facts.add(
            ShortfallPayment(
                id=self.shortfall,
                shortfall=self.call,
                plan=self.plan,
                paid_on=self.date,
                amount=self.amount,
                payment=self.payment,
            )
        )
        count_cash(facts, self.plan, made_up=self.amount)
        if self.payment is not None:
            take_of_payment(facts, self.payment, self.amount)

    def _check_payer(self, facts: Projection, call: Shortfall) -> None:
        payment = None if self.payment is None else facts.current(Payment, self.payment)
        if payment is not None and payment.payer != call.payer:
            facts.finding(
                Code.SHORTFALL_PAYER,
                f"{payment.payer} pays what {call.payer} was called on for",
                subject=f"shortfall {self.call}",
                others=[call.from_position, payment.from_position],
                amount=self.amount,
            )


@record_kind("shortfall.repaid", by=[Role.CUSTODIAN, Role.PLAN_MANAGER])
class ShortfallRepaid(Payload):
    """The plan gave back what was paid on a call (差额支付返还), as its terms allow."""

    repayment: Id
    plan: Id
    call: Id
    period: Period
    date: Day
    amount: Positive

    def references(self) -> list[Reference]:
        return [
            Reference(ShortfallRepayment, self.repayment, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(Shortfall, self.call, Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        plan, call = running(facts, self.plan), facts.current(Shortfall, self.call)
        if plan is None or call is None:
            return
        facts.by_party(plan.custodian, plan.manager, act=f"repays a shortfall of plan {self.plan}")
        facts.dated("a shortfall is repaid after it was called", call.called_on, self.date)
        facts.dated("a shortfall is repaid before that is recorded", self.date, facts.record.business_day)
        _check_plan(facts, call, self.plan)
        repaid = facts.total(call.repaid, self.amount, f"shortfall {self.call}")
        if repaid > call.paid:
            facts.finding(
                Code.SHORTFALL_OVER_REPAID,
                "More is repaid on the call than was paid on it",
                subject=f"shortfall {self.call}",
                others=[call.from_position],
                paid=call.paid,
                repaid=repaid,
            )
        facts.begin(call.changed(repaid=repaid))
        pay_out(facts, self.plan, "repaid", self.amount, code=Code.SHORTFALL_EXCEEDS_CASH, what="The repayment")
        facts.add(
            ShortfallRepayment(
                id=self.repayment,
                shortfall=self.call,
                plan=self.plan,
                period=self.period,
                paid_on=self.date,
                amount=self.amount,
            )
        )
