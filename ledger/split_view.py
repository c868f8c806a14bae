"""The evidence of a split view: both notes, as signed, and what joins them, in a folder of its own.

``own.txt`` and ``other.txt`` are the notes. ``proof.json`` has the size both logs reach, either log's root there, the
proof that each root begins the log its own note is of, and the first block that differs with either path. With those
and the two verifier keys anybody can check it (RFC 9162, 2.1.3.2 and 2.1.4.2); no database is needed.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.checkpoint import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.checkpoint import Checkpoint, Published
    from ledger.comparison import Comparison
    from ledger.rfc6962 import Consistency, Tree

__all__ = ["keep_split_view", "kept_split_views"]


def keep_split_view(folder: Path, found: Comparison, own: Published, log: Tree) -> Path:
    """Keep the evidence beneath ``folder`` and return its folder; the same split is kept once.

    ``own`` is this node's checkpoint of ``log``, as it was compared or longer since. Raises StoreUnavailable
    ``checkpoint-folder``.
    """
    assert found.note is not None
    assert found.checkpoint is not None
    size = min(found.own_size, found.checkpoint.size)
    both = bytes(own.note) + bytes(found.note)
    place = folder / f"split-view-{size:012d}-{sha256(both).hexdigest()[:16]}"
    told = {
        "size": size,
        "own": _side(own.checkpoint, log.consistency(size, own.checkpoint.size)),
        "other": _side(found.checkpoint, found.consistency),
        "fork": None,
    }
    if fork := found.fork:
        told["fork"] = {
            "height": fork.height,
            "own": {"hash": fork.own_hash.hex(), "path": [each.hex() for each in log.inclusion(fork.height, size)]},
            "other": {"hash": fork.other_hash.hex(), "path": [each.hex() for each in fork.path]},
        }
    write_whole(place / "own.txt", bytes(own.note))
    write_whole(place / "other.txt", bytes(found.note))
    write_whole(place / "proof.json", json.dumps(told, indent=1).encode() + b"\n")
    return place


def kept_split_views(folder: Path) -> tuple[Path, ...]:
    """Return the folders of all evidence of split views beneath ``folder``, the one kept last at the end."""
    found = [each for each in folder.glob("split-view-*") if each.is_dir()] if folder.exists() else []
    return tuple(sorted(found, key=lambda each: (each.stat().st_mtime_ns, each.name)))


def _side(checkpoint: Checkpoint, proof: Consistency | None) -> dict[str, Any]:
    """Return one log's root at the shared size; without a proof the checkpoint itself is of that size."""
    root = checkpoint.root if proof is None else proof.old_root
    return {"root": root.hex(), "consistency": [each.hex() for each in (proof.path if proof else ())]}
