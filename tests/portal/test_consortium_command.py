"""`glasspool consortium`: what it prints, writes and refuses."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import typer
from typer.testing import CliRunner

from ledger.consortium import OutputRefused
from ledger.errors import Malformed
from portal.cli import consortium
from portal.errors import PortalError

ROWS = ["--rows", "6"]


@pytest.fixture
def run():
    app = typer.Typer()
    consortium.register(app)

    def command(*arguments):
        return CliRunner().invoke(app, ["consortium", *map(str, arguments)])

    return command


@pytest.fixture
def sample(run, tmp_path):
    assert run("sample", tmp_path / "s.csv", *ROWS).exit_code == 0
    return tmp_path / "s.csv"


def test_a_sample_comes_with_its_map(run, sample, tmp_path):
    done = run("import", tmp_path / "a", "--csv", sample, "--map", sample.with_suffix(".map.toml"), "--json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["rows"], answer["imported"], answer["rejected"]) == (0, 6, 6, [])
    assert answer["folder"] == str(tmp_path / "a")
    assert (tmp_path / "a" / "node.toml").read_text().count(answer["genesis_hash"]) == 1


def test_rejected_rows_are_printed_and_no_failure(run, sample, tmp_path):
    lines = sample.read_text("utf-8-sig").splitlines()
    sample.write_text("\n".join([*lines, lines[1], "not,enough"]), encoding="utf-8")
    done = run("import", tmp_path / "a", "--csv", sample, "--map", "demo")
    assert done.exit_code == 0
    assert "duplicate" in done.stdout
    assert "column-count" in done.stdout
    assert "line 2 already" in done.stdout


def test_the_hash_a_node_pins_is_printed_whole(run, sample, tmp_path):
    done = run("import", tmp_path / "a", "--csv", sample, "--map", "demo")
    pinned = (tmp_path / "a" / "node.toml").read_text().split('genesis_hash = "')[1].split('"')[0]
    cells = [line.split("│")[2].strip() for line in done.stdout.splitlines() if line.count("│") == 3]
    assert pinned in "".join(cells)


@pytest.mark.parametrize("arguments", [(), ("--csv", "a.csv", "--xlsx", "a.xlsx")])
def test_one_file_is_asked_for(run, tmp_path, arguments):
    done = run("import", tmp_path / "a", "--map", "demo", *arguments)
    assert done.exit_code == 2
    assert "either --csv or --xlsx" in done.output


def test_a_used_folder_is_refused(run, sample, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine").touch()
    assert isinstance(run("import", tmp_path / "a", "--csv", sample, "--map", "demo").exception, OutputRefused)


@pytest.mark.parametrize(("option", "value"), [("--csv", "none.csv"), ("--map", "none.toml")])
def test_unusable_input_is_refused_with_what_to_do(run, sample, tmp_path, option, value):
    given = {"--csv": str(sample), "--map": "demo"} | {option: str(tmp_path / value)}
    done = run("import", tmp_path / "a", *[part for pair in given.items() for part in pair])
    assert isinstance(done.exception, Malformed)
    assert done.exception.next_step


def test_a_sample_overwrites_nothing(run, sample):
    failure = run("sample", sample).exception
    assert isinstance(failure, PortalError)
    assert failure.code == "file-exists"


def test_a_taken_port_is_named(run, sample, tmp_path):
    run("import", tmp_path / "a", "--csv", sample, "--map", "demo")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failure = run("serve", tmp_path / "a", "--port", taken.getsockname()[1]).exception
    assert isinstance(failure, PortalError)
    assert failure.code == "port-taken"


@pytest.mark.slow
def test_serving_answers_as_a_node_does(run, sample, tmp_path):
    run("import", tmp_path / "a", "--csv", sample, "--map", "demo")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    call = "import typer; from portal.cli import consortium; app = typer.Typer(); consortium.register(app); app()"
    command = [sys.executable, "-c", call, "consortium", "serve", str(tmp_path / "a"), "--port", str(port)]
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}",
        data=b'{"jsonrpc":"2.0","id":1,"method":"getBlockNumber","params":["group0",""]}',
    )
    with subprocess.Popen(command, stderr=subprocess.PIPE) as node:
        try:
            answer = _answered(asked)
        finally:
            node.terminate()
    assert answer["result"] > 5


def _answered(asked, patience=20.0):
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
