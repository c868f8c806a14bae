"""init, sync, status, prove, verify: as a user runs them, with their answers, exit codes and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ledger.consortium import PIN, generate_sample, import_receivables, packaged_map
from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store
from portal.node import read_pin
from tests.support.chains import SmallChain
from tests.support.commands import Ran
from tests.support.sources import Listed

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
    strict = Ran(capsys, "verify", proof, "--genesis-hash", pin.genesis_hash.hex(), "--strict", "--json")
    assert (strict.code, strict.json["verdict"]) == (1, "INDETERMINATE")
    full = ("--genesis-hash", pin.genesis_hash.hex(), "--contract", pin.contracts[0].hex())
    assert Ran(capsys, "verify", proof, *full, "--json").json["verdict"] == "PASSED"
    assert Ran(capsys, "verify", proof, *full, "--strict").code == 0
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


def test_wrong_usage_is_one_document_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "look-through", "PLAN", "--height", "abc", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
    assert "--height" in ran.err


def test_a_lying_source_is_a_negative_verdict(
    archive: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genesis = Ran(capsys, "init", archive, "--genesis-hash", "00" * 32, "--contract", "00" * 20, "--json")
    assert (genesis.code, genesis.json["error"]["code"]) == (1, "genesis-hash")
    Ran(capsys, "init", archive, "--pin", archive / PIN)
    source = open_source(archive)
    documents = [raw.document for raw in source.blocks(0)][:6]
    source.close()
    forged = tmp_path / "forged"
    forged.mkdir()
    documents[4] = documents[4].replace(b'"status":0', b'"status":1', 1)
    (forged / "000000000000.jsonl").write_bytes(b"\n".join(documents) + b"\n")
    refused = Ran(capsys, "sync", "--source", forged, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "receipt-hash")
    assert "Block 4 is refused" in refused.json["error"]["message"]
    (kept,) = Ran(capsys, "status", "--json").json["refused_blocks"]
    assert (kept["height"], kept["code"], kept["state"]) == (4, "receipt-hash", "waiting for another block")
    evidence = kept["file"].replace(".reason.json", ".json")
    judged = Ran(capsys, "block", "verify", evidence, "--json")
    assert judged.code == 1
    assert [step["name"] for step in judged.json["steps"] if step["verdict"] == "FAILED"] == ["receipt hashes"]
    Ran(capsys, "sync")
    assert Ran(capsys, "status", "--json").json["refused_blocks"][0]["state"] == "passed since"


def test_findings_are_listed_with_their_records(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = SmallChain()
    chain.consortium.admit(chain.operator)
    chain.consortium.record(chain.operator, "coffee.spilled", {"v": 1})
    chain.next_day()
    home.mkdir()
    with Store.create(home / "ledger.db") as store:
        told = {"genesis_hash": chain.consortium.genesis_hash, "contracts": (chain.consortium.contract,)}
        join(store, Listed(chain.blocks), **told)
        sync(store, Listed(chain.blocks), evidence=tmp_path, workers=0)
    listed = Ran(capsys, "findings", "--ledger", "--json").json
    assert listed["counts"] == {"record.unknown_kind": 1}
    assert (listed["findings"][0]["record"], listed["findings"][0]["severity"]) == ("2:1:0", "notice")
    assert Ran(capsys, "findings", "--ledger", "--code", "output.double_spend", "--json").json["findings"] == []
    assert (
        Ran(capsys, "findings", "--ledger", "--code", "output.double_spend").out == "No finding output.double_spend.\n"
    )
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in Ran(capsys, "status").out.splitlines()]
    assert ["findings", "record.unknown_kind 1"] in rows
    assert not any({"{", "}", "[", "]"} & set(cell) for row in rows for cell in row)
    assert Ran(capsys, "findings", "--ledger", "--code", "nonsense", "--json").json["error"]["code"] == "finding-code"
    assert "record.unknown_kind" in Ran(capsys, "findings", "--ledger").out


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

    monkeypatch.setattr("portal.cli.status.opened_store", broken)
    ran = Ran(capsys, "status")
    assert ran.code == 2
    assert "ZeroDivisionError: a defect" in ran.err
    told = Ran(capsys, "status", "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "defect")
    assert "ZeroDivisionError: a defect" in told.json["error"]["message"]
    assert told.json["error"]["next_step"]
    assert "Traceback" in told.err
