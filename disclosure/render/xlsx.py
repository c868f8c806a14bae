"""A report as a workbook for recalculation: sums and shares are live formulas over the cells beneath them.

Two passes: the first says where every table will stand, the second writes cells, so that a formula can refer to any
sheet. Text never becomes a formula, whatever it begins with. The bytes depend on the report alone: the container's
times are fixed, and every formula carries its value, so that a reader that does not calculate shows it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.page import PageMargins

from abs.figure import Figure, Unit
from disclosure.package import DAMAGED_ZIP, archive_of
from disclosure.render.formats import number_format, sheet_value, shown
from disclosure.render.words import english, word
from disclosure.reports.report import Cell, Column, Row, Section, Table

if TYPE_CHECKING:
    from datetime import datetime

    from openpyxl.worksheet.worksheet import Worksheet

    from disclosure.reports.report import Plain, Report

__all__ = ["LINEAGE", "render_xlsx", "same_workbook", "write_text"]

LINEAGE = "lineage"
RECORDS_SHOWN = 40  # record positions in one cell of the lineage sheet; report.json has all of them
MAX_TEXT = 32_767  # characters of a cell, by the format
FIRST_TABLE = 4  # sheet row: title, subtitle and an empty row stand above
WIDTHS = {Unit.FEN: 17, Unit.RATIO: 11, Unit.COUNT: 9, Unit.DAYS: 10, Unit.YEARS: 10, Unit.INDEX: 12, Unit.DATE: 12}
TEXT_WIDTH, WIDEST = 16, 44
WIDTH_ROWS = 200
LINE_HEIGHT = 14  # points
WIDE = "\u2e7f"  # from here on a character takes two columns
LONG_TEXTS = {"records": 34, "formula": 52, "inputs": 48, "lineage_records": 60}

INK, PAPER, RULE = "FF17324D", "FFEAF0F5", "FFB8C4CF"
FONT = "Microsoft YaHei"
TITLE = Font(name=FONT, size=15, bold=True, color=INK)
SUBTITLE = Font(name=FONT, size=9, color="FF5B6B7A")
BODY = Font(name=FONT, size=10)
STRONG = Font(name=FONT, size=10, bold=True)
HEADING = Font(name=FONT, size=9, bold=True, color="FFFFFFFF")
HEADING_FILL = PatternFill("solid", fgColor=INK)
TOTAL_FILL = PatternFill("solid", fgColor=PAPER)
THIN = Side(style="thin", color=RULE)
BENEATH = Border(bottom=THIN)
ABOVE = Border(top=Side(style="medium", color=INK), bottom=THIN)

REFERENCE = re.compile(r"\{(?P<table>\w*)(?::(?P<row>[^.}]+))?\.(?P<column>\w+)(?P<total>\.total)?\}")
CELL_XML = re.compile(r'(<c r="(?P<at>[A-Z]+[0-9]+)"(?P<rest>[^>]*)><f>(?P<formula>[^<]*)</f>)<v ?/?>(?:</v>)?</c>')
MODIFIED = re.compile(r"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
ILLEGAL = re.compile(r"[\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a table stands: sheet, the first row of its data, and its columns' letters."""

    sheet: str
    first: int
    rows: int
    letters: dict[str, str]
    keys: dict[str, int]

    @property
    def end(self) -> int:
        """The sheet row after the last row of data, where a total stands."""
        return self.first + self.rows


@dataclass(slots=True, kw_only=True)
class _Book:
    """The workbook being written, and what the second pass and the container need to know."""

    book: Workbook
    places: dict[str, _Place]
    lineage: dict[Figure, int]
    cached: dict[str, dict[str, str]] = field(default_factory=dict)


def render_xlsx(report: Report, *, made_at: datetime) -> bytes:
    """Return the report as a workbook."""
    sections = (*report.sections, _lineage_section(report))
    figures = {figure: row for row, figure in enumerate(report.figures().values(), start=FIRST_TABLE + 2)}
    book = Workbook()
    book.remove(book.worksheets[0])
    writing = _Book(book=book, places=_places(sections), lineage=figures)
    for section in sections:
        _write_section(writing, section, report, made_at)
    book.properties.creator = "Glasspool"
    book.properties.title = f"{word('report.' + report.kind)} {report.plan_name}"
    book.properties.created = made_at.replace(tzinfo=None)
    buffer = BytesIO()
    book.save(buffer)
    return _settle(buffer.getvalue(), writing, made_at)


def _lineage_section(report: Report) -> Section:
    """The last sheet: each figure with its formula, the figures it was computed from and the records beneath."""
    keys = {figure: key for key, figure in report.figures().items()}
    shown_at = _shown_at(report)
    rows = []
    for figure, key in keys.items():
        records = sorted({ref.position for ref in figure.facts}, key=lambda text: tuple(map(int, text.split(":"))))
        listed = " ".join(records[:RECORDS_SHOWN]) + (" …" if len(records) > RECORDS_SHOWN else "")
        inputs = " ".join(keys[each] for each in figure.inputs)
        count = len(records) if records else None
        where = shown_at.get(figure, "")
        contents = (key, where, Cell(content=figure), figure.unit.value, figure.formula, inputs, count, listed)
        rows.append(Row(key=key, cells=tuple(c if isinstance(c, Cell) else Cell(content=c) for c in contents)))
    units = {"value": Unit.FEN, "record_count": Unit.COUNT}
    names = ("figure", "shown_at", "value", "unit", "formula", "inputs", "record_count", "lineage_records")
    columns = tuple(Column(key=name, unit=units.get(name, Unit.TEXT)) for name in names)
    return Section(key=LINEAGE, tables=(Table(key=LINEAGE, columns=columns, rows=tuple(rows), detail=True),))


def _shown_at(report: Report) -> dict[Figure, str]:
    """Where each figure is shown first: table, row and column in words."""
    places: dict[Figure, str] = {}
    for table in report.tables():
        for row in (*table.rows, *((table.total,) if table.total else ())):
            for cell, column in zip(row.cells, table.columns, strict=True):
                if cell.figure is not None and cell.figure not in places:
                    label = _text(row.cells[0], table, table.columns[0])
                    end = () if table.labels else (word(f"column.{column.key}"),)
                    places[cell.figure] = " / ".join((word(f"table.{table.key}"), label, *end))
    return places


def _columns(table: Table) -> tuple[Column, ...]:
    """A table's columns, and one for the records of its rows where they have any."""
    has_records = any(row.records for row in table.rows)
    return (*table.columns, Column(key="records", unit=Unit.TEXT)) if has_records else table.columns


def _places(sections: tuple[Section, ...]) -> dict[str, _Place]:
    places = {}
    for section in sections:
        at = FIRST_TABLE
        for table in section.tables:
            letters = {column.key: get_column_letter(index) for index, column in enumerate(_columns(table), start=1)}
            keys = {row.key: at + 2 + index for index, row in enumerate(table.rows) if row.key}
            place = _Place(
                sheet=word(f"sheet.{section.key}"), first=at + 2, rows=len(table.rows), letters=letters, keys=keys
            )
            places[table.key] = place
            at = place.end + (1 if table.total else 0) + 1
    return places


def _write_section(writing: _Book, section: Section, report: Report, made_at: datetime) -> None:
    sheet = writing.book.create_sheet(word(f"sheet.{section.key}"))
    title = f"{word('report.' + report.kind)} · {word('section.' + section.key)}"
    for row, text, font in ((1, title, TITLE), (2, _subtitle(report, section, made_at), SUBTITLE)):
        write_text(sheet.cell(row=row, column=1), text)
        sheet.cell(row=row, column=1).font = font
    sheet.row_dimensions[1].height = 24
    for table in section.tables:
        _write_table(writing, sheet, table)
    _set_widths(sheet, section.tables)
    first = writing.places[section.tables[0].key].first
    alone = len(section.tables) == 1
    sheet.freeze_panes = f"B{first}" if alone else "A3"
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.75, header=0.3, footer=0.35)
    sheet.print_title_rows = f"{first - 1}:{first - 1}" if alone else "1:2"
    sheet.oddFooter.center.text = "&P / &N"
    sheet.oddFooter.left.text = "Glasspool"


def _subtitle(report: Report, section: Section, made_at: datetime) -> str:
    return (
        f"{english('report.' + report.kind)}, {english('section.' + section.key)} · "
        f"{report.plan_name} ({report.plan}) · "
        f"{word('fact.period')} {report.period} · {word('fact.height')} {report.ledger.height} · "
        f"{word('fact.made_at')} {made_at:%Y-%m-%d} · {word('fact.money')}"
    )


def _write_table(writing: _Book, sheet: Worksheet, table: Table) -> None:
    place, columns = writing.places[table.key], _columns(table)
    caption = sheet.cell(row=place.first - 2, column=1)
    write_text(caption, f"{word('table.' + table.key)}  {english('table.' + table.key)}")
    caption.font = STRONG
    for index, column in enumerate(columns, start=1):
        heading = sheet.cell(row=place.first - 1, column=index)
        write_text(heading, f"{word('column.' + column.key)}\n{english('column.' + column.key)}")
        heading.font, heading.fill = HEADING, HEADING_FILL
        heading.alignment = _aligned("left" if column.unit is Unit.TEXT or table.labels else "right", wrap=True)
    sheet.row_dimensions[place.first - 1].height = 30
    for offset, row in enumerate(table.rows):
        _write_row(writing, sheet, table, row, place.first + offset)
    if table.total is not None:
        _write_row(writing, sheet, table, table.total, place.end, total=True)


def _write_row(writing: _Book, sheet: Worksheet, table: Table, row: Row, at: int, *, total: bool = False) -> None:
    for index, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True), start=1):
        target: Any = sheet.cell(row=at, column=index)
        unit = table.unit(cell, column)
        _write_value(writing, target, cell, unit, writing.places[table.key], at)
        target.font = STRONG if total or column.emphasis else BODY
        target.border = ABOVE if total else BENEATH
        if total:
            target.fill = TOTAL_FILL
        text = column.unit is Unit.TEXT or (table.labels and (cell.word or isinstance(cell.value, str | date)))
        target.alignment = _aligned("left" if text else "right", wrap=column.key in LONG_TEXTS)
        if cell.figure is not None and cell.value is not None and table.key != LINEAGE:
            name = word(f"sheet.{LINEAGE}")
            target.hyperlink = Hyperlink(ref=target.coordinate, location=f"'{name}'!A{writing.lineage[cell.figure]}")
    if row.records:
        target = sheet.cell(row=at, column=len(table.columns) + 1)
        write_text(target, " ".join(row.records))
        target.font, target.border, target.alignment = SUBTITLE, BENEATH, _aligned("left")
    lines = max((_lines(cell, column) for cell, column in zip(row.cells, table.columns, strict=True)), default=1)
    if lines > 1:
        sheet.row_dimensions[at].height = LINE_HEIGHT * lines


def _aligned(side: str, *, wrap: bool = False) -> Alignment:
    return Alignment(horizontal=side, vertical="center", wrap_text=wrap, indent=1 if side == "left" else 0)


def _lines(cell: Cell, column: Column) -> int:
    """How many lines a long text takes in its column."""
    return -(-len(str(cell.value)) // int(LONG_TEXTS[column.key])) if column.key in LONG_TEXTS else 1


def _write_value(writing: _Book, target: Any, cell: Cell, unit: Unit, place: _Place, at: int) -> None:
    value: Plain = _phrase(cell) if cell.word else cell.value
    kept = sheet_value(value, unit)
    if kept == "":
        return
    if cell.live and value is not None and _has_rows(cell.live, writing.places):
        target.value = "=" + _resolve(cell.live, writing.places, place, at)
        writing.cached.setdefault(place.sheet, {})[target.coordinate] = _cached(kept)
    elif isinstance(kept, str):
        write_text(target, kept)
    else:
        target.value = kept
    target.number_format = number_format(value, unit)


def _cached(value: int | float | date | str) -> str:
    if isinstance(value, str | date):
        raise TypeError("a live formula gives a number")
    return format(value, ".16g")  # as many digits as openpyxl writes


def write_text(target: Any, text: str) -> None:
    """Write text as text: never a formula, nothing the format forbids, nothing longer than it takes."""
    target.value = ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)[:MAX_TEXT]
    target.data_type = "s"
    if text[:1] in {"=", "+", "-", "@", "\t", "\r", "'"}:
        target.quotePrefix = True  # a spreadsheet keeps it as text even after somebody edits the cell


def _has_rows(template: str, places: dict[str, _Place]) -> bool:
    """Tell whether every table the formula refers to has rows: a range over none would take in its neighbours."""
    return all(places[found["table"]].rows for found in REFERENCE.finditer(template) if found["table"])


def _resolve(template: str, places: dict[str, _Place], here: _Place, at: int) -> str:
    def address(found: re.Match[str]) -> str:
        place = places[found["table"]] if found["table"] else here
        sheet = "" if place.sheet == here.sheet else f"'{place.sheet}'!"
        letter = place.letters[found["column"]]
        if not found["table"]:
            return f"{letter}{at}"
        if found["row"] is not None:
            return f"{sheet}${letter}${place.keys[found['row']]}"
        if found["total"]:
            return f"{sheet}${letter}${place.end}"
        return f"{sheet}${letter}${place.first}:${letter}${place.end - 1}"

    return REFERENCE.sub(address, template)


def _set_widths(sheet: Worksheet, tables: tuple[Table, ...]) -> None:
    widths: dict[int, float] = {}
    for table in tables:
        for index, column in enumerate(_columns(table)):
            widths[index] = max(widths.get(index, 0.0), _fitting(table, column, index))
    for index, width in widths.items():
        sheet.column_dimensions[get_column_letter(index + 1)].width = width


def _fitting(table: Table, column: Column, index: int) -> float:
    """The width a column needs, judged by its first rows; long texts wrap instead."""
    if column.key in LONG_TEXTS:
        return LONG_TEXTS[column.key]
    texts = (_text(row.cells[index], table, column) for row in table.rows[:WIDTH_ROWS])
    longest = max(map(_columns_taken, texts), default=0)
    if table.labels and index:
        return WIDTHS[Unit.FEN]  # a long value runs on over the empty cells to its right
    headings = (_columns_taken(text(f"column.{column.key}")) for text in (word, english))
    return min(max(WIDTHS.get(column.unit, TEXT_WIDTH), longest, *headings), WIDEST)


def _columns_taken(text: str) -> int:
    return sum(2 if character > WIDE else 1 for character in text) + 2


def _text(cell: Cell, table: Table, column: Column) -> str:
    return _phrase(cell) if cell.word else shown(cell.value, table.unit(cell, column))


def _phrase(cell: Cell) -> str:
    """The words a cell stands for; a label in both languages, anything else in the one that formulas look for."""
    key = str(cell.content)
    return f"{word(key)}  {english(key)}" if key.startswith("item.") else word(key)


def _settle(raw: bytes, writing: _Book, made_at: datetime) -> bytes:
    """Give the container fixed times, and every formula the value that its figure has."""
    names = {f"xl/worksheets/sheet{index}.xml": sheet.title for index, sheet in enumerate(writing.book.worksheets, 1)}
    parts = {}
    with ZipFile(BytesIO(raw)) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    for name, title in names.items():
        values = writing.cached.get(title, {})
        text, count = CELL_XML.subn(partial(_with_value, values), parts[name].decode())
        if count != len(values):
            raise AssertionError(f"{title}: {count} formulas were written, {len(values)} were meant")
        parts[name] = text.encode()
    core = "docProps/core.xml"
    parts[core] = MODIFIED.sub(rf"\g<1>{made_at:%Y-%m-%dT%H:%M:%SZ}\g<2>", parts[core].decode()).encode()
    return archive_of(parts)


def _with_value(values: dict[str, str], found: re.Match[str]) -> str:
    return f"{found[1]}<v>{values[found['at']]}</v></c>"


def same_workbook(first: bytes, second: bytes) -> bool:
    """Tell whether two workbooks hold the same parts, however they are compressed; ``first`` may come from anybody.

    Reads no more of the first than the second has.
    """
    if first == second:
        return True
    try:
        with ZipFile(BytesIO(first)) as left, ZipFile(BytesIO(second)) as right:
            names = right.namelist()
            return left.namelist() == names and all(_same_part(left, right, name) for name in names)
    except (*DAMAGED_ZIP, OSError, KeyError):
        return False


def _same_part(left: ZipFile, right: ZipFile, name: str) -> bool:
    expected = right.read(name)
    with left.open(name) as part:
        return part.read(len(expected) + 1) == expected
