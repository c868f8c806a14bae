"""How large a replica's database is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from ledger.store.engine import connect, guarded

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["database_size"]

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def database_size(location: str | Path) -> tuple[str, int]:
    """Return the kind of the database, ``sqlite`` or ``postgresql``, and its bytes. Raises StoreUnavailable, Unknown.

    SQLite's log of what was written last is not counted: it is carried over into the file, and kept below 32 MB or so.
    """
    engine = connect(location, create=False)
    try:
        kind = engine.dialect.name
        with guarded("measuring the database"), engine.connect() as connection:
            return kind, int(connection.execute(text(_SIZE[kind])).scalar_one())
    finally:
        engine.dispose()
