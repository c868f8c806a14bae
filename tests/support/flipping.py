"""Flips single bits of stored values, through SQL, and puts them back: what a scrub must find."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, String, text
from sqlalchemy.exc import DBAPIError

from ledger.facts import FACTS
from ledger.position import Position
from ledger.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from sqlalchemy import Connection, Engine, Table

SIZES = (1, 2, 3, 4, 6, 8)  # bytes in which SQLite keeps an integer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One column of one row, by the row's key; ``heights`` are the blocks it belongs to, none for the whole store."""

    table: str
    column: str
    key: tuple[tuple[str, Any], ...]
    value: Any
    heights: tuple[int, ...]
    size: int
    """Bytes of the value."""

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {dict(self.key)}"


def cells(engine: Engine) -> list[Cell]:
    """Every value of every row of every table that is not null."""
    with engine.connect() as connection:
        return [cell for table in TABLES for cell in _cells(connection, table)]


def _cells(connection: Connection, table: Table) -> Iterator[Cell]:
    keys = [column.name for column in table.primary_key.columns]
    named = ", ".join(_raw(connection, table, column.name) for column in table.columns)
    for row in connection.exec_driver_sql(f'SELECT {named} FROM "{table.name}"').all():
        values = dict(zip(table.columns.keys(), row, strict=True))
        key = tuple((name, values[name]) for name in keys)
        for column, value in values.items():
            if value is not None and not (table.name == "state" and values["name"] == "scrub"):
                yield Cell(
                    table=table.name, column=column, key=key, value=value,
                    heights=_heights(table.name, column, values), size=_size(value),
                )  # fmt: skip


def _raw(connection: Connection, table: Table, column: str) -> str:
    """SQL of a column: text of SQLite as its bytes, JSON of PostgreSQL as its text."""
    kind = table.columns[column].type
    if connection.dialect.name != "sqlite":
        return f'"{column}"::text' if kind.__class__.__name__ == "JSON" else f'"{column}"'
    return f'"{column}"'


def _heights(table: str, column: str, values: dict[str, Any]) -> tuple[int, ...]:
    if table in ("block", "document"):
        return (values["height"],)
    if table in ("record", "finding"):
        return (Position.from_number(values["position"]).height,)
    if table in {fact.label for fact in FACTS}:
        return (values["to_height"] if column in ("to_height", "to_position") else values["from_height"],)
    return ()


def _size(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | bytes):
        return 1
    if isinstance(value, int):
        return next(size for size in SIZES if -(1 << 8 * size - 1) <= value < 1 << 8 * size - 1)
    return len(value.encode() if isinstance(value, str) else value)


def sampled(found: list[Cell], count: int, chance: Random) -> Iterator[tuple[Cell, int]]:
    """So many cells with a bit of each: the columns take turns, rows and bits by chance."""
    columns = defaultdict(list)
    for cell in found:
        columns[cell.table, cell.column].append(cell)
    for turn in range(count):
        several = list(columns.values())[turn % len(columns)]
        cell = chance.choice([each for each in several if each.size] or several)
        yield cell, chance.randrange(8 * max(cell.size, 1))


def flipped(cell: Cell, bit: int) -> Any:
    """The value with one bit turned over."""
    value = cell.value
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        raw = bytearray(value.to_bytes(cell.size, signed=True))
        raw[bit // 8] ^= 1 << bit % 8
        return int.from_bytes(raw, signed=True)
    if isinstance(value, datetime):
        return value + timedelta(seconds=1 << bit % 16)
    if isinstance(value, date):
        return value + timedelta(days=1 << bit % 8)
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    if raw:
        raw[bit // 8] ^= 1 << bit % 8
    return bytes(raw)


class Flip:
    """One flipped bit, in the database from entering to leaving. ``lands`` tells that the database took it."""

    def __init__(self, engine: Engine, cell: Cell, bit: int) -> None:
        self._engine = engine
        self._cell = cell
        self._new = flipped(cell, bit)
        self.lands = False
        self.same = self._new == cell.value

    def __enter__(self) -> Flip:
        try:
            self._write(dict(self._cell.key), self._new)
            self.lands = True
        except (DBAPIError, ValueError):  # the place of another row, or no text or JSON for PostgreSQL
            self.lands = False
        return self

    def __exit__(self, *_: object) -> None:
        if self.lands:
            key = dict(self._cell.key)
            if self._cell.column in key:
                key[self._cell.column] = self._new
            value = self._cell.value
            self._write(key, value.encode() if isinstance(value, str) else value)

    def _write(self, key: dict[str, Any], value: Any) -> None:
        table = next(each for each in TABLES if each.name == self._cell.table)
        where = " AND ".join(self._match(table, name, f":k_{name}") for name in key)
        statement = f'UPDATE "{table.name}" SET "{self._cell.column}" = {self._given(table, ":value")} WHERE {where}'
        given = {"value": self._plain(table, self._cell.column, value)}
        given |= {f"k_{name}": self._plain(table, name, each) for name, each in key.items()}
        with self._engine.begin() as connection:
            done = connection.execute(text(statement), given)
            assert done.rowcount == 1, f"{self._cell} was not found"

    def _given(self, table: Table, name: str) -> str:
        kind = table.columns[self._cell.column].type
        if isinstance(kind, LargeBinary) or not isinstance(self._cell.value, str):
            return name
        if self._engine.dialect.name == "sqlite":
            return f"CAST({name} AS TEXT)"
        return f"CAST({name} AS JSON)" if kind.__class__.__name__ == "JSON" else name

    def _match(self, table: Table, column: str, name: str) -> str:
        if self._engine.dialect.name == "sqlite" and isinstance(table.columns[column].type, String):
            return f'"{column}" = CAST({name} AS TEXT)'
        return f'"{column}" = {name}'

    def _plain(self, table: Table, column: str, value: Any) -> Any:
        """SQLite takes text as bytes, so that it may be no text; PostgreSQL takes nothing but text."""
        kind = table.columns[column].type
        if isinstance(kind, LargeBinary):
            return value
        if self._engine.dialect.name == "sqlite":
            return value.encode() if isinstance(value, str) else value
        if isinstance(value, bytes):
            value = value.decode()
            if kind.__class__.__name__ == "JSON":
                json.loads(value)
        return value
