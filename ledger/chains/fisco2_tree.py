"""The tree of FISCO BCOS 2.2 and later over a block's transactions, and over its receipts.

A leaf is RLP(index)|hash, up to 16 nodes side by side give H(all of them) on the level above until one is left, and the
root is the hash of that one once more; over nothing it is H of nothing. Other trees tell leaves from nodes by a mark;
here the leaf's own index does, if only its place is checked, which :func:`climb` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlp.codec import encode_raw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Digest = Callable[..., bytes]

__all__ = ["climb", "path", "root"]

WIDTH = 16
HASH = 32


def _leaf(index: int, hash_: bytes) -> bytes:
    return bytes(encode_raw(index.to_bytes((index.bit_length() + 7) // 8))) + hash_


def _leaves(hashes: Sequence[bytes]) -> list[bytes]:
    return [_leaf(at, each) for at, each in enumerate(hashes)]


def _level_up(nodes: Sequence[bytes], digest: Digest) -> list[bytes]:
    return [digest(*nodes[at : at + WIDTH]) for at in range(0, len(nodes), WIDTH)]


def root(hashes: Sequence[bytes], digest: Digest) -> bytes:
    """Return the root over hashes in order: 32 bytes."""
    nodes = _leaves(hashes)
    while len(nodes) > 1:
        nodes = _level_up(nodes, digest)
    return digest(*nodes)


def path(hashes: Sequence[bytes], index: int, digest: Digest) -> tuple[bytes | None, ...]:
    """Return what leads from leaf ``index`` to the root: for each level what stands left of the node, and right of it.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(hashes):
        raise IndexError(f"leaf {index} of {len(hashes)}")
    nodes, found = _leaves(hashes), []
    while len(nodes) > 1:
        first = index - index % WIDTH
        found += [b"".join(nodes[first:index]), b"".join(nodes[index + 1 : first + WIDTH])]
        nodes, index = _level_up(nodes, digest), index // WIDTH
    return tuple(found)


def climb(hash_: bytes, index: int, nodes: Sequence[bytes | None], digest: Digest) -> bytes:
    """Return the root that ``nodes`` lead to from the leaf of ``hash_`` at ``index``.

    The caller compares it with a root it trusts. The index is bound to the path: what stands left of a node must be as
    long as the nodes that stand there. Raises ValueError where it is no path.
    """
    if len(nodes) % 2 or None in nodes:
        raise ValueError("a level has not both its sides")
    sides = [node for node in nodes if node is not None]
    first = index - index % WIDTH
    left = sum(len(_leaf(at, hash_)) for at in range(first, index))
    right = sum(len(_leaf(at, hash_)) for at in range(index + 1, first + WIDTH))
    node = _leaf(index, hash_)
    for level in range(len(sides) // 2):
        before, after = sides[2 * level], sides[2 * level + 1]
        if len(before) != left or len(after) > right:
            raise ValueError(f"level {level} has not the nodes that stand beside this one")
        node, index = digest(before, node, after), index // WIDTH
        left, right = HASH * (index % WIDTH), HASH * (WIDTH - 1 - index % WIDTH)
    if index:
        raise ValueError("the path is shorter than the position needs")
    return digest(node)
