"""The workbook: LibreOffice recalculates every formula and finds the figures; text stays text; bytes stay the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from abs.figure import Unit
from disclosure.manifest import Ledger
from disclosure.package import archive_of
from disclosure.publish import read_distribution
from disclosure.render.words import word
from disclosure.render.xlsx import render_xlsx, same_workbook
from disclosure.reports.report import Cell, Column, Report, Row, Section, Table

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from ledger.store import Store

MADE_AT = datetime(2025, 11, 3, 2, 30, tzinfo=UTC)
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x","y")',
    "\t=1",
    "'x",
    "a\x00b",
    "x" * 40_000,
    "a,b;c\n",
)
SHEETS = ["分配", "资产池", "资产明细", "现金", "溯源"]


@pytest.fixture(scope="module")
def report(replica: Store, plan: str) -> Report:
    return read_distribution(replica, plan)


@pytest.fixture(scope="module")
def raw(report: Report) -> bytes:
    return render_xlsx(report, made_at=MADE_AT)


def opened(raw: bytes, *, values: bool = False) -> Workbook:
    return load_workbook(BytesIO(raw), data_only=values)


def formulas(book: Workbook) -> dict[tuple[str, str], str]:
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def recalculated(raw: bytes, folder: Path) -> Workbook:
    """The workbook as LibreOffice computes it, every cached value thrown away before."""
    if shutil.which("soffice") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("LibreOffice is not installed")
        pytest.skip("LibreOffice is not installed")
    parts = {}
    with ZipFile(BytesIO(raw)) as archive:
        for name in archive.namelist():
            parts[name] = re.sub(rb"</f><v>[^<]*</v>", b"</f>", archive.read(name))
    (folder / "in").mkdir()
    (folder / "in" / "report.xlsx").write_bytes(archive_of(parts))
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation=file://{folder}/profile",
            *("--convert-to", "xlsx", "--outdir", str(folder / "out"), str(folder / "in" / "report.xlsx")),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return load_workbook(folder / "out" / "report.xlsx", data_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("period", [None, 1])
def test_libreoffice_finds_every_figure_again(replica: Store, plan: str, period: int | None, tmp_path: Path) -> None:
    raw = render_xlsx(read_distribution(replica, plan, period=period), made_at=MADE_AT)
    ours, theirs = opened(raw, values=True), recalculated(raw, tmp_path)
    live = formulas(opened(raw))
    assert len(live) > 60
    for sheet, at in live:
        expected, found = ours[sheet][at].value, theirs[sheet][at].value
        assert isinstance(found, int | float), (sheet, at, live[sheet, at], found)
        assert round(found, 9) == pytest.approx(expected, abs=1e-8), (sheet, at, live[sheet, at])
    assert not [
        (sheet.title, cell.coordinate)
        for sheet in theirs.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith(("#", "Err:"))
    ]


def test_every_amount_in_the_workbook_is_the_figure_to_the_fen(report: Report, raw: bytes) -> None:
    found = {row[0].value: row[2].value for row in opened(raw, values=True)["溯源"].iter_rows(min_row=6)}
    figures = report.figures()
    assert list(found) == list(range(1, len(figures) + 1))
    for key, figure in enumerate(figures.values(), start=1):
        if figure.unit is Unit.FEN and isinstance(figure.value, int):
            assert round(found[key] * 100) == figure.value, key
        elif figure.value is None:
            assert found[key] == "—"


def test_totals_foot_to_the_figures(report: Report, raw: bytes) -> None:
    """What a live total shows before anything recalculates it is the sum of what stands above it."""
    book, shown = opened(raw), opened(raw, values=True)
    checked = 0
    for (sheet, at), text in formulas(book).items():
        if found := re.fullmatch(r"=SUM\(\$([A-Z]+)\$(\d+):\$([A-Z]+)\$(\d+)\)", text):
            column, first, _, last = found.groups()
            above = [shown[sheet][f"{column}{row}"].value for row in range(int(first), int(last) + 1)]
            assert sum(round(Decimal(str(value)), 10) for value in above) == pytest.approx(
                Decimal(str(shown[sheet][at].value)), abs=Decimal("1e-8")
            ), (sheet, at)
            checked += 1
    assert checked >= 10


def test_the_sheets_and_how_they_are_set_up(raw: bytes) -> None:
    book = opened(raw)
    assert book.sheetnames == SHEETS
    assert (book["资产明细"].freeze_panes, book["溯源"].freeze_panes, book["分配"].freeze_panes) == ("B6", "B6", "A3")
    for sheet in book.worksheets:
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.column_dimensions["A"].width >= 8
    amount = next(cell for cell in book["资产明细"][6] if cell.column_letter == "I")
    assert amount.number_format == "#,##0.00"


def test_what_prints_repeats_its_headings_and_cuts_nothing(report: Report, raw: bytes) -> None:
    book = opened(raw)
    for sheet, last in zip(
        book.worksheets, ("历次兑付", "逾期分布", "期末未结清资产", "归集", "数值、公式与记录"), strict=True
    ):
        first, _ = sheet.print_title_rows.replace("$", "").split(":")
        assert sheet.cell(row=int(first) - 1, column=1).value.startswith(last)
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight in (0, 1)) == (1, True)
        total = sum(column.width for column in sheet.column_dimensions.values())
        assert total <= 204, (sheet.title, total)
        for row in sheet.iter_rows(min_row=4):
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "s" and cell.alignment.wrap_text:
                    width = sheet.column_dimensions[cell.column_letter].width
                    merged = next((each for each in sheet.merged_cells.ranges if cell.coordinate in each), None)
                    if merged is not None:
                        letters = (get_column_letter(at) for at in range(merged.min_col, merged.max_col + 1))
                        width = sum(sheet.column_dimensions[letter].width for letter in letters)
                    taken = sum(2 if character > "\u2e7f" else 1 for character in cell.value)
                    lines = sheet.row_dimensions[cell.row].height // 13
                    assert taken <= width * lines, (sheet.title, cell.coordinate, cell.value)
    outline = opened(raw)["分配"]
    assert any(str(each).startswith("B6:") for each in outline.merged_cells.ranges)


def test_the_ranks_are_live_and_foot(raw: bytes) -> None:
    book = opened(raw)["分配"]
    shown = opened(raw, values=True)["分配"]
    start = next(row for row in range(1, 60) if str(book.cell(row=row, column=1).value).startswith("按级别汇总"))
    labels = [book.cell(row=start + 2 + place, column=1).value for place in range(4)]
    assert labels == ["优先级", "中间级", "次级", "合计  Total"]
    for column in range(2, 8):
        cells = [shown.cell(row=start + 2 + place, column=column).value for place in range(4)]
        assert round(sum(cells[:3]), 2) == cells[3]
        assert str(book.cell(row=start + 5, column=column).value).startswith("=SUM(")


def test_each_figure_leads_to_its_lineage(report: Report, raw: bytes) -> None:
    book, shown = opened(raw), opened(raw, values=True)
    links = 0
    for sheet in book.worksheets[:-1]:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.hyperlink is None:
                    continue
                at = cell.hyperlink.location.removeprefix("'溯源'!A")
                assert shown["溯源"][f"C{at}"].value == shown[sheet.title][cell.coordinate].value, cell.coordinate
                links += 1
    assert links > 100


def hostile_report(rows: int = 2) -> Report:
    columns = (Column(key="asset", unit=Unit.TEXT), Column(key="amount", unit=Unit.FEN))
    table = Table(
        key="assets",
        columns=columns,
        rows=tuple(Row(cells=(Cell(content=text), Cell(content=5))) for text in HOSTILE[: rows * 99]),
        total=Row(cells=(Cell(content="item.total", word=True), Cell(content=5 * 10, live="SUM({assets.amount})"))),
        detail=True,
    )
    ledger = Ledger(chain="c", group="g", suite="sm", genesis_hash=b"", height=1, block_hash=b"", facts_digest=b"")
    return Report(
        kind="distribution",
        plan="=cmd|' /C calc'!A0",
        plan_name="@名称",
        period=1,
        ledger=ledger,
        block_time=MADE_AT,
        sections=(Section(key="assets", tables=(table,)),),
    )


def test_text_never_becomes_a_formula() -> None:
    book = opened(render_xlsx(hostile_report(), made_at=MADE_AT))
    sheet = book["资产明细"]
    assert list(formulas(book).values()) == ["=SUM($B$6:$B$15)"]
    for row, text in enumerate(HOSTILE, start=6):
        cell = sheet.cell(row=row, column=1)
        assert cell.data_type == "s"
        assert str(cell.value) == text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:32_767]
        assert bool(cell.quotePrefix) is text.startswith(("=", "+", "-", "@", "\t", "'"))


def test_a_formula_over_no_rows_is_a_plain_value() -> None:
    report = hostile_report()
    empty = replace(report.sections[0].tables[0], rows=())
    raw = render_xlsx(replace(report, sections=(replace(report.sections[0], tables=(empty,)),)), made_at=MADE_AT)
    assert formulas(opened(raw)) == {}


def test_the_same_report_gives_the_same_workbook(report: Report, raw: bytes) -> None:
    assert render_xlsx(report, made_at=MADE_AT) == raw
    parts = {}
    with ZipFile(BytesIO(raw)) as archive:
        names = archive.namelist()
        for name in names:
            parts[name] = archive.read(name)
    stored = BytesIO()
    with ZipFile(stored, "w") as archive:
        for name in names:
            archive.writestr(name, parts[name])
    assert stored.getvalue() != raw
    assert same_workbook(stored.getvalue(), raw)
    parts["xl/worksheets/sheet1.xml"] += b" "
    assert not same_workbook(archive_of(parts), raw)
    for wrong in b"", b"PK", raw[:-9], archive_of({"a": b"1"}):
        assert not same_workbook(wrong, raw)


def test_dates_are_dates(report: Report, raw: bytes) -> None:
    values: list[Any] = [cell.value for cell in opened(raw)["资产明细"]["F"][5:-1]]
    assert values
    assert all(isinstance(value, datetime | date) for value in values)


def test_words_are_in_the_workbook(raw: bytes) -> None:
    assert opened(raw)["分配"]["A1"].value == f"{word('report.distribution')} · {word('section.distribution')}"
