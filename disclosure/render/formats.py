"""How values look, on a page and in a workbook: the one place that says so.

Amounts are kept in fen and shown in yuan, ratios as per cent, dates as ISO 8601.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from abs.figure import UNDEFINED, Figure, Unit
from abs.money import CONTEXT

if TYPE_CHECKING:
    from disclosure.reports.report import Plain

__all__ = ["NUMBER_FORMATS", "PLACES", "number_format", "sheet_value", "shown"]

QUOTED_PLACES = 6  # of a yuan, where a fraction of a fen is meant: payments per 100 yuan face are quoted so

PLACES = {Unit.FEN: 2, Unit.RATIO: 2, Unit.DAYS: 2, Unit.YEARS: 4, Unit.INDEX: 6, Unit.COUNT: 0}

NUMBER_FORMATS = {
    Unit.FEN: "#,##0.00",
    Unit.RATIO: "0.00%",
    Unit.COUNT: "#,##0",
    Unit.DAYS: "#,##0.00",
    Unit.YEARS: "0.0000",
    Unit.INDEX: "0.000000",
    Unit.DATE: "yyyy-mm-dd",
    Unit.TEXT: "@",
}
QUOTED_FORMAT = "#,##0.000000"
DAYS_FORMAT = "#,##0"


def shown(value: Plain, unit: Unit) -> str:
    """Return a value as a person reads it on a page."""
    if value is None:
        return UNDEFINED
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and unit in {Unit.DAYS, Unit.COUNT}:
        return f"{value:,}"
    places = QUOTED_PLACES if _quoted(value, unit) else PLACES.get(unit, 2)
    figure = Figure(name="", value=value, unit=unit, formula="", height=0)
    return figure.text(places)


def sheet_value(value: Plain, unit: Unit) -> int | float | date | str:
    """Return a value as a spreadsheet keeps it: yuan for fen, and a number wherever it is one."""
    if value is None:
        return UNDEFINED
    if isinstance(value, str | date):
        return value
    if unit is Unit.FEN:
        return float(CONTEXT.divide(Decimal(value), Decimal(100)))
    return float(value) if isinstance(value, Decimal) else value


def number_format(value: Plain, unit: Unit) -> str:
    """Return the spreadsheet's format for a value."""
    if isinstance(value, str) or value is None:
        return NUMBER_FORMATS[Unit.TEXT]
    if _quoted(value, unit):
        return QUOTED_FORMAT
    if unit is Unit.DAYS and isinstance(value, int):
        return DAYS_FORMAT
    return NUMBER_FORMATS[unit]


def _quoted(value: Plain, unit: Unit) -> bool:
    return unit is Unit.FEN and isinstance(value, Decimal)
