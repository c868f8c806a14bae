"""One reader of a store that believes nothing of it: what a scrub looks through (``ledger.scrub``)."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from ledger.errors import StoreDamaged, StoreUnavailable
from ledger.projection import Projection
from ledger.store import state
from ledger.store.cache import CommittedFacts, FactCache
from ledger.store.digest import NO_FACTS
from ledger.store.engine import guarded
from ledger.store.log import BlockLog
from ledger.store.projecting import block_rows, project
from ledger.store.schema import FACTS_VERSION
from ledger.store.stored import BLOCK, DOCUMENT, STATE, compare, gaps, outside, stored_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine

    from ledger.admission import VerifiedBlock
    from ledger.keyring import Keyring
    from ledger.store.projecting import BlockRows
    from ledger.store.stored import Difference

__all__ = ["CHANGED", "Inspection"]

CHANGED = "facts-changed"
"""The code of the error that whoever reads facts here meets once they are no longer ours."""

# What a projection may run into on values that no record can have stated.
NONSENSE = (LookupError, ValueError, TypeError, ArithmeticError, AttributeError, AssertionError)


class Inspection:
    """Reads everything raw, each question in a transaction of its own, so that damage in one leaves the next alone.

    Every method raises StoreDamaged where the database cannot read what was asked.
    """

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine = engine
        self._keys = keys
        self._connection: Connection | None = None
        self._cache = FactCache()
        self._last: bytes | None = None
        """Hash of the block the cache is about."""

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with guarded("reading again what is stored"):
            if self._connection is None:
                self._connection = self._engine.connect()
                driver: Any = self._connection.connection.driver_connection
                self._connection.detach()  # no other reader shall get text of SQLite that is no text
                if self._engine.dialect.name == "sqlite":
                    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            try:
                yield self._connection
            finally:
                self._connection.rollback()

    def heads(self) -> tuple[int, int]:
        """Return the highest block that has a row, and the highest that has bytes; -1 for none."""
        with self._reading() as connection:
            found = [connection.execute(select(func.max(table.c.height))).scalar() for table in (BLOCK, DOCUMENT)]
        first, second = (-1 if height is None else height for height in found)
        return first, second

    def state(self) -> dict[str, tuple[str, bool]]:
        """Return every text of the state by name, and whether its seal holds."""
        with self._reading() as connection:
            return _state(connection)

    def documents(self, heights: Sequence[int]) -> dict[int, tuple[Any, Any]]:
        """Return the packed bytes and their digest for those of these blocks that have any."""
        with self._reading() as connection:
            rows = stored_rows(connection, DOCUMENT, f"height IN ({', '.join(map(str, heights))})")
        return {row["height"]: (row["content"], row["digest"]) for row in rows}

    def facts_digest(self, height: int) -> bytes:
        """Return the facts digest as it is stored, or what comes before the first where there is none.

        As all that reads facts here, raises StoreUnavailable ``facts-changed`` when they are no longer ours.
        """
        with self._reading_facts() as connection:
            rows = stored_rows(connection, BLOCK, f"height = {height}")
        return bytes(rows[0]["facts_digest"]) if rows else NO_FACTS

    def project(self, block: VerifiedBlock, before: bytes) -> BlockRows:
        """Return the rows that a verified block makes of the stored facts before it."""
        if self._last != block.parent_hash:
            self._cache.clear()
        self._last = None
        try:
            with self._reading_facts() as connection:
                projection = project(connection, self._cache, block, self._keys)
        except NONSENSE as failure:
            raise StoreDamaged("store-damaged", f"Facts that block {block.height} builds on make no sense") from failure
        self._cache.keep(projection.seen)
        self._last = block.hash
        return block_rows(block, projection, before)

    def bare(self, block: VerifiedBlock) -> BlockRows:
        """Return the rows that a verified block makes, without facts and findings."""
        with self._reading() as connection:
            return block_rows(block, Projection(CommittedFacts(connection, self._cache, block.height)), NO_FACTS)

    def compare(self, blocks: Sequence[BlockRows], *, facts: bool) -> list[Difference]:
        """Return every difference between these blocks of successive heights and what is stored of them."""
        with self._reading_facts() if facts else self._reading() as connection:
            return list(compare(connection, blocks, facts=facts))

    def gaps(self, head: int) -> list[Difference]:
        """Return the blocks up to the head without row or bytes, and the rows and bytes of blocks beyond it."""
        with self._reading() as connection:
            now = _now(connection, head)
            return [each for table in (BLOCK, DOCUMENT) for each in gaps(connection, table, now)]

    def outside(self, head: int) -> list[Difference]:
        """Return the rows that belong to no block up to the head."""
        with self._reading() as connection:
            return list(outside(connection, _now(connection, head)))

    def facts_are_ours(self) -> bool:
        """Tell whether the facts are whole, of this code's version, and read with the keys that are here now."""
        with self._reading() as connection:
            return self._are_ours(connection)

    def _are_ours(self, connection: Connection) -> bool:
        kept = {name: text for name, (text, _) in _state(connection).items()}
        made = kept.get(state.FACTS), kept.get(state.KEYS)
        return state.REBUILDING not in kept and made == (FACTS_VERSION, state.names_of(self._keys))

    @contextmanager
    def _reading_facts(self) -> Iterator[Connection]:
        """Give a transaction that sees whole facts of ours, or none: a rebuild may have come between."""
        with self._reading() as connection:
            if not self._are_ours(connection):
                raise StoreUnavailable(
                    "facts-changed",
                    "The facts of this node are being made again, or were made otherwise",
                    next_step="Ask again.",
                )
            yield connection

    def recheck_log(self, size: int) -> None:
        """Return when the log of blocks is what its blocks make of it; raises StoreDamaged ``log-damaged``."""
        BlockLog(self._engine, size).recheck()

    def faults(self) -> list[str]:
        """Return what the database itself finds wrong with its files; PostgreSQL checks a page when it reads it."""
        if self._engine.dialect.name != "sqlite":
            return []
        with self._reading() as connection:
            told = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check"))]
        return [] if told == ["ok"] else told


def _state(connection: Connection) -> dict[str, tuple[str, bool]]:
    rows = stored_rows(connection, STATE, "1 = 1")
    return {row["name"]: (row["text"], row["seal"] == state.seal(row["name"], row["text"])) for row in rows}


def _now(connection: Connection, head: int) -> int:
    """Return the head as this transaction sees it: a sync may have gone on since the head was asked for."""
    try:
        kept = state.take(connection, state.TRUSTED).get(state.TRUSTED)
    except StoreDamaged:
        return head
    return head if kept is None else max(head, json.loads(kept)["height"])
