"""Findings made anew in a book beside: the old ones stand until the new ones are whole, and what people wrote stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import select

from regulator.book.book import Book
from regulator.book.tables import (
    BookTable,
    CaseRow,
    FindingLinkRow,
    FindingRow,
    FollowedRow,
    StateRow,
    SuppressionRow,
    TrailRow,
    VersionRow,
    table_of,
)  # fmt: skip

__all__ = ["book_beside", "take_over"]

STAY: Final = frozenset(table_of(row) for row in (StateRow, TrailRow, CaseRow, SuppressionRow))
"""What is not found but written by people, and the form."""
READ: Final = frozenset(table_of(row) for row in (FindingRow, VersionRow, FindingLinkRow, FollowedRow))
"""What others read meanwhile: its rows are exchanged, and the table stays."""
ROWS: Final = 10_000
"""Rows carried over at a time."""


@contextmanager
def book_beside(folder: Path) -> Iterator[Book]:
    """Give an empty book in a folder of its own within ``folder``; it is gone afterwards, unless this is killed."""
    with (
        tempfile.TemporaryDirectory(prefix="watch-again-", dir=folder) as place,
        Book.open(Path(place, "b.db")) as made,
    ):
        yield made


def take_over(book: Book, made: Book) -> None:
    """Have the findings of ``made``, and how far it followed, in the book in place of its own: all of it or nothing.

    The tables in which scopes keep sums may be there in another version's form, and are made again.
    """
    with made.reads() as source, book.writes() as target:
        for table in BookTable.metadata.sorted_tables:
            if table in STAY:
                continue
            if table in READ:
                target.execute(table.delete())
            else:
                table.drop(target, checkfirst=True)
                table.create(target)
            rows = source.execution_options(yield_per=ROWS).execute(select(table)).mappings()
            for some in rows.partitions(ROWS):
                target.execute(table.insert(), [dict(row) for row in some])
