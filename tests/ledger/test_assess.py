"""Judging one block from files: what is missing is INDETERMINATE, what is wrong is FAILED, and nothing is guessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.admission import genesis
from ledger.assess import assess
from ledger.trust import PROCEDURE, Case
from ledger.verdict import Assessment, StepVerdict, Verdict
from tests.support.blocks import BOOK, OTHER, Entry, Forge, hexed, joined, key_of, unhexed
from tests.support.surroundings import oracle

if TYPE_CHECKING:
    from collections.abc import Iterable

P, F, I = Verdict.PASSED, Verdict.FAILED, Verdict.INDETERMINATE  # noqa: E741 as in the tables below
FORGE = Forge()
RECORD = FORGE.record()
BLOCK = FORGE.block([RECORD])
PINNED = unhexed(FORGE.genesis()["hash"])


def letters(judged: Assessment) -> str:
    return "".join(step.verdict[0] for step in judged.steps)


def step(judged: Assessment, name: str) -> StepVerdict:
    return next(each for each in judged.steps if each.name == name)


def judge(document: bytes, **more: Any) -> Assessment:
    judged = assess(Case(document=document, **more))
    assert [(each.number, each.name) for each in judged.steps] == [(each.number, each.name) for each in PROCEDURE]
    for each in judged.steps:
        assert each.detail
        assert bool(each.code) == (each.verdict is F or each.code == "not-reached")
    return judged


class TestWithEverythingAtHand:
    def test_all_but_the_parent_is_told(self) -> None:
        judged = judge(joined(BLOCK, [RECORD.answer]), genesis_document=FORGE.genesis_document(), contracts=(BOOK,))
        assert letters(judged) == "PPPI" + "P" * 10
        assert judged.verdict is I
        assert step(judged, "event logs").detail == "1 records"
        assert judged.unproven == ("receipt.message", "transaction.importTime")

    def test_with_the_trusted_state_all_is_told(self) -> None:
        anchor = FORGE.anchor()
        _, trusted = genesis(FORGE.genesis_document(), anchor)
        judged = judge(joined(BLOCK, [RECORD.answer]), anchor=anchor, trusted=trusted)
        assert (letters(judged), judged.verdict) == ("P" * 14, P)

    def test_without_a_registered_contract_a_log_proves_nothing(self) -> None:
        judged = judge(joined(BLOCK, [RECORD.answer]), genesis_document=FORGE.genesis_document())
        assert step(judged, "event logs").verdict is I
        assert "1 logs" in step(judged, "event logs").detail


class TestWhatIsMissing:
    def test_everything_but_the_header(self) -> None:
        bare = {key: value for key, value in BLOCK.items() if key != "transactions"}
        assert letters(judge(joined(bare, None))) == "PPPIIIPPIIIIII"

    def test_receipts_without_bodies_may_hide_logs_in_outputs(self) -> None:
        bare = {key: value for key, value in BLOCK.items() if key != "transactions"}
        assert step(judge(joined(bare, [RECORD.answer])), "event logs").verdict is I
        silent = FORGE.call(to=OTHER, call=b"a", output=b"b")
        bare = {key: value for key, value in FORGE.block([silent]).items() if key != "transactions"}
        assert step(judge(joined(bare, [silent.answer])), "event logs").verdict is I
        empty = FORGE.call(to=OTHER, call=b"a")
        bare = {key: value for key, value in FORGE.block([empty]).items() if key != "transactions"}
        assert step(judge(joined(bare, [empty.answer])), "event logs").verdict is P

    def test_the_genesis(self) -> None:
        judged = judge(joined(BLOCK, [RECORD.answer]))
        assert step(judged, "genesis").verdict is step(judged, "trusted sealers").verdict is I
        assert "own" in step(judged, "trusted sealers").detail


class TestTheGenesisGiven:
    def test_of_other_sealers(self) -> None:
        other = Forge(weights=(1, 1, 1, 1, 1))
        judged = judge(joined(BLOCK, [RECORD.answer]), genesis_document=other.genesis_document())
        assert (step(judged, "genesis").verdict, step(judged, "trusted sealers").code) == (P, "sealers")

    def test_of_another_suite(self) -> None:
        judged = judge(joined(BLOCK, [RECORD.answer]), genesis_document=Forge("ecdsa").genesis_document())
        assert step(judged, "genesis").code == "suite"
        assert step(judged, "trusted sealers").code == "not-reached"

    def test_of_another_hash(self) -> None:
        judged = judge(joined(BLOCK, None), genesis_document=FORGE.genesis_document(), pinned=bytes(32))
        assert step(judged, "genesis").code == "genesis-hash"
        assert step(judged, "trusted sealers").verdict is I
        assert judged.verdict is F

    @pytest.mark.parametrize("document", [b"", b"junk", b"{}", b'{"block":{}}'])
    def test_that_is_none(self, document: bytes) -> None:
        judged = judge(joined(BLOCK, None), genesis_document=document)
        assert step(judged, "genesis").verdict is F
        assert step(judged, "signatures").verdict is P

    def test_pins_the_chains_name(self) -> None:
        entry = FORGE.record(chainID="chain1")
        judged = judge(FORGE.document([entry]), genesis_document=FORGE.genesis_document())
        assert step(judged, "transaction hashes").code == "wrong-chain"


class TestTheGenesisItself:
    def judge(self, **more: Any) -> Assessment:
        return judge(FORGE.genesis_document(), **more)

    def test_is_judged_by_its_hash_alone(self) -> None:
        judged = self.judge(pinned=PINNED)
        assert letters(judged)[:8] == "PPPIPIII"
        assert judged.verdict is I

    def test_without_a_pin_nothing_says_it_is_the_one(self) -> None:
        assert step(self.judge(), "genesis").verdict is I

    def test_another_than_the_pinned(self) -> None:
        assert step(self.judge(pinned=bytes(32)), "genesis").code == "genesis-hash"


class TestAfterAFailure:
    @pytest.mark.parametrize("document", [b"", b"\0\1\2", b"[" * 100_000, b"{}", b'{"block":[]}', b"null"])
    def test_of_shape_nothing_else_is_judged(self, document: bytes) -> None:
        judged = judge(document)
        assert letters(judged) == "PF" + "I" * 12
        assert {each.code for each in judged.steps[2:]} == {"not-reached"}

    def test_of_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ledger.chains.limits.MAX_BLOCK_BYTES", 100)
        judged = judge(joined(BLOCK, None))
        assert (letters(judged), judged.steps[0].code) == ("F" + "I" * 13, "limit")

    def test_of_the_header_hash(self) -> None:
        judged = judge(joined(BLOCK | {"stateRoot": "0x" + "01" * 32}, None))
        assert letters(judged) == "PPF" + "I" * 11

    def test_of_later_steps_each_is_still_told(self) -> None:
        """Someone who looks at a bad block wants to know all that is wrong with it."""
        answer = RECORD.answer | {"gasUsed": "1"}
        body = RECORD.body | {"nonce": "1"}
        judged = judge(joined(BLOCK | {"signatureList": [], "transactions": [body]}, [answer]))
        failed = {each.code for each in judged.steps if each.verdict is F}
        assert failed == {"signatures-missing", "quorum", "transaction-hash", "receipt-hash"}

    def test_each_signature_and_their_weight_are_told_apart(self) -> None:
        wrong = [BLOCK["signatureList"][0] | {"signature": "0x" + "11" * 64}, *BLOCK["signatureList"][1:]]
        judged = judge(joined(BLOCK | {"signatureList": wrong}, None))
        assert step(judged, "signatures").code == "signature"

    def test_an_empty_list_of_sealers_is_no_quorum(self) -> None:
        block = FORGE.block(sealers=[], signing=())
        judged = judge(joined(block, []))
        assert step(judged, "quorum").code == "quorum"
        assert judged.verdict is F

    def test_one_sealer_of_its_own_choosing_is_never_trusted(self) -> None:
        own = key_of("nobody", FORGE.crypto)
        judged = judge(FORGE.document(sealers=[(own, 1)], signing=(0,)))
        assert judged.verdict is I
        assert step(judged, "trusted sealers").verdict is I


class TestVerdicts:
    @pytest.mark.parametrize(("verdicts", "whole"), [((), I), ((P,), P), ((P, I), I), ((I, F, P), F), ((P, P), P)])
    def test_the_whole_is_the_worst_part(self, verdicts: Iterable[Verdict], whole: Verdict) -> None:
        steps = tuple(StepVerdict(number=at, name="n", verdict=each) for at, each in enumerate(verdicts))
        assert Assessment(steps=steps).verdict is whole


def published(name: str) -> Any:
    return json.loads(oracle(f"ledger/fisco3/{name}.json").read_bytes())


@pytest.mark.oracle
class TestPublishedForgeries:
    """Lies about the published blocks, as the acceptance of the project names them."""

    def block2(self, **changed: Any) -> Assessment:
        block = published("sm_block_2")["result"] | changed
        genesis_document = json.dumps({"block": published("sm_block_0")}).encode()
        return judge(joined(block, [published("sm_receipt_block2")]), genesis_document=genesis_document)

    def test_the_honest_block(self) -> None:
        assert letters(self.block2()) == "PPPIPPPPIIPPIP"

    def test_one_signature_three_times(self) -> None:
        one = published("sm_block_2")["result"]["signatureList"][0]
        judged = self.block2(signatureList=[one] * 3)
        assert (step(judged, "signatures").code, step(judged, "quorum").code) == ("signature-repeated", "quorum")
        spread = [one | {"sealerIndex": at} for at in range(3)]
        assert step(self.block2(signatureList=spread), "signatures").code == "signature"

    def test_an_unknown_sealer(self) -> None:
        signed = published("sm_block_2")["result"]["signatureList"]
        assert (
            step(self.block2(signatureList=[*signed[:2], signed[2] | {"sealerIndex": 4}]), "signatures").code
            == "signer-unknown"
        )

    def test_no_signature_even_without_transactions(self) -> None:
        assert step(self.block2(signatureList=[]), "signatures").code == "signatures-missing"
        empty = FORGE.block(signing=())
        assert judge(joined(empty, [])).verdict is F

    def test_the_published_call_shifted(self) -> None:
        block, body, answer = (published(f"ecdsa_block_72{name}")["result"] for name in ("", "_tx", "_receipt"))
        call = {"to": body["to"][:-1], "input": hexed(body["to"][-1].encode() + unhexed(body["input"]))}
        deployed = {"to": "", "input": hexed(body["to"].encode() + unhexed(body["input"]))}
        for told in (call, deployed):
            raw = json.dumps({"block": block, "transactions": [body | told], "receipts": [answer | told]}).encode()
            assert judge(raw).verdict is F

    def test_data_and_topic_shifted(self) -> None:
        """No published block has a log; the same lie about one of ours, without anything at hand but its files."""
        log = RECORD.answer["logEntries"][0]
        moved = log | {"topics": log["topics"][:1], "data": "0x" + log["topics"][1][2:] + log["data"][2:]}
        assert FORGE.hash_receipt(RECORD.answer | {"logEntries": [moved]})["hash"] == RECORD.answer["hash"]
        told = Entry(RECORD.body, RECORD.answer | {"logEntries": [moved]})
        judged = judge(joined(BLOCK, [told.answer]), contracts=(BOOK,))
        assert step(judged, "event logs").code == "log-split"
