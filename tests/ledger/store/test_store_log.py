"""The log of blocks in the database: the tree it is, what it costs, and the damage it notices. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, event, func, insert, select, update

from ledger.errors import StoreDamaged, Unknown
from ledger.rfc6962 import MemoryTree, check_consistency, check_inclusion, leaf_hash
from ledger.store import BlockRow, Store
from ledger.store.log import block_leaf, fill_log
from ledger.store.tables import LogNodeRow
from tests.support.databases import MakeDatabase
from tests.support.logs import extend, hash_of, store_of

SIZE = 70

BLOCK, NODE = BlockRow.__table__, LogNodeRow.__table__


def change(store: Store, statement: Any) -> None:
    """Run SQL behind the store's back."""
    with store._engine.begin() as connection:
        connection.execute(statement)


def test_the_log_is_the_tree_over_the_blocks(database: MakeDatabase) -> None:
    leaves = [
        leaf_hash(b'{"hash":"0x%s","height":%d}' % (hash_of(height).hex().encode(), height)) for height in range(SIZE)
    ]
    with store_of(database(), SIZE) as store:
        tree, log = MemoryTree(leaves), store.log()
        assert (log.size, log.root()) == (SIZE, tree.root())
        for size in range(1, SIZE + 1):
            assert log.root(size) == tree.root(size)
            assert log.consistency(size, SIZE) == tree.consistency(size, SIZE)
            check_consistency(log.consistency(size, SIZE), log.root())
            assert log.inclusion(size - 1) == tree.inclusion(size - 1)
            check_inclusion(leaves[size - 1], size - 1, SIZE, log.inclusion(size - 1), log.root())
        log.recheck()


def test_a_log_read_before_later_blocks_stays_what_it_was(database: MakeDatabase) -> None:
    with store_of(database(), 5) as store:
        before = store.log()
        root = before.root()
        extend(store, 9)
        assert (before.size, before.root()) == (5, root)
        assert store.log().root(5) == root
        assert len(before.block_hashes(0, 9)) == 5
        with pytest.raises(Unknown):
            before.block_hash(5)


def test_what_is_kept_and_read_grows_with_the_logarithm(database: MakeDatabase) -> None:
    with store_of(database(), SIZE) as store:
        with store._engine.connect() as connection:
            kept = connection.execute(select(func.count()).select_from(NODE)).scalar()
        assert kept == sum(SIZE >> level for level in range(1, 7)) < SIZE
        asked: list[tuple[str, Any]] = []
        log = store.log()
        event.listen(store._engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        log.root()
        log.consistency(37, SIZE)
        read = [values for statement, values in asked if statement.startswith("SELECT")]
        assert len(read) == 3
        assert 0 < max(map(len, read)) < 2 * 7


CHANGES: list[Callable[[], Any]] = [
    lambda: update(BLOCK).where(BLOCK.c.height == 11).values(hash=b"x" * 32),
    lambda: update(NODE).where(NODE.c.number == 4).values(hash=b"x" * 32),
    lambda: update(NODE).where(NODE.c.number == 16).values(hash=bytes(32)),
    lambda: delete(NODE).where(NODE.c.number == 8),
    lambda: insert(NODE).values(number=1, hash=b"x" * 32),
    lambda: delete(BLOCK).where(BLOCK.c.height == 3),
]


@pytest.mark.parametrize("planted", CHANGES)
def test_a_log_that_its_blocks_do_not_make_is_damage(database: MakeDatabase, planted: Callable[[], Any]) -> None:
    with store_of(database(), 21) as store:
        store.log().recheck()
        change(store, planted())
        with pytest.raises(StoreDamaged) as damaged:
            store.log().recheck()
        assert damaged.value.code == "log-damaged"


def test_a_missing_subtree_is_damage_for_proofs_and_for_the_next_block(database: MakeDatabase) -> None:
    with store_of(database(), 7) as store:
        root = store.log().root()
        change(store, delete(NODE).where(NODE.c.number == 4))
        with pytest.raises(StoreDamaged, match="blocks 0 to 3"):
            store.log().root()
        with pytest.raises(StoreDamaged):
            extend(store, 8)
        assert store.head().height == 6
        with store._engine.begin() as connection:
            fill_log(connection)
        assert store.log().root() == root
        extend(store, 8)
        store.log().recheck()


def test_a_leaf_binds_height_and_hash() -> None:
    assert block_leaf(1, bytes(32)) != block_leaf(2, bytes(32))
    assert block_leaf(1, bytes(32)) != block_leaf(1, b"\1" * 32)
    assert block_leaf(7, b"\xab" * 32) == leaf_hash(('{"hash":"0x' + "ab" * 32 + '","height":7}').encode())
