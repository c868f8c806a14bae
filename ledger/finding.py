"""What a reader of the ledger should look at: a finding, its severity, and every code there is.

A finding never changes what the chain decided. It names the record that shows the breach, the other records it is
measured against, and the figures. docs/findings.md explains each code; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.position import Position

__all__ = ["SEVERITIES", "Code", "Detail", "Finding", "Severity"]

Detail = tuple[str, int | str]


class Severity(StrEnum):
    """NOTICE: worth knowing. WARNING: someone should ask. ERROR: money or title is not what the records claim."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


class Code(StrEnum):
    """Every breach that projecting a record can show."""

    UNKNOWN_KIND = "record.unknown_kind"
    UNKNOWN_VERSION = "record.unknown_version"
    MALFORMED = "record.malformed"
    NOT_ECHOED = "record.not_echoed"
    SENDER_UNKNOWN = "sender.unknown"
    SENDER_SUSPENDED = "sender.suspended"
    SENDER_ROLE = "sender.role"
    SENDER_NOT_PARTY = "sender.not_party"
    REFERENCE_MISSING = "reference.missing"
    IDENTIFIER_REUSED = "identifier.reused"
    AMOUNT_OUT_OF_RANGE = "amount.out_of_range"
    DATES_ORDER = "dates.order"
    MEMBER_USCC = "member.uscc"
    MEMBER_ADDRESS = "member.address_in_use"
    MEMBER_STATUS = "member.status_path"
    INVOICE_AMOUNTS = "invoice.amounts"
    INVOICE_NUMBER = "invoice.number"
    INVOICE_STATUS = "invoice.status_path"
    INVOICE_NOT_NORMAL = "invoice.not_normal"
    RECEIVABLE_PARTIES = "receivable.parties"
    RECEIVABLE_STATUS = "receivable.status_path"
    RECEIVABLE_NEGATIVE = "receivable.negative"
    RECEIVABLE_OVERPAID = "receivable.overpaid"
    RECEIVABLE_EXCEEDS_INVOICES = "receivable.exceeds_invoices"
    CERTIFICATE_UNCONFIRMED = "certificate.unconfirmed"
    CERTIFICATE_EXCEEDS_RECEIVABLE = "certificate.exceeds_receivable"
    CERTIFICATE_SETTLED = "certificate.settled"
    CERTIFICATE_TENOR = "certificate.tenor"
    OUTPUT_VALUE = "output.value"
    OUTPUT_DOUBLE_SPEND = "output.double_spend"
    OUTPUT_REDEEMED = "output.redeemed"
    OUTPUT_NOT_OWNER = "output.not_owner"
    OUTPUT_RECIPIENT = "output.recipient"
    OUTPUT_ROOTS = "output.mixed_roots"
    OUTPUT_DUE = "output.due_extended"
    OUTPUT_POOLED = "output.pooled"
    REDEMPTION_UNPAID = "redemption.unpaid"
    REDEMPTION_PAYER = "redemption.payer"
    REDEMPTION_UNSETTLED = "redemption.unsettled"
    PAYMENT_OVER_ALLOCATED = "payment.over_allocated"
    PAYMENT_PARTIES = "payment.parties"
    PLAN_ORIGINATOR = "plan.originator"
    POOL_NOT_OWNER = "pool.not_owner"
    POOL_DOUBLE = "pool.double"
    COLLECTION_TOTAL = "collection.total"
    COLLECTION_NOT_IN_POOL = "collection.not_in_pool"
    REMITTANCE_TWICE = "remittance.twice"
    REMITTANCE_EXCEEDS = "remittance.exceeds_collections"
    DISTRIBUTION_EXCEEDS_CASH = "distribution.exceeds_cash"
    DISTRIBUTION_EXCEEDS_PRINCIPAL = "distribution.exceeds_principal"


_NOTICES = {Code.UNKNOWN_KIND, Code.UNKNOWN_VERSION, Code.RECEIVABLE_STATUS, Code.MEMBER_STATUS}
_ERRORS = {
    Code.NOT_ECHOED,
    Code.SENDER_UNKNOWN,
    Code.SENDER_SUSPENDED,
    Code.SENDER_ROLE,
    Code.SENDER_NOT_PARTY,
    Code.INVOICE_NOT_NORMAL,
    Code.RECEIVABLE_EXCEEDS_INVOICES,
    Code.CERTIFICATE_EXCEEDS_RECEIVABLE,
    Code.CERTIFICATE_SETTLED,
    Code.OUTPUT_VALUE,
    Code.OUTPUT_DOUBLE_SPEND,
    Code.OUTPUT_REDEEMED,
    Code.OUTPUT_NOT_OWNER,
    Code.OUTPUT_POOLED,
    Code.POOL_NOT_OWNER,
    Code.POOL_DOUBLE,
    Code.REMITTANCE_TWICE,
    Code.REMITTANCE_EXCEEDS,
    Code.DISTRIBUTION_EXCEEDS_CASH,
    Code.DISTRIBUTION_EXCEEDS_PRINCIPAL,
}

SEVERITIES: dict[Code, Severity] = {
    code: Severity.NOTICE if code in _NOTICES else Severity.ERROR if code in _ERRORS else Severity.WARNING
    for code in Code
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A breach shown by the record at ``position``.

    ``subject`` is the thing it is about, as ``Table id``; ``others`` are the records it is measured against (the first
    spending of an output spent twice); ``details`` are the figures by name, amounts in fen.
    """

    code: Code
    message: str
    position: Position
    subject: str = ""
    others: tuple[Position, ...] = ()
    details: tuple[Detail, ...] = field(default=())

    @property
    def severity(self) -> Severity:
        """How much it matters, fixed per code."""
        return SEVERITIES[self.code]
