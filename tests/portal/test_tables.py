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
