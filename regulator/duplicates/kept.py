"""Tables of the book in which scopes keep what they need of the blocks followed: see :class:`Keeping`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, inspect, select
from sqlalchemy.exc import NoSuchTableError

from ledger.store import Prepared
from regulator.book import Book
from regulator.book.tables import BookTable, FollowedRow, table_of
from regulator.errors import BookStale
from regulator.evidence import AT_ONCE

__all__ = ["Kept"]


_FOLLOWED = table_of(FollowedRow)


class Kept:
    """Such a table: its rows by their first column."""

    def __init__(self, row: type[BookTable]) -> None:
        self.table: Final = table_of(row)
        first = self.table.columns[0]
        self._named = first.name
        self._asked = Prepared(lambda one_of: select(self.table).where(one_of(first, "some")))
        self._gone = delete(self.table).where(first == bindparam("one"))

    def ready(self, book: Book, scope: str, *, anew: bool) -> None:
        """Have the table of a scope in the book, empty where nothing was followed yet.

        Raises BookStale ``book-incomplete`` where blocks were followed by a version that kept other things of them, and
        ``book-moved`` where another process has begun meanwhile.
        """
        if anew:
            with book.writes() as connection:
                if connection.execute(select(_FOLLOWED).where(_FOLLOWED.c.scope == scope)).first() is not None:
                    raise BookStale("book-moved", f"Another process has begun to follow {scope} meanwhile")
                self.table.drop(connection, checkfirst=True)
                self.table.create(connection)
            return
        with book.reads() as connection:
            try:
                there = {each["name"] for each in inspect(connection).get_columns(self.table.name)}
            except NoSuchTableError:
                there = set()
        if there != set(self.table.columns.keys()):
            raise BookStale(
                "book-incomplete",
                "The book was followed by an earlier version, which kept less of the blocks than this one needs",
                next_step="Run `glasspool watch --again`: findings are made anew, and cases keep their references.",
            )

    def rows(self, connection: Connection, names: Collection[str]) -> Iterator[Any]:
        """Yield the rows whose first column is one of the names."""
        asked = sorted(names)
        for start in range(0, len(asked), AT_ONCE):
            yield from self._asked.rows(connection, some=asked[start : start + AT_ONCE])

    def put(self, book: Book, rows: Sequence[Mapping[str, Any]]) -> None:
        """Have the rows written in place of those of the same name, with what the step finds or not at all."""
        if not rows:
            return

        def write(connection: Connection) -> None:
            connection.execute(self._gone, [{"one": row[self._named]} for row in rows])
            connection.execute(self.table.insert(), rows)

        book.later(write)
