"""Parsing of FISCO BCOS 3 blocks: its preimages equal independently written ones, and every field has one shape."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chains import fisco3
from ledger.errors import Malformed
from ledger.suites import Ecdsa, sm3
from tests.support import preimages
from tests.support.blocks import BOOK, OTHER, Forge, hexed, joined
from tests.support.surroundings import oracle

FORGE = Forge()
RECORD = FORGE.record()
BLOCK = FORGE.block([RECORD])


def published(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(oracle(f"ledger/fisco3/{name}.json").read_bytes())["result"]
    return found


@pytest.mark.oracle
class TestPublishedBlocks:
    def test_sm(self) -> None:
        for name in ("sm_block_0", "sm_block_2"):
            header = fisco3.parse_header(published(name))
            assert sm3(*header.preimages) == header.claimed_hash
        receipt = fisco3.parse_receipt(published("sm_receipt_block2"))
        assert sm3(*receipt.preimages) == receipt.claimed_hash

    def test_ecdsa(self) -> None:
        for name in ("ecdsa_block_9", "ecdsa_block_72"):
            header = fisco3.parse_header(published(name))
            assert Ecdsa().digest(*header.preimages) == header.claimed_hash
        receipt = fisco3.parse_receipt(published("ecdsa_block_72_receipt"))
        assert Ecdsa().digest(*receipt.preimages) == receipt.claimed_hash
        transaction = fisco3.parse_transaction(published("ecdsa_block_72_tx"))
        assert [Ecdsa().digest(each) for each in transaction.preimages] == [transaction.claimed_hash]

    def test_the_genesis_fixes_suite_chain_and_sealers(self) -> None:
        fixed = fisco3.genesis(fisco3.parse_header(published("sm_block_0")))
        assert (fixed.suite, fixed.chain, fixed.group) == ("sm", "chain0", "group0")
        assert [sealer.key.hex()[:6] for sealer in fixed.sealers] == ["0055dc", "2a7aec", "535439", "dd99ab"]
        assert {sealer.weight for sealer in fixed.sealers} == {1}


HEX = st.binary(max_size=40).map(hexed)
DIGIT_PRICES = st.sampled_from(["", "0", "12", "0x0", "0xff"])


@given(
    version=st.integers(0, 2),
    abi=st.sampled_from(["", '[{"a":1}]']),
    to=st.sampled_from(["", hexed(BOOK)]),
    given_input=HEX,
    nonce=st.integers(0, 10**77).map(str),
    prices=st.tuples(DIGIT_PRICES, DIGIT_PRICES, DIGIT_PRICES, DIGIT_PRICES),
    gas_limit=st.integers(-(2**63), 2**63 - 1),
    extension=HEX,
)
def test_transaction_preimages(
    version: int,
    abi: str,
    to: str,
    given_input: str,
    nonce: str,
    prices: tuple[str, ...],
    gas_limit: int,
    extension: str,
) -> None:
    names = ("value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")
    body = RECORD.body | {
        "version": version, "abi": "" if to else abi, "to": to, "input": given_input, "nonce": nonce,
        "gasLimit": gas_limit, "extension": extension, **dict(zip(names, prices, strict=True)),
    }  # fmt: skip
    parsed = fisco3.parse_transaction(body)
    assert preimages.transaction(body) in parsed.preimages
    assert all(preimage.endswith(parsed.call) for preimage in parsed.preimages)


@given(
    version=st.integers(0, 2),
    status=st.integers(0, 2**24 - 1),
    contract=st.sampled_from(["", BOOK.hex(), hexed(OTHER)]),
    output=HEX,
    price=DIGIT_PRICES,
    logs=st.lists(
        st.fixed_dictionaries(
            {
                "address": st.sampled_from([BOOK.hex(), hexed(OTHER)]),
                "topics": st.lists(st.binary(min_size=32, max_size=32).map(hexed), max_size=4),
                "data": HEX,
            }
        ),
        max_size=3,
    ),
)
def test_receipt_preimages(
    version: int, status: int, contract: str, output: str, price: str, logs: list[dict[str, Any]]
) -> None:
    answer = RECORD.answer | {
        "version": version, "status": status, "contractAddress": contract, "output": output,
        "effectiveGasPrice": price, "logEntries": logs,
    }  # fmt: skip
    assert fisco3.parse_receipt(answer).preimages == (preimages.receipt(answer),)


@pytest.mark.parametrize(
    ("printed", "readings"),
    [
        ("7", {b"7"}),
        ("12", {b"12", b"\x12"}),
        ("0x12", {b"\x12"}),
        ("ab", {b"\xab"}),
        ("00ff", {b"\x00\xff"}),
        ("9" * 78, {b"9" * 78}),
        (b"0123-4567-abcd-ef".hex(), {b"0123-4567-abcd-ef"}),
        ((b"1" * 77).hex(), {b"1" * 77}),
        ("0x" + "ff" * 32, {b"\xff" * 32}),
    ],
)  # fmt: skip
def test_a_printed_nonce_has_the_readings_of_either_version(printed: str, readings: set[bytes]) -> None:
    parsed = fisco3.parse_transaction(RECORD.body | {"nonce": printed})
    assert set(parsed.preimages) == {preimages.transaction(RECORD.body, reading) for reading in readings}


WRONG_TRANSACTIONS: dict[str, list[object]] = {
    "version": [-1, 3, "0", True, None, 0.0],
    "chainID": [None, 1, "中", "a\n"],
    "groupID": [None, 1, "\x00"],
    "blockLimit": [-1, 2**32, "1", True, 1.0, None],
    "nonce": ["", None, 5, "0x", "abc", "9" * 79, "ff" * 33, (b"1" * 40 + b"0x" + b"a" * 38).hex(), "+1", "1_0", "12 "],
    "to": [None, hexed(BOOK).upper(), BOOK.hex(), hexed(BOOK)[:-1], hexed(BOOK) + "0", "0x", "0x" + "g" * 40, 5],
    "input": [None, "0xabc", "0xAB", 5],
    "abi": ["[]", None, 5],
    "from": ["0xab", hexed(BOOK) + "00", 5, hexed(BOOK).upper()],
    "hash": [None, "0x", "0x" + "ab" * 31, "0x" + "AB" * 32, 5],
    "signature": [None, "0xabc", 5],
    "type": [-1, "0", True, None, 0.5],
}
WRONG_RECEIPTS: dict[str, list[object]] = {
    "version": [-1, "0", True, None, 2**31],
    "gasUsed": ["", "+1", "01", "1_0", 5, None, "9" * 21, "0x5"],
    "contractAddress": [None, "0x", "ab" * 19, "AB" * 20, 5, "0x" + "ab" * 21],
    "status": [-1, 2**24, 0x38000000, "0", True, None, 0.0],
    "output": [None, "0xabc", 5],
    "blockNumber": [-1, 2**31, "1", True, None, 1.0],
    "hash": [None, "0x" + "ab" * 33, 5],
    "logEntries": [None, {}, [5], [{}], [{"address": BOOK.hex(), "topics": [], "data": None}]],
    "transactionHash": ["0x", 5, "0x" + "ab" * 31],
    "from": ["0xab", 5],
    "to": ["0xab", 5],
    "input": ["0xabc", 5],
}
WRONG_LOGS: dict[str, list[object]] = {
    "address": [None, "", "0x", "ab" * 19, "AB" * 20, 5],
    "topics": [None, {}, ["0x" + "ab" * 31], ["0x" + "AB" * 32], ["0x" + "ab" * 32] * 5, [5], [""]],
    "data": [None, "0xabc", 5, "AB"],
}
WRONG_HEADERS: dict[str, list[object]] = {
    "version": ["0", None, 2**31, True],
    "number": [-1, 2**31, "1", True, None, 1.0, 0],
    "timestamp": [-1, 2**53, "1", None, True],
    "sealer": ["0", None, True, 2**63],
    "gasUsed": ["", "+1", "01", 5, None, "0x1"],
    "txsRoot": [None, "0x", "0x" + "ab" * 31, 5, "0x" + "AB" * 32],
    "receiptsRoot": [None, "", "ab" * 33],
    "stateRoot": [None, "", "ab" * 33],
    "hash": [None, "", 5],
    "extraData": [None, "0xabc", 5, "0x" + "00" * 72],
    "parentInfo": [None, [], {}, [5], [{}], [{"blockNumber": "0", "blockHash": "0x" + "ab" * 32}]],
    "sealerList": [None, [], ["ab" * 63] * 4, [5] * 4, BLOCK["sealerList"][:3], BLOCK["sealerList"][:3] * 2],
    "consensusWeights": [None, [], [1], [1, 1, 1, 0], [1, 1, 1, -1], [1, 1, 1, True], [1, 1, 1, 1.0], [1, 1, 1, 2**32]],
    "signatureList": [None, {}, [5], [{}], [{"sealerIndex": -1, "signature": "0x"}], [{"sealerIndex": 0}]],
    "transactions": [5, {}, [5], ["0x"], [BLOCK["transactions"][0], "0x" + "ab" * 32]],
}


def cases(wrong: dict[str, list[object]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{at}")
        for name, values in wrong.items()
        for at, value in enumerate(values)
    ]


@pytest.mark.parametrize(("name", "value"), cases(WRONG_TRANSACTIONS))
def test_a_transaction_of_another_shape(name: str, value: object) -> None:
    with pytest.raises(Malformed) as refused:
        fisco3.parse_transaction(RECORD.body | {name: value})
    assert refused.value.code in {"shape", "limit"}


@pytest.mark.parametrize(("name", "value"), cases(WRONG_RECEIPTS))
def test_a_receipt_of_another_shape(name: str, value: object) -> None:
    with pytest.raises(Malformed):
        fisco3.parse_receipt(RECORD.answer | {name: value})


@pytest.mark.parametrize(("name", "value"), cases(WRONG_LOGS))
def test_a_log_of_another_shape(name: str, value: object) -> None:
    with pytest.raises(Malformed):
        fisco3.parse_receipt(RECORD.answer | {"logEntries": [RECORD.answer["logEntries"][0] | {name: value}]})


@pytest.mark.parametrize(("name", "value"), cases(WRONG_HEADERS))
def test_a_header_of_another_shape(name: str, value: object) -> None:
    with pytest.raises(Malformed):
        fisco3.parse_block(joined(BLOCK | {name: value}, [RECORD.answer]))


@pytest.mark.parametrize("name", sorted(BLOCK.keys() - {"transactions"}))
def test_a_header_field_may_not_be_missing(name: str) -> None:
    with pytest.raises(Malformed):
        fisco3.parse_header({key: value for key, value in BLOCK.items() if key != name})


@pytest.mark.parametrize("name", sorted(RECORD.body.keys() - {"abi", "from", "importTime"}))
def test_a_transaction_field_may_not_be_missing(name: str) -> None:
    with pytest.raises(Malformed):
        fisco3.parse_transaction({key: value for key, value in RECORD.body.items() if key != name})


def test_prices_are_numbers_in_text() -> None:
    for name in ("value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"):
        for value in ("0X1", "0xA", "1 ", "-1", "ab", 5, None):
            with pytest.raises(Malformed):
                fisco3.parse_transaction(RECORD.body | {"version": 1, "gasLimit": 1, name: value})
    for value in ("0xA", "-1", 5, None):
        with pytest.raises(Malformed):
            fisco3.parse_receipt(RECORD.answer | {"version": 1, "effectiveGasPrice": value})


def test_what_a_failed_call_logged_is_parsed_and_is_no_reason_to_stop() -> None:
    """Nodes before 3.16.4 print what a call logged before it failed; a refusal would let any member stop a replica."""
    failed = FORGE.hash_receipt(RECORD.answer | {"status": 16})
    assert fisco3.parse_receipt(failed).status == 16


class TestGenesis:
    def extra(self, text: bytes) -> dict[str, Any]:
        return FORGE.genesis() | {"extraData": hexed(text)}

    @pytest.mark.parametrize(
        "changed",
        [
            {"gasUsed": "1"},
            {"stateRoot": "0x" + "01" * 32},
            {"txsRoot": "0x" + "01" * 32},
            {"parentInfo": [{"blockNumber": 0, "blockHash": "0x" + "ab" * 32}]},
            {"signatureList": [{"sealerIndex": 0, "signature": "0x"}]},
        ],
    )
    def test_has_no_parent_no_roots_no_gas_and_no_signature(self, changed: dict[str, Any]) -> None:
        with pytest.raises(Malformed):
            fisco3.parse_header(FORGE.genesis() | changed)

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"\xff",
            b"[chain]\n",
            b"[chain]\nsm_crypto:2\nchainID:a\ngroupID:b\nnode.0:" + b"ab" * 64 + b",1\n",
            b"[chain]\nsm_crypto:1\nchainID:a\ngroupID:b\n",
            b"[chain]\nsm_crypto:1\nchainID:a\ngroupID:b\nnode.1:" + b"ab" * 64 + b",1\n",
            b"[chain]\nsm_crypto:1\nchainID:a\ngroupID:b\nnode.0:" + b"AB" * 64 + b",1\n",
            b"[chain]\nsm_crypto:1\nchainID:a\ngroupID:b\nnode.0:" + b"ab" * 64 + b",0\n",
            b"[chain]\nsm_crypto:1\nchainID:a\ngroupID:b\nnode.0:" + b"ab" * 64 + b"\n",
            b"[chain]\nsm_crypto:1\nchainID:a\nchainID:b\ngroupID:b\nnode.0:" + b"ab" * 64 + b",1\n",
            b"[chain]\nsm_crypto:1\nchainID:a\ngroupID:b\nnode.0:" + b"ab" * 64 + b",1\nnode.1:" + b"ab" * 64 + b",1\n",
            b"[chain]\n%(x)s\n",
            b"no section:1\n",
        ],
    )
    def test_of_another_configuration_is_refused(self, text: bytes) -> None:
        with pytest.raises(Malformed) as refused:
            fisco3.genesis(fisco3.parse_header(self.extra(text)))
        assert refused.value.code == "genesis"

    @pytest.mark.parametrize("spelling", [b"groupID", b"grouID"])
    def test_either_spelling_of_the_group_is_read(self, spelling: bytes) -> None:
        text = b"[chain]\nsm_crypto:0\nchainID: a\n" + spelling + b": b\n[executor]\nnode.0:" + b"ab" * 64 + b",3\n"
        fixed = fisco3.genesis(fisco3.parse_header(self.extra(text)))
        assert (fixed.suite, fixed.chain, fixed.group, fixed.sealers[0].weight) == ("ecdsa", "a", "b", 3)

    def test_another_block_is_no_genesis(self) -> None:
        with pytest.raises(Malformed):
            fisco3.genesis(fisco3.parse_header(BLOCK))

    @given(st.binary(max_size=120))
    def test_any_bytes_are_a_configuration_or_malformed(self, text: bytes) -> None:
        with pytest.raises(Malformed):
            fisco3.genesis(fisco3.parse_header(self.extra(text)))


class TestDocuments:
    def test_bodies_may_stand_inside_or_beside_but_not_both(self) -> None:
        hashes = BLOCK | {"transactions": [RECORD.body["hash"]]}
        beside = json.dumps({"block": {"result": hashes}, "transactions": [{"result": RECORD.body}]}).encode()
        assert fisco3.parse_block(beside).transactions == fisco3.parse_block(joined(BLOCK, [])).transactions
        with pytest.raises(Malformed):
            fisco3.parse_block(json.dumps({"block": BLOCK, "transactions": [RECORD.body]}).encode())

    def test_what_is_missing_is_none(self) -> None:
        bare = fisco3.parse_block(joined({k: v for k, v in BLOCK.items() if k != "transactions"}, None))
        assert (bare.transaction_hashes, bare.transactions, bare.receipts) == (None, None, None)
        empty = fisco3.parse_block(joined(FORGE.block(), []))
        assert (empty.transaction_hashes, empty.transactions, empty.receipts) == ((), (), ())

    def test_fields_that_nothing_covers_are_named(self) -> None:
        block, body, answer = deepcopy(BLOCK), deepcopy(RECORD.body), deepcopy(RECORD.answer)
        block["nonceList"] = block["signatureList"][0]["seen"] = block["parentInfo"][0]["time"] = 1
        body |= {"gasPrice": "1", "extraData": "", "attribute": 0, "type": 0}
        answer["logEntries"][0]["logIndex"] = 1
        answer |= {"effectiveGasPrice": "1", "\x1b[2J": 1}
        block["transactions"] = [body]
        assert set(fisco3.parse_block(joined(block, [answer])).unproven) == {
            "block.nonceList", "block.signatureList.seen", "block.parentInfo.time", "log.logIndex",
            "transaction.attribute", "transaction.extraData", "transaction.gasPrice", "transaction.importTime",
            "transaction.type", "receipt.effectiveGasPrice", "receipt.message", "receipt.(unprintable name)",
        }  # fmt: skip

    def test_fees_are_covered_from_the_version_on_that_hashes_them(self) -> None:
        entry = FORGE.record(version=2, value="1", gasPrice="", gasLimit=9, maxFeePerGas="", extension="0xab")
        answer = FORGE.hash_receipt(entry.answer | {"version": 1, "effectiveGasPrice": "5"})
        unproven = fisco3.parse_block(joined(FORGE.block([entry]), [answer])).unproven
        assert unproven == ("receipt.message", "transaction.importTime")

    def test_echoes_are_unproven_where_there_is_nothing_to_compare_them_with(self) -> None:
        hashes = BLOCK | {"transactions": [RECORD.body["hash"]]}
        bare = {k: v for k, v in BLOCK.items() if k != "transactions"}
        echoes = ("receipt.from", "receipt.input", "receipt.message", "receipt.to")
        assert fisco3.parse_block(joined(hashes, [RECORD.answer])).unproven == echoes
        assert fisco3.parse_block(joined(bare, [RECORD.answer])).unproven == (*echoes, "receipt.transactionHash")
