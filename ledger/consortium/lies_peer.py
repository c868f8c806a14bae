"""Lies in another node's checkpoints, and in what it answers about them: which blocks it has seen, and since when."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ledger.bundle import BundledLog, write_bundle
from ledger.checkpoint import Checkpoint
from ledger.consortium.lies import Answer, Liar, Lie
from ledger.signed_note import Ed25519NoteSigner, Note
from ledger.store.log import block_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.rfc6962 import Consistency

__all__ = ["LIES", "BundleLie", "Peer", "PeerLie", "Said"]


@dataclass(frozen=True, slots=True)
class Peer:
    """What another node has: the hashes of the honest blocks and of the other history's, which it may follow."""

    origin: str
    honest: Sequence[bytes]
    rival: Sequence[bytes]

    @property
    def signer(self) -> Ed25519NoteSigner:
        """The key by which others know it; it is worth nothing."""
        return Ed25519NoteSigner(name=self.origin, seed=bytes(range(32)))

    def note(self, hashes: Sequence[bytes], **changed: Any) -> Note:
        """Return its checkpoint over these blocks, as changed."""
        said = Checkpoint(origin=self.origin, size=len(hashes), root=BundledLog(hashes).root())
        return Note.sign(replace(said, **changed).text, (self.signer,))


@dataclass(frozen=True, slots=True)
class Said:
    """A note, and the node's answers, which may be lies."""

    note: bytes
    log: BundledLog
    lies: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def _told(self, question: str, answer: Any) -> Any:
        return self.lies[question](answer) if question in self.lies else answer

    def consistency(self, old: int, new: int) -> Consistency:
        """Answer as a node does (``comparison.OtherLog``)."""
        told: Consistency = self._told("consistency", self.log.consistency(old, new))
        return told

    def children(self, start: int, end: int) -> tuple[bytes, bytes]:
        """Answer as a node does."""
        told: tuple[bytes, bytes] = self._told("children", self.log.children(start, end))
        return told

    def block_hash(self, height: int) -> bytes:
        """Answer as a node does."""
        told: bytes = self._told("block", self.log.block_hash(height))
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLie(Lie):
    """A lie about a node's own log, told to one that compares it."""

    tell: Callable[[Peer], Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLie(Lie):
    """The same, told by a bundle of block hashes."""

    tell: Callable[[Peer], bytes]


def _note(change: Callable[[Peer], bytes]) -> Callable[[Peer], Said]:
    return lambda peer: Said(change(peer), BundledLog(peer.honest))


def _forged(peer: Peer) -> bytes:
    honest, size = bytes(peer.note(peer.honest)), len(peer.honest)
    return honest.replace(b"\n%d\n" % size, b"\n%d\n" % (size - 1))


def _by_stranger(peer: Peer) -> bytes:
    text = peer.note(peer.honest).text
    return bytes(Note.sign(text, (Ed25519NoteSigner(name=peer.origin, seed=bytes(32)),)))


def _rival(peer: Peer, **lies: Callable[[Any], Any]) -> Said:
    """The other history, as far as the honest one goes."""
    hashes = peer.rival[: len(peer.honest)]
    return Said(bytes(peer.note(hashes)), BundledLog(hashes), lies)


def _wrong_subtrees(peer: Peer) -> Said:
    """Whoever does not hash the answers together is led to block 0, and finds there what the last answer says."""
    other = peer.rival[-1]
    return _rival(peer, children=lambda both: (block_leaf(0, other), both[1]), block=lambda _: other)


def _wrong_block(peer: Peer) -> Said:
    return _rival(peer, block=lambda _: peer.honest[-1])


def _denied(peer: Peer) -> Said:
    """The other history, longer, with the honest root where the node would look for it."""
    honest = BundledLog(peer.honest).root()
    lie = {"consistency": lambda proof: replace(proof, old_root=honest)}
    return Said(bytes(peer.note(peer.rival)), BundledLog(peer.rival), lie)


def _bundle(peer: Peer) -> bytes:
    told = json.loads(write_bundle(peer.note(peer.honest), peer.honest))
    other = json.loads(write_bundle(peer.note(peer.rival), peer.rival[: len(peer.honest)]))
    return json.dumps(told | {"blocks": other["blocks"]}).encode()


def _lie(name: str, codes: Sequence[str], says: str, tell: Callable[[Peer], Said]) -> PeerLie:
    return PeerLie(name=name, says=says, liar=Liar.PEER, answer=Answer.FAILED, codes=tuple(codes), tell=tell)


LIES = (
    _lie("note-of-nothing", ["note"], "The file is no signed note.", _note(lambda _: b"hello\n")),
    _lie(
        "note-of-other-text", ["checkpoint"], "The signed text is no checkpoint.",
        _note(lambda peer: bytes(Note.sign("a\nb\n", (peer.signer,)))),
    ),
    _lie(
        "checkpoint-of-nothing", ["checkpoint"], "The log is said to be empty, and has a root.",
        _note(lambda peer: bytes(peer.note(peer.honest, size=0))),
    ),
    _lie(
        "checkpoint-of-other-chain", ["another-ledger"], "The checkpoint is of another chain's log.",
        _note(lambda peer: bytes(peer.note(peer.honest, origin="glasspool/ledger/another"))),
    ),
    _lie("note-altered", ["note-signature"], "The checkpoint was altered after it was signed.", _note(_forged)),
    _lie("note-by-stranger", ["note-unsigned"], "Another key signed in the node's name.", _note(_by_stranger)),
    _lie("split-view", ["split-view", "fork"], "The node follows another history of the same chain.", _rival),
    _lie(
        "split-view-misplaced", ["split-view", "subtree-proof"],
        "It does so, and its subtrees lead to the first block.", _wrong_subtrees,
    ),
    _lie(
        "split-view-blamed", ["split-view", "subtree-proof"], "It does so, and names another block.", _wrong_block,
    ),
    _lie(
        "split-view-denied", ["consistency-proof"], "It follows another, longer history, and claims ours begins it.",
        _denied,
    ),
    BundleLie(
        name="bundle-of-other-blocks", says="The block hashes in a bundle are not those of its checkpoint.",
        liar=Liar.PEER, answer=Answer.REFUSED, codes=("bundle",), tell=_bundle,
    ),
)  # fmt: skip
