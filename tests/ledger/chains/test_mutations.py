"""Every field of the published blocks, altered one at a time: what is covered is caught, what is not is named."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from ledger.assess import assess
from ledger.trust import Case
from ledger.verdict import Verdict
from tests.support.surroundings import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.verdict import Assessment

pytestmark = pytest.mark.oracle

Step = str | int
Place = tuple[Step, ...]
PINNED = bytes.fromhex("47c6d9493171f62bf7201faa2e4766bbf058d95c0d76d605f965ff4b212e01f5")


@dataclass(frozen=True)
class Sample:
    """Files of one block: its member of the document -> file."""

    files: tuple[tuple[str, str], ...]
    genesis: str = ""
    pinned: bytes | None = None


SAMPLES = {
    "genesis": Sample((("block", "sm_block_0"),), pinned=PINNED),
    "sm block 2": Sample((("block", "sm_block_2"), ("receipts", "sm_receipt_block2")), "sm_block_0", PINNED),
    "ecdsa block 9": Sample((("block", "ecdsa_block_9"),)),
    "ecdsa block 72": Sample(
        (
            ("block", "ecdsa_block_72"),
            ("transactions", "ecdsa_block_72_tx"),
            ("receipts", "ecdsa_block_72_receipt"),
        )
    ),
    "ecdsa block 72 without bodies": Sample((("block", "ecdsa_block_72"), ("receipts", "ecdsa_block_72_receipt"))),
}

# A claim that may be left out, because what it claims is told by something else: null withdraws it, which is no lie.
WITHDRAWABLE = {"transaction.from", "receipt.from", "receipt.to", "receipt.input", "receipt.transactionHash"}


@cache
def raw(name: str) -> str:
    answer = json.loads(oracle(f"ledger/fisco3/{name}.json").read_bytes())
    assert set(answer) == {"_source", "result"}
    return json.dumps(answer["result"])


def document(sample: Sample) -> dict[str, Any]:
    return {
        member: json.loads(raw(file)) if member == "block" else [json.loads(raw(file))] for member, file in sample.files
    }


def judge(sample: Sample, value: dict[str, Any]) -> Assessment:
    genesis = json.dumps({"block": json.loads(raw(sample.genesis))}).encode() if sample.genesis else None
    return assess(Case(document=json.dumps(value).encode(), genesis_document=genesis, pinned=sample.pinned))


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Everything that is no object and no list, with its place; an empty list or object counts as one."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for step, child in children:
        found = True
        yield from leaves(child, (*place, step))
    if not found:
        yield place, value


def containers(value: Any, place: Place = ()) -> Iterator[tuple[Place, list[Any]]]:
    """Every list with entries."""
    if isinstance(value, list) and value:
        yield place, value
    for step, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from containers(child, (*place, step))


def name(place: Place) -> str:
    """The field as `unproven` names it."""
    if place[0] == "block":
        return f"block.{place[1]}"
    return f"{str(place[0]).removesuffix('s')}.{place[2]}"


def replaced(value: Any, place: Place, new: Any) -> Any:
    out = deepcopy(value)
    at = out
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = new
    return out


def another_digit(text: str, at: int) -> str:
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]


def same_kind(leaf: Any) -> Iterator[Any]:
    """Other values in the same shape."""
    if isinstance(leaf, bool) or leaf is None:
        return
    if isinstance(leaf, int):
        yield from (leaf + 1, leaf ^ 1, leaf + 256)
        if leaf:
            yield from (leaf - 1, 0)
    elif isinstance(leaf, str):
        begin = 2 if leaf.startswith("0x") else 0
        for at in {begin, (begin + len(leaf)) // 2, len(leaf) - 1}:
            if begin <= at < len(leaf):
                yield another_digit(leaf, at)
        yield from (leaf + "00", leaf[:-2]) if len(leaf) > begin + 2 else (leaf + "ab",)
        if leaf not in {"", "0x"}:
            yield leaf[:begin]
    elif isinstance(leaf, list):
        yield [{}]


def other_kinds(leaf: Any) -> Iterator[Any]:
    """Values of another shape: none may pass for the right one."""
    yield from (True, 1.5, [], {"a": 1}, "+1", "1_0", "中", -1, 2**70)
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        yield from (float(leaf), str(leaf), hex(leaf))
    if isinstance(leaf, str) and any(character in "abcdef" for character in leaf):
        yield leaf.upper().replace("0X", "0x")
    if isinstance(leaf, str):
        yield from (leaf + " ", " " + leaf, leaf + "\n", [leaf])


@pytest.mark.parametrize("which", SAMPLES)
def test_every_alteration_of_a_field_is_caught_or_named(which: str) -> None:
    sample = SAMPLES[which]
    original = document(sample)
    honest = judge(sample, original)
    assert honest.verdict is not Verdict.FAILED
    visited, slipped = 0, []
    for place, leaf in leaves(original):
        visited += 1
        field, uncovered = name(place), name(place) in honest.unproven
        for other in same_kind(leaf):
            if other == leaf or (field in WITHDRAWABLE and other == "0x"):
                continue
            judged = judge(sample, replaced(original, place, other))
            echoed = field.split(".")[1] in {"from", "to", "input", "transactionHash"}
            well_shaped = not any(step.code == "shape" for step in judged.steps)
            if uncovered and (well_shaped or not echoed):
                right = judged.verdict is not Verdict.FAILED and field in judged.unproven
            else:
                right = judged.verdict is Verdict.FAILED
            if not right:
                slipped.append((field, leaf, other, judged.verdict))
        for other in other_kinds(leaf):
            judged = judge(sample, replaced(original, place, other))
            if field == "receipt.to" and isinstance(other, str) and other.lower() == leaf:
                continue  # the same account, in the letters that the sender of the transaction may have used
            if judged.verdict is not Verdict.FAILED and not uncovered and other != leaf:
                slipped.append((field, leaf, other, judged.verdict))
    assert visited == raw_leaves(original)
    assert not slipped


def raw_leaves(value: Any) -> int:
    """How many leaves there are, counted in the JSON text: values behind a colon, a comma or a bracket."""
    counted = 0

    def count(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal counted
        counted += sum(not isinstance(child, list | dict) or not child for _, child in pairs)
        counted += sum(count_list(child) for _, child in pairs if isinstance(child, list))
        return dict(pairs)

    def count_list(items: list[Any]) -> int:
        return sum(not isinstance(item, list | dict) or not item for item in items)

    json.loads(json.dumps(value), object_pairs_hook=count)
    return counted


@pytest.mark.parametrize("which", SAMPLES)
def test_nothing_may_be_left_out(which: str) -> None:
    sample = SAMPLES[which]
    original = document(sample)
    honest = judge(sample, original)
    slipped = []
    for place, _ in leaves(original):
        steps = place if isinstance(place[-1], str) else place[:-1]
        without = deepcopy(original)
        at = without
        for step in steps[:-1]:
            at = at[step]
        del at[steps[-1]]
        field = name(steps)
        judged = judge(sample, without)
        withdrawn = field in WITHDRAWABLE or field in honest.unproven
        optional = withdrawn or (field, at.get("abi")) == ("transaction.abi", None) or field == "block.transactions"
        if (judged.verdict is Verdict.FAILED) == optional:
            slipped.append((field, judged.verdict))
    assert not slipped


@pytest.mark.parametrize("which", SAMPLES)
def test_no_list_may_be_lengthened_shortened_or_reordered(which: str) -> None:
    sample = SAMPLES[which]
    original = document(sample)
    unproven = judge(sample, original).unproven
    slipped = []
    for place, listed in containers(original):
        variants = [[*listed, listed[-1]], listed[:-1], listed[::-1] if len(listed) > 1 else listed + listed]
        for variant in variants:
            if variant == listed:
                continue
            judged = judge(sample, replaced(original, place, variant))
            field = name(place) if len(place) > 1 and (place[0] == "block" or len(place) > 2) else str(place[0])
            reordered = sorted(map(str, variant)) == sorted(map(str, listed))
            if field in unproven or (field == "block.signatureList" and reordered):
                continue  # the order of signatures says nothing
            if judged.verdict is not Verdict.FAILED:
                slipped.append((field, len(listed), len(variant)))
    assert not slipped
