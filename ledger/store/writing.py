"""Writing many rows by one statement that was worked out once, not again for every row of every block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, LargeBinary, bindparam
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Column, Connection, Dialect, Table, Update

__all__ = ["Writer", "converters"]

Convert = "Callable[[Any], Any] | None"

COPIED = 10  # rows from which PostgreSQL's COPY is quicker than its INSERT


def converters(table: Table, dialect: Dialect) -> dict[str, Callable[[Any], Any] | None]:
    """Return for each column how a value becomes what the driver is given, None where it goes as it is."""
    return {column.key: _converter(column, dialect) for column in table.columns}


def _converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(column.type, JSON):
        return dialect._json_serializer  # noqa: SLF001 set by engine.connect
    if isinstance(column.type, LargeBinary):
        return None  # drivers take bytes as they are
    kind: Any = column.type.dialect_impl(dialect)
    found: Callable[[Any], Any] | None = kind.bind_processor(dialect)
    return found


class _Insert:
    """Adds rows that have a value for every column."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        compiled = table.insert().compile(dialect=dialect, column_keys=[column.key for column in table.columns])
        self._converters = list(converters(table, dialect).items())
        self._text = str(compiled)
        self._positional = compiled.positiontup is not None
        self._copy = ""
        if dialect.name == "postgresql":
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            self._copy = f'COPY "{table.name}" ({names}) FROM STDIN'

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        given = [
            tuple([row[name] if convert is None else convert(row[name]) for name, convert in self._converters])
            for row in rows
        ]
        if self._copy and len(given) >= COPIED:
            self._copied(connection, given)
        elif given and self._positional:
            connection.exec_driver_sql(self._text, given)
        elif given:
            names = [name for name, _ in self._converters]
            connection.exec_driver_sql(self._text, [dict(zip(names, each, strict=True)) for each in given])

    def _copied(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        driver: Any = connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(self._copy) as copy:
                for row in rows:
                    copy.write_row(row)
        except connection.dialect.loaded_dbapi.Error as failure:
            raise DBAPIError(self._copy, None, failure) from failure


class _Ending:
    """Gives versions of facts their end."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        update: Update = (
            table.update()
            .where(table.c.id == bindparam("_id"), table.c.from_position == bindparam("_from_position"))
            .values(to_height=bindparam("_to_height"), to_position=bindparam("_to_position"))
        )
        compiled = update.compile(dialect=dialect)
        self._text = str(compiled)
        self._positional = compiled.positiontup is not None
        # SQLAlchemy keeps a column's own name for itself in an update, so the parameters' names have one sign more.
        self._names = [(name, name[1:]) for name in compiled.positiontup or compiled.params]

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        given: list[Any] = [{name: row[column] for name, column in self._names} for row in rows]
        if self._positional:
            given = [tuple(each.values()) for each in given]
        if given:
            connection.exec_driver_sql(self._text, given)


class Writer:
    """Writes rows into tables through one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._inserts: dict[Table, _Insert] = {}
        self._endings: dict[Table, _Ending] = {}

    def insert(self, connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; each has a value for every column."""
        statement = self._inserts.get(table)
        if statement is None:
            statement = self._inserts[table] = _Insert(table, self._dialect)
        statement.run(connection, rows)

    def end(self, connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Give versions of facts, known by ``id`` and ``from_position``, their ``to_height`` and ``to_position``."""
        statement = self._endings.get(table)
        if statement is None:
            statement = self._endings[table] = _Ending(table, self._dialect)
        statement.run(connection, rows)
