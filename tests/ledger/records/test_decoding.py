"""Decoding: canonical payloads of each kind's shape come through, the rest is kept with a reason, nothing raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.finding import Code
from ledger.records import KINDS, Payload, Undecoded, canonical, decode
from tests.support.ledger_book import admitted, invoice, plan

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
GOOD = canonical({"v": 1, **invoice("i")})


def changed(**changes: object) -> Undecoded | Payload:
    return decode("invoice.registered", canonical({"v": 1, **invoice("i"), **changes}))


@given(st.sampled_from(sorted({kind for kind, _ in KINDS})), st.binary())
def test_bytes_never_raise(kind: str, raw: bytes) -> None:
    assert isinstance(decode(kind, raw), Undecoded)


@given(st.sampled_from(sorted({kind for kind, _ in KINDS})), JSON)
def test_values_never_raise(kind: str, value: object) -> None:
    try:
        raw = canonical(value)
    except ValueError:  # a lone surrogate
        return
    assert isinstance(decode(kind, raw), Undecoded)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_never_raises(at: int, byte: int) -> None:
    decode("invoice.registered", GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])


@pytest.mark.parametrize(
    "raw",
    [
        GOOD.replace(b",", b", ", 1),
        GOOD + b"\n",
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b'"v":1', b'"v":1,"v":1'),
        GOOD.replace("钢材".encode(), json.dumps("钢材").strip('"').encode()),
        json.dumps(json.loads(GOOD), ensure_ascii=False, separators=(",", ":"), sort_keys=True)[::-1].encode(),
        b"[" * 100_000,
        b"9" * 5_000,
        b'{"v":1' + b"0" * 5_000 + b"}",
        b'{"v":NaN}',
        '{"v":"\ud800"}'.encode("utf-8", "surrogatepass"),
        b'{"v":"\\ud800"}',
    ],
    ids=[
        "space",
        "newline",
        "bom",
        "twice",
        "escaped",
        "reversed",
        "deep",
        "long",
        "huge",
        "nan",
        "half",
        "escaped-half",
    ],
)
def test_one_form_only(raw: bytes) -> None:
    found = decode("invoice.registered", raw)
    assert isinstance(found, Undecoded)
    assert found.code is Code.MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"v": True},
        {"v": 1.0},
        {"v": "1"},
        {"tax": 13_000.0},
        {"tax": "13000"},
        {"tax": True},
        {"tax": 10**14 + 1},
        {"issued": "2026-1-4"},
        {"issued": "20260104"},
        {"issued": "2026-W01-7"},
        {"issued": "2026-01-04T00:00:00"},
        {"issued": 1767484800},
        {"invoice": ""},
        {"invoice": "x" * 121},
        {"invoice": "a\nb"},
        {"invoice": "a\u0000b"},
        {"type": "Digital"},
        {"extra": 1},
        {"goods": None},
        {"refers_to": "i"},
    ],
)
def test_strict_values(changes: dict[str, object]) -> None:
    assert isinstance(changed(), Payload)
    found = changed(**changes)
    assert isinstance(found, Undecoded), found
    assert found.code is Code.MALFORMED


@pytest.mark.parametrize("rate", ["5e-2", ".05", "0.05 ", "+0.05", "-0.05", "00.05", "0.0000000000001", 0.05, "٠.٥"])
def test_strict_rates(rate: object) -> None:
    established = plan("p")
    established["tranches"][0]["rate"] = rate
    assert isinstance(decode("plan.established", canonical({"v": 1, **established})), Undecoded)


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-05T01:00:00",
        "2026-01-05T01:00:00+08:00",
        "2026-01-05 01:00:00Z",
        "2026-02-30T01:00:00Z",
        "2026-01-05T24:00:00Z",  # Python took it for the next midnight from 3.14 on
        "2026-01-05T29:00:00Z",
        "2026-01-05T01:60:00Z",
        "2026-01-05T23:59:60Z",
    ],
)
def test_strict_instants(at: str) -> None:
    checked = {"v": 1, "invoice": "i", "verifier": "v", "result": "consistent", "tax_authority_amount": 1}
    assert isinstance(decode("invoice.verified", canonical({**checked, "checked_at": "2026-01-05T01:00:00Z"})), Payload)
    assert isinstance(decode("invoice.verified", canonical({**checked, "checked_at": at})), Undecoded)


def test_names_that_could_meet_are_refused() -> None:
    established = plan("p")
    established["tranches"][1]["tranche"] = "A"
    assert isinstance(decode("plan.established", canonical({"v": 1, **established})), Undecoded)
    assert isinstance(decode("plan.established", canonical({"v": 1, **plan("p")})), Payload)
    assert isinstance(decode("plan.established", canonical({"v": 1, **plan("p/1")})), Undecoded)
    twice = {**admitted("m", ["bank", "bank"]), "v": 1}
    assert isinstance(decode("member.admitted", canonical(twice)), Undecoded)


def test_reasons_name_the_field() -> None:
    found = changed(tax="1")
    assert isinstance(found, Undecoded)
    assert found.reason.startswith("tax: ")


def test_reasons_can_be_kept_and_shown() -> None:
    found = changed(**{"x\0" + "y" * 5_000: 1})
    assert isinstance(found, Undecoded)
    assert found.reason.isprintable()
    assert len(found.reason) < 300


@pytest.mark.parametrize("at", ["2026-01-05T00:00:00Z", "2026-01-05T19:59:59Z", "2026-01-05T23:59:59Z"])
def test_instants_of_a_day(at: str) -> None:
    checked = {"v": 1, "invoice": "i", "verifier": "v", "result": "consistent", "tax_authority_amount": 1}
    assert isinstance(decode("invoice.verified", canonical({**checked, "checked_at": at})), Payload)


MEMBER_KINDS = {
    "member.admitted": admitted("m", ["bank"]),
    "member.updated": {"member": "m"},
    "member.key_rotated": {"member": "m", "address": f"0x{'0' * 40}"},
}


@pytest.mark.parametrize("kind", MEMBER_KINDS)
@pytest.mark.parametrize("text", ["a\0b", "a\x1bb", "a\x85b", "a\u2028b"])
def test_a_certificate_can_be_shown(kind: str, text: str) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    for lawful in (pem, pem.replace("\n", "\r\n"), "MIIB", None):
        assert isinstance(decode(kind, canonical({**MEMBER_KINDS[kind], "v": 1, "certificate": lawful})), Payload)
    assert isinstance(decode(kind, canonical({**MEMBER_KINDS[kind], "v": 1, "certificate": text})), Undecoded)
