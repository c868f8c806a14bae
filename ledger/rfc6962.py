"""An append-only log as RFC 6962 (2.1) builds it: roots, and proofs of inclusion and consistency, over SHA-256.

A leaf is SHA-256(0x00 | entry), an inner node SHA-256(0x01 | left | right); a tree of n leaves is split at the largest
power of two below n. So every root and every part of a proof is folded from *perfect* subtrees, whose leaves number
2^level and never change once they are full. Whoever keeps those needs O(log n) of them for anything asked here.

Places: a range ``[start, end)`` of leaves; a perfect subtree by (level, index), over the leaves index * 2^level and on.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.errors import ProofFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Range = tuple[int, int]
    Place = tuple[int, int]

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "Consistency",
    "MemoryTree",
    "Tree",
    "check_consistency",
    "check_inclusion",
    "grown",
    "leaf_hash",
    "node_hash",
    "split_of",
]

HASH_SIZE = 32
ASK_AGAIN = "Ask the other node for it again; if it stays wrong, keep it and do not rely on that node."


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


EMPTY_ROOT = _sha256()
"""The root of a log without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: 32 bytes."""
    return _sha256(b"\0", entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return _sha256(b"\1", left, right)


def split_of(start: int, end: int) -> int:
    """Return where a range of two leaves or more is split: its left has the largest power of two below its size."""
    if end - start < 2:
        raise ValueError(f"leaves {start} to {end} are not two subtrees")
    return start + (1 << (end - start - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the siblings of a leaf, from its own up to the root's child (RFC 6962, 2.1.1, PATH)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of {size}")
    start, end, siblings = 0, size, []
    while end - start > 1:
        split = split_of(start, end)
        if index < split:
            siblings.append((split, end))
            end = split
        else:
            siblings.append((start, split))
            start = split
    return siblings[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the subtrees that show the log of ``old`` leaves to begin that of ``new`` (RFC 6962, 2.1.2, PROOF)."""
    if not 0 < old <= new:
        raise ValueError(f"a log of {old} leaves and one of {new}")
    start, end, ranges = 0, new, []
    while end != old:
        split = split_of(start, end)
        if old <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    if start > 0:  # else the first subtree is the old log itself, whose root the verifier has
        ranges.append((start, old))
    return ranges[::-1]


def cover(start: int, end: int) -> Iterator[Place]:
    """Yield the perfect subtrees that a range of the tree consists of, from the left."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start & (1 << level) - 1:
            raise ValueError(f"leaves {start} to {end} are no subtree")
        yield level, start >> level
        start += 1 << level


def grown(leaves: Iterable[bytes]) -> Iterator[tuple[Place, bytes]]:
    """Yield every perfect subtree above the leaves, as the leaf that fills it arrives: one a leaf on the average."""
    open_: list[bytes] = []
    for size, node in enumerate(leaves, 1):
        level = 0
        while not size >> level & 1:
            level += 1
            node = node_hash(open_.pop(), node)
            yield (level, (size >> level) - 1), node
        open_.append(node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """That a log of ``old`` leaves with the root ``old_root`` begins the log of ``new`` leaves whose root is known."""

    old: int
    new: int
    old_root: bytes
    path: tuple[bytes, ...]


class Tree(ABC):
    """A log of ``size`` leaves whose perfect subtrees can be read."""

    size: int

    @abstractmethod
    def nodes(self, places: Sequence[Place]) -> list[bytes]:
        """Return the hashes of full perfect subtrees, in the order asked; level 0 is the leaves."""

    def subtree(self, start: int, end: int) -> bytes:
        """Return the hash over a range of the tree, ``EMPTY_ROOT`` when it is empty.

        Raises ValueError for a range that no tree has as one subtree, or beyond the log.
        """
        return self._subtrees([(start, end)])[0]

    def root(self, size: int | None = None) -> bytes:
        """Return the root when the log had so many leaves: by default as it is."""
        return self.subtree(0, self.size if size is None else size)

    def children(self, start: int, end: int) -> tuple[bytes, bytes]:
        """Return the hashes of the two parts of a range."""
        split = split_of(start, end)
        left, right = self._subtrees([(start, split), (split, end)])
        return left, right

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the path from a leaf to the root at ``size``."""
        return tuple(self._subtrees(inclusion_ranges(index, self.size if size is None else size)))

    def consistency(self, old: int, new: int) -> Consistency:
        """Return the proof that this log at ``old`` leaves, at least one, begins it at ``new``."""
        root, *path = self._subtrees([(0, old), *consistency_ranges(old, new)])
        return Consistency(old=old, new=new, old_root=root, path=tuple(path))

    def _subtrees(self, ranges: Sequence[Range]) -> list[bytes]:
        """Return the hashes of ranges, all their parts read at once."""
        if any(not 0 <= start <= end <= self.size for start, end in ranges):
            raise ValueError(f"the log has {self.size} leaves")
        parts = [list(cover(*each)) for each in ranges]
        read = iter(self.nodes([place for each in parts for place in each]))
        return [_folded([next(read) for _ in each]) for each in parts]


def _folded(parts: list[bytes]) -> bytes:
    """Return the hash over perfect subtrees of falling size."""
    if not parts:
        return EMPTY_ROOT
    node = parts.pop()
    while parts:
        node = node_hash(parts.pop(), node)
    return node


class MemoryTree(Tree):
    """A log whose leaf hashes are all at hand."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._levels = [list(leaves)]
        for (level, index), node in grown(leaves):
            if not index:
                self._levels.append([])
            self._levels[level].append(node)

    def nodes(self, places: Sequence[Place]) -> list[bytes]:
        return [self._levels[level][index] for level, index in places]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Return when the path leads from the leaf at ``index`` to the root at ``size`` (RFC 9162, 2.1.3.2).

    Raises ProofFailed ``inclusion-proof``.
    """
    ranges = inclusion_ranges(index, size) if 0 <= index < size else None
    if ranges is None or len(ranges) != len(path):
        what = f"A path of {len(path)} hashes is none of leaf {index} of {size}"
        raise ProofFailed("inclusion-proof", what, next_step=ASK_AGAIN)
    node = leaf
    for (start, _), sibling in zip(ranges, path, strict=True):
        node = node_hash(node, sibling) if start > index else node_hash(sibling, node)
    if node != root:
        what = f"The path of leaf {index} of {size} does not lead to the root"
        raise ProofFailed("inclusion-proof", what, next_step=ASK_AGAIN)


def check_consistency(proof: Consistency, new_root: bytes) -> None:
    """Return when the proof leads to both roots, the old one it names and the new one (RFC 9162, 2.1.4.2).

    Raises ProofFailed ``consistency-proof``.
    """
    old, new = proof.old, proof.new
    ranges = consistency_ranges(old, new) if 0 < old <= new else None
    if ranges is None or len(ranges) != len(proof.path):
        what = f"{len(proof.path)} hashes do not join a log of {old} leaves to one of {new}"
        raise ProofFailed("consistency-proof", what, next_step=ASK_AGAIN)
    path = list(zip(ranges, proof.path, strict=True))
    first = path.pop(0)[1] if path and path[0][0][1] == old else proof.old_root
    before = after = first
    for (start, _), sibling in path:
        if start >= old:
            after = node_hash(after, sibling)
        else:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
    if (before, after) != (proof.old_root, new_root):
        what = f"The log of {old} leaves is not shown to begin that of {new}"
        raise ProofFailed("consistency-proof", what, next_step=ASK_AGAIN)
