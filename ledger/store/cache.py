"""What the projection reads: the last version of things, from memory if it was used lately, else from the database."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import bindparam, func, or_, select

from ledger.errors import StoreDamaged
from ledger.facts import Fact
from ledger.position import Position
from ledger.store.tables import RecordRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Select

__all__ = ["CommittedFacts", "FactCache"]

F = TypeVar("F", bound=Fact)

CACHED = 32_768  # things; about 50 MB
AT_ONCE = 500  # names in one query; databases bound the parameters of a statement


class FactCache:
    """The last committed version of the things used lately, and of names known to be free. Bounded."""

    def __init__(self, size: int = CACHED) -> None:
        self._rows: OrderedDict[tuple[type[Fact], str], Fact | None] = OrderedDict()
        self._size = size

    def find(self, table: type[Fact], name: str) -> tuple[Fact | None] | None:
        """Return the last version in a tuple, or None when the cache does not know the thing."""
        key = (table, name)
        if key not in self._rows:
            return None
        self._rows.move_to_end(key)
        return (self._rows[key],)

    def keep(self, committed: Mapping[tuple[type[Fact], str], Fact | None]) -> None:
        """Take over what a committed transaction saw and changed."""
        for key, row in committed.items():
            self._rows[key] = row
            self._rows.move_to_end(key)
        while len(self._rows) > self._size:
            self._rows.popitem(last=False)

    def clear(self) -> None:
        """Forget everything: another process has written."""
        self._rows.clear()


class CommittedFacts:
    """The facts of the blocks before the one at ``height``, read inside its transaction (a ``projection.FactReader``).

    What that block and later ones began or ended is not seen, so the same block can be projected again at any time.
    """

    def __init__(self, connection: Connection, cache: FactCache, height: int) -> None:
        self._connection = connection
        self._cache = cache
        self._height = height
        self._bound = Position(height, 0, 0).number

    def latest(self, table: type[Fact], names: Iterable[str]) -> dict[str, Fact | None]:
        found: dict[str, Fact | None] = {}
        wanted = []
        for name in names:
            if known := self._cache.find(table, name):
                found[name] = known[0]
            else:
                wanted.append(name)
        for some in _by(wanted, AT_ONCE):
            found.update(dict.fromkeys(some))
            for row in self._rows(_latest(table), table, some):
                found[row.id] = row
        return found

    def live(self, table: type[F], column: str, values: Iterable[str]) -> list[F]:
        found: list[F] = []
        for some in _by(list(values), AT_ONCE):
            found.extend(self._rows(_live(table, column), table, some))
        return found

    def _rows(self, statement: Select[Any], table: type[F], names: list[str]) -> Iterator[F]:
        given = {"names": names, "bound": self._bound}
        try:
            for values in self._connection.execute(statement, given).mappings():
                row = table.from_columns(cast("Mapping[str, Any]", values))
                row.seen_from(self._height - 1)
                yield row
        except (ValueError, ArithmeticError) as failure:  # a date, a decimal or JSON that is none
            raise StoreDamaged(
                "store-damaged", f"A version of {', '.join(names[:3])} in {table.label} cannot be read: {failure}"
            ) from failure

    def exists(self, table: type[Fact]) -> bool:
        columns = table.__table__.c
        any_row = select(columns.id).where(columns.from_position < self._bound).limit(1)
        return self._connection.execute(any_row).first() is not None

    def kind_at(self, position: Position) -> str | None:
        columns = RecordRow.__table__.c  # type: ignore[attr-defined]
        return self._connection.execute(select(columns.kind).where(columns.position == position.number)).scalar()


def _by(names: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


_LATEST: dict[type[Fact], Select[Any]] = {}
_LIVE: dict[tuple[type[Fact], str], Select[Any]] = {}


def _latest(table: type[Fact]) -> Select[Any]:
    """The last version of each of ``names``: two steps down the primary key each, however long its history."""
    if table not in _LATEST:
        rows = table.__table__
        versions = rows.alias()
        began = versions.c.from_position
        last = select(func.max(began)).where(versions.c.id == rows.c.id, began < bindparam("bound")).scalar_subquery()
        _LATEST[table] = select(rows).where(
            rows.c.id.in_(bindparam("names", expanding=True)), rows.c.from_position == last
        )
    return _LATEST[table]


def _live(table: type[Fact], column: str) -> Select[Any]:
    if (table, column) not in _LIVE:
        rows = table.__table__
        _LIVE[table, column] = (
            select(rows)
            .where(
                rows.c[column].in_(bindparam("names", expanding=True)),
                rows.c.from_position < bindparam("bound"),
                or_(rows.c.to_position.is_(None), rows.c.to_position >= bindparam("bound")),
            )
            .order_by(rows.c.from_position, rows.c.id)
        )
    return _LIVE[table, column]
