"""One database of a replica: what was verified goes in block by block, everything above reads what is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

import zstandard
from sqlalchemy import func, select
from sqlmodel import Session

from ledger.business_day import end_of
from ledger.errors import LedgerError, StoreDamaged, Unknown
from ledger.finding import Code, Finding
from ledger.position import Position
from ledger.store.committing import Committer
from ledger.store.digest import recompute
from ledger.store.engine import WRITING, check_schema, connect, guarded, migrate
from ledger.store.reading import AsOf
from ledger.store.tables import BlockRow, DocumentRow, FindingRow, RecordRow, StateRow

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Engine

    from ledger.admission import VerifiedBlock

__all__ = ["Head", "Store"]

ANCHOR, TRUSTED = "anchor", "trusted"

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

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._committer = Committer(engine)

    @classmethod
    def create(cls, location: str | Path) -> Self:
        """Return the store at a file's path or a database URL, with its tables made where there are none.

        Raises StoreUnavailable when it cannot be reached or written, or belongs to another version.
        """
        return cls._using(connect(location, create=True), create=True)

    @classmethod
    def open(cls, location: str | Path) -> Self:
        """Return the store that is there. Raises Unknown ``no-store``, StoreUnavailable, StoreDamaged."""
        return cls._using(connect(location, create=False), create=False)

    @classmethod
    def _using(cls, engine: Engine, *, create: bool) -> Self:
        try:
            if create:
                migrate(engine)
            else:
                check_schema(engine)
        except LedgerError:
            engine.dispose()
            raise
        return cls(engine)

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
        with guarded("pinning the chain"), self._engine.execution_options(**{WRITING: True}).begin() as connection:
            rows = StateRow.__table__  # type: ignore[attr-defined]
            kept = connection.execute(select(rows.c.text).where(rows.c.name == ANCHOR)).scalar()
            if kept is None:
                connection.execute(rows.insert(), [{"name": ANCHOR, "text": anchor}])
        if kept not in (None, anchor):
            raise LedgerError(
                "pinned-otherwise",
                "This database already follows another chain",
                next_step="Use another home folder for another chain.",
            )

    def anchor(self) -> str | None:
        """Return the pinned anchor, or None."""
        return self._state(ANCHOR)

    def trusted(self) -> str | None:
        """Return the trusted state committed with the last block, or None."""
        return self._state(TRUSTED)

    def _state(self, name: str) -> str | None:
        columns: Any = StateRow
        found: str | None = self._one(select(columns.text).where(columns.name == name))
        return found

    # Blocks and records

    def commit(self, block: VerifiedBlock, *, trusted: str) -> tuple[Finding, ...]:
        """Store a verified block, its bytes, records, facts, findings and the trusted state: all of it or nothing.

        Returns the findings. The block must follow the head. Raises StoreUnavailable or StoreDamaged.
        """
        return self._committer.commit(block, trusted=trusted, name=TRUSTED)

    def head(self) -> Head | None:
        """Return the last block committed, or None while there is none."""
        last = select(func.max(BlockRow.height)).scalar_subquery()
        row = self._row(select(BlockRow).where(BlockRow.height == last))  # type: ignore[arg-type]
        if row is None:
            return None
        return Head(height=row.height, hash=row.hash, timestamp=row.timestamp, facts_digest=row.facts_digest)

    def block(self, height: int) -> BlockRow:
        """Return a block. Raises Unknown ``unknown-height``."""
        row: BlockRow | None = self._row(select(BlockRow).where(BlockRow.height == height))  # type: ignore[arg-type]
        if row is None:
            head = self.head()
            held = "holds no block yet" if head is None else f"holds blocks 0 to {head.height}"
            raise Unknown("unknown-height", f"This node {held}, not block {height}")
        return row

    def document(self, height: int) -> bytes:
        """Return a block's bytes exactly as received. Raises Unknown, or StoreDamaged when they cannot be unpacked."""
        packed = self._one(select(DocumentRow.content).where(DocumentRow.height == height))  # type: ignore[call-overload]
        if packed is None:
            self.block(height)
            raise StoreDamaged("store-damaged", f"The bytes of block {height} are missing")
        try:
            return zstandard.ZstdDecompressor().decompress(packed)
        except zstandard.ZstdError as failure:
            raise StoreDamaged(
                "store-damaged", f"The bytes of block {height} cannot be unpacked: {failure}"
            ) from failure

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
        return [_finding(row) for row in self._all(statement.limit(limit).offset(offset or None))]

    def record_count(self) -> int:
        """Return how many records are held, decoded or not."""
        return int(self._one(select(func.count()).select_from(RecordRow)))

    def finding_counts(self) -> dict[str, int]:
        """Return how many findings of each code are held; a code without any is left out."""
        columns: Any = FindingRow
        counted = select(columns.code, func.count()).group_by(columns.code).order_by(columns.code)
        with guarded("reading findings"), self._engine.connect() as connection:
            return {code: int(count) for code, count in connection.execute(counted)}

    # Facts

    def at(self, height: int | None = None) -> AsOf:
        """Return the facts as of a height, by default the head's. Raises Unknown for a height not held."""
        if height is None:
            head = self.head()
            if head is None:
                raise Unknown("empty-replica", "This node holds no block yet", next_step="Run `glasspool sync`.")
            height = head.height
        return AsOf(self._engine, self.block(height))

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

    def recompute_facts_digest(self, height: int | None = None) -> bytes:
        """Return the facts digest at a height (default: the head's) computed again from the fact tables alone."""
        found = self.at(height)
        with guarded("reading facts"), self._engine.connect() as connection:
            return recompute(connection, found.height)

    def _one(self, statement: Any) -> Any:
        with guarded("reading"), self._engine.connect() as connection:
            return connection.execute(statement).scalar()

    def _row(self, statement: Any) -> Any:
        found = self._all(statement)
        return found[0] if found else None

    def _all(self, statement: Any) -> list[Any]:
        with guarded("reading"), Session(self._engine) as session:
            found = list(session.scalars(statement))
            session.expunge_all()
        return found


def _finding(row: FindingRow) -> Finding:
    return Finding(
        code=Code(row.code),
        message=row.message,
        position=Position.from_number(row.position),
        subject=row.subject,
        others=tuple(place for place in map(Position.parse, row.others) if place is not None),
        details=tuple((name, value) for name, value in row.details),
    )
