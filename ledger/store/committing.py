"""Committing one block: decode, project, write, in one transaction; what it costs does not grow with the ledger."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import zstandard
from sqlalchemy import select

from ledger.errors import StoreUnavailable
from ledger.facts import Address, Fact
from ledger.finding import Finding
from ledger.position import INDEX_LIMIT, Position
from ledger.projection import Projection, Record
from ledger.records import Payload, decode
from ledger.store.cache import CommittedFacts, FactCache
from ledger.store.digest import NO_FACTS, block_digest, block_lines
from ledger.store.engine import WRITING, guarded
from ledger.store.tables import BlockRow, DocumentRow, FindingRow, RecordRow, StateRow
from ledger.store.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine, Table

    from ledger.admission import VerifiedBlock
    from ledger.contracts import RecordedEvent
    from ledger.records import Undecoded

__all__ = ["Committer"]

KIND_SHOWN = 120  # characters of a kind that are kept; no kind of ours has more than 40
LEVEL = 3  # of Zstandard

_BLOCK: Table = BlockRow.__table__  # type: ignore[attr-defined]
_DOCUMENT: Table = DocumentRow.__table__  # type: ignore[attr-defined]
_RECORD: Table = RecordRow.__table__  # type: ignore[attr-defined]
_FINDING: Table = FindingRow.__table__  # type: ignore[attr-defined]
_STATE: Table = StateRow.__table__  # type: ignore[attr-defined]


class Committer:
    """Writes blocks, and remembers the facts it used lately. Its memory changes only when a transaction ended well."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(**{WRITING: True})
        self._writer = Writer(engine.dialect)
        self._cache = FactCache()
        self._head: bytes | None = None
        """Hash of the block the cache is about."""

    def commit(self, block: VerifiedBlock, *, trusted: str, name: str) -> tuple[Finding, ...]:
        """See :meth:`ledger.store.Store.commit`; ``name`` is the state's that ``trusted`` is kept under."""
        read = [_read(block, event) for event in block.events]
        packed = zstandard.ZstdCompressor(level=LEVEL).compress(block.document)
        with guarded(f"committing block {block.height}"), self._engine.begin() as connection:
            before = self._digest_before(connection, block)
            projection = Projection(CommittedFacts(connection, self._cache))
            _project(projection, read)
            digest = block_digest(
                before,
                block_lines(
                    chain.from_iterable(rows.values() for rows in projection.begun.values()),
                    chain.from_iterable(projection.ended.values()),
                ),
            )
            _write_block(self._writer, connection, block, packed, digest)
            _write_facts(self._writer, connection, projection)
            _write_findings(self._writer, connection, projection.findings)
            _write_state(connection, name, trusted)
        self._cache.keep(projection.seen)
        self._head = block.hash
        return tuple(projection.findings)

    def _digest_before(self, connection: Connection, block: VerifiedBlock) -> bytes:
        """Return the head's facts digest; the block must follow that head."""
        columns = _BLOCK.c
        head = connection.execute(
            select(columns.height, columns.hash, columns.facts_digest).order_by(columns.height.desc()).limit(1)
        ).first()
        height, hash_, digest = (-1, block.parent_hash, NO_FACTS) if head is None else head
        if (block.height, block.parent_hash) != (height + 1, hash_):
            raise StoreUnavailable(
                "store-moved",
                f"Block {block.height} does not follow block {height}, where this database stands",
                next_step="Another command may be syncing into it: let it finish, then run this one again.",
            )
        if self._head != hash_:
            self._cache.clear()
        return bytes(digest)


def _read(block: VerifiedBlock, event: RecordedEvent) -> tuple[Record, Payload | Undecoded, RecordedEvent]:
    record = Record(
        position=Position(block.height, event.transaction_index, event.log_index),
        kind=event.kind,
        sender=f"0x{event.sender.hex()}",
        signer=f"0x{event.signer.hex()}",
        transaction_hash=f"0x{event.transaction_hash.hex()}",
        echoed=event.echoed,
        timestamp=block.timestamp,
    )
    return record, decode(event.kind, event.payload), event


def _project(projection: Projection, read: list[tuple[Record, Payload | Undecoded, RecordedEvent]]) -> None:
    wanted: set[tuple[type[Fact], str]] = {(Address, record.sender) for record, _, _ in read}
    for _, payload, _ in read:
        if isinstance(payload, Payload):
            wanted.update((table, name) for table, name, _ in payload.references())
    projection.prefetch(wanted)
    projection.prefetch_live(
        each for _, payload, _ in read if isinstance(payload, Payload) for each in payload.lookups()
    )
    for record, payload, _ in read:
        projection.apply(record, payload)


def _write_block(writer: Writer, connection: Connection, block: VerifiedBlock, packed: bytes, digest: bytes) -> None:
    row = {
        "height": block.height,
        "hash": block.hash,
        "parent_hash": block.parent_hash,
        "timestamp": block.timestamp,
        "transactions": block.transactions,
        "records": len(block.events),
        "unproven_logs": block.unproven_logs,
        "facts_digest": digest,
    }
    writer.insert(connection, _BLOCK, [row])
    writer.insert(connection, _DOCUMENT, [{"height": block.height, "content": packed}])
    writer.insert(connection, _RECORD, [_record_values(block.height, event) for event in block.events])


def _record_values(height: int, event: RecordedEvent) -> dict[str, Any]:
    assert event.transaction_index < INDEX_LIMIT
    assert event.log_index < INDEX_LIMIT
    return {
        "position": Position(height, event.transaction_index, event.log_index).number,
        "kind": shown(event.kind),
        "transaction_hash": event.transaction_hash,
        "contract": event.contract,
        "sender": event.sender,
        "signer": event.signer,
        "echoed": event.echoed,
        "payload": event.payload,
    }


def shown(kind: str) -> str:
    """Return a kind as it is kept: cut where it is absurdly long, without the one character databases refuse."""
    return kind[:KIND_SHOWN].replace("\0", "\\x00")


def _write_facts(writer: Writer, connection: Connection, projection: Projection) -> None:
    for table, ended in projection.ended.items():
        writer.end(connection, table.__table__, [_end_values(row) for row in ended])
    for table, begun in projection.begun.items():
        writer.insert(connection, table.__table__, [row.__dict__ for row in begun.values()])


def _end_values(row: Fact) -> dict[str, Any]:
    return {
        "the_id": row.id,
        "the_position": row.from_position,
        "the_end_height": row.to_height,
        "the_end": row.to_position,
    }


def _write_findings(writer: Writer, connection: Connection, findings: Iterable[Finding]) -> None:
    counted: dict[Position, int] = {}
    values = []
    for finding in findings:
        place = counted[finding.position] = counted.get(finding.position, -1) + 1
        values.append(
            {
                "position": finding.position.number,
                "place": place,
                "code": finding.code.value,
                "severity": finding.severity.value,
                "subject": finding.subject,
                "message": finding.message,
                "others": [str(other) for other in finding.others],
                "details": [list(detail) for detail in finding.details],
            }
        )
    writer.insert(connection, _FINDING, values)


def _write_state(connection: Connection, name: str, value: str) -> None:
    done = connection.execute(_STATE.update().where(_STATE.c.name == name).values(text=value))
    if done.rowcount == 0:
        connection.execute(_STATE.insert(), [{"name": name, "text": value}])
