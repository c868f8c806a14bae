"""Reading the facts as of a height: the same answer at any later time, whatever was committed since."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session

from ledger.business_day import business_day
from ledger.facts import Fact
from ledger.store.engine import guarded
from ledger.store.tables import BlockRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Engine, Executable, Result

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

    def __init__(self, engine: Engine, block: BlockRow) -> None:
        self._engine = engine
        self.height = block.height
        self.block_hash = block.hash
        self.facts_digest = block.facts_digest
        self.time = moment(block.timestamp)
        """Time of the block, UTC."""

    def current(self, table: type[Fact]) -> ColumnElement[bool]:
        """Return the clause by which a version of the table (or an alias of it) holds at the height."""
        rows: Any = table
        return and_(rows.from_height <= self.height, or_(rows.to_height.is_(None), rows.to_height > self.height))

    def begun(self, table: type[Fact]) -> ColumnElement[bool]:
        """Return the clause by which a version of the table had begun by the height, ended or not."""
        rows: Any = table
        return and_(rows.from_height <= self.height)

    def get(self, table: type[F], id: str) -> F | None:  # noqa: A002 - the column's name
        """Return the version of a thing that holds, or None."""
        rows: Any = table
        found = self.select(table, rows.id == id, limit=1)
        return found[0] if found else None

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
        with guarded(READING), self._engine.connect() as connection:
            return connection.execute(statement).freeze()()

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

    def _rows(self, table: type[F], where: tuple[Any, ...], order_by: Any, limit: int | None, offset: int) -> list[F]:
        rows: Any = table
        statement = select(table).where(*where)
        if order_by is None:
            statement = statement.order_by(rows.from_position, rows.id)
        else:
            orders = order_by if isinstance(order_by, tuple | list) else (order_by,)
            statement = statement.order_by(*orders, rows.from_position, rows.id)
        statement = statement.limit(limit).offset(offset or None)
        with guarded(READING), Session(self._engine) as session:
            found = list(session.scalars(statement))
            session.expunge_all()
        for row in found:
            row.seen_from(self.height)
        return found
