"""Making records, facts and findings again in place, block by block, so that a stop at any moment loses nothing.

Blocks' bytes, the log and the anchor stay. What follows from them is forgotten in one transaction and made again in one
a block; in between the state says where to go on, reading facts is refused, and so is committing new blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from ledger.facts import FACTS
from ledger.position import Position
from ledger.store import state
from ledger.store.cache import FactCache
from ledger.store.committing import moved, write_facts, write_findings
from ledger.store.digest import NO_FACTS
from ledger.store.engine import guarded, writing
from ledger.store.log import fill_log
from ledger.store.projecting import block_rows, project
from ledger.store.schema import FACTS_VERSION
from ledger.store.tables import BlockRow, DocumentRow, FindingRow, RecordRow
from ledger.store.writing import Writer
from ledger.suites import sm3

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine, Table

    from ledger.admission import VerifiedBlock
    from ledger.keyring import Keyring

__all__ = ["Rebuilder"]

_BLOCK: Table = BlockRow.__table__  # type: ignore[attr-defined]
_DOCUMENT: Table = DocumentRow.__table__  # type: ignore[attr-defined]
_RECORD: Table = RecordRow.__table__  # type: ignore[attr-defined]
_FINDING: Table = FindingRow.__table__  # type: ignore[attr-defined]


class Rebuilder:
    """One run of a rebuild. ``progress`` is a text of the caller's that says where it stands."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine = writing(engine)
        self._keys = keys
        self._writer = Writer(engine.dialect)
        self._cache = FactCache()
        self._last: bytes | None = None
        """Hash of the block the cache is about."""

    def begin(self, progress: Callable[[bytes], str]) -> bytes:
        """Forget every fact, finding and digest: from here to :meth:`end` the store is *rebuilding*.

        Returns the head's facts digest, empty when it is of another version's facts; ``progress`` makes its text of it.
        """
        with guarded("forgetting the old facts"), self._engine.begin() as connection:
            before = _digest(connection)
            for table in (_FINDING, *(fact.__table__ for fact in FACTS)):
                connection.execute(table.delete())
            connection.execute(update(_BLOCK).values(facts_digest=b""))
            state.put(connection, state.FACTS, FACTS_VERSION)
            state.put(connection, state.KEYS, state.names_of(self._keys))
            state.put(connection, state.REBUILDING, progress(before))
        return before

    def block(self, block: VerifiedBlock, *, before: str, after: str) -> int:
        """Make a verified block's row, records, facts and findings again: all of it or nothing; returns its findings.

        ``before`` is the progress it follows from, ``after`` what is kept in its place. Raises StoreUnavailable
        ``store-moved`` when another process has gone on with the rebuild.
        """
        with guarded(f"rebuilding block {block.height}"), self._engine.begin() as connection:
            _check(connection, before)
            if self._last != block.parent_hash:
                self._cache.clear()
            digest = connection.execute(
                select(_BLOCK.c.facts_digest).where(_BLOCK.c.height == block.height - 1)
            ).scalar()
            projection = project(connection, self._cache, block, self._keys)
            rows = block_rows(block, projection, NO_FACTS if digest is None else digest)
            first, end = Position(block.height, 0, 0).number, Position(block.height + 1, 0, 0).number
            connection.execute(_BLOCK.delete().where(_BLOCK.c.height == block.height))
            connection.execute(_RECORD.delete().where(_RECORD.c.position >= first, _RECORD.c.position < end))
            self._writer.insert(connection, _BLOCK, [rows.block])
            self._writer.insert(connection, _RECORD, rows.records)
            write_facts(self._writer, connection, rows)
            write_findings(self._writer, connection, rows)
            _complete_document(connection, block.height)
            state.put(connection, state.REBUILDING, after)
        self._cache.keep(projection.seen)
        self._last = block.hash
        return len(projection.findings)

    def end(self, progress: str, *, trusted: str) -> None:
        """Let facts be read and blocks be added again; ``trusted`` is the state of the last block."""
        with guarded("ending the rebuild"), self._engine.begin() as connection:
            _check(connection, progress)
            fill_log(connection)
            state.put(connection, state.TRUSTED, trusted)
            state.drop(connection, state.REBUILDING)


def _digest(connection: Connection) -> bytes:
    if state.take(connection, state.FACTS, state.REBUILDING) != {state.FACTS: FACTS_VERSION}:
        return b""
    columns = _BLOCK.c
    found = connection.execute(select(columns.facts_digest).order_by(columns.height.desc()).limit(1)).scalar()
    return b"" if found is None else bytes(found)


def _check(connection: Connection, progress: str) -> None:
    if state.take(connection, state.REBUILDING).get(state.REBUILDING) != progress:
        raise moved("Another process has gone on with the rebuild")


def _complete_document(connection: Connection, height: int) -> None:
    """Give the bytes of a block just verified the digest that earlier versions did not keep."""
    bare = select(_DOCUMENT.c.content).where(_DOCUMENT.c.height == height, _DOCUMENT.c.digest.is_(None))
    content = connection.execute(bare).scalar()
    if content is not None:
        connection.execute(update(_DOCUMENT).where(_DOCUMENT.c.height == height).values(digest=sm3(content)))
