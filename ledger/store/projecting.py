"""From a verified block to every row it makes: a commit writes them, a rebuild makes them again, a scrub compares."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from ledger.facts import Address, Fact
from ledger.position import INDEX_LIMIT, Position
from ledger.projection import Projection, Record
from ledger.records import Payload
from ledger.store.cache import CommittedFacts
from ledger.store.digest import block_digest, block_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ledger.admission import VerifiedBlock
    from ledger.contracts import RecordedEvent
    from ledger.finding import Finding
    from ledger.keyring import Keyring
    from ledger.store.cache import FactCache

__all__ = ["BlockRows", "block_rows", "project", "shown"]

KIND_SHOWN = 120  # characters of a kind that are kept; no kind of ours has more than 40

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRows:
    """The rows of one block beside its bytes. ``ended`` are versions of earlier blocks, as they now stand."""

    block: Row
    records: list[Row]
    findings: list[Row]
    begun: dict[type[Fact], list[Row]]
    ended: dict[type[Fact], list[Row]]


def project(connection: Connection, cache: FactCache, block: VerifiedBlock, keys: Keyring) -> Projection:
    """Return the facts and findings of a block, on top of the facts of the blocks before it as they are stored."""
    projection = Projection(CommittedFacts(connection, cache, block.height))
    read = [(_record_of(block, event), keys.read(event.kind, event.payload, event.sender)) for event in block.events]
    wanted: set[tuple[type[Fact], str]] = {(Address, record.sender) for record, _ in read}
    payloads = [(record, content.payload) for record, content in read if isinstance(content.payload, Payload)]
    for record, payload in payloads:
        wanted.update((table, name) for table, name, _ in (*payload.references(), *payload.makes(record)))
    projection.prefetch(wanted)
    projection.prefetch_live(
        each for _, payload in payloads for each in (*payload.lookups(), *payload.lookups_after(projection))
    )
    for record, content in read:
        projection.apply(record, content)
    return projection


def _record_of(block: VerifiedBlock, event: RecordedEvent) -> Record:
    return Record(
        position=Position(block.height, event.transaction_index, event.log_index),
        kind=event.kind,
        sender=f"0x{event.sender.hex()}",
        signer=f"0x{event.signer.hex()}",
        transaction_hash=f"0x{event.transaction_hash.hex()}",
        echoed=event.echoed,
        timestamp=block.timestamp,
    )


def block_rows(block: VerifiedBlock, projection: Projection, before: bytes) -> BlockRows:
    """Return the rows of a block that was projected; ``before`` is the facts digest of the block before it."""
    lines = block_lines(
        chain.from_iterable(rows.values() for rows in projection.begun.values()),
        chain.from_iterable(projection.ended.values()),
    )
    return BlockRows(
        block={
            "height": block.height,
            "hash": block.hash,
            "parent_hash": block.parent_hash,
            "timestamp": block.timestamp,
            "transactions": block.transactions,
            "records": len(block.events),
            "unproven_logs": block.unproven_logs,
            "facts_digest": block_digest(before, lines),
        },
        records=[_record(block.height, event) for event in block.events],
        findings=_findings(projection.findings),
        begun={table: [row.__dict__ for row in rows.values()] for table, rows in projection.begun.items()},
        ended={table: [row.__dict__ for row in rows] for table, rows in projection.ended.items()},
    )


def _record(height: int, event: RecordedEvent) -> Row:
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
    """Return a kind as it is kept: cut where it is absurdly long, and as every database can keep it."""
    return _text(kind[:KIND_SHOWN])


def _text(text: str) -> str:
    """Return text without what some databases refuse: a zero byte, half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _findings(findings: Iterable[Finding]) -> list[Row]:
    counted: dict[Position, int] = {}
    rows = []
    for finding in findings:
        place = counted[finding.position] = counted.get(finding.position, -1) + 1
        rows.append(
            {
                "position": finding.position.number,
                "place": place,
                "code": finding.code.value,
                "severity": finding.severity.value,
                "subject": _text(finding.subject),
                "message": _text(finding.message),
                "others": [str(other) for other in finding.others],
                "details": [
                    [name, _text(value) if isinstance(value, str) else value] for name, value in finding.details
                ],
            }
        )
    return rows
