"""`findings` and `case` as a person and a program meet them."""

from __future__ import annotations

import json
import pwd
import re
import shlex
from datetime import UTC, datetime, timedelta
from os import getuid
from pathlib import Path

import pytest
from rich.cells import cell_len

from ledger.business_day import business_day
from ledger.facts import Member
from ledger.store import Store
from regulator.rules import RULES
from tests.support.casework import entries, ids
from tests.support.commands import Ran
from tests.support.market import Market

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
TODAY = business_day(datetime.now(UTC))
ME = pwd.getpwuid(getuid()).pw_name


def test_what_stands_is_listed_gravest_first(capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "findings", "--json")
    found = ran.json
    assert (ran.code, found["total"], found["suppressed"]) == (0, 2, 0)
    assert [(one["level"], one["amount"]) for one in found["findings"]] == [("high", 987_654_321), ("low", 8)]
    assert found["followed"] == found["height"]
    assert {one["family"] for one in found["findings"]} == {"duplicate"}
    assert len(ids(capsys, "--all")) == 3
    assert len(ids(capsys, "--level", "high")) == len(ids(capsys, "--limit", "1")) == 1
    assert len(ids(capsys, "--rule", "duplicate")) == 2
    assert ids(capsys, "--rule", "monitor") == []
    about = found["findings"][0]["subject"]
    assert ids(capsys, "--about", about) == [found["findings"][0]["id"]]
    out = Ran(capsys, "findings").out
    assert "9,876,543.21" in out
    assert "共 2 项" in out
    assert "没有发现" in Ran(capsys, "findings", "--rule", "monitor").out
    assert Ran(capsys, "findings", "--level", "grave").code == 2
    assert Ran(capsys, "findings", "--rule", "no.rule", "--json").json["error"]["code"] == "unknown-rule"


def test_one_is_told_in_a_sentence_with_parties_by_name(seed: Market, capsys: pytest.CaptureFixture[str]) -> None:
    finding = ids(capsys)[0]
    told = Ran(capsys, "findings", "show", finding, "--json").json
    with Store.open(seed.database) as store:
        names = {one.id: one.name for one in store.at().select(Member)}
    assert {one["name"] for one in told["parties"]} == {names[one["member"]] for one in told["parties"]}
    assert [one["signal"]["level"] for one in told["history"]] == ["medium", "high"]
    assert told["records"][0]["kind"] == "invoice.verified"  # which began the version
    out = Ran(capsys, "findings", "show", finding).out
    for words in (
        "重复融资",
        "1,234.56",
        "过程",
        "所依据的记录",
        told["parties"][0]["name"],
        told["records"][0]["position"],
    ):
        assert words in out.replace("\n", ""), words
    ended = next(one for one in ids(capsys, "--all") if one not in ids(capsys))
    assert "不再成立" in Ran(capsys, "findings", "show", ended).out
    missing = Ran(capsys, "findings", "show", "0" * 16, "--json")
    assert (missing.code, missing.json["error"]["code"]) == (2, "unknown-finding")


def test_every_rule_is_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Ran(capsys, "findings", "rules", "--json").json["rules"]
    assert [one["rule"] for one in listed] == list(RULES)
    assert next(one["standing"] for one in listed if one["rule"] == "duplicate.exact_reuse") == 2
    out = Ran(capsys, "findings", "rules").out
    assert all(name in out for name in RULES)
    monkeypatch.setenv("GLASSPOOL_BOOK", "/nowhere/book.db")
    assert len(Ran(capsys, "findings", "rules", "--json").json["rules"]) == len(RULES)


def test_a_suppression_hides_and_says_so(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    found = Ran(capsys, "findings", "--json").json["findings"]
    until = (TODAY + timedelta(days=3)).isoformat()
    said = ("--reason", "已知", "--until", until)
    made = Ran(capsys, "findings", "suppress", "duplicate", *said, "--thing", found[0]["subject"], "--json").json
    assert made["id"] == "SUP-0001"
    left = Ran(capsys, "findings", "--json").json
    assert ([one["id"] for one in left["findings"]], left["suppressed"]) == ([found[1]["id"]], 1)
    assert "1 项被豁免" in Ran(capsys, "findings").out
    every = Ran(capsys, "findings", "--all", "--json").json["findings"]
    assert {one["id"]: one["suppressed_by"] for one in every}[found[0]["id"]] == "SUP-0001"
    assert "已知" in Ran(capsys, "findings", "show", found[0]["id"]).out
    assert "SUP-0001" in Ran(capsys, "findings", "suppressions").out
    assert Ran(capsys, "findings", "unsuppress", "SUP-0001").code == 0
    assert len(ids(capsys)) == 2
    listed = Ran(capsys, "findings", "suppressions", "--json").json["suppressions"]
    assert [(one["withdrawn_by"], one["holds"]) for one in listed] == [(ME, False)]
    assert [one.act for one in entries(home)].count("suppressed") == 2
    for wrong in (("no.rule", *said), ("duplicate", "--reason", " ", "--until", until),
                  ("duplicate", "--reason", "x", "--until", "2020-01-01")):  # fmt: skip
        assert Ran(capsys, "findings", "suppress", *wrong).code == 2


def test_a_case_from_opening_to_decision(seed: Market, capsys: pytest.CaptureFixture[str], home: Path) -> None:
    first, second = ids(capsys)
    with Store.open(seed.database) as store:
        member = next(one for one in store.at().select(Member) if one.name)
    opened = Ran(capsys, "case", "open", "重复融资", "--finding", first, "--plan", seed.plan, "--json").json
    assert (opened["case"], opened["findings"][0]["finding"], opened["opened_by"]) == ("CASE-0001", first, ME)
    assert Ran(capsys, "case", "collect", "CASE-0001", second).code == 0
    assert Ran(capsys, "case", "drop", "CASE-0001", second, "--reason", "无关").code == 0
    assert Ran(capsys, "case", "assign", "CASE-0001", "王").code == 0
    assert Ran(capsys, "case", "comment", "CASE-0001", "先问").code == 0
    asked = Ran(capsys, "case", "ask", "CASE-0001", member.name, "谁？", "--due", TODAY.isoformat(), "--json").json
    (question,) = asked["questions"]
    assert (question["to"], question["number"]) == (member.id, 6)
    refused = Ran(capsys, "case", "decide", "CASE-0001", "confirmed", "属实", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "case-waiting")
    assert Ran(capsys, "case", "answer", "CASE-0001", "6", "我").code == 0
    assert Ran(capsys, "case", "decide", "CASE-0001", "perhaps", "x").code == 2
    assert Ran(capsys, "case", "decide", "CASE-0001", "confirmed", "属实", "--json").json["outcome"] == "confirmed"
    assert Ran(capsys, "case", "list", "--json").json["cases"] == []
    assert Ran(capsys, "case", "list").out == "没有进行中的案件。--all 列出已结案件。\n"
    assert "CASE-0001" in Ran(capsys, "case", "list", "--all").out
    assert Ran(capsys, "case", "reopen", "CASE-0001", "新线索").code == 0
    out = Ran(capsys, "case", "show", "CASE-0001").out
    for words in ("重复融资", "王", member.name, "谁？", "先问", "属实", "新线索", first):
        assert words in out, words
    assert f"CASE-{1:04d}" in Ran(capsys, "findings", "show", first).out
    assert {one.actor for one in entries(home)} == {ME}


def test_what_is_not_there_opens_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong, code in (
        (("case", "open", "x", "--finding", "0" * 16), "unknown-finding"),
        (("case", "open", "x", "--plan", "nope"), "unknown-plan"),
        (("case", "show", "CASE-0001"), "unknown-case"),
        (("case", "ask", "CASE-0001", "nobody", "?"), "unknown-member"),
    ):
        ran = Ran(capsys, *wrong, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (2, code), wrong
        assert ran.json["error"]["next_step"]
    assert Ran(capsys, "case", "list", "--all", "--json").json["cases"] == []


def test_a_height_that_was_not_followed_yet_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    finding, followed = ids(capsys)[0], Ran(capsys, "findings", "--json").json["followed"]
    Ran(capsys, "case", "open", "x")
    late = Ran(capsys, "case", "collect", "CASE-0001", finding, "--height", str(followed + 1), "--json")
    assert (late.code, late.json["error"]["code"]) == (2, "case-height")
    assert f"block followed is {followed}" in late.json["error"]["message"]
    assert Ran(capsys, "case", "show", "CASE-0001", "--json").json["findings"] == []
    assert Ran(capsys, "case", "collect", "CASE-0001", finding, "--height", str(followed)).code == 0


@pytest.mark.parametrize("about", ["nonsense", "nonsense X", "invoice", "invoice ", "", " X"])
def test_what_names_no_thing_is_refused(about: str, capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told = Ran(capsys, "findings", "--about", about, "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "unknown-kind")
    assert all(kind in told.json["error"]["next_step"] for kind in ("invoice", "receivable", "member", "pair"))
    said = ("--reason", "x", "--until", TODAY.isoformat(), "--thing", about, "--json")
    assert Ran(capsys, "findings", "suppress", "duplicate", *said).json["error"]["code"] == "unknown-kind"
    assert entries(home) == []


def test_only_what_is_known_is_suppressed_and_not_for_the_past(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    finding = Ran(capsys, "findings", "--json").json["findings"][0]["id"]
    named = Ran(capsys, "findings", "show", finding, "--json").json["history"][0]["signal"]["things"][0]
    assert named == "financing F"  # which the ledger has not, but the finding names
    for thing, code in ((named, None), ("plan NOPE", "unknown-thing"), ("pair A B", "unknown-thing")):
        said = ("--reason", "x", "--until", TODAY.isoformat(), "--thing", thing, "--json")
        told = Ran(capsys, "findings", "suppress", "duplicate", *said).json
        assert told.get("error", {}).get("code") == code, thing
    past = Ran(capsys, "findings", "suppress", "duplicate", "--reason", "x", "--until", "2020-12-31", "--json")
    assert past.json["error"]["code"] == "suppression-expiry"
    assert "2020-12-31, which is past" in past.json["error"]["message"]
    assert len(Ran(capsys, "findings", "suppressions", "--json").json["suppressions"]) == 1
    assert home.exists()


def test_an_evidence_pack_is_written_and_judged(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    Ran(capsys, "case", "open", "x", "--finding", ids(capsys)[0])
    told = Ran(capsys, "case", "export", "CASE-0001", "-o", tmp_path / "pack", "--json").json
    assert (told["of"], told["records"]) == ("case CASE-0001", 1)
    for path in (tmp_path / "pack", told["archive"]):
        judged = Ran(capsys, "verify", path, "--ca", told["ca"], "--strict", "--json")
        assert (judged.code, judged.json["verdict"]) == (0, "PASSED"), judged.out
    assert Ran(capsys, "verify", told["proofs"], "--strict").code == 0
    again = Ran(capsys, "case", "export", "CASE-0001", "-o", tmp_path / "pack", "--json")
    assert again.json["error"]["code"] == "package-exists"
    assert Ran(capsys, "case", "export", "CASE-0001", "-o", tmp_path / "pack", "--force").code == 0
    (tmp_path / "pack" / "evidence.txt").write_text("nothing")
    assert Ran(capsys, "verify", tmp_path / "pack").code == 1
    one = Ran(capsys, "findings", "export", *ids(capsys), "-o", tmp_path / "两 #2 & (x)").out
    assert "证据包" in one
    pasted = shlex.split(one.partition("glasspool verify ")[2].splitlines()[0])
    assert pasted[:2] == [str(tmp_path / "两 #2 & (x).zip"), "--ca"]
    acts = [(each.act, each.subject) for each in entries(home)]
    assert acts.count(("exported", "case CASE-0001")) == 3
    assert ("exported", "2 findings") in acts


def test_a_pack_is_judged_where_there_is_no_node(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Ran(capsys, "findings", "export", ids(capsys)[0], "-o", tmp_path / "pack", "--json").json
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "elsewhere"))
    judged = Ran(capsys, "verify", tmp_path / "pack", "--ca", told["ca"], "--json")
    verdicts = {one["name"]: one["verdict"] for one in judged.json["steps"]}
    assert verdicts == {
        "intact": "PASSED", "valid": "PASSED", "trusted": "PASSED", "proved": "INDETERMINATE",
        "found": "INDETERMINATE", "rendered": "PASSED",
    }  # fmt: skip
    assert not (tmp_path / "elsewhere").exists()


SHOWN = (
    ("findings",), ("findings", "--all"), ("findings", "rules"), ("findings", "suppressions"), ("case", "list"),
    ("case", "show", "CASE-0001"), ("trail",), ("trail", "check"),
)  # fmt: skip


@pytest.fixture
def busy(capsys: pytest.CaptureFixture[str], seed: Market) -> str:
    """A case with questions, and a suppression; returns a finding."""
    finding = ids(capsys)[0]
    with Store.open(seed.database) as store:
        member = next(one.id for one in store.at().select(Member) if one.name)
    Ran(capsys, "case", "open", "T" * 40, "--finding", finding)
    Ran(capsys, "case", "ask", "CASE-0001", member, "Q " * 60)
    said = ("--reason", "R", "--until", TODAY.isoformat(), "--thing", f"plan {seed.plan}")
    assert Ran(capsys, "findings", "suppress", "duplicate", *said).code == 0
    return finding


@pytest.mark.parametrize("language", ["zh", "en"])
def test_answers_fit_the_terminal_and_speak_one_language(
    busy: str, language: str, seed: Market, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSPOOL_LANG", language)
    with Store.open(seed.database) as store:
        names = [one.name for one in store.at().select(Member) if one.name]
    for command in (*SHOWN, ("findings", "show", busy)):
        monkeypatch.setenv("COLUMNS", "80")
        out = Ran(capsys, *command).out
        assert max(map(cell_len, out.splitlines())) <= 80, command
        monkeypatch.setenv("COLUMNS", "400")
        out = Ran(capsys, *command).out
        for name in names:
            out = out.replace(name, "")
        if language == "en":
            assert not CHINESE.findall(out), (command, out)
        else:
            assert CHINESE.search(out), command
    monkeypatch.setenv("COLUMNS", "400")
    if language == "zh":
        told = Ran(capsys, "findings").out
        english = set(ENGLISH.findall(re.sub(r"\b[A-Z]+-\S+|[0-9a-f]{16}", "", told)))
        assert english <= {"all", "findings", "glasspool", "show", "watch"}


def test_json_is_the_same_in_every_language(
    busy: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (("findings",), ("findings", "show", busy), ("findings", "rules"), ("case", "show", "CASE-0001")):
        told = []
        for language in ("zh", "en"):
            monkeypatch.setenv("GLASSPOOL_LANG", language)
            told.append(json.loads(Ran(capsys, *command, "--json").out))
        assert told[0] == told[1]
