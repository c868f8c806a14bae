"""The form of a proof: its parts, and its JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ledger.chains import fisco3, strict
from ledger.errors import Malformed

__all__ = ["FORMAT", "Evidence", "Inclusion", "Path", "Proof"]

FORMAT = "glasspool-proof/1"
MAX_PATH = 32  # levels: a tree of four thousand million leaves
MAX_CHANGES = 10_000

Path = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Where a transaction and its receipt stand: their index, and their paths to the two roots of the header."""

    index: int
    transaction_path: Path
    receipt_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A header and some of its block's transactions with their receipts, as the chain's JSON, with their places."""

    block: dict[str, Any]
    transactions: tuple[dict[str, Any], ...]
    receipts: tuple[dict[str, Any], ...]
    inclusions: tuple[Inclusion, ...]

    def document(self) -> bytes:
        """Return the evidence as a block document that the chain's parser reads."""
        return json.dumps({"block": self.block, "transactions": self.transactions, "receipts": self.receipts}).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A record and what proves it; ``kind`` and ``payload`` repeat the log for readers, and are compared with it."""

    family: str
    genesis: dict[str, Any]
    changes: tuple[Evidence, ...]
    evidence: Evidence
    contract: bytes
    log_index: int
    kind: str
    payload: str
    position: str

    def as_json(self) -> dict[str, Any]:
        """Return the proof in its published form."""
        return {
            "format": FORMAT,
            "family": self.family,
            "record": {"position": self.position, "kind": self.kind, "payload": self.payload},
            "contract": "0x" + self.contract.hex(),
            "log_index": self.log_index,
            "evidence": _evidence_out(self.evidence),
            "sealer_changes": [_evidence_out(each) for each in self.changes],
            "genesis": self.genesis,
        }

    @classmethod
    def from_json(cls, raw: bytes) -> Proof:
        """Return the proof in these bytes; raises Malformed."""
        source = strict.document(raw, "proof")
        if source.get("format") != FORMAT:
            raise Malformed(
                "proof-format",
                f"This is not a {FORMAT} document",
                next_step="Give a file that `glasspool prove` wrote, or a package folder or zip.",
            )
        record = strict.as_object(source.get("record"), "record")
        return cls(
            family=_words(source.get("family"), "family"),
            genesis=strict.as_object(source.get("genesis"), "genesis"),
            changes=tuple(
                _evidence_in(each, "sealer_changes")
                for each in strict.as_list(source.get("sealer_changes"), "sealer_changes", MAX_CHANGES)
            ),
            evidence=_evidence_in(source.get("evidence"), "evidence"),
            contract=strict.hexadecimal(source.get("contract"), "contract", 20),
            log_index=strict.integer(source, "log_index", "proof", range(fisco3.MAX_LOGS)),
            kind=_words(record.get("kind"), "record.kind"),
            payload=_words(record.get("payload"), "record.payload"),
            position=_words(record.get("position"), "record.position"),
        )


def _words(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise strict.malformed(where, "text", value)
    return value


def _evidence_out(evidence: Evidence) -> dict[str, Any]:
    def path(nodes: Path) -> list[str | None]:
        return [None if node is None else "0x" + node.hex() for node in nodes]

    return {
        "block": evidence.block,
        "transactions": [
            {
                "index": place.index,
                "transaction": transaction,
                "transaction_path": path(place.transaction_path),
                "receipt": receipt,
                "receipt_path": path(place.receipt_path),
            }
            for place, transaction, receipt in zip(
                evidence.inclusions, evidence.transactions, evidence.receipts, strict=True
            )
        ],
    }


def _evidence_in(value: Any, where: str) -> Evidence:
    source = strict.as_object(value, where)
    entries = [
        strict.as_object(each, where)
        for each in strict.as_list(source.get("transactions"), f"{where}.transactions", fisco3.MAX_TRANSACTIONS)
    ]

    def path(nodes: Any) -> Path:
        listed = strict.as_list(nodes, f"{where}.path", MAX_PATH)
        return tuple(None if node is None else strict.hexadecimal(node, f"{where}.path", 32) for node in listed)

    return Evidence(
        block=strict.as_object(source.get("block"), f"{where}.block"),
        transactions=tuple(strict.as_object(each.get("transaction"), f"{where}.transaction") for each in entries),
        receipts=tuple(strict.as_object(each.get("receipt"), f"{where}.receipt") for each in entries),
        inclusions=tuple(
            Inclusion(
                index=strict.integer(each, "index", where, range(fisco3.MAX_TRANSACTIONS)),
                transaction_path=path(each.get("transaction_path")),
                receipt_path=path(each.get("receipt_path")),
            )
            for each in entries
        ),
    )
