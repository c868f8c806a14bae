"""What a reader of the ledger should look at: a finding, its severity, and every code there is.

A finding never changes what the chain decided. It names the record that shows the breach, the other records it is
measured against, and the figures. docs/findings.md explains each code; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ledger.position import Position

__all__ = ["Code", "Detail", "Finding", "Severity"]

Detail = tuple[str, int | str]


class Severity(StrEnum):
    """NOTICE: worth knowing. WARNING: someone should ask. ERROR: money or title is not what the records claim."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


class Code(StrEnum):
    """Every breach that projecting a record can show, and how much it matters: a warning unless said otherwise."""

    severity: Severity

    def __new__(cls, value: str, severity: Severity = Severity.WARNING) -> Self:
        code = str.__new__(cls, value)
        code._value_ = value
        code.severity = severity
        return code

    # the record and its sender
    UNKNOWN_KIND = "record.unknown_kind", Severity.NOTICE
    UNKNOWN_VERSION = "record.unknown_version", Severity.NOTICE
    MALFORMED = "record.malformed"
    NOT_ECHOED = "record.not_echoed", Severity.ERROR
    SENDER_UNKNOWN = "sender.unknown", Severity.ERROR
    SENDER_SUSPENDED = "sender.suspended", Severity.ERROR
    SENDER_ROLE = "sender.role", Severity.ERROR
    SENDER_NOT_PARTY = "sender.not_party", Severity.ERROR
    REFERENCE_MISSING = "reference.missing"
    IDENTIFIER_REUSED = "identifier.reused"
    AMOUNT_OUT_OF_RANGE = "amount.out_of_range"
    DATES_ORDER = "dates.order"
    # members
    MEMBER_USCC = "member.uscc"
    MEMBER_ADDRESS = "member.address_in_use"
    MEMBER_STATUS = "member.status_path", Severity.NOTICE
    # invoices
    INVOICE_AMOUNTS = "invoice.amounts"
    INVOICE_NUMBER = "invoice.number"
    INVOICE_STATUS = "invoice.status_path"
    INVOICE_NOT_NORMAL = "invoice.not_normal", Severity.ERROR
    # receivables
    RECEIVABLE_PARTIES = "receivable.parties"
    RECEIVABLE_STATUS = "receivable.status_path", Severity.NOTICE
    RECEIVABLE_NEGATIVE = "receivable.negative"
    RECEIVABLE_OVERPAID = "receivable.overpaid"
    RECEIVABLE_EXCEEDS_INVOICES = "receivable.exceeds_invoices", Severity.ERROR
    # certificates
    CERTIFICATE_UNCONFIRMED = "certificate.unconfirmed"
    CERTIFICATE_EXCEEDS_RECEIVABLE = "certificate.exceeds_receivable", Severity.ERROR
    CERTIFICATE_SETTLED = "certificate.settled", Severity.ERROR
    CERTIFICATE_TENOR = "certificate.tenor"
    OUTPUT_VALUE = "output.value", Severity.ERROR
    OUTPUT_DOUBLE_SPEND = "output.double_spend", Severity.ERROR
    OUTPUT_REDEEMED = "output.redeemed", Severity.ERROR
    OUTPUT_NOT_OWNER = "output.not_owner", Severity.ERROR
    OUTPUT_RECIPIENT = "output.recipient"
    OUTPUT_ROOTS = "output.mixed_roots"
    OUTPUT_DUE = "output.due_extended"
    OUTPUT_POOLED = "output.pooled", Severity.ERROR
    REDEMPTION_UNPAID = "redemption.unpaid"
    REDEMPTION_PAYER = "redemption.payer"
    REDEMPTION_UNSETTLED = "redemption.unsettled"
    # payments
    PAYMENT_OVER_ALLOCATED = "payment.over_allocated"
    PAYMENT_PARTIES = "payment.parties"
    # plans
    PLAN_ORIGINATOR = "plan.originator"
    POOL_NOT_OWNER = "pool.not_owner", Severity.ERROR
    POOL_DOUBLE = "pool.double", Severity.ERROR
    # the cash of a plan
    COLLECTION_TOTAL = "collection.total"
    COLLECTION_NOT_IN_POOL = "collection.not_in_pool"
    REMITTANCE_TWICE = "remittance.twice", Severity.ERROR
    REMITTANCE_EXCEEDS = "remittance.exceeds_collections", Severity.ERROR
    DISTRIBUTION_EXCEEDS_CASH = "distribution.exceeds_cash", Severity.ERROR
    DISTRIBUTION_EXCEEDS_PRINCIPAL = "distribution.exceeds_principal", Severity.ERROR


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
        return self.code.severity
