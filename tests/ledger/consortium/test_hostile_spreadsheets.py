"""Every row of a file comes out as a receivable, a rejection with its line and cause, or a blank: whatever it holds."""

import csv
import io
import warnings
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ledger.consortium.mapping import parse_map
from ledger.consortium.rows import Blank, Receivable, Rejected, read_rows, year_after
from ledger.errors import Malformed

MAP = """
title = "t"
[columns]
number = "no"
issued = "day"
due = "due"
amount = "sum"
debtor = "who"
debtor_name = "name"
settled = "paid"
disputed = "disputed"
[values]
yes = ["Y"]
no = ["N", ""]
"""
HEADING = ["no", "day", "due", "sum", "who", "name", "paid", "disputed"]
GOOD = ["A-1", "2024-01-02", "2024-04-02", "100.00", "c1", "甲公司", "", "N"]


def mapping(more=""):
    return parse_map(MAP + more, "m")


def row(**change):
    return [change.get(name, value) for name, value in zip(HEADING, GOOD, strict=True)]


def of_csv(folder, *lines, encoding="utf-8", more="", heading=HEADING):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in (heading, *lines):
        if isinstance(line, str):
            text.write(line + "\n")
        else:
            writer.writerow(line)
    path = folder / "rows.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return list(read_rows(path, mapping(more), workbook=False))


def of_xlsx(folder, *lines, heading=HEADING, more="", title=None):
    book = Workbook()
    sheet = book.active
    if title:
        sheet.title = title
    for line in (heading, *lines):
        sheet.append(line)
    path = folder / "rows.xlsx"
    book.save(path)
    return list(read_rows(path, mapping(more), workbook=True))


def test_a_good_row_is_read(tmp_path):
    (made,) = of_csv(tmp_path, GOOD)
    assert made == Receivable(
        line=2, number="A-1", code=None, issued=date(2024, 1, 2), due=date(2024, 4, 2), amount=100_00, tax=11_50,
        debtor="c1", debtor_name="甲公司", creditor="supplier", creditor_name="一级供应商",
        settled=None, disputed=False, goods="货款",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sum": "0.00"}, "amount-not-positive"),
        ({"sum": "-5"}, "amount-not-positive"),
        ({"sum": "1.005"}, "fraction-of-fen"),
        ({"sum": "ten"}, "not-money"),
        ({"sum": ""}, "not-money"),
        ({"sum": "9" * 14}, "amount-too-large"),
        ({"day": "02/01/2024"}, "not-a-date"),
        ({"day": ""}, "not-a-date"),
        ({"due": "2024-01-01"}, "due-before-issue"),
        ({"due": "2025-01-03"}, "tenor"),
        ({"paid": "2024-01-01"}, "settled-before-issue"),
        ({"paid": "soon"}, "not-a-date"),
        ({"disputed": "maybe"}, "not-yes-or-no"),
        ({"no": " "}, "empty"),
        ({"no": "=HYPERLINK(1)"}, "runs-as-formula"),
        ({"who": ""}, "empty"),
        ({"who": "supplier"}, "same-party"),
        ({"name": "a\tb\x07"}, "control-character"),
        ({"name": "x" * 300}, "too-long"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_cause(tmp_path, change, code):
    first, second = of_csv(tmp_path, row(**change), row(no="A-2"))
    assert isinstance(first, Rejected)
    assert (first.line, first.code) == (2, code)
    assert first.cause
    assert isinstance(second, Receivable)


def test_a_tenor_of_one_year_is_lawful(tmp_path):
    (made,) = of_csv(tmp_path, row(day="2024-02-29", due="2025-02-28"))
    assert isinstance(made, Receivable)
    assert year_after(date(2024, 2, 29)) == date(2025, 2, 28)


def test_a_number_twice_names_the_first_line(tmp_path):
    _, second = of_csv(tmp_path, GOOD, GOOD)
    assert (second.line, second.code, second.cause) == (3, "duplicate", "invoice A-1 stands on line 2 already")


def test_a_rejected_row_does_not_block_its_number(tmp_path):
    first, second = of_csv(tmp_path, row(sum="0"), GOOD)
    assert (type(first), type(second)) == (Rejected, Receivable)


def test_columns_must_be_as_many_as_headings(tmp_path):
    short, long, good = of_csv(tmp_path, GOOD[:-1], [*GOOD, "x"], GOOD)
    assert [each.code for each in (short, long)] == ["column-count"] * 2
    assert good.line == 4


def test_an_open_quotation_mark_spoils_its_own_line(tmp_path):
    spoilt, good = of_csv(tmp_path, '"A-0,2024-01-02,2024-04-02,1,c1,n,,N', GOOD)
    assert (spoilt.line, spoilt.code) == (2, "not-a-row")
    assert isinstance(good, Receivable)


def test_blank_lines_are_counted_as_such(tmp_path):
    assert [type(each) for each in of_csv(tmp_path, "", GOOD, ",,,,,,,", "  ")] == [Blank, Receivable, Blank, Blank]


def test_chinese_encodings_are_the_maps_choice(tmp_path):
    (made,) = of_csv(tmp_path, GOOD, encoding="gb18030", more='[file]\nencoding = "gb18030"\n')
    assert made.debtor_name == "甲公司"
    with pytest.raises(Malformed, match="not utf-8-sig text"):
        of_csv(tmp_path, GOOD, encoding="gb18030")


def test_the_byte_order_mark_is_no_heading(tmp_path):
    (made,) = of_csv(tmp_path, GOOD, encoding="utf-8-sig")
    assert made.number == "A-1"


@pytest.mark.parametrize(
    ("heading", "told"),
    [(HEADING[1:], "has no column 'no'"), ([*HEADING, "sum"], "has 2 columns 'sum'"), ([], "no heading")],
)
def test_a_heading_that_does_not_fit_is_refused(tmp_path, heading, told):
    with pytest.raises(Malformed) as refused:
        of_csv(tmp_path, GOOD, heading=heading)
    assert told in refused.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path):
    for workbook in (False, True):
        with pytest.raises(Malformed, match="cannot be used"):
            list(read_rows(tmp_path / "none", mapping(), workbook=workbook))


def test_an_endless_line_is_refused(tmp_path):
    with pytest.raises(Malformed, match="longer"):
        of_csv(tmp_path, "x" * 100_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=9), max_size=5))
def test_no_row_is_lost_whatever_it_holds(tmp_path_factory, lines):
    clean = [[cell.replace("\r", "").replace("\n", "") for cell in line] for line in lines]
    found = of_csv(tmp_path_factory.mktemp("rows"), *clean, encoding="utf-8", heading=HEADING) if _utf8(clean) else None
    if found is not None:
        assert [each.line for each in found] == list(range(2, len(clean) + 2))


def _utf8(lines):
    try:
        str(lines).encode()
    except UnicodeEncodeError:
        return False
    return True


def test_a_workbook_is_read_like_a_file(tmp_path):
    cells = row(day=date(2024, 1, 2), due=date(2024, 4, 2), sum=100.0, paid=None, disputed=None, no=7)
    (made,) = of_xlsx(tmp_path, cells)
    assert (made.number, made.amount, made.issued, made.line) == ("7", 100_00, date(2024, 1, 2), 2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sum": "=1+1"}, "formula"),
        ({"no": '=HYPERLINK("http://x","y")'}, "formula"),
        ({"name": "=A1"}, "formula"),
        ({"sum": True}, "not-money"),
        ({"sum": 100.005}, "fraction-of-fen"),
        ({"no": 2.4e19}, "not-text"),
        ({"day": 45000}, "not-a-date"),
        ({"sum": "#VALUE!"}, "not-money"),
    ],
)
def test_a_workbooks_bad_row_is_rejected(tmp_path, change, code):
    bad, good = of_xlsx(tmp_path, row(**change), row(no="A-2"))
    assert (bad.line, bad.code) == (2, code)
    assert isinstance(good, Receivable)


def test_a_workbooks_blank_rows_and_short_rows(tmp_path):
    found = of_xlsx(tmp_path, [None], GOOD[:6], [*row(no="A-2"), "beyond"])
    assert [type(each) for each in found] == [Blank, Receivable, Rejected]


def test_the_sheet_is_the_maps_choice(tmp_path):
    (made,) = of_xlsx(tmp_path, GOOD, title="账", more='[file]\nsheet = "账"\n')
    assert made.number == "A-1"
    with pytest.raises(Malformed, match="no sheet"):
        of_xlsx(tmp_path, GOOD, more='[file]\nsheet = "other"\n')


def damaged(folder, part, content):
    """A workbook with one of its parts exchanged."""
    of_xlsx(folder, GOOD)
    path = folder / "damaged.xlsx"
    with zipfile.ZipFile(folder / "rows.xlsx") as good, zipfile.ZipFile(path, "w") as bad:
        for each in good.namelist():
            bad.writestr(each, content if each == part else good.read(each))
    return path


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml"]
)
@pytest.mark.parametrize("content", [b"", b"<a><b>", b"\x00\xff", b"<a/>"], ids=["empty", "open", "binary", "other"])
def test_a_damaged_workbook_is_refused_or_read_never_a_crash(tmp_path, part, content):
    path = damaged(tmp_path, part, content)
    try:
        found = list(read_rows(path, mapping(), workbook=True))
    except Malformed:
        return
    assert len(found) == 1


def test_what_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "rows.xlsx"
    for content in (b"", b"no,day\n", b"PK\x03\x04" + b"\0" * 100):
        path.write_bytes(content)
        with pytest.raises(Malformed, match="not an XLSX"):
            list(read_rows(path, mapping(), workbook=True))


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "rows.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"\0" * 8_000_000)
    with pytest.raises(Malformed, match="proportion"):
        list(read_rows(path, mapping(), workbook=True))


def test_reading_a_workbook_leaves_warnings_as_they_were(tmp_path):
    before = list(warnings.filters)
    of_xlsx(tmp_path, GOOD)
    rows = read_rows(tmp_path / "rows.xlsx", mapping(), workbook=True)
    next(rows)
    assert warnings.filters == before
    rows.close()
