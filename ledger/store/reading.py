"""Reading the facts as of a height: the same answer at any later time, whatever was committed since."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from copy import copy
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import and_, func, or_, select

from ledger.business_day import business_day
from ledger.errors import StoreUnavailable
from ledger.facts import Fact
from ledger.position import Position
from ledger.store import questions
from ledger.store.engine import reading
from ledger.store.schema import rebuilding
from ledger.store.tables import BlockRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Executable, Result, Row

    from ledger.store.questions import Narrowed
    from ledger.store.store import Head

__all__ = ["AsOf"]

F = TypeVar("F", bound=Fact)

READING = "reading facts"


def moment(timestamp: int) -> datetime:
    """Return a block's time, ms since 1970, as a UTC instant."""
    return datetime.fromtimestamp(timestamp / 1000, UTC)


class AsOf:
    """The facts as of one height. Rows come back as values on their own; no session stays open.

    A version that ended after the height is returned as it stood then: without its end.
    """

    def __init__(self, engine: Engine, block: Head) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self.height = block.height
        self.block_hash = block.hash
        self.facts_digest = block.facts_digest
        self.time = moment(block.timestamp)
        """Time of the block, UTC."""

    @contextmanager
    def at_once(self) -> Iterator[Self]:
        """Give the same facts, whatever is asked of them read in one transaction: for many small questions in a row.

        For one thread, and until the block ends. Raises StoreUnavailable ``facts-rebuilding`` or ``facts-changed``.
        """
        if self._connection is not None:
            yield self
            return
        with ExitStack() as stack:
            with reading(READING):  # what the caller does with the answers is not guarded
                connection = stack.enter_context(self._engine.connect())
                self._check(connection)
            held = copy(self)
            held._connection = connection  # noqa: SLF001 of the same class
            yield held

    def earlier(self, height: int) -> Self:
        """Return the facts as of this height or one before it, read in the same transaction where these are.

        ValueError for a later height. Raises StoreUnavailable ``facts-rebuilding``.
        """
        if not 0 <= height <= self.height:
            raise ValueError(f"height {height} is not one up to {self.height}")
        columns = BlockRow.__table__.c  # type: ignore[attr-defined]
        statement = select(columns.hash, columns.facts_digest, columns.timestamp).where(columns.height == height)
        with self._reading() as connection:
            block = connection.execute(statement).one()
        if not block.facts_digest:
            raise rebuilding()
        found = copy(self)
        found.height, found.block_hash, found.facts_digest = height, block.hash, block.facts_digest
        found.time = moment(block.timestamp)
        return found

    def current(self, table: type[Fact]) -> ColumnElement[bool]:
        """Return the clause by which a version of the table (or an alias of it) holds at the height."""
        rows: Any = table
        return and_(self.begun(table), or_(rows.to_position.is_(None), rows.to_position >= self._bound))

    def begun(self, table: type[Fact]) -> ColumnElement[bool]:
        """Return the clause by which a version of the table had begun by the height, ended or not."""
        rows: Any = table
        begun: ColumnElement[bool] = rows.from_position < self._bound  # which indexes hold, unlike the height
        return begun

    @property
    def _bound(self) -> int:
        """The first position after the height."""
        return Position(self.height + 1, 0, 0).number

    def get(self, table: type[F], id: str) -> F | None:  # noqa: A002 - the column's name
        """Return the version of a thing that holds, or None: one step down the primary key, however long its history.

        Only the last that had begun can hold, as each ends where the next begins.
        """
        rows: Any = table
        found = self._rows(table, (rows.id == id, self.begun(table)), rows.from_position.desc(), 1, 0)
        return found[0] if found and found[0].to_height is None else None

    def select(
        self, table: type[F], *where: Any, order_by: Any = None, limit: int | None = None, offset: int = 0
    ) -> list[F]:
        """Return the versions that hold and meet the clauses, in ledger order unless another is given."""
        return self._rows(table, (self.current(table), *where), order_by, limit, offset)

    def select_ended(
        self, table: type[F], *where: Any, order_by: Any = None, limit: int | None = None, offset: int = 0
    ) -> list[F]:
        """Return every version that had begun by the height and meets the clauses, those that ended included."""
        return self._rows(table, (self.begun(table), *where), order_by, limit, offset)

    def among(self, table: type[F], column: str, values: Sequence[str], narrowed: Narrowed | None = None) -> list[F]:
        """Return, in no order, every version that had begun whose column is one of the values, some thousands at most.

        For whoever asks small questions all the time: the statement is made once for a table and columns.
        """
        only = narrowed or questions.Narrowed()
        day, first, last = only.within or (None, None, None)
        given = {"wanted": values, "bound": self._bound} | ({} if day is None else {"first": first, "last": last})
        given |= {name: list(each) for name, each in only.also.items()}
        with self._reading() as connection:
            question = questions.among(connection.dialect, table, column, day, only.unnamed, tuple(only.also))
            return list(question.facts(connection, table, given, self.height))

    def changed(self, tables: Iterable[type[Fact]], after: int) -> dict[type[Fact], Sequence[Fact]]:
        """Return by table, of those that have any, the versions that began or ended after a height, up to this one."""
        asked = tuple(tables)
        found: dict[type[Fact], Sequence[Fact]] = {}
        with self._reading() as connection:
            between = {"first": Position(after + 1, 0, 0).number, "bound": self._bound}
            having = {label for (label,) in questions.changing(connection.dialect, asked).ask(connection, between)}
            for table in asked:
                if table.label in having:
                    question = questions.changed(connection.dialect, table)
                    found[table] = list(question.facts(connection, table, between, self.height))
        return found

    def stated(self, table: type[Fact], column: str, values: Sequence[str]) -> set[str]:
        """Return those of the values that a version which had begun states in the column."""
        with self._reading() as connection:
            question = questions.stated(connection.dialect, table, column)
            return {value for (value,) in question.ask(connection, {"wanted": values, "bound": self._bound})}

    def history(self, table: type[F], id: str) -> list[F]:  # noqa: A002 - the column's name
        """Return the versions of a thing up to the height, oldest first."""
        rows: Any = table
        return self.select_ended(table, rows.id == id)

    def count(self, table: type[Fact], *where: Any) -> int:
        """Return how many versions hold and meet the clauses."""
        statement = select(func.count()).select_from(table).where(self.current(table), *where)
        return int(self.execute(statement).scalar_one())

    def execute(self, statement: Executable) -> Result[Any]:
        """Return all rows of a statement of your own; its clauses must hold it to the height (:meth:`current`)."""
        with self._reading() as connection:
            return connection.execute(statement).freeze()()

    def stream(self, table: type[Fact], size: int) -> Iterator[Sequence[Row[Any]]]:
        """Yield every version that had begun by the height, in the order of records, at most ``size`` at a time.

        Rows hold every column in order, ends after the height included: the caller knows the height.
        """
        columns = table.__table__.c
        statement = select(*columns).where(columns.from_height <= self.height).order_by(columns.from_position)
        with self._reading() as connection:
            yield from connection.execute(statement, execution_options={"yield_per": size}).partitions()

    def days(self, heights: Iterable[int]) -> dict[int, date]:
        """Return the business day of each of these blocks."""
        wanted = set(heights)
        if not wanted:
            return {}
        columns = BlockRow.__table__.c  # type: ignore[attr-defined]
        statement = select(columns.height, columns.timestamp).where(columns.height.between(min(wanted), max(wanted)))
        return {
            row.height: business_day(moment(row.timestamp)) for row in self.execute(statement) if row.height in wanted
        }

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Give a transaction that sees the facts this height was asked about, or none: a rebuild may have come between.

        Raises StoreUnavailable ``facts-rebuilding`` or ``facts-changed``.
        """
        with reading(READING):
            if self._connection is not None:
                yield self._connection
                return
            with self._engine.connect() as connection:
                self._check(connection)
                yield connection

    def _check(self, connection: Connection) -> None:
        """Raise unless the facts are those that were asked about."""
        # Asked before every reading, so without what SQLAlchemy adds to a statement.
        statement = f"SELECT facts_digest FROM block WHERE height = {self.height:d}"  # noqa: S608 a number
        found = connection.exec_driver_sql(statement).scalar()
        if not found:
            raise rebuilding()
        if found != self.facts_digest:
            raise StoreUnavailable(
                "facts-changed",
                f"The facts at block {self.height} were rebuilt and are others than before",
                next_step="Ask again.",
            )

    def _rows(self, table: type[F], where: tuple[Any, ...], order_by: Any, limit: int | None, offset: int) -> list[F]:
        columns = table.__table__.c
        orders = () if order_by is None else order_by if isinstance(order_by, tuple | list) else (order_by,)
        statement = select(table.__table__).where(*where).order_by(*orders, columns.from_position, columns.id)
        if limit is not None or offset:
            statement = statement.limit(limit).offset(offset or None)
        return self._versions(table, statement, {})

    def _versions(self, table: type[F], statement: Executable, given: dict[str, Any]) -> list[F]:
        with self._reading() as connection:
            # As plain values: an ORM's session would take most of the time of a small question.
            names = table.names  # every column in order, as the table selects them
            found = [table.as_read(dict(zip(names, row, strict=True))) for row in connection.execute(statement, given)]
        for row in found:
            row.seen_from(self.height)
        return found
