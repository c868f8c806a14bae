"""Questions for facts that are asked all the time: each is compiled once, and asked without what SQLAlchemy adds to it.

Following the ledger asks a hundred small questions a block, whose cost is that of asking rather than of answering.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from json import dumps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ARRAY, String, Table, and_, any_, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.exc import DBAPIError

from ledger.fact import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Connection, Dialect, Executable, Select

__all__ = ["Narrowed", "Prepared", "Question", "among", "changed", "changing", "stated"]

F = TypeVar("F", bound=Fact)

_UNTELLABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What else must hold of a version beside its column having one of some values.

    ``within``: a column of days with the first and the last that count; ``unnamed``: a table and its column that must
    not name the thing by the height; ``also``: other columns, of text or whole numbers, each with the values it may
    have.
    """

    within: tuple[str, date, date] | None = None
    unnamed: tuple[type[Fact], str] | None = None
    also: Mapping[str, Collection[str] | Collection[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A statement in the words of one database, and how what it is given and what it answers is written there."""

    words: str
    order: tuple[str, ...] | None
    """The names of what is given, in order, where the database knows places and not names."""
    writes: tuple[tuple[str, Callable[[Any], Any]], ...]
    reads: tuple[tuple[str, Callable[[Any], Any]], ...]

    def ask(self, connection: Connection, given: dict[str, Any]) -> Sequence[Any]:
        """Return the rows as the driver gives them, in the transaction that the connection has begun.

        Raises DBAPIError as SQLAlchemy would.
        """
        for name, write in self.writes:
            given[name] = write(given[name])
        bound = given if self.order is None else tuple(given[name] for name in self.order)
        dialect = connection.dialect
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.words, bound)
            return cursor.fetchall()
        except dialect.loaded_dbapi.Error as failure:
            raise DBAPIError.instance(self.words, bound, failure, dialect.loaded_dbapi.Error, dialect=dialect) from None
        finally:
            cursor.close()

    def facts(self, connection: Connection, table: type[F], given: dict[str, Any], height: int) -> Iterator[F]:
        """Yield the rows of a statement that selects the table as values seen from the height."""
        names, reads = table.names, self.reads
        for row in self.ask(connection, given):
            values = dict(zip(names, row, strict=True))
            for name, read in reads:
                values[name] = read(values[name])
            ended = values["to_height"]
            if ended is not None and ended > height:  # from there it was not known
                values["to_height"] = values["to_position"] = None
            yield table.as_read(values)


class Prepared:
    """A statement, of texts and numbers, that is asked all the time: put together once for each kind of database."""

    def __init__(self, made: Callable[[Callable[[Any, str], ColumnElement[bool]]], Select[Any]]) -> None:
        """``made`` returns it, given what makes the clause that a column is one of the values given under a name."""
        self._made = made
        self._questions: dict[str, Question] = {}

    def rows(self, connection: Connection, **given: Sequence[Any]) -> Sequence[Any]:
        """Return the rows as the driver gives them, in the transaction that the connection has begun."""
        dialect = connection.dialect
        if dialect.name not in self._questions:
            statement = self._made(lambda column, name: _one_of(dialect, column, name))
            self._questions[dialect.name] = _compiled(dialect, statement, None, {}, tuple(given))
        return self._questions[dialect.name].ask(connection, dict(given))


@lru_cache(maxsize=2_048)
def among(
    dialect: Dialect,
    table: type[Fact],
    column: str,
    day: str | None,
    unnamed: tuple[type[Fact], str] | None,
    also: tuple[str, ...] = (),
) -> Question:
    """Return the question for the versions whose column is one of ``wanted``, begun before the position ``bound``.

    ``day``: a column that is from ``first`` to ``last``; ``unnamed``: a table and its column that do not name the
    thing; ``also``: columns of text or whole numbers each of which is one of what is given under its name.
    """
    columns = table.__table__.c
    statement = select(table.__table__).where(_one_of(dialect, columns[column]), columns.from_position < _position())
    days = {}
    if day is not None:
        statement = statement.where(columns[day].between(bindparam("first"), bindparam("last")))
        days = {"first": columns[day].type, "last": columns[day].type}
    if unnamed is not None:
        links = unnamed[0].__table__.c
        naming = select(links.id).where(links[unnamed[1]] == columns.id, links.from_position < _position())
        statement = statement.where(~naming.exists())
    for each in also:
        statement = statement.where(_one_of(dialect, columns[each], each))
    return _compiled(dialect, statement, table.__table__, days, ("wanted", *also))


@lru_cache(maxsize=512)
def changed(dialect: Dialect, table: type[Fact]) -> Question:
    """Return the question for the versions that began or ended from the position ``first`` to before ``bound``."""
    columns = table.__table__.c
    statement = select(table.__table__).where(or_(*_within(table)), columns.from_position < _position())
    return _compiled(dialect, statement.order_by(columns.from_position, columns.id), table.__table__, {})


@lru_cache(maxsize=512)
def changing(dialect: Dialect, tables: tuple[type[Fact], ...]) -> Question:
    """Return the question for the labels of those of the tables in which a version so began or ended."""
    asked: list[Select[Any]] = []
    for table in tables:
        any_of = (select(1).where(each).exists() for each in _within(table))
        asked.append(select(literal_column(f"'{table.label}'")).where(or_(*any_of)))
    return _compiled(dialect, union_all(*asked), None, {})


@lru_cache(maxsize=512)
def stated(dialect: Dialect, table: type[Fact], column: str) -> Question:
    """Return the question for those of ``wanted`` that the column states in a version begun before ``bound``.

    Of each the index is asked for one row.
    """
    columns, value = table.__table__.c, _values(dialect).c.value
    naming = select(1).where(columns[column] == value, columns.from_position < _position())
    return _compiled(dialect, select(value).where(naming.exists()), None, {})


def _position() -> Any:
    return bindparam("bound")


def _within(table: type[Fact]) -> tuple[ColumnElement[bool], ...]:
    columns = table.__table__.c
    return tuple(
        and_(each >= bindparam("first"), each < _position()) for each in (columns.from_position, columns.to_position)
    )


def _values(dialect: Dialect, name: str = "wanted", kind: Any = String) -> Any:
    """Return the table, with a column ``value``, of the values given as ``name``: one, however many there are in it."""
    if dialect.name == "sqlite":
        return func.json_each(bindparam(name)).table_valued("value")
    return func.unnest(_array(name, kind)).table_valued("value").render_derived()


def _array(name: str, kind: Any) -> Any:
    return bindparam(name, type_=ARRAY(kind))


def _one_of(dialect: Dialect, column: Any, name: str = "wanted") -> Any:
    """Return the clause by which a column is one of the values given as ``name``."""
    if dialect.name == "sqlite":
        return column.in_(select(_values(dialect, name).c.value))
    return column == any_(_array(name, column.type))


def _as_json(values: Sequence[Any]) -> str:
    told = dumps(values)  # written in ASCII: what is untellable has begun with one of these
    return dumps(_tellable(values)) if "\\u0000" in told or "\\ud" in told else told


def _tellable(values: Sequence[Any]) -> list[Any]:
    """Return those of the values that a fact may have: a NUL or half a pair is in no text, and confuses databases."""
    return [one for one in values if not isinstance(one, str) or _UNTELLABLE.search(one) is None]


def _compiled(
    dialect: Dialect,
    statement: Executable,
    table: Table | None,
    days: dict[str, Any],
    many: tuple[str, ...] = ("wanted",),
) -> Question:
    compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    writes = [(name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in days.items()]
    write = _as_json if dialect.name == "sqlite" else _tellable
    writes += [(name, write) for name in many if name in compiled.binds]
    columns = () if table is None else table.columns
    reads = [(each.name, each.type.dialect_impl(dialect).result_processor(dialect, None)) for each in columns]
    return Question(
        words=str(compiled),
        order=tuple(compiled.positiontup) if compiled.positional else None,
        writes=tuple((name, write) for name, write in writes if write is not None),
        reads=tuple((name, read) for name, read in reads if read is not None),
    )
