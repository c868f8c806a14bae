"""Judging proofs: the very steps of ``trust``, the roots reached by paths instead of from all leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ledger import chains, trust
from ledger.anchor import Anchor, Engine, SealerPin, anchor_from, same_sealers
from ledger.chains.sealers import apply
from ledger.contract_map import contract_map
from ledger.errors import LedgerError, Malformed, ProofFailed
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

    ``contracts`` are the record books the reader trusts, ``maps`` how it reads other contracts; without either that
    step is INDETERMINATE, and so is a change of sealers that nothing on the chain explains and that is not among
    ``pins``, the reader's own.
    """

    genesis_hash: bytes | None
    contracts: tuple[bytes, ...] = ()
    maps: tuple[tuple[bytes, str], ...] = ()
    engine: Engine = "auto"
    pins: tuple[SealerPin, ...] = ()
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
    pinned: int = 0
    """How many of the proof's pins were applied."""


def _genesis(state: _State) -> str:
    chains.named(state.proof.family)
    heights = [pin.height for pin in state.proof.pins]
    if heights != sorted(set(heights)):
        raise Malformed("proof-format", "The pins of a proof stand in the order of their heights")
    document = json.dumps({"block": state.proof.genesis}).encode()
    pinned = state.verifier.genesis_hash
    state.anchor = anchor_from(document, pinned=pinned, contracts=(state.proof.contract,), engine=state.verifier.engine)
    if state.proof.map:
        contract_map(state.proof.map)
        state.anchor = replace(state.anchor, contracts=(), maps=((state.proof.contract, state.proof.map),))
    if state.anchor.family != state.proof.family:
        raise Malformed("proof-format", f"The genesis block is not one of the family {state.proof.family!r}")
    state.sealers = state.anchor.sealers
    shown = f"0x{state.anchor.genesis_hash.hex()}"
    return f"{shown} is the pinned hash" if pinned else trust.NotAtHand(f"{shown} recomputed, and no hash was pinned")


def _changes(state: _State) -> str:
    for change in state.proof.changes:
        case = _signed_case(state, change)
        _climb(case, change)
        state.sealers = apply(state.sealers, trust.sealer_changes(case))
    return f"{len(state.proof.changes)} changes, {len(state.sealers)} sealers"


def _signed_case(state: _State, evidence: Evidence) -> trust.Case:
    """Return the evidence parsed, its header hashed, and signed by a quorum of the sealers trusted so far."""
    document = evidence.document()
    case = trust.Case(document=document, engine=state.verifier.engine, anchor=state.anchor)
    for check in (trust.limits, trust.shape, trust.header_hash):
        check(case)
    header = case.header
    if header.number <= state.height:
        raise ProofFailed(
            "sealer-order", f"Block {header.number} does not come after block {state.height} in the proof"
        )
    state.height = header.number
    while state.pinned < len(state.proof.pins) and state.proof.pins[state.pinned].height <= header.number:
        state.sealers = state.proof.pins[state.pinned].sealers
        state.pinned += 1
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
    header = state.case.header
    signed = f"{len(header.signatures)} of {len(header.sealers)} sealers"
    return f"block {header.number}, 0x{header.claimed_hash.hex()}, {signed}"


def _pins(state: _State) -> str:
    """Judge the sealers that only an operator's word leads to: they are the reader's own word, or nobody's."""
    told = {pin.height for pin in state.proof.pins[: state.pinned]}
    for own in state.verifier.pins:
        if own.height <= state.height and own.height not in told:
            raise ProofFailed("sealers", f"The proof passes over the sealers you pinned for block {own.height}")
    strange = [
        str(pin.height)
        for pin in state.proof.pins[: state.pinned]
        if not any(own.height == pin.height and same_sealers(own.sealers, pin.sealers) for own in state.verifier.pins)
    ]
    if strange:
        return trust.NotAtHand(
            f"the sealers of block {', '.join(strange)} were pinned by the prover's operator, and not by you"
        )
    return f"{state.pinned} of your own pins" if state.pinned else "every change of sealers was voted on the chain"


def _case(state: _State) -> trust.Case:
    if state.case is None:
        raise RuntimeError("the header comes first")
    return state.case


def _climb(case: trust.Case, evidence: Evidence) -> None:
    """Steps 6 to 8 for the transactions at hand, the roots reached by their paths."""
    trust.transaction_hashes(case)
    trust.receipt_hashes(case)
    trust.transaction_signatures(case)
    block, digest = case.parsed, case.crypto.digest
    pairs = zip(block.transactions or (), block.receipts or (), evidence.inclusions, strict=True)
    for transaction, receipt, place in pairs:
        hashes = [receipt.claimed_hash] if receipt.claimed_hash else [digest(each) for each in receipt.preimages]
        _arrive(case, "transactions", [transaction.claimed_hash], place.index, place.transaction_path)
        _arrive(case, "receipts", hashes, place.index, place.receipt_path)


def _arrive(case: trust.Case, tree: str, readings: list[bytes], index: int, path: Path) -> None:
    """Return when one of the readings leads to the header's root of that tree."""
    root = case.header.transactions_root if tree == "transactions" else case.header.receipts_root
    try:
        reached = [case.chain.climb(leaf, index, path, case.crypto.digest) for leaf in readings]
    except ValueError as failure:
        raise ProofFailed(f"{tree}-path", f"The path in the {tree} tree is not one: {failure}") from None
    if root not in reached:
        raise ProofFailed(f"{tree}-path", f"The path of entry {index} does not lead to the header's {tree} root")


def _inclusion(state: _State) -> str:
    if len(state.proof.evidence.inclusions) != 1:
        raise Malformed("proof-format", "A proof holds the one transaction of its record")
    _climb(_case(state), state.proof.evidence)
    return f"entry {state.proof.evidence.inclusions[0].index} of both trees; its sender signed it"


def _log(state: _State) -> str:
    case, proof = _case(state), state.proof
    event = _event(case, proof)
    place = f"{case.header.number}:{proof.evidence.inclusions[0].index}:{proof.log_index}"
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
    if state.proof.map:
        if (state.proof.contract, state.proof.map) in state.verifier.maps:
            return f"{shown} is read by your own map"
        return trust.NotAtHand(
            f"{shown} is no record book, and its map is the prover's: nothing at hand vouches for it"
        )
    if not state.verifier.contracts:
        return trust.NotAtHand(f"the record book is {shown}; nothing at hand says that it is the consortium's")
    if state.proof.contract not in state.verifier.contracts:
        raise ProofFailed("contract", f"The record book {shown} is not one you trust")
    return f"{shown} is a trusted record book"


_STEPS: tuple[tuple[int, str, Callable[[_State], str]], ...] = (
    (1, "genesis", _genesis),
    (2, "sealer changes", _changes),
    (3, "header signed by a quorum", _header),
    (3, "pinned sealers", _pins),
    (4, "transaction and receipt in the block", _inclusion),
    (5, "record in the receipt", _log),
    (6, "contract", _contract),
)
