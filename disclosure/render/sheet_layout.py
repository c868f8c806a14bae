"""How wide a workbook's columns are and how high its rows: nothing is cut, and a sheet stays narrow enough to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abs.figure import Unit
from disclosure.render.formats import shown
from disclosure.render.words import english, word
from disclosure.reports.report import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["all_columns", "cell_text", "phrase", "row_height", "span", "widths"]

LEAST = {Unit.FEN: 15, Unit.RATIO: 10, Unit.COUNT: 8, Unit.DAYS: 9, Unit.YEARS: 10, Unit.INDEX: 12, Unit.DATE: 11}
TEXT_WIDTH, WIDEST = 10, 44
WRAPPED = {
    "item": 38,
    "asset": 26,
    "invoices": 23,
    "creditor": 24,
    "debtor": 24,
    "records": 22,
    "figure": 40,
    "formula": 52,
    "inputs": 16,
    "lineage_records": 26,
}
"""The widest that columns of long texts get; what is longer takes more lines."""
JUDGED_ROWS = 200
LINE_HEIGHT, PADDING = 13.5, 2.5  # points
WIDE = "\u2e7f"  # from here on a character takes two columns


def all_columns(table: Table) -> tuple[Column, ...]:
    """A table's columns, and one for the records of its rows where they have any."""
    has_records = any(row.records for row in table.rows)
    return (*table.columns, Column(key="records", unit=Unit.TEXT)) if has_records else table.columns


def widths(tables: Sequence[Table]) -> list[float]:
    """The width of each column of a sheet, in characters, judged by the first rows of its tables."""
    found: dict[int, float] = {}
    for table in tables:
        for index, column in enumerate(all_columns(table)):
            found[index] = max(found.get(index, 0.0), _fitting(table, column, index))
    return [found[index] for index in sorted(found)]


def _fitting(table: Table, column: Column, index: int) -> float:
    if table.labels and index:
        return LEAST[Unit.FEN]  # a longer value spans the columns to its right
    rows = (*table.rows[:JUDGED_ROWS], *((table.total,) if table.total else ()))
    if index < len(table.columns):
        texts = [cell_text(row.cells[index], table, column) for row in rows]
    else:
        texts = [" ".join(row.records) for row in rows]
    longest = max((_taken(line) for text in texts for line in text.split("\n")), default=0)
    headings = (_taken(text(f"column.{column.key}")) for text in (word, english))
    least = max(LEAST.get(column.unit, TEXT_WIDTH), *headings)
    return max(least, min(longest, WRAPPED.get(column.key, WIDEST)))


def span(table: Table, sheet: Sequence[float]) -> int:
    """How many columns the values of a list of labels take: more than one where a text needs them."""
    longest = max((_taken(cell_text(row.cells[1], table, table.columns[1])) for row in table.rows), default=0)
    taken = 1
    while sum(sheet[1 : 1 + taken]) < longest and 1 + taken < len(sheet):
        taken += 1
    return taken


def row_height(texts: Sequence[tuple[str, float]]) -> float:
    """The height of a row in points, from the texts of its cells and the widths these have."""
    lines = max((sum(_lines(part, width) for part in text.split("\n")) for text, width in texts), default=1)
    return LINE_HEIGHT * min(lines, 30) + PADDING  # 409 points are the most that the format has


def _lines(text: str, width: float) -> int:
    """How many lines a text takes, broken between words; a word that is too long is broken anywhere."""
    lines, left = 1, width - 1
    for part in text.split(" "):
        needed = _taken(part) - 2
        if needed + 1 > left and left < width - 1:
            lines, left = lines + 1, width - 1
        if needed > left:
            more = -(-needed // max(1, int(width) - 2)) - 1
            lines, needed = lines + more, needed - more * (int(width) - 2)
        left -= needed + 1
    return lines


def _taken(text: str) -> int:
    return sum(2 if character > WIDE else 1 for character in text) + 2


def cell_text(cell: Cell, table: Table, column: Column) -> str:
    """What a cell shows."""
    return phrase(cell) if cell.word else shown(cell.value, table.unit(cell, column))


def phrase(cell: Cell) -> str:
    """The words a cell stands for; a label in both languages, anything else in the one that formulas look for."""
    key = str(cell.content)
    return f"{word(key)}  {english(key)}" if key.startswith("item.") else word(key)
