"""The replica as an append-only log (RFC 6962): one leaf a block, in order, the perfect subtrees kept as blocks come.

The entry of a block is canonical JSON, ``{"hash":"0x<64 hex>","height":H}``; a leaf's index is the block's height. The
leaves are made from the blocks whenever they are read; a full subtree of level 1 and up is a row of ``log_node``,
written in the transaction of the block that filled it: one row a block on the average, and never changed afterwards.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from ledger.errors import StoreDamaged, Unknown
from ledger.rfc6962 import Tree, grown, leaf_hash, node_hash
from ledger.store.engine import guarded
from ledger.store.tables import BlockRow, LogNodeRow
from ledger.store.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Table

    from ledger.rfc6962 import Place

__all__ = ["BlockLog", "append_to_log", "block_leaf", "fill_log"]

AT_ONCE = 500  # rows in one statement; databases bound its parameters

_BLOCK: Table = BlockRow.__table__  # type: ignore[attr-defined]
_NODE: Table = LogNodeRow.__table__  # type: ignore[attr-defined]

_STORED = select(_NODE.c.number, _NODE.c.hash).where(_NODE.c.number.in_(bindparam("numbers", expanding=True)))


def block_leaf(height: int, block_hash: bytes) -> bytes:
    """Return the hash of a block's leaf."""
    return leaf_hash(b'{"hash":"0x%s","height":%d}' % (block_hash.hex().encode(), height))


def number_of(place: Place) -> int:
    """Return the one number of a subtree: its place when the tree is written in order, the leaves at 1, 3, 5..."""
    level, index = place
    return (2 * index + 1) << level


def append_to_log(writer: Writer, connection: Connection, height: int, block_hash: bytes, parent_hash: bytes) -> None:
    """Write the subtrees that this block fills, in its transaction; its forerunners are in the log already."""
    size = height + 1
    levels = (size & -size).bit_length() - 1  # as many subtrees end with this leaf
    if not levels:
        return
    left = [(level, (size >> level) - 2) for level in range(1, levels)]
    known = _stored(connection, left)
    node = node_hash(block_leaf(height - 1, parent_hash), block_leaf(height, block_hash))
    rows = [_row((1, (size >> 1) - 1), node)]
    for place in left:
        if place not in known:
            raise _missing(place)
        node = node_hash(known[place], node)
        rows.append(_row((place[0] + 1, place[1] >> 1), node))
    writer.insert(connection, _NODE, rows)


def fill_log(connection: Connection) -> None:
    """Make the log of the blocks that are there, in place of what is kept of it: for a database that had none."""
    writer = Writer(connection.dialect)
    connection.execute(_NODE.delete())
    nodes = grown(_leaves(connection))
    while some := list(islice(nodes, AT_ONCE)):
        writer.insert(connection, _NODE, [_row(place, node) for place, node in some])


class BlockLog(Tree):
    """The log of a store's blocks as it was at one size; later blocks do not change what it answers."""

    def __init__(self, engine: Engine, size: int) -> None:
        self._engine = engine
        self.size = size

    def nodes(self, places: Sequence[Place]) -> list[bytes]:
        """See :meth:`ledger.rfc6962.Tree.nodes`. Raises StoreDamaged ``log-damaged`` when one is missing."""
        with guarded("reading the log"), self._engine.connect() as connection:
            known = _stored(connection, [place for place in places if place[0]])
            heights = [index for level, index in places if not level]
            known.update(
                ((0, height), block_leaf(height, hash_)) for height, hash_ in _hashes(connection, heights).items()
            )
        for place in places:
            if place not in known:
                raise _missing(place)
        return [known[place] for place in places]

    def block_hash(self, height: int) -> bytes:
        """Return the hash of a block. Raises Unknown ``unknown-height``."""
        found = self.block_hashes(height, height + 1)
        if not found:
            raise Unknown("unknown-height", f"This node holds blocks 0 to {self.size - 1}, not block {height}")
        return found[0]

    def block_hashes(self, start: int, end: int) -> list[bytes]:
        """Return the hashes of the blocks of ``[start, end)`` that are in the log."""
        statement = select(_BLOCK.c.hash).where(_BLOCK.c.height >= start, _BLOCK.c.height < min(end, self.size))
        with guarded("reading the log"), self._engine.connect() as connection:
            return list(connection.execute(statement.order_by(_BLOCK.c.height)).scalars())

    def recheck(self) -> None:
        """Return when what is kept of the log is what its blocks make of it, no more and no less.

        Reads every block's row, in memory that does not grow. Raises StoreDamaged ``log-damaged`` with the first
        subtree that differs.
        """
        with guarded("reading the log"), self._engine.connect() as connection:
            nodes, count = grown(_leaves(connection, self.size)), 0
            while some := dict(islice(nodes, AT_ONCE)):
                known = _stored(connection, list(some))
                for place, node in some.items():
                    if known.get(place) != node:
                        raise _missing(place)
                count += len(some)
            ends = _NODE.c.number + _NODE.c.number.op("&")(-_NODE.c.number)  # twice the size of the log that fills it
            kept = select(func.count()).select_from(_NODE).where(ends <= 2 * self.size)
            if connection.execute(kept).scalar_one() != count:
                raise StoreDamaged("log-damaged", "The log of blocks holds subtrees that no block fills")


def _row(place: Place, node: bytes) -> dict[str, Any]:
    return {"number": number_of(place), "hash": node}


def _stored(connection: Connection, places: Sequence[Place]) -> dict[Place, bytes]:
    """Return the kept subtrees among these, all of level 1 and up."""
    numbers = {number_of(place): place for place in places}
    rows = connection.execute(_STORED, {"numbers": list(numbers)}) if numbers else ()
    return {numbers[number]: hash_ for number, hash_ in rows}


def _hashes(connection: Connection, heights: Iterable[int]) -> dict[int, bytes]:
    wanted = list(heights)
    if not wanted:
        return {}
    statement = select(_BLOCK.c.height, _BLOCK.c.hash).where(_BLOCK.c.height.in_(wanted))
    return {row.height: row.hash for row in connection.execute(statement)}


def _leaves(connection: Connection, size: int | None = None) -> Iterator[bytes]:
    statement = select(_BLOCK.c.height, _BLOCK.c.hash).order_by(_BLOCK.c.height)
    if size is not None:
        statement = statement.where(_BLOCK.c.height < size)
    for height, hash_ in connection.execute(statement, execution_options={"yield_per": AT_ONCE}):
        yield block_leaf(height, hash_)


def _missing(place: Place) -> StoreDamaged:
    level, index = place
    first, last = index << level, (index + 1 << level) - 1
    return StoreDamaged("log-damaged", f"The log over blocks {first} to {last} is missing or not what its blocks make")
