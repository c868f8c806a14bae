"""Checkpoints: the log in the database, what is signed, what is kept, and what this node refuses to sign."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, latest, origin_of, publish
from ledger.errors import LedgerError, Malformed, StoreUnavailable
from ledger.rfc6962 import check_consistency
from ledger.signed_note import Note
from ledger.store import Store
from tests.support.logs import ORIGIN, extend, log_of, signers_of, store_of

if TYPE_CHECKING:
    from ledger.rfc6962 import Tree

SIGNERS = signers_of(1)


# What is said


@given(st.text(max_size=60))
def test_any_text_is_a_checkpoint_or_refused(text: str) -> None:
    try:
        said = Checkpoint.parse(text)
    except Malformed:
        return
    assert said.text == text


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_of_the_specification() -> None:
    said = Checkpoint.parse(f"example.com/behind-the-sofa\n20852163\n{ROOT}\n")
    assert (said.origin, said.size, said.extensions) == ("example.com/behind-the-sofa", 20852163, ())
    assert Checkpoint.parse(f"a b\n0\n{ROOT}\nmore\nand more\n").extensions == ("more", "and more")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        f"a\n1\n{ROOT}",
        f"a\n1\n{ROOT}\n\n",
        f"a\n1\n{ROOT}\nb\n\nc\n",
        f"\n1\n{ROOT}\n",
        f"a\n01\n{ROOT}\n",
        f"a\n+1\n{ROOT}\n",
        f"a\n1 \n{ROOT}\n",
        f"a\n１\n{ROOT}\n",
        f"a\n9223372036854775808\n{ROOT}\n",
        f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT} \n",
        "a\n1\nAAAA\n",
        "a\n1\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        Checkpoint.parse(text)
    assert refused.value.code == "checkpoint"


# Publishing


def test_every_honest_node_says_the_same(tmp_path: Path) -> None:
    origin = origin_of(bytes(31) + b"\x0f")
    assert origin == "glasspool/ledger/" + "00" * 31 + "0f"
    said = [publish(log_of(9), origin, signers_of(node, origin), tmp_path / f"out-{node}") for node in (0, 1)]
    assert said[0].note.text == said[1].note.text
    together = Note(text=said[0].note.text, signatures=said[0].note.signatures + said[1].note.signatures)
    for node in (0, 1):
        assert len(together.signers([each.verifier for each in signers_of(node, origin)])) == 2


def test_what_is_published_is_kept_once_and_for_good(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    assert latest(folder) == []
    with store_of(tmp_path / "ledger.db", 5) as store:
        first = publish(store.log(), ORIGIN, SIGNERS, folder)
        assert publish(store.log(), ORIGIN, SIGNERS, folder) == first
        assert first.file.read_bytes() == bytes(first.note)
        assert Checkpoint.parse(first.note.text) == first.checkpoint
        extend(store, 12)
        second = publish(store.log(), ORIGIN, SIGNERS, folder)
        assert second.checkpoint.size == 12
        assert latest(folder) == [second]
        only_sm2 = publish(store.log(), ORIGIN, SIGNERS[:1], folder)
        assert {each.file for each in latest(folder)} == {second.file, only_sm2.file}
    assert len(list(folder.iterdir())) == 3


def refused(log: Tree, folder: Path, signers: object = SIGNERS, origin: str = ORIGIN) -> LedgerError:
    """The error by which nothing is published, and nothing is kept."""
    before = sorted(folder.iterdir()) if folder.exists() else []
    with pytest.raises(LedgerError) as failed:
        publish(log, origin, signers, folder)
    assert (sorted(folder.iterdir()) if folder.exists() else []) == before
    assert failed.value.next_step
    return failed.value


@pytest.mark.parametrize("size", [8, 9, 13, 64])
@pytest.mark.parametrize("fork", [1, 4, 7])
def test_a_node_that_tells_another_story_signs_nothing(tmp_path: Path, fork: int, size: int) -> None:
    folder = tmp_path / "checkpoints"
    publish(log_of(8), ORIGIN, SIGNERS, folder)
    assert refused(log_of(size, fork), folder).code == "checkpoint-forked"
    publish(log_of(size, 8), ORIGIN, SIGNERS, folder)


def test_a_node_that_lost_blocks_signs_nothing_until_they_are_back(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    published = publish(log_of(8), ORIGIN, SIGNERS, folder)
    with store_of(tmp_path / "ledger.db", 7) as store:
        assert refused(store.log(), folder).code == "checkpoint-behind"
        extend(store, 8)
        assert publish(store.log(), ORIGIN, SIGNERS, folder) == published
        assert refused(store.log(), folder, origin="glasspool/ledger/else").code == "checkpoint-forked"


def test_what_was_kept_and_then_altered_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    log = log_of(8)
    published = publish(log, ORIGIN, SIGNERS, folder)
    good = published.file.read_text("utf-8")
    other = Checkpoint(origin=ORIGIN, size=8, root=b"x" * 32).text
    for text, code in (
        (good.replace(published.checkpoint.text, other), "note-signature"),
        (good[:-1], "note"),
        (bytes(Note.sign("a\n", SIGNERS)).decode(), "checkpoint"),
        (bytes(Note.sign(published.checkpoint.text.replace("8", "7", 1), SIGNERS)).decode(), "checkpoint"),
    ):
        published.file.write_text(text, "utf-8")
        assert refused(log, folder).code == code
    published.file.write_text(good, "utf-8")
    assert publish(log, ORIGIN, SIGNERS, folder) == published


def test_an_empty_log_is_not_signed(tmp_path: Path) -> None:
    assert refused(log_of(0), tmp_path / "checkpoints").code == "empty-replica"


# Dying in the middle


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_node_that_dies_leaves_a_whole_checkpoint_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Died(BaseException):
        """As if killed: nothing of the program catches it."""

    def dies(*_: object) -> None:
        raise Died

    folder = tmp_path / "checkpoints"
    with monkeypatch.context() as patched:
        patched.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), dies)
        with pytest.raises(Died):
            publish(log_of(8), ORIGIN, SIGNERS, folder)
    assert latest(folder) == []
    published = publish(log_of(9), ORIGIN, SIGNERS, folder)
    assert latest(folder) == [published]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_bytes(b"a file")
    with pytest.raises(StoreUnavailable) as failed:
        publish(log_of(3), ORIGIN, SIGNERS, tmp_path / "checkpoints")
    assert failed.value.code == "checkpoint-folder"


def test_a_copy_of_the_home_goes_on_where_it_stood(tmp_path: Path) -> None:
    with store_of(tmp_path / "a" / "ledger.db", 6) as store:
        publish(store.log(), ORIGIN, SIGNERS, tmp_path / "a" / "checkpoints")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with Store.open(tmp_path / "b" / "ledger.db") as store:
        extend(store, 11)
        again = publish(store.log(), ORIGIN, SIGNERS, tmp_path / "b" / "checkpoints")
    earlier = Checkpoint.parse(latest(tmp_path / "a" / "checkpoints")[0].note.text)
    with Store.open(tmp_path / "b" / "ledger.db") as store:
        proof = store.log().consistency(earlier.size, again.checkpoint.size)
    assert proof.old_root == earlier.root
    check_consistency(proof, again.checkpoint.root)
