"""The vocabulary of business records, by what they are about; a kind is one class, registered where it stands."""

from ledger.records import cash, certificates, invoices, members, payments, plans, receivables
from ledger.records.base import KINDS, Need, Payload, Reference, Role, Undecoded, canonical, decode, record_kind

__all__ = [
    "KINDS",
    "Need",
    "Payload",
    "Reference",
    "Role",
    "Undecoded",
    "canonical",
    "cash",
    "certificates",
    "decode",
    "invoices",
    "members",
    "payments",
    "plans",
    "receivables",
    "record_kind",
]
