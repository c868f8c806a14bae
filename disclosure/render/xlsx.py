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
from openpyxl.worksheet.pagebreak import Break

from abs.figure import Figure, Unit
from disclosure.package import DAMAGED_ZIP, archive_of
from disclosure.render.formats import number_format, sheet_value
from disclosure.render.readable import formula, names
from disclosure.render.sheet_layout import all_columns, cell_text, phrase, row_height, span, widths
from disclosure.render.sheet_page import set_page
from disclosure.render.words import english, word
from disclosure.reports.report import Cell, Column, Row, Section, Table

if TYPE_CHECKING:
    from datetime import datetime

    from openpyxl.worksheet.worksheet import Worksheet

    from disclosure.reports.report import Plain, Report

__all__ = ["LINEAGE", "render_xlsx", "same_workbook", "write_text"]

LINEAGE = "lineage"
RECORDS_SHOWN = 24  # record positions in one cell of the lineage sheet; report.json has all of them
MAX_TEXT = 32_767  # characters of a cell, by the format
PAGE_WIDTH, PAGE_HEIGHT = 805.0, 480.0  # points of a landscape A4 within the margins, title and slack taken off
POINTS = 5.4  # of one character of a column's width
ROWS_OF_A_PAGE = 40  # so many still print large enough on one page
FIRST_TABLE = 4  # sheet row: title, subtitle and an empty row stand above
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
    widths: list[float] = field(default_factory=list)  # of the columns of the sheet being written
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
    figures = report.figures()
    numbers = {figure: number for number, figure in enumerate(figures.values(), start=1)}
    called = names(report)
    rows = []
    for key, figure in figures.items():
        records = sorted({ref.position for ref in figure.facts}, key=lambda text: tuple(map(int, text.split(":"))))
        listed = " ".join(records[:RECORDS_SHOWN]) + (" …" if len(records) > RECORDS_SHOWN else "")
        inputs = " ".join(str(numbers[each]) for each in figure.inputs)
        count = len(records) if records else None
        unit, stated = Cell(content=f"unit.{figure.unit.value}", word=True), "\n".join(formula(figure))
        contents = (numbers[figure], called[figure], Cell(content=figure), unit, stated, inputs, count, listed)
        rows.append(Row(key=key, cells=tuple(c if isinstance(c, Cell) else Cell(content=c) for c in contents)))
    units = {"number": Unit.COUNT, "value": Unit.FEN, "record_count": Unit.COUNT}
    heads = ("number", "figure", "value", "unit", "formula", "inputs", "record_count", "lineage_records")
    columns = tuple(Column(key=name, unit=units.get(name, Unit.TEXT)) for name in heads)
    return Section(key=LINEAGE, tables=(Table(key=LINEAGE, columns=columns, rows=tuple(rows), detail=True),))


def _places(sections: tuple[Section, ...]) -> dict[str, _Place]:
    places = {}
    for section in sections:
        at = FIRST_TABLE
        for table in section.tables:
            letters = {column.key: get_column_letter(index) for index, column in enumerate(all_columns(table), start=1)}
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
    writing.widths = widths(section.tables)
    for index, width in enumerate(writing.widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    for table in section.tables:
        _write_table(writing, sheet, table)
    first = writing.places[section.tables[-1].key].first
    alone = len(section.tables) == 1
    sheet.freeze_panes = f"B{first}" if alone else "A3"
    sheet.sheet_view.showGridLines = False
    set_page(sheet, first - 1)  # the last table is the one that grows over pages
    if writing.places[section.tables[-1].key].end <= ROWS_OF_A_PAGE:
        sheet.page_setup.fitToHeight = 1
    else:
        _break_pages(sheet, [writing.places[table.key] for table in section.tables], sum(writing.widths))


def _break_pages(sheet: Worksheet, places: list[_Place], width: float) -> None:
    """Begin a page before each table that would run over the end of one, for only the last repeats its headings."""
    page = PAGE_HEIGHT * max(1.0, width * POINTS / PAGE_WIDTH)
    used = 0.0
    for place in places:
        rows = range(place.first - 2, place.end + 2)
        height = sum(sheet.row_dimensions[at].height or 15.0 for at in rows)
        if used and used + height > page:
            sheet.row_breaks.append(Break(id=place.first - 3))
            used = 0.0
        used += height


def _subtitle(report: Report, section: Section, made_at: datetime) -> str:
    return (
        f"{english('report.' + report.kind)}, {english('section.' + section.key)} · "
        f"{report.plan_name} ({report.plan}) · "
        f"{word('fact.period')} {report.period} · {word('fact.height')} {report.ledger.height} · "
        f"{word('fact.made_at')} {made_at:%Y-%m-%d} · {word('fact.money')}"
    )


def _write_table(writing: _Book, sheet: Worksheet, table: Table) -> None:
    place, columns = writing.places[table.key], all_columns(table)
    caption = sheet.cell(row=place.first - 2, column=1)
    write_text(caption, f"{word('table.' + table.key)}  {english('table.' + table.key)}")
    caption.font = STRONG
    for index, column in enumerate(columns, start=1):
        heading = sheet.cell(row=place.first - 1, column=index)
        write_text(heading, f"{word('column.' + column.key)}\n{english('column.' + column.key)}")
        heading.font, heading.fill = HEADING, HEADING_FILL
        heading.alignment = _aligned("left" if column.unit is Unit.TEXT or table.labels else "right", wrap=True)
    sheet.row_dimensions[place.first - 1].height = 30
    if table.labels and (taken := span(table, writing.widths)) > 1:
        for at in range(place.first - 1, place.end):
            sheet.merge_cells(start_row=at, end_row=at, start_column=2, end_column=1 + taken)
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
        text = column.unit is Unit.TEXT or (table.labels and span(table, writing.widths) > 1)
        target.alignment = _aligned("left" if text else "right", wrap=text)
        if cell.figure is not None and cell.value is not None and table.key != LINEAGE:
            name = word(f"sheet.{LINEAGE}")
            target.hyperlink = Hyperlink(ref=target.coordinate, location=f"'{name}'!A{writing.lineage[cell.figure]}")
    if row.records:
        target = sheet.cell(row=at, column=len(table.columns) + 1)
        write_text(target, " ".join(row.records))
        target.font, target.border, target.alignment = SUBTITLE, BENEATH, _aligned("left", wrap=True)
    sheet.row_dimensions[at].height = row_height(_texts(writing, table, row))


def _texts(writing: _Book, table: Table, row: Row) -> list[tuple[str, float]]:
    """What wraps in a row, with the width that it has."""
    room = list(writing.widths)
    if table.labels:
        room[1] = sum(room[1 : 1 + span(table, room)])
    texts = [
        (cell_text(cell, table, column), width)
        for cell, column, width in zip(row.cells, table.columns, room, strict=False)
        if column.unit is Unit.TEXT or isinstance(cell.value, str)
    ]
    return [*texts, *([(" ".join(row.records), room[len(table.columns)])] if row.records else ())]


def _aligned(side: str, *, wrap: bool = False) -> Alignment:
    return Alignment(horizontal=side, vertical="center", wrap_text=wrap, indent=1 if side == "left" else 0)


def _write_value(writing: _Book, target: Any, cell: Cell, unit: Unit, place: _Place, at: int) -> None:
    value: Plain = phrase(cell) if cell.word else cell.value
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
