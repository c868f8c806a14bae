"""Committing one block: decode, project, write, in one transaction; what it costs does not grow with the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zstandard
from sqlalchemy import select

from ledger.errors import StoreUnavailable
from ledger.store import state
from ledger.store.cache import FactCache
from ledger.store.digest import NO_FACTS
from ledger.store.engine import guarded, writing
from ledger.store.log import append_to_log
from ledger.store.projecting import BlockRows, block_rows, project
from ledger.store.schema import check_facts, stale
from ledger.store.tables import BlockRow, DocumentRow, FindingRow, RecordRow
from ledger.store.writing import Writer
from ledger.suites import sm3

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

    from ledger.admission import VerifiedBlock
    from ledger.finding import Finding
    from ledger.keyring import Keyring

__all__ = ["Committer", "moved", "replace_bytes", "write_facts", "write_findings"]

LEVEL = 3  # of Zstandard

_BLOCK: Table = BlockRow.__table__  # type: ignore[attr-defined]
_DOCUMENT: Table = DocumentRow.__table__  # type: ignore[attr-defined]
_RECORD: Table = RecordRow.__table__  # type: ignore[attr-defined]
_FINDING: Table = FindingRow.__table__  # type: ignore[attr-defined]

_HEAD = select(_BLOCK.c.height, _BLOCK.c.hash, _BLOCK.c.facts_digest).order_by(_BLOCK.c.height.desc()).limit(1)


class Committer:
    """Writes blocks, and remembers the facts it used lately. Its memory changes only when a transaction ended well."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine = writing(engine)
        self._keys = keys
        self._writer = Writer(engine.dialect)
        self._cache = FactCache()
        self._head: tuple[bytes, bytes] | None = None
        """Hash and facts digest of the block the cache is about: a rebuild changes the second alone."""

    def commit(self, block: VerifiedBlock, *, trusted: str) -> tuple[Finding, ...]:
        """See :meth:`ledger.store.Store.commit`."""
        packed = _packed(block.document)
        with guarded(f"committing block {block.height}"), self._engine.begin() as connection:
            kept = state.take(connection, state.FACTS, state.REBUILDING, state.KEYS)
            check_facts(kept)
            self._check_keys(connection, kept.get(state.KEYS))
            before = self._digest_before(connection, block)
            projection = project(connection, self._cache, block, self._keys)
            rows = block_rows(block, projection, before)
            _write_block(self._writer, connection, block, packed, rows)
            write_facts(self._writer, connection, rows)
            write_findings(self._writer, connection, rows)
            _write_state(connection, trusted)
        self._cache.keep(projection.seen)
        self._head = block.hash, rows.block["facts_digest"]
        return tuple(projection.findings)

    def _check_keys(self, connection: Connection, kept: str | None) -> None:
        """Raise ``facts-stale`` when the facts so far were read with other keys; a ledger without records has none."""
        names = state.names_of(self._keys)
        if kept == names:
            return
        if connection.execute(select(_RECORD.c.position).limit(1)).first() is not None:
            raise stale("The facts of this node were read with other keys than are here now")
        state.put(connection, state.KEYS, names)

    def _digest_before(self, connection: Connection, block: VerifiedBlock) -> bytes:
        """Return the head's facts digest; the block must follow that head."""
        head = connection.execute(_HEAD).first()
        height, hash_, digest = (-1, block.parent_hash, NO_FACTS) if head is None else head
        if (block.height, block.parent_hash) != (height + 1, hash_):
            raise moved(f"Block {block.height} does not follow block {height}, where this database stands")
        if self._head != (hash_, digest):
            self._cache.clear()
        return bytes(digest)


def _packed(document: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(document)


def replace_bytes(engine: Engine, height: int, document: bytes) -> None:
    """Let these be a block's bytes, whatever was stored of them; its row, records and facts stay as they are."""
    packed = _packed(document)
    with guarded(f"replacing the bytes of block {height}"), writing(engine).begin() as connection:
        connection.execute(_DOCUMENT.delete().where(_DOCUMENT.c.height == height))
        connection.execute(_DOCUMENT.insert(), [{"height": height, "content": packed, "digest": sm3(packed)}])


def moved(message: str) -> StoreUnavailable:
    """Return the error of writing where another process has written meanwhile."""
    return StoreUnavailable(
        "store-moved",
        message,
        next_step="Another command may be syncing into it: let it finish, then run this one again.",
    )


def _write_block(writer: Writer, connection: Connection, block: VerifiedBlock, packed: bytes, rows: BlockRows) -> None:
    writer.insert(connection, _BLOCK, [rows.block])
    writer.insert(connection, _DOCUMENT, [{"height": block.height, "content": packed, "digest": sm3(packed)}])
    writer.insert(connection, _RECORD, rows.records)
    append_to_log(writer, connection, block.height, block.hash, block.parent_hash)


def write_facts(writer: Writer, connection: Connection, rows: BlockRows) -> None:
    """Let the versions that the block ended end, and add those it began."""
    for table, ended in rows.ended.items():
        writer.end(connection, table.__table__, ended)
    for table, begun in rows.begun.items():
        writer.insert(connection, table.__table__, begun)


def write_findings(writer: Writer, connection: Connection, rows: BlockRows) -> None:
    """Add the block's findings."""
    writer.insert(connection, _FINDING, rows.findings)


def _write_state(connection: Connection, trusted: str) -> None:
    state.put(connection, state.TRUSTED, trusted)
