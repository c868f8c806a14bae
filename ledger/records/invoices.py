"""Invoices (发票): registered by a party, verified against the tax authority, followed in their status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from ledger.business_day import business_day
from ledger.facts import Invoice, Member
from ledger.finding import Code
from ledger.records.base import (
    Amount,
    Day,
    Delta,
    Id,
    Ids,
    Instant,
    Need,
    Payload,
    Reference,
    Role,
    Text,
    record_kind,
)
from ledger.records.documents import refer, referred

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["InvoiceRegistered", "InvoiceStatusChanged", "InvoiceVerified"]

_DIGITAL = re.compile(r"[0-9]{20}\Z", re.ASCII)  # 数电发票: 20 digits

# A voided or red-flushed invoice stays what it is; an abnormal one may be cleared.
_PATHS = {
    "normal": {"voided", "red_flushed", "abnormal"},
    "abnormal": {"normal", "voided", "red_flushed"},
    "voided": set(),
    "red_flushed": set(),
}


_AGENTS = frozenset((Role.INVOICE_VERIFIER, Role.ASSET_GATEWAY, Role.PLATFORM))
"""Who may speak of invoices that it is no party of."""


def _by_its_parties(facts: Projection, seller: str, buyer: str, act: str) -> None:
    """Report a trader (supplier or core enterprise) that speaks of an invoice between others."""
    roles = () if facts.sender is None else facts.sender.roles
    if {Role.SUPPLIER, Role.CORE_ENTERPRISE}.intersection(roles) and not _AGENTS.intersection(roles):
        facts.by_party(seller, buyer, act=act)


@record_kind("invoice.registered", by=[Role.SUPPLIER, Role.CORE_ENTERPRISE, Role.ASSET_GATEWAY, Role.PLATFORM])
class InvoiceRegistered(Payload):
    """An invoice (发票) becomes known, with what it refers to."""

    invoice: Id
    number: Id
    code: Id | None = None
    type: Literal["digital", "vat_special", "vat_ordinary", "other"]
    seller: Id
    buyer: Id
    amount_excluding_tax: Delta
    tax: Delta
    amount_including_tax: Delta
    issued: Day
    goods: Text
    refers_to: Ids

    def references(self) -> list[Reference]:
        return [
            Reference(Invoice, self.invoice, Need.NEW),
            Reference(Member, self.seller),
            Reference(Member, self.buyer),
            *referred(self.refers_to),
        ]

    def project(self, facts: Projection) -> None:
        subject = f"invoice {self.invoice}"
        _by_its_parties(facts, self.seller, self.buyer, f"registers an invoice from {self.seller} to {self.buyer}")
        if self.amount_excluding_tax + self.tax != self.amount_including_tax:
            facts.finding(
                Code.INVOICE_AMOUNTS,
                "The amount without tax and the tax do not add up to the amount with tax",
                subject=subject,
                amount_excluding_tax=self.amount_excluding_tax,
                tax=self.tax,
                amount_including_tax=self.amount_including_tax,
            )
        if self.type == "digital" and _DIGITAL.match(self.number) is None:
            facts.finding(
                Code.INVOICE_NUMBER, "A digital invoice's number has 20 digits", subject=subject, number=self.number
            )
        facts.dated("an invoice is issued before it is registered", self.issued, facts.record.business_day)
        refer(facts, "invoice", self.invoice, self.refers_to)
        facts.add(
            Invoice(
                id=self.invoice,
                number=self.number,
                code=self.code,
                type=self.type,
                seller=self.seller,
                buyer=self.buyer,
                amount_excluding_tax=self.amount_excluding_tax,
                tax=self.tax,
                amount_including_tax=self.amount_including_tax,
                issued=self.issued,
                goods=self.goods,
                refers_to=list(self.refers_to),
            )
        )


@record_kind("invoice.verified", by=[Role.INVOICE_VERIFIER])
class InvoiceVerified(Payload):
    """What the tax authority's data says of an invoice (验真)."""

    invoice: Id
    verifier: Id
    result: Literal["consistent", "inconsistent", "not_found"]
    checked_at: Instant
    tax_authority_amount: Amount | None

    def references(self) -> list[Reference]:
        return [Reference(Invoice, self.invoice, Need.ESSENTIAL), Reference(Member, self.verifier)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.verifier, act=f"reports a verification by {self.verifier}")
        checked_on = business_day(self.checked_at)
        facts.dated("an invoice is verified before that is recorded", checked_on, facts.record.business_day)
        if invoice := facts.current(Invoice, self.invoice):
            facts.dated("an invoice is issued before it is verified", invoice.issued, checked_on)
            facts.begin(
                invoice.changed(
                    verified_by=self.verifier,
                    verified_result=self.result,
                    verified_amount=self.tax_authority_amount,
                    verified_at=self.checked_at,
                )
            )


@record_kind("invoice.status_changed", by=[Role.INVOICE_VERIFIER, Role.SUPPLIER, Role.ASSET_GATEWAY])
class InvoiceStatusChanged(Payload):
    """An invoice is voided (作废), red-flushed (红冲), found abnormal, or cleared again."""

    invoice: Id
    status: Literal["normal", "voided", "red_flushed", "abnormal"]
    red_invoice: Id | None = None
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Invoice, self.invoice, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        invoice = facts.current(Invoice, self.invoice)
        if invoice is None or invoice.status == self.status:
            return  # a patrol that finds nothing new
        _by_its_parties(facts, invoice.seller, invoice.buyer, f"changes the status of an invoice of {invoice.seller}")
        facts.dated("a status changes before that is recorded", self.at, facts.record.business_day)
        facts.dated("an invoice is issued before its status changes", invoice.issued, self.at)
        if invoice.status_on is not None:
            facts.dated("an invoice's statuses follow each other", invoice.status_on, self.at)
        if self.status not in _PATHS[invoice.status]:
            facts.finding(
                Code.INVOICE_STATUS,
                f"A {invoice.status} invoice cannot become {self.status}",
                subject=f"invoice {self.invoice}",
                others=[invoice.from_position],
            )
        facts.begin(invoice.changed(status=self.status, status_on=self.at, red_invoice=self.red_invoice))
