"""A report as a value: sections of tables whose cells are figures, so that every number can be traced.

Texts for people are named by key; :mod:`disclosure.render.words` has them in Chinese and English. A cell may also say
how a spreadsheet computes it from other cells (``live``); what the figure's own formula says and what the workbook
recalculates must be the same number, and a test recalculates it.

References in ``live`` are resolved by the workbook's renderer::

    {table.column}          the column's cells of all rows of the table
    {table.column.total}    that column's cell in the table's last row, its total
    {.column}               the cell of the same row
    {table:row.column}      the column's cell in the row of that key
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from abs.figure import Figure, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from disclosure.manifest import Ledger

__all__ = ["Cell", "Column", "Plain", "Report", "Row", "Section", "Table", "Unit"]

Plain = int | Decimal | date | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the key of its heading, and the unit of its cells."""

    key: str
    unit: Unit
    emphasis: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure, or a plain value stated by the records of its row; ``word`` marks a text that is a word's key."""

    content: Figure | Plain
    live: str = ""
    word: bool = False
    unit: Unit | None = None

    @property
    def value(self) -> Plain:
        """What stands in the cell."""
        return self.content.value if isinstance(self.content, Figure) else self.content

    @property
    def figure(self) -> Figure | None:
        """The figure, where it is one."""
        return self.content if isinstance(self.content, Figure) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: ``records`` are the positions that its plain values were read from."""

    key: str = ""
    cells: tuple[Cell, ...]
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns, and a total beneath them. ``detail`` is a long list, which a page may show in part."""

    key: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    detail: bool = False

    def __post_init__(self) -> None:
        for row in (*self.rows, *((self.total,) if self.total else ())):
            if len(row.cells) != len(self.columns):
                raise ValueError(f"a row of {self.key} has {len(row.cells)} cells under {len(self.columns)} columns")

    @property
    def labels(self) -> bool:
        """Whether this is a list of labels with one value each."""
        return len(self.columns) == 2 and self.columns[0].key == "item"

    def unit(self, cell: Cell, column: Column) -> Unit:
        """The unit a cell is shown in: the figure's own, then the cell's, then the column's."""
        return cell.figure.unit if cell.figure is not None else cell.unit or column.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the report, one sheet of the workbook."""

    key: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is said about a plan at one state of the ledger. The same ledger, plan and period give an equal report."""

    kind: str
    plan: str
    plan_name: str
    period: int
    ledger: Ledger
    block_time: datetime
    sections: tuple[Section, ...] = field(repr=False)

    def tables(self) -> Iterator[Table]:
        """Every table in order."""
        for section in self.sections:
            yield from section.tables

    def cells(self) -> Iterator[Cell]:
        """Every cell in order, totals included."""
        for table in self.tables():
            for row in (*table.rows, *((table.total,) if table.total else ())):
                yield from row.cells

    def figures(self) -> dict[str, Figure]:
        """Every figure shown and every figure beneath one, each once, by a key of its own.

        The key is the figure's name; where several share a name, the later ones are numbered: ``tranche.paid~2``.
        """
        keys: dict[Figure, str] = {}
        used: dict[str, int] = {}
        waiting = [cell.content for cell in self.cells() if isinstance(cell.content, Figure)]
        waiting.reverse()
        while waiting:
            figure = waiting.pop()
            if figure in keys:
                continue
            used[figure.name] = count = used.get(figure.name, 0) + 1
            keys[figure] = figure.name if count == 1 else f"{figure.name}~{count}"
            waiting.extend(reversed(figure.inputs))
        return {key: figure for figure, key in keys.items()}
