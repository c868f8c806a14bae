"""`glasspool sealers`, `sealers pin` and `repin`, as an operator runs them after a refusal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ledger.sources.archive_writer import ArchiveWriter
from portal import cli
from portal.cli import sealers as command
from tests.support.chains import SmallChain

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)


class Node:
    """A node whose sync stopped at block 3: its sealers changed, and nobody voted."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.folder, self.chain = folder, SmallChain()
        consortium = self.chain.consortium
        consortium.admit(self.chain.operator)
        self.chain.next_day()
        self.before = {each.key.hex() for each in consortium.sealers}
        new = consortium._sealer("newcomer", 2)
        consortium.sealers = tuple(sorted((*consortium.sealers, new), key=lambda each: each.key))
        consortium.admit(consortium.enrol("m", "成员", ("supplier",)))
        self.chain.next_day()
        with ArchiveWriter(folder / "archive") as writer:
            for block in self.chain.blocks:
                writer.append(block)
        pin = f'[pin]\ngenesis_hash = "{consortium.genesis_hash.hex()}"\ncontracts = ["{consortium.contract.hex()}"]\n'
        (folder / "node.toml").write_text(pin)
        assert self.run("init", folder / "archive", "--pin", folder / "node.toml")[0] == 0
        assert self.json("sync") == (1, "sealers")

    @property
    def evidence(self) -> Path:
        (file,) = [
            each for each in (self.folder / "home" / "evidence").glob("block-*.json") if ".reason" not in each.name
        ]
        return file

    def run(self, *arguments: object) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(each) for each in arguments])
        told = self._capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    def json(self, *arguments: object) -> tuple[object, Any]:
        """The exit code and the answer, of an error its code."""
        code, out, _ = self.run(*arguments, "--json")
        answer = json.loads(out)
        return code, answer["error"]["code"] if "error" in answer else answer


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GLASSPOOL_WORKERS", "0")
    monkeypatch.setattr(cli, "COMMANDS", ("node", "follow", "status", "sealers", "proof"))
    monkeypatch.setattr(command, "clock", lambda: NOW)
    return Node(tmp_path, capsys)


def keys(listed: list[dict[str, Any]]) -> set[str]:
    return {each["key"] for each in listed}


def test_after_a_refusal_both_sets_are_shown(node: Node) -> None:
    _, shown = node.json("sealers")
    assert (shown["height"], keys(shown["sealers"]), shown["quorum"]) == (2, node.before, 3)
    refused = shown["refused_block"]
    assert (refused["height"], len(keys(refused["sealers"]) - node.before)) == (3, 1)
    code, out, _ = node.run("sealers")
    new = (keys(refused["sealers"]) - node.before).pop()
    flat = "".join(out.split()).replace("│", "")
    assert code == 0
    assert new[:20] in flat
    assert "+" in out


def test_a_pin_of_the_refused_block_lets_the_sync_go_on_and_is_told_everywhere(node: Node, tmp_path: Path) -> None:
    code, kept = node.json("sealers", "pin", node.evidence, "--by", "王五")
    assert (code, kept["height"], kept["by"], kept["at"]) == (0, 3, "王五", "2024-02-03T04:05:06+00:00")
    assert [each["state"] for each in node.json("sealers")[1]["pins"]] == ["waiting for its block"]
    assert node.json("sync")[1]["height"] == 3
    _, shown = node.json("sealers")
    assert [each["state"] for each in shown["pins"]] == ["applied"]
    assert shown["refused_block"] is None
    (told,) = node.json("status")[1]["sealer_pins"]
    assert (told["height"], told["by"], told["at"]) == (3, "王五", kept["at"])
    proof = tmp_path / "proof.json"
    assert node.run("prove", "3:0:0", "-o", proof)[0] == 0
    assert node.json("verify", proof)[1]["verdict"] == "PASSED", "where the reader's own node has the pin"


def test_somebody_else_needs_a_pin_of_their_own(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node.json("sealers", "pin", node.evidence)
    node.json("sync")
    own = tmp_path / "own.json"
    own.write_text(node.run("sealers", "--json")[1])
    proof = tmp_path / "proof.json"
    node.run("prove", "3:0:0", "-o", proof)
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "elsewhere"))
    consortium = node.chain.consortium
    trust = ("--genesis-hash", consortium.genesis_hash.hex(), "--contract", consortium.contract.hex())
    code, judged = node.json("verify", proof, *trust)
    assert (code, judged["verdict"]) == (0, "INDETERMINATE")
    assert node.run("verify", proof, *trust, "--strict")[0] == 1
    assert node.json("verify", proof, *trust, "--sealer-pins", own)[1]["verdict"] == "PASSED"
    (tmp_path / "bad.json").write_text("{}")
    assert node.json("verify", proof, *trust, "--sealer-pins", tmp_path / "bad.json")[1] == "shape"
    assert node.json("verify", proof, *trust, "--sealer-pins", tmp_path / "none.json")[1] == "file"


def test_a_set_may_be_named_key_by_key(node: Node) -> None:
    _, shown = node.json("sealers")
    named = [f"--sealer={each['key']}:{each['weight']}" for each in shown["refused_block"]["sealers"]]
    assert node.json("sealers", "pin", "--height", 3, *named)[0] == 0
    assert node.json("sync")[1]["height"] == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "no-pin"),
        (("--height", "3"), "no-pin"),
        (("--sealer", "ab" * 64 + ":1"), "no-pin"),
        (("--height", "3", "--sealer", "ab" * 63 + ":1"), "sealer"),
        (("--height", "3", "--sealer", "ab" * 64 + ":0"), "sealer"),
        (("--height", "3", "--sealer", "ab" * 64 + ":x"), "sealer"),
        (("--height", "3", "--sealer", "ab" * 64 + ":-1"), "sealer"),
        (("--height", "9", "--sealer", "ab" * 64 + ":1"), "pin-height"),
        (("--height", "3", "--sealer", "ab" * 64, "--sealer", "ab" * 64), "pin-sealers"),
        (("--height", "3", "--sealer", "ab" * 64, "--by", " "), "name"),
    ],
)
def test_what_is_no_pin_is_refused(node: Node, arguments: tuple[str, ...], code: str) -> None:
    assert node.json("sealers", "pin", *arguments) == (2, code)
    assert node.json("sealers")[1]["pins"] == []


def test_a_file_that_is_no_block_is_refused(node: Node, tmp_path: Path) -> None:
    (tmp_path / "junk.json").write_text("[]")
    assert node.json("sealers", "pin", tmp_path / "junk.json")[1] == "shape"
    assert node.json("sealers", "pin", tmp_path / "none.json")[1] == "file"
    assert node.json("sealers", "pin", node.evidence, "--height", 3)[0] == 2


def test_repinning_marks_the_facts_stale_or_changes_nothing(node: Node) -> None:
    code, same = node.json("repin", "--pin", node.folder / "node.toml")
    assert (code, same["changed"]) == (0, False)
    assert node.json("repin", "--genesis-hash", "00" * 32, "--contract", "07" * 20) == (1, "genesis-hash")
    assert node.json("repin")[1] == "no-pin"
    code, other = node.json("repin", "--contract", "07" * 20)
    assert (code, other["changed"], other["contracts"]) == (0, True, ["0x" + "07" * 20])
    assert "rebuild" in other["facts"]
    node.json("sealers", "pin", node.evidence)
    assert node.json("sync")[1] == "facts-stale"


@pytest.mark.parametrize("name", ["block-000000000003.reason.json", None], ids=["a full folder", "moved since"])
def test_a_refusal_of_which_the_reason_alone_is_there_is_shown(node: Node, name: str | None) -> None:
    node.evidence.unlink()
    (reason,) = (node.folder / "home" / "evidence").glob("*.reason.json")
    if name is not None:
        reason = reason.rename(reason.with_name(name))
    refused = node.json("sealers")[1]["refused_block"]
    assert (refused["height"], refused["sealers"], refused["file"]) == (3, None, str(reason))
    assert "sync again" in refused["next_step"]
    assert "was refused" in " ".join(node.run("sealers")[1].replace("│", "").split())
    reason.write_text(json.dumps({"code": "quorum", "height": 3}))
    assert node.json("sealers")[1]["refused_block"] is None
