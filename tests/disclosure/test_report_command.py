"""`glasspool report`, and the part of `glasspool verify` that judges packages."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from disclosure.errors import KeyUnusable, PackageExists
from ledger.verdict import Verdict
from portal.cli import main
from portal.cli.report import judge_package, register
from portal.errors import PortalError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from disclosure.signing import LocalAuthority
    from ledger.store import Store


@pytest.fixture
def home(replica: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's home with the replica's database and no keys yet."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("GLASSPOOL_HOME", str(folder))
    monkeypatch.setenv("GLASSPOOL_DATABASE", str(replica._engine.url))
    monkeypatch.delenv("GLASSPOOL_KEY_PASSPHRASE", raising=False)
    return folder


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    register(app)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def answer(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exception is None, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_first_report_makes_its_own_key_and_verifies(home: Path, plan: str, tmp_path: Path) -> None:
    told = answer(plan, "-o", tmp_path / "out" / "report")
    assert told["plan"] == plan
    assert told["ca"] == str(home / "signer" / "ca.pem")
    for name in "package", "archive":
        judged = judge_package(tmp_path / told[name], ca=home / "signer" / "ca.pem", genesis_hash=None)
        assert judged.verdict is Verdict.PASSED, judged
    again = answer(plan, "-o", tmp_path / "second", "--period", 1)
    assert again["period"] == 1
    assert (tmp_path / "out" / "report" / "certificate.pem").read_bytes() == (
        tmp_path / "second" / "certificate.pem"
    ).read_bytes()


def test_a_height_is_reported_as_it_was(home: Path, plan: str, replica: Store, tmp_path: Path) -> None:
    head = replica.head()
    assert head is not None
    assert answer(plan, "-o", tmp_path / "report", "--height", head.height - 5)["height"] == head.height - 5


@pytest.mark.slow
def test_nothing_is_overwritten_without_force(home: Path, plan: str, tmp_path: Path) -> None:
    answer(plan, "-o", tmp_path / "report")
    assert isinstance(run(plan, "-o", tmp_path / "report").exception, PackageExists)
    assert answer(plan, "-o", tmp_path / "report", "--force")["plan"] == plan


@pytest.mark.slow
def test_another_key_signs_with_its_certificate(
    home: Path, plan: str, local_authority: LocalAuthority, tmp_path: Path
) -> None:
    given = ("--key", local_authority.key, "--certificate", local_authority.certificate)
    told = answer(plan, "-o", tmp_path / "report", *given)
    assert told["ca"] is None
    assert not (home / "signer").exists()
    judged = judge_package(tmp_path / "report", ca=local_authority.authority, genesis_hash=None)
    assert judged.verdict is Verdict.PASSED, judged
    assert isinstance(run(plan, "-o", tmp_path / "other", *given[:2]).exception, PortalError)


@pytest.mark.slow
def test_an_encrypted_key_needs_its_passphrase(
    home: Path, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSPOOL_KEY_PASSPHRASE", "海纳百川")
    answer(plan, "-o", tmp_path / "report")
    assert b"ENCRYPTED" in (home / "signer" / "signer-key.pem").read_bytes()
    answer(plan, "-o", tmp_path / "second")
    monkeypatch.delenv("GLASSPOOL_KEY_PASSPHRASE")
    refused = run(plan, "-o", tmp_path / "third").exception
    assert isinstance(refused, KeyUnusable)
    assert refused.code == "key-locked"
    assert not (tmp_path / "third").exists()


def test_a_package_is_judged_without_a_node_too(
    home: Path, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(plan, "-o", tmp_path / "report")
    shutil.copy(home / "signer" / "ca.pem", tmp_path / "ca.pem")
    monkeypatch.delenv("GLASSPOOL_DATABASE")
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "elsewhere"))
    judged = judge_package(tmp_path / "report.zip", ca=tmp_path / "ca.pem", genesis_hash=None)
    assert [step.verdict.value for step in judged.steps] == ["PASSED"] * 3 + ["INDETERMINATE"] * 2
    other = judge_package(tmp_path / "report.zip", ca=None, genesis_hash="0x" + "00" * 32)
    assert other.verdict is Verdict.FAILED
    with pytest.raises(PortalError):
        judge_package(tmp_path / "report.zip", ca=tmp_path / "missing.pem", genesis_hash=None)


@pytest.mark.slow
def test_strict_takes_what_cannot_be_told_for_a_negative(
    home: Path, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(plan, "-o", tmp_path / "report")
    given = ["verify", str(tmp_path / "report.zip")]
    full = [*given, "--ca", str(home / "signer" / "ca.pem")]
    for arguments, code in ((given, 0), ([*given, "--strict"], 1), (full, 0), ([*full, "--strict"], 0)):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == code, (arguments, capsys.readouterr())
