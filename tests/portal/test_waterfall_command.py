"""`glasspool waterfall` as a person and a program meet it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.commands import Ran
from tests.support.ledger_book import Book
from tests.support.market import Market, sample_market
from tests.support.paid_plan import FIRST, SECOND, PaidPlan, terms

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 146, "tax": 105, "A_principal": 18_589}
TWICE = {"management": 346, "custody": 50, "A_interest": 714, "B_interest": 146, "tax": 86, "A_principal": 28_658}


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("waterfall", "lookthrough"))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


@pytest.fixture
def home(market: Market, monkeypatch: pytest.MonkeyPatch) -> Market:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    return market


def ledger(folder: Path, monkeypatch: pytest.MonkeyPatch, **second: int) -> int:
    """A node whose ledger holds plan-1 with two periods, the second paid as told; returns the height of the first."""
    book = Book(folder / "ledger.db")
    plan = PaidPlan(book, terms())
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT)
    height = book.height - 1
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, **second)
    book.store.close()
    monkeypatch.setenv("GLASSPOOL_HOME", str(folder))
    monkeypatch.setenv("GLASSPOOL_LANG", "en")
    return height


def test_an_imported_plan_was_paid_by_its_terms(home: Market, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "waterfall", home.plan, "--json")
    assert (ran.code, ran.json["plan"], ran.json["differs"]) == (0, home.plan, False)
    assert len(ran.json["periods"]) > 1
    for period in ran.json["periods"]:
        assert period["compared"]
        assert all(not one["difference"] for one in period["compared"])
        accounts = period["closing"]["accounts"]
        spent = sum(line["amount"] for line in period["lines"] if line["target"] not in accounts)
        came = sum(line["amount"] for line in period["lines"] if line["source"] not in accounts)  # 差额支付
        held = came + sum(period["receipts"].values()) + sum(period["opening"]["accounts"].values())
        assert spent + sum(accounts.values()) + sum(period["bought"].values()) == held
    shown = Ran(capsys, "waterfall", home.plan)
    assert shown.code == 0
    assert "与条款一致" in shown.out
    one = Ran(capsys, "waterfall", home.plan, "--period", ran.json["periods"][0]["period"], "--json")
    assert one.json["periods"] == ran.json["periods"][:1]


def test_a_difference_is_told_and_is_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    height = ledger(tmp_path, monkeypatch, **TWICE)
    ran = Ran(capsys, "waterfall", "plan-1")
    assert ran.code == 1
    assert "error plan plan-1 period 2: a fee was paid twice: fee management: 1.73 is due, and 1.73 was paid" in ran.out
    assert "[distribution.differs.fee_twice]" in ran.out
    assert "as its terms say" in ran.out
    for word in ("fees-management", "account → management", "288.31", "low"):
        assert word in ran.out
    told = Ran(capsys, "waterfall", "plan-1", "--period", "2", "--json")
    (period,) = told.json["periods"]
    (found,) = period["findings"]
    assert (told.code, found["code"], found["severity"]) == (1, "distribution.differs.fee_twice", "error")
    assert found["details"] == {"fee management": 173, "principal A": -173}
    paid: dict[str, Any] = next(one for one in period["compared"] if one["name"] == "management")
    assert (paid["recomputed"], paid["ledger"], paid["difference"]) == (173, 346, 173)
    assert set(paid["records"]) <= set(found["records"])
    before = Ran(capsys, "waterfall", "plan-1", "--at", height, "--json")
    assert (before.code, len(before.json["periods"])) == (0, 1)
    assert Ran(capsys, "waterfall", "plan-1", "--height", height, "--json").json == before.json


def test_what_cannot_be_answered(
    home: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran = Ran(capsys, "waterfall", home.plan, "--period", "99", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unknown-period")
    ran = Ran(capsys, "waterfall", "nobody", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unknown-plan")
    book = Book(tmp_path / "ledger.db")
    plan = PaidPlan(book, terms(waterfalls=[]))
    plan.pays(1, FIRST)
    book.store.close()
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path))
    ran = Ran(capsys, "waterfall", "plan-1", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "terms-document")
    assert "waterfalls" in ran.json["error"]["message"]


def test_a_plan_that_paid_nothing_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book(tmp_path / "ledger.db")
    PaidPlan(book)
    book.store.close()
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path))
    ran = Ran(capsys, "waterfall", "plan-1")
    assert ran.code == 0
    assert ran.out.endswith("尚无收益分配。\n")
