"""The lines of the facts digest, made from rows of a snapshot, and the digests over them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ledger.store.digest import begun_line, ended_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ledger.fact import Fact

__all__ = ["RowsDigest", "file_digest", "row_line"]

CHUNK = 1 << 20


def row_line(table: type[Fact], row: Sequence[Any]) -> bytes:
    """Return the line of the version whose every column ``row`` holds, in the table's order."""
    return begun_line(
        table.label, [value for name, value in zip(table.names, row, strict=True) if name in _stated(table)]
    )


_STATED: dict[type[Fact], frozenset[str]] = {}


def _stated(table: type[Fact]) -> frozenset[str]:
    if table not in _STATED:
        _STATED[table] = frozenset(table.stated)
    return _STATED[table]


class RowsDigest:
    """SM3 over a table's versions in their order: the line that began each, then the one that ended it."""

    def __init__(self, table: type[Fact]) -> None:
        self._table = table
        self._hash = hashlib.new("sm3")

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take these rows in."""
        for row in rows:
            self._hash.update(row_line(self._table, row))
            if row[4] is not None:
                self._hash.update(ended_line(self._table.label, row[0], row[2], row[4]))

    def value(self) -> bytes:
        """Return the digest of what was taken in."""
        return self._hash.digest()


def file_digest(file: Path) -> bytes:
    """Return SM3 over a file's bytes."""
    hashed = hashlib.new("sm3")
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            hashed.update(chunk)
    return hashed.digest()
