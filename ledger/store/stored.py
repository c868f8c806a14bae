"""Rows as they lie in the database, compared value by value with the rows that a block makes.

Values are compared as the driver gives them and as they were written, before anything interprets them: a byte that
changed without changing the meaning (a letter's case in an escape, a number kept as text) is seen all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, select

from ledger.facts import FACTS
from ledger.position import Position
from ledger.store.tables import BlockRow, DocumentRow, FindingRow, RecordRow, StateRow
from ledger.store.writing import converters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from ledger.facts import Fact
    from ledger.store.projecting import BlockRows

__all__ = ["BLOCK", "DOCUMENT", "STATE", "Difference", "compare", "gaps", "outside", "stored_rows"]

BLOCK: Table = BlockRow.__table__  # type: ignore[attr-defined]
DOCUMENT: Table = DocumentRow.__table__  # type: ignore[attr-defined]
RECORD: Table = RecordRow.__table__  # type: ignore[attr-defined]
FINDING: Table = FindingRow.__table__  # type: ignore[attr-defined]

STATE: Table = StateRow.__table__  # type: ignore[attr-defined]

ENDS = ("to_height", "to_position")
OF_THE_CHAIN = ("hash", "parent_hash", "timestamp", "transactions")

Key = tuple[Any, ...]
Raw = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A stored row that is not what its block makes: ``missing``, ``extra`` or ``altered`` in these columns."""

    table: str
    how: str
    height: int
    key: Key
    columns: tuple[str, ...] = ()


class _Rows:
    """One table's rows, raw. Conditions are SQL made of our own column names and of numbers alone."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.table = table
        self._connection = connection
        self._converters = converters(table, connection.dialect)
        self._key = tuple(column.name for column in table.primary_key.columns)

    def stored(self, where: str) -> dict[Key, Raw]:
        columns = [
            f'CAST("{each.name}" AS TEXT)' if isinstance(each.type, JSON) else f'"{each.name}"'
            for each in self.table.columns
        ]
        names = self.table.columns.keys()
        statement = f'SELECT {", ".join(columns)} FROM "{self.table.name}" WHERE {where}'  # noqa: S608 as said above
        rows = self._connection.exec_driver_sql(statement)
        return {self.key(row): row for row in (dict(zip(names, each, strict=True)) for each in rows)}

    def key(self, row: Mapping[str, Any]) -> Key:
        return tuple([row[name] for name in self._key])

    def written(self, row: Mapping[str, Any]) -> Raw:
        """Return the row as it is given to the driver."""
        return {
            name: row[name] if convert is None else convert(row[name]) for name, convert in self._converters.items()
        }


def stored_rows(connection: Connection, table: Table, where: str) -> list[Raw]:
    """Return the rows of a table as the driver gives them; ``where`` is SQL made of column names and numbers."""
    return list(_Rows(connection, table).stored(where).values())


def compare(connection: Connection, blocks: Sequence[BlockRows], *, facts: bool) -> Iterator[Difference]:
    """Yield every difference between these blocks of successive heights and what is stored of their heights.

    Without ``facts`` only what the chain alone says of a block is compared, not its records and what follows from them.
    """
    start, end = blocks[0].block["height"], blocks[-1].block["height"] + 1
    first, last = Position(start, 0, 0).number, Position(end, 0, 0).number
    rows = _Rows(connection, BLOCK)
    stored = rows.stored(f"height >= {start} AND height < {end}")
    block, only = [each.block for each in blocks], None if facts else OF_THE_CHAIN
    yield from _differences(rows, block, stored, lambda row: row["height"], only=only)
    if not facts:
        return
    records = [row for each in blocks for row in each.records]
    findings = [row for each in blocks for row in each.findings]
    for table, expected in ((RECORD, records), (FINDING, findings)):
        rows = _Rows(connection, table)
        stored = rows.stored(f"position >= {first} AND position < {last}")
        yield from _differences(rows, expected, stored, lambda row: _height(row["position"]))
    for fact in FACTS:
        yield from _facts(connection, fact, blocks, first, last)


def _facts(
    connection: Connection, fact: type[Fact], blocks: Sequence[BlockRows], first: int, last: int
) -> Iterator[Difference]:
    rows = _Rows(connection, fact.__table__)
    stored = rows.stored(f"from_position >= {first} AND from_position < {last}")
    for row in stored.values():
        if _ended_later(row):  # the block that ended it tells
            row["to_height"] = row["to_position"] = None
    begun = [row for each in blocks for row in each.begun.get(fact, ())]
    yield from _differences(rows, begun, stored, lambda row: _height(row["from_position"]))
    stored = rows.stored(f"to_position >= {first} AND to_position < {last}")
    stored = {key: row for key, row in stored.items() if _ended_later(row)}
    ended = [row for each in blocks for row in each.ended.get(fact, ())]
    yield from _differences(rows, ended, stored, lambda row: _height(row["to_position"]), only=ENDS)


def _ended_later(row: Raw) -> bool:
    """Tell whether a version ended in a later block than the one it began in, as far as its columns agree on that."""
    began, ended = row["from_position"], row["to_position"]
    return ended is not None and _height(began) < _height(ended) == row["to_height"]


def _differences(
    rows: _Rows,
    expected: Iterable[Mapping[str, Any]],
    stored: Mapping[Key, Raw],
    height: Callable[[Mapping[str, Any]], int],
    *,
    only: tuple[str, ...] | None = None,
) -> Iterator[Difference]:
    table, seen = rows.table.name, set()
    for row in expected:
        key = rows.key(row)
        seen.add(key)
        found = stored.get(key)
        if found is None:
            yield Difference(table=table, how="missing", height=height(row), key=key)
            continue
        written = rows.written(row)
        differ = [
            name for name, value in written.items() if (only is None or name in only) and not _same(value, found[name])
        ]
        if differ:
            yield Difference(table=table, how="altered", height=height(row), key=key, columns=tuple(differ))
    for key, found in stored.items():
        if key not in seen:
            yield Difference(table=table, how="extra", height=height(found), key=key)


def _same(written: object, found: object) -> bool:
    """Tell whether a value is stored as it was written. SQLite gives back 1.0 for 1 where the bytes of its file do."""
    return written == found and isinstance(written, float) == isinstance(found, float)


def _height(position: int) -> int:
    return Position.from_number(position).height


def gaps(connection: Connection, table: Table, head: int) -> Iterator[Difference]:
    """Yield the heights from 0 to ``head`` for which the table has no row, and those beyond for which it has one."""
    expected = 0
    statement = select(table.c.height).order_by(table.c.height)
    for height in connection.execute(statement, execution_options={"yield_per": 10_000}).scalars():
        if 0 <= height <= head:
            for missing in range(expected, height):
                yield Difference(table=table.name, how="missing", height=missing, key=(missing,))
            expected = height + 1
        else:
            yield Difference(table=table.name, how="extra", height=height, key=(height,))
    for missing in range(expected, head + 1):
        yield Difference(table=table.name, how="missing", height=missing, key=(missing,))


def outside(connection: Connection, head: int) -> Iterator[Difference]:
    """Yield the rows of records, findings and facts that belong to no height from 0 to ``head``."""
    end = Position(head + 1, 0, 0).number
    places = [(RECORD, "position"), (FINDING, "position")]
    places += [(fact.__table__, name) for fact in FACTS for name in ("from_position", "to_position")]
    for table, place in places:
        rows = _Rows(connection, table)
        for key, row in rows.stored(f"{place} < 0 OR {place} >= {end}").items():
            yield Difference(table=table.name, how="extra", height=_height(row[place]), key=key)
