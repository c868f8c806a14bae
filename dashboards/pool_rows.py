"""The assets of measured pools as small SQL tables in memory, shared by every session of the node.

What a pool holds of a receivable (a part of its certificate, the pieces it was split into, its share of a payment) is
defined once, in ``abs.reading``; restating it as SQL would be a second definition that could disagree. So a measured
pool's rows are laid out once per height and day as an indexed table, from which any session gets a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock

from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
)
from sqlalchemy.pool import StaticPool

from abs.assets import AssetRow
from dashboards.paging import Page, PageQuery

__all__ = ["AssetLine", "PoolRows"]

_TABLE = Table(
    "asset",
    MetaData(),
    SqlColumn("asset", String, primary_key=True),
    SqlColumn("invoices", String),
    SqlColumn("debtor", String, index=True),
    SqlColumn("creditor", String, index=True),
    SqlColumn("amount", Integer, index=True),
    SqlColumn("outstanding", Integer, index=True),
    SqlColumn("due", Date, index=True),
    SqlColumn("days_past_due", Integer, index=True),
    SqlColumn("searched", String),
)
_INVOICE_BREAK = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLine:
    """One asset on a day, parties by name, amounts in fen; ``days_past_due`` is 0 when not overdue or fully paid."""

    asset: str
    invoices: tuple[str, ...]
    debtor: str
    creditor: str
    amount: int
    outstanding: int
    due: date
    days_past_due: int


class PoolRows:
    """The rows of one pool at one height on one day; asked from any thread, one at a time."""

    def __init__(self, rows: Iterable[AssetRow], names: Mapping[str, str]) -> None:
        self._asking = Lock()
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        _TABLE.metadata.create_all(self._engine)
        laid_out = [_laid_out(row, names) for row in rows]
        if laid_out:
            with self._engine.begin() as connection:
                connection.execute(insert(_TABLE), laid_out)

    def page(self, query: PageQuery) -> Page[AssetLine]:
        """The page the query asks for. Raises KeyError for a column there is not."""
        found = _found(query.search)
        column = _TABLE.c[query.sort]
        order = column.desc() if query.descending else column.asc()
        wanted = select(_TABLE).where(found).order_by(order, _TABLE.c.asset)
        counted = select(func.count()).select_from(_TABLE).where(found)
        with self._asking, self._engine.connect() as connection:
            total = connection.execute(counted).scalar_one()
            rows = connection.execute(wanted.limit(query.size).offset(query.page * query.size)).all()
        lines = tuple(
            AssetLine(
                asset=row.asset,
                invoices=tuple(row.invoices.split(_INVOICE_BREAK)) if row.invoices else (),
                debtor=row.debtor,
                creditor=row.creditor,
                amount=row.amount,
                outstanding=row.outstanding,
                due=row.due,
                days_past_due=row.days_past_due,
            )
            for row in rows
        )
        return Page(rows=lines, total=total, query=query)


def _laid_out(row: AssetRow, names: Mapping[str, str]) -> dict[str, object]:
    debtor, creditor = names.get(row.debtor, row.debtor), names.get(row.creditor, row.creditor)
    searched = (row.asset, *row.invoices, row.debtor, debtor, row.creditor, creditor)
    return {
        "asset": row.asset,
        "invoices": _INVOICE_BREAK.join(row.invoices),
        "debtor": debtor,
        "creditor": creditor,
        "amount": row.amount,
        "outstanding": row.outstanding,
        "due": row.due,
        "days_past_due": row.days_past_due,
        "searched": _INVOICE_BREAK.join(searched).casefold(),
    }


def _found(search: str) -> ColumnElement[bool]:
    """The text occurs, in either case, in the id, an invoice number, or the id or name of a party."""
    return func.instr(_TABLE.c.searched, search.casefold()) > 0
