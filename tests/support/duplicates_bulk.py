"""A market of any size, made quickly: the snapshot of a real one, copied side by side into Parquet and into SQLite.

A copy has things, invoice numbers and companies of its own where a story made them up; its regular members it shares
with as many other copies as keep members at the square root of the receivables. All copies live through the same days:
block h of the base becomes one block for each copy, in turn. So whatever is planted in the base is planted in each
copy, and what is found in one of them must be found in all. What copies cannot have is a chain: they prove nothing.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex

from ledger.facts import FACTS, Address, Fact, Invoice, Member, Receipt, Registration, TradeDocument
from ledger.records.members import uscc_holds
from ledger.snapshot.columns import arrow_schema
from ledger.store import Store
from ledger.store.tables import BlockRow

COPY, GROUP, NUMBER = "\ue000", "\ue001", "\ue002"
"""Marks in the base's texts: where a copy writes its own name, its group's, or its five digits of an invoice number."""
HEIGHT = 1 << 32  # of a position's number
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITAL, USCC = 20, 18
BATCH = 50_000
_REGISTRATION = re.compile(r"ZD[0-9]{16}")
_DIALECT: Any = sqlite.dialect()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """The copied facts: a Parquet file for each fact table, and at which height they stand."""

    folder: Path
    copies: int
    height: int

    def files(self) -> dict[str, str]:
        """The path of every table's file, as a market is opened with."""
        return {table.label: str(self.folder / f"{table.label}.parquet") for table in FACTS}


def spread(base: Path, height: int, copies: int, folder: Path) -> Bulk:
    """Write ``copies`` of the snapshot in ``base``, which stands at ``height``, into the folder."""
    folder.mkdir(parents=True)
    marks = _Marks(base)
    groups = max(1, math.isqrt(copies))
    with duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(folder / "spill")}) as engine:
        turns = {
            "k": range(copies),
            "own": [f"~{at:04}" for at in range(copies)],
            "shared": [f"~{at % groups:04}" for at in range(copies)],
            "digits": [_digits(at) for at in range(copies)],
        }
        engine.register("turns", pa.table({name: list(values) for name, values in turns.items()}))
        for table in FACTS:
            rows = marks.marked(table)
            if table is Member:
                pq.write_table(_members(rows, copies, groups), folder / "all.parquet")
                source = "select * from read_parquet('%s')" % (folder / "all.parquet")
                _write(engine, table, source, copies, folder)
                (folder / "all.parquet").unlink()
                continue
            engine.register("base", rows)
            _write(engine, table, _copied(table, rows, copies, groups), copies, folder)
            engine.unregister("base")
    return Bulk(folder=folder, copies=copies, height=(height + 1) * copies - 1)


def _digits(at: int) -> str:
    """Five digits of a copy, of which no two copies' are one edit apart: three, and two that check them."""
    one, two, three = at // 100 % 10, at // 10 % 10, at % 10
    return f"{at:03}{(one + 2 * two + 3 * three) % 11 * 9:02}"


class _Marks:
    """Knows every name of the base, and puts marks where a copy's differ."""

    def __init__(self, base: Path) -> None:
        self._rows: dict[str, pa.Table] = {
            table.label: pq.read_table(base / f"{table.label}.parquet").cast(arrow_schema(table)) for table in FACTS
        }
        self._names: dict[str, str] = {}
        for table in FACTS:
            for name in self._rows[table.label]["id"].to_pylist():
                self._names[name] = name + COPY
        # A lot is a name before its stock is ever reported.
        self._names |= {name: name + COPY for name in self._rows[Receipt.label]["stock"].to_pylist()}
        members = self._rows[Member.label]
        shared = [name for name in members["id"].to_pylist() if not name.startswith("stranger-")]
        self._names |= {name: name + GROUP for name in shared}
        accounts = self._rows[Address.label].select(["id", "member"]).to_pylist()
        self._names |= {one["id"]: one["id"] + self._names[one["member"]][-1] for one in accounts}

    def marked(self, table: type[Fact]) -> pa.Table:
        """Return the base's rows of a table with marks."""
        rows = self._rows[table.label]
        for at, field in enumerate(rows.schema):
            if pa.types.is_string(field.type):
                values = [self._names.get(value, value) for value in rows[field.name].to_pylist()]
            elif pa.types.is_list(field.type):
                lists = rows[field.name].to_pylist()
                values = [None if one is None else [self._names.get(each, each) for each in one] for one in lists]
            else:
                continue
            rows = rows.set_column(at, field, pa.array(values, field.type))
        if table is TradeDocument:  # a paper's number and file are of one trade
            for name in ("number", "file_digest"):
                own = [None if each is None else each + COPY for each in rows[name].to_pylist()]
                rows = rows.set_column(
                    rows.column_names.index(name), rows.schema.field(name), pa.array(own, pa.string())
                )
        if table is Registration:  # whoever files behind another names that one in its description
            at = rows.column_names.index("description")
            told = [_REGISTRATION.sub(rf"\g<0>{COPY}", each or "") or None for each in rows["description"].to_pylist()]
            rows = rows.set_column(at, rows.schema.field(at), pa.array(told, pa.string()))
        return _numbered(rows) if table is Invoice else rows


def _numbered(rows: pa.Table) -> pa.Table:
    """Mark where an invoice's number, or its code, differs from copy to copy."""
    numbers, codes = rows["number"].to_pylist(), rows["code"].to_pylist()
    for at, (number, code) in enumerate(zip(numbers, codes, strict=True)):
        if len(number) == DIGITAL and number[5:10].isdigit():
            numbers[at] = f"{number[:5]}{NUMBER}{number[10:]}"
        elif code:
            codes[at] = f"{code}{NUMBER}"
        else:
            numbers[at] = f"{number}{NUMBER}"
    places = {name: at for at, name in enumerate(rows.column_names)}
    rows = rows.set_column(places["number"], "number", pa.array(numbers, pa.string()))
    return rows.set_column(places["code"], "code", pa.array(codes, pa.string()))


def _members(rows: pa.Table, copies: int, groups: int) -> pa.Table:
    """Every copy's members, with names and credit codes of their own: kinship goes by those."""
    made = []
    for row in rows.to_pylist():
        own = row["id"].endswith(COPY)
        for at in range(copies if own else groups):
            mark = f"~{at:04}"
            one = {name: _filled(value, mark) for name, value in row.items()}
            one["name"] = f"{row['name'][:2]}{mark}{row['name'][2:]}"
            one["uscc"] = _coded(row["uscc"], f"{mark}{own}")
            for edge in ("from", "to"):
                if row[f"{edge}_height"] is not None:
                    one[f"{edge}_height"] = row[f"{edge}_height"] * copies + at
                    one[f"{edge}_position"] = one[f"{edge}_height"] * HEIGHT + row[f"{edge}_position"] % HEIGHT
            made.append(one)
    return pa.Table.from_pylist(made, arrow_schema(Member))


def _filled(value: Any, mark: str) -> Any:
    return value.replace(COPY, mark).replace(GROUP, mark) if isinstance(value, str) else value


def _coded(uscc: str, mark: str) -> str:
    """Return a credit code of another entity, its check sign as right or as wrong."""
    if len(uscc) != USCC:
        return uscc
    number = int.from_bytes(sha256(f"{uscc} {mark}".encode()).digest())
    entity = "".join(SIGNS[number // 31**place % 31] for place in range(9))
    right = uscc_holds(uscc)
    return next(code for sign in SIGNS if uscc_holds(code := f"{uscc[:8]}{entity}{sign}") is right)


def _copied(table: type[Fact], rows: pa.Table, copies: int, groups: int) -> str:
    """Return the query of all copies of a table's rows: those of members' groups once for each group."""
    made = []
    for name in table.names:
        kind = rows.schema.field(name).type
        if name in ("from_height", "to_height"):
            made.append(f"b.{name} * {copies} + t.k as {name}")
        elif name in ("from_position", "to_position"):
            height = name.replace("position", "height")
            made.append(f"(b.{height} * {copies} + t.k) * {HEIGHT} + b.{name} % {HEIGHT} as {name}")
        elif pa.types.is_string(kind):
            made.append(f"{_replaced(f'b.{name}')} as {name}")
        elif pa.types.is_list(kind):
            made.append(f"list_transform(b.{name}, lambda one: {_replaced('one')}) as {name}")
        else:
            made.append(f"b.{name}")
    shared = f" where ends_with(b.id, '{COPY}') or t.k < {groups}"
    return f"select {', '.join(made)} from base b cross join turns t{shared}"


def _replaced(text: str) -> str:
    return f"replace(replace(replace({text}, '{COPY}', t.own), '{GROUP}', t.shared), '{NUMBER}', t.digits)"


def _write(engine: duckdb.DuckDBPyConnection, table: type[Fact], source: str, copies: int, folder: Path) -> None:
    file = folder / f"{table.label}.parquet"
    engine.execute(
        f"copy ({source} order by from_position) to '{file}' (format parquet, compression zstd, row_group_size {BATCH})"
    )


def load(bulk: Bulk, path: Path, tables: Collection[type[Fact]]) -> None:
    """Make a node's database of these fact tables, with a block for every height; indexes come after the rows."""
    Store.create(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1048576", "temp_store = FILE"):
        connection.execute(f"pragma {pragma}")
    with duckdb.connect(config={"memory_limit": "2GB"}) as engine:
        for table in tables:
            _load(connection, engine, bulk, table)
    block = BlockRow.__table__  # type: ignore[attr-defined]
    connection.execute("begin")
    connection.executemany(
        f"insert into block ({', '.join(block.c.keys())}) values ({', '.join('?' * len(block.c))})",
        ((at, _hash(at), _hash(at - 1), 1_704_067_200_000 + at, 1, 1, 0, _hash(at)) for at in range(bulk.height + 1)),
    )
    connection.execute("commit")
    connection.close()


def _hash(height: int) -> bytes:
    return (height + 1).to_bytes(32, "big")


def _load(connection: sqlite3.Connection, engine: duckdb.DuckDBPyConnection, bulk: Bulk, table: type[Fact]) -> None:
    columns = table.__table__.c
    kinds = {field.name: field.type for field in arrow_schema(table)}
    name = table.label
    # The key is made afterwards too, as an index like it: rows come in the order of the ledger, not of ids.
    declared = ", ".join(
        f'"{each}" {columns[each].type.compile(dialect=_DIALECT)}{"" if columns[each].nullable else " not null"}'
        for each in table.names
    )
    connection.execute(f'drop table "{name}"')
    connection.execute(f'create table "{name}" ({declared})')
    chosen = ", ".join(_told(each, kinds[each]) for each in table.names)
    found = engine.execute(f"select {chosen} from read_parquet('{bulk.folder / name}.parquet')")
    into = f'insert into "{name}" values ({", ".join("?" * len(table.names))})'
    connection.execute("begin")
    while rows := found.fetchmany(BATCH):
        connection.executemany(into, rows)
    connection.execute("commit")
    connection.execute(f'create unique index "key_{name}" on "{name}" (id, from_position)')
    for index in sorted(table.__table__.indexes, key=lambda one: str(one.name)):
        connection.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))


def _told(name: str, kind: pa.DataType) -> str:
    """Return a column as SQLite keeps it for the node."""
    name = f'"{name}"'  # one is named `limit`
    if pa.types.is_list(kind):
        return f"to_json({name})::varchar"
    if pa.types.is_date(kind):
        return f"strftime({name}, '%Y-%m-%d')"
    if pa.types.is_timestamp(kind):
        return f"strftime({name} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.000000')"
    return f"{name}::integer" if pa.types.is_boolean(kind) else name
