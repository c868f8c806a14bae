"""Comparing two nodes: one ledger, one ahead, a split view with its first fork; and notes nobody should believe."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ledger.bundle import Bundle, write_bundle
from ledger.checkpoint import Checkpoint, publish
from ledger.comparison import Comparison, View, compare
from ledger.errors import Malformed, SourceUnreachable
from ledger.rfc6962 import EMPTY_ROOT, Consistency, check_consistency, check_inclusion
from ledger.signed_note import Note
from ledger.split_view import keep_split_view
from ledger.store.log import block_leaf
from ledger.verdict import Verdict
from tests.support.logs import ORIGIN, extend, hash_of, log_of, signers_of, store_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.bundle import BundledLog
    from ledger.store.log import BlockLog

    Log = BundledLog | BlockLog

OWN, OTHER = signers_of(1), signers_of(2)
THEIR_KEYS = tuple(each.verifier for each in OTHER)


def note_of(log: Log, **changed: Any) -> bytes:
    """The other node's checkpoint of a log."""
    said = Checkpoint(origin=ORIGIN, size=log.size, root=log.root())
    return bytes(Note.sign(replace(said, **changed).text, OTHER))


def hashes_of(size: int, fork: int | None = None) -> list[bytes]:
    return [hash_of(height, fork=fork) for height in range(size)]


def judged(own: Log, note: bytes, other: object = None, **keys: Any) -> Comparison:
    return compare(own, ORIGIN, note, other, **{"trusted": THEIR_KEYS, **keys})


def codes(found: Comparison) -> list[str]:
    return [step.code for step in found.assessment.steps if step.verdict is Verdict.FAILED]


@pytest.mark.parametrize(
    ("own", "other", "view"),
    [(9, 9, View.SAME), (9, 4, View.BEHIND), (9, 8, View.BEHIND), (8, 9, View.AHEAD), (1, 9, View.AHEAD)],
)
def test_one_ledger(own: int, other: int, view: View) -> None:
    found = judged(log_of(own), note_of(log_of(other)), log_of(other))
    assert (found.assessment.verdict, found.view, found.fork) == (Verdict.PASSED, view, None)
    assert [step.number for step in found.assessment.steps] == [1, 2, 3, 4, 5]


def test_a_longer_log_without_its_proof_is_not_told() -> None:
    found = judged(log_of(8), note_of(log_of(9)))
    assert (found.assessment.verdict, found.view) == (Verdict.INDETERMINATE, View.UNKNOWN)
    forked = judged(log_of(8), note_of(log_of(9, 3)))
    assert (forked.assessment.verdict, forked.view) == (Verdict.INDETERMINATE, View.UNKNOWN)


@pytest.mark.parametrize(("own", "other"), [(9, 9), (64, 64), (21, 13), (13, 21), (16, 33), (33, 16)])
def test_a_split_view_and_its_first_fork(own: int, other: int) -> None:
    for fork in (0, 1, 4, 7, min(own, other) - 1):
        found = judged(log_of(own), note_of(log_of(other, fork)), log_of(other, fork))
        assert (found.assessment.verdict, found.view) == (Verdict.FAILED, View.SPLIT)
        assert codes(found) == ["split-view", "fork"]
        assert found.fork is not None
        assert (found.fork.height, found.fork.own_hash) == (fork, hash_of(fork))
        assert found.fork.other_hash == hash_of(fork, fork=fork)
        root = log_of(other, fork).root(min(own, other))
        check_inclusion(block_leaf(fork, found.fork.other_hash), fork, found.fork.size, found.fork.path, root)


def test_two_databases_that_split_are_compared_as_they_are(tmp_path: Path) -> None:
    with store_of(tmp_path / "a.db", 21) as one, store_of(tmp_path / "b.db", 29, fork=17) as two:
        found = judged(one.log(), note_of(two.log()), two.log())
        assert found == judged(log_of(21), note_of(log_of(29, 17)), log_of(29, 17))
        assert found.fork is not None
        assert found.fork.height == 17
        assert judged(two.log(), note_of(one.log()), one.log()).fork.height == 17


def test_a_fork_beyond_the_shorter_log_is_none_yet() -> None:
    assert judged(log_of(9), note_of(log_of(12, 9)), log_of(12, 9)).view is View.AHEAD
    assert judged(log_of(9), note_of(log_of(12, 8)), log_of(12, 8)).view is View.SPLIT


def test_a_split_seen_from_a_note_alone_is_told_without_its_height() -> None:
    found = judged(log_of(9), note_of(log_of(9, 3)))
    assert (found.assessment.verdict, found.view, found.fork) == (Verdict.FAILED, View.SPLIT, None)
    assert [step.verdict for step in found.assessment.steps][3:] == [Verdict.FAILED, Verdict.INDETERMINATE]


def test_the_fork_is_found_in_as_many_questions_as_the_tree_is_high() -> None:
    own, other = log_of(64), log_of(64, 41)
    asked = Asked(other)
    found = judged(own, note_of(other), asked)
    assert found.fork is not None
    assert found.fork.height == 41
    assert asked.questions == 6 + 1


class Asked:
    """Another node that counts its questions and may lie from one of them on."""

    def __init__(self, log: Log, lie: Callable[[str, Any], Any] = lambda _, answer: answer) -> None:
        self.log = log
        self.questions = 0
        self.lie = lie

    def _told(self, question: str, answer: Any) -> Any:
        self.questions += 1
        return self.lie(question, answer)

    def consistency(self, old: int, new: int) -> Consistency:
        return self._told("consistency", self.log.consistency(old, new))

    def children(self, start: int, end: int) -> tuple[bytes, bytes]:
        return self._told("children", self.log.children(start, end))

    def block_hash(self, height: int) -> bytes:
        return self._told("block", self.log.block_hash(height))


def lying(about: str, answer: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    return lambda question, told: answer(told) if question == about else told


def test_a_node_cannot_blame_another_block_than_it_signed() -> None:
    own, other = log_of(33), log_of(33, 20)
    for lie in (
        lying("children", lambda told: (own.children(0, 33)[0], told[1])),
        lying("children", lambda told: (told[1], told[0])),
        lying("block", lambda _: hash_of(20)),
        lying("block", lambda _: b""),
    ):
        found = judged(own, note_of(other), Asked(other, lie))
        assert (found.view, found.fork) == (View.SPLIT, None), "that it split is signed; where, it will not say"
        assert codes(found) == ["split-view", "subtree-proof"]


def test_a_longer_log_must_prove_how_it_begins() -> None:
    own, other, honest = log_of(9), log_of(14, 5), log_of(14)
    for lie in (
        lying("consistency", lambda _: honest.consistency(9, 14)),
        lying("consistency", lambda told: replace(told, old_root=own.root())),
        lying("consistency", lambda told: replace(told, path=told.path[:-1])),
        lying("consistency", lambda _: other.consistency(4, 14)),
        lying("consistency", lambda _: other.consistency(14, 14)),
    ):
        found = judged(own, note_of(other), Asked(other, lie))
        assert (found.view, codes(found)) == (View.UNKNOWN, ["consistency-proof"])


def test_a_node_that_does_not_answer_leaves_it_open() -> None:
    def gone(_: Any) -> Any:
        raise SourceUnreachable("peer-unreachable", "it is gone")

    ahead = judged(log_of(9), note_of(log_of(14)), Asked(log_of(14), lying("consistency", gone)))
    assert (ahead.assessment.verdict, ahead.view) == (Verdict.INDETERMINATE, View.UNKNOWN)
    split = judged(log_of(9), note_of(log_of(9, 2)), Asked(log_of(9, 2), lying("children", gone)))
    assert (split.assessment.verdict, split.view, split.fork) == (Verdict.FAILED, View.SPLIT, None)
    assert codes(split) == ["split-view"]


# Who said it


def test_nobody_is_believed_whose_signature_does_not_hold() -> None:
    own, good = log_of(9), note_of(log_of(9))
    forged = good.replace(note_of(log_of(9)).split(b"\n")[2], note_of(log_of(9, 3)).split(b"\n")[2])
    assert forged != good
    for note, code in ((forged, "note-signature"), (good.replace(b"\n9\n", b"\n8\n"), "note-signature")):
        found = judged(own, note)
        assert (codes(found), found.view) == ([code], View.UNKNOWN)
        assert [step.code for step in found.assessment.steps[3:]] == ["not-reached", "not-reached"]


def test_another_key_than_the_trusted_one() -> None:
    stranger = signers_of(3)[0].verifier
    found = judged(log_of(9), note_of(log_of(9)), trusted=[stranger])
    assert (codes(found), found.view) == (["note-unsigned"], View.UNKNOWN)
    assert judged(log_of(9), note_of(log_of(9)), trusted=[stranger, THEIR_KEYS[0]]).assessment.verdict is Verdict.PASSED


def test_without_a_key_the_signature_is_not_told_and_the_logs_are() -> None:
    same = judged(log_of(9), note_of(log_of(9)), trusted=())
    assert (same.assessment.verdict, same.view) == (Verdict.INDETERMINATE, View.SAME)
    assert judged(log_of(9), note_of(log_of(9, 3)), trusted=()).assessment.verdict is Verdict.FAILED
    own = judged(log_of(9), note_of(log_of(9)), trusted=(), own_keys=THEIR_KEYS)
    assert own.assessment.verdict is Verdict.PASSED, "a node knows its own notes again"


def test_a_note_of_another_ledger_or_of_nothing() -> None:
    other_ledger = bytes(Note.sign(Checkpoint(origin="glasspool/ledger/x", size=9, root=log_of(9).root()).text, OTHER))
    assert codes(judged(log_of(9), other_ledger)) == ["another-ledger"]
    assert codes(judged(log_of(9), b"hello\n")) == ["note"]
    assert codes(judged(log_of(9), bytes(Note.sign("a\nb\n", OTHER)))) == ["checkpoint"]
    assert codes(judged(log_of(9), note_of(log_of(9), size=0))) == ["checkpoint"]
    nothing = judged(log_of(9), note_of(log_of(9), size=0, root=EMPTY_ROOT))
    assert (nothing.assessment.verdict, nothing.view) == (Verdict.PASSED, View.BEHIND)


# Bundles


def test_a_bundle_answers_like_its_node() -> None:
    for size, fork in ((9, 3), (14, 3), (14, 9), (5, 4)):
        other = log_of(size, fork)
        note = Note.parse(note_of(other))
        bundle = Bundle.parse(write_bundle(note, hashes_of(size, fork)))
        assert bundle.document == bytes(note)
        told, asked = judged(log_of(9), bundle.document, bundle.log), judged(log_of(9), bundle.document, other)
        assert told == asked


def test_a_bundle_may_be_written_after_its_log_has_grown(tmp_path: Path) -> None:
    with store_of(tmp_path / "ledger.db", 5) as store:
        note = Note.parse(note_of(store.log()))
        extend(store, 9)
        assert Bundle.parse(write_bundle(note, store.log().block_hashes(0, 5))).log.size == 5


def test_what_is_no_bundle_is_refused() -> None:
    good = json.loads(write_bundle(Note.parse(note_of(log_of(9))), hashes_of(9)))
    forked = json.loads(write_bundle(Note.parse(note_of(log_of(9, 8))), hashes_of(9, 8)))
    for changed in (
        {"blocks": forked["blocks"]},
        {"blocks": good["blocks"][:-4]},
        {"blocks": good["blocks"] + "AAAA"},
        {"blocks": None},
        {"checkpoint": forked["checkpoint"]},
        {"checkpoint": 1},
        {"checkpoint": "text"},
        {"format": "other"},
        {"version": 2},
        {"more": 1},
    ):
        with pytest.raises(Malformed) as refused:
            Bundle.parse(json.dumps({**good, **changed}).encode())
        assert refused.value.code in ("bundle", "note")
    for raw in (b"{", b"[]", b"1", b"\xff", b"[" * 100_000):
        with pytest.raises(Malformed):
            Bundle.parse(raw)


# Evidence


@pytest.mark.parametrize(("own", "other"), [(9, 9), (9, 14), (14, 9)])
def test_the_evidence_can_be_checked_without_any_database(tmp_path: Path, own: int, other: int) -> None:
    ours, theirs = log_of(own), log_of(other, 5)
    found = judged(ours, note_of(theirs), theirs)
    published = publish(ours, ORIGIN, OWN, tmp_path / "checkpoints")
    kept = keep_split_view(tmp_path / "evidence", found, published, ours)
    assert keep_split_view(tmp_path / "evidence", found, published, ours) == kept
    assert [each.name for each in (tmp_path / "evidence").iterdir()] == [kept.name]

    told = json.loads((kept / "proof.json").read_text("utf-8"))
    size, roots = told["size"], []
    assert size == min(own, other)
    for name, keys in (("own", [each.verifier for each in OWN]), ("other", THEIR_KEYS)):
        note = Note.parse((kept / f"{name}.txt").read_bytes())
        assert len(note.signers(keys)) == 2
        said, side, fork = Checkpoint.parse(note.text), told[name], told["fork"][name]
        root = bytes.fromhex(side["root"])
        path = tuple(map(bytes.fromhex, side["consistency"]))
        check_consistency(Consistency(old=size, new=said.size, old_root=root, path=path), said.root)
        leaf = block_leaf(told["fork"]["height"], bytes.fromhex(fork["hash"]))
        check_inclusion(leaf, told["fork"]["height"], size, list(map(bytes.fromhex, fork["path"])), root)
        roots.append(root)
    assert roots[0] != roots[1]
    assert told["fork"]["height"] == 5


def test_evidence_of_a_note_alone_has_no_fork(tmp_path: Path) -> None:
    found = judged(log_of(9), note_of(log_of(9, 3)))
    kept = keep_split_view(tmp_path, found, publish(log_of(9), ORIGIN, OWN, tmp_path / "checkpoints"), log_of(9))
    assert json.loads((kept / "proof.json").read_text("utf-8"))["fork"] is None
