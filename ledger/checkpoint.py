"""Checkpoints of the replica (c2sp.org/tlog-checkpoint): signed, kept for good, and never one that denies another.

The text of a checkpoint has the log's origin, its size in decimal, and its root in base64, a line each, perhaps
followed by lines of extension. The origin names the chain by its genesis hash and no node: every honest node says the
very same text at one size, so what two of them signed can be laid side by side, or under one text.

What was published lies in a folder, one file a checkpoint, outside the database: a node that lost its database and
follows the chain again must still stand by what it said before.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.errors import LedgerError, Malformed, ProofFailed, StoreUnavailable, Unknown
from ledger.rfc6962 import HASH_SIZE, check_consistency
from ledger.signed_note import Note, unbase64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.rfc6962 import Tree
    from ledger.signed_note import NoteSigner

__all__ = ["Checkpoint", "Published", "origin_of", "publish", "write_whole"]

SIZE_LIMIT = 1 << 63
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_FILE = re.compile(r"checkpoint-([0-9]{12,19})-[0-9a-f]{16}\.txt")


def origin_of(genesis_hash: bytes) -> str:
    """Return the origin line of the log over the chain that begins with this genesis block."""
    return f"glasspool/ledger/{genesis_hash.hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: that its first ``size`` leaves have this root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "\n".join((self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions, ""))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return the checkpoint that a note's text is. Raises Malformed ``checkpoint``."""
        try:
            *lines, end = text.split("\n")
            if len(lines) < 3 or end or not all(lines):
                raise ValueError("it has not three lines or more, none of them empty")
            origin, size, root, *extensions = lines
            if not _SIZE.fullmatch(size) or int(size) >= SIZE_LIMIT:
                raise ValueError("its second line is no size")
            hash_ = unbase64(root)
            if len(hash_) != HASH_SIZE:
                raise ValueError(f"its root has {len(hash_)} bytes")
        except ValueError as failure:
            raise Malformed(
                "checkpoint",
                f"The note is no checkpoint: {failure}",
                next_step="Give a file that `glasspool checkpoint` wrote on the other node.",
            ) from None
        return cls(origin=origin, size=int(size), root=hash_, extensions=tuple(extensions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A checkpoint as it was published: what it says, the signed note, and the file that keeps it."""

    checkpoint: Checkpoint
    note: Note
    file: Path


def publish(log: Tree, origin: str, signers: Sequence[NoteSigner], folder: Path) -> Published:
    """Sign the log as it stands and keep the note in the folder before anybody gets it; again, it is the same note.

    Raises ProofFailed ``checkpoint-behind`` or ``checkpoint-forked`` when the log is shorter than one published before,
    or does not begin with it; then nothing is signed. Raises ``note-signature`` and Malformed when what was kept was
    altered, Unknown ``empty-replica``, and StoreUnavailable ``checkpoint-folder``.
    """
    if not log.size:
        raise Unknown("empty-replica", "This node holds no block yet", next_step="Run `glasspool sync`.")
    checkpoint = Checkpoint(origin=origin, size=log.size, root=log.root())
    for earlier in latest(folder):
        earlier.note.signers([signer.verifier for signer in signers])
        _stand_by(earlier, checkpoint, log)
    note = Note.sign(checkpoint.text, signers)
    file = folder / f"checkpoint-{checkpoint.size:012d}-{sha256(bytes(note)).hexdigest()[:16]}.txt"
    if not file.exists():
        write_whole(file, bytes(note))
    return Published(checkpoint=checkpoint, note=note, file=file)


def latest(folder: Path) -> list[Published]:
    """Return the longest checkpoint published, once for every set of keys that signed it; none where there is none.

    Each was shown to begin with the one before it when it was published, so whoever stands by it stands by all.
    """
    sizes = {file: int(found[1]) for file in _listed(folder) if (found := _FILE.fullmatch(file.name))}
    return [_read(file, size) for file, size in sorted(sizes.items()) if size == max(sizes.values())]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as failure:
        raise _folder(folder, failure) from None


def _read(file: Path, size: int) -> Published:
    try:
        note = Note.parse(file.read_bytes())
    except OSError as failure:
        raise _folder(file, failure) from None
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.size != size:
        raise Malformed(
            "checkpoint",
            f"{file} holds a checkpoint of another size than its name says",
            next_step="Restore the file from a backup: what was published is kept as it was.",
        )
    return Published(checkpoint=checkpoint, note=note, file=file)


def _stand_by(earlier: Published, now: Checkpoint, log: Tree) -> None:
    before = earlier.checkpoint
    if before.origin == now.origin and before.size > now.size:
        raise ProofFailed(
            "checkpoint-behind",
            f"This node published {before.size} blocks, {earlier.file}, and its database has {now.size}",
            next_step="Run `glasspool sync`, or restore the database; nothing is signed until its blocks are back.",
        )
    proof = None if before.origin != now.origin else log.consistency(before.size, now.size)
    if proof is None or proof.old_root != before.root:
        raise ProofFailed(
            "checkpoint-forked",
            f"What this node published, {earlier.file}, is not how its ledger of {now.size} blocks begins",
            next_step="Nothing is signed. Run `glasspool scrub`, and ask the consortium which history it stands by.",
        )
    check_consistency(proof, now.root)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, its folder made where there is none.

    It is brought to the disk under another name and renamed. Raises StoreUnavailable ``checkpoint-folder``.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as failure:
        raise _folder(file, failure) from None


def _folder(path: Path, failure: OSError) -> LedgerError:
    return StoreUnavailable(
        "checkpoint-folder",
        f"{path} cannot be read or written: {failure.strerror or failure}",
        next_step="Check the folder, its owner and the space on its disk.",
    )
