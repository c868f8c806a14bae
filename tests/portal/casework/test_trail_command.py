"""`trail`, and what commands write into it."""

from __future__ import annotations

import getpass
import pwd
import shutil
from os import getuid
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.facts import Receivable
from ledger.store import Store
from regulator.book import Book
from tests.support.casework import entries, ids
from tests.support.commands import Ran
from tests.support.market import Market

ME = pwd.getpwuid(getuid()).pw_name


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
        ("looked", f"plan {seed.plan}"), ("exported", f"plan {seed.plan}"), ("exported", "record 1:0:0"),
    ]  # fmt: skip
    assert {one.actor for one in entries(home)} == {ME}
    listed = Ran(capsys, "trail", "--limit", "2", "--json").json
    assert (listed["total"], [one["subject"] for one in listed["entries"]]) == (
        6, ["record 1:0:0", f"plan {seed.plan}"],
    )  # fmt: skip
    assert listed["entries"][1]["details"]["command"] == "glasspool look-through"
    out = Ran(capsys, "trail").out.replace("\n", "")
    assert "导出" in out
    assert len(Ran(capsys, "trail", "--actor", "nobody", "--json").json["entries"]) == 0
    assert Ran(capsys, "trail", "--actor", "nobody").out == "没有符合条件的留痕，共 6 条。\n"


@pytest.mark.parametrize(
    ("command", "subject"),
    [
        (("look-through", "{plan}"), "plan {plan}"),
        (("look-through", "--limit", "1", "plan", "{plan}", "--json"), "plan {plan}"),
        (("look-through", "{plan}", "--asset", "{receivable}"), "asset {receivable}"),
        (("look-through", "invoice", "NONE"), "invoice NONE"),
        (("look-through", "--limit"), "glasspool look-through"),
        (("authenticity", "--top", "5", "{receivable}"), "receivable {receivable}"),
        (("authenticity", "{plan}"), "plan {plan}"),
        (("authenticity", "{plan}", "--asset", "{receivable}"), "receivable {receivable}"),
        (("authenticity",), "glasspool authenticity"),
        (("terms", "show", "--json", "{plan}"), "plan {plan}"),
        (("report", "{plan}", "--nonsense"), "glasspool report"),
    ],
)
def test_what_a_command_looked_at_is_the_entrys_subject(
    command: tuple[str, ...],
    subject: str,
    seed: Market,
    capsys: pytest.CaptureFixture[str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    with Store.open(seed.database) as store:
        receivable = store.at().select(Receivable, limit=1)[0].id
    given = [each.format(plan=seed.plan, receivable=receivable) for each in command]
    Ran(capsys, *given)
    (entry,) = entries(home)
    assert entry.subject == subject.format(plan=seed.plan, receivable=receivable)
    assert " ".join(given) == " ".join(
        [entry.details["command"].removeprefix("glasspool "), *entry.details["arguments"]]
    )
    for asked in (entry.subject, entry.subject.partition(" ")[2]):
        assert [one["number"] for one in Ran(capsys, "trail", "--subject", asked, "--json").json["entries"]] == [0]
    assert Ran(capsys, "trail", "--subject", entry.subject[1:], "--json").json["entries"] == []
    assert " ".join(entry.details["arguments"])[:60] in Ran(capsys, "trail").out


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
