"""The log against the vectors of Certificate Transparency, against pymerkle, and against the recursion of RFC 6962."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from ledger.errors import ProofFailed
from ledger.rfc6962 import (
    EMPTY_ROOT,
    Consistency,
    MemoryTree,
    check_consistency,
    check_inclusion,
    grown,
    leaf_hash,
    node_hash,
    split_of,
)

# The entries, roots and proofs that the Certificate Transparency projects test with.
ENTRIES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
FIRST_PAIR_SIBLING = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
SECOND_PAIR = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
RIGHT_HALF = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
LAST_PAIR = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
FIFTH_LEAF = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
THIRD_PAIR = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PUBLISHED = MemoryTree([leaf_hash(each) for each in ENTRIES])

SIZES = st.integers(1, 70)


def sample(size: int) -> MemoryTree:
    return MemoryTree([leaf_hash(b"%d" % at) for at in range(size)])


def hexed(path: tuple[bytes, ...]) -> list[str]:
    return [each.hex() for each in path]


# An independent oracle: the definitions of RFC 6962, 2.1 to 2.1.2, as they are written there.


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = largest_power_below(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = largest_power_below(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], whole: bool) -> list[bytes]:
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = largest_power_below(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def test_the_published_roots() -> None:
    assert [PUBLISHED.root(size).hex() for size in range(9)] == ROOTS
    assert ROOTS[0] == EMPTY_ROOT.hex()


def test_the_published_inclusion_paths() -> None:
    assert hexed(PUBLISHED.inclusion(0)) == [FIRST_PAIR_SIBLING, SECOND_PAIR, RIGHT_HALF]
    assert hexed(PUBLISHED.inclusion(5)) == [FIFTH_LEAF, LAST_PAIR, ROOTS[4]]


def test_the_published_consistency_proofs() -> None:
    assert hexed(PUBLISHED.consistency(1, 8).path) == [FIRST_PAIR_SIBLING, SECOND_PAIR, RIGHT_HALF]
    assert hexed(PUBLISHED.consistency(6, 8).path) == [THIRD_PAIR, LAST_PAIR, ROOTS[4]]
    assert hexed(PUBLISHED.consistency(2, 5).path) == [SECOND_PAIR, FIFTH_LEAF]
    assert PUBLISHED.consistency(8, 8).path == ()


def test_every_root_and_inclusion_path_is_pymerkles() -> None:
    other = InmemoryTree(algorithm="sha256")
    other.append_entries([b"%d" % at for at in range(70)])
    tree = sample(70)
    for size in range(1, 71):
        assert other.get_root(size) == tree.root(size)
        for index in range(size):
            told = other.prove_inclusion(index + 1, size).path
            assert list(tree.inclusion(index, size)) == list(told[1:]), "pymerkle begins with the leaf itself"


@given(SIZES, st.data())
def test_proofs_are_those_of_the_recursion_and_hold(size: int, data: st.DataObject) -> None:
    entries = [b"%d" % at for at in range(size)]
    tree = sample(size)
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    assert tree.root() == mth(entries)
    assert list(tree.inclusion(index)) == path(index, entries)
    proof = tree.consistency(old, size)
    assert proof.old_root == mth(entries[:old])
    assert list(proof.path) == subproof(old, entries, True)
    check_inclusion(leaf_hash(entries[index]), index, size, tree.inclusion(index), tree.root())
    check_consistency(proof, tree.root())


@given(SIZES.filter(lambda size: size > 1), st.data())
def test_a_path_proves_no_other_place_leaf_or_root(size: int, data: st.DataObject) -> None:
    tree = sample(size)
    index = data.draw(st.integers(0, size - 1))
    leaf, way, root = leaf_hash(b"%d" % index), tree.inclusion(index), tree.root()
    wrong = [(leaf_hash(b"other"), index, size, way, root), (leaf, index, size, way, EMPTY_ROOT)]
    wrong += [(leaf, other, size, way, root) for other in range(-1, size + 2) if other != index]
    at = data.draw(st.integers(0, len(way) - 1))
    for path_ in (way[:-1], (*way, way[0]), (*way[:at], leaf_hash(b"other"), *way[at + 1 :])):
        wrong.append((leaf, index, size, path_, root))
    for arguments in wrong:
        with pytest.raises(ProofFailed) as failed:
            check_inclusion(*arguments)
        assert failed.value.code == "inclusion-proof"


@given(SIZES.filter(lambda size: size > 1), st.data())
def test_a_consistency_proof_joins_no_other_logs(size: int, data: st.DataObject) -> None:
    tree = sample(size)
    old = data.draw(st.integers(1, size - 1))
    proof, root = tree.consistency(old, size), tree.root()
    fork = data.draw(st.integers(0, old - 1))
    forked = MemoryTree([leaf_hash(b"x%d" % at if at >= fork else b"%d" % at) for at in range(size)])
    at = data.draw(st.integers(0, len(proof.path) - 1))
    other = leaf_hash(b"other")
    wrong = [
        (replace(proof, old_root=forked.root(old)), root),
        (proof, forked.root()),
        (forked.consistency(old, size), root),
        (replace(proof, path=proof.path[:-1]), root),
        (replace(proof, path=(*proof.path, other)), root),
        (replace(proof, path=(*proof.path[:at], other, *proof.path[at + 1 :])), root),
        (replace(proof, old=0), root),
        (replace(proof, old=size + 1), root),
    ]
    for each, new_root in wrong:
        with pytest.raises(ProofFailed) as failed:
            check_consistency(each, new_root)
        assert failed.value.code == "consistency-proof"


def test_a_log_is_consistent_with_itself_and_with_no_other_of_its_size() -> None:
    tree = sample(5)
    same = tree.consistency(5, 5)
    check_consistency(same, tree.root())
    with pytest.raises(ProofFailed):
        check_consistency(same, sample(6).root())
    with pytest.raises(ProofFailed):
        check_consistency(Consistency(old=5, new=5, old_root=sample(4).root(), path=()), tree.root())


@given(SIZES)
def test_growing_fills_every_perfect_subtree_once(size: int) -> None:
    entries = [b"%d" % at for at in range(size)]
    filled = list(grown(leaf_hash(each) for each in entries))
    assert len(filled) == len(dict(filled)) < size
    for (level, index), node in filled:
        width = 1 << level
        assert node == mth(entries[index * width : (index + 1) * width])
    assert {(level, index) for level in range(1, 7) for index in range(size >> level)} == set(dict(filled))


@given(SIZES.filter(lambda size: size > 1), st.data())
def test_a_subtree_hashes_from_its_parts(size: int, data: st.DataObject) -> None:
    tree = sample(size)
    start, end = 0, size
    while end - start > 1:
        left, right = tree.children(start, end)
        assert node_hash(left, right) == tree.subtree(start, end)
        split = split_of(start, end)
        start, end = data.draw(st.sampled_from([(start, split), (split, end)]))
    assert tree.subtree(start, end) == leaf_hash(b"%d" % start)


def test_what_no_tree_has_is_a_mistake_of_the_caller() -> None:
    tree = sample(7)
    for start, end in ((1, 3), (2, 7), (0, 8), (-1, 2), (4, 3)):
        with pytest.raises(ValueError, match="leaves"):
            tree.subtree(start, end)
    for wrong in (lambda: tree.inclusion(7), lambda: tree.consistency(0, 7), lambda: tree.consistency(5, 4)):
        with pytest.raises(ValueError, match=r"leaf 7|a log of"):
            wrong()
    with pytest.raises(ValueError, match="are not two"):
        split_of(3, 4)
