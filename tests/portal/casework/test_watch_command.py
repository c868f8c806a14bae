"""`watch`, and a book that is behind, followed anew or damaged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.business_day import business_day
from regulator.book import Book
from regulator.rules import ALL_SCOPES, RULES
from regulator.watch import Step
from tests.support.casework import entries, ids
from tests.support.commands import Ran

TODAY = business_day(datetime.now(UTC))


def test_findings_say_that_the_book_is_behind(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    head = Ran(capsys, "findings", "--json").json["height"]
    with Book.open(home / "book.db") as book, book.writes() as connection:
        connection.execute(text("update followed set height = 7 where scope = 'network.hubs'"))
    assert Ran(capsys, "findings", "--json").json["followed"] == 7
    assert f"已跟进至第 7 块，本节点有 {head} 块" in Ran(capsys, "findings").out
    for statement in ("delete from followed where scope = 'network.hubs'", "delete from followed"):
        with Book.open(home / "book.db") as book, book.writes() as connection:
            connection.execute(text(statement))
        for asked in ((), ("--rule", "monitor")):
            assert Ran(capsys, "findings", *asked, "--json").json["followed"] is None
            out = Ran(capsys, "findings", *asked).out
            assert "None" not in out
            assert f"尚有规则未跟进，本节点有 {head} 块" in out


def test_a_case_opens_while_the_ledger_is_followed_anew(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    first, second = ids(capsys)
    Ran(capsys, "case", "open", "旧案", "--finding", first, "--finding", second)
    with Book.open(home / "book.db") as book:
        height = book.followed_all()[RULES["duplicate.exact_reuse"]].height
        for one in ALL_SCOPES:
            book.forget(one.name, one.rules)
    told = Ran(capsys, "case", "show", "CASE-0001", "--json")
    assert told.code == 0
    assert told.json["findings"] == [{"finding": one, "height": height, "found": False} for one in (first, second)]
    out = Ran(capsys, "case", "show", "CASE-0001").out
    assert all(words in out for words in (first, second, "尚未重新发现", "旧案"))
    assert Ran(capsys, "case", "comment", "CASE-0001", "等待").code == 0
    assert Ran(capsys, "case", "drop", "CASE-0001", second, "--reason", "无关").code == 0
    assert Ran(capsys, "case", "list").code == 0


def test_a_damaged_book_is_not_to_be_deleted(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    ids(capsys)
    size = (home / "book.db").stat().st_size
    with (home / "book.db").open("r+b") as file:
        file.seek(size // 8)
        file.write(b"\xff" * (size // 4 * 3))
    for name in ("book.db-wal", "book.db-shm"):
        (home / name).unlink(missing_ok=True)
    told = Ran(capsys, "findings", "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "store-damaged")
    assert str(home / "book.db") in told.json["error"]["message"]
    step = told.json["error"]["next_step"]
    assert "from a backup" in step
    assert "cases, suppressions and the trail cannot" in step
    assert "delete" not in step


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


@pytest.mark.slow
def test_what_was_found_stands_until_all_is_found_anew(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(capsys)
    Ran(capsys, "case", "open", "旧案", "--finding", before[0])
    Ran(capsys, "findings", "suppress", "network", "--reason", "R", "--until", TODAY.isoformat())
    reached: list[str] = []

    def stopped(step: Step) -> None:
        reached.append(step.scope)
        with Book.open(home / "book.db") as book:
            assert [one.id for one in book.findings()] == before
            assert book.reached(RULES.values()) is not None
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("portal.cli.watch._bar", lambda *_: stopped)
        assert Ran(capsys, "watch", "--again").code != 0
    assert reached
    assert ids(capsys) == before
    assert Ran(capsys, "case", "show", "CASE-0001", "--json").json["findings"][0]["found"]
    again = Ran(capsys, "watch", "--again", "--json").json
    assert {one["start"] for one in again["scopes"]} == {-1}
    assert {one["height"] for one in again["scopes"]} == {again["height"]}
    listed = Ran(capsys, "findings", "--all", "--json").json
    assert listed["followed"] == listed["height"]
    assert not {*before} & {one["id"] for one in listed["findings"]}  # which the ledger does not show
    assert Ran(capsys, "case", "show", "CASE-0001", "--json").json["findings"][0]["found"] is False
    assert len(Ran(capsys, "findings", "suppressions", "--json").json["suppressions"]) == 1
    assert [one.details for one in entries(home) if one.act == "followed"] == [
        {"again": [one.name for one in ALL_SCOPES]}
    ] * 2
    assert list(home.glob("watch-again-*")) == []
    assert all(one["changes"] == 0 for one in Ran(capsys, "watch", "--json").json["scopes"])


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
