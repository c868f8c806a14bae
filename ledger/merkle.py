"""Hash trees: the chains' own root constructions, and paths in them.

A tree of width 2 without leaf or node marks is what FISCO BCOS 3 commits transactions and receipts with:
parent = H(left | right), an odd last node alone = H(node), one leaf is its own root, no leaf gives 32 zero bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Digest = Callable[..., bytes]

EMPTY_ROOT = bytes(32)


def _level_up(nodes: Sequence[bytes], digest: Digest) -> list[bytes]:
    return [digest(*nodes[at : at + 2]) for at in range(0, len(nodes), 2)]


def binary_root(leaves: Sequence[bytes], digest: Digest) -> bytes:
    """Return the root over the leaves in order: 32 bytes."""
    nodes = list(leaves)
    while len(nodes) > 1:
        nodes = _level_up(nodes, digest)
    return nodes[0] if nodes else EMPTY_ROOT


def binary_path(leaves: Sequence[bytes], index: int, digest: Digest) -> tuple[bytes | None, ...]:
    """Return the siblings from leaf ``index`` up to the root; None where a node stands alone on its level.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    nodes, path = list(leaves), []
    while len(nodes) > 1:
        sibling = index ^ 1
        path.append(nodes[sibling] if sibling < len(nodes) else None)
        nodes, index = _level_up(nodes, digest), index // 2
    return tuple(path)


def climb(leaf: bytes, index: int, path: Sequence[bytes | None], digest: Digest) -> bytes:
    """Return the root that ``path`` leads to from ``leaf`` at ``index``.

    The caller compares it with a root it trusts. The index is bound to the path: a position beyond the path's height
    raises ValueError, and so does a lone node on a right-hand side.
    """
    node = leaf
    for sibling in path:
        if sibling is None:
            if index & 1:
                raise ValueError("a node without a sibling stands on the left")
            node = digest(node)
        else:
            node = digest(sibling, node) if index & 1 else digest(node, sibling)
        index >>= 1
    if index:
        raise ValueError("the path is shorter than the position needs")
    return node
