"""What is read from a registered contract, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from ledger.chains import fisco3
from ledger.contracts import RECORD, RECORDED, RecordedEvent, Registry, record_call, record_log
from ledger.errors import LedgerError
from ledger.suites import suite
from tests.support.blocks import BOOK, OTHER, Entry, Forge, hexed

FORGE = Forge()
REGISTRY = FORGE.registry()
BODY = FORGE.record().body


def read(
    entry: Entry, registry: Registry = REGISTRY, signer: bytes | None = FORGE.sender
) -> tuple[list[RecordedEvent], int]:
    return registry.read(5, fisco3.parse_transaction(entry.body), fisco3.parse_receipt(entry.answer), signer)


def code(entry: Entry, registry: Registry = REGISTRY) -> str:
    with pytest.raises(LedgerError) as refused:
        read(entry, registry)
    return refused.value.code


@given(kind=st.text(max_size=20), payload=st.binary(max_size=100))
def test_a_record_says_what_was_recorded(kind: str, payload: bytes) -> None:
    (event,), unproven = read(FORGE.record(kind.encode(), payload))
    assert (event.kind, event.payload, event.contract, unproven) == (kind, payload, BOOK, 0)
    assert (event.transaction_index, event.log_index, event.echoed) == (5, 0, True)
    assert event.sender == event.signer == FORGE.sender
    assert hexed(event.transaction_hash) == FORGE.record(kind.encode(), payload).body["hash"]


@given(kind=st.text(max_size=20), payload=st.binary(max_size=60))
def test_what_the_consortium_writes_is_what_is_read(kind: str, payload: bytes) -> None:
    for name in ("sm", "ecdsa"):
        forge = Forge("sm" if name == "sm" else "ecdsa")
        topics, data = record_log(forge.crypto, forge.sender, kind, payload)
        assert (BOOK, list(topics), data) == forge.recorded(kind.encode(), payload)
        assert hexed(record_call(forge.crypto, kind, payload)) == forge.record(kind.encode(), payload).body["input"]


def test_selector_and_topic_follow_the_suite() -> None:
    # Keccak's are what any Ethereum tool computes for these signatures.
    assert RECORDED.topic(suite("ecdsa")) == Forge("ecdsa").crypto.digest(b"Recorded(address,string,bytes)")
    assert RECORD.selector(suite("sm")) != RECORD.selector(suite("ecdsa"))
    assert len(RECORD.selector(suite("sm"))) == 4


def test_a_kind_that_is_no_text_is_kept_readable() -> None:
    (event,), _ = read(FORGE.record(b"\xff\xfea"))
    assert event.kind == "\\xff\\xfea"


class TestEcho:
    """The event must repeat what the signer signed: that the contract really did so is not proved by any hash."""

    def echoed(self, answer_logs: list[tuple[bytes, list[bytes], bytes]], signer: bytes = FORGE.sender) -> list[bool]:
        entry = Entry(BODY, FORGE.receipt(BODY, logs=answer_logs))
        return [event.echoed for event in read(entry, signer=signer)[0]]

    def test_the_same(self) -> None:
        assert self.echoed([FORGE.recorded(b"test.kind", b'{"v":1}')]) == [True]

    def test_another_payload_kind_or_sender(self) -> None:
        assert self.echoed([FORGE.recorded(b"test.kind", b'{"v":2}')]) == [False]
        assert self.echoed([FORGE.recorded(b"test.kine", b'{"v":1}')]) == [False]
        assert self.echoed([FORGE.recorded(b"test.kind", b'{"v":1}', OTHER)]) == [False]
        assert self.echoed([FORGE.recorded(b"test.kind", b'{"v":1}')], signer=OTHER) == [False]

    def test_bytes_behind_the_arguments_change_nothing(self) -> None:
        """Neither does the contract read them, and in a version with fees nobody can tell where they end."""
        call = FORGE.selector("record(string,bytes)") + abi_encode(("bytes", "bytes"), (b"k", b"p"))
        body = FORGE.transaction(to=BOOK, call=call + b"behind")
        (event,), _ = read(Entry(body, FORGE.receipt(body, logs=[FORGE.recorded(b"k", b"p")])))
        assert event.echoed

    def test_arguments_in_another_encoding_are_no_echo(self) -> None:
        """Offsets may point anywhere; the one canonical encoding is asked for, so that there is one to compare."""
        words = [0x60, 0x40, 1, 1]
        call = (
            FORGE.selector("record(string,bytes)")
            + b"".join(word.to_bytes(32) for word in words)
            + b"k".ljust(32, b"\0")
        )
        body = FORGE.transaction(to=BOOK, call=call)
        (event,), _ = read(Entry(body, FORGE.receipt(body, logs=[FORGE.recorded(b"k", b"p")])))
        assert not event.echoed


class TestRefused:
    def entry(self, **result: object) -> Entry:
        return Entry(BODY, FORGE.receipt(BODY, **result))  # type: ignore[arg-type]

    def test_an_output(self) -> None:
        assert code(self.entry(output=b"\0", logs=[FORGE.recorded(b"k", b"p")])) == "output-split"

    def test_a_log_of_another_contract(self) -> None:
        _, topics, data = FORGE.recorded(b"k", b"p")
        assert code(self.entry(logs=[FORGE.recorded(b"k", b"p"), (OTHER, topics, data)])) == "log-foreign"
        both = Registry(FORGE.crypto, frozenset({BOOK, OTHER}))
        assert code(self.entry(logs=[(OTHER, topics, data)]), both) == "log-foreign"

    @pytest.mark.parametrize("topics", [0, 1, 3])
    def test_another_number_of_topics(self, topics: int) -> None:
        address, both, data = FORGE.recorded(b"k", b"p")
        assert code(self.entry(logs=[(address, (both * 2)[:topics], data)])) == "log-split"

    def test_another_event(self) -> None:
        address, topics, data = FORGE.recorded(b"k", b"p")
        assert code(self.entry(logs=[(address, [bytes(32), topics[1]], data)])) == "log-split"

    def test_a_sender_that_is_no_address(self) -> None:
        address, topics, data = FORGE.recorded(b"k", b"p")
        assert code(self.entry(logs=[(address, [topics[0], b"\1" + topics[1][1:]], data)])) == "log-split"

    @pytest.mark.parametrize("data", [b"", bytes(32), bytes(128), bytes.fromhex("40".rjust(64, "0")) * 4])
    def test_data_in_another_encoding(self, data: bytes) -> None:
        address, topics, _ = FORGE.recorded(b"k", b"p")
        assert code(self.entry(logs=[(address, topics, data)])) == "log-split"

    def test_bytes_behind_the_data(self) -> None:
        address, topics, data = FORGE.recorded(b"k", b"p")
        for behind in (b"\0", bytes(32), b"0x1"):
            assert code(self.entry(logs=[(address, topics, data + behind)])) == "log-split"

    def test_a_dirty_padding(self) -> None:
        address, topics, data = FORGE.recorded(b"k", b"p")
        assert code(self.entry(logs=[(address, topics, data[:-1] + b"\1")])) == "log-split"


class TestNotEvidence:
    """Kept and counted, never read: there is more than one way to split them, or nobody answers for them."""

    LOG = FORGE.recorded(b"k", b"p")

    def test_a_record_whose_signature_could_not_be_checked(self) -> None:
        assert read(FORGE.record(), signer=None) == ([], 1)

    def test_a_call_of_another_function(self) -> None:
        assert read(FORGE.call(to=BOOK, call=b"abcd", logs=[self.LOG])) == ([], 1)
        assert read(FORGE.call(to=BOOK, call=b"", output=b"abc")) == ([], 0)

    def test_a_call_of_another_contract(self) -> None:
        assert read(FORGE.call(to=OTHER, call=unhexed(BODY["input"]), logs=[self.LOG, self.LOG])) == ([], 2)

    def test_a_deployment(self) -> None:
        assert read(FORGE.call(to=None, call=b"`", logs=[self.LOG], contractAddress=BOOK.hex())) == ([], 1)

    def test_nothing_registered(self) -> None:
        assert read(FORGE.record(), Registry(FORGE.crypto, frozenset())) == ([], 0)

    def test_a_failed_call(self) -> None:
        assert read(Entry(BODY, FORGE.receipt(BODY, status=16, logs=[self.LOG]))) == ([], 0)

    def test_a_call_that_recorded_nothing(self) -> None:
        assert read(Entry(BODY, FORGE.receipt(BODY))) == ([], 0)


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_several_records_of_one_call_keep_their_places() -> None:
    entry = Entry(BODY, FORGE.receipt(BODY, logs=[FORGE.recorded(b"k", bytes([at])) for at in range(3)]))
    events, _ = read(entry)
    assert [(event.log_index, event.payload) for event in events] == [(0, b"\0"), (1, b"\1"), (2, b"\2")]


def _bytes(log: dict[str, Any]) -> list[bytes]:
    """A log's part of the preimage."""
    return [log["address"].removeprefix("0x").encode(), *map(unhexed, log["topics"]), unhexed(log["data"])]


def test_a_receipt_that_names_a_record_book_is_noticed_wherever_it_does() -> None:
    log = FORGE.record().answer
    hidden = log | {"logEntries": [], "output": "0x" + b"".join(_bytes(log["logEntries"][0])).hex()}
    for answer in (log, hidden):
        assert REGISTRY.mentioned(fisco3.parse_receipt(answer))
    assert not REGISTRY.mentioned(fisco3.parse_receipt(FORGE.call(to=bytes(20), call=b"").answer))
