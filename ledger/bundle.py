"""A checkpoint with every block hash beneath it: all that another node needs to compare without reaching this one.

JSON: ``format``, ``version``, ``checkpoint`` (the signed note), ``blocks`` (base64 of the block hashes run together, in
order). It takes 43 bytes a block, and proves itself: the hashes must lead to the root in the note.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.checkpoint import Checkpoint
from ledger.errors import Malformed
from ledger.rfc6962 import HASH_SIZE, MemoryTree
from ledger.signed_note import Note, unbase64
from ledger.store.log import block_leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_BUNDLE_BYTES", "Bundle", "BundledLog", "write_bundle"]

FORMAT, VERSION = "glasspool-checkpoint-bundle", 1
MEMBERS = ("format", "version", "checkpoint", "blocks")
MAX_BUNDLE_BYTES = 512 * 1024 * 1024  # twelve million blocks


def write_bundle(note: Note, hashes: Sequence[bytes]) -> bytes:
    """Return the bundle of a checkpoint and the hashes of its blocks."""
    told = {
        "format": FORMAT,
        "version": VERSION,
        "checkpoint": bytes(note).decode(),
        "blocks": base64.b64encode(b"".join(hashes)).decode(),
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


class BundledLog(MemoryTree):
    """The log of a node that is not asked but sent its block hashes."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        super().__init__([block_leaf(height, each) for height, each in enumerate(hashes)])
        self._hashes = hashes

    def block_hash(self, height: int) -> bytes:
        """Return the hash of its block."""
        return self._hashes[height]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A note, unchecked, and the log that leads to the root in it."""

    document: bytes
    log: BundledLog

    @classmethod
    def parse(cls, raw: bytes) -> Bundle:
        """Return the bundle in these bytes. Raises Malformed ``bundle``, ``note``, ``checkpoint``."""
        try:
            told = json.loads(raw)
            if not isinstance(told, dict) or (told.get("format"), told.get("version")) != (FORMAT, VERSION):
                raise ValueError(f"it is not of the format {FORMAT}, version {VERSION}")
            document: object = told.get("checkpoint")
            blocks: object = told.get("blocks")
            if not isinstance(document, str) or not isinstance(blocks, str) or len(told) != len(MEMBERS):
                raise ValueError(f"it has other members than {', '.join(MEMBERS)}")
            run = unbase64(blocks)
            checkpoint = Checkpoint.parse(Note.parse(document.encode()).text)
            if len(run) != checkpoint.size * HASH_SIZE:
                raise ValueError(f"it holds {len(run)} bytes of hashes for {checkpoint.size} blocks")
            log = BundledLog([run[at : at + HASH_SIZE] for at in range(0, len(run), HASH_SIZE)])
            if log.root() != checkpoint.root:
                raise ValueError("its block hashes do not lead to the root in its checkpoint")
        except (ValueError, RecursionError) as failure:
            raise Malformed(
                "bundle",
                f"This is no bundle of a checkpoint: {failure}",
                next_step="Ask for the file that `glasspool checkpoint --bundle` wrote again.",
            ) from None
        return cls(document=document.encode(), log=log)
