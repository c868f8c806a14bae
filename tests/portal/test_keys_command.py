"""The keys that confidential payloads are read with: made, kept encrypted, listed, never overwritten."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from disclosure.errors import KeyUnusable
from disclosure.signing import write_key
from ledger.envelope import Sealing, fingerprints_of, seal_payload
from ledger.records import canonical
from ledger.sources.archive_writer import ArchiveWriter
from ledger.suites import SM2Key
from portal.cli import main
from portal.reader_keys import PASSPHRASE, ReaderKeys
from tests.support.chains import SmallChain
from tests.support.ledger_book import invoice

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSPOOL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(PASSPHRASE, "高山流水")
    return tmp_path / "home"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_a_new_key_is_kept_encrypted_and_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, made = run(capsys, "keys", "new", "regulator")
    assert code == 0
    assert run(capsys, "keys", "list") == (0, {"keys": [made], "epochs": []})
    file = home / "keys" / "regulator.pem"
    assert file.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert file.stat().st_mode & 0o077 == 0
    assert (home / "keys").stat().st_mode & 0o077 == 0
    assert run(capsys, "keys", "new", "regulator")[1]["error"]["code"] == "key-exists"


def test_keys_from_elsewhere(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = SM2Key(secret=4711)
    write_key(tmp_path / "theirs.pem", key)
    code, kept = run(capsys, "keys", "add", "auditor", str(tmp_path / "theirs.pem"))
    assert (code, kept["public_key"]) == (0, key.public_key.hex())
    (tmp_path / "epoch").write_text("ab" * 32 + "\n")
    assert run(capsys, "keys", "add-epoch", "2026", str(tmp_path / "epoch")) == (0, {"epoch": "2026"})
    assert b"abab" not in (home / "keys" / "2026.epoch").read_bytes()
    shown, ring = ReaderKeys(home / "keys").read("高山流水")
    assert [each.name for each in shown] == ["auditor"]
    assert dict(ring.epochs) == {"2026": bytes.fromhex("ab" * 32)}
    for content in ("ab" * 31, "no hex"):
        (tmp_path / "epoch").write_text(content)
        assert run(capsys, "keys", "add-epoch", "2027", str(tmp_path / "epoch"))[0] == 2
    assert run(capsys, "keys", "list")[1]["epochs"] == ["2026"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 41, "a b"])
def test_a_name_cannot_leave_the_folder(home: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "keys", "new", name)[1]["error"]["code"] == "key-name"
    assert run(capsys, "keys", "remove", name, "--yes")[1]["error"]["code"] == "no-key"


def test_removing_needs_a_word(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "keys", "new", "regulator")
    assert run(capsys, "keys", "remove", "regulator")[1]["error"]["code"] == "not-confirmed"
    assert (home / "keys" / "regulator.pem").exists()
    assert run(capsys, "keys", "remove", "regulator", "--yes") == (0, {"removed": "regulator"})
    assert not (home / "keys" / "regulator.pem").exists()


def test_without_the_right_passphrase_nothing_is_read(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "keys", "new", "regulator")
    ReaderKeys(home / "keys").add_epoch("2026", bytes(32), "高山流水")
    monkeypatch.setenv(PASSPHRASE, "wrong")
    assert run(capsys, "keys", "list")[1]["error"]["code"] == "key-shape"
    (home / "keys" / "regulator.pem").unlink()
    with pytest.raises(KeyUnusable) as refused:
        ReaderKeys(home / "keys").read("wrong")
    assert refused.value.code == "key-shape"
    monkeypatch.delenv(PASSPHRASE)
    assert run(capsys, "keys", "list")[1]["error"]["code"] == "key-locked"


def test_a_key_that_others_may_read_is_refused(home: Path) -> None:
    keys = ReaderKeys(home / "keys")
    keys.add_epoch("2026", bytes(32), "p")
    (home / "keys" / "2026.epoch").chmod(0o644)
    with pytest.raises(KeyUnusable) as refused:
        keys.read("p")
    assert refused.value.code == "key-exposed"


def test_one_passphrase_opens_all_keys(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "keys", "new", "regulator")
    monkeypatch.setenv(PASSPHRASE, "another")
    assert run(capsys, "keys", "new", "second")[1]["error"]["code"] == "key-shape"
    assert not (home / "keys" / "second.pem").exists()


def a_sealed_invoice(folder: Path, reader: bytes) -> None:
    """The archive of a chain with one invoice that only ``reader`` can read, and its pin."""
    chain = SmallChain()
    supplier = chain.consortium.enrol("supplier", "supplier", ["supplier"])
    chain.consortium.admit(chain.operator)
    chain.consortium.admit(supplier)
    chain.next_day()
    payload = {"v": 1, **invoice("i", issued="2024-01-03", buyer="supplier")}
    prints = fingerprints_of(payload, ["number"], epoch="2024", key=bytes(32))
    sealing = Sealing(sender=supplier.address, readers=(reader,), fingerprints=prints)
    sealed = seal_payload("invoice.registered", canonical(payload), sealing, random=Random(7))
    chain.consortium.send(supplier, "invoice.registered", sealed)
    chain.next_day()
    with ArchiveWriter(folder / "archive") as writer:
        for block in chain.blocks:
            writer.append(block)
    pinned = (
        f'genesis_hash = "{chain.consortium.genesis_hash.hex()}"\ncontracts = ["{chain.consortium.contract.hex()}"]'
    )
    (folder / "node.toml").write_text(f"[pin]\n{pinned}\n")


def test_a_key_that_comes_later_opens_history(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SM2Key(secret=4711)
    a_sealed_invoice(tmp_path, key.public_key)
    assert run(capsys, "init", str(tmp_path / "archive"), "--pin", str(tmp_path / "node.toml"))[0] == 0
    assert run(capsys, "sync")[0] == 0
    assert run(capsys, "status", "--offline")[1]["confidential_records"] == {"opened": 0, "sealed": 1}
    write_key(tmp_path / "key.pem", key)
    run(capsys, "keys", "add", "regulator", str(tmp_path / "key.pem"))
    monkeypatch.delenv(PASSPHRASE)
    assert run(capsys, "rebuild")[1]["error"]["code"] == "key-locked"
    monkeypatch.setenv(PASSPHRASE, "高山流水")
    assert run(capsys, "rebuild")[0] == 0
    assert run(capsys, "status", "--offline")[1]["confidential_records"] == {"opened": 1, "sealed": 0}
    assert run(capsys, "sync")[0] == 0
    assert run(capsys, "scrub")[1]["verdict"] == "PASSED"
