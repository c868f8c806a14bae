"""`sync --follow` as a process: it keeps up, answers Prometheus, tells its log, and ends as a signal says."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.consortium import generate_sample, import_receivables, packaged_map, pin
from tests.support.chains import SmallChain
from tests.support.commands import Ran, archived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.sources import RawBlock

FOLLOW = [sys.executable, "-c", "from portal.cli import main; main()", "sync", "--follow", "--json"]
DEADLINE = 120.0  # seconds; a machine may be busy


def chain(head: int) -> SmallChain:
    """A chain up to that height; each block after the first holds a record that nobody understands."""
    made = SmallChain()
    for _ in range(head - 1):
        made.consortium.record(made.operator, "coffee.spilled", {"v": 1})
        made.next_day()
    return made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "node"))
    monkeypatch.setenv("GLASSPOOL_WORKERS", "1")
    return tmp_path / "node"


def joined(capsys: pytest.CaptureFixture[str], tmp_path: Path, made: SmallChain, *sources: object) -> None:
    (tmp_path / "node.toml").write_text(pin(made.consortium))
    assert Ran(capsys, "init", *sources, "--pin", tmp_path / "node.toml").code in (0, 1)


@contextmanager
def following(tmp_path: Path, *arguments: object, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own; its log goes to a file."""
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [*FOLLOW, *map(str, arguments)],
            env={**os.environ, **settings},
            text=True,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield running
        finally:
            running.kill()
            running.communicate()


def eventually(what: Callable[[], Any]) -> Any:
    """What is true at last."""
    deadline = time.monotonic() + DEADLINE
    while not (found := what()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def scraped(port: int) -> dict[str, float]:
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    except httpx.TransportError:
        return {}
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    }


def logged(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def lying(blocks: list[RawBlock], height: int) -> list[RawBlock]:
    document = re.sub(rb'"stateRoot":"0x..', b'"stateRoot":"0xff', blocks[height].document, count=1)
    return [*blocks[:height], replace(blocks[height], document=document), *blocks[height + 1 :]]


@pytest.mark.slow
def test_it_keeps_up_with_the_honest_one_whatever_the_others_do(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, port = chain(6), free_port()
    good = archived(tmp_path / "good", made.blocks[:5])
    liar = archived(tmp_path / "liar", lying(made.blocks, 2))
    joined(capsys, tmp_path, made, good)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://operator:secret@127.0.0.1:{silent.getsockname()[1]}"
        given = [each for source in (liar, hanging, good) for each in ("--source", source)]
        with following(tmp_path, *given, "--every", 0.2, "--metrics-port", port, GLASSPOOL_LOG="json") as running:
            eventually(lambda: scraped(port).get("glasspool_height") == 4)
            archived(good, made.blocks)
            eventually(lambda: scraped(port).get("glasspool_height") == 6)
            figures = eventually(lambda: (found := scraped(port)).get("glasspool_lag_blocks") == 0 and found)
            archived(good, made.blocks[:3])  # it jumps back, and nothing is forgotten
            eventually(lambda: [each for each in logged(tmp_path) if each.get("code") == "source-behind"])
            running.send_signal(signal.SIGTERM)
            out, _ = running.communicate(timeout=DEADLINE)
    assert running.returncode == 0
    answer = json.loads(out)
    assert (answer["start"], answer["height"], answer["blocks"]) == (0, 6, 6)
    address = hanging.replace("operator:secret", "***")
    assert figures["glasspool_up"] == 1
    assert figures["glasspool_blocks_total"] == 6
    assert figures["glasspool_records_total"] == answer["records"] == 5
    assert figures['glasspool_findings_total{severity="notice"}'] == 5
    assert figures['glasspool_findings_total{severity="error"}'] == 0
    assert figures[f'glasspool_source_head{{source="{good}"}}'] == 6
    assert figures[f'glasspool_source_up{{source="{good}"}}'] == 1
    assert figures[f'glasspool_source_up{{source="{liar}"}}'] == 0
    assert figures[f'glasspool_source_failures_total{{code="header-hash",source="{liar}"}}'] == 1
    assert figures[f'glasspool_source_failures_total{{code="source-slow",source="{address}"}}'] >= 1
    assert figures["glasspool_verification_seconds_total"] > 0
    assert figures["glasspool_commit_seconds_total"] > 0
    assert abs(figures["glasspool_last_success_timestamp_seconds"] - time.time()) < 2 * DEADLINE
    events = logged(tmp_path)
    assert {each["event"] for each in events} >= {"following", "stored", "source-changed", "stopped"}
    assert all(each.keys() >= {"time", "level", "logger", "event"} for each in events)
    changes = {(each["source"], each["state"], each["level"]) for each in events if each["event"] == "source-changed"}
    assert changes >= {
        (str(liar), "refused", "error"),
        (str(good), "agrees", "info"),
        (str(good), "agrees", "warning"),
        (address, "unreachable", "warning"),
    }
    assert "secret" not in (tmp_path / "log").read_text() + out
    status = Ran(capsys, "status", "--offline", "--json").json
    assert status["last_run"]["blocks"] == 6
    assert [each["code"] for each in status["refused_blocks"]] == ["header-hash"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_block_at_hand_and_a_second_one_at_once(
    number: signal.Signals, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pure Python engine takes long for these blocks, so a signal always comes in the middle."""
    sample = tmp_path / "receivables.csv"
    sample.write_bytes(generate_sample(3, 30))
    import_receivables(sample, packaged_map("demo"), tmp_path / "archive", seed=3)
    assert Ran(capsys, "init", tmp_path / "archive", "--pin", tmp_path / "archive" / "node.toml").code == 0
    settings = {"GLASSPOOL_SM_ENGINE": "gmssl", "GLASSPOOL_LOG": "json"}

    def height() -> int:
        with closing(sqlite3.connect(home / "ledger.db")) as database:
            return int(database.execute("SELECT max(height) FROM block").fetchone()[0])

    with following(tmp_path, **settings) as running:
        before = eventually(height)
        running.send_signal(number)
        out, _ = running.communicate(timeout=DEADLINE)
    assert running.returncode == 0
    stopped = json.loads(out)["height"]
    assert before <= stopped == height()
    with following(tmp_path, **settings) as running:
        eventually(lambda: height() > stopped)
        running.send_signal(number)
        time.sleep(0.05)
        running.send_signal(number)
        assert running.wait(timeout=5) in (-number, 0), "0 only where a block ended between the two"
    assert Ran(capsys, "sync", "--json").code == 0, "it goes on where it stopped"


@pytest.mark.slow
def test_when_nobody_answers_it_says_so_and_waits(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = chain(2)
    good = archived(tmp_path / "good", made.blocks)
    joined(capsys, tmp_path, made, good)
    (good / "000000000000.jsonl").unlink()
    with following(tmp_path, "--every", 0.1, GLASSPOOL_LOG="json") as running:
        eventually(lambda: len([each for each in logged(tmp_path) if each["event"] == "nobody-followed"]) >= 4)
        archived(good, made.blocks)
        eventually(lambda: [each for each in logged(tmp_path) if each["event"] == "stored"])
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=DEADLINE)
    assert (running.returncode, json.loads(out)["height"]) == (0, 2)
    told = [each for each in logged(tmp_path) if each["event"] == "nobody-followed"]
    assert {each["code"] for each in told} == {"archive-empty"}
    assert all(each["next_step"] for each in told)
    assert len([each for each in logged(tmp_path) if each["event"] == "source-changed"]) == 2, "not again every round"


def test_a_metrics_port_that_is_taken_is_said(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = chain(1)
    joined(capsys, tmp_path, made, archived(tmp_path / "good", made.blocks))
    with socket.create_server(("127.0.0.1", 0)) as server:
        ran = Ran(capsys, "sync", "--follow", "--metrics-port", server.getsockname()[1], "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "port-taken")
    usage = Ran(capsys, "sync", "--metrics-port", 9000, "--json")
    assert (usage.code, usage.json["error"]["code"]) == (2, "usage")


@pytest.mark.slow
@pytest.mark.parametrize(("book", "event"), [("book.db", "watched"), ("", "not-watched")])
def test_findings_follow_what_is_stored_and_never_stop_it(
    book: str, event: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A book that cannot be opened (here a folder stands in its place) is told, and blocks are stored all the same."""
    made = chain(3)
    good = archived(tmp_path / "good", made.blocks[:3])
    joined(capsys, tmp_path, made, good)
    place = str(tmp_path / book) if book else str(tmp_path)
    with following(tmp_path, "--every", 0.2, "--watch", GLASSPOOL_LOG="json", GLASSPOOL_BOOK=place) as running:
        eventually(lambda: [each for each in logged(tmp_path) if each["event"] == event])
        archived(good, made.blocks)
        eventually(lambda: [each for each in logged(tmp_path) if each["event"] == "stored" and each["height"] == 3])
        if book:
            eventually(lambda: [each for each in logged(tmp_path) if each["event"] == event and each["height"] == 3])
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=DEADLINE)
    assert running.returncode == 0
    assert (tmp_path / "book.db").exists() is bool(book)
