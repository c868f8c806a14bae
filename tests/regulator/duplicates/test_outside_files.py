"""Hostile files and maps: an error that names line and cause, or a row that is listed; what is written out is safe."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from ledger.errors import Malformed
from regulator.errors import OutsideRefused
from regulator.outside import PACKAGED, Checked, check, guess, load_map, packaged_map
from regulator.outside.groups import USUAL
from regulator.outside.matching import CLASSES
from regulator.outside.numbers import FORMS
from regulator.outside.registry import ORDER
from regulator.outside.sheets import HEADINGS, write_sheet
from regulator.outside.words import WORDS
from tests.support.printing import ON_PAGES, printed

HEADING = "vendor,invoice number,date,amount"
GOOD = "A Ltd,7712049,2024-03-05,83.17"


def file_of(folder: Path, content: str | bytes, name: str = "list.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def checked(folder: Path, *lines: str) -> Checked:
    file = file_of(folder, "\n".join((HEADING, *lines)) + "\n")
    return check(file, guess(file))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A Ltd,=1+1,2024-03-05,83.17", "runs-as-formula"),
        ("A Ltd,77\x0012,2024-03-05,83.17", "control-character"),
        (f"A Ltd,{'7' * 5000},2024-03-05,83.17", "too-long"),
        ("A Ltd,7712049,2024-02-30,83.17", "not-a-date"),
        ("A Ltd,7712049,2024-03-05,83.175", "fraction-of-fen"),
        ("A Ltd,7712049,2024-03-05,ten", "not-money"),
        ("A Ltd,7712049,2024-03-05,1e9", "not-money"),
        (",7712049,2024-03-05,83.17", "empty"),
        ("A Ltd,,2024-03-05,83.17", "empty"),
        ("A Ltd,7712049,2024-03-05", "column-count"),
        ('A Ltd,"7712049,2024-03-05,83.17', "not-a-row"),
    ],
)
def test_a_row_that_cannot_be_read_is_listed_and_no_clean_answer(tmp_path: Path, line: str, code: str) -> None:
    found = checked(tmp_path, GOOD, line, "", "B Ltd,99120,2024-03-05,10.00")
    assert [(one.line, one.code) for one in found.unread] == [(3, code)]
    assert (found.rows, found.blank, found.frame.height) == (3, 1, 2)
    assert not found.clean
    assert found.as_json()["unread"][0]["line"] == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no column known"),
        (b"\n\n", "no column known"),
        (f"{HEADING}\n".encode(), "no row that can be read"),
        (f"{HEADING}\nA Ltd,x,y,z\n".encode(), "line 2"),
        (f"{HEADING},Vendor\n{GOOD},B\n".replace("vendor", "Vendor").encode(), "2 columns 'Vendor'"),
        (f"{HEADING}\n{GOOD}\n供应商,1,2024-03-05,1\n".encode() + b"\xff\xfe\xb9,1,2024-03-05,1\n", "in line 4"),
        (b"name,colour\nA,red\n", "number, issued, amount, seller or buyer; its headings are: name, colour"),
        (f"{HEADING}\n{'x' * 70_000}\n".encode(), "line 2 is longer"),
        (b"\xd0\xcf\x11\xe0rest", "old kind"),
        (b"PK\x03\x04rest", "not an XLSX workbook"),
    ],
)
def test_an_unusable_file_is_refused_with_its_cause(tmp_path: Path, content: bytes, told: str) -> None:
    file = file_of(tmp_path, content)
    with pytest.raises((Malformed, OutsideRefused), match=told) as refused:
        check(file, guess(file))
    assert refused.value.next_step


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    with pytest.raises(Malformed, match="out of all proportion"):
        guess(file)


def test_a_workbook_is_read_and_its_formulas_are_not(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        HEADING.split(","),
        ["A Ltd", 7712049, "2024-03-05", 83.17],
        ["A Ltd", "77-12049", "2024-03-05", 83.17],
    ):
        sheet.append(row)
    sheet.append(["A Ltd", "=A1", "2024-03-05", 83.17])
    book.save(tmp_path / "list.xlsx")
    found = check(tmp_path / "list.xlsx", guess(tmp_path / "list.xlsx"))
    assert [(one.line, one.code) for one in found.unread] == [(4, "formula")]
    assert [group.match for group in found.alerts] == ["format"]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8-sig", ";"), ("gb18030", "\t"), ("gb18030", ","), ("utf-8", "|"), ("utf-16", "\t"), ("utf-16", ",")],
)
def test_encoding_and_delimiter_are_told(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [
        "供应商名称,发票号码,开票日期,价税合计",
        "甲公司,7712049,2024年03月05日,1083.17",
        "甲公司,77-12049,2024/03/05,1083.17",
    ]
    file = file_of(tmp_path, "\n".join(lines).replace(",", delimiter).encode(encoding))
    found = check(file, guess(file))
    assert found.guessed
    assert found.columns["seller_name"] == "供应商名称"
    assert [group.match for group in found.alerts] == ["format"]


@pytest.mark.parametrize("workbook", [False, True])
def test_a_heading_below_titles_is_found(tmp_path: Path, workbook: bool) -> None:
    rows = [
        ["应付账款明细表", None, None, None],
        [None, None, None, None],
        ["单位：某公司", None, None, "2024年3月"],
        ["供应商名称", "发票号码", "开票日期", "价税合计（元）"],
        ["甲公司", "7712049", "2024-03-05", "1083.17"],
        ["甲公司", "77-12049", "2024-03-05", "¥1,083.17"],
    ]
    file = tmp_path / ("list.xlsx" if workbook else "list.csv")
    if workbook:
        book = Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(file)
    else:
        file.write_text("\n".join(",".join(f'"{cell or ""}"' for cell in row) for row in rows), encoding="utf-8")
    found = check(file, guess(file))
    assert found.columns["amount"] == "价税合计（元）"
    assert [(group.match, group.lines) for group in found.alerts] == [("format", (5, 6))]
    assert (found.rows, found.unread) == (2, ())


@pytest.mark.parametrize("unit", ["（万元）", "(USD)", "（千元）"])
def test_amounts_in_another_unit_are_not_taken_for_yuan(tmp_path: Path, unit: str) -> None:
    file = file_of(tmp_path, f"供应商,发票号码,开票日期,金额{unit}\n甲公司,7712049,2024-03-05,1\n")
    with pytest.raises(OutsideRefused, match="known to hold amount"):
        guess(file)


def test_a_tax_platform_s_list_has_a_column_for_either_kind_of_number(tmp_path: Path) -> None:
    lines = [
        "发票代码,发票号码,数电发票号码,销方名称,开票日期,价税合计",
        ",,24322000000010025402,甲公司,2024-03-05 10:22:31,113",
        ",,24322000000010025402,甲公司,2024-03-05 10:22:31,113",
        "3200194130,12345678,,甲公司,2024-03-06 10:22:31,226",
        "3200194130,1234 5678,,甲公司,2024-03-06 10:22:31,226",
        "3200194130,,,甲公司,2024-03-06 10:22:31,226",
    ]
    file = file_of(tmp_path, "\n".join(lines))
    found = check(file, guess(file))
    assert {(group.match, group.lines) for group in found.alerts} == {("exact", (2, 3)), ("format", (4, 5))}
    assert [(one.line, one.code) for one in found.unread] == [(6, "empty")]


def test_a_map_says_on_which_line_the_heading_stands(tmp_path: Path) -> None:
    text = 'title = "x"\n[columns]\nnumber = "a"\nissued = "b"\namount = "c"\nseller = "d"\n[file]\nheading = {}\n'
    file = file_of(tmp_path, "a list\na,b,c,d\n7712049,2024-03-05,83.17,A Ltd\n")
    written = file_of(tmp_path, text.format(2), "map.toml")
    assert check(file, load_map(written)).rows == 1
    for wrong, told in (("0", "number of a line"), ('"2"', "whole number")):
        with pytest.raises(Malformed, match=told):
            load_map(file_of(tmp_path, text.format(wrong), "map.toml"))
    with pytest.raises(Malformed, match="no heading"):
        check(file, load_map(file_of(tmp_path, text.format(9), "map.toml")))


def test_days_that_can_be_read_in_two_ways_are_refused(tmp_path: Path) -> None:
    lines = [HEADING, "A Ltd,7712049,03/05/2024,83.17"]
    with pytest.raises(OutsideRefused, match="two ways"):
        guess(file_of(tmp_path, "\n".join(lines)))
    told = guess(file_of(tmp_path, "\n".join([*lines, "A Ltd,7712050,03/25/2024,83.17"])))
    assert "%m/%d/%Y" in told.date_formats
    assert "%d/%m/%Y" not in told.date_formats


MAP = 'title = "t"\n[columns]\nnumber = "no"\nissued = "day"\namount = "sum"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MAP, "names neither seller nor buyer"),
        (MAP.replace('amount = "sum"\n', 'seller = "v"\n'), "amount"),
        (MAP + 'seller = "v"\ncolour = "red"\n', "something unknown"),
        (f'kind = "stars"\n{MAP}seller = "v"\n', "kind is 'stars'"),
        (MAP + 'seller = "v"\n[file]\nencoding = "utf-7"\n', "encoding is 'utf-7'"),
        ("title = ", "not TOML"),
    ],
)
def test_a_map_that_says_something_else_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Malformed, match=told) as refused:
        load_map(file_of(tmp_path, text, "map.toml"))
    assert refused.value.code == "map"
    assert "docs/outside.md" in refused.value.next_step


def test_every_map_that_ships_can_be_read() -> None:
    assert {packaged_map(name).kind for name in PACKAGED} == {"invoices", "registrations"}


def test_every_code_has_words() -> None:
    reasons = {"same", "edit", "swap", "amount", "date", "party", "other_number", "number", "secured_party", "debtor"}
    assert {*CLASSES, *ORDER, *USUAL, *FORMS, *HEADINGS.values(), *reasons} - WORDS.keys() == set()
    assert all(chinese and english for chinese, english in WORDS.values())


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_is_written_runs_nowhere(tmp_path: Path, suffix: str) -> None:
    lines = [
        HEADING,
        "<b>&A</b>,7712049,2024-03-05,83.17",
        "<b>&A</b>,77-12049,2024-03-05,83.17",
        "A,=2+3,2024-03-05,1",
    ]
    file = file_of(tmp_path, "\n".join([*lines, "B,991201,2024-03-05,5.00"]))
    found = check(file, guess(file))
    out = tmp_path / f"out.{suffix}"
    write_sheet(found, out, "en", {})
    if suffix == "csv":
        rows = list(csv.reader(out.read_text("utf-8-sig").splitlines()))
    else:
        sheet = load_workbook(out)["rows"]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        assert all(cell.font.bold for cell in sheet[1])
        assert (sheet["L2"].number_format, sheet.freeze_panes, sheet.auto_filter.ref) == ("#,##0.00", "A2", "A1:L5")
        assert sheet["E2"].alignment.wrap_text
        lines_of_points = sheet.row_dimensions[2].height / 14  # in several lines, all of them seen
        assert sheet.column_dimensions["E"].width * lines_of_points > len(str(sheet["E2"].value))
        rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert rows[0][:5] == ["Line", "Class", "Level", "Group", "Why"]
    assert [row[:2] for row in rows[1:]] == [["2", "format"], ["3", "format"], ["4", "unreadable"], ["5", ""]]
    assert rows[1][4] == "one number but for separators or case (line 3)"
    assert rows[1][8] == "<b>&A</b>"
    assert rows[1][11] == "83.17"
    assert rows[3][4].startswith("runs-as-formula: ")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".partial")] == []


def test_a_written_name_that_begins_like_a_formula_is_neutralised(tmp_path: Path) -> None:
    import polars as pl

    file = file_of(tmp_path, f"{HEADING}\n{GOOD}\n")
    found = check(file, guess(file))
    object.__setattr__(found, "frame", found.frame.with_columns(seller=pl.lit("=cmd()")))
    for name in ("out.csv", "out.xlsx"):
        write_sheet(found, tmp_path / name, "zh", {})
    assert "'=cmd()" in (tmp_path / "out.csv").read_text("utf-8-sig")
    sheet = load_workbook(tmp_path / "out.xlsx")["rows"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=cmd()"] == ["s"]
    assert printed(sheet) == (*ON_PAGES, 1, None)
