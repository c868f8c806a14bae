"""Tables of the book in which scopes keep what they need of the blocks followed: see :class:`Keeping`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete

from regulator.book import Book
from regulator.errors import BookStale

__all__ = ["ready"]


def ready(book: Book, table: Any, *, anew: bool) -> None:
    """Have the table in the book, empty where nothing was followed yet.

    Raises BookStale ``book-incomplete`` where blocks were followed by a version that kept nothing of them.
    """
    if anew:
        with book.writes() as connection:
            table.create(connection, checkfirst=True)  # a book opened before its module was known has none
            connection.execute(delete(table))
        return
    with book.reads() as connection:
        if not connection.dialect.has_table(connection, table.name):
            raise BookStale(
                "book-incomplete",
                "The book was followed by an earlier version, which kept less of the blocks than this one needs",
                next_step="Run `glasspool watch --again`: findings are made anew, and cases keep their references.",
            )
