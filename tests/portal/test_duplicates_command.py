"""`glasspool duplicates check`: what it prints, writes and returns."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from tests.benchmarks.outside import planted
from tests.support.commands import Ran
from tests.support.duplicates_stories import Desk, ledger
from tests.support.market import Market

HEADING = "vendor,invoice number,date,amount\n"
CLEAN = f"{HEADING}A Ltd,7712049,2024-03-05,83.17\n"
TWICE = f"{CLEAN}A Ltd,77-12049,2024-03-05,83.17\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("GLASSPOOL_LANG", "en")
    return lambda *arguments: Ran(capsys, "duplicates", "check", *arguments)


def written(folder: Path, text: str) -> Path:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_nothing_found_is_0_and_a_match_is_1(run, tmp_path: Path) -> None:
    clean = run(written(tmp_path, CLEAN), "--alone")
    assert (clean.code, "0 groups to look into" in clean.out) == (0, True)
    found = run(written(tmp_path, TWICE), "--alone")
    assert found.code == 1
    assert "one number but for separators" in " ".join(found.out.split())


def test_a_row_that_cannot_be_read_is_no_clean_answer(run, tmp_path: Path) -> None:
    done = run(written(tmp_path, f"{CLEAN}A Ltd,=1,2024-03-05,1\n"), "--alone")
    assert (done.code, "runs-as-formula" in done.out) == (1, True)


def test_json_is_one_document(run, tmp_path: Path) -> None:
    answer = run(written(tmp_path, TWICE), "--alone", "--json").json
    assert (answer["rows"], answer["alerts"], answer["height"]) == (2, 1, None)
    [group] = answer["groups"]
    assert (group["match"], group["lines"], group["amount"]) == ("format", [2, 3], 8317)
    assert group["matches"] == [{"line": 3, "other": "line 2", "match": "format", "reasons": ["separators"]}]


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [("", 2, "headings"), (HEADING, 1, "no-rows"), (f"{HEADING}{'x' * 70_000}", 1, "spreadsheet")],
)
def test_whose_fault_it_is_decides_the_code(run, tmp_path: Path, text: str, code: int, error: str) -> None:
    done = run(written(tmp_path, text), "--alone", "--json")
    assert (done.code, done.json["error"]["code"]) == (code, error)


@pytest.mark.parametrize("arguments", [("none.csv",), ("list.csv", "--map", "none.toml"), ("list.csv", "-o", "x.pdf")])
def test_wrong_usage_is_2(run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    written(tmp_path, CLEAN)
    assert run(tmp_path / arguments[0], *arguments[1:]).code == 2


def test_without_a_node_it_says_so(run, tmp_path: Path) -> None:
    done = run(written(tmp_path, CLEAN))
    assert (done.code, "no node here" in done.err) == (0, True)
    assert run(written(tmp_path, CLEAN), "--height", 3).code == 2
    assert run(written(tmp_path, CLEAN), "--holder", "bank").code == 2


def test_every_row_is_written_with_its_class(run, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    assert run(written(tmp_path, TWICE), "--alone", "--out", out).code == 1
    rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert [(row["Line"], row["Class"], row["Why"].split(" (")[1]) for row in rows] == [
        ("2", "format", "line 3)"), ("3", "format", "line 2)")
    ]  # fmt: skip


def test_the_file_a_ledger_was_made_of_is_found_there_whole(run, market: Market, monkeypatch) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    done = run(market.file, "--map", "demo", "--json")
    answer = done.json
    assert {group["match"] for group in answer["groups"]} == {"exact"}
    assert {tuple(group["things"]) != () for group in answer["groups"]} == {True}
    assert sum(len(group["lines"]) for group in answer["groups"]) == market.rows
    claimed = [group for group in answer["groups"] if group["alert"]]
    assert claimed
    assert {claim["instrument"] for group in claimed for claim in group["standing"]} >= {"pool"}
    monkeypatch.setenv("GLASSPOOL_LANG", "zh")
    told = run(market.file, "--map", "demo", "--limit", 3).out
    assert "账本上的权利" in told
    assert "入池" in told


def test_the_other_financing_of_a_number_is_no_all_clear(run, tmp_path: Path, monkeypatch) -> None:
    """Two sellers have one 20-digit number, each lent on by another bank: neither bank's own list is clean."""
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path))
    number, book = "26442000000010000117", ledger(tmp_path / "ledger.db")
    desk = Desk(book, "n")
    for seller, bank in (("supplier", "bank"), ("tier2", "bank2")):
        desk.invoice(seller, number=number, seller=seller, issued="2026-01-04")
        desk.receivable(f"R-{seller}", seller, creditor=seller)
        desk.lend(f"F-{bank}", bank, ("receivable", f"R-{seller}"), applicant=seller)
    desk.block()
    book.store.close()
    file = written(tmp_path, f"seller,buyer,invoice number,date,amount\nsupplier,core,{number},2026-01-04,1130.00\n")
    for holder, other in (("bank", "n.F-bank2"), ("bank2", "n.F-bank")):
        done = run(file, "--holder", holder, "--json")
        [group] = done.json["groups"]
        assert (done.code, group["level"], group["things"]) == (1, "high", ["invoice n.supplier", "invoice n.tier2"])
        assert [claim["thing"] for claim in group["standing"]] == [f"financing {other}"]
        assert {each["other"]: each["match"] for each in group["matches"]} == {
            "invoice n.supplier": "exact", "invoice n.tier2": "altered"
        }  # fmt: skip
    monkeypatch.setenv("COLUMNS", "200")
    told = run(file, "--holder", "bank").out
    assert "the ledger holds 2 invoices for this" in told


@pytest.mark.slow
def test_200_000_payables_in_20_seconds(run, tmp_path: Path) -> None:
    planted(200_000, 7).write(tmp_path / "payables.csv")
    start = time.process_time()
    answer = run(tmp_path / "payables.csv", "--alone", "--json").json
    assert time.process_time() - start < 20  # of processors: what else the machine does then is not ours
    assert answer["rows"] == 200_000
    assert 700 < answer["alerts"] < 1_100
