"""`glasspool stress` as a person and a program meet it."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from abs.scenario import PRESETS, preset
from abs.stress import stress
from abs.stress.result import StressRun
from abs.stress.start import ledger_setting
from dashboards.texts import Language
from ledger.store import Store
from portal.cli.stress_view import FEW_ASSETS, stressed
from portal.cli.words import Words
from tests.support.commands import Ran
from tests.support.ledger_book import Book
from tests.support.plan_book import funded

EXAMPLE = Path(__file__).parents[2] / "docs" / "scenarios" / "core-enterprise-fails.toml"


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("stress", "terms"))
    monkeypatch.setenv("GLASSPOOL_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("GLASSPOOL_LANG", "en")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    book = Book(folder / "ledger.db")
    book.admit()
    funded(book, version=2)
    book.store.close()
    return folder


def test_presets_are_run_where_none_is_named(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    ran = Ran(capsys, "stress", "plan-1", "--json")
    assert ran.code == 0
    assert [one["scenario"]["scenario"] for one in ran.json["runs"]] == list(PRESETS)
    with Store.open(home / "ledger.db") as opened:
        setting = ledger_setting(opened.at(), "plan-1")
    assert ran.json["runs"][0] == stress(setting, preset("base")).as_json()
    assert ran.json["height"] == setting.height


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "stress", "plan-1", "--scenario", "base", "--scenario", EXAMPLE, "--break-even", "--actual")
    assert ran.code == 0
    words = ("Actual against forecast", "Scenario: core-enterprise-fails", "2026-06-30", "amortising", "Break-even")
    for word in words:
        assert word in ran.out
    assert ran.err == ""


def test_a_history_of_few_assets_is_warned_of(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    with Store.open(home / "ledger.db") as opened:
        assets = ledger_setting(opened.at(), "plan-1").history.assets
    assert 0 < assets < FEW_ASSETS
    out = Ran(capsys, "stress", "plan-1", "--scenario", "base").out
    assert f"Warning: this history rests on few assets ({assets}, fewer than {FEW_ASSETS})" in out


def test_enough_assets_are_not_warned_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cli.stress_view.FEW_ASSETS", 1)
    assert "Warning" not in Ran(capsys, "stress", "plan-1", "--scenario", "base").out


def without_cash(run: StressRun, left: int) -> StressRun:
    """The run as if no cash moved on any date, and so much of each tranche were never paid."""
    amounts = ("collected", "fees", "interest", "principal", "residual", "repaid", "spent")
    dates = tuple(replace(one, changes=(), **dict.fromkeys(amounts, 0)) for one in run.dates)
    tranches = tuple(replace(one, lost_principal=left, lost_interest=0) for one in run.tranches)
    return replace(run, dates=dates, tranches=tranches)


@pytest.mark.parametrize(("left", "why"), [(0, "pool and securities are repaid"), (500, "CNY 10.00 of the securities")])
def test_dates_without_any_payment_are_said_and_not_an_empty_table(home: Path, left: int, why: str) -> None:
    with Store.open(home / "ledger.db") as opened:
        run = stress(ledger_setting(opened.at(), "plan-1"), preset("severe"))
    out = io.StringIO()
    shown = stressed([without_cash(run, left)], [], None, "a title", Words(Language.EN))
    Console(file=out, width=200).print(shown)
    assert f"Nothing is paid on any payment date to come ({len(run.dates)})" in out.getvalue()
    assert why in out.getvalue()
    assert "Collected" not in out.getvalue()


def test_coverage_is_told_as_shares(capsys: pytest.CaptureFixture[str]) -> None:
    told = Ran(capsys, "stress", "plan-1", "--scenario", "base", "--json").json["runs"][0]["dates"][0]
    share = Decimal(told["covered"]["rated"]["interest"])
    assert f"{share:,.2%}" in Ran(capsys, "stress", "plan-1", "--scenario", "base").out


def test_break_even_and_actual_are_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = Ran(capsys, "stress", "plan-1", "--scenario", "mild", "--break-even", "--actual", "--json").json
    assert set(told["runs"][0]["break_even"]) == {"A", "B"}
    assert told["actual"][0]["after"] == "2026-01-01"


def test_height_and_date_go_back(capsys: pytest.CaptureFixture[str]) -> None:
    told = Ran(capsys, "stress", "plan-1", "--at", "5", "--date", "2026-07-01", "--json").json
    assert (told["height"], told["date"]) == (5, "2026-07-01")
    assert [one["on"] for one in told["runs"][0]["dates"]] == ["2026-12-31"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nobody"], "unknown-plan"),
        (["plan-1", "--scenario", "worst"], "unknown-scenario"),
        (["plan-1", "--scenario", "gone.toml"], "file"),
        (["plan-1", "--date", "2027-01-01"], "no-payment-date"),
    ],
)
def test_errors(capsys: pytest.CaptureFixture[str], arguments: list[str], code: str) -> None:
    ran = Ran(capsys, "stress", *arguments, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)


@pytest.mark.parametrize(("name", "text"), [("x.toml", 'scenario = "x"\ndelay = -1'), ("x.json", '{"delay": [-1]}')])
def test_faults_of_a_file_are_told_by_path(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    ran = Ran(capsys, "stress", "plan-1", "--scenario", file, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "scenario-document")
    assert "delay[0]" in ran.json["error"]["message"]
