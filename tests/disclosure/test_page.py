"""The page and the data: everything in them is a figure with its lineage, and nothing in them acts or asks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from abs.distribution import distribution_statement, periods
from abs.figure import Figure, Unit
from disclosure.publish import read_distribution
from disclosure.render.formats import number_format, sheet_value, shown
from disclosure.render.html import render_html
from disclosure.render.json import render_json
from disclosure.render.readable import formula, is_readable, names
from disclosure.render.words import WORDS, word
from disclosure.render.xlsx import render_xlsx
from disclosure.reports.report import Cell, Column, Report, Row, Section, Table

if TYPE_CHECKING:
    from ledger.store import Store

MADE_AT = datetime(2025, 11, 3, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def report(replica: Store, plan: str) -> Report:
    return read_distribution(replica, plan)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render_html(report, made_at=MADE_AT).decode()


@pytest.fixture(scope="module")
def raw_workbook(report: Report) -> bytes:
    return render_xlsx(report, made_at=MADE_AT)


@pytest.fixture(scope="module")
def data(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render_json(report))
    return found


class Reader(HTMLParser):
    """Collects tags with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_loads_and_runs_nothing(page: str) -> None:
    reader = read(page)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "a", "form", "base"}
    assert not [name for _, attributes in reader.tags for name in attributes if name in {"src", "href", "style"}]
    assert not re.search(r"https?:|url\(|@import|javascript:", page)
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in reader.tags)


def test_every_figure_on_the_page_unfolds(report: Report, page: str) -> None:
    figures = [cell for cell in report.cells() if cell.figure is not None]
    assert page.count('<details name="figure">') == len(figures)
    for cell in figures:
        assert cell.figure is not None
        assert cell.figure.formula
    assert "第 6 期分配记录的本金之和" in page


def test_people_read_words_and_no_keys(report: Report, page: str, raw_workbook: bytes) -> None:
    called = names(report)
    figures = report.figures()
    assert set(called) == set(figures.values())
    for figure in figures.values():
        assert is_readable(figure), figure.formula
        for text in (called[figure], *formula(figure)):
            assert not re.search(r"[a-z_]+\.[a-z_]+|~\d|\w_\w|[{}]", text), text
    assert "历次兑付 / 优先级 第 1 期 / 本金" in called.values()
    keys = [key for key in figures if "." in key]
    shown = [page, *(cell.value for sheet in load_workbook(BytesIO(raw_workbook)) for row in sheet for cell in row)]
    for text in shown:
        assert not isinstance(text, str) or not any(key in text for key in keys)


def test_every_formula_of_every_period_has_words(replica: Store, plan: str) -> None:
    for period in periods(replica.at(), plan):
        for figure in read_distribution(replica, plan, period=period).figures().values():
            assert is_readable(figure), figure.formula


def test_a_formula_is_the_same_formula_in_words(report: Report) -> None:
    said = {key: formula(figure) for key, figure in report.figures().items()}
    assert said["tranche.closing"] == ("期初余额 − 本期兑付本金", "opening balance − principal paid")
    assert said["total.mezzanine.opening"][0] == "中间级证券“期初余额”之和"
    assert said["tranche.principal_per_unit"] == ("兑付本金 ÷ 份数", "principal paid ÷ units")
    assert said["pool.delinquency.count~2"][0] == "逾期 1-29 天资产的笔数"
    wrong = Figure(
        name="x", value=None, unit=Unit.COUNT, height=1,
        formula="days from 2026-04-05 (counted) to 2026-03-05 (not counted): reversed dates",
    )  # fmt: skip
    assert "日期先后颠倒" in formula(wrong)[0]
    odd = replace(wrong, formula="something new")
    assert (is_readable(odd), formula(odd)) == (False, ("something new", "something new"))


def test_the_ranks_are_all_there_and_foot_to_the_payments(report: Report, data: dict[str, Any], page: str) -> None:
    tables = {table["key"]: table for section in data["sections"] for table in section["tables"]}
    values = {each["key"]: each["value"] for each in data["figures"]}
    ranks = tables["ranks"]
    assert [row["cells"][0]["text"]["zh"] for row in ranks["rows"]] == ["优先级", "中间级", "次级"]
    places = {column["key"]: place for place, column in enumerate(tables["payments"]["columns"])}
    for place, column in enumerate(ranks["columns"][1:], start=1):
        total = values[ranks["total"]["cells"][place]["figure"]]
        assert sum(values[row["cells"][place]["figure"]] for row in ranks["rows"]) == total, column["key"]
        if column["key"] in places:
            assert values[tables["payments"]["total"]["cells"][places[column["key"]]]["figure"]] == total
    by_rank = page[page.index("按级别汇总") :]
    assert all(f"<td>{rank}</td>" in by_rank[: by_rank.index("</table>")] for rank in ("优先级", "中间级", "次级"))


def test_rows_name_their_records_and_ids_stay_on_one_line(report: Report, page: str) -> None:
    for key in ("assets", "collections", "remittances"):
        table = next(table for table in report.tables() if table.key == key)
        row = table.rows[0]
        assert f'<td class="id">{row.cells[0].value}</td>' in page
        assert f'<td class="records">{row.records[0]}' in page


def test_what_the_ledger_says_is_text(report: Report) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}\"'&"
    table = Table(
        key="assets",
        columns=(Column(key="asset", unit=Unit.TEXT),),
        rows=(Row(cells=(Cell(content=hostile),)),),
    )
    page = render_html(
        replace(report, plan=hostile, plan_name=hostile, sections=(Section(key="assets", tables=(table,)),)),
        made_at=MADE_AT,
    ).decode()
    reader = read(page)
    assert "script" not in {tag for tag, _ in reader.tags}
    assert "".join(reader.text).count(hostile) >= 3


def test_a_long_list_is_shown_in_part_and_says_so(report: Report) -> None:
    section = next(section for section in report.sections if section.key == "assets")
    table = section.tables[0]
    long = replace(table, rows=table.rows * 20)
    page = render_html(replace(report, sections=(replace(section, tables=(long,)),)), made_at=MADE_AT).decode()
    assert f"此处列出 50 笔，全部 {len(long.rows)} 笔" in page
    assert page.count("<tr>") == 1 + 50 + 1


def test_an_empty_list_says_so(report: Report) -> None:
    section = next(section for section in report.sections if section.key == "assets")
    empty = replace(section.tables[0], rows=())
    page = render_html(replace(report, sections=(replace(section, tables=(empty,)),)), made_at=MADE_AT).decode()
    assert word("note.none") in page


def test_every_figure_of_the_statement_is_in_the_data(
    replica: Store, plan: str, report: Report, data: dict[str, Any]
) -> None:
    listed = {(each["name"], each["value"]) for each in data["figures"]}
    statement = distribution_statement(replica.at(), plan)
    for figure in statement.figures():
        value = format(figure.value, "f") if isinstance(figure.value, Decimal) else figure.value
        assert (figure.name, value) in listed, figure


def test_every_figure_leads_down_to_records(data: dict[str, Any], replica: Store) -> None:
    figures = {each["key"]: each for each in data["figures"]}
    assert len(figures) == len(data["figures"])

    def beneath(key: str) -> set[str]:
        figure = figures[key]
        return set(figure["records"]).union(*(beneath(each) for each in figure["inputs"]))

    for key, figure in figures.items():
        assert figure["formula"]
        assert figure["unit"] in {unit.value for unit in Unit}
        assert isinstance(figure["value"], int | str | None)
        assert {data["facts"][place]["record"] for place in figure["facts"]} == set(figure["records"])
        if figure["value"] not in (0, "0", None):
            assert beneath(key), key
    for record in {each["record"] for each in data["facts"]}:
        replica.record(replica.find_record(record))


def test_the_rows_of_the_pool_name_their_records(data: dict[str, Any]) -> None:
    table = next(section for section in data["sections"] if section["key"] == "assets")["tables"][0]
    assert table["rows"]
    assert all(row["records"] for row in table["rows"])
    places = {column["key"]: index for index, column in enumerate(table["columns"])}
    total = sum(row["cells"][places["outstanding"]]["value"] for row in table["rows"])
    figures = {each["key"]: each["value"] for each in data["figures"]}
    assert figures[table["total"]["cells"][places["outstanding"]]["figure"]] == total


def test_nothing_in_the_data_is_a_float(report: Report) -> None:
    floats: list[str] = []
    json.loads(render_json(report), parse_float=floats.append)
    assert floats == []


def test_nothing_is_left_unexplained(data: dict[str, Any]) -> None:
    unexplained = [each for each in data["figures"] if each["name"].endswith(".unexplained")]
    assert [each["value"] for each in unexplained] == [0, 0]


def test_figures_that_share_a_name_have_keys_of_their_own(data: dict[str, Any]) -> None:
    names = [each["name"] for each in data["figures"]]
    assert len(names) > len(set(names))
    for each in data["figures"]:
        assert each["key"].partition("~")[0] == each["name"]


def test_every_word_has_both_languages() -> None:
    for key, (chinese, english) in WORDS.items():
        assert chinese, key
        assert english, key
        assert english.isascii(), key


@pytest.mark.parametrize(
    ("value", "unit", "text", "kept", "style"),
    [
        (123456, Unit.FEN, "1,234.56", 1234.56, "#,##0.00"),
        (-5, Unit.FEN, "-0.05", -0.05, "#,##0.00"),
        (Decimal("12.3456"), Unit.FEN, "0.123456", 0.123456, "#,##0.000000"),
        (Decimal("0.0525"), Unit.RATIO, "5.25%", 0.0525, "0.00%"),
        (None, Unit.RATIO, "—", "—", "@"),
        (1234, Unit.COUNT, "1,234", 1234, "#,##0"),
        (92, Unit.DAYS, "92", 92, "#,##0"),
        (Decimal("26.26"), Unit.DAYS, "26.26", 26.26, "#,##0.00"),
        ("=1", Unit.TEXT, "=1", "=1", "@"),
    ],
)
def test_values_look_alike_everywhere(value: Any, unit: Unit, text: str, kept: Any, style: str) -> None:
    assert (shown(value, unit), sheet_value(value, unit), number_format(value, unit)) == (text, kept, style)


def test_a_row_must_fill_its_columns() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 columns"):
        Table(
            key="x",
            columns=(Column(key="a", unit=Unit.TEXT), Column(key="b", unit=Unit.TEXT)),
            rows=(Row(cells=(Cell(content="1"),)),),
        )


def test_a_cell_knows_its_figure() -> None:
    figure = Figure(name="x", value=1, unit=Unit.COUNT, formula="1", height=1)
    assert (Cell(content=figure).value, Cell(content=figure).figure, Cell(content=2).figure) == (1, figure, None)
