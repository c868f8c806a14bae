"""Judging proofs: the very steps of ``trust``, the roots reached by paths instead of from all leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger import trust
from ledger.anchor import Anchor, Engine, anchor_from, same_sealers
from ledger.chains import fisco3, fisco3_sealers
from ledger.errors import LedgerError, Malformed, ProofFailed
from ledger.merkle import climb
from ledger.verdict import Assessment, StepVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.chains.shape import Sealer
    from ledger.contracts import RecordedEvent
    from ledger.proofs.form import Evidence, Path, Proof

__all__ = ["ProofVerifier"]


@dataclass(slots=True)
class ProofVerifier:
    """Judges proofs against a pinned genesis hash. Headers it has found signed are not checked again.

    ``contracts`` are the record books the reader trusts; empty leaves that step INDETERMINATE.
    """

    genesis_hash: bytes | None
    contracts: tuple[bytes, ...] = ()
    engine: Engine = "auto"
    _signed: set[tuple[bytes, bytes]] = field(default_factory=set)

    def verify(self, proof: Proof) -> Assessment:
        """Return the verdict of each step, numbered as in docs/proofs.md."""
        steps: list[StepVerdict] = []
        for number, name, verdict, code, detail in self._judge(proof):
            steps.append(StepVerdict(number=number, name=name, verdict=verdict, code=code, detail=detail))
        return Assessment(steps=tuple(steps))

    def _judge(self, proof: Proof) -> Iterator[tuple[int, str, Verdict, str, str]]:
        state = _State(proof=proof, verifier=self)
        for number, name, check in _STEPS:
            try:
                detail = check(state)
            except LedgerError as failure:
                yield number, name, Verdict.FAILED, failure.code, failure.message
                return  # each step stands on the one before
            yield (
                number,
                name,
                Verdict.INDETERMINATE if isinstance(detail, trust.NotAtHand) else Verdict.PASSED,
                "",
                detail,
            )


@dataclass(slots=True)
class _State:
    proof: Proof
    verifier: ProofVerifier
    anchor: Anchor | None = None
    sealers: tuple[Sealer, ...] = ()
    height: int = 0
    case: trust.Case | None = None


def _genesis(state: _State) -> str:
    if state.proof.family != fisco3.NAME:
        raise Malformed("proof-format", f"Chains of the family {state.proof.family!r} are not known here")
    document = json.dumps({"block": state.proof.genesis}).encode()
    pinned = state.verifier.genesis_hash
    state.anchor = anchor_from(document, pinned=pinned, contracts=(state.proof.contract,), engine=state.verifier.engine)
    state.sealers = state.anchor.sealers
    shown = f"0x{state.anchor.genesis_hash.hex()}"
    return f"{shown} is the pinned hash" if pinned else trust.NotAtHand(f"{shown} recomputed, and no hash was pinned")


def _changes(state: _State) -> str:
    for change in state.proof.changes:
        case = _signed_case(state, change)
        _climb(case, change)
        state.sealers = fisco3_sealers.apply(state.sealers, trust.sealer_changes(case))
    return f"{len(state.proof.changes)} changes, {len(state.sealers)} sealers"


def _signed_case(state: _State, evidence: Evidence) -> trust.Case:
    """Return the evidence parsed, its header hashed, and signed by a quorum of the sealers trusted so far."""
    document = evidence.document()
    case = trust.Case(document=document, engine=state.verifier.engine, anchor=state.anchor)
    for check in (trust.limits, trust.shape, trust.header_hash):
        check(case)
    header = case.parsed.header
    if header.number <= state.height:
        raise ProofFailed(
            "sealer-order", f"Block {header.number} does not come after block {state.height} in the proof"
        )
    state.height = header.number
    if not same_sealers(header.sealers, state.sealers):
        raise ProofFailed("sealers", f"The sealers of block {header.number} are not those the proof leads to")
    seen = (header.claimed_hash, b"".join(each.index.to_bytes(4) + each.signature for each in header.signatures))
    if seen not in state.verifier._signed:  # noqa: SLF001 its own class
        trust.signatures(case)
        trust.quorum_reached(case)
        state.verifier._signed.add(seen)  # noqa: SLF001
    return case


def _header(state: _State) -> str:
    state.case = _signed_case(state, state.proof.evidence)
    header = state.case.parsed.header
    signed = f"{len(header.signatures)} of {len(header.sealers)} sealers"
    return f"block {header.number}, 0x{header.claimed_hash.hex()}, {signed}"


def _case(state: _State) -> trust.Case:
    if state.case is None:
        raise RuntimeError("the header comes first")
    return state.case


def _climb(case: trust.Case, evidence: Evidence) -> None:
    """Steps 6 to 8 for the transactions at hand, the roots reached by their paths."""
    trust.transaction_hashes(case)
    trust.receipt_hashes(case)
    trust.transaction_signatures(case)
    block = case.parsed
    pairs = zip(block.transactions or (), block.receipts or (), evidence.inclusions, strict=True)
    for transaction, receipt, place in pairs:
        header, digest = block.header, case.crypto.digest
        _arrive(
            transaction.claimed_hash,
            place.index,
            place.transaction_path,
            header.transactions_root,
            "transactions",
            digest,
        )
        _arrive(receipt.claimed_hash, place.index, place.receipt_path, header.receipts_root, "receipts", digest)


def _arrive(leaf: bytes, index: int, path: Path, root: bytes, tree: str, digest: Callable[..., bytes]) -> None:
    try:
        reached = climb(leaf, index, path, digest)
    except ValueError as failure:
        raise ProofFailed(f"{tree}-path", f"The path in the {tree} tree is not one: {failure}") from None
    if reached != root:
        raise ProofFailed(f"{tree}-path", f"The path of entry {index} does not lead to the header's {tree} root")


def _inclusion(state: _State) -> str:
    if len(state.proof.evidence.inclusions) != 1:
        raise Malformed("proof-format", "A proof holds the one transaction of its record")
    _climb(_case(state), state.proof.evidence)
    return f"entry {state.proof.evidence.inclusions[0].index} of both trees; its sender signed it"


def _log(state: _State) -> str:
    case, proof = _case(state), state.proof
    event = _event(case, proof)
    place = f"{case.parsed.header.number}:{proof.evidence.inclusions[0].index}:{proof.log_index}"
    if proof.position != place:
        raise ProofFailed("record", f"The proof says it is of {proof.position}, and proves {place}")
    said = (event.kind, event.payload.decode("utf-8", "backslashreplace"))
    if said != (proof.kind, proof.payload):
        raise ProofFailed("record", "The proof repeats another kind or payload than its log holds")
    return f"{event.kind} by 0x{event.sender.hex()}"


def _event(case: trust.Case, proof: Proof) -> RecordedEvent:
    trust.event_logs(case)
    for event in case.events:
        if event.log_index == proof.log_index and event.contract == proof.contract:
            return event
    raise ProofFailed("record", "The proved receipt holds no such record")


def _contract(state: _State) -> str:
    shown = f"0x{state.proof.contract.hex()}"
    if not state.verifier.contracts:
        return trust.NotAtHand(f"the record book is {shown}; nothing at hand says that it is the consortium's")
    if state.proof.contract not in state.verifier.contracts:
        raise ProofFailed("contract", f"The record book {shown} is not one you trust")
    return f"{shown} is a trusted record book"


_STEPS: tuple[tuple[int, str, Callable[[_State], str]], ...] = (
    (1, "genesis", _genesis),
    (2, "sealer changes", _changes),
    (3, "header signed by a quorum", _header),
    (4, "transaction and receipt in the block", _inclusion),
    (5, "record in the receipt", _log),
    (6, "contract", _contract),
)
