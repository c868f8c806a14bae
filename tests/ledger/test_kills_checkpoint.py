"""Killed at random moments while it signs, on either database: every checkpoint there is holds, and none is amiss."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ledger.checkpoint import Checkpoint, origin_of
from ledger.signed_note import Note
from ledger.store import Store
from portal.note_keys import note_signers
from tests.support.commands import Ran
from tests.support.follow import follow
from tests.support.killing import finished, killed, sample_archive
from tests.support.working import LAST, LONG, signing, url_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.databases import MakeDatabase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_archive(tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="module")
def said(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What a node that was never interrupted says of its log at each size."""
    database = tmp_path_factory.mktemp("whole") / "ledger.db"
    follow(database, archive, workers=0)
    with Store.open(database) as store:
        log, origin = store.log(), origin_of(store.block(0).hash)
        return {size: Checkpoint(origin=origin, size=size, root=log.root(size)).text for size in range(1, LAST + 2)}


@pytest.fixture
def run(
    database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Runs a command in a home and gives its answer."""

    def run(home: Path, *arguments: object) -> dict[str, Any]:
        monkeypatch.setenv("GLASSPOOL_HOME", str(home))
        monkeypatch.setenv("GLASSPOOL_DATABASE", url_of(database()))
        done = Ran(capsys, *arguments, "--json")
        assert not done.code, done.out
        return dict(done.json)

    return run


def published(home: Path, said: dict[int, str]) -> set[int]:
    """The sizes that a home signed: each once, whole, with both its keys, and as a node never interrupted says it."""
    keys, kept = home / "checkpoint-keys", home / "checkpoints"
    files = [file for file in kept.iterdir() if not file.name.startswith(".")] if kept.exists() else []
    if not keys.exists():
        assert not files, "nothing is signed before there are keys"
        return set()
    trusted = [each.verifier for each in note_signers(keys, said[1].split("\n")[0])]
    assert len(trusted) == 2
    sizes = []
    for file in files:
        note = Note.parse(file.read_bytes())
        assert len(note.signers(trusted)) == 2
        size = Checkpoint.parse(note.text).size
        assert note.text == said[size]
        sizes.append(size)
    assert len(sizes) == len(set(sizes))
    return set(sizes)


def contents(homes: Path) -> dict[str, bytes]:
    """Every file beneath the homes that is not what a killed process left, by its path."""
    files = (file.relative_to(homes) for file in homes.rglob("*") if file.is_file())
    return {str(file): (homes / file).read_bytes() for file in files if not any(map(hidden, file.parts))}


def hidden(name: str) -> bool:
    return name.startswith(".")


def test_signing(
    archive: Path,
    said: dict[int, str],
    database: MakeDatabase,
    tmp_path: Path,
    run: Callable[..., dict[str, Any]],
) -> None:
    homes = tmp_path / "homes"
    cut: list[str] = []
    unfinished: list[int] = []
    left: set[str] = set()

    def begin() -> None:
        shutil.rmtree(homes, ignore_errors=True)
        database.drop()

    def look(last: str) -> None:
        doing, _, name = last.partition(" ")
        if doing == "checkpoint":
            cut.append(name)
        signed = {home.name: published(home, said) for home in homes.iterdir()} if homes.exists() else {}
        unfinished.append(len(signed.get(LONG, ())))
        left.update(str(each) for each in homes.rglob(".*"))
        home = homes / (name or LONG)
        if not home.exists():
            return
        told = run(home, "status", "--offline")["last_checkpoint"]
        sizes = signed[home.name]
        assert (told and told["height"] + 1) == (max(sizes) if sizes else None)
        for file in (home / "note.txt", home / "bundle.json"):
            if file.exists():
                assert run(home, "compare", file, "--strict")["verdict"] == "PASSED"

    killed(signing, database(), archive, homes, begin=begin, look=look)
    print(f"{len(cut)} of {len(unfinished)} kills fell into the signing and left {len(left)} parts of files and keys")
    assert cut, "a kill fell into the signing"
    assert any(0 < each <= LAST for each in unfinished), "a kill left some of it done"
    finished(signing, database(), archive, homes)
    for home in homes.iterdir():
        assert published(home, said) == ({*said} if home.name == LONG else {int(home.name.removeprefix("at-")) + 1})
    # With the same keys, a node that was never interrupted wrote the very same bytes.
    for home in homes.iterdir():
        shutil.copytree(home / "checkpoint-keys", tmp_path / "whole" / home.name / "checkpoint-keys")
    finished(signing, database("whole"), archive, tmp_path / "whole")
    assert contents(homes) == contents(tmp_path / "whole")
