"""`glasspool metrics` as a person and a program meet it, on a node that replicated a pool."""

from __future__ import annotations

from pathlib import Path

import pytest

from abs.coverage import measures
from abs.reading import business_day
from abs.terms import terms_of
from ledger.store import Store
from tests.support.commands import Ran
from tests.support.ledger_book import Book
from tests.support.paid_plan import TRANCHES, terms
from tests.support.plan_book import distributed, funded


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("metrics", "pool"))
    monkeypatch.setenv("GLASSPOOL_LANG", "en")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plan-1 of a small book, until 5 May: 1,130.00 owed in January, 1,000.00 of it paid at once."""
    folder = tmp_path_factory.mktemp("node")
    book = Book(folder / "ledger.db")
    book.admit()
    funded(book, version=2)
    book.say("custodian", "distribution.made", distributed("d1", 40_000, 0, date="2026-03-10"))
    book.seal(days=120)
    book.store.close()
    return folder


@pytest.fixture(autouse=True)
def _there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(home))


def test_a_day(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = Ran(capsys, "metrics", "plan-1", "--json").json
    with Store.open(home / "ledger.db") as store:
        facts = store.at()
        on = business_day(facts)
        found = measures(facts, "plan-1", on, terms_of(facts, "plan-1", on))
        assert told["measures"] == {name: figure.as_json() for name, figure in found.items()}
        assert told["reserves"]["coverage.required_reserve"] == found.reserves.required.as_json()
    assert (told["plan"], told["date"], told["measures"]["pool.balance"]["value"]) == ("plan-1", on.isoformat(), 13_000)
    assert [(one["tranche"], one["outstanding"]["value"]) for one in told["tranches"]] == [("A", 50_000), ("B", 10_000)]
    assert told["holds"] is None
    shown = Ran(capsys, "metrics", "plan-1").out
    assert "130.00" in shown
    assert "cannot be told" in shown


def test_the_pool_has_the_same_excess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what is eligible: here nothing is, though one debtor owes everything."""
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path))
    coal = {"criterion": "coal", "text": "煤炭贸易", "field": "goods", "op": "==", "value": "煤炭"}
    agreed = terms(eligibility=[coal], concentration=[{"by": "debtor", "limit": "0.5"}])
    book = Book(tmp_path / "ledger.db")
    book.admit()
    funded(book, tranches=TRANCHES, document=agreed)
    book.store.close()
    measured = Ran(capsys, "metrics", "plan-1", "--json").json["measures"]
    figures = {each["name"]: each for each in Ran(capsys, "pool", "plan-1", "--json").json["figures"]}
    assert figures["pool.excess_concentration"] == measured["pool.excess_concentration"]
    assert (measured["pool.balance"]["value"] > 0, measured["pool.eligible_balance"]["value"]) == (True, 0)


def test_a_history_by_month(capsys: pytest.CaptureFixture[str]) -> None:
    told = Ran(capsys, "metrics", "plan-1", "--history", "--json").json
    assert [one["period"] for one in told["periods"][:-1]] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert [one["complete"] for one in told["periods"]] == [True, True, True, True, False]
    first = told["periods"][0]
    assert (first["amounts"]["sales"], first["amounts"]["payments"], first["amounts"]["balance"]) == (
        113_000, 100_000, 13_000,
    )  # fmt: skip
    assert first["amounts"]["collected"] == 95_000
    assert first["ratios"]["dso"]["text"] == "3.57"
    assert first["ratios"]["default_ratio"]["formula"].endswith("no period 4 before 2026-01")
    shown = Ran(capsys, "metrics", "plan-1", "--history").out
    assert "1,130.00" in shown
    assert "3.57" in shown


def test_a_part_of_a_history(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("metrics", "plan-1", "--history", "--from", "2026-02", "--until", "2026-03")
    assert [one["period"] for one in Ran(capsys, *arguments, "--json").json["periods"]] == ["2026-02", "2026-03"]
    before = Ran(capsys, "metrics", "plan-1", "--history", "--date", "2026-01-05", "--json").json["periods"]
    assert [(one["period"], one["complete"]) for one in before] == [("2026-01-01..2026-01-05", False)]
    nothing = Ran(capsys, "metrics", "plan-1", "--history", "--from", "2030-01")
    assert nothing.code == 0
    assert nothing.out.endswith("The pool has no period in what was asked for.\n")


def test_a_history_by_the_plans_periods(capsys: pytest.CaptureFixture[str]) -> None:
    """The first payment date is 30 June: so far, its period runs on; ratios that look back by months are left out."""
    told = Ran(capsys, "metrics", "plan-1", "--history", "--by", "period", "--json").json
    (only,) = told["periods"]
    assert (only["period"], only["complete"]) == ("2026-01-02..2026-05-05", False)
    assert "default_ratio" not in only["ratios"]
    assert Ran(capsys, "metrics", "plan-1", "--history", "--by", "period").code == 0


def test_as_known_at_a_height(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--at", "--height"):
        told = Ran(capsys, "metrics", "plan-1", option, "5", "--json").json
        assert (told["height"], told["tranches"][0]["outstanding"]["value"]) == (5, 90_000)


def test_what_cannot_be_answered_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "metrics", "no-plan", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unknown-plan")
    for wrong in (("--from", "2026"), ("--until", "2026-13"), ("--by", "week"), ("--date", "May")):
        assert Ran(capsys, "metrics", "plan-1", "--history", *wrong).code == 2
    late = Ran(capsys, "metrics", "plan-1", "--date", "2031-01-01", "--json")
    assert (late.code, late.json["error"]["code"]) == (2, "day-not-reached")
