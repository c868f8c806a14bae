"""Tables of the terminal: whatever its width, no number is folded, cut or lost, and no line is wider than it."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from portal.cli.tables import Column, Sheet, prose, spaced

COLUMNS = (
    Column("Date", "word"), Column("What it is for"), Column("Principal paid", "number"), Column("应付收益", "number"),
    Column("Interest", "number"), Column("Cash that is left", "number"),
)  # fmt: skip
ROWS = [
    ("2025-03-31", "the senior tranche of the plan", "1,241,708.42", "12,094.42", "1.00", "−7.00"),
    ("2025-06-30", "资产支持专项计划优先级证券持有人", "288,691.58", "9,999,999,999.99", "−", "0.00"),
]


def printed(sheet: object, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, soft_wrap=True).print(sheet)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", range(40, 140, 7))
def test_numbers_and_words_stay_whole_on_any_terminal(width: int) -> None:
    lines = printed(Sheet("Title", COLUMNS, ROWS), width)
    assert all(cell_len(line) <= width for line in lines)
    found = {part for line in lines for part in line.split()}
    assert {cell for row in ROWS for at, cell in enumerate(row) if at != 1} <= found
    letters = "".join("".join(lines).split())
    assert all(letters.count(each) for row in ROWS for each in row[1].replace(" ", ""))


def test_a_wide_terminal_has_one_table_and_a_narrow_one_repeats_the_key() -> None:
    assert sum("2025-03-31" in line for line in printed(Sheet("", COLUMNS, ROWS), 140)) == 1
    assert sum("2025-03-31" in line for line in printed(Sheet("", COLUMNS, ROWS), 50)) > 1


def test_a_table_without_rows_is_not_printed_and_leaves_no_gap() -> None:
    empty = Sheet("Nothing", COLUMNS, [])
    assert not empty
    assert printed(spaced([prose("first"), empty, prose("last")]), 80) == ["first", "", "last"]
    assert printed(empty, 80) in ([], [""])


def test_sentences_wrap_between_words() -> None:
    lines = printed(spaced([prose("words " * 30)]), 40)
    assert len(lines) > 3
    assert all(set(line.split()) == {"words"} for line in lines if line)


SAID = {
    "zh": "太原海然114号金属制品有限公司对重庆恒珩重工集团股份有限公司的已融资应收账款中，有8笔共904,000.00元（100%）"
    "无确权，由账户0xf90c3399bba699c9bcbfd7a399ddd4e9c306338f签署；发票INV-24442000000010006417另有271,200.00元。",
    "en": "Of what 太原海然114号金属制品有限公司 financed, 8 receivables of 904,000.00 yuan (100 per cent) were signed "
    "by 0xf90c3399bba699c9bcbfd7a399ddd4e9c306338f; invoice INV-24442000000010006417 has 271,200.00 yuan besides.",
}
WHOLE = ("904,000.00", "271,200.00", "INV-24442000000010006417", "0xf90c3399bba699c9bcbfd7a399ddd4e9c306338f")


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize("width", [50, 60, 73, 80, 100, 120])
def test_no_number_and_no_id_in_a_sentence_is_folded(width: int, language: str) -> None:
    columns = (Column("ID", "word"), Column("CNY", "number"))
    for shown in (prose(SAID[language]), Sheet("", columns, [("7", "1.00")], beneath=[SAID[language]])):
        lines = printed(spaced([shown]), width)
        assert all(cell_len(line) <= width for line in lines)
        assert not [each for each in WHOLE if not any(each in line for line in lines)]
        assert "".join(SAID[language].split()) in "".join("".join(lines).split())
        assert not [line for line in lines if line.lstrip()[:1] in set("，。；）") and line.strip()]


def test_what_is_said_of_a_row_stands_below_it() -> None:
    rows = [("1", "1,000.00"), ("22", "2.00")]
    sheet = Sheet("", (Column("ID", "word"), Column("CNY", "number")), rows, beneath=["first of all", "then"])
    lines = [line.split() for line in printed(sheet, 80)]
    assert lines == [["ID", "CNY"], ["1", "1,000.00"], ["first", "of", "all"], ["22", "2.00"], ["then"]]


@pytest.mark.parametrize("width", [80, 120])
def test_an_amount_in_a_column_of_text_stays_whole(width: int) -> None:
    columns = (*(Column(f"c{at}", "word") for at in range(4)), Column("text"))
    lines = printed(Sheet("", columns, [(*("x" * 14,) * 4, SAID["zh"])], keys=1), width)
    assert [each for each in WHOLE[:3] if any(each in line for line in lines)] == list(WHOLE[:3])
