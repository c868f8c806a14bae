"""The hashed bytes parted anywhere, by exhaustion and at random: no other reading of them may pass."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from ledger.chains import fisco3
from ledger.contracts import RECORD, canonical, two_strings
from ledger.errors import LedgerError, Malformed
from tests.support import preimages
from tests.support.blocks import BOOK, CHAIN, GROUP, Entry, Forge, hexed
from tests.support.preimages import unhex

if TYPE_CHECKING:
    from ledger.contracts import RecordedEvent

FORGE = Forge()
ANCHOR, REGISTRY = FORGE.anchor(), FORGE.registry()
CUTS = 1500
SHORT_NONCE = "0x12"  # from 3.3 on the nonce is any bytes, printed in hex
TOPIC, BOOK_TEXT = FORGE.crypto.digest(b"Recorded(address,string,bytes)"), BOOK.hex().encode()


def log_bytes(log: dict[str, Any]) -> bytes:
    return log["address"].encode() + b"".join(map(unhex, log["topics"])) + unhex(log["data"])


FEES = {"value": "", "gasPrice": "", "gasLimit": 0x3030303030303030, "maxFeePerGas": "", "maxPriorityFeePerGas": ""}


def read(body: dict[str, Any], answer: dict[str, Any]) -> list[RecordedEvent]:
    """What the procedure reads from one transaction and receipt after their hashes held."""
    transaction, receipt = fisco3.parse_transaction(body), fisco3.parse_receipt(answer)
    if receipt.status == 0 and (transaction.to is None) != (receipt.contract is not None):
        raise Malformed("deployment", "as step 7 does")
    if (transaction.chain, transaction.group) != (CHAIN, GROUP):
        raise Malformed("wrong-chain", "as step 6 does")
    return REGISTRY.read(0, transaction, receipt, FORGE.sender)[0]


def same_or_refused(body: dict[str, Any], answer: dict[str, Any], honest: list[RecordedEvent]) -> bool:
    """Tell whether the reading was refused; fails when it passed and says anything else than the honest one."""
    try:
        told = read(body, answer)
    except LedgerError:
        return True
    assert told == honest, (body, answer)
    return False


TWO_RECORDS = Entry(
    FORGE.record().body,
    FORGE.receipt(
        FORGE.record().body, logs=[FORGE.recorded(b"k", b"0x12abcdef"), FORGE.recorded(b"", BOOK_TEXT + TOPIC)]
    ),
)


@pytest.mark.parametrize("honest", [FORGE.record(), TWO_RECORDS], ids=["one record", "two records"])
def test_no_cut_of_a_receipt_gives_another_reading(honest: Entry) -> None:
    """Every place where output and log, log and log, topics and data could be parted."""
    told = read(honest.body, honest.answer)
    blob = b"".join(log_bytes(log) for log in honest.answer["logEntries"])

    def logs_at(begins: list[int], topics: int) -> list[dict[str, Any]]:
        found = []
        for begin, end in pairwise([*begins, len(blob)]):
            words = [hexed(blob[at : at + 32]) for at in range(begin + 40, begin + 40 + 32 * topics, 32)]
            if begin + 40 + 32 * topics > end:
                return []
            found.append(
                {
                    "address": "0x" + blob[begin : begin + 40].decode("latin-1"),
                    "topics": words,
                    "data": hexed(blob[begin + 40 + 32 * topics : end]),
                }
            )
        return found

    cuts = [[at] for at in range(len(blob))] + [[0, at] for at in range(1, len(blob))]
    tried = 0
    for begins in cuts:
        for topics in range(5):
            logs = logs_at(begins, topics)
            if not logs:
                continue
            answer = honest.answer | {"output": hexed(blob[: begins[0]]), "logEntries": logs}
            assert preimages.receipt(answer) == preimages.receipt(honest.answer)
            tried += same_or_refused(honest.body, answer, told)
    assert tried > 1000
    assert same_or_refused(honest.body, honest.answer | {"output": hexed(blob), "logEntries": []}, told)


def near(draw: random.Random, true: int, low: int, high: int) -> int:
    """A cut between low and high: the true one, one beside it, or anywhere."""
    chosen = draw.choice((true, true, true + draw.randint(-3, 3), draw.randint(low, max(low, high))))
    return min(max(chosen, low), max(low, high))


def text(raw: bytes) -> str:
    return raw.decode("latin-1")


def cut_receipt(draw: random.Random, answer: dict[str, Any]) -> dict[str, Any]:
    """The same bytes with gas, contract, status, output, price and logs parted elsewhere."""
    blob = preimages.receipt(answer)[4:-8]
    gas = near(draw, len(answer["gasUsed"]), 1, 20)
    contract = gas + draw.choice((0, 0, 40))
    output = contract + 4
    price = near(draw, output, output, len(blob))
    logs_begin = near(draw, price + len(answer["effectiveGasPrice"]), price, len(blob)) if answer["version"] else price
    begins = [logs_begin] if logs_begin + 40 <= len(blob) else []
    while begins and begins[-1] + 80 <= len(blob) and draw.random() < 0.6:
        true = blob.find(BOOK_TEXT, begins[-1] + 1)
        begins.append(near(draw, true, begins[-1] + 40, len(blob) - 40))
    logs = []
    for begin, end in pairwise([*begins, len(blob)]):
        body = blob[begin + 40 : end]
        words = min(near(draw, 2, 0, 4), len(body) // 32)
        topics = [hexed(body[at : at + 32]) for at in range(0, 32 * words, 32)]
        logs.append(
            {"address": "0x" + text(blob[begin : begin + 40]), "topics": topics, "data": hexed(body[32 * words :])}
        )
    if not begins:
        price, logs_begin = (price, len(blob)) if answer["version"] else (len(blob), len(blob))
    return answer | {
        "gasUsed": text(blob[:gas]),
        "contractAddress": "0x" * (contract > gas) + text(blob[gas:contract]),
        "status": int.from_bytes(blob[contract:output], signed=True),
        "output": hexed(blob[output:price]),
        "effectiveGasPrice": text(blob[price:logs_begin]),
        "logEntries": logs,
    }


@pytest.mark.parametrize("price", [None, "", "0x1", "77"])
def test_no_random_cut_of_a_receipt_gives_another_reading(price: str | None) -> None:
    draw = random.Random(1)
    fields = {"version": 0, "effectiveGasPrice": ""} if price is None else {"version": 1, "effectiveGasPrice": price}
    logs = [FORGE.recorded(b"k", b"p"), FORGE.recorded(b"k2", b"0" * 64)]
    answer = FORGE.receipt(TWO_RECORDS.body, logs=logs, **fields)
    told = read(TWO_RECORDS.body, answer)
    assert len(told) == 2
    refused = 0
    for _ in range(CUTS):
        other = cut_receipt(draw, answer)
        assert preimages.receipt(other) == preimages.receipt(answer)
        refused += same_or_refused(TWO_RECORDS.body, other, told)
    assert CUTS / 2 < refused < CUTS


def cut_transaction(draw: random.Random, honest: dict[str, Any], nonce_bytes: bytes) -> dict[str, Any]:
    """The same bytes with every boundary between version and extension elsewhere."""
    version, blob = honest["version"], preimages.transaction(honest, nonce_bytes)[4:]
    group = near(draw, len(CHAIN + GROUP), 0, 24)
    chain = near(draw, len(CHAIN), 0, group)
    nonce = group + 8
    to = near(draw, len(CHAIN + GROUP) + 8 + len(nonce_bytes), nonce, nonce + 100)
    call = to + draw.choice((42, 42, 0))
    end = near(draw, len(CHAIN + GROUP) + 50 + len(nonce_bytes) + len(unhex(honest["input"])), call, len(blob) - 8)
    other = honest | {
        "chainID": text(blob[:chain]),
        "groupID": text(blob[chain:group]),
        "blockLimit": int.from_bytes(blob[group:nonce], signed=True),
        "nonce": hexed(blob[nonce:to]),
        "to": text(blob[to:call]),
        "input": hexed(blob[call : end if version else len(blob)]),
    }
    if version:
        value = near(draw, end + len(honest["value"]), end, len(blob) - 8)
        price = near(draw, value, value, len(blob) - 8)
        fee = near(draw, price + 8, price + 8, len(blob)) if version == 2 else len(blob)
        other |= {
            "value": text(blob[end:value]),
            "gasPrice": text(blob[value:price]),
            "gasLimit": int.from_bytes(blob[price : price + 8], signed=True),
            "maxFeePerGas": text(blob[price + 8 : fee]),
            "extension": hexed(blob[fee:]),
        }
    assert preimages.transaction(other, blob[nonce:to])[4:] == blob
    return other


@pytest.mark.parametrize(
    "raw_nonce", [None, b"\x12", b"\xff" * 32, b"ab-cd" * 8], ids=["decimal", "short", "long", "word"]
)
@pytest.mark.parametrize("version", [0, 1, 2])
def test_no_random_cut_of_a_transaction_gives_another_reading(version: int, raw_nonce: bytes | None) -> None:
    draw = random.Random(2)
    fees = FEES | {"value": "0x1"} if version else {}
    printed = {} if raw_nonce is None else {"nonce": hexed(raw_nonce), "raw_nonce": raw_nonce}
    honest = FORGE.record(version=version, **fees, **({"extension": "0xabcdef"} if version == 2 else {}), **printed)
    told = read(honest.body, honest.answer)
    assert [event.echoed for event in told] == [True]
    refused = 0
    for _ in range(CUTS):
        other = cut_transaction(draw, honest.body, raw_nonce or honest.body["nonce"].encode())
        refused += same_or_refused(other, honest.answer, told)
    assert CUTS / 2 < refused < CUTS


class TestEncodings:
    @given(st.binary(max_size=100), st.binary(max_size=100), st.binary(max_size=40))
    def test_the_quick_decoder_agrees_with_the_library(self, first: bytes, second: bytes, behind: bytes) -> None:
        data = abi_encode(("bytes", "bytes"), (first, second))
        assert two_strings(data) == canonical(("bytes", "bytes"), data) == (first, second)
        assert canonical(("bytes", "bytes"), data + behind) == (first, second)
        assert two_strings(data + behind) == (None if behind else (first, second))

    @given(st.binary(max_size=64), st.binary(max_size=64), st.data())
    def test_an_altered_encoding_is_another_value_or_none(
        self, first: bytes, second: bytes, data: st.DataObject
    ) -> None:
        good = bytearray(abi_encode(("bytes", "bytes"), (first, second)))
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] ^= data.draw(st.integers(1, 255))
        quick = two_strings(bytes(good))
        assert quick != (first, second)
        if quick is not None:
            assert abi_encode(("bytes", "bytes"), quick) == bytes(good)

    @given(st.binary(max_size=300))
    def test_any_bytes_are_an_encoding_or_none(self, data: bytes) -> None:
        assert two_strings(data) is None or abi_encode(("bytes", "bytes"), two_strings(data) or ()) == data
        assert RECORD.arguments(data, FORGE.crypto) is None
        RECORD.arguments(RECORD.selector(FORGE.crypto) + data, FORGE.crypto)

    @pytest.mark.parametrize("offset", [0, 32, 96, 2**255, 2**64])
    def test_hostile_offsets_and_lengths(self, offset: int) -> None:
        for place in (0, 1, 2, 4):
            data = bytearray(abi_encode(("bytes", "bytes"), (b"a" * 31, b"b" * 31)))
            data[32 * place : 32 * place + 32] = offset.to_bytes(32)
            for values in (two_strings(bytes(data)), canonical(("bytes", "bytes"), bytes(data))):
                assert values is None or data.startswith(abi_encode(("bytes", "bytes"), values))
