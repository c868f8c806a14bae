"""The book's tables: findings with their versions, what each names, how far scopes were followed; and people's part."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, MetaData, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

__all__ = [
    "BookTable",
    "CaseRow",
    "FindingLinkRow",
    "FindingRow",
    "FollowedRow",
    "StateRow",
    "SuppressionRow",
    "TrailRow",
    "VersionRow",
    "table_of",
]

_METADATA = MetaData()


class BookTable(SQLModel, registry=registry(metadata=_METADATA)):
    """A table of the book. All stand in this file, so that a book that is opened has them all."""

    metadata = _METADATA


def table_of(model: type[BookTable]) -> Any:
    """Return the SQLAlchemy table of a model."""
    return model.__table__  # type: ignore[attr-defined]


class StateRow(BookTable, table=True):
    """What the book is of and in which form, by name."""

    __tablename__ = "book_state"

    name: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)


class FollowedRow(BookTable, table=True):
    """How far a scope was followed: the last block whose changes are in the book, and the facts digest there."""

    __tablename__ = "followed"

    scope: str = Field(primary_key=True)
    height: int = Field(sa_type=BigInteger)
    facts_digest: str


class FindingRow(BookTable, table=True):
    """A finding as its last version leaves it; everything here follows from its versions."""

    __tablename__ = "found"

    id: str = Field(primary_key=True)
    rule: str = Field(index=True)
    subject: str = Field(index=True, sa_type=Text)
    first_height: int = Field(sa_type=BigInteger)
    last_height: int = Field(sa_type=BigInteger, index=True)
    """From which its last version stands."""
    standing: bool = Field(index=True)
    level: str
    """Of the last signal; so are score, amount and since."""
    score: int
    amount: int = Field(sa_type=BigInteger)
    since: date | None = None


class VersionRow(BookTable, table=True):
    """One version of a finding; ``signal`` is its text, None where the finding stands no more."""

    __tablename__ = "found_version"

    id: str = Field(primary_key=True)
    height: int = Field(primary_key=True, sa_type=BigInteger)
    signal: str | None = Field(default=None, sa_type=Text)


class FindingLinkRow(BookTable, table=True):
    """A thing or a member (``member <id>``) that some version of a finding names."""

    __tablename__ = "found_link"

    id: str = Field(primary_key=True)
    thing: str = Field(primary_key=True, index=True)


class TrailRow(BookTable, table=True):
    """One entry of the trail."""

    __tablename__ = "trail"

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: str
    """UTC, ISO 8601 to the microsecond."""
    actor: str = Field(index=True)
    act: str
    subject: str = Field(index=True, sa_type=Text)
    details: str = Field(sa_type=Text)
    """Canonical JSON."""
    before: str
    hash: str


class CaseRow(BookTable, table=True):
    """One entry of a case."""

    __tablename__ = "case_entry"

    case: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    at: str
    actor: str
    did: str
    body: str = Field(sa_type=Text)
    """Canonical JSON of what it states."""


class SuppressionRow(BookTable, table=True):
    """A rule by which findings are not shown for a while; only ``withdrawn_by`` and ``withdrawn_at`` ever change."""

    __tablename__ = "suppression"

    id: str = Field(primary_key=True)
    rule: str
    thing: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(sa_type=Text)
    author: str
    made_at: str
    expires_on: date
    height: int = Field(sa_type=BigInteger)
    """Up to which the ledger was followed when it was made: what it hides was known as it stood there."""
    withdrawn_by: str | None = None
    withdrawn_at: str | None = None
