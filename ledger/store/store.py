"""One database of a replica: what was verified goes in block by block, everything above reads what is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

import zstandard
from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from ledger.business_day import end_of
from ledger.errors import LedgerError, StoreDamaged, Unknown
from ledger.finding import Code, Finding
from ledger.keyring import NO_KEYS, Keyring
from ledger.position import Position
from ledger.sources import RawBlock
from ledger.store import state
from ledger.store.committing import Committer, moved, replace_bytes
from ledger.store.digest import recompute
from ledger.store.engine import connect, guarded, reading, writing
from ledger.store.inspection import Inspection
from ledger.store.log import BlockLog
from ledger.store.reading import AsOf
from ledger.store.rebuilding import Rebuilder
from ledger.store.schema import Upgrade, check_facts, check_schema, migrate, upgrade
from ledger.store.tables import BlockRow, DocumentRow, FindingRow, RecordRow
from ledger.suites import sm3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Engine

    from ledger.admission import VerifiedBlock

__all__ = ["Head", "Store"]

FETCH_AGAIN = "Run `glasspool scrub --repair`: it fetches damaged blocks again from the sources."

_BLOCK: Any = BlockRow
_HEADS = select(_BLOCK.height, _BLOCK.hash, _BLOCK.timestamp, _BLOCK.facts_digest)
_LAST = _HEADS.where(_BLOCK.height == select(func.max(_BLOCK.height)).scalar_subquery())
_AT = _HEADS.where(_BLOCK.height == bindparam("height"))
_HASH = re.compile(r"0x([0-9a-fA-F]{64})(?::(0|[1-9][0-9]{0,4}))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last block committed. ``timestamp`` is ms since 1970 UTC; ``facts_digest`` covers every fact so far."""

    height: int
    hash: bytes
    timestamp: int
    facts_digest: bytes


class Store:
    """A replica's database. One process writes; any number read. Use it as a context manager, or close it."""

    def __init__(self, engine: Engine, keys: Keyring = NO_KEYS) -> None:
        self._engine = engine
        self._keys = keys
        self._committer = Committer(engine, keys)

    @classmethod
    def create(cls, location: str | Path, *, keys: Keyring = NO_KEYS) -> Self:
        """Return the store at a file's path or a database URL, with its tables made where there are none.

        ``keys`` are those that confidential payloads are read with.

        Raises StoreUnavailable when it cannot be reached or written, or belongs to another version.
        """
        return cls._using(connect(location, create=True), migrate, keys)

    @classmethod
    def open(cls, location: str | Path, *, keys: Keyring = NO_KEYS) -> Self:
        """Return the store that is there. Raises Unknown ``no-store``, StoreUnavailable, StoreDamaged."""
        return cls._using(connect(location, create=False), check_schema, keys)

    @classmethod
    def _using(cls, engine: Engine, prepare: Callable[[Engine], None], keys: Keyring) -> Self:
        try:
            prepare(engine)
        except LedgerError:
            engine.dispose()
            raise
        return cls(engine, keys)

    @staticmethod
    def upgrade(location: str | Path) -> Upgrade:
        """Bring a database that an earlier version made to the schema of this one; see :func:`schema.upgrade`."""
        engine = connect(location, create=False)
        try:
            return upgrade(engine)
        finally:
            engine.dispose()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What the replica trusts

    def pin(self, anchor: str) -> None:
        """Keep the anchor (JSON text) for good. Raises LedgerError ``pinned-otherwise`` when another is kept."""
        with guarded("pinning the chain"), writing(self._engine).begin() as connection:
            kept = state.take(connection, state.ANCHOR).get(state.ANCHOR)
            if kept is None:
                state.put(connection, state.ANCHOR, anchor)
        if kept not in (None, anchor):
            raise LedgerError(
                "pinned-otherwise",
                "This database already follows another chain",
                next_step="Use another home folder for another chain.",
            )

    def anchor(self) -> str | None:
        """Return the pinned anchor, or None. Raises StoreDamaged ``state-damaged``."""
        return self.state(state.ANCHOR)

    def trusted(self) -> str | None:
        """Return the trusted state committed with the last block, or None. Raises StoreDamaged ``state-damaged``."""
        return self.state(state.TRUSTED)

    def state(self, name: str) -> str | None:
        """Return what is kept under one of the names of :mod:`ledger.store.state`, or None."""
        with reading("reading what is stored"), self._engine.connect() as connection:
            return state.take(connection, name).get(name)

    def keep_state(self, name: str, text: str) -> None:
        """Keep a text under one of the names of :mod:`ledger.store.state`."""
        with guarded("keeping its state"), writing(self._engine).begin() as connection:
            state.put(connection, name, text)

    def exchange_state(self, before: Mapping[str, str | None], after: Mapping[str, str]) -> None:
        """Keep these texts by name where ``before`` is still what is kept (None: nothing): all of them or none.

        Raises StoreUnavailable ``store-moved`` when another process has changed one meanwhile.
        """
        with guarded("keeping its state"), writing(self._engine).begin() as connection:
            kept = state.take(connection, *before)
            for name, text in before.items():
                if kept.get(name) != text:
                    raise moved(f"What this node keeps as its {name} was changed meanwhile; nothing was written")
            for name, text in after.items():
                state.put(connection, name, text)

    # Blocks and records

    def commit(self, block: VerifiedBlock, *, trusted: str) -> tuple[Finding, ...]:
        """Store a verified block, its bytes, records, facts, findings and the trusted state: all of it or nothing.

        Returns the findings. The block must follow the head. Raises StoreUnavailable or StoreDamaged.
        """
        return self._committer.commit(block, trusted=trusted)

    def replace_document(self, height: int, document: bytes) -> None:
        """Let these be the bytes of a block that was stored before, in one transaction; ``ledger.repair`` proved them.

        Nothing that follows from the block is touched. Raises StoreUnavailable or StoreDamaged.
        """
        replace_bytes(self._engine, height, document)

    def documents(self, start: int, end: int) -> Iterator[RawBlock]:
        """Yield the bytes of the blocks of ``[start, end)`` in order; see :meth:`document` for what it raises."""
        for height in range(start, end):
            yield RawBlock(height=height, document=self.document(height))

    def last_document(self) -> int:
        """Return the highest block whose bytes are kept, -1 while there is none."""
        found: int | None = self._one(select(func.max(DocumentRow.height)))
        return -1 if found is None else found

    def head(self) -> Head | None:
        """Return the last block committed, or None while there is none."""
        with reading("reading what is stored"), self._engine.connect() as connection:
            row = connection.execute(_LAST).mappings().one_or_none()
        return None if row is None else Head(**row)

    def block(self, height: int) -> BlockRow:
        """Return a block. Raises Unknown ``unknown-height``."""
        row: BlockRow | None = self._row(select(BlockRow).where(BlockRow.height == height))  # type: ignore[arg-type]
        if row is None:
            raise self._unknown(height)
        return row

    def _unknown(self, height: int) -> Unknown:
        head = self.head()
        held = "holds no block yet" if head is None else f"holds blocks 0 to {head.height}"
        return Unknown("unknown-height", f"This node {held}, not block {height}")

    def document(self, height: int) -> bytes:
        """Return a block's bytes exactly as received. Raises Unknown, or StoreDamaged when they cannot be unpacked."""
        row: DocumentRow | None = self._row(select(DocumentRow).where(DocumentRow.height == height))  # type: ignore[arg-type]
        if row is None:
            self.block(height)
            raise _damaged(f"The bytes of block {height} are missing")
        packed = row.content
        if row.digest not in (None, sm3(packed)):
            raise _damaged(f"The bytes of block {height} are not those that were stored")
        try:
            return zstandard.ZstdDecompressor().decompress(packed)
        except zstandard.ZstdError as failure:
            raise _damaged(f"The bytes of block {height} cannot be unpacked: {failure}") from failure

    def log(self) -> BlockLog:
        """Return the log of the blocks held now, for roots and proofs."""
        head = self.head()
        return BlockLog(self._engine, 0 if head is None else head.height + 1)

    def record(self, position: Position) -> RecordRow:
        """Return the record at a position. Raises Unknown ``unknown-record``."""
        row: RecordRow | None = self._row(select(RecordRow).where(RecordRow.position == position.number))  # type: ignore[arg-type]
        if row is None:
            raise Unknown("unknown-record", f"There is no record at {position}")
        return row

    def records(
        self, kind: str | None = None, *, at: int | None = None, limit: int | None = None, offset: int = 0
    ) -> list[RecordRow]:
        """Return records in ledger order: of one kind or all, up to a height."""
        columns: Any = RecordRow
        statement = select(RecordRow).order_by(columns.position)
        if kind is not None:
            statement = statement.where(columns.kind == kind)
        if at is not None:
            statement = statement.where(columns.position < Position(at + 1, 0, 0).number)
        return self._all(statement.limit(limit).offset(offset or None))

    def find_record(self, reference: str) -> Position:
        """Return where the record is that ``h:t:l``, ``0x<transaction hash>`` or ``0x<transaction hash>:<log>`` names.

        Raises Unknown ``unknown-record``.
        """
        position = Position.parse(reference)
        if position is not None:
            return self.record(position).place
        named = _HASH.match(reference)
        if named is None:
            raise Unknown(
                "unknown-record",
                f"{reference!r} names no record",
                next_step="Give height:transaction:log, or a transaction hash with 0x.",
            )
        columns: Any = RecordRow
        statement = select(RecordRow).where(columns.transaction_hash == bytes.fromhex(named[1]))
        places: list[Position] = [row.place for row in self._all(statement.order_by(columns.position))]
        for place in places:
            if named[2] is None or place.log == int(named[2]):
                return place
        raise Unknown("unknown-record", f"No record of this replica was made by {reference}")

    def findings(
        self, code: Code | None = None, *, at: int | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Finding]:
        """Return findings in ledger order: of one code or all, up to a height."""
        columns: Any = FindingRow
        statement = select(FindingRow).order_by(columns.position, columns.place)
        if code is not None:
            statement = statement.where(columns.code == code.value)
        if at is not None:
            statement = statement.where(columns.position < Position(at + 1, 0, 0).number)
        rows = self._all(statement.limit(limit).offset(offset or None))
        with reading("reading findings"):
            return [_finding(row) for row in rows]

    def record_count(self) -> int:
        """Return how many records are held, decoded or not."""
        return int(self._one(select(func.count()).select_from(RecordRow)))

    def finding_counts(self) -> dict[str, int]:
        """Return how many findings of each code are held; a code without any is left out."""
        columns: Any = FindingRow
        counted = select(columns.code, func.count()).group_by(columns.code).order_by(columns.code)
        with reading("reading findings"), self._engine.connect() as connection:
            return {code: int(count) for code, count in connection.execute(counted)}

    # Facts

    def at(self, height: int | None = None) -> AsOf:
        """Return the facts as of a height, by default the head's.

        Raises Unknown for a height not held, StoreUnavailable ``facts-stale`` or ``facts-rebuilding``.
        """
        with reading("reading what is stored"), self._engine.connect() as connection:
            check_facts(state.take(connection, state.FACTS, state.REBUILDING))
            asked = _LAST if height is None else _AT
            found = connection.execute(asked, {"height": height}).mappings().one_or_none()
        if found is not None:
            return AsOf(self._engine, Head(**found))
        if height is None:
            raise Unknown("empty-replica", "This node holds no block yet", next_step="Run `glasspool sync`.")
        raise self._unknown(height)

    def height_on(self, day: date) -> int:
        """Return the last height of that business day or an earlier one. Raises Unknown when all are later."""
        if day >= date.max - timedelta(days=1):  # its end is beyond the calendar, and every block before it
            return self.at().height
        end = end_of(day)
        columns: Any = BlockRow
        statement = select(func.max(BlockRow.height)).where(columns.timestamp < int(end.timestamp()) * 1000)
        height: int | None = self._one(statement)
        if height is None:
            raise Unknown("unknown-height", f"This node holds no block of {day} or earlier")
        return height

    def inspection(self) -> Inspection:
        """Return a reader that believes nothing of what is stored (``ledger.scrub``)."""
        return Inspection(self._engine, self._keys)

    def rebuilder(self) -> Rebuilder:
        """Return what makes the facts again from the blocks stored here (``ledger.rebuild``)."""
        return Rebuilder(self._engine, self._keys)

    def recompute_facts_digest(self, height: int | None = None) -> bytes:
        """Return the facts digest at a height (default: the head's) computed again from the fact tables alone."""
        found = self.at(height)
        with reading("reading facts"), self._engine.connect() as connection:
            return recompute(connection, found.height)

    def _one(self, statement: Any) -> Any:
        with reading("reading what is stored"), self._engine.connect() as connection:
            return connection.execute(statement).scalar()

    def _row(self, statement: Any) -> Any:
        found = self._all(statement)
        return found[0] if found else None

    def _all(self, statement: Any) -> list[Any]:
        with reading("reading what is stored"), Session(self._engine) as session:
            found = list(session.scalars(statement))
            session.expunge_all()
        return found


def _damaged(message: str) -> StoreDamaged:
    return StoreDamaged("store-damaged", message, next_step=FETCH_AGAIN)


def _finding(row: FindingRow) -> Finding:
    return Finding(
        code=Code(row.code),
        message=row.message,
        position=Position.from_number(row.position),
        subject=row.subject,
        others=tuple(place for place in map(Position.parse, row.others) if place is not None),
        details=tuple((name, value) for name, value in row.details),
    )
