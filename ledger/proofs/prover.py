"""Making proofs: from the stored bytes of a block, hashed again at that moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.anchor import Anchor, Engine
from ledger.chains import fisco3, strict
from ledger.contracts import two_strings
from ledger.errors import LedgerError, ProofFailed
from ledger.merkle import binary_path
from ledger.proofs.form import Evidence, Inclusion, Proof
from ledger.proofs.verifier import ProofVerifier
from ledger.verdict import Verdict

if TYPE_CHECKING:
    from ledger.position import Position
    from ledger.store import Store

__all__ = ["Prover"]

ALTERED = "The database was altered or damaged: sync into a fresh home folder and compare."
BLOCKS_KEPT = 64  # parsed; proofs are mostly asked for in the order of the ledger


@dataclass(slots=True)
class _Tree:
    """One stored block, parsed once for all the proofs that are taken from it."""

    block: dict[str, Any]
    transactions: list[dict[str, Any]]
    receipts: list[dict[str, Any]]
    leaves: tuple[list[bytes], list[bytes]]


def _said(tree: _Tree, position: Position) -> tuple[str, str]:
    """Return kind and payload as the stored log says them."""
    log = tree.receipts[position.transaction]["logEntries"][position.log]
    said = two_strings(bytes.fromhex(log["data"].removeprefix("0x")))
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
        self._epochs: tuple[int, ...] = tuple(json.loads(state)["epochs"])
        self._verifier = ProofVerifier(
            genesis_hash=self.anchor.genesis_hash, contracts=self.anchor.contracts, engine=engine
        )
        self._crypto = self.anchor.registry(engine).suite
        self._trees: dict[int, _Tree] = {}

    def prove(self, position: Position) -> Proof:
        """Return the verified proof of the record at a position.

        Raises Unknown when there is none there, and StoreDamaged or ProofFailed when the stored bytes no longer verify.
        """
        record = self._store.record(position)
        tree = self._tree(position.height)
        kind, payload = _said(tree, position)
        genesis, _, _ = fisco3.printed(self._store.document(0))
        proof = Proof(
            family=self.anchor.family,
            genesis=genesis,
            changes=tuple(self._change(height) for height in self._epochs if height < position.height),
            evidence=self._evidence(tree, [position.transaction]),
            contract=bytes(record.contract),
            log_index=position.log,
            kind=kind,
            payload=payload,
            position=str(position),
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
            block, transactions, receipts = fisco3.printed(self._store.document(height))
            leaves = tuple(
                [strict.hexadecimal(each["hash"], "hash", 32) for each in entries]
                for entries in (transactions, receipts)
            )
            self._trees[height] = _Tree(block, transactions, receipts, (leaves[0], leaves[1]))
        return self._trees[height]

    def _evidence(self, tree: _Tree, indexes: list[int]) -> Evidence:
        digest = self._crypto.digest
        return Evidence(
            block=tree.block,
            transactions=tuple(tree.transactions[index] for index in indexes),
            receipts=tuple(tree.receipts[index] for index in indexes),
            inclusions=tuple(
                Inclusion(
                    index=index,
                    transaction_path=binary_path(tree.leaves[0], index, digest),
                    receipt_path=binary_path(tree.leaves[1], index, digest),
                )
                for index in indexes
            ),
        )

    def _change(self, height: int) -> Evidence:
        tree = self._tree(height)
        to = "0x" + fisco3.CONSENSUS_PRECOMPILE.hex()
        return self._evidence(tree, [at for at, each in enumerate(tree.transactions) if each.get("to") == to])
