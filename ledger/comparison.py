"""Comparing this replica with the checkpoint of another node: one ledger, or two.

The steps, with the numbers that a verdict carries:

1. The note is a checkpoint, strictly read.
2. It is of the same ledger: its origin names this node's genesis block.
3. It is signed by a key that the reader trusts. What fails here ends the comparison: anybody could have said it.
4. Both logs begin alike. The shorter must begin the longer: where the other is longer, its consistency proof must lead
   to the root it signed. Two roots at one size are a *split view*: some nodes were shown another ledger than others.
5. Where the views split, the first block that differs is looked for, down the tree from the root: each answer of the
   other node must hash to the one before, so it cannot name another block than the one its signature stands for.

Without the other node's answers, or a bundle of its block hashes, a longer log cannot be judged and a fork not be
placed; then that step is INDETERMINATE.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ledger.checkpoint import Checkpoint
from ledger.errors import Malformed, ProofFailed, SourceUnreachable
from ledger.rfc6962 import ASK_AGAIN, EMPTY_ROOT, check_consistency, node_hash, split_of
from ledger.signed_note import Note
from ledger.store.log import block_leaf
from ledger.trust import NotAtHand
from ledger.verdict import Assessment, StepVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.bundle import BundledLog
    from ledger.rfc6962 import Consistency
    from ledger.signed_note import VerifierKey
    from ledger.store.log import BlockLog

    OwnLog = BlockLog | BundledLog

__all__ = ["Comparison", "Fork", "OtherLog", "View", "compare"]

LAST_PREREQUISITE = 3  # a note that fails until here was said by nobody of whom anything follows


class OtherLog(Protocol):
    """What the other node can be asked. Nothing it answers is believed that does not lead to the root it signed.

    Raises SourceUnreachable when it cannot answer, Malformed or ProofFailed when it answers nonsense.
    """

    def consistency(self, old: int, new: int) -> Consistency:
        """Return its proof that its log at ``old`` leaves begins it at ``new``."""

    def children(self, start: int, end: int) -> tuple[bytes, bytes]:
        """Return the hashes of the two parts of a subtree of its log."""

    def block_hash(self, height: int) -> bytes:
        """Return the hash of its block."""


class View(StrEnum):
    """How the other node's log stands to ours: ``behind`` and ``ahead`` say where the *other* one is."""

    SAME = "same"
    BEHIND = "behind"
    AHEAD = "ahead"
    SPLIT = "split-view"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """The first block that differs, and the path from the other node's to the root of its log at ``size`` blocks."""

    height: int
    own_hash: bytes
    other_hash: bytes
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a comparison found. ``consistency`` shows what a longer checkpoint of the other node says of our size."""

    assessment: Assessment
    view: View
    own_size: int
    note: Note | None
    checkpoint: Checkpoint | None
    consistency: Consistency | None
    fork: Fork | None


@dataclass(slots=True, kw_only=True)
class _Case:
    """What a comparison knows so far."""

    own: OwnLog
    origin: str
    document: bytes
    other: OtherLog | None
    trusted: Sequence[VerifierKey]
    own_keys: Sequence[VerifierKey]
    note: Note | None = None
    checkpoint: Checkpoint | None = None
    consistency: Consistency | None = None
    other_root: bytes | None = None
    """The other log's root at the size that both have."""
    view: View = View.UNKNOWN
    fork: Fork | None = None

    @property
    def said(self) -> Checkpoint:
        """The checkpoint, after step 1."""
        assert self.checkpoint is not None
        return self.checkpoint

    @property
    def shared(self) -> int:
        """The size of the shorter log."""
        return min(self.own.size, self.said.size)


def compare(
    own: OwnLog,
    origin: str,
    document: bytes,
    other: OtherLog | None = None,
    *,
    trusted: Sequence[VerifierKey] = (),
    own_keys: Sequence[VerifierKey] = (),
) -> Comparison:
    """Return what the other node's note, and its answers where there are any, say beside our log.

    ``origin`` is our ledger's. One of the ``trusted`` keys must have signed; while none is given, the signature stays
    INDETERMINATE unless it is by one of ``own_keys``. Raises what reading our own store raises.
    """
    case = _Case(own=own, origin=origin, document=document, other=other, trusted=trusted, own_keys=own_keys)
    steps: list[StepVerdict] = []
    stopped = False
    for number, (name, check) in enumerate(PROCEDURE, 1):
        if stopped:
            step = _step(number, name, Verdict.INDETERMINATE, "an earlier step failed", "not-reached")
        else:
            try:
                found = check(case)
            except SourceUnreachable as failure:
                step = _step(number, name, Verdict.INDETERMINATE, failure.message, failure.code)
            except (Malformed, ProofFailed) as failure:
                step = _step(number, name, Verdict.FAILED, failure.message, failure.code)
                stopped = number <= LAST_PREREQUISITE
            else:
                told = Verdict.INDETERMINATE if isinstance(found, NotAtHand) else Verdict.PASSED
                step = _step(number, name, told, str(found))
        steps.append(step)
    return Comparison(
        assessment=Assessment(steps=tuple(steps)),
        view=case.view,
        own_size=own.size,
        note=case.note,
        checkpoint=case.checkpoint,
        consistency=case.consistency,
        fork=case.fork,
    )


def _step(number: int, name: str, verdict: Verdict, detail: str, code: str = "") -> StepVerdict:
    return StepVerdict(number=number, name=name, verdict=verdict, detail=detail, code=code)


def _checkpoint(case: _Case) -> str:
    """Step 1."""
    case.note = Note.parse(case.document)
    case.checkpoint = Checkpoint.parse(case.note.text)
    if not case.said.size and case.said.root != EMPTY_ROOT:
        raise Malformed("checkpoint", "The log is said to be empty, and its root is not that of an empty log")
    return f"a log of {case.said.size} blocks"


def _ledger(case: _Case) -> str:
    """Step 2."""
    if case.said.origin != case.origin:
        raise ProofFailed(
            "another-ledger",
            f"The checkpoint is of {case.said.origin!r}, and this node follows {case.origin!r}",
            next_step="Compare nodes that pinned the same genesis block.",
        )
    return case.origin


def _signature(case: _Case) -> str:
    """Step 3."""
    assert case.note is not None
    signed = case.note.signers(case.trusted or case.own_keys)
    if signed:
        return "by " + ", ".join(f"the {key.algorithm} key {key.key_id.hex()}" for key in signed)
    if case.trusted:
        raise ProofFailed(
            "note-unsigned",
            "None of the keys you trust signed the checkpoint",
            next_step="Give the verifier key that the other node prints, as told to you by its operator.",
        )
    claimed = ", ".join(each.key_id.hex() for each in case.note.signatures)
    return NotAtHand(f"it is said to be by {claimed}, and no key was given to check it with")


def _view(case: _Case) -> str:
    """Step 4."""
    said, size = case.said, case.shared
    if said.size <= case.own.size:
        case.other_root = said.root
    elif case.other is None:
        return NotAtHand(f"the other log is longer by {said.size - size} blocks, and its proof is not at hand")
    else:
        proof = case.other.consistency(size, said.size)
        if (proof.old, proof.new) != (size, said.size):
            raise ProofFailed("consistency-proof", "The proof is of other sizes than were asked", next_step=ASK_AGAIN)
        check_consistency(proof, said.root)
        case.consistency, case.other_root = proof, proof.old_root
    if case.other_root != case.own.root(size):
        case.view = View.SPLIT
        raise ProofFailed(
            "split-view",
            f"The other node was shown another ledger: the first {size} blocks have two roots",
            next_step="Ask the consortium which history it stands by, and give it the evidence.",
        )
    longer = said.size - case.own.size
    case.view = View.AHEAD if longer > 0 else View.BEHIND if longer < 0 else View.SAME
    if case.view is View.SAME:
        return f"the same log of {size} blocks"
    return f"the log of {size} blocks begins the one of {max(said.size, case.own.size)}"


def _fork(case: _Case) -> str:
    """Step 5."""
    if case.view is View.UNKNOWN:
        return NotAtHand("it is not known whether the logs begin alike")
    if case.view is not View.SPLIT:
        return f"the first {case.shared} blocks are the same"
    if case.other is None:
        return NotAtHand(f"one of the first {case.shared} differs; which one, only the other node can tell")
    assert case.other_root is not None
    fork = case.fork = first_fork(case.own, case.other, case.shared, case.other_root)
    raise ProofFailed(
        "fork",
        f"Block {fork.height} is the first that differs: 0x{fork.own_hash.hex()} here, 0x{fork.other_hash.hex()} there",
        next_step="Look at both blocks: who signed them?",
    )


PROCEDURE: tuple[tuple[str, Callable[[_Case], str]], ...] = (
    ("checkpoint", _checkpoint),
    ("same ledger", _ledger),
    ("signature", _signature),
    ("one view", _view),
    ("blocks alike", _fork),
)


def first_fork(own: OwnLog, other: OtherLog, size: int, other_root: bytes) -> Fork:
    """Return the first block that differs between two logs of ``size`` blocks with different roots.

    Goes down one path of the tree: log2(size) questions to the other node, one at each level. ``other_root`` must be
    what it signed. Raises ProofFailed ``subtree-proof`` when an answer does not hash to the one before.
    """
    start, end, theirs, path = 0, size, other_root, []
    while end - start > 1:
        split = split_of(start, end)
        left, right = other.children(start, end)
        if node_hash(left, right) != theirs:
            raise _not_its_own(f"blocks {start} to {end - 1}")
        if left != own.subtree(start, split):
            end, theirs = split, left
            path.append(right)
        else:
            start, theirs = split, right
            path.append(left)
    other_hash = other.block_hash(start)
    if block_leaf(start, other_hash) != theirs:
        raise _not_its_own(f"block {start}")
    return Fork(
        height=start, own_hash=own.block_hash(start), other_hash=other_hash, size=size, path=tuple(reversed(path))
    )


def _not_its_own(what: str) -> ProofFailed:
    return ProofFailed(
        "subtree-proof",
        f"What the other node says of {what} does not lead to the root it signed",
        next_step=ASK_AGAIN,
    )
