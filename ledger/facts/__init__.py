"""The facts a ledger states, as tables versioned by height.

Every row is one version of one thing: it holds from ``from_height`` up to, and not at, ``to_height`` (None: still
holds). *As of H* means ``from_height <= H and (to_height is null or to_height > H)``. Rows are never deleted, and a
version never changes but for being ended. ``from_position`` and ``to_position`` are the numbers of the records that
began and ended it (:class:`ledger.position.Position`). Amounts are integer fen (分), days are the dates records state.

Rows that tie two things together (:class:`Settlement`, :class:`CollectionItem` ...) have no name of their own; their
id is the position of the record and the place within it, ``h:t:l/n``.
"""

from __future__ import annotations

from ledger.fact import Fact
from ledger.facts.cash import Collection, CollectionItem, Distribution, PlanCash, Remittance
from ledger.facts.certificates import Output, output_id
from ledger.facts.invoices import Invoice
from ledger.facts.members import Address, Member
from ledger.facts.payments import Payment, PaymentUse, Settlement
from ledger.facts.plans import Plan, PoolAsset, Tranche, within_plan
from ledger.facts.receivables import Receivable, ReceivableInvoice

__all__ = [
    "FACTS",
    "Address",
    "Collection",
    "CollectionItem",
    "Distribution",
    "Fact",
    "Invoice",
    "Member",
    "Output",
    "Payment",
    "PaymentUse",
    "Plan",
    "PlanCash",
    "PoolAsset",
    "Receivable",
    "ReceivableInvoice",
    "Remittance",
    "Settlement",
    "Tranche",
    "output_id",
    "within_plan",
]

FACTS: tuple[type[Fact], ...] = tuple(sorted(Fact.__subclasses__(), key=lambda table: table.__name__))
"""Every fact table, by name."""
