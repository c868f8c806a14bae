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
    ENVELOPE_UNOPENABLE = "envelope.unopenable"
    ENVELOPE_FINGERPRINT = "envelope.fingerprint", Severity.ERROR
    ENVELOPE_KIND = "envelope.kind"
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
    # documents, packages, goods, orders, data assets
    DOCUMENT_STATUS = "document.status_path"
    PACKAGE_DIGEST = "package.digest"
    PACKAGE_INVOICE_PACKED = "package.invoice_packed", Severity.ERROR
    RECEIPT_STATUS = "receipt.status_path", Severity.ERROR
    RECEIPT_NOT_OWNER = "receipt.not_owner", Severity.ERROR
    RECEIPT_SPLIT = "receipt.split_value", Severity.ERROR
    STOCK_MISMATCH = "stock.mismatch"
    ORDER_STATUS = "order.status_path", Severity.ERROR
    DATA_CERTIFICATE_PATH = "data_certificate.path"
    DATA_CERTIFICATE_DIGEST = "data_certificate.digest", Severity.ERROR
    DATA_CERTIFICATE_BEHAVIOUR = "data_certificate.behaviour"
    # receivables
    RECEIVABLE_PARTIES = "receivable.parties"
    RECEIVABLE_STATUS = "receivable.status_path", Severity.NOTICE
    RECEIVABLE_NEGATIVE = "receivable.negative"
    RECEIVABLE_OVERPAID = "receivable.overpaid"
    RECEIVABLE_EXCEEDS_INVOICES = "receivable.exceeds_invoices", Severity.ERROR
    RECEIVABLE_SETTLED_UNPAID = "receivable.settled_unpaid", Severity.ERROR
    # certificates
    CERTIFICATE_UNCONFIRMED = "certificate.unconfirmed"
    CERTIFICATE_EXCEEDS_RECEIVABLE = "certificate.exceeds_receivable", Severity.ERROR
    CERTIFICATE_SETTLED = "certificate.settled", Severity.ERROR
    CERTIFICATE_EXCEEDS_QUOTA = "certificate.exceeds_quota", Severity.ERROR
    CERTIFICATE_TENOR = "certificate.tenor"
    CERTIFICATE_STATUS = "certificate.status_path"
    OUTPUT_VALUE = "output.value", Severity.ERROR
    OUTPUT_DOUBLE_SPEND = "output.double_spend", Severity.ERROR
    OUTPUT_REDEEMED = "output.redeemed", Severity.ERROR
    OUTPUT_NOT_OWNER = "output.not_owner", Severity.ERROR
    OUTPUT_RECIPIENT = "output.recipient"
    OUTPUT_ROOTS = "output.mixed_roots"
    OUTPUT_DUE = "output.due_extended"
    OUTPUT_POOLED = "output.pooled", Severity.ERROR
    OUTPUT_FROZEN = "output.frozen", Severity.ERROR
    REDEMPTION_UNPAID = "redemption.unpaid"
    REDEMPTION_PAYER = "redemption.payer"
    REDEMPTION_UNSETTLED = "redemption.unsettled"
    # credit
    CREDIT_STATUS = "credit.status_path"
    CREDIT_EXCEEDS_LIMIT = "credit.exceeds_limit", Severity.ERROR
    QUOTA_VALUE = "quota.value", Severity.ERROR
    QUOTA_DOUBLE_SPEND = "quota.double_spend", Severity.ERROR
    QUOTA_NOT_FREE = "quota.not_free", Severity.ERROR
    QUOTA_NOT_OCCUPIED = "quota.not_occupied"
    QUOTA_FOREIGN = "quota.foreign_credit", Severity.ERROR
    # payments
    PAYMENT_OVER_ALLOCATED = "payment.over_allocated"
    PAYMENT_PARTIES = "payment.parties"
    PAYMENT_OVERPAYS = "payment.overpays"
    # statements
    STATEMENT_TOTAL = "statement.total"
    STATEMENT_GAP = "statement.gap"
    # financing
    FINANCING_STATUS = "financing.status_path"
    FINANCING_NOT_OWNER = "financing.not_owner", Severity.ERROR
    FINANCING_FROZEN = "financing.frozen_collateral", Severity.ERROR
    FINANCING_EXCEEDS_COLLATERAL = "financing.exceeds_collateral", Severity.ERROR
    FINANCING_OVER_DISBURSED = "financing.over_disbursed"
    FINANCING_OVER_REPAID = "financing.over_repaid"
    FINANCING_NOT_HELD = "financing.not_held"
    # registration
    REGISTRATION_STATUS = "registration.status_path"
    REGISTRATION_EXPIRED = "registration.expired"
    REGISTRATION_NOT_PARTY = "registration.not_party", Severity.ERROR
    REGISTRATION_QUERY = "registration.query_conflicts"
    # plans
    PLAN_ORIGINATOR = "plan.originator"
    PLAN_STATUS = "plan.status_path"
    EVENT_STATUS = "event.status_path", Severity.NOTICE
    # pools
    POOL_NOT_OWNER = "pool.not_owner", Severity.ERROR
    POOL_DOUBLE = "pool.double", Severity.ERROR
    POOL_NOT_IN_POOL = "pool.not_in_pool"
    POOL_REVOLVING_CLOSED = "pool.revolving_closed"
    POOL_EXCEEDS_CASH = "pool.exceeds_cash", Severity.ERROR
    POOL_SUBSTITUTION_VALUE = "pool.substitution_value"
    POOL_CLEANUP = "pool.cleanup"
    ASSET_STATUS = "asset.status_path"
    # the cash of a plan
    COLLECTION_TOTAL = "collection.total"
    COLLECTION_NOT_IN_POOL = "collection.not_in_pool"
    COLLECTION_EXCEEDS_PAYMENT = "collection.exceeds_payment", Severity.ERROR
    REMITTANCE_TWICE = "remittance.twice", Severity.ERROR
    REMITTANCE_EXCEEDS = "remittance.exceeds_collections", Severity.ERROR
    DISTRIBUTION_EXCEEDS_CASH = "distribution.exceeds_cash", Severity.ERROR
    DISTRIBUTION_EXCEEDS_PRINCIPAL = "distribution.exceeds_principal", Severity.ERROR
    SHORTFALL_OVER_PAID = "shortfall.over_paid"
    SHORTFALL_PAYER = "shortfall.payer"
    SHORTFALL_OVER_REPAID = "shortfall.over_repaid", Severity.ERROR
    SHORTFALL_EXCEEDS_CASH = "shortfall.exceeds_cash", Severity.ERROR
    FEE_UNKNOWN = "fee.unknown"
    FEE_EXCEEDS_CASH = "fee.exceeds_cash", Severity.ERROR
    ACCOUNT_UNKNOWN = "account.unknown"
    ACCOUNT_EXCEEDS_CASH = "account.exceeds_cash", Severity.ERROR
    # securities and disclosure
    HOLDINGS_TOTAL = "holdings.total"
    DISCLOSURE_SUPERSEDES = "disclosure.supersedes"
    DISCLOSURE_ACKNOWLEDGED = "disclosure.acknowledged"


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
