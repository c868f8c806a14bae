"""`glasspool terms` as a person and a program meet it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from abs.terms import PlanTerms, load_terms
from tests.support.commands import Ran
from tests.support.deals import FOLDER, NAMES, terms_named, text_of
from tests.support.market import Market, sample_market

PAGE = (FOLDER.parent / "terms.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("terms", "lookthrough"))


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"), rows=12)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "terms", "check", FOLDER / f"{name}.toml", "--json")
    terms = terms_named(name)
    assert (ran.code, ran.json["ok"], ran.json["faults"]) == (0, True, [])
    assert (ran.json["plan"], ran.json["tranches"]) == (terms.plan.plan, len(terms.tranches))


def test_the_dates_are_those_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "terms", "check", FOLDER / "revolving-factoring.toml", "--dates")
    told, _ = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert told in ran.out
    dates = Ran(capsys, "terms", "check", FOLDER / "revolving-factoring.toml", "--dates", "--json").json["dates"]
    assert (dates[0]["payment"], dates[0]["shortfall"], dates[-1]["provisional"]) == ("2025-02-05", None, True)


def test_faults_are_told_by_path_as_on_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = text_of("revolving-factoring").replace('"pool.count"', '"pool.counts"').replace("up = 0.10", "up = 10")
    file = tmp_path / "wrong.toml"
    file.write_text(wrong.replace('account = "监管账户"\nto', 'account = "监管帐户"\nto'), encoding="utf-8")
    _, told = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    ran = Ran(capsys, "terms", "check", file)
    assert (ran.code, ran.out) == (1, told)
    ran = Ran(capsys, "terms", "check", file, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    assert ran.json["faults"][0]["path"] == "fees[3].base"


def test_json_is_read_by_the_name_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(terms_named("reverse-factoring").document()), encoding="utf-8")
    assert Ran(capsys, "terms", "check", file, "--json").json["plan"] == "sc-2025-03"
    file.write_text("{", encoding="utf-8")
    ran = Ran(capsys, "terms", "check", file, "--json")
    assert (ran.code, [one["path"] for one in ran.json["faults"]]) == (1, [""])


def test_dates_that_cannot_be_are_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "terms.toml"
    text = text_of("reverse-factoring").replace("[2025-09-22, 2026-03-20]", "[2025-10-04, 2025-10-08]")
    file.write_text(text, encoding="utf-8")
    ran = Ran(capsys, "terms", "check", file, "--dates")
    assert ran.code == 1
    assert "dates.pay: the payment dates 2025-10-04 and 2025-10-08 are both paid on 2025-10-09" in ran.out


def test_a_file_that_is_not_there_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "terms", "check", tmp_path / "none.toml", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "file")


def test_the_terms_of_a_plan_on_the_ledger(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    shown = Ran(capsys, "terms", "show", market.plan)
    assert shown.out.startswith("# 金额单位：分")
    terms = load_terms(shown.out)
    assert terms.plan.plan == market.plan
    as_json = Ran(capsys, "terms", "show", market.plan, "--format", "json")
    assert load_terms(as_json.out, kind="json") == terms
    assert as_json.err.startswith("金额单位：分")
    told = Ran(capsys, "terms", "show", market.plan, "--date", "2030-01-01", "--json").json
    assert (told["date"], told["document"]) == ("2030-01-01", terms.document())
    ran = Ran(capsys, "terms", "show", market.plan, "--height", told["height"], "--history", "--json")
    assert [(one["version"], one["changes"]) for one in ran.json["versions"]] == [(1, [])]
    assert str(terms.plan.cutoff) in Ran(capsys, "terms", "show", market.plan, "--history").out
    ran = Ran(capsys, "terms", "show", "nobody", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unknown-plan")


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert Ran(capsys, "terms", "schema").json == PlanTerms.model_json_schema()
    assert Ran(capsys, "terms", "schema", "--json").json == PlanTerms.model_json_schema()
