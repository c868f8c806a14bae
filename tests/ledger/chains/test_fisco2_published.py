"""FISCO BCOS 2 as others published it: an SM header, and two transactions signed with SM2; then every field altered."""

from __future__ import annotations

import json
from copy import deepcopy
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

TRANSACTIONS = ("sm_tx_block1", "sm_tx_block2")
PLACE = {"transaction.blockHash", "transaction.blockNumber", "transaction.transactionIndex"}


def published(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(oracle(f"ledger/fisco2/{name}.json").read_bytes())["result"]
    return found


def judge(value: dict[str, Any]) -> Assessment:
    member = {"block": value} if "sealerList" in value else {"transactions": [value]}
    return assess(Case(document=json.dumps(member).encode()))


def verdicts(judged: Assessment) -> dict[str, str]:
    return {step.name: step.verdict.value for step in judged.steps}


def details(judged: Assessment) -> dict[str, str]:
    return {step.name: step.detail for step in judged.steps}


def test_the_header_its_signatures_and_their_quorum_hold() -> None:
    judged = judge(published("sm_header"))
    told = verdicts(judged)
    passed = {"limits", "strict shape", "header hash", "signatures", "quorum"}
    assert {name for name, verdict in told.items() if verdict == "PASSED"} == passed
    assert set(told.values()) == {"PASSED", "INDETERMINATE"}
    assert details(judged)["signatures"] == "3 of 4 sealers signed"
    assert details(judged)["quorum"] == "weight 3 of 4, 3 needed"
    assert judged.unproven == ()


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_transaction_alone_shows_its_hash_and_its_sender(name: str) -> None:
    judged = judge(published(name))
    passed = {"limits", "strict shape", "transaction hashes", "transaction signatures"}
    assert {step for step, verdict in verdicts(judged).items() if verdict == "PASSED"} == passed
    assert judged.verdict is Verdict.INDETERMINATE
    assert published(name)["from"] in details(judged)["transaction signatures"]
    assert set(judged.unproven) == PLACE, "without its block nothing tells where it stands"


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Everything that is no object and no list with entries, with its place."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for step, child in inner:
        found = True
        yield from leaves(child, (*place, step))
    if not found:
        yield place, value


def others(leaf: Any) -> Iterator[Any]:
    """Other values, of the same kind and of others."""
    yield from (None, True, 1.5, [], {}, "", "0x", "0x00", "+1", -1)
    if isinstance(leaf, int):
        yield from (leaf + 1, str(leaf), hex(leaf + 1), float(leaf))
    if isinstance(leaf, str):
        start = 2 if leaf.startswith("0x") else 0
        for at in {start, (start + len(leaf)) // 2, len(leaf) - 1}:
            if at < len(leaf):
                yield leaf[:at] + ("1" if leaf[at] == "0" else "0") + leaf[at + 1 :]
        yield from (leaf + "0", leaf + "00", leaf[:-1], leaf[:-2], leaf + " ", "0x0" + leaf[2:])
        if leaf.upper() != leaf:
            yield leaf[:start] + leaf[start:].upper()
    if leaf == []:
        yield from (["0x"], ["0x00"])


def replaced(value: Any, place: tuple[str | int, ...], new: Any) -> Any:
    out = deepcopy(value)
    at = out
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = new
    return out


@pytest.mark.parametrize("name", ["sm_header", *TRANSACTIONS])
def test_every_field_altered_is_caught(name: str) -> None:
    original = published(name)
    slipped, tried = [], 0
    for place, leaf in leaves(original):
        for other in others(leaf):
            if other == leaf and type(other) is type(leaf):
                continue
            tried += 1
            judged = judge(replaced(original, place, other))
            if judged.verdict is not Verdict.FAILED and f"transaction.{place[0]}" not in PLACE:
                slipped.append((place, other))
    assert tried > 200
    assert not slipped


@pytest.mark.parametrize("name", ["sm_header", *TRANSACTIONS])
def test_no_field_may_be_left_out(name: str) -> None:
    original = published(name)
    for missing in original:
        judged = judge({key: value for key, value in original.items() if key != missing})
        assert (judged.verdict is Verdict.FAILED) == (f"transaction.{missing}" not in PLACE), missing
    if "signature" in original:
        for missing in original["signature"]:
            kept = {key: value for key, value in original["signature"].items() if key != missing}
            assert judge(original | {"signature": kept}).verdict is Verdict.FAILED, missing


def test_no_list_of_the_header_may_be_lengthened_shortened_or_reordered() -> None:
    original = published("sm_header")
    for name in ("sealerList", "signatureList"):
        listed = original[name]
        for variant in ([*listed, listed[-1]], listed[:-1], listed[1:]):
            assert judge(original | {name: variant}).verdict is Verdict.FAILED, name
    assert judge(original | {"sealerList": original["sealerList"][::-1]}).verdict is Verdict.FAILED


def test_a_signature_may_not_carry_another_sealers_key() -> None:
    original = published("sm_header")
    first, second = original["signatureList"][:2]
    swapped = first | {"signature": first["signature"][:130] + second["signature"][130:]}
    judged = judge(original | {"signatureList": [swapped, *original["signatureList"][1:]]})
    assert verdicts(judged)["strict shape"] == "FAILED"
