"""The assets of a measured pool, of which every session of the node gets a page at a time.

What a pool holds of a receivable (a part of its certificate, the pieces it was split into, its share of a payment) is
defined once, in ``abs.reading``; a page is found in the frame that it made, once per height and day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

import polars as pl

from dashboards.paging import Page, PageQuery

__all__ = ["AssetLine", "PoolRows"]

_BREAK = "\n"


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
    """The rows of one pool at one height on one day; asked from any thread."""

    def __init__(self, listed: pl.DataFrame, names: Mapping[str, str]) -> None:
        """Keep what ``abs.pool.Pool.listed`` lists, with members by ``names``."""
        ids = {side: pl.col(side).cast(pl.String) for side in ("debtor", "creditor")}
        known = {side: id_.replace(dict(names)) for side, id_ in ids.items()}
        numbers = pl.col("numbers").fill_null([]).alias("invoices")
        searched = [pl.col("asset"), pl.col("numbers").list.join(_BREAK).fill_null(""), *ids.values(), *known.values()]
        self._rows = listed.select(
            *(known.get(one.name, numbers if one.name == "invoices" else pl.col(one.name)) for one in _LINE),
            pl.concat_str(searched, separator=_BREAK).str.to_lowercase().alias("searched"),
        ).sort("asset")

    def page(self, query: PageQuery) -> Page[AssetLine]:
        """The page the query asks for: the text it searches for, in either case, is in the id, an invoice number, or
        the id or name of a party. Raises KeyError for a column there is not."""
        if query.sort not in self._rows.columns:
            raise KeyError(query.sort)
        found = self._rows.lazy().with_row_index("place").select("place", query.sort, "searched")
        if query.search:
            found = found.filter(pl.col("searched").str.contains(query.search.lower(), literal=True))
        # Stable: among equals the order of ids stays, which is that of the rows.
        places = found.sort(query.sort, descending=query.descending, maintain_order=True).select("place").collect()
        chosen = self._rows[places["place"].slice(query.page * query.size, query.size)].drop("searched")
        lines = (AssetLine(**{**row, "invoices": tuple(row["invoices"])}) for row in chosen.iter_rows(named=True))
        return Page(rows=tuple(lines), total=places.height, query=query)


_LINE = fields(AssetLine)
