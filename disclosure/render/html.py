"""A report as one page for people: self-contained, printable on A4, every figure unfolding to its formula and records.

Autoescaping is on and cannot be turned off by a template: whatever the ledger says is shown as text. The page asks
nothing of any network: its policy forbids it, and a test looks for anything that would.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from abs.figure import Unit
from disclosure.render.formats import shown
from disclosure.render.readable import formula, names
from disclosure.render.words import english, word

if TYPE_CHECKING:
    from datetime import datetime

    from abs.figure import Figure
    from disclosure.reports.report import Cell, Column, Report, Table

__all__ = ["DETAIL_ROWS", "render_html"]

TEMPLATES = Path(__file__).parent.parent / "templates"
DETAIL_ROWS = 50  # of a long list; the workbook and the JSON have all of it
RECORDS_SHOWN = 24  # positions beneath one figure; report.json has all of them
INPUTS_SHOWN = 8
ROW_RECORDS_SHOWN = 8  # of one row; the workbook and the JSON have all of them
IDS = frozenset({"asset", "collection", "remittance", "tranche", "code"})  # columns whose texts stay on one line
LONGEST_WORD = 32  # characters; a longer one is broken anywhere, or it would push the others off the page


def render_html(report: Report, *, made_at: datetime) -> bytes:
    """Return the report as a page in UTF-8."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    called = names(report)
    environment.globals |= {
        "word": word,
        "english": english,
        "shown_cell": _shown_cell,
        "is_number": _is_number,
        "classes": _classes,
        "trace": lambda figure: _trace(figure, called),
        "detail_rows": DETAIL_ROWS,
        "has_records": lambda table: any(row.records for row in table.rows),
        "records_shown": ROW_RECORDS_SHOWN,
    }
    page = environment.get_template("report.html.j2").render(
        report=report,
        ledger=report.ledger,
        block_time=report.block_time.astimezone(UTC),
        made_at=made_at.astimezone(UTC),
    )
    return page.encode()


def _shown_cell(table: Table, column: Column, cell: Cell) -> str:
    return word(str(cell.content)) if cell.word else shown(cell.value, table.unit(cell, column))


def _is_number(table: Table, column: Column, cell: Cell | None = None) -> bool:
    unit = column.unit if cell is None else table.unit(cell, column)
    return unit is not Unit.TEXT or column.unit is not Unit.TEXT


def _classes(table: Table, column: Column, cell: Cell) -> str:
    """How a cell is set: a number, an id kept on one line, a text with a word that no line would hold."""
    number = _is_number(table, column, cell)
    long = any(len(part) > LONGEST_WORD for part in _shown_cell(table, column, cell).split())
    chosen = {"n": number, "strong": column.emphasis, "long": long, "id": column.key in IDS and not number and not long}
    return " ".join(name for name, holds in chosen.items() if holds)


def _trace(figure: Figure, called: dict[Figure, str]) -> dict[str, Any]:
    """What a figure unfolds to on the page."""
    records = sorted({ref.position for ref in figure.facts}, key=lambda text: tuple(map(int, text.split(":"))))
    inputs = [(called[each], shown(each.value, each.unit)) for each in figure.inputs]
    return {
        "name": called[figure],
        "formula": formula(figure),
        "inputs": inputs[:INPUTS_SHOWN],
        "more_inputs": max(0, len(inputs) - INPUTS_SHOWN),
        "records": records[:RECORDS_SHOWN],
        "more_records": max(0, len(records) - RECORDS_SHOWN),
        "beneath": 0 if records else len(figure.positions()),
    }
