"""Whatever is changed in an evidence pack, by whoever holds the key too, is told by a step of its judgement."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from disclosure.errors import PackageMalformed
from disclosure.manifest import canonical_json
from disclosure.verify import judge_package
from ledger.verdict import Verdict
from regulator.evidence_pack import Pack, kind
from tests.support.evidence import ADDED, AT, FILES, Desk, again, failed


@pytest.mark.parametrize("name", FILES)
def test_any_changed_byte_is_told(desk: Desk, copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    places = {0, len(whole) // 2, len(whole) - 1, *random.Random(name).sample(range(len(whole)), 6)}
    for place in sorted(places):
        altered = bytearray(whole)
        altered[place] ^= random.Random(place).choice((1, 0x20, 0x80))
        (copy / name).write_bytes(altered)
        found = desk.steps(copy, store=False)
        assert failed(found), (name, place)
        assert any(name in one.detail for one in found.values() if one.verdict is Verdict.FAILED), (name, place)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(desk: Desk, copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert failed(desk.steps(copy, store=False))


def test_an_added_file_is_told_even_signed(desk: Desk, copy: Path) -> None:
    (copy / ADDED).write_text("x")
    assert failed(desk.steps(copy))["intact"] == "unlisted"
    assert failed(desk.steps(again(desk, copy)))["intact"] == "unexpected-file"


def test_whoever_holds_the_key_cannot_say_what_the_book_does_not(desk: Desk, copy: Path) -> None:
    def lower(pack: Pack) -> Pack:  # the graver version is left out
        first, second = pack.findings
        return replace(pack, findings=(replace(first, versions=first.versions[:1]), second))

    found = desk.steps(again(desk, copy, lower))
    assert failed(found) == {"proved": "unproved"}  # records that nothing rests on any more


def test_a_history_of_ones_own_is_told_by_the_book(desk: Desk, copy: Path) -> None:
    def raised(pack: Pack) -> Pack:
        first, second = pack.findings
        assert second.versions[0].signal is not None
        signal = replace(second.versions[0].signal, amount=10**9)
        return replace(pack, findings=(first, replace(second, versions=(replace(second.versions[0], signal=signal),))))

    found = desk.steps(again(desk, copy, raised))
    assert failed(found) == {"found": "found-otherwise"}


def test_a_name_or_a_record_of_ones_own_is_told_by_the_replica(desk: Desk, copy: Path) -> None:
    def renamed(pack: Pack) -> Pack:
        return replace(pack, members={**pack.members, next(iter(pack.members)): "清白公司"})

    def retimed(pack: Pack) -> Pack:
        return replace(pack, records=(replace(pack.records[0], time=AT), *pack.records[1:]))

    for change in (renamed, retimed):
        folder = shutil.copytree(copy, copy.with_name(change.__name__))
        assert failed(desk.steps(again(desk, folder, change))) == {"proved": "differs"}, change


def test_words_that_the_data_do_not_say_are_told(desk: Desk, copy: Path) -> None:
    text = (copy / "evidence.txt").read_bytes().replace("高".encode(), "低".encode())
    assert failed(desk.steps(again(desk, copy, evidence_txt=text))) == {"rendered": "shows-otherwise"}
    told = json.loads((copy / "evidence.json").read_bytes())
    told["findings"][0]["explanation"]["en"] = "nothing to see"
    found = desk.steps(again(desk, copy, evidence_txt=text, evidence_json=canonical_json(told)))
    assert "evidence.json" in found["rendered"].detail


def test_a_proof_of_another_record_is_told(desk: Desk, copy: Path) -> None:
    lines = (copy / "proofs.jsonl").read_bytes().splitlines(keepends=True)
    for forged, code in (
        ([*lines[1:], lines[0]], "unproved"),
        (lines[:-1], "unproved"),
        ([*lines, lines[0]], "unproved"),
        ([b"{}\n", *lines[1:]], "proof-format"),
    ):
        folder = shutil.copytree(copy, copy.with_name("forged"), dirs_exist_ok=True)
        assert failed(desk.steps(again(desk, folder, proofs_jsonl=b"".join(forged)))) == {"proved": code}
    proof = json.loads(lines[0])
    proof["record"]["payload"] = proof["record"]["payload"].replace("1", "2")
    forged = b"".join([json.dumps(proof).encode() + b"\n", *lines[1:]])
    for store in (True, False):  # it does not hold in itself either
        assert failed(desk.steps(again(desk, copy, proofs_jsonl=forged), store=store)) == {"proved": "proof"}


def test_a_replica_of_another_chain_says_nothing(desk: Desk, pack: Path, tmp_path: Path) -> None:
    from tests.support.ledger_book import Book as Other

    other = Other(tmp_path / "other.db")
    found = judge_package(pack, trusted_ca=(), at=AT, store=other.store, kinds=(kind(),)).assessment
    other.store.close()
    assert {one.verdict for one in found.steps if one.name in ("proved", "found")} == {Verdict.INDETERMINATE}, found
    mine = judge_package(pack, trusted_ca=(), at=AT, store=None, genesis_hash=bytes(32), kinds=(kind(),)).assessment
    assert next(one.code for one in mine.steps if one.name == "proved") == "another-chain"


def test_a_program_that_knows_no_evidence_packs_does_not_pass_one(desk: Desk, pack: Path) -> None:
    judged = judge_package(pack, trusted_ca=(), at=AT, store=desk.store).assessment
    assert judged.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "breaks",
    [
        lambda told: told.update(format="x"),
        lambda told: told.pop("case"),
        lambda told: told.update(findings={}),
        lambda told: told["findings"][0].update(height="1"),
        lambda told: told["findings"][0]["history"].reverse(),
        lambda told: told["findings"][0]["history"].clear(),
        lambda told: told["findings"][0]["history"][0].update(signal=None),
        lambda told: told["findings"][0]["history"][0]["signal"].update(score=101),
        lambda told: told["findings"][0]["history"][0]["signal"].update(level="x"),
        lambda told: told["findings"][0]["history"][0]["signal"].update(amount="1"),
        lambda told: told["findings"][0]["history"][0]["signal"].update(rule="x"),
        lambda told: told["findings"][0]["history"][0]["signal"].update(evidence=[[]]),
        lambda told: told["findings"][0]["history"][0]["signal"].update(details={"a": []}),
        lambda told: told["findings"][0]["history"][0]["signal"].update(more=1),
        lambda told: told["records"][0].update(position="x"),
        lambda told: told["records"][0].update(time="x"),
        lambda told: told["case"]["entries"][0].update(body=[]),
        lambda told: told.update(members=[]),
    ],
)
def test_data_of_another_shape_are_told(desk: Desk, copy: Path, breaks: Callable[[dict[str, object]], object]) -> None:
    told = json.loads((copy / "evidence.json").read_bytes())
    breaks(told)
    raw = canonical_json(told)
    with pytest.raises(PackageMalformed):
        Pack.load(raw)
    found = desk.steps(again(desk, copy, evidence_json=raw))
    assert failed(found) == {"proved": "evidence-shape"}
    assert found["rendered"].code == "not-reached"
