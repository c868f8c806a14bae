"""The facts digest: one hash per height that two nodes with the same facts, and only those, have in common.

    d(H) = SM3( d(H-1) | the lines of block H ),   d(-1) = 32 zero bytes

A line is canonical JSON and a line feed: ``["+", table, values...]`` for a version that began at H (its stated columns,
in order), ``["-", table, id, from_position, to_position]`` for one that ended there. Lines are sorted as bytes. Dates
and instants are ISO 8601, rates decimal text. The fact tables alone hold all of it, so it can be computed again.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ledger.facts import FACTS, Fact
from ledger.position import Position
from ledger.suites import sm3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

__all__ = ["NO_FACTS", "begun_line", "block_digest", "block_lines", "chained", "ended_line", "recompute"]

NO_FACTS = bytes(32)
ROWS = 2_000  # read at a time


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"  # strftime leaves early years unpadded
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is no fact's value")


# Keys are sorted: a database need not keep the order in which an object named them.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain).encode


def begun_line(table: str, values: Iterable[Any]) -> bytes:
    """Return the line of a version that began: its stated columns in order."""
    return _encode(["+", table, *values]).encode() + b"\n"


def ended_line(table: str, name: str, began: int, ended: int) -> bytes:
    """Return the line of a version that ended."""
    return _encode(["-", table, name, began, ended]).encode() + b"\n"


def block_lines(begun: Iterable[Fact], ended: Iterable[Fact]) -> list[bytes]:
    """Return the lines of one block: versions it began (those it ended again included), earlier ones it ended."""
    lines = []
    for row in begun:
        values, kind = row.__dict__, type(row)
        lines.append(begun_line(kind.label, [values[name] for name in kind.stated]))
        if row.to_position is not None:
            lines.append(ended_line(kind.label, row.id, row.from_position, row.to_position))
    for row in ended:
        assert row.to_position is not None
        lines.append(ended_line(type(row).label, row.id, row.from_position, row.to_position))
    return lines


def block_digest(before: bytes, lines: Iterable[bytes]) -> bytes:
    """Return d(H) from d(H-1) and the lines of block H in any order."""
    return sm3(before, *sorted(lines))


def recompute(connection: Connection, height: int) -> bytes:
    """Return d(height) from the fact tables alone, in memory that does not grow with them."""
    begun = [_begun_by(connection, table, height) for table in FACTS]
    ended = [_ended_by(connection, table, height) for table in FACTS]
    return chained([*begun, *ended], height)


def chained(streams: Iterable[Iterator[tuple[int, bytes]]], height: int) -> bytes:
    """Return d(height) from streams of (height, line), each in order of height.

    Raises ValueError for a line at no height from 0 to ``height``, or out of order.
    """
    digest, at = NO_FACTS, -1
    for changed, group in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        if not at < changed <= height:
            raise ValueError(f"a version is said to begin or end at height {changed}, which is none after {at}")
        digest = _after_empty(digest, changed - at - 1)
        digest, at = block_digest(digest, (line for _, line in group)), changed
    return _after_empty(digest, height - at)


def _after_empty(digest: bytes, blocks: int) -> bytes:
    """Return the digest after so many blocks without a line: one bare hash each."""
    start = hashlib.new("sm3")  # copied: looking the function up takes longer than the hash
    for _ in range(blocks):
        hashed = start.copy()
        hashed.update(digest)
        digest = hashed.digest()
    return digest


def _begun_by(connection: Connection, table: type[Fact], height: int) -> Iterator[tuple[int, bytes]]:
    columns = table.__table__.c
    statement = (
        select(columns.from_height, *(columns[name] for name in table.stated))
        .where(columns.from_position < Position(height + 1, 0, 0).number)
        .order_by(columns.from_position)
    )
    for began, *values in connection.execute(statement, execution_options={"yield_per": ROWS}):
        yield began, begun_line(table.label, values)


def _ended_by(connection: Connection, table: type[Fact], height: int) -> Iterator[tuple[int, bytes]]:
    columns = table.__table__.c
    statement = (
        select(columns.to_height, columns.id, columns.from_position, columns.to_position)
        .where(columns.to_position < Position(height + 1, 0, 0).number)
        .order_by(columns.to_position)
    )
    for ended, name, began, position in connection.execute(statement, execution_options={"yield_per": ROWS}):
        yield ended, ended_line(table.label, name, began, position)
