"""Receivables (应收账款): registered, confirmed by the debtor (确权), adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ledger.facts import Invoice, Member, Receivable, ReceivableInvoice
from ledger.finding import Code
from ledger.records.base import Day, Delta, Id, Ids, Need, Payload, Positive, Reference, Role, record_kind

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["ReceivableAdjusted", "ReceivableConfirmed", "ReceivableRegistered"]


@record_kind("receivable.registered", by=[Role.SUPPLIER, Role.ASSET_GATEWAY, Role.PLATFORM])
class ReceivableRegistered(Payload):
    """A creditor is owed an amount on the strength of invoices."""

    receivable: Id
    creditor: Id
    debtor: Id
    amount: Positive
    due: Day
    contract: Id | None = None
    invoices: Ids
    related_party: bool

    def references(self) -> list[Reference]:
        return [
            Reference(Receivable, self.receivable, Need.NEW),
            Reference(Member, self.creditor),
            Reference(Member, self.debtor),
            *(Reference(Invoice, invoice) for invoice in dict.fromkeys(self.invoices)),
        ]

    def project(self, facts: Projection) -> None:
        subject = f"receivable {self.receivable}"
        if facts.sender is not None and not {Role.ASSET_GATEWAY, Role.PLATFORM}.intersection(facts.sender.roles):
            facts.by_party(self.creditor, act=f"registers a receivable of {self.creditor}")
        self._check_amount(facts)
        for index, name in enumerate(dict.fromkeys(self.invoices)):
            invoice = facts.current(Invoice, name)
            if invoice is None:
                continue
            if (invoice.seller, invoice.buyer) != (self.creditor, self.debtor):
                facts.finding(
                    Code.RECEIVABLE_PARTIES,
                    f"Invoice {name} is from {invoice.seller} to {invoice.buyer}, not from creditor to debtor",
                    subject=subject,
                    others=[invoice.from_position],
                )
            if invoice.status != "normal":
                facts.finding(
                    Code.INVOICE_NOT_NORMAL,
                    f"The receivable rests on invoice {name}, which is {invoice.status}",
                    subject=subject,
                    others=[invoice.from_position],
                )
            facts.dated("an invoice is issued before its receivable falls due", invoice.issued, self.due)
            facts.add(ReceivableInvoice(id=facts.place(index), receivable=self.receivable, invoice=name))
        facts.add(
            Receivable(
                id=self.receivable,
                creditor=self.creditor,
                debtor=self.debtor,
                amount=self.amount,
                due=self.due,
                registered_on=facts.record.business_day,
                related_party=self.related_party,
                contract=self.contract,
            )
        )

    def _check_amount(self, facts: Projection) -> None:
        """Report a receivable larger than its invoices; without any, or with one nobody knows, there is no telling."""
        invoices = [facts.current(Invoice, name) for name in dict.fromkeys(self.invoices)]
        known = [invoice for invoice in invoices if invoice is not None]
        total = sum(invoice.amount_including_tax for invoice in known)
        if known and len(known) == len(invoices) and self.amount > total:
            facts.finding(
                Code.RECEIVABLE_EXCEEDS_INVOICES,
                "The receivable is larger than the invoices it rests on, tax included",
                subject=f"receivable {self.receivable}",
                others=[invoice.from_position for invoice in known],
                amount=self.amount,
                invoices=total,
            )


@record_kind("receivable.confirmed", by=[Role.CORE_ENTERPRISE])
class ReceivableConfirmed(Payload):
    """The debtor confirms that it owes (确权)."""

    receivable: Id
    by: Id
    method: Literal["signature", "seal", "platform"]

    def references(self) -> list[Reference]:
        return [Reference(Receivable, self.receivable, Need.ESSENTIAL), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"confirms for {self.by}")
        receivable = facts.current(Receivable, self.receivable)
        if receivable is None:
            return
        subject = f"receivable {self.receivable}"
        if self.by != receivable.debtor:
            facts.finding(
                Code.RECEIVABLE_PARTIES,
                f"{self.by} confirms a debt of {receivable.debtor}",
                subject=subject,
                others=[receivable.from_position],
            )
        if receivable.confirmed_by is not None or receivable.settled_on is not None:
            state = "settled" if receivable.settled_on is not None else "confirmed"
            facts.finding(
                Code.RECEIVABLE_STATUS,
                f"The receivable was {state} before it was confirmed here",
                subject=subject,
                others=[receivable.from_position],
            )
        facts.begin(
            receivable.changed(
                confirmed_by=self.by, confirmed_method=self.method, confirmed_on=facts.record.business_day
            )
        )


@record_kind("receivable.adjusted", by=[Role.SUPPLIER, Role.ASSET_GATEWAY, Role.SERVICER])
class ReceivableAdjusted(Payload):
    """The debt changes by ``delta`` fen, or is disputed: dilution (稀释), a return, a discount, a dispute."""

    receivable: Id
    delta: Delta
    reason: Literal["dilution", "return", "discount", "dispute"]
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Receivable, self.receivable, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        receivable = facts.current(Receivable, self.receivable)
        if receivable is None:
            return
        subject = f"receivable {self.receivable}"
        if facts.sender is not None and not {Role.ASSET_GATEWAY, Role.SERVICER}.intersection(facts.sender.roles):
            facts.by_party(receivable.creditor, act=f"adjusts a receivable of {receivable.creditor}")
        facts.dated("an adjustment is made before it is recorded", self.at, facts.record.business_day)
        adjusted = facts.total(receivable.adjusted, self.delta, subject)
        if receivable.amount + adjusted < 0:
            facts.finding(
                Code.RECEIVABLE_NEGATIVE,
                "The adjustments take away more than the receivable's amount",
                subject=subject,
                others=[receivable.from_position],
                amount=receivable.amount,
                adjusted=adjusted,
            )
        disputed = receivable.disputed or self.reason == "dispute"
        facts.begin(receivable.changed(adjusted=adjusted, adjusted_on=self.at, disputed=disputed).settling(self.at))
