"""From signed blocks to a pack: what was planted is found as the node syncs, and proved to whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.commands import Ran

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_planted_trouble_is_found_as_the_node_syncs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.cli.COMMANDS", ("node", "follow", "watch", "findings", "proof", "report", "consortium"))
    made = Ran(
        capsys, "consortium", "generate", tmp_path / "chain", "--receivables", 60, "--plans", 1, "--months", 3,
        "--seed", 5, "--trouble", "exact_reuse=0.02", "--json",
    )  # fmt: skip
    assert made.code == 0, made.out
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "node"))
    assert Ran(capsys, "init", tmp_path / "chain", "--pin", tmp_path / "chain" / "node.toml").code == 0
    synced = Ran(capsys, "sync", "--watch", "--json")
    assert synced.code == 0, synced.out
    found = Ran(capsys, "findings", "--rule", "duplicate.exact_reuse", "--json").json
    assert found["followed"] == found["height"] == synced.json["height"]
    assert found["findings"]
    finding = found["findings"][0]
    assert (finding["level"], finding["standing"]) == ("high", True)
    told = Ran(capsys, "findings", "export", finding["id"], "-o", tmp_path / "pack", "--json").json
    judged = Ran(capsys, "verify", told["archive"], "--ca", told["ca"], "--strict", "--json")
    assert judged.json["verdict"] == "PASSED", judged.out
    assert told["records"] > 1
    again = Ran(capsys, "watch", "--json").json
    assert {one["changes"] for one in again["scopes"]} == {0}
