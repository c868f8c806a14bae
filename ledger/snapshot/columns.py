"""How a fact table's columns stand in Parquet, and how they come back as the very values the database holds.

Money and heights are 64-bit integers, days are dates, instants are UTC seconds, lists of names are lists of text. A
rate stays the digits that the record stated (``Exact``), and structured JSON stays canonical text, so that the facts
digest can be computed again from the files alone.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

import pyarrow as pa
from sqlalchemy import JSON, Boolean, Date, Integer, String, TypeDecorator
from sqlalchemy.types import TypeEngine

from ledger.fact import Exact, Instant
from ledger.records.base import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.fact import Fact

__all__ = ["arrow_schema", "decimals", "plain_columns", "to_arrow"]

_PLAIN: dict[type[TypeEngine[Any]], pa.DataType] = {
    Boolean: pa.bool_(),
    Integer: pa.int64(),
    Date: pa.date32(),
    String: pa.string(),
}


def _texts(table: type[Fact], name: str) -> bool:
    """Tell whether a JSON column is a list of text."""
    annotation = table.model_fields[name].annotation
    return get_origin(annotation) is list and get_args(annotation) == (str,)


def _arrow_type(table: type[Fact], name: str) -> pa.DataType:
    kind = table.__table__.c[name].type
    if isinstance(kind, Instant):
        return pa.timestamp("s", tz="UTC")
    if isinstance(kind, JSON):
        return pa.list_(pa.string()) if _texts(table, name) else pa.string()
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    for family, found in _PLAIN.items():
        if isinstance(plain, family):
            return found
    raise TypeError(f"{table.label}.{name} has a type that a snapshot does not know")


def arrow_schema(table: type[Fact]) -> pa.Schema:
    """Return the Parquet schema of a fact table: its columns in order, nullable where the table's are."""
    columns = table.__table__.c
    return pa.schema(
        [pa.field(name, _arrow_type(table, name), nullable=columns[name].nullable) for name in table.names]
    )


def decimals(table: type[Fact]) -> tuple[str, ...]:
    """Return the columns whose text is a decimal."""
    return tuple(name for name in table.names if isinstance(table.__table__.c[name].type, Exact))


def to_arrow(table: type[Fact]) -> dict[str, Callable[[Any], Any]]:
    """Return how a column's value is put into Parquet, for those that do not go as they are."""
    found: dict[str, Callable[[Any], Any]] = dict.fromkeys(decimals(table), lambda value: format(value, "f"))
    found |= dict.fromkeys(_structured(table), lambda value: canonical(value).decode())
    return found


def _from_arrow(table: type[Fact]) -> dict[str, Callable[[Any], Any]]:
    """Return how a value of Parquet becomes the database's again."""
    found: dict[str, Callable[[Any], Any]] = dict.fromkeys(decimals(table), Decimal)
    found |= dict.fromkeys(_structured(table), json.loads)
    found |= dict.fromkeys(_instants(table), lambda value: cast("datetime", value).astimezone(UTC))
    return found


def plain_columns(table: type[Fact], rows: pa.Table | pa.RecordBatch) -> list[list[Any]]:
    """Return the columns of a fact table's rows in order, as the values that the database holds."""
    converts = _from_arrow(table)
    return [_plain_values(rows.column(name), converts.get(name)) for name in table.names]


def _plain_values(column: Any, convert: Callable[[Any], Any] | None) -> list[Any]:
    """Return a column's values. Days and instants are few, and lists short: made one by one they would take longest."""
    kind = column.type
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_temporal(kind):
        coded = column.dictionary_encode()
        known = coded.dictionary.to_pylist()
        known = known if convert is None else [convert(each) for each in known]
        return [None if at is None else known[at] for at in coded.indices.to_pylist()]
    if pa.types.is_list(kind):
        values, ends = column.flatten().to_pylist(), _ends(column)
        lists = [values[start:end] for start, end in pairwise((0, *ends))]
        return (
            lists
            if not column.null_count
            else [one if there else None for one, there in zip(lists, column.is_valid().to_pylist(), strict=True)]
        )
    values = column.to_pylist()
    return values if convert is None else [None if each is None else convert(each) for each in values]


def _ends(lists: pa.ListArray) -> list[int]:
    """Return where each list ends within all their values in a row."""
    return list(accumulate(length or 0 for length in lists.value_lengths().to_pylist()))


def _structured(table: type[Fact]) -> tuple[str, ...]:
    columns = table.__table__.c
    return tuple(name for name in table.names if isinstance(columns[name].type, JSON) and not _texts(table, name))


def _instants(table: type[Fact]) -> tuple[str, ...]:
    return tuple(name for name in table.names if isinstance(table.__table__.c[name].type, Instant))
