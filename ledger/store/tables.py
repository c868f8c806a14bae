"""The tables beside the facts: blocks, their bytes, their records, the findings, and the state of the replica."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, Text
from sqlmodel import AutoString, Field, SQLModel

from ledger.facts import FACTS
from ledger.position import Position

__all__ = ["TABLES", "BlockRow", "DocumentRow", "FindingRow", "LogNodeRow", "RecordRow", "StateRow"]

# SQLite keeps a table in the order of its one integer key only when that is declared INTEGER; there it holds 64 bits.
KEY: Any = BigInteger().with_variant(Integer(), "sqlite")
CHOSEN: dict[str, Any] = {"autoincrement": False}


class BlockRow(SQLModel, table=True):
    """One verified block. ``timestamp`` is ms since 1970 UTC; ``facts_digest`` covers every fact up to this height."""

    __tablename__ = "block"

    height: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs=CHOSEN)
    hash: bytes = Field(sa_type=LargeBinary)
    parent_hash: bytes = Field(sa_type=LargeBinary)
    timestamp: int = Field(sa_type=BigInteger, index=True)
    transactions: int
    records: int
    unproven_logs: int
    facts_digest: bytes = Field(sa_type=LargeBinary)


class DocumentRow(SQLModel, table=True):
    """A block's bytes exactly as received, compressed with Zstandard; apart, so that reading blocks stays cheap."""

    __tablename__ = "document"

    height: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs=CHOSEN)
    content: bytes = Field(sa_type=LargeBinary)
    digest: bytes | None = Field(default=None, sa_type=LargeBinary)
    """SM3 of the content. The chain's hashes leave some of a document's bytes open, and nothing else covers those."""


class RecordRow(SQLModel, table=True):
    """One record as committed, decoded or not. Hash and accounts are bytes; ``position`` is the number of its place."""

    __tablename__ = "record"

    position: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs=CHOSEN)
    kind: str = Field(index=True)
    """At most 120 characters of it; the block's bytes have all."""
    transaction_hash: bytes = Field(sa_type=LargeBinary, index=True)
    contract: bytes = Field(sa_type=LargeBinary)
    sender: bytes = Field(sa_type=LargeBinary)
    signer: bytes = Field(sa_type=LargeBinary)
    echoed: bool
    payload: bytes = Field(sa_type=LargeBinary)

    @property
    def place(self) -> Position:
        """Where it stands in the ledger."""
        return Position.from_number(self.position)


class FindingRow(SQLModel, table=True):
    """A finding; ``place`` counts those of one record. ``others`` are positions as text, ``details`` pairs."""

    __tablename__ = "finding"

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=CHOSEN)
    place: int = Field(primary_key=True, sa_column_kwargs=CHOSEN)
    code: str = Field(index=True)
    severity: str
    subject: str = Field(sa_type=Text)
    message: str = Field(sa_type=Text)
    others: list[str] = Field(sa_type=JSON)
    details: list[list[Any]] = Field(sa_type=JSON)


class StateRow(SQLModel, table=True):
    """What the replica trusts, and how it stands, by name, as text; ``seal`` covers both (``ledger.store.state``)."""

    __tablename__ = "state"

    name: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    seal: bytes | None = Field(default=None, sa_type=LargeBinary)


class LogNodeRow(SQLModel, table=True):
    """A full subtree over the log of blocks; ``number`` is its place in the tree (``ledger.store.log``)."""

    __tablename__ = "log_node"

    number: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs=CHOSEN)
    hash: bytes = Field(sa_type=LargeBinary)


TABLES: tuple[Any, ...] = tuple(
    model.__table__  # type: ignore[attr-defined]
    for model in (BlockRow, DocumentRow, RecordRow, FindingRow, StateRow, LogNodeRow, *FACTS)
)
"""Every table of the ledger."""


def _in_byte_order() -> None:
    """Let PostgreSQL order text by its bytes, as SQLite does, whatever the language of its database."""
    for table in TABLES:
        for column in table.columns:
            kind = String() if isinstance(column.type, AutoString) else column.type
            if isinstance(kind, String):
                column.type = kind.with_variant(type(kind)(collation="C"), "postgresql")


def _indexed_by_place() -> None:
    """Let the versions that began or ended in one block be found: what digest, snapshot and scrub read by."""
    for fact in FACTS:
        columns = fact.__table__.c
        ended = columns.to_position.is_not(None)
        Index(f"ix_{fact.label}_from_position", columns.from_position)
        Index(f"ix_{fact.label}_to_position", columns.to_position, sqlite_where=ended, postgresql_where=ended)


_in_byte_order()
_indexed_by_place()
