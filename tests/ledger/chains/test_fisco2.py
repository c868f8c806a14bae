"""Parsing of FISCO BCOS 2: preimages equal independently written ones, every field has one shape, the tree one path."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import chains
from ledger.anchor import anchor_from
from ledger.chains import fisco2, fisco2_tree
from ledger.chains.sealers import SealerChange
from ledger.errors import LedgerError, Malformed, ProofFailed
from ledger.suites import sm3
from tests.support import fisco2 as written
from tests.support.fisco2 import BOOK, CONSENSUS, NOWHERE, OTHER, Fisco2, hexed, unhex

CHAIN = Fisco2()
RECORD = CHAIN.record()
HEADER = CHAIN.sign(CHAIN.header(1, [RECORD]), enumerate(CHAIN.sealers))

QUANTITIES = st.integers(0, 2**256 - 1).map(hex)
WORDS = st.binary(min_size=32, max_size=32).map(hexed)
HEX = st.binary(max_size=70).map(hexed)
ADDRESSES = st.sampled_from([hexed(BOOK), hexed(OTHER), hexed(b"\x00" * 19 + b"\x01")])


class TestPreimages:
    @given(
        numbers=st.tuples(QUANTITIES, QUANTITIES, QUANTITIES),
        timestamp=st.integers(0, fisco2.TIMES.stop - 1).map(hex),
        extra=st.lists(HEX, max_size=3),
        roots=st.tuples(WORDS, WORDS, WORDS, WORDS, WORDS),
        bloom=st.binary(min_size=256, max_size=256).map(hexed),
        height=st.one_of(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1).map(hex)),
    )
    def test_of_headers(self, numbers: Any, timestamp: str, extra: Any, roots: Any, bloom: str, height: Any) -> None:
        names = ("parentHash", "stateRoot", "transactionsRoot", "receiptsRoot", "dbHash")
        block = HEADER | dict(zip(names, roots, strict=True)) | dict(
            zip(("gasLimit", "gasUsed", "sealer"), numbers, strict=True)
        ) | {"timestamp": timestamp, "extraData": extra, "logsBloom": bloom, "number": height}  # fmt: skip
        assert fisco2.parse_header(block).preimages == (written.header_preimage(block),)

    @given(numbers=st.tuples(*[QUANTITIES] * 7), to=ADDRESSES, given_input=HEX, extra=HEX)
    def test_of_transactions_and_what_is_signed(self, numbers: Any, to: str, given_input: str, extra: str) -> None:
        names = ("nonce", "gasPrice", "gas", "blockLimit", "value", "chainId", "groupId")
        body = RECORD.body | dict(zip(names, numbers, strict=True))
        body |= {"to": to, "input": given_input, "extraData": extra}
        parsed, fields = fisco2.parse_transaction(body), written.body_fields(body)
        members = [unhex(body["signature"]["v"]), *(int(body["signature"][name], 16) for name in "rs")]
        assert (parsed.signed, parsed.preimages) == (written.rlp(fields), (written.rlp([*fields, *members]),))
        assert (parsed.call, parsed.to, parsed.otherwise) == (unhex(given_input), unhex(to), ())

    @given(
        numbers=st.tuples(QUANTITIES, QUANTITIES),
        remaining=st.integers(1, 2**256 - 1).map(hex),
        output=HEX,
        logs=st.lists(
            st.fixed_dictionaries({"address": ADDRESSES, "topics": st.lists(WORDS, max_size=4), "data": HEX}),
            max_size=3,
        ),
    )
    def test_of_receipts(self, numbers: Any, remaining: str, output: str, logs: Any) -> None:
        answer = RECORD.answer | {"gasUsed": numbers[0], "status": numbers[1], "output": output, "logs": logs}
        answer["remainGas"] = remaining
        later = written.receipt_preimage(answer, with_remaining_gas=True)
        assert fisco2.parse_receipt(answer).preimages == (later,)
        answer["remainGas"] = "0x0"
        both = tuple(written.receipt_preimage(answer, with_remaining_gas=each) for each in (True, False))
        assert fisco2.parse_receipt(answer).preimages == both
        del answer["remainGas"]
        assert fisco2.parse_receipt(answer).preimages == (both[1],)

    def test_zeros_are_a_deployment_or_a_call_of_the_zero_address(self) -> None:
        """Any member may call the zero address; a reader that knows deployments alone would stop at the hash."""
        for zero_address in (False, True):
            body = CHAIN.call(to=None, call=b"code", zero_address=zero_address).body
            parsed = fisco2.parse_transaction(body)
            readings = (parsed, *parsed.otherwise)
            fitting = [each for each in readings if sm3(*each.preimages) == each.claimed_hash]
            assert [each.to for each in fitting] == [NOWHERE if zero_address else None]


WRONG_NUMBERS: list[object] = [None, 1.0, True, "", "0x", "1", "0x01", "0xA", "+0x1", "0x1 ", -1, "0x" + "f" * 65]
WRONG_HEX: list[object] = [None, 5, "", "ab", "0xabc", "0xAB", "0x ab"]
WRONG: dict[str, dict[str, list[object]]] = {
    "header": {
        "number": [*WRONG_NUMBERS, 2**31, "0x80000000"],
        "timestamp": [*WRONG_NUMBERS, hex(fisco2.TIMES.stop)],
        "gasLimit": WRONG_NUMBERS,
        "gasUsed": WRONG_NUMBERS,
        "sealer": WRONG_NUMBERS,
        **{
            name: [*WRONG_HEX, "0x" + "ab" * 31]
            for name in ("hash", "parentHash", "stateRoot", "dbHash", "transactionsRoot", "receiptsRoot")
        },
        "logsBloom": [*WRONG_HEX, "0x" + "ab" * 255],
        "extraData": [None, "0x", {}, [5], ["ab"]],
        "sealerList": [None, {}, [5], ["ab" * 63], HEADER["sealerList"][:2] * 2],
        "signatureList": [{}, [5], [{}], [{"index": 0, "signature": "0x"}], [{"index": "0x0", "signature": "ab"}]],
    },
    "transaction": {
        **dict.fromkeys(("nonce", "gasPrice", "gas", "blockLimit", "value", "chainId", "groupId"), WRONG_NUMBERS),
        "to": [*WRONG_HEX, "0x", hexed(BOOK) + "00"],
        "from": [*WRONG_HEX, "0x", hexed(BOOK) + "00"],
        "input": WRONG_HEX,
        "extraData": WRONG_HEX,
        "hash": [*WRONG_HEX, "0x" + "ab" * 33],
        "signature": [None, "0x", {}, {"signature": "0x"}],
    },
    "receipt": {
        **dict.fromkeys(("gasUsed", "status"), WRONG_NUMBERS),
        "remainGas": [each for each in WRONG_NUMBERS if each is not None],
        "blockNumber": [*WRONG_NUMBERS, "0x80000000"],
        "root": [*WRONG_HEX, "0x"],
        "contractAddress": [*WRONG_HEX, "0x"],
        "logsBloom": [*WRONG_HEX, "0x"],
        "output": WRONG_HEX,
        "logs": [None, {}, [5], [{}], [{"address": hexed(BOOK), "topics": [], "data": None}]],
        "transactionHash": ["0x", 5],
        "from": ["0xab", 5],
        "to": ["0xab", 5, ""],
        "input": ["0xabc", 5],
    },
}
PARSERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "header": (fisco2.parse_header, HEADER),
    "transaction": (fisco2.parse_transaction, RECORD.body),
    "receipt": (fisco2.parse_receipt, RECORD.answer),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_value_of_another_shape(what: str) -> None:
    parse, right = PARSERS[what]
    parse(right)
    for name, values in WRONG[what].items():
        for value in values:
            with pytest.raises(Malformed) as refused:
                parse(right | {name: value})
            assert refused.value.code in {"shape", "limit"}, (name, value)


@pytest.mark.parametrize("what", PARSERS)
def test_a_hashed_field_may_not_be_missing(what: str) -> None:
    parse, right = PARSERS[what]
    optional = {"transactions", "signatureList", "blockHash", "transactionIndex", "statusMsg", "remainGas"}
    optional |= {"from", "to", "input", "transactionHash"} if what == "receipt" else {"blockNumber"}
    for name in right.keys() - optional:
        with pytest.raises(Malformed):
            parse({key: value for key, value in right.items() if key != name})


def test_a_place_that_is_not_where_it_stands_is_refused() -> None:
    chain = Fisco2()
    document = json.loads(chain.seal(chain.record(), chain.record()))
    for holder in ("transactions", "receipts"):
        entries = document["block"]["transactions"] if holder == "transactions" else document["receipts"]
        wrong = {"blockHash": "0x" + "ab" * 32, "blockNumber": "0x2", "transactionIndex": "0x1"}
        for name, value in wrong.items():
            told = deepcopy(document)
            place = told["block"]["transactions"][0] if holder == "transactions" else told["receipts"][0]
            assert place[name] == entries[0][name] != value
            place[name] = value
            with pytest.raises(Malformed):
                fisco2.parse_block(json.dumps(told).encode())


class TestTree:
    @given(st.integers(0, 300), st.integers(0, 299))
    def test_every_path_leads_to_the_root_and_to_no_other_index(self, count: int, index: int) -> None:
        hashes = [sm3(b"leaf", at.to_bytes(2)) for at in range(count)]
        assert fisco2_tree.root(hashes, sm3) == written.root(hashes, CHAIN.crypto)
        if index >= count:
            with pytest.raises(IndexError):
                fisco2_tree.path(hashes, index, sm3)
            return
        nodes = fisco2_tree.path(hashes, index, sm3)
        assert fisco2_tree.climb(hashes[index], index, nodes, sm3) == fisco2_tree.root(hashes, sm3)
        for other in {index + 1, index - 1, index % 16, index + 256, index ^ 128} - {index, -1}:
            try:
                reached = fisco2_tree.climb(hashes[index], other, nodes, sm3)
            except ValueError:
                continue
            assert reached != fisco2_tree.root(hashes, sm3)

    def test_the_end_of_a_long_index_is_not_taken_for_a_short_one(self) -> None:
        """RLP(261) is 82 01 05: before its hash stands a 05, which is all that RLP(5) is."""
        hashes = [sm3(at.to_bytes(2)) for at in range(300)]
        left, right, *rest = fisco2_tree.path(hashes, 261, sm3)
        assert left is not None
        with pytest.raises(ValueError, match="level 0"):
            fisco2_tree.climb(hashes[261], 5, [left + b"\x82\x01", right, *rest], sm3)

    @pytest.mark.parametrize("nodes", [(b"",), (None, None), (b"", None), (b"\x00", b""), (b"", b"\x00" * 600)])
    def test_what_is_no_path(self, nodes: tuple[bytes | None, ...]) -> None:
        with pytest.raises(ValueError, match="level"):
            fisco2_tree.climb(sm3(b"leaf"), 0, nodes, sm3)


class TestGenesis:
    def anchor(self, mark: bytes, crypto: Fisco2 = CHAIN) -> Any:
        block = crypto.header(0, extraData=[hexed(mark)])
        return anchor_from(json.dumps({"block": block}).encode(), pinned=unhex(block["hash"]), contracts=())

    @pytest.mark.parametrize("suite", ["sm", "ecdsa"])
    def test_the_hash_pins_suite_group_and_sealers_and_no_chain(self, suite: Any) -> None:
        chain = Fisco2(suite)
        anchor = chain.anchor
        assert (anchor.family, anchor.suite, anchor.group, anchor.chain) == ("fisco2", suite, "1", "")
        assert [sealer.key for sealer in anchor.sealers] == [key.public_key for key in chain.sealers]
        assert {sealer.weight for sealer in anchor.sealers} == {1}

    def test_of_another_hash_is_refused(self) -> None:
        with pytest.raises(ProofFailed) as refused:
            anchor_from(CHAIN.blocks[0].document, pinned=bytes(32), contracts=())
        assert refused.value.code == "genesis-hash"

    KEY = b"ab" * 64

    @pytest.mark.parametrize(
        "mark",
        [
            b"", b"\xff", b"1", b"1--pbft-storage-0-3", b"0-%b,-pbft-storage-1" % KEY, b"1-%b-pbft-storage-1" % KEY,
            b"1-%b,-raft-storage-0-1000-300" % KEY, b"1-%b,-rpbft-storage-0-1000-300-4-10" % KEY,
            b"1-%b,%b,-pbft-storage-1" % (KEY, KEY), b"1-%b,-pbft-storage-1" % (b"AB" * 64), b"x-%b,-pbft-s-1" % KEY,
        ],
    )  # fmt: skip
    def test_that_cannot_be_followed_is_refused(self, mark: bytes) -> None:
        with pytest.raises(Malformed) as refused:
            self.anchor(mark)
        assert refused.value.code == "genesis"

    def test_with_more_than_one_mark_or_a_signature_is_refused(self) -> None:
        block = CHAIN.header(0, extraData=["0x", "0x"])
        with pytest.raises(LedgerError):
            anchor_from(json.dumps({"block": block}).encode(), pinned=None, contracts=())
        with pytest.raises(Malformed):
            fisco2.parse_header(CHAIN.header(0) | {"signatureList": HEADER["signatureList"]})


class TestVotes:
    def changes(self, *entries: written.Entry) -> tuple[SealerChange, ...]:
        return fisco2.sealer_changes(
            [fisco2.parse_transaction(each.body) for each in entries],
            [fisco2.parse_receipt(each.answer) for each in entries],
            CHAIN.crypto,
        )

    def test_are_decoded_and_carried_only_when_a_row_changed(self) -> None:
        key = CHAIN.sealers[0].public_key
        assert self.changes(CHAIN.vote("addSealer", key)) == (SealerChange(action="set", key=key, weight=1),)
        for name in ("addObserver", "remove"):
            assert self.changes(CHAIN.vote(name, key)) == (SealerChange(action="drop", key=key),)
        refused = ((-51100).to_bytes(32, signed=True), bytes(32), b"", (128).to_bytes(32), b"\x01")
        for output in refused:
            assert self.changes(CHAIN.vote("addSealer", key, output=output)) == ()
        assert self.changes(CHAIN.vote("addSealer", key, status="0xf")) == ()
        assert self.changes(CHAIN.vote("setWeight", key)) == ()
        assert self.changes(CHAIN.call(to=CONSENSUS, call=b"", output=written.ONE_ROW)) == ()


class TestTheFamilyIsTold:
    def test_by_the_spelling_of_a_block_or_of_a_transaction(self) -> None:
        assert chains.of(CHAIN.blocks[0].document) is fisco2
        assert chains.of(json.dumps({"transactions": [RECORD.body]}).encode()) is fisco2
        assert chains.of(json.dumps({"transactions": [{"result": RECORD.body}]}).encode()) is fisco2
        for other in (b"", b"[]", b"{}", b'{"block":[]}', b'{"transactions":[5]}', b'{"transactions":5}'):
            assert chains.of(other).NAME == "fisco3"

    def test_and_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(Malformed) as refused:
            chains.named("fisco9")
        assert refused.value.code == "family"

    def test_a_transaction_is_told_from_a_block(self) -> None:
        assert chains.is_transaction(json.dumps({"result": RECORD.body}).encode())
        assert not chains.is_transaction(json.dumps(HEADER).encode())
        assert not chains.is_transaction(b"[]")
