"""Transactions, receipts and senders: whole, in order, unaltered, and of the right chain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.blocks import NONCE, OTHER, Entry, hexed, joined, unhexed
from tests.support.joining import FORGE, code, join, stranger

if TYPE_CHECKING:
    pass


class TestBodies:
    RECORD, CALL = FORGE.record(), FORGE.call(to=OTHER, call=b"abcd")

    def told(self, bodies: list[Any] | None, answers: list[Any] | None) -> bytes:
        """The block over record and call, with other bodies and receipts."""
        block = FORGE.block([self.RECORD, self.CALL])
        return joined(block if bodies is None else block | {"transactions": bodies}, answers)

    @property
    def bodies(self) -> list[Any]:
        return [self.RECORD.body, self.CALL.body]

    @property
    def answers(self) -> list[Any]:
        return [self.RECORD.answer, self.CALL.answer]

    def test_missing(self) -> None:
        assert code(self.told(None, None)) == "incomplete"
        assert code(self.told([body["hash"] for body in self.bodies], self.answers)) == "incomplete"
        block = {k: v for k, v in FORGE.block([self.RECORD]).items() if k != "transactions"}
        assert code(joined(block, [self.RECORD.answer])) == "incomplete"

    def test_fewer_more_or_in_another_order(self) -> None:
        assert code(self.told(self.bodies[:1], self.answers[:1])) == "transactions-root"
        assert code(self.told(self.bodies + self.bodies[:1], self.answers + self.answers[:1])) == "transactions-root"
        assert code(self.told(self.bodies[::-1], self.answers[::-1])) == "transactions-root"
        assert code(self.told([], [])) == "transactions-root"

    def test_receipts_fewer_more_or_in_another_order(self) -> None:
        assert code(self.told(None, self.answers[:1])) == "receipt-count"
        assert code(self.told(None, [])) == "receipt-count"
        assert code(self.told(None, self.answers * 2)) == "receipt-count"
        assert code(self.told(None, self.answers[::-1])) == "receipt-pairing"
        echoless = [
            {k: v for k, v in each.items() if k not in {"from", "to", "input", "transactionHash"}}
            for each in self.answers
        ]
        assert code(self.told(None, echoless[::-1])) == "receipts-root"

    def test_another_list_beside(self) -> None:
        block = FORGE.block([self.RECORD]) | {"transactions": [self.CALL.body["hash"]]}
        raw = json.dumps(
            {"block": block, "transactions": [self.RECORD.body], "receipts": [self.RECORD.answer]}
        ).encode()
        assert code(raw) == "transaction-list"

    def test_altered(self) -> None:
        assert (
            code(self.told([self.RECORD.body | {"nonce": NONCE[:-1] + "0"}, self.CALL.body], self.answers))
            == "transaction-hash"
        )
        assert code(self.told(None, [self.RECORD.answer | {"gasUsed": "1"}, self.CALL.answer])) == "receipt-hash"
        resigned = FORGE.sign(self.RECORD.body | {"nonce": "1"})
        assert code(self.told([resigned, self.CALL.body], self.answers)) == "transactions-root"
        rehashed = FORGE.hash_receipt(self.CALL.answer | {"output": "0xab"})
        assert code(self.told(None, [self.RECORD.answer, rehashed])) == "receipts-root"

    def test_a_receipt_of_another_block(self) -> None:
        other = Entry(self.CALL.body, FORGE.receipt(self.CALL.body, number=2))
        assert code(FORGE.document([other])) == "receipt-pairing"

    @pytest.mark.parametrize("name", ["from", "to", "input", "transactionHash"])
    def test_a_receipt_that_repeats_something_else(self, name: str) -> None:
        other = {"from": hexed(OTHER), "to": "", "input": "0x", "transactionHash": hexed(bytes(32))}[name]
        answer = self.RECORD.answer | {name: other}
        assert code(self.told(None, [answer, self.CALL.answer])) == "receipt-pairing"

    def test_a_receipt_whose_sender_only_the_signature_can_tell(self) -> None:
        body = {key: value for key, value in self.RECORD.body.items() if key != "from"}
        answer = self.RECORD.answer | {"from": hexed(OTHER)}
        assert code(self.told([body, self.CALL.body], [answer, self.CALL.answer])) == "sender"
        assert join(self.told([body, self.CALL.body], self.answers))[0].events[0].signer == FORGE.sender

    @pytest.mark.parametrize(("to", "contract"), [(OTHER, hexed(OTHER)), (None, "")])
    def test_a_deployment_must_name_its_contract_and_a_call_must_not(self, to: bytes | None, contract: str) -> None:
        body = FORGE.transaction(to=to, call=b"abcd")
        assert code(FORGE.document([Entry(body, FORGE.receipt(body, contractAddress=contract))])) == "deployment"

    def test_of_another_chain_or_group(self) -> None:
        for more in ({"chainID": "chain1"}, {"groupID": "group1"}):
            assert code(FORGE.document([FORGE.record(**more)])) == "wrong-chain"

    def test_signed_by_somebody_else(self) -> None:
        other = stranger(5)
        digest = unhexed(self.RECORD.body["hash"])
        body = self.RECORD.body | {"signature": hexed(other.sign_transaction(digest))}
        assert code(self.told([body, self.CALL.body], self.answers)) == "sender"
        honest = body | {"from": hexed(FORGE.crypto.address(other.public_key))}
        assert code(self.told([honest, self.CALL.body], self.answers)) == "receipt-pairing"

    @pytest.mark.parametrize("signature", ["0x", "0x" + "00" * 128, "0x" + "ff" * 128, "0x" + "ab" * 65])
    def test_signed_by_nobody(self, signature: str) -> None:
        body = self.RECORD.body | {"signature": signature}
        assert code(self.told([body, self.CALL.body], self.answers)) == "transaction-signature"
