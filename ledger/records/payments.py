"""Payments, and what they settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Member,
    Output,
    Payment,
    Plan,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeOrder,
)
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
from ledger.records.collateral import financiers_of, interest_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.projection import Projection

__all__ = ["PaymentRecorded", "PaymentRecordedV1", "Settles", "SettlesDebt", "clears"]

_WRITERS = [Role.BANK, Role.SETTLEMENT, Role.SERVICER]
_TABLES: dict[str, type[Fact]] = {
    "output": Output,
    "receivable": Receivable,
    "financing": Financing,
    "order": TradeOrder,
}


class Settles(Part):
    """A part of the payment, and what it pays: a receivable, an output (then its root with it), a financing, an order.

    A financing is paid both ways: when it is disbursed and when it is repaid.
    """

    target: Literal["output", "receivable", "financing", "order"]
    id: Id
    amount: Positive


class SettlesDebt(Settles):
    """What version 1 can pay."""

    target: Literal["output", "receivable"]


class Route(NamedTuple):
    """A way that money may lawfully go: from any of these to any of those."""

    payers: set[str]
    payees: set[str]


def clears(facts: Projection, member: str) -> bool:
    """Tell whether a payment may end at a member for whoever is owed, or come from it for whoever owes.

    That is what a settlement account (清算账户) is for; a suspended member may not.
    """
    known = facts.current(Member, member)
    return known is not None and known.status == "active" and Role.SETTLEMENT in known.roles


@record_kind("payment.recorded", by=_WRITERS, version=2)
class PaymentRecorded(Payload):
    """Money moved through a bank or the settlement party (付款), for receivables, outputs, financings or orders."""

    payment: Id
    payer: Id
    payee: Id
    amount: Positive
    date: Day
    bank_reference: Text
    settles: Annotated[tuple[Settles, ...], Field(max_length=MAX_ITEMS)]

    def references(self) -> list[Reference]:
        return [
            Reference(Payment, self.payment, Need.NEW),
            Reference(Member, self.payer),
            Reference(Member, self.payee),
            *dict.fromkeys(Reference(_TABLES[each.target], each.id) for each in self.settles),
        ]

    def lookups(self) -> list[Lookup]:
        named = {kind: tuple(each.id for each in self.settles if each.target == kind) for kind in _TABLES}
        return [
            Lookup(PoolAsset, "asset", named["receivable"]),
            Lookup(FinancingCollateral, "financing", named["financing"]),
            Lookup(Settlement, "target", named["order"]),
        ]

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
        thing = facts.last(_TABLES[part.target], part.id)
        receivable = None
        if isinstance(thing, Financing):
            self._check_parties(part, _financing_routes(facts, thing), [thing], facts)
        elif isinstance(thing, TradeOrder):
            self._check_parties(part, _order_routes(facts, thing), [thing], facts)
            self._check_order(part, thing, facts)
        else:
            output = thing if isinstance(thing, Output) else None
            receivable = facts.current(Receivable, part.id if output is None else output.root)
            if thing is None or receivable is None:
                return
            self._check_parties(part, _debt_routes(facts, receivable, output), [receivable, thing], facts)
            self._pay(part, receivable, facts)
        facts.add(
            Settlement(
                id=facts.place(index),
                payment=self.payment,
                target_kind=part.target,
                target=part.id,
                receivable=None if receivable is None else receivable.id,
                amount=part.amount,
                paid_on=self.date,
            )
        )

    def _pay(self, part: Settles, receivable: Receivable, facts: Projection) -> None:
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

    def _check_parties(
        self, part: Settles, routes: Iterator[Route], measured: Sequence[Fact], facts: Projection
    ) -> None:
        """Report money that does not come from who owes, or does not go to who is owed.

        A settlement account may stand at one end for whoever belongs there; at both, nobody could tell who paid whom.
        """
        usual: Route | None = None
        for route in routes:
            usual = usual or route
            pays, takes = self.payer in route.payers, self.payee in route.payees
            if (pays and (takes or clears(facts, self.payee))) or (takes and clears(facts, self.payer)):
                return
        assert usual is not None
        facts.finding(
            Code.PAYMENT_PARTIES,
            f"{self.payer} pays {self.payee} for what {' or '.join(sorted(usual.payers))} owes "
            f"{' or '.join(sorted(usual.payees)) or 'nobody now'}",
            subject=f"{part.target} {part.id}",
            others=[each.from_position for each in measured],
            amount=part.amount,
        )

    def _check_order(self, part: Settles, order: TradeOrder, facts: Projection) -> None:
        """Report a buyer who has paid more than the order is for; what a platform passes on is the same money."""
        if self.payer != order.buyer or order.currency != "CNY":
            return
        before = [each for each in facts.live(Settlement, "target", [order.id]) if each.target_kind == "order"]
        bought = [
            each
            for each in before
            if (payment := facts.last(Payment, each.payment)) is not None and payment.payer == order.buyer
        ]
        paid = part.amount + sum(each.amount for each in bought)
        if paid > order.amount:
            facts.finding(
                Code.PAYMENT_OVERPAYS,
                "The buyer has paid more than the order is for",
                subject=f"order {order.id}",
                others=[order.from_position, *(each.from_position for each in bought)],
                order=order.amount,
                paid=paid,
            )


@record_kind("payment.recorded", by=_WRITERS, version=1)
class PaymentRecordedV1(PaymentRecorded):
    """Money moved through a bank or the settlement party (付款), for receivables or outputs."""

    settles: Annotated[tuple[SettlesDebt, ...], Field(max_length=MAX_ITEMS)]


def _debt_routes(facts: Projection, receivable: Receivable, output: Output | None) -> Iterator[Route]:
    """Yield how a debt may be paid: to the creditor or owner, to the pool that holds it, to whoever financed it."""
    payers = {receivable.debtor} if output is None else {receivable.debtor, output.issuer}
    yield Route(payers, {receivable.creditor} if output is None else set(output.owners))
    yield Route(payers, _pool_parties(facts, receivable.id))
    if output is None:
        held = facts.live(Output, "root", [receivable.id])
        yield Route(payers, {owner for each in held for owner in each.owners})
        yield Route(payers, financiers_of(facts, "receivable", [receivable.id]))
        rests_on = facts.live(ReceivableInvoice, "receivable", [receivable.id])
        yield Route(payers, financiers_of(facts, "invoice", [each.invoice for each in rests_on]))
    else:
        yield Route(payers, financiers_of(facts, "output", [output.id]))


def _pool_parties(facts: Projection, asset: str) -> set[str]:
    """Return who may take the cash of a pooled receivable: the plan's servicer and custodian (托管户), the assignor."""
    parties: set[str] = set()
    for pooled in facts.live(PoolAsset, "asset", [asset]):
        plan = facts.current(Plan, pooled.plan)
        parties.update((pooled.assignor, *(() if plan is None else (plan.servicer, plan.custodian))))
    return parties


def _financing_routes(facts: Projection, financing: Financing) -> Iterator[Route]:
    """Yield how a financing may be paid: by the applicant or who owes on the collateral, and disbursed to either side.

    A loan may be paid out to whom the applicant buys from (受托支付).
    """
    financier = {financing.financier}
    yield Route({financing.applicant}, financier)
    yield Route(financier, {financing.applicant})
    owners: set[str] = set()
    debtors: set[str] = set()
    for each in facts.live(FinancingCollateral, "financing", [financing.id]):
        if (interest := interest_in(facts, each.target_kind, each.target)) is not None:
            owners |= interest.owners
            debtors |= interest.debtors
    yield Route(debtors, financier)
    yield Route(financier, owners)


def _order_routes(facts: Projection, order: TradeOrder) -> Iterator[Route]:
    """Yield how an order may be paid: by the buyer or the platform that took the money, to the seller or financier."""
    financiers = {order.locked_by} if order.locked_by is not None else set()
    yield Route({order.buyer}, {order.seller, order.platform, *financiers})
    yield Route({order.platform}, {order.seller, *financiers})
    financiers = financiers_of(facts, "order", [order.id])
    yield Route({order.buyer, order.platform}, financiers)
