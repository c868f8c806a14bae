"""Several sources: named, remembered, held against one another; and a source that lies is told by the exit code."""

from __future__ import annotations

import json
import re
import socket
import stat
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.consortium import pin
from tests.support.chains import LAST, SmallChain, chain
from tests.support.commands import Ran, archived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.sources import RawBlock

HONEST = chain()


def tampered(height: int) -> list[RawBlock]:
    blocks = list(HONEST.blocks)
    document = re.sub(rb'"stateRoot":"0x..', b'"stateRoot":"0xff', blocks[height].document, count=1)
    blocks[height] = replace(blocks[height], document=document)
    return blocks


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "node"))
    monkeypatch.setenv("GLASSPOOL_WORKERS", "1")
    (tmp_path / "node.toml").write_text(pin(HONEST.consortium))
    return tmp_path / "node"


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://operator:secret@127.0.0.1:{server.getsockname()[1]}"


def test_all_sources_are_named_remembered_and_followed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = archived(tmp_path / "one", HONEST.blocks[:4]), archived(tmp_path / "two", HONEST.blocks)
    joined = Ran(capsys, "init", one, two, "--pin", tmp_path / "node.toml", "--json")
    assert joined.code == 0
    assert [each["state"] for each in joined.json["sources"]] == ["agrees", "agrees"]
    kept = home / "source"
    assert kept.read_text() == f"{one}\n{two}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    synced = Ran(capsys, "sync", "--json")
    assert (synced.code, synced.json["height"]) == (0, LAST)
    assert [(each["source"], each["state"], each["head"]) for each in synced.json["sources"]] == [
        (str(one), "agrees", 3),
        (str(two), "agrees", LAST),
    ]
    again = Ran(capsys, "sync", "--json")
    assert [each["code"] for each in again.json["sources"]] == ["source-behind", None], "it has jumped back, or is slow"
    assert (again.code, again.json["blocks"]) == (0, 0)
    monkeypatch.setenv("GLASSPOOL_SOURCE", f"{two} ;{one};")
    assert [each["source"] for each in Ran(capsys, "sync", "--json").json["sources"]] == [str(two), str(one)]
    assert "agrees" in Ran(capsys, "sync", "--source", one, "--source", two).out


def test_one_that_cannot_be_reached_is_said_and_harms_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone, good = tmp_path / "gone", archived(tmp_path / "good", HONEST.blocks)
    joined = Ran(capsys, "init", gone, good, "--pin", tmp_path / "node.toml", "--json")
    assert joined.code == 0
    assert [each["state"] for each in joined.json["sources"]] == ["unreachable", "agrees"]
    synced = Ran(capsys, "sync", "--json")
    assert (synced.code, synced.json["height"]) == (0, LAST)
    assert [(each["state"], each["code"]) for each in synced.json["sources"]] == [
        ("unreachable", "archive-unreadable"),
        ("agrees", None),
    ]


@pytest.mark.parametrize(
    ("blocks", "state", "code"),
    [
        (tampered(3), "refused", "header-hash"),
        (chain("another", "history").blocks, "forked", "chain-forked"),
    ],
)
def test_one_that_told_what_is_not_so_makes_the_verdict_negative_though_the_sync_went_on(
    blocks: list[RawBlock],
    state: str,
    code: str,
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good, liar = archived(tmp_path / "good", HONEST.blocks), archived(tmp_path / "liar", blocks)
    Ran(capsys, "init", good, liar, "--pin", tmp_path / "node.toml")
    order = (liar, good) if state == "refused" else (good, liar)
    given = [each for source in order for each in ("--source", source)]
    synced = Ran(capsys, "sync", *given, "--json")
    assert (synced.code, synced.json["height"]) == (1, LAST)
    assert {each["source"]: (each["state"], each["code"]) for each in synced.json["sources"]} == {
        str(good): ("agrees", None),
        str(liar): (state, code),
    }
    kept = Ran(capsys, "status", "--json").json["refused_blocks"]
    assert [each["code"] for each in kept] == [code]


def test_another_genesis_is_refused_though_one_could_be_joined(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, other = archived(tmp_path / "good", HONEST.blocks), archived(tmp_path / "other", SmallChain(seed=99).blocks)
    joined = Ran(capsys, "init", good, other, "--pin", tmp_path / "node.toml", "--json")
    assert joined.code == 1
    assert [(each["state"], each["code"]) for each in joined.json["sources"]] == [
        ("agrees", None),
        ("refused", "genesis-hash"),
    ]
    alone = Ran(capsys, "init", other, "--pin", tmp_path / "node.toml", "--json")
    assert (alone.code, alone.json["error"]["code"]) == (1, "genesis-hash")


def test_when_nobody_can_be_followed_each_is_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = archived(tmp_path / "good", HONEST.blocks)
    Ran(capsys, "init", good, "--pin", tmp_path / "node.toml")
    given = ("--source", tmp_path / "gone", "--source", archived(tmp_path / "liar", tampered(1)))
    ran = Ran(capsys, "sync", *given)
    assert ran.code == 2
    assert f"{tmp_path / 'gone'}: unreachable" in ran.err.replace("\n", "")
    assert f"{tmp_path / 'liar'}: refused" in ran.err.replace("\n", "")
    told = Ran(capsys, "sync", *given, "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "archive-unreadable")


def test_a_source_that_hangs_is_left_for_the_next(
    home: Path, tmp_path: Path, hanging: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.cli.follow.HEAD_SECONDS", 0.5)
    good = archived(tmp_path / "good", HONEST.blocks)
    Ran(capsys, "init", good, "--pin", tmp_path / "node.toml")
    began = time.monotonic()
    synced = Ran(capsys, "sync", "--source", hanging, "--source", good, "--json")
    assert time.monotonic() - began < 10
    assert (synced.code, synced.json["height"]) == (0, LAST)
    assert [(each["state"], each["code"]) for each in synced.json["sources"]] == [
        ("unreachable", "source-slow"),
        ("agrees", None),
    ]
    assert "secret" not in synced.out + synced.err
    assert not [each for each in threading.enumerate() if each.name.startswith(("reading", "node"))]


def test_status_says_how_far_each_source_is_and_what_the_last_run_did(
    home: Path, tmp_path: Path, hanging: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.cli.status.ANSWER_SECONDS", 0.5)
    short, whole = archived(tmp_path / "short", HONEST.blocks[:3]), archived(tmp_path / "whole", HONEST.blocks[:5])
    Ran(capsys, "init", short, whole, "--pin", tmp_path / "node.toml")
    Ran(capsys, "sync")
    archived(whole, HONEST.blocks)
    monkeypatch.setenv("GLASSPOOL_SOURCE", f"{short};{whole};{hanging};{tmp_path / 'gone'}")
    told = Ran(capsys, "status", "--json")
    answer = told.json
    assert [(each["state"], each["head"], each["lag"], each["code"]) for each in answer["sources"]] == [
        ("behind", 2, 0, None),
        ("answers", LAST, 2, None),
        ("unreachable", None, None, "source-slow"),
        ("unreachable", None, None, "archive-unreadable"),
    ]
    assert (answer["height"], answer["lag"]) == (4, 2)
    assert answer["block_time"] == "2024-01-05T08:00:00+00:00"
    assert answer["last_run"]["blocks"] == 4
    assert answer["last_run"]["records"] == answer["records"]
    assert answer["last_run"]["records_per_second"] > 0
    assert answer["findings_by_severity"] == {"notice": 0, "warning": 0, "error": sum(answer["findings"].values())}
    assert answer["findings"] == {"sender.unknown": 3}
    assert answer["database"]["kind"] == "sqlite"
    assert answer["database"]["bytes"] == (home / "ledger.db").stat().st_size
    assert answer["confidential_records"] == {"opened": 0, "sealed": 0}
    assert (answer["last_scrub"], answer["last_checkpoint"]) == (None, None)
    assert "secret" not in told.out
    offline = Ran(capsys, "status", "--offline", "--json").json
    assert {each["state"] for each in offline["sources"]} == {"not asked"}
    assert offline["lag"] is None
    assert offline.keys() == answer.keys(), "the answer has the same members whatever there is to say"
    assert "not asked" in Ran(capsys, "status", "--offline").out


def test_status_of_a_node_that_was_scrubbed_and_published_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Ran(capsys, "init", archived(tmp_path / "good", HONEST.blocks), "--pin", tmp_path / "node.toml")
    empty = Ran(capsys, "status", "--offline", "--json").json
    assert (empty["height"], empty["last_run"], empty["block_time"]) == (0, None, None)
    Ran(capsys, "sync")
    Ran(capsys, "scrub")
    Ran(capsys, "checkpoint")
    answer = Ran(capsys, "status", "--offline", "--json").json
    assert answer["last_scrub"]["verdict"] == "PASSED"
    assert answer["last_checkpoint"]["height"] == LAST
    kept = json.loads(json.dumps(answer["last_checkpoint"]))["kept"]
    (home / "checkpoints" / kept.rpartition("/")[2]).write_text("nonsense")
    assert "code" in Ran(capsys, "status", "--offline", "--json").json["last_checkpoint"]
