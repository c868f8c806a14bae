"""Writing many rows by one statement that was worked out once, not again for every row of every block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Connection, Dialect, Insert, Table, Update

__all__ = ["Writer"]

Convert = tuple[str, "Callable[[Any], Any] | None"]


class _Statement:
    """An SQL text of the dialect, and how each of its parameters is made from a row's value."""

    __slots__ = ("_parameters", "_positional", "_text")

    def __init__(self, statement: Insert | Update, table: Table, dialect: Dialect) -> None:
        keys = [column.key for column in table.columns] if statement.is_insert else None
        compiled = statement.compile(dialect=dialect, column_keys=keys)
        names: list[str] = list(compiled.positiontup or compiled.params)
        converters = {column.key: column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns}
        self._text = str(compiled)
        self._positional = compiled.positiontup is not None
        self._parameters: list[Convert] = [(name, converters.get(name)) for name in names]

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute it for every row."""
        given: list[Any]
        if self._positional:
            given = [
                tuple([row[name] if convert is None else convert(row[name]) for name, convert in self._parameters])
                for row in rows
            ]
        else:
            given = [
                {name: row[name] if convert is None else convert(row[name]) for name, convert in self._parameters}
                for row in rows
            ]
        if given:
            connection.exec_driver_sql(self._text, given)


class Writer:
    """Writes rows into tables through one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._inserts: dict[Table, _Statement] = {}
        self._endings: dict[Table, _Statement] = {}

    def insert(self, connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows; each has a value for every column."""
        statement = self._inserts.get(table)
        if statement is None:
            statement = self._inserts[table] = _Statement(table.insert(), table, self._dialect)
        statement.run(connection, rows)

    def end(self, connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Give versions of facts, known by ``id`` and ``from_position``, their ``to_height`` and ``to_position``."""
        statement = self._endings.get(table)
        if statement is None:
            update = (
                table.update()
                .where(table.c.id == bindparam("the_id"), table.c.from_position == bindparam("the_position"))
                .values(to_height=bindparam("the_end_height"), to_position=bindparam("the_end"))
            )
            statement = self._endings[table] = _Statement(update, table, self._dialect)
        statement.run(connection, rows)
