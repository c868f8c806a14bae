"""init, sync, status, prove, verify: as a user runs them, with their answers, exit codes and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.consortium import PIN, generate_sample, import_receivables, packaged_map
from portal.cli import main
from portal.node import read_pin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    (folder / "receivables.csv").write_bytes(generate_sample(5, 6))
    import_receivables(folder / "receivables.csv", packaged_map("demo"), folder / "archive", seed=5)
    return folder / "archive"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "node"))
    monkeypatch.setenv("GLASSPOOL_WORKERS", "1")
    return tmp_path / "node"


class Ran:
    """What one command printed, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        self.code = ended.value.code
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def test_a_node_joins_follows_and_says_where_it_stands(
    archive: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joined = Ran(capsys, "init", archive, "--pin", archive / PIN, "--json")
    assert joined.code == 0
    assert joined.json["suite"] == "sm"
    synced = Ran(capsys, "sync", "--json")
    assert synced.code == 0
    assert synced.json["transactions"] > 50
    assert synced.json["findings"] == 0
    again = Ran(capsys, "sync", "--json")
    assert again.json["blocks"] == 0
    assert again.json["facts_digest"] == synced.json["facts_digest"]
    status = Ran(capsys, "status", "--json").json
    assert status["height"] == synced.json["height"]
    assert status["records"] == synced.json["transactions"] - 1, "all but the deployment are records"
    assert status["findings"] == {}
    assert status["refused_blocks"] == []
    human = Ran(capsys, "status")
    assert synced.json["facts_digest"] in human.out.replace("\n", "").replace("│", "").replace(" ", "")


def test_a_pin_by_hash_and_address_is_the_same_as_by_file(
    archive: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = read_pin(archive / PIN)
    given = ("--genesis-hash", "0x" + pin.genesis_hash.hex(), "--contract", pin.contracts[0].hex())
    assert Ran(capsys, "init", archive, *given).code == 0
    assert Ran(capsys, "init", archive, "--pin", archive / PIN).code == 0


def test_proofs_are_made_and_judged(
    archive: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Ran(capsys, "init", archive, "--pin", archive / PIN)
    Ran(capsys, "sync")
    proof, pin = tmp_path / "proof.json", read_pin(archive / PIN)
    assert Ran(capsys, "prove", "3:1:0", "-o", proof, "--json").json["record"] == "3:1:0"
    own = Ran(capsys, "verify", proof, "--json")
    assert (own.code, own.json["verdict"]) == (0, "PASSED"), "this machine's node pinned the chain"
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "elsewhere"))
    pinned = Ran(capsys, "verify", proof, "--genesis-hash", pin.genesis_hash.hex(), "--json")
    assert (pinned.code, pinned.json["verdict"]) == (0, "INDETERMINATE")
    full = ("--genesis-hash", pin.genesis_hash.hex(), "--contract", pin.contracts[0].hex())
    assert Ran(capsys, "verify", proof, *full, "--json").json["verdict"] == "PASSED"
    assert Ran(capsys, "verify", proof, "--genesis-hash", "00" * 32).code == 1
    lines = tmp_path / "proofs"
    line = json.dumps(json.loads(proof.read_text("utf-8")))
    forged = line.replace('"log_index": 0', '"log_index": 1')
    assert forged != line
    lines.write_text(f"{line}\n{forged}\n{line}\n", "utf-8")
    judged = Ran(capsys, "verify", lines, *full, "--json")
    assert (judged.code, judged.json["proofs"], judged.json["failed"]) == (1, 3, [2])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sync",), "not-joined"),
        (("status",), "not-joined"),
        (("prove", "1:0:0", "-o", "x"), "not-joined"),
        (("init", "nowhere", "--pin", "nowhere.toml"), "pin"),
        (("init", "nowhere"), "no-pin"),
        (("init", "ftp://host", "--genesis-hash", "00" * 32, "--contract", "00" * 20), "source-location"),
        (("verify", "nowhere.json"), "file"),
    ],
)
def test_what_cannot_work_says_why_and_what_to_do(
    arguments: tuple[str, ...], code: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(capsys, *arguments, "--json")
    assert ran.code == 2
    assert ran.json["error"]["code"] == code
    assert ran.json["error"]["next_step"]
    human = Ran(capsys, *arguments)
    assert human.code == 2
    assert human.out == ""
    assert human.err.startswith("error: ")


@pytest.mark.parametrize("setting", [("GLASSPOOL_PORT", "seven"), ("GLASSPOOL_SM_ENGINE", "rot13")])
def test_a_setting_that_is_not_usable_is_named(
    setting: tuple[str, str], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*setting)
    ran = Ran(capsys, "status", "--json")
    assert ran.code == 2
    assert setting[0].removeprefix("GLASSPOOL_").lower() in ran.json["error"]["message"]


def test_the_settings_file_is_read_and_a_variable_wins(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "glasspool.toml").write_text("port = 1\nhosst = 'x'\n")
    assert "hosst" in Ran(capsys, "status", "--json").json["error"]["message"]
    (home / "glasspool.toml").write_text("sm_engine = 'rot13'\n")
    assert Ran(capsys, "status", "--json").json["error"]["code"] == "settings"
    monkeypatch.setenv("GLASSPOOL_SM_ENGINE", "gmssl")
    assert Ran(capsys, "status", "--json").json["error"]["code"] == "not-joined"


def test_a_defect_ends_with_two_and_shows_its_traceback(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("portal.cli.node.opened_store", broken)
    ran = Ran(capsys, "status")
    assert ran.code == 2
    assert "ZeroDivisionError: a defect" in ran.err
