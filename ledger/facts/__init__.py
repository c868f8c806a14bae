"""The facts a ledger states, as tables versioned by height.

Every row is one version of one thing: it holds from ``from_height`` up to, and not at, ``to_height`` (None: still
holds). *As of H* means ``from_height <= H and (to_height is null or to_height > H)``. Rows are never deleted, and a
version never changes but for being ended. ``from_position`` and ``to_position`` are the numbers of the records that
began and ended it (:class:`ledger.position.Position`). Amounts are integer fen (分), days are the dates records state.

Rows that tie two things together (:class:`Settlement`, :class:`CollectionItem` ...) have no name of their own; their
id is the position of the record and the place within it, ``h:t:l/n``.
"""

from __future__ import annotations

from sqlalchemy.orm import configure_mappers

from ledger.fact import Fact
from ledger.facts.cash import (
    AccountCash,
    AccountMove,
    Collection,
    CollectionItem,
    Distribution,
    FeePayment,
    PlanCash,
    Remittance,
    Shortfall,
    ShortfallPayment,
    ShortfallRepayment,
)
from ledger.facts.certificates import Certificate, Freeze, Guarantee, Output, output_id
from ledger.facts.confidential import Confidential, Fingerprint
from ledger.facts.credit import Credit, CreditRating, Quota
from ledger.facts.data_assets import DataCertificate, DataUse
from ledger.facts.disclosures import Disclosure
from ledger.facts.documents import TradeDocument, TradeReference
from ledger.facts.financing import Financing, FinancingCollateral, FinancingMove
from ledger.facts.goods import Receipt, Stock
from ledger.facts.invoices import Invoice
from ledger.facts.members import Address, Member
from ledger.facts.orders import TradeOrder
from ledger.facts.packages import Package, PackageInvoice
from ledger.facts.payments import Payment, PaymentUse, Settlement
from ledger.facts.plan_terms import ConcentrationLimit, EligibilityCriterion, PlanAccount, PlanFee, PlanTrigger
from ledger.facts.plans import Plan, PlanEvent, Tranche, within_plan
from ledger.facts.pools import AssetStatus, PoolAsset, PoolExit, PoolPurchase
from ledger.facts.receivables import Receivable, ReceivableInvoice
from ledger.facts.registrations import Registration, RegistrationCollateral, RegistrationQuery
from ledger.facts.securities import Holding, Rating
from ledger.facts.statements import AccountBalance, Statement

__all__ = [
    "FACTS",
    "AccountBalance",
    "AccountCash",
    "AccountMove",
    "Address",
    "AssetStatus",
    "Certificate",
    "Collection",
    "CollectionItem",
    "ConcentrationLimit",
    "Confidential",
    "Credit",
    "CreditRating",
    "DataCertificate",
    "DataUse",
    "Disclosure",
    "Distribution",
    "EligibilityCriterion",
    "Fact",
    "FeePayment",
    "Financing",
    "FinancingCollateral",
    "FinancingMove",
    "Fingerprint",
    "Freeze",
    "Guarantee",
    "Holding",
    "Invoice",
    "Member",
    "Output",
    "Package",
    "PackageInvoice",
    "Payment",
    "PaymentUse",
    "Plan",
    "PlanAccount",
    "PlanCash",
    "PlanEvent",
    "PlanFee",
    "PlanTrigger",
    "PoolAsset",
    "PoolExit",
    "PoolPurchase",
    "Quota",
    "Rating",
    "Receipt",
    "Receivable",
    "ReceivableInvoice",
    "Registration",
    "RegistrationCollateral",
    "RegistrationQuery",
    "Remittance",
    "Settlement",
    "Shortfall",
    "ShortfallPayment",
    "ShortfallRepayment",
    "Statement",
    "Stock",
    "TradeDocument",
    "TradeOrder",
    "TradeReference",
    "Tranche",
    "output_id",
    "within_plan",
]

FACTS: tuple[type[Fact], ...] = tuple(sorted(Fact.__subclasses__(), key=lambda table: table.__name__))
"""Every fact table, by name."""

# Rows are made as plain values, which no session knows; without this their attributes could be read only after some
# other statement had made SQLAlchemy finish its mapping.
configure_mappers()
