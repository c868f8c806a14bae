"""`watch`, `findings`, `case` and `trail` as a person and a program meet them."""

from __future__ import annotations

import getpass
import json
import pwd
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import getuid
from pathlib import Path

import pytest
from rich.cells import cell_len
from sqlalchemy import text

from ledger.business_day import business_day
from ledger.facts import Invoice, Member
from ledger.store import Store
from regulator import trail
from regulator.book import Book, Followed
from regulator.rules import ALL_SCOPES, RULES
from regulator.signals import Level, Signal, Version
from tests.support.commands import Ran
from tests.support.market import Market, sample_market

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
TODAY = business_day(datetime.now(UTC))
ME = pwd.getpwuid(getuid()).pw_name


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A replica whose book was followed to the head by every scope that is quick, and holds three findings."""
    market = sample_market(tmp_path_factory.mktemp("market"), rows=12)
    with Store.open(market.database) as store, Book.open(market.home / "book.db") as book:
        facts = store.at()
        invoices = facts.select(Invoice)
        mine = invoices[0]
        head = Followed(height=facts.height, facts_digest=facts.facts_digest.hex())
        first = Signal(
            rule="duplicate.exact_reuse", subject=f"invoice {mine.id}", level=Level.MEDIUM, score=70, amount=123_456,
            since=mine.issued, parties=(mine.seller, mine.buyer), things=("financing F", "financing G"),
            evidence=(mine.from_position,),
            details=(
                ("financiers", 2), ("first", "financing F"), ("first_party", mine.seller), ("last", "financing G"),
                ("last_party", mine.buyer), ("money_fen", 123_456), ("worth_fen", 100_000),
            ),
        )  # fmt: skip
        high = replace(first, level=Level.HIGH, amount=987_654_321)
        ended = replace(first, subject=f"invoice {invoices[1].id}", level=Level.LOW, amount=5)
        other = replace(first, subject=f"invoice {invoices[2].id}", level=Level.LOW, amount=8)
        start = mine.from_height

        def version(signal: Signal, height: int, *, stands: bool = True) -> Version:
            return Version(rule=signal.rule, subject=signal.subject, height=height, signal=signal if stands else None)

        versions = [
            version(first, start), version(high, start + 1), version(ended, start), version(other, start),
            version(ended, start + 2, stands=False),
        ]  # fmt: skip
        for scope in ALL_SCOPES:
            book.keep(scope.name, versions if scope.name == RULES[first.rule] else [], None, head)
    return market


@pytest.fixture(autouse=True)
def home(seed: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the node, so that what a test writes is its own."""
    folder = shutil.copytree(seed.home, tmp_path / "home")
    monkeypatch.setenv("GLASSPOOL_HOME", str(folder))
    monkeypatch.setattr(
        "portal.cli.COMMANDS",
        ("watch", "findings", "case", "trail", "lookthrough", "terms", "proof", "report"),
    )
    monkeypatch.setenv("COLUMNS", "80")
    return folder


def ids(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [one["id"] for one in Ran(capsys, "findings", *arguments, "--json").json["findings"]]


def entries(home: Path) -> list[trail.Entry]:
    with Book.open(home / "book.db") as book, book.reads() as connection:
        assert trail.check(connection) == []
        return trail.entries(connection)


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
    one = Ran(capsys, "findings", "export", *ids(capsys), "-o", tmp_path / "two").out
    assert "证据包" in one
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


def test_looks_and_exports_stand_in_the_trail(
    seed: Market, capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "somebody else")
    assert getpass.getuser() == "somebody else"
    finding = ids(capsys)[0]
    Ran(capsys, "findings", "show", finding)
    Ran(capsys, "plans")
    Ran(capsys, "plans", "--help")
    Ran(capsys, "terms", "schema")
    Ran(capsys, "look-through", seed.plan, "--limit", "1")
    Ran(capsys, "look-through", seed.plan, "--limit", "1", "--graphml", tmp_path / "g.graphml")
    Ran(capsys, "prove", "1:0:0", "-o", tmp_path / "proof.json")
    told = [(one.act, one.subject) for one in reversed(entries(home))]
    assert told == [
        ("looked", "findings"), ("looked", f"finding {finding}"), ("looked", "glasspool plans"),
        ("looked", "glasspool look-through"), ("exported", "glasspool look-through"), ("exported", "glasspool prove"),
    ]  # fmt: skip
    assert {one.actor for one in entries(home)} == {ME}
    listed = Ran(capsys, "trail", "--limit", "2", "--json").json
    assert (listed["total"], [one["subject"] for one in listed["entries"]]) == (
        6, ["glasspool prove", "glasspool look-through"],
    )  # fmt: skip
    assert len(Ran(capsys, "trail", "--actor", "nobody", "--json").json["entries"]) == 0
    assert "导出" in Ran(capsys, "trail").out


def test_a_node_without_a_book_keeps_no_trail_and_makes_none(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    for file in home.glob("book.db*"):
        file.unlink()
    assert Ran(capsys, "plans").code == 0
    for command in (("findings",), ("case", "list"), ("trail",), ("trail", "check")):
        ran = Ran(capsys, *command, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (2, "no-book")
    assert not (home / "book.db").exists()
    assert Ran(capsys, "findings", "--ledger").code == 0


def test_a_trail_is_checked_and_signed(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    empty = Ran(capsys, "trail", "checkpoint", "--json")
    assert (empty.code, empty.json["error"]["code"]) == (2, "trail-empty")
    for _ in range(3):
        ids(capsys)
    unsigned = Ran(capsys, "trail", "check", "--json").json
    assert (unsigned["verdict"], unsigned["entries"]) == ("INDETERMINATE", 3)
    signed = Ran(capsys, "trail", "checkpoint", "-o", tmp_path / "note", "--json").json
    assert signed["size"] == 3
    ids(capsys)
    sound = Ran(capsys, "trail", "check", "--checkpoint", tmp_path / "note", "--json")
    assert (sound.code, sound.json["verdict"], len(sound.json["checkpoints"])) == (0, "PASSED", 2)
    assert "留痕完整" in Ran(capsys, "trail", "check").out
    shutil.rmtree(home / "trail-checkpoints")  # whoever owns the machine takes its notes away as well
    with Book.open(home / "book.db") as book, book.writes() as connection:
        connection.execute(text("delete from trail where number > 1"))
    assert Ran(capsys, "trail", "check").code == 0
    cut = Ran(capsys, "trail", "check", "--checkpoint", tmp_path / "note", "--json")
    assert (cut.code, [one["code"] for one in cut.json["faults"]]) == (1, ["trail-cut"])
    shutil.rmtree(home / "checkpoint-keys")
    alone = Ran(capsys, "trail", "check", "--checkpoint", tmp_path / "note", "--json")
    assert (alone.code, alone.json["error"]["code"]) == (1, "trail-untrusted")
    key = signed["verifier_keys"][0]
    assert Ran(capsys, "trail", "check", "--checkpoint", tmp_path / "note", "--key", key).code == 1
    with Book.open(home / "book.db") as book, book.writes() as connection:
        connection.execute(text("update trail set actor = 'x' where number = 0"))
    told = Ran(capsys, "trail", "checkpoint", "--json")
    assert (told.code, told.json["error"]["code"]) == (1, "trail-altered")
    assert "trail-altered" in Ran(capsys, "trail", "check").out


def test_watching_goes_on_and_begins_again(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    nothing = Ran(capsys, "watch", "--json").json
    assert all(one["changes"] == 0 and one["start"] == one["height"] for one in nothing["scopes"])
    assert (nothing["total"], nothing["standing"]) == (2, {"high": 1, "medium": 0, "low": 1})
    again = Ran(capsys, "watch", "--again", "--rule", "duplicate.exact_reuse", "--json").json
    assert [one["start"] for one in again["scopes"]] == [-1]
    assert again["height"] == again["scopes"][0]["height"]
    assert again["total"] == 0  # what this test wrote into the book, the ledger does not show
    assert entries(home)[0].details == {"again": ["duplicates.family"]}
    assert Ran(capsys, "watch", "--family", "nothing", "--json").json["error"]["code"] == "unknown-rule"
    with Book.open(home / "book.db") as book, book.writes() as connection:
        connection.execute(text("update followed set facts_digest = 'x'"))
    stale = Ran(capsys, "watch", "--json")
    assert (stale.code, stale.json["error"]["code"]) == (2, "book-stale")
    assert "--again" in stale.json["error"]["next_step"]


def test_a_fresh_book_is_made_and_its_place_is_a_setting(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (str(tmp_path / "a" / "one.db"), f"sqlite:///{tmp_path / 'b.db'}"):
        monkeypatch.setenv("GLASSPOOL_BOOK", place)
        assert Ran(capsys, "findings", "--json").json["error"]["code"] == "no-book"
        ran = Ran(capsys, "watch", "--family", "network", "--family", "duplicate", "--json")
        assert (ran.code, {one["start"] for one in ran.json["scopes"]}) == (0, {-1})
        assert Ran(capsys, "findings", "--json").code == 0
    assert (tmp_path / "a" / "one.db").exists()
    assert (tmp_path / "b.db").exists()
    assert home.exists()


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
    Ran(capsys, "findings", "suppress", "duplicate", "--reason", "R", "--until", TODAY.isoformat(), "--thing", "plan P")
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
