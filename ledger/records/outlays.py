"""What a plan pays beside its holders, and what it moves between its accounts: fees (费用), transfers (划转)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ledger.facts import AccountCash, AccountMove, FeePayment, Plan, PlanAccount, PlanCash, PlanFee, within_plan
from ledger.finding import Code
from ledger.records.base import Day, Id, Need, Payload, Positive, Reference, Role, record_kind
from ledger.records.plan_cash import cash_of, pay_out
from ledger.records.plan_terms import Period, entries
from ledger.records.plans import running

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["AccountMoved", "FeePaid"]


@record_kind("fee.paid", by=[Role.CUSTODIAN, Role.PLAN_MANAGER])
class FeePaid(Payload):
    """The plan paid a fee (费用) of its terms."""

    payment: Id
    plan: Id
    fee: Id
    period: Period
    date: Day
    amount: Positive

    def references(self) -> list[Reference]:
        return [
            Reference(FeePayment, self.payment, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
            Reference(PlanFee, within_plan(self.plan, self.fee), Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.custodian, plan.manager, act=f"pays a fee of plan {self.plan}")
        facts.dated("a fee is paid after closing", plan.closing, self.date)
        facts.dated("a fee is paid before that is recorded", self.date, facts.record.business_day)
        # Terms that hold from a later day say nothing of what is paid before it.
        if plan.terms_from is None or self.date >= plan.terms_from:
            self._check_named(facts, plan)
        pay_out(facts, self.plan, "fees", self.amount, code=Code.FEE_EXCEEDS_CASH, what=f"The fee {self.fee}")
        facts.add(
            FeePayment(
                id=self.payment,
                plan=self.plan,
                fee=self.fee,
                period=self.period,
                paid_on=self.date,
                amount=self.amount,
            )
        )

    def _check_named(self, facts: Projection, plan: Plan) -> None:
        if plan.document is None:
            named = facts.current(PlanFee, within_plan(plan.id, self.fee)) is not None
        else:
            named = self.fee in entries(plan.document, "fees", "fee")
        if not named:
            facts.finding(
                Code.FEE_UNKNOWN,
                f"The terms of plan {plan.id} know no fee {self.fee}",
                subject=f"plan {plan.id}",
                others=[plan.from_position],
                amount=self.amount,
            )


@record_kind("account.moved", by=[Role.CUSTODIAN, Role.PLAN_MANAGER])
class AccountMoved(Payload):
    """Cash went from one account of the plan to another (划转), as to its reserve (储备) or out of it."""

    move: Id
    plan: Id
    source: Id = Field(alias="from")
    target: Id = Field(alias="to")
    period: Period
    date: Day
    amount: Positive

    def references(self) -> list[Reference]:
        accounts = dict.fromkeys(within_plan(self.plan, each) for each in (self.source, self.target))
        return [
            Reference(AccountMove, self.move, Need.NEW),
            Reference(Plan, self.plan, Need.ESSENTIAL),
            Reference(PlanCash, self.plan, Need.READ),
            *(Reference(table, each, Need.READ) for each in accounts for table in (AccountCash, PlanAccount)),
        ]

    def project(self, facts: Projection) -> None:
        plan = running(facts, self.plan)
        if plan is None:
            return
        facts.by_party(plan.custodian, plan.manager, act=f"moves cash of plan {self.plan}")
        facts.dated("cash is moved after closing", plan.closing, self.date)
        facts.dated("cash is moved before that is recorded", self.date, facts.record.business_day)
        kinds = self._kinds(facts, plan)
        for account in dict.fromkeys((self.source, self.target)):
            if account not in kinds and (plan.terms_from is None or self.date >= plan.terms_from):
                facts.finding(
                    Code.ACCOUNT_UNKNOWN,
                    f"The terms of plan {plan.id} know no account {account}",
                    subject=f"plan {plan.id}",
                    others=[plan.from_position],
                    amount=self.amount,
                )
        self._check_cash(facts, reserve=kinds.get(self.source) == "reserve")
        self._count(facts, self.source, moved_out=self.amount)
        self._count(facts, self.target, moved_in=self.amount)
        facts.add(
            AccountMove(
                id=self.move,
                plan=self.plan,
                source=self.source,
                target=self.target,
                period=self.period,
                moved_on=self.date,
                amount=self.amount,
            )
        )

    def _kinds(self, facts: Projection, plan: Plan) -> dict[str, object]:
        """Return the kind of each account that the plan's terms name, of those the record names at least."""
        if plan.document is not None:
            return {name: each.get("kind") for name, each in entries(plan.document, "accounts", "account").items()}
        rows = (facts.current(PlanAccount, within_plan(plan.id, each)) for each in (self.source, self.target))
        return {row.account: row.kind for row in rows if row is not None}

    def _check_cash(self, facts: Projection, *, reserve: bool) -> None:
        """Report more than there is: what moves left in a reserve, which only they fill; elsewhere all the plan has."""
        cash, account = cash_of(facts, self.plan), self._account(facts, self.source)
        there = account.moved_in - account.moved_out if reserve else cash.unspent
        if self.amount > there:
            facts.finding(
                Code.ACCOUNT_EXCEEDS_CASH,
                f"More is moved out of account {self.source} than is there",
                subject=f"plan {self.plan}",
                others=[account.from_position if reserve and account.from_position else cash.from_position],
                amount=self.amount,
                there=there,
            )

    def _account(self, facts: Projection, account: str) -> AccountCash:
        name = within_plan(self.plan, account)
        return facts.current(AccountCash, name) or AccountCash(id=name)

    def _count(self, facts: Projection, account: str, **fen: int) -> None:
        row = self._account(facts, account)
        after = {name: facts.total(getattr(row, name), each, f"account {account}") for name, each in fen.items()}
        facts.begin(row.changed(**after))
