"""The form of a proof: its parts, and its JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ledger.anchor import SealerPin
from ledger.chains import limits, strict
from ledger.chains.shape import Sealer
from ledger.errors import Malformed

__all__ = ["FORMAT", "Evidence", "Inclusion", "Path", "Proof"]

FORMAT = "glasspool-proof/1"
MAX_PATH = 32  # nodes: a binary tree of four thousand million leaves
MAX_NODE = 16 * 36  # bytes, of all that stands on one side of a node in the widest tree
MAX_CHANGES = 10_000
MAX_WEIGHT = 2**32

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
    """A record and what proves it; ``kind`` and ``payload`` repeat the log for readers, and are compared with it.

    ``pins`` are sealers that nothing on the chain leads to, and that the prover's operator vouched for.
    """

    family: str
    genesis: dict[str, Any]
    changes: tuple[Evidence, ...]
    evidence: Evidence
    contract: bytes
    log_index: int
    kind: str
    payload: str
    position: str
    pins: tuple[SealerPin, ...] = ()
    map: str = ""
    """How the prover reads a contract that is no record book: its map as JSON text."""

    def as_json(self) -> dict[str, Any]:
        """Return the proof in its published form."""
        return (
            {
                "format": FORMAT,
                "family": self.family,
                "record": {"position": self.position, "kind": self.kind, "payload": self.payload},
                "contract": "0x" + self.contract.hex(),
                "log_index": self.log_index,
                "evidence": _evidence_out(self.evidence),
                "sealer_changes": [_evidence_out(each) for each in self.changes],
                "genesis": self.genesis,
            }
            | ({"sealer_pins": [pin_out(pin) for pin in self.pins]} if self.pins else {})
            | ({"contract_map": self.map} if self.map else {})
        )

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
            log_index=strict.integer(source, "log_index", "proof", range(limits.MAX_LOGS)),
            kind=_words(record.get("kind"), "record.kind"),
            payload=_words(record.get("payload"), "record.payload"),
            position=_words(record.get("position"), "record.position"),
            pins=pins_in(source.get("sealer_pins", []), "sealer_pins"),
            map=_words(source.get("contract_map", ""), "contract_map"),
        )


def pin_out(pin: SealerPin) -> dict[str, Any]:
    """Return a pin as proofs and pin files print it."""
    listed = [{"key": each.key.hex(), "weight": each.weight} for each in pin.sealers]
    return {"height": pin.height, "sealers": listed, "by": pin.by, "at": pin.at}


def pins_in(value: Any, where: str) -> tuple[SealerPin, ...]:
    """Return what a list of :func:`pin_out` says; raises Malformed."""
    found = []
    for each in strict.as_list(value, where, MAX_CHANGES):
        source = strict.as_object(each, where)
        listed = [
            strict.as_object(one, where) for one in strict.as_list(source.get("sealers"), where, limits.MAX_SEALERS)
        ]
        sealers = tuple(
            Sealer(
                key=strict.hexadecimal(one.get("key"), f"{where}.key", 64),
                weight=strict.integer(one, "weight", where, range(1, MAX_WEIGHT)),
            )
            for one in listed
        )
        found.append(
            SealerPin(
                height=strict.integer(source, "height", where, range(1, 2**31)),
                sealers=sealers,
                by=_words(source.get("by"), f"{where}.by"),
                at=_words(source.get("at"), f"{where}.at"),
            )
        )
    return tuple(found)


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
        for each in strict.as_list(source.get("transactions"), f"{where}.transactions", limits.MAX_TRANSACTIONS)
    ]

    def path(nodes: Any) -> Path:
        listed = strict.as_list(nodes, f"{where}.path", MAX_PATH)
        found = tuple(None if node is None else strict.hexadecimal(node, f"{where}.path") for node in listed)
        if any(len(node or b"") > MAX_NODE for node in found):
            raise Malformed("limit", f"{where}.path has a node of more than {MAX_NODE} bytes")
        return found

    return Evidence(
        block=strict.as_object(source.get("block"), f"{where}.block"),
        transactions=tuple(strict.as_object(each.get("transaction"), f"{where}.transaction") for each in entries),
        receipts=tuple(strict.as_object(each.get("receipt"), f"{where}.receipt") for each in entries),
        inclusions=tuple(
            Inclusion(
                index=strict.integer(each, "index", where, range(limits.MAX_TRANSACTIONS)),
                transaction_path=path(each.get("transaction_path")),
                receipt_path=path(each.get("receipt_path")),
            )
            for each in entries
        ),
    )
