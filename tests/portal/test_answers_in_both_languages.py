"""`pool`, `metrics`, `waterfall` and `stress` speak one language at a time, fit 80 columns, and their JSON neither."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from ledger.facts import Member
from ledger.store import Store
from tests.support.commands import Ran
from tests.support.ledger_book import Book
from tests.support.market import Market, sample_market
from tests.support.paid_plan import FIRST, SECOND, PaidPlan, terms

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS: dict[str, tuple[str, ...]] = {
    "pool": ("--assets", "--since", "2000-01-01"),
    "metrics": (),
    "metrics --history": (),
    "waterfall": (),
    "stress": ("--actual", "--break-even"),
    "look-through": ("--limit", "3"),
}
OWN = [command for command in COMMANDS if command != "look-through"]  # that one is full of records' own words
RIGHT = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 146, "tax": 105, "A_principal": 18_589}
WRONG = {"management": 346, "custody": 50, "A_interest": 714, "B_interest": 146, "tax": 86, "A_principal": 28_658}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
#: What both languages write: functions, abbreviations of metrics, codes that docs/reconciliation.md lists.
EITHER = re.compile(
    r"\[distribution\.differs\.\w+\]|(?<![A-Za-z])(max|min|HHI|NRPB|ADR|HDR|DVC|DHR|LHR|DSO)(?![A-Za-z])"
)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("pool", "metrics", "waterfall", "stress", "lookthrough"))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node whose plan-1 was paid rightly once and wrongly the second time."""
    folder = tmp_path_factory.mktemp("small")
    book = Book(folder / "ledger.db")
    plan = PaidPlan(book, terms())
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, **RIGHT)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, **WRONG)
    book.store.close()
    return folder


def shown(capsys: pytest.CaptureFixture[str], command: str, plan: str) -> str:
    name, *options = command.split()
    ran = Ran(capsys, name, plan, *options, *COMMANDS[command])
    assert ran.code in (0, 1), ran.err
    return ran.out


def names_of_the_deal() -> re.Pattern[str]:
    """Whatever the terms name as they like, and ids: they stand as they are in either language."""
    document = terms()
    found = ["plan-1", "account", "reserve"]
    found += [step["rule"] for each in document["waterfalls"] for step in each["steps"]]
    found += [one["fee"] for one in document["fees"]] + [one["trigger"] for one in document["triggers"]]
    ordered = sorted(set(found), key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, ordered), r"\b[A-Z0-9]+(-[A-Za-z0-9]+)+\b"]))


@pytest.mark.parametrize("command", OWN)
def test_chinese_answers_hold_no_english(
    command: str, small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(small))
    monkeypatch.setenv("COLUMNS", "400")  # so that no name is folded
    out = shown(capsys, command, "plan-1")
    assert CHINESE.search(out)
    left = EITHER.sub("", names_of_the_deal().sub("", out))
    assert not ENGLISH.findall(left), ENGLISH.findall(left)


@pytest.mark.parametrize("command", OWN)
def test_english_answers_hold_chinese_only_as_names(
    command: str, market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    monkeypatch.setenv("GLASSPOOL_LANG", "en")
    monkeypatch.setenv("COLUMNS", "400")
    out = shown(capsys, command, market.plan)
    data = Ran(capsys, "pool", market.plan, "--json").json
    named = [one["label"] for one in data["classes"]["goods"]] + [one["text"] for one in data["eligibility"]]
    with Store.open(market.home / "ledger.db") as store:
        named += [one.name for one in store.at().select(Member)]
    for name in sorted(named, key=len, reverse=True):
        out = out.replace(name, "")
    first, rest = out.split("\n", 1)
    assert market.plan in first
    assert not CHINESE.findall(rest), rest


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_fits_the_terminal(
    command: str, language: str, market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    monkeypatch.setenv("GLASSPOOL_LANG", language)
    lines = {}
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        lines[width] = shown(capsys, command, market.plan).splitlines()
        assert max(map(cell_len, lines[width])) <= width
    amounts = [set(re.findall(r"[0-9,]+\.[0-9]{2}\b", "\n".join(each))) for each in lines.values()]
    assert amounts[0] == amounts[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_the_same_in_every_language(
    command: str, market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    name, *options = command.split()
    told = []
    for language in ("zh", "en"):
        monkeypatch.setenv("GLASSPOOL_LANG", language)
        told.append(Ran(capsys, name, market.plan, *options, "--json").out)
    assert told[0] == told[1]


def test_members_are_shown_by_name_and_told_by_id(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    monkeypatch.setenv("COLUMNS", "200")
    told = Ran(capsys, "pool", market.plan, "--date", "2024-12-31", "--json")
    day = () if told.code else ("--date", "2024-12-31")
    debtors = Ran(capsys, "pool", market.plan, *day, "--json").json["debtors"]["largest"]
    out = Ran(capsys, "pool", market.plan, *day).out
    with Store.open(market.home / "ledger.db") as store:
        names = {one.id: one.name for one in store.at().select(Member)}
    for one in debtors:
        assert names[one["member"]] in out
        assert one["member"] not in out
