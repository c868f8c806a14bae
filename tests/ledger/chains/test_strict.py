"""The strict readers take one spelling of a value and answer everything else with Malformed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chains import fisco3, limits, strict
from ledger.errors import Malformed
from tests.support.blocks import Forge

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
READERS: dict[str, Callable[[Any], object]] = {
    "object": lambda value: strict.as_object(value, "w"),
    "list": lambda value: strict.as_list(value, "w", 3),
    "integer": lambda value: strict.integer({"n": value}, "n", "w"),
    "text": lambda value: strict.text(value, "w"),
    "decimal": lambda value: strict.decimal(value, "w"),
    "hex": lambda value: strict.hexadecimal(value, "w"),
    "hex 20": lambda value: strict.hexadecimal(value, "w", 20),
    "unwrapped": lambda value: strict.unwrapped(value, "w"),
    "header": lambda value: fisco3.parse_header(strict.as_object(value, "w")),
    "transaction": lambda value: fisco3.parse_transaction(strict.as_object(value, "w")),
    "receipt": lambda value: fisco3.parse_receipt(strict.as_object(value, "w")),
}


@pytest.mark.parametrize("reader", READERS)
@given(value=JSON)
def test_a_reader_answers_or_says_malformed(reader: str, value: object) -> None:
    refused = None
    try:
        READERS[reader](value)
    except Malformed as failure:
        refused = failure
    if refused:
        assert refused.code in {"shape", "limit"}
        assert len(refused.message) < 300


@given(st.binary(max_size=200))
def test_bytes_that_are_no_block_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        fisco3.parse_block(raw)


@given(JSON, JSON, JSON)
def test_json_that_is_no_block_is_malformed(block: object, receipts: object, transactions: object) -> None:
    raw = json.dumps({"block": block, "receipts": receipts, "transactions": transactions}).encode()
    with pytest.raises(Malformed):
        fisco3.parse_block(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"{}x",
        b'{"a":+1}',
        b'{"a":01}',
        b'{"a":1_0}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":"\\ud800"}',
        b"[]",
        b"1",
        b'"block"',
    ],
    ids=lambda raw: repr(raw[:14]),
)
def test_what_is_not_one_json_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        strict.document(raw, "document")


@pytest.mark.parametrize(
    "value", [True, False, 1.0, 1e300, float("inf"), float("nan"), "1", None, [1], 2**63, -(2**63) - 1]
)
def test_no_other_value_passes_for_an_integer(value: object) -> None:
    with pytest.raises(Malformed):
        strict.integer({"n": value}, "n", "w")


@pytest.mark.parametrize(
    "value", ["+1", "-1", "1_0", " 1", "1 ", "1\n", "01", "00", "1.0", "1e3", "0x1", "", "１", "1" * 21, 1, True, None]
)
def test_no_other_spelling_passes_for_a_decimal(value: object) -> None:
    with pytest.raises(Malformed):
        strict.decimal(value, "w")


@given(st.integers(0, 10**20 - 1))
def test_a_decimal_is_read_as_its_own_bytes(number: int) -> None:
    assert strict.decimal(str(number), "w") == str(number).encode()


@pytest.mark.parametrize(
    "value",
    ["A0", "0xA0", "0X10", "a", "0x0", "0x0x10", "g0", " a0", "a0 ", "a0\n", "１0", "+a", 10, None, b"a0", True],
)
def test_no_other_spelling_passes_for_hex(value: object) -> None:
    with pytest.raises(Malformed):
        strict.hexadecimal(value, "w")


@given(st.binary(max_size=40), st.booleans())
def test_hex_gives_the_bytes_of_that_length_only(data: bytes, prefixed: bool) -> None:
    printed = ("0x" if prefixed else "") + data.hex()
    assert strict.hexadecimal(printed, "w") == strict.hexadecimal(printed, "w", len(data)) == data
    with pytest.raises(Malformed):
        strict.hexadecimal(printed, "w", len(data) + 1)


@pytest.mark.parametrize("value", ["中", "\x7f", "a\nb", "\0", 1, None])
def test_text_is_printable_ascii(value: object) -> None:
    with pytest.raises(Malformed):
        strict.text(value, "w")


def test_a_list_has_a_limit() -> None:
    assert strict.as_list([1, 2, 3], "w", 3) == [1, 2, 3]
    with pytest.raises(Malformed) as refused:
        strict.as_list([1, 2, 3, 4], "w", 3)
    assert refused.value.code == "limit"


def test_an_error_never_repeats_a_large_value() -> None:
    for value in ("x" * 10**6, list(range(10**6)), {"a": "x" * 10**6}, 10**4000):
        with pytest.raises(Malformed) as refused:
            strict.hexadecimal(value, "block.hash")
        assert len(refused.value.message) < 200
        assert "block.hash" in refused.value.message


def test_an_answer_may_come_in_its_envelope() -> None:
    assert strict.unwrapped({"jsonrpc": "2.0", "id": 1, "result": {"a": 1}}, "w") == {"a": 1}
    for answer in ({"result": None}, {"result": [1]}, {"error": {"code": -1}, "result": None}):
        with pytest.raises(Malformed):
            strict.unwrapped(answer, "w")


def test_the_limit_on_bytes_comes_before_any_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BLOCK_BYTES", 10)
    with pytest.raises(Malformed) as refused:
        fisco3.parse_block(b"[" * 11)
    assert refused.value.code == "limit"


@pytest.mark.parametrize("name", ["MAX_TRANSACTIONS", "MAX_LOGS", "MAX_SEALERS", "MAX_TOPICS"])
def test_every_list_has_its_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge()
    document = forge.document([forge.record(), forge.record()])
    fisco3.parse_block(document)
    monkeypatch.setattr(limits, name, 0 if name == "MAX_LOGS" else 1)
    with pytest.raises(Malformed) as refused:
        fisco3.parse_block(document)
    assert refused.value.code == "limit"


@pytest.mark.parametrize(
    "raw", [b'{"a":1e400}', b'{"a":1.5}', b'{"a":[{"b":-2E3}]}', b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":' + b"[" * 9999]
)
def test_an_exact_document_holds_no_float_and_no_name_twice(raw: bytes) -> None:
    with pytest.raises(Malformed):
        strict.document(raw, "document")


def test_an_exact_document_is_read_as_it_stands() -> None:
    assert strict.document(b'{"a":[1,-2,"3.5",{"a":null}]}', "document") == {"a": [1, -2, "3.5", {"a": None}]}
