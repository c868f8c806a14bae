"""The trade-background table: what a row says, and that no text of a stranger runs in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from regulator.authenticity import BackgroundTable, assess
from regulator.authenticity.table import AMOUNTS, COLUMNS, WIDEST
from regulator.authenticity.words import TABLE
from tests.support.ledger_book import Book
from tests.support.printing import ON_PAGES, printed
from tests.support.trade_background import STORIES, told
from tests.support.trade_deal import FACE, Deal, Story

EVIL = '=HYPERLINK("http://example.org","x")'


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    book = told(tmp_path_factory.mktemp("deals") / "ledger.db")
    evil = Story(parts={"contract": {"number": EVIL}, "order": {"number": "+1"}, "waybill": {"number": "@SUM(A1)"}})
    Deal(book, "evil", evil).tell()
    yield book
    book.store.close()


def table(ledger: Book, *names: str, **more: str) -> BackgroundTable:
    facts = ledger.store.at()
    found = [assess(facts, f"claim-{name}") for name in names]
    return BackgroundTable.of(found, {"supplier": "苏州供应商", "core": "青岛核心企业"}, **more)  # type: ignore[arg-type]


def test_the_four_flows_stand_side_by_side(ledger: Book) -> None:
    (row,) = table(ledger, "instalments").rows
    deal = Deal(ledger, "instalments", STORIES["instalments"])
    assert tuple(row) == COLUMNS
    assert row["contracts"] == "HT-contract-instalments"
    assert row["orders"] == "HT-order-instalments"
    assert row["waybills"] == "HT-waybill-instalments"
    assert row["carried"] == "12.5吨"
    assert row["invoices"] == deal.number()
    assert (row["amount"], row["invoiced"], row["paid"]) == (FACE, FACE, FACE)
    assert (row["contract_amount"], row["order_amount"]) == (FACE * 10, FACE)
    assert row["payments"] == "pay0-50000-instalments、pay20-63000-instalments"
    assert (row["creditor"], row["debtor"]) == ("苏州供应商", "青岛核心企业")
    assert row["flows"] == "商流、物流、资金流、信息流"
    assert (row["score"], row["missing"], row["contradictions"]) == (100, None, None)


def test_what_is_wrong_is_said(ledger: Book) -> None:
    (row,) = table(ledger, "coal").rows
    assert "动力煤" in str(row["contradictions"])
    (told_in_english,) = table(ledger, "coal", language="en").rows
    assert "it names 动力煤" in str(told_in_english["contradictions"])


def test_only_the_debtors_own_confirmation_has_a_day(ledger: Book) -> None:
    names = ("plain", "confirmed-again", "own-word", "signed-by-parent", "unverified")
    rows = table(ledger, *names).rows
    assert [row["confirmed"] is not None for row in rows] == [True, True, False, False, False]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_workbook_holds_numbers_and_text_that_never_runs(ledger: Book, tmp_path: Path, language: str) -> None:
    table(ledger, "plain", "evil", language=language).write_xlsx(tmp_path / "t.xlsx")
    sheet = load_workbook(tmp_path / "t.xlsx").active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == [TABLE[name][0 if language == "zh" else 1] for name in COLUMNS]
    assert all(cell.font.bold for cell in rows[0])
    assert printed(sheet) == (*ON_PAGES, 2, "$A:$A")
    for column in sheet.iter_cols():  # nothing shows as ### and no heading is cut
        wide = sheet.column_dimensions[column[0].column_letter].width
        amounts = [f"{cell.value:,.2f}" for cell in column if isinstance(cell.value, int | float)]
        assert wide >= min(max(map(len, [str(column[0].value), *amounts])), WIDEST)
    evil = dict(zip(COLUMNS, rows[2], strict=True))
    for name, text in (("contracts", EVIL), ("orders", "+1"), ("waybills", "@SUM(A1)")):
        assert (evil[name].value, evil[name].data_type, evil[name].quotePrefix) == (text, "s", True)
    assert all(cell.data_type != "f" for row in rows for cell in row)
    plain = dict(zip(COLUMNS, rows[1], strict=True))
    assert [float(plain[name].value) for name in AMOUNTS if plain[name].value] == [1130.0, 11300.0, 1130.0, 1130.0]


def test_a_csv_file_runs_nothing(ledger: Book, tmp_path: Path) -> None:
    table(ledger, "plain", "evil").write_csv(tmp_path / "t.csv")
    heads, plain, evil = csv.reader((tmp_path / "t.csv").read_text("utf-8-sig").splitlines())
    assert heads == [TABLE[name][0] for name in COLUMNS]
    assert dict(zip(COLUMNS, plain, strict=True))["amount"] == "1130.00"
    told_ = dict(zip(COLUMNS, evil, strict=True))
    assert (told_["contracts"], told_["waybills"]) == (f"'{EVIL}", "'@SUM(A1)")
    assert all(cell[:1] not in "=@+\t" or not cell for cell in evil)


def test_it_shows_in_a_notebook(ledger: Book) -> None:
    shown = table(ledger, "plain", "evil")._repr_html_()
    assert "贸易背景表" in shown
    assert "<td>HT-contract-plain</td>" in shown
    assert '"x"' not in shown
    assert "claim-coal" in assess(ledger.store.at(), "claim-coal")._repr_html_()
