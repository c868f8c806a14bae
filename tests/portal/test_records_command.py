"""`glasspool records` as a person and a program meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.records import KINDS
from ledger.records.schema import documents
from portal.cli import main


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("records", "lookthrough"))  # one alone would need no name


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["records", *arguments])
    code = ended.value.code
    return (code if isinstance(code, int) else 0), capsys.readouterr().out


def test_every_kind_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "--json")
    kinds = json.loads(out)["kinds"]
    assert code == 0
    assert {(each["kind"], each["version"]) for each in kinds} == KINDS.keys()
    (split,) = [each for each in kinds if each["kind"] == "warehouse_receipt.split"]
    assert (split["name"], split["writers"]) == ("拆分", ["warehouse"])
    code, out = run(capsys)
    assert code == 0
    assert all(kind in out for kind, _ in KINDS)
    assert "any member" in out


def test_one_kind_is_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "document.registered")
    assert (code, json.loads(out)) == (0, json.loads(documents()["schemas/document.registered.v1.json"]))
    code, out = run(capsys, "document.registered", "--json")
    (version,) = json.loads(out)["versions"]
    assert version["version"] == 1
    assert version["schema"] == json.loads(documents()["schemas/document.registered.v1.json"])


def test_a_kind_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "document.lost", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "unknown-kind")


def test_all_of_it_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "docs"
    code, out = run(capsys, "--output", str(folder), "--json")
    assert (code, json.loads(out)["files"]) == (0, len(KINDS) + 1)
    written = {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.*") if path.is_file()}
    assert written == documents()
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    code, out = run(capsys, "--output", str(in_the_way), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "file")
