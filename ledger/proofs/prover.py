"""Making proofs: from the stored bytes of a block, hashed again at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger import chains
from ledger.anchor import Anchor, Engine, Trusted
from ledger.case import receipt_readings
from ledger.contracts import two_strings
from ledger.errors import LedgerError, ProofFailed
from ledger.proofs.form import Evidence, Inclusion, Proof
from ledger.proofs.verifier import ProofVerifier
from ledger.verdict import Verdict

if TYPE_CHECKING:
    from ledger.chains.shape import Block
    from ledger.position import Position
    from ledger.store import RecordRow, Store

__all__ = ["Prover"]

ALTERED = "The database was altered or damaged: sync into a fresh home folder and compare."
BLOCKS_KEPT = 64  # parsed; proofs are mostly asked for in the order of the ledger


@dataclass(slots=True)
class _Tree:
    """One stored block, parsed once for all the proofs that are taken from it: its values, and its print."""

    parsed: Block
    block: dict[str, Any]
    transactions: list[dict[str, Any]]
    receipts: list[dict[str, Any]]
    leaves: tuple[list[bytes], list[bytes]]


def _read(record: RecordRow) -> tuple[str, str]:
    """Return kind and payload of a record that a map made; that its log says so is judged with the proof."""
    return record.kind, record.payload.decode("utf-8", "backslashreplace")


def _said(tree: _Tree, position: Position) -> tuple[str, str]:
    """Return kind and payload as the stored log says them."""
    said = two_strings((tree.parsed.receipts or ())[position.transaction].logs[position.log].data)
    if said is None:
        raise ProofFailed("log-split", f"The stored log of record {position} is no record", next_step=ALTERED)
    return said[0].decode("utf-8", "backslashreplace"), said[1].decode("utf-8", "backslashreplace")


class Prover:
    """Makes proofs from a store; each is verified from its own bytes before it is handed out."""

    def __init__(self, store: Store, *, engine: Engine = "auto") -> None:
        pinned, state = store.anchor(), store.trusted()
        if pinned is None or state is None:
            raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
        self._store, self.anchor = store, Anchor.from_json(pinned)
        self._chain = chains.named(self.anchor.family)
        self._trusted = Trusted.from_json(state)
        self._verifier = ProofVerifier(
            genesis_hash=self.anchor.genesis_hash,
            contracts=self.anchor.contracts,
            maps=self.anchor.maps,
            engine=engine,
            pins=self._trusted.pins,
        )
        self._crypto = self.anchor.registry(engine).suite
        self._trees: dict[int, _Tree] = {}

    def prove(self, position: Position) -> Proof:
        """Return the verified proof of the record at a position.

        Raises Unknown when there is none there, and StoreDamaged or ProofFailed when the stored bytes no longer verify.
        """
        record = self._store.record(position)
        tree = self._tree(position.height)
        mapping = dict(self.anchor.maps).get(bytes(record.contract), "")
        kind, payload = _read(record) if mapping else _said(tree, position)
        genesis, _, _ = self._chain.printed(self._store.document(0))
        proof = Proof(
            family=self.anchor.family,
            genesis=genesis,
            changes=tuple(self._change(height) for height in self._trusted.epochs if height < position.height),
            evidence=self._evidence(tree, [position.transaction]),
            contract=bytes(record.contract),
            log_index=position.log,
            kind=kind,
            payload=payload,
            position=str(position),
            pins=tuple(pin for pin in self._trusted.pins if pin.height <= position.height),
            map=mapping,
        )
        judged = self._verifier.verify(proof)
        for step in judged.steps:
            if step.verdict is Verdict.FAILED:
                raise ProofFailed(
                    step.code or "proof",
                    f"The stored bytes of record {position} no longer prove it: {step.detail}",
                    next_step=ALTERED,
                )
        return proof

    def _tree(self, height: int) -> _Tree:
        if height not in self._trees:
            if len(self._trees) >= BLOCKS_KEPT:
                self._trees.clear()
            document = self._store.document(height)
            parsed = self._chain.parse_block(document)
            self._trees[height] = _Tree(parsed, *self._chain.printed(document), self._leaves(height, parsed))
        return self._trees[height]

    def _leaves(self, height: int, parsed: Block) -> tuple[list[bytes], list[bytes]]:
        """Return the hashes of transactions and receipts, these in the reading that the header commits to."""
        digest, header, receipts = self._crypto.digest, parsed.header, parsed.receipts or ()
        for hashes in receipt_readings(receipts, digest):
            if header and self._chain.root(hashes, digest) == header.receipts_root:
                return [each.claimed_hash for each in parsed.transactions or ()], hashes
        raise ProofFailed("receipts-root", f"The stored receipts of block {height} are not its own", next_step=ALTERED)

    def _evidence(self, tree: _Tree, indexes: list[int]) -> Evidence:
        digest = self._crypto.digest
        return Evidence(
            block=tree.block,
            transactions=tuple(tree.transactions[index] for index in indexes),
            receipts=tuple(tree.receipts[index] for index in indexes),
            inclusions=tuple(
                Inclusion(
                    index=index,
                    transaction_path=self._chain.path(tree.leaves[0], index, digest),
                    receipt_path=self._chain.path(tree.leaves[1], index, digest),
                )
                for index in indexes
            ),
        )

    def _change(self, height: int) -> Evidence:
        tree = self._tree(height)
        votes = enumerate(tree.parsed.transactions or ())
        return self._evidence(tree, [at for at, each in votes if each.to == self._chain.CONSENSUS_PRECOMPILE])
