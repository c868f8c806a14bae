"""The pieces reports are laid out with: named columns, label-and-value tables, texts of the vocabulary, totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disclosure.render.words import known
from disclosure.reports.report import Cell, Column, Plain, Row, Table, Unit

if TYPE_CHECKING:
    from abs.figure import Figure

__all__ = ["BLANK", "TOTAL", "columns", "footing", "items", "named", "plain", "term"]

TOTAL = Cell(content="item.total", word=True)
BLANK = Cell(content="")
EMPHASISED = frozenset({"total_paid", "closing"})


def named(member: str, names: dict[str, str]) -> Cell:
    """Return a member by name, with its id where that differs."""
    name = names.get(member, member)
    return Cell(content=name if name == member else f"{name} ({member})")


def term(key: str) -> Cell:
    """Return a word of the vocabulary; as the ledger spells it where nobody translated it."""
    return Cell(content=key, word=True) if known(key) else Cell(content=key.partition(".")[2])


def columns(*pairs: tuple[str, Unit]) -> tuple[Column, ...]:
    """Return columns of those keys and units."""
    return tuple(Column(key=key, unit=unit, emphasis=key in EMPHASISED) for key, unit in pairs)


def items(key: str, *rows: tuple[str, Cell]) -> Table:
    """Return a table of labels and values."""
    return Table(
        key=key,
        columns=columns(("item", Unit.TEXT), ("value", Unit.FEN)),
        rows=tuple(Row(key=name, cells=(Cell(content=f"item.{name}", word=True), cell)) for name, cell in rows),
    )


def plain(value: Plain, unit: Unit) -> Cell:
    """Return a cell with a unit of its own."""
    return Cell(content=value, unit=unit)


def footing(total: Figure, table: str, blanks: int) -> Row:
    """Return the total under a table's ``amount``, after that many empty cells."""
    return Row(cells=(TOTAL, *(BLANK,) * blanks, Cell(content=total, live=f"SUM({{{table}.amount}})")))
