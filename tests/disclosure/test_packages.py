"""Packages on disk: whole or absent, the same bytes each time, and nothing that an enemy packs is believed."""

from __future__ import annotations

import os
import random
import stat
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import package
from disclosure.errors import PackageExists, PackageMalformed, PackageUnreadable, Unwritable
from disclosure.manifest import FileEntry, Ledger, Manifest, canonical_json, file_name
from disclosure.package import archive_of, read_package, write_package
from disclosure.signing import make_local_authority

if TYPE_CHECKING:
    from disclosure.package import Written
    from disclosure.signing import Signer

AT = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
LEDGER = Ledger(
    chain="chain0",
    group="group0",
    suite="sm",
    genesis_hash=b"\x01" * 32,
    height=12,
    block_hash=b"\x02" * 32,
    facts_digest=b"\x03" * 32,
)
FILES = {"report.html": "<p>收益分配报告</p>".encode(), "report.json": b'{"a":1}', "proofs/1-0-0.json": b"{}"}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    folder = tmp_path_factory.mktemp("keys") / "signer"
    return make_local_authority(folder, name="示范管理人", at=AT, random=random.Random(5).randbytes).signer()


def written(folder: Path, signer: Signer, *, force: bool = False, files: dict[str, bytes] = FILES) -> Written:
    return write_package(
        folder,
        files,
        ledger=LEDGER,
        report="distribution",
        plan="示范1号",
        period=1,
        made_at=AT,
        generator={"glasspool": "0.1.0"},
        signer=signer,
        force=force,
    )


def test_a_package_reads_back_from_both_its_forms(tmp_path: Path, signer: Signer) -> None:
    made = written(tmp_path / "out" / "report", signer)
    unpacked = read_package(made.folder)
    assert unpacked == read_package(made.archive)
    assert {name: unpacked[name] for name in FILES} == FILES
    assert Manifest.load(unpacked["manifest.json"]) == made.manifest
    assert made.manifest.made_at == AT.replace(microsecond=0)
    assert [entry.path for entry in made.manifest.files] == sorted({*FILES, "certificate.pem"})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report", "report.zip"]


def test_the_same_report_gives_the_same_bytes(tmp_path: Path, signer: Signer) -> None:
    first, second = (written(tmp_path / name, signer) for name in ("a", "b"))
    assert read_package(first.folder) == read_package(second.folder)
    assert first.archive.read_bytes() == second.archive.read_bytes()


def test_nothing_is_overwritten_unasked(tmp_path: Path, signer: Signer) -> None:
    made = written(tmp_path / "report", signer)
    before = read_package(made.folder), made.archive.read_bytes()
    with pytest.raises(PackageExists) as refusal:
        written(tmp_path / "report", signer, files={"report.json": b"2"})
    assert refusal.value.code == "package-exists"
    assert before == (read_package(made.folder), made.archive.read_bytes())
    written(tmp_path / "report", signer, files={"report.json": b"2"}, force=True)
    assert read_package(made.folder)["report.json"] == b"2"
    assert "report.html" not in read_package(made.archive)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "report.zip"]


def test_force_replaces_packages_only(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1").write_text("years of work")
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    (tmp_path / "file").write_text("x")
    for name, code in ("thesis", "not-a-package"), ("link", "in-the-way"), ("file", "in-the-way"):
        with pytest.raises(PackageExists) as refusal:
            written(tmp_path / name, signer, force=True)
        assert refusal.value.code == code
    assert (tmp_path / "thesis" / "chapter1").read_text() == "years of work"


def test_where_nothing_can_be_made_is_said(tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unwritable):
        written(tmp_path / "file" / "report", signer)
    with pytest.raises(PackageExists):
        written(Path("/"), signer)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    made = written(Path(), signer)
    assert (made.folder, made.archive) == (tmp_path / "here", tmp_path / "here.zip")


def test_an_empty_folder_may_become_a_package(tmp_path: Path, signer: Signer) -> None:
    (tmp_path / "report").mkdir()
    assert written(tmp_path / "report", signer).folder.is_dir()


def test_nothing_is_left_when_writing_fails(tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable, match="No space"):
        written(tmp_path / "report", signer)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".x", "a\\b", "C:x", "a b", "a\n", "x.", "é", "a" * 201]
)
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(PackageMalformed) as refusal:
        file_name(name)
    assert refusal.value.code == "unsafe-name"


def hostile(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries:
            archive.writestr(entry, data)
    return path


def refusal_of(path: Path) -> tuple[str, str]:
    with pytest.raises(PackageMalformed) as refusal:
        read_package(path)
    return refusal.value.code, refusal.value.file


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_hostile_archives_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped = tmp_path / "x.zip"
    assert refusal_of(hostile(zipped, ("../../evil", b""))) == ("unsafe-name", "../../evil")
    assert refusal_of(hostile(zipped, ("/evil", b""))) == ("unsafe-name", "/evil")
    assert refusal_of(hostile(zipped, (link("report.html"), b"/etc/passwd"))) == ("not-a-file", "report.html")
    assert refusal_of(hostile(zipped, ("a", b"1"), ("a", b"2"))) == ("name-twice", "a")
    assert refusal_of(hostile(zipped, ("a", b"1"), ("A", b"2"))) == ("name-twice", "A")
    monkeypatch.setattr(package, "MAX_FILE", 1000)
    assert refusal_of(hostile(zipped, ("bomb", bytes(100_000)))) == ("limit", "bomb")
    monkeypatch.setattr(package, "MAX_TOTAL", 1500)
    assert refusal_of(hostile(zipped, ("a", bytes(900)), ("b", bytes(900)))) == ("limit", "b")
    monkeypatch.setattr(package, "MAX_FILES", 2)
    assert refusal_of(hostile(zipped, ("a", b""), ("b", b""), ("c", b"")))[0] == "limit"


def test_an_entry_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    raw = bytearray(archive_of({"bomb": bytes(100_000)}))
    for signature, offset in (b"PK\x03\x04", 22), (b"PK\x01\x02", 24):
        at = raw.index(signature) + offset
        raw[at : at + 4] = (10).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(raw)
    assert refusal_of(tmp_path / "x.zip")[0] in {"limit", "damaged-archive"}


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = archive_of({"report.json": os.urandom(500)})
    for index, raw in enumerate([b"", b"PK", whole[:300], whole[:-30], whole.replace(b"report", b"REPORT", 1)]):
        path = tmp_path / f"{index}.zip"
        path.write_bytes(raw)
        assert refusal_of(path)[0] == "damaged-archive"
    altered = bytearray(whole)
    altered[200] ^= 1
    (tmp_path / "crc.zip").write_bytes(altered)
    assert refusal_of(tmp_path / "crc.zip") == ("damaged-archive", "report.json")


def test_an_archive_packed_again_by_somebody_else_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.mkdir("proofs")
        archive.writestr("proofs/a.json", b"{}")
    assert read_package(tmp_path / "again.zip") == {"proofs/a.json": b"{}"}


def test_hostile_folders_are_refused_by_name(tmp_path: Path) -> None:
    for name, make in (
        ("link", lambda path: path.symlink_to("/etc/passwd")),
        ("folder-link", lambda path: path.symlink_to("/etc")),
        ("pipe", os.mkfifo),
    ):
        folder = tmp_path / f"with-{name}"
        folder.mkdir()
        make(folder / name)
        assert refusal_of(folder) == ("not-a-file", name)
    deep = tmp_path / "deep"
    (deep / "a/b/c/d/e/f").mkdir(parents=True)
    assert refusal_of(deep)[0] == "limit"


def test_nothing_to_read_is_not_a_verdict(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path / "missing" / "deeper"):
        with pytest.raises(PackageUnreadable):
            read_package(path)


MANIFEST = Manifest(
    ledger=LEDGER,
    report="distribution",
    plan="示范1号",
    period=1,
    made_at=AT.replace(microsecond=0),
    generator={"glasspool": "0.1.0"},
    files=(FileEntry(path="a", size=1, sm3=bytes(32)), FileEntry(path="b", size=1, sm3=bytes(32))),
)


def test_a_manifest_has_one_form() -> None:
    raw = MANIFEST.dump()
    assert Manifest.load(raw) == MANIFEST
    for wrong, code in (
        (raw + b"\n", "manifest-not-canonical"),
        (raw.replace(b'"period":1', b'"period": 1'), "manifest-not-canonical"),
        (raw.replace(b'"period":1', b'"period":2,"period":1'), "manifest-shape"),
        (raw.replace(b'"period":1', b'"extra":0,"period":1'), "manifest-not-canonical"),
        (raw.replace(b'"period":1', b'"period":-1'), "manifest-shape"),
        (raw.replace(b'"period":1', b'"period":1.0'), "manifest-shape"),
        (raw.replace(b'"period":1', b'"period":true'), "manifest-shape"),
        (raw.replace(b"package/1", b"package/2"), "manifest-shape"),
        (raw.replace(b"2026-03-01T", b"2026-02-30T"), "manifest-shape"),
        (raw.replace(b'"0101', b'"010G', 1).replace(b"010101", b"01010A", 1), "manifest-shape"),
        (raw[:-1], "manifest-shape"),
        (b"[]", "manifest-shape"),
        (b"", "manifest-shape"),
        (b"\xff" * 10, "manifest-shape"),
        (b" " * (1 << 21), "manifest-size"),
    ):
        with pytest.raises(PackageMalformed) as refusal:
            Manifest.load(wrong)
        assert (refusal.value.code, refusal.value.file) == (code, "manifest.json"), wrong[:200]


def test_a_manifest_lists_each_file_once_in_order() -> None:
    a, b = MANIFEST.files
    for files in (b, a), (a, a), (), (replace(a, path="../a"),):
        with pytest.raises(PackageMalformed):
            Manifest.load(replace(MANIFEST, files=files).dump())


def test_canonical_json_takes_no_float_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


@given(st.binary(max_size=300) | st.tuples(st.integers(0, 600), st.binary(max_size=8)))
def test_no_bytes_surprise_the_manifest(drawn: bytes | tuple[int, bytes]) -> None:
    whole = MANIFEST.dump()
    raw = drawn if isinstance(drawn, bytes) else whole[: drawn[0]] + drawn[1] + whole[drawn[0] + len(drawn[1]) :]
    refused = None
    try:
        assert Manifest.load(raw).dump() == raw
    except PackageMalformed as refusal:
        refused = refusal
    assert refused is None or refused.file == "manifest.json"


@given(st.binary(max_size=200), st.integers(0, 400), st.binary(max_size=6))
def test_no_bytes_surprise_the_archive(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int, put: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.zip"
    whole = archive_of({"a": content, "b/c.json": content[::-1]})
    path.write_bytes(whole[:at] + put + whole[at + len(put) :])
    found, refused = {}, None
    try:
        found = read_package(path)
    except PackageMalformed as refusal:
        refused = refusal
    assert refused is None or refused.code in {"damaged-archive", "unsafe-name", "not-a-file", "zip-method", "limit"}
    assert all(file_name(name) for name in found)
