"""scrub, rebuild, upgrade: as a user runs them, with their answers and exit codes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from ledger.sources.archive_writer import ArchiveWriter
from ledger.store import Store
from ledger.store.schema import SCHEMA
from tests.support.commands import Ran
from tests.support.first_schema import first_release
from tests.support.stored import replicate, small_chain

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a node that replicated the small chain."""
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path))
    monkeypatch.setenv("GLASSPOOL_WORKERS", "1")
    replicate(small_chain(), tmp_path / "ledger.db", tmp_path)
    return tmp_path


def damage(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "ledger.db") as raw:
        assert raw.execute(statement).rowcount > 0
    raw.close()


def test_damage_is_told_repaired_and_gone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = Ran(capsys, "scrub", "--json")
    assert (sound.code, sound.json["verdict"], sound.json["blocks"]) == (0, "PASSED", 14)
    nothing = Ran(capsys, "scrub").out
    assert nothing.startswith("No damage found in 14 blocks with")
    assert not set("│┃┏") & set(nothing)
    damage(home, "UPDATE plan SET manager = 'somebody'")
    told = Ran(capsys, "scrub", "--json")
    assert (told.code, told.json["verdict"]) == (1, "FAILED")
    assert [(each["cause"], each["height"]) for each in told.json["damage"]] == [("fact-altered", 12)]
    human = Ran(capsys, "scrub", "--from", 12, "--to", 12)
    assert human.code == 1
    assert "manager" in human.out
    assert Ran(capsys, "scrub", "--from", 3, "--to", 5).code == 0
    made = Ran(capsys, "rebuild", "--json")
    assert (made.code, made.json["height"], made.json["changed"]) == (0, 13, False)
    rows = [line.replace("│", " ").split() for line in Ran(capsys, "rebuild").out.splitlines()]
    assert ["changed", "no"] in rows
    assert Ran(capsys, "scrub", "--sample", "50%").code == 0


def test_a_damaged_block_is_fetched_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ArchiveWriter(home / "archive") as writer:
        for block in small_chain().blocks:
            writer.append(block)
    damage(home, "UPDATE document SET content = digest WHERE height = 6")
    stopped = Ran(capsys, "rebuild", "--json")
    assert (stopped.code, stopped.json["error"]["code"]) == (2, "store-damaged")
    assert "scrub --repair" in stopped.json["error"]["next_step"]
    nowhere = Ran(capsys, "scrub", "--repair", "--json")
    assert (nowhere.code, nowhere.json["error"]["code"]) == (2, "no-source")
    away = Ran(capsys, "scrub", "--repair", "--source", home / "elsewhere", "--json")
    assert (away.code, away.json["verdict"], away.json["repair"]["unrepaired"]) == (1, "FAILED", [6])
    assert [each["code"] for each in away.json["repair"]["failures"]] == ["archive-unreadable"]
    part = Ran(capsys, "scrub", "--repair", "--source", home / "elsewhere", "--from", 5, "--to", 7)
    assert part.code == 1
    assert "0 damaged blocks fetched again and put in place, 1 not" in part.out
    done = Ran(capsys, "scrub", "--repair", "--source", home / "elsewhere", "--source", home / "archive", "--json")
    assert (done.code, done.json["repair"]["repaired"]) == (0, [6])
    assert done.json["damage"] == []
    made = Ran(capsys, "rebuild", "--json")
    assert (made.code, made.json["start"]) == (0, 6)
    assert Ran(capsys, "scrub", "--json").json["verdict"] == "PASSED"
    assert Ran(capsys, "scrub", "--repair", "--json").json["repair"] is None
    assert Ran(capsys, "scrub", "--source", home / "archive").code == 2


@pytest.mark.parametrize(
    "wrong", [("--sample", "0"), ("--sample", "101%"), ("--sample", "x"), ("--sample", "5", "--from", "1")]
)
def test_a_sample_that_is_none(home: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]) -> None:
    assert Ran(capsys, "scrub", *wrong).code == 2


def test_an_old_database_is_upgraded_and_rebuilt(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(home / "ledger.db") as store:
        first_release(store, home / "old.db")
    (home / "old.db").replace(home / "ledger.db")
    for rest in ("-wal", "-shm"):
        (home / f"ledger.db{rest}").unlink(missing_ok=True)
    refused = Ran(capsys, "status", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "store-old")
    done = Ran(capsys, "upgrade", "--json")
    assert (done.code, done.json) == (0, {"before": "0001", "after": SCHEMA, "stale": True})
    assert "glasspool rebuild" in Ran(capsys, "upgrade").out
    assert Ran(capsys, "plans", "--json").json["error"]["code"] == "facts-stale"
    unknown = Ran(capsys, "scrub", "--json")
    assert (unknown.code, unknown.json["verdict"]) == (0, "INDETERMINATE")
    assert Ran(capsys, "rebuild", "--json").code == 0
    assert Ran(capsys, "plans", "--json").code == 0
    assert "Nothing else" in Ran(capsys, "upgrade").out
