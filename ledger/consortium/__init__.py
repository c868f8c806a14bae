"""A consortium on one machine: real keys, real FISCO BCOS 3 blocks, and every lie the verifier claims to detect."""

from __future__ import annotations

from ledger.consortium.adapter import ImportSummary, import_receivables
from ledger.consortium.chain import Consortium, Member, Sealed, Sent, Sink
from ledger.consortium.folder import PIN, OutputRefused, pin
from ledger.consortium.mapping import ReceivablesMap, load_map, packaged_map
from ledger.consortium.rows import Rejected
from ledger.consortium.sample import generate_sample

__all__ = [
    "PIN",
    "Consortium",
    "ImportSummary",
    "Member",
    "OutputRefused",
    "ReceivablesMap",
    "Rejected",
    "Sealed",
    "Sent",
    "Sink",
    "generate_sample",
    "import_receivables",
    "load_map",
    "packaged_map",
    "pin",
]
