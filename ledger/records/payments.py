"""Payments, and what they settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ledger.facts import Fact, Member, Output, Payment, Plan, PoolAsset, Receivable, Settlement
from ledger.finding import Code
from ledger.records.base import (
    MAX_ITEMS,
    Day,
    Id,
    Lookup,
    Need,
    Part,
    Payload,
    Positive,
    Reference,
    Role,
    Text,
    record_kind,
)

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["PaymentRecorded", "Settles"]


class Settles(Part):
    """A part of the payment, and what it pays: a receivable, or an output (then its root receivable with it)."""

    target: Literal["output", "receivable"]
    id: Id
    amount: Positive


@record_kind("payment.recorded", by=[Role.BANK, Role.SETTLEMENT, Role.SERVICER])
class PaymentRecorded(Payload):
    """Money moved through a bank or the settlement party."""

    payment: Id
    payer: Id
    payee: Id
    amount: Positive
    date: Day
    bank_reference: Text
    settles: Annotated[tuple[Settles, ...], Field(max_length=MAX_ITEMS)]

    def references(self) -> list[Reference]:
        tables: dict[str, type[Fact]] = {"output": Output, "receivable": Receivable}
        return [
            Reference(Payment, self.payment, Need.NEW),
            Reference(Member, self.payer),
            Reference(Member, self.payee),
            *dict.fromkeys(Reference(tables[each.target], each.id) for each in self.settles),
        ]

    def lookups(self) -> list[Lookup]:
        return [Lookup(PoolAsset, "asset", tuple(each.id for each in self.settles if each.target == "receivable"))]

    def project(self, facts: Projection) -> None:
        facts.dated("a payment is made before it is recorded", self.date, facts.record.business_day)
        allocated = sum(each.amount for each in self.settles)
        if allocated > self.amount:
            facts.finding(
                Code.PAYMENT_OVER_ALLOCATED,
                "The payment settles more than was paid",
                subject=f"payment {self.payment}",
                paid=self.amount,
                settled=allocated,
            )
        facts.add(
            Payment(
                id=self.payment,
                payer=self.payer,
                payee=self.payee,
                amount=self.amount,
                paid_on=self.date,
                bank_reference=self.bank_reference,
            )
        )
        for index, part in enumerate(self.settles):
            self._settle(index, part, facts)

    def _settle(self, index: int, part: Settles, facts: Projection) -> None:
        output = facts.last(Output, part.id) if part.target == "output" else None
        root = part.id if part.target == "receivable" else None if output is None else output.root
        receivable = None if root is None else facts.current(Receivable, root)
        if receivable is None:
            return
        self._check_parties(part, receivable, output, facts)
        facts.add(
            Settlement(
                id=facts.place(index),
                payment=self.payment,
                target_kind=part.target,
                target=part.id,
                receivable=receivable.id,
                amount=part.amount,
                paid_on=self.date,
            )
        )
        paid = receivable.changed(paid=facts.total(receivable.paid, part.amount, f"receivable {receivable.id}"))
        if paid.outstanding < 0:
            facts.finding(
                Code.RECEIVABLE_OVERPAID,
                "More was paid than was owed",
                subject=f"receivable {receivable.id}",
                others=[receivable.from_position],
                owed=receivable.amount + receivable.adjusted,
                paid=paid.paid,
            )
        facts.begin(paid.settling(self.date))

    def _check_parties(self, part: Settles, receivable: Receivable, output: Output | None, facts: Projection) -> None:
        """Report money that does not come from who owes, or does not go to who is owed or to the plan that holds it."""
        payers = {receivable.debtor} if output is None else {receivable.debtor, output.issuer}
        payees = {receivable.creditor} if output is None else set(output.owners)
        owed = " or ".join(sorted(payees))
        from_debtor = self.payer in payers
        to_creditor = (
            self.payee in payees
            or self.payee in _pool_parties(facts, receivable.id)
            or (output is None and self.payee in _owners(facts, receivable.id))
        )
        if not (from_debtor and to_creditor):
            facts.finding(
                Code.PAYMENT_PARTIES,
                f"{self.payer} pays {self.payee} for what {receivable.debtor} owes {owed}",
                subject=f"{part.target} {part.id}",
                others=[receivable.from_position, None if output is None else output.from_position],
                amount=part.amount,
            )


def _pool_parties(facts: Projection, asset: str) -> set[str]:
    """Return who may take the cash of a pooled receivable: the plan's servicer and custodian (托管户), the assignor."""
    parties: set[str] = set()
    for pooled in facts.live(PoolAsset, "asset", [asset]):
        plan = facts.current(Plan, pooled.plan)
        parties.update((pooled.assignor, *(() if plan is None else (plan.servicer, plan.custodian))))
    return parties


def _owners(facts: Projection, root: str) -> set[str]:
    return {owner for output in facts.live(Output, "root", [root]) for owner in output.owners}
