"""Signed notes: published ones read and written byte for byte, both algorithms, and what must be refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Malformed, ProofFailed
from ledger.signed_note import Ed25519NoteSigner, Note, Signature, SM2NoteSigner, VerifierKey
from ledger.sm_backends import backend
from ledger.suites import SM2Key, sm2_z, sm3

# From the documentation and tests of golang.org/x/mod/sumdb/note.
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PUBLISHED = f"{TEXT}\n{PETER_LINE}".encode()
SUM_DATABASE = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

NAME = "glasspool/ledger/test"
SM2 = SM2NoteSigner(name=NAME, key=SM2Key(secret=0x1234567))
ED25519 = Ed25519NoteSigner(name=NAME, seed=bytes(range(32)))
BOTH = (SM2, ED25519)
NOTE = Note.sign("a\nb\n", BOTH)


def test_the_published_note_is_read_verified_and_signed_again() -> None:
    key = VerifierKey.parse(PETER_KEY)
    note = Note.parse(PUBLISHED)
    assert note.signers([key]) == (key,)
    assert bytes(note) == PUBLISHED
    assert bytes(Note.sign(TEXT, [Ed25519NoteSigner(name="PeterNeumann", seed=PETER_SEED)])) == PUBLISHED


@pytest.mark.parametrize("text", [PETER_KEY, SUM_DATABASE, str(SM2.verifier), str(ED25519.verifier)])
def test_a_verifier_key_is_written_as_it_was_read(text: str) -> None:
    assert str(VerifierKey.parse(text)) == text


def test_an_sm2_key_has_the_type_of_what_is_not_assigned() -> None:
    name, key_id, encoded = str(SM2.verifier).split("+", 2)
    raw = base64.b64decode(encoded)
    assert raw == b"\xffglasspool/sm2-sm3:" + SM2.key.public_key
    assert key_id == hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]


def test_an_sm2_line_is_an_ordinary_signature_of_the_text() -> None:
    line = NOTE.signatures[0]
    signature, key = line.signature, SM2.key.public_key
    assert len(signature) == 64
    assert backend("gmssl").verify(key, NOTE.text.encode(), signature)
    assert len(sm3(sm2_z(key), NOTE.text.encode())) == 32


def test_either_line_alone_is_enough_and_others_are_ignored() -> None:
    keys = [signer.verifier for signer in BOTH]
    assert NOTE.signers(keys) == tuple(keys)
    for signer in BOTH:
        assert NOTE.signers([signer.verifier]) == (signer.verifier,)
    stranger = Ed25519NoteSigner(name=NAME, seed=bytes(32)).verifier
    assert NOTE.signers([stranger]) == ()
    unknown = replace(NOTE.signatures[0], name="a.witness/unknown")
    other_id = replace(NOTE.signatures[0], key_id=b"\0\0\0\0", signature=b"anything")
    assert replace(NOTE, signatures=(unknown, other_id, *NOTE.signatures)).signers(keys) == tuple(keys)


@given(st.sampled_from([0, 1]), st.integers(0, 63), st.integers(1, 255))
def test_a_changed_signature_refuses_the_whole_note(line: int, at: int, bits: int) -> None:
    lines = list(NOTE.signatures)
    changed = bytearray(lines[line].signature)
    changed[at] ^= bits
    lines[line] = replace(lines[line], signature=bytes(changed))
    with pytest.raises(ProofFailed) as failed:
        replace(NOTE, signatures=tuple(lines)).signers([signer.verifier for signer in BOTH])
    assert failed.value.code == "note-signature"


@pytest.mark.parametrize("signature", [b"x", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_a_signature_that_can_be_none_is_refused_and_no_fault(signature: bytes) -> None:
    for line, signer in zip(NOTE.signatures, BOTH, strict=True):
        with pytest.raises(ProofFailed):
            replace(NOTE, signatures=(replace(line, signature=signature),)).signers([signer.verifier])


def test_a_changed_text_is_refused() -> None:
    for text in ("a\nc\n", "a\nb\n\n", "A\nb\n"):
        with pytest.raises(ProofFailed):
            replace(NOTE, text=text).signers([SM2.verifier])


def test_a_second_line_of_a_known_key_must_hold_as_well() -> None:
    good = NOTE.signatures[0]
    bad = replace(good, signature=bytes(64))
    for lines in ((good, bad), (bad, good)):
        with pytest.raises(ProofFailed):
            replace(NOTE, signatures=lines).signers([SM2.verifier])


LINE = PETER_LINE.encode()
BLOB = LINE.split(b" ")[2].strip()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\n",
        b"\n\n" + LINE,
        TEXT.encode(),
        TEXT.encode() + LINE,
        TEXT.encode() + b"\n",
        TEXT.encode() + b"\n" + LINE[:-1],
        TEXT.encode() + b"\n" + LINE + b"\n",
        TEXT.encode() + b"\n" + LINE + b"more\n",
        TEXT.encode() + b"\r\n\r\n" + LINE,
        TEXT.encode() + b"\t\n\n" + LINE,
        TEXT.encode() + b"\0\n\n" + LINE,
        TEXT.encode() + b"\xff\n\n" + LINE,
        TEXT.encode() + b"\xed\xa0\x80\n\n" + LINE,
        TEXT.encode() + b"\n- PeterNeumann " + BLOB + b"\n",
        TEXT.encode() + "\n— Peter Neumann ".encode() + BLOB + b"\n",
        TEXT.encode() + "\n— Peter\u00a0Neumann ".encode() + BLOB + b"\n",
        TEXT.encode() + "\n— Peter+Neumann ".encode() + BLOB + b"\n",
        TEXT.encode() + "\n—  ".encode() + BLOB + b"\n",
        TEXT.encode() + "\n— PeterNeumann  ".encode() + BLOB + b"\n",
        TEXT.encode() + "\n— PeterNeumann ".encode() + BLOB + b" \n",
        TEXT.encode() + "\n— PeterNeumann x08gow==\n".encode(),
        TEXT.encode() + "\n— PeterNeumann x08goxx=\n".encode(),
        TEXT.encode() + "\n— PeterNeumann x08g-_xx\n".encode(),
        TEXT.encode() + "\n— PeterNeumann x08goxx\n".encode(),
        TEXT.encode() + "\n— PeterNeumann \n".encode(),
        TEXT.encode() + b"\n" + LINE * 101,
        b"x" * (256 * 1024) + PUBLISHED,
    ],
)
def test_what_is_no_note_is_refused(document: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        Note.parse(document)
    assert refused.value.code == "note"


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = Note.parse(b"a\n\nb\n\n\n" + LINE)
    assert note.text == "a\n\nb\n\n"
    assert bytes(note) == b"a\n\nb\n\n\n" + LINE


def test_sixteen_long_signatures_are_accepted() -> None:
    long = Signature(name="post.quantum", key_id=b"abcd", signature=bytes(5_000))
    note = replace(NOTE, signatures=(long,) * 16 + NOTE.signatures)
    assert Note.parse(bytes(note)) == note
    assert note.signers([SM2.verifier]) == (SM2.verifier,)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_note_or_refused(document: bytes) -> None:
    try:
        note = Note.parse(document)
    except Malformed:
        return
    assert bytes(note) == document


@pytest.mark.parametrize(
    "key",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        PETER_KEY.replace("c74f20a3", "c74f20a4"),
        PETER_KEY.replace("c74f20a3", "C74F20A3"),
        PETER_KEY.replace("Peter", "Pieter"),
        PETER_KEY.replace("Peter", "Peter "),
        PETER_KEY + "BADKEY==",
        PETER_KEY + "\n",
        PETER_KEY[:-1],
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+!!!!",
    ],
)
def test_what_is_no_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(Malformed) as refused:
        VerifierKey.parse(key)
    assert refused.value.code == "verifier-key"


def test_a_point_beside_the_curve_is_no_key() -> None:
    point = SM2.key.public_key
    with pytest.raises(ValueError, match="no point"):
        replace(SM2.verifier, public_key=point[:-1] + bytes([point[-1] ^ 1]))
    with pytest.raises(ValueError, match="Ed25519"):
        replace(ED25519.verifier, public_key=b"\xff" * 32)


def test_a_signer_whose_halves_do_not_belong_together_signs_nothing() -> None:
    class Mixed:
        verifier = SM2NoteSigner(name=NAME, key=SM2Key(secret=7)).verifier
        sign = staticmethod(SM2.sign)

    with pytest.raises(ProofFailed, match="does not hold"):
        Note.sign("a\n", [Mixed()])


@pytest.mark.parametrize("text", ["", "a", "a\r\n", "a\x1b[0m\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises((Malformed, ValueError)):
        Note.sign(text, BOTH)


def test_a_note_without_signers_is_not_made() -> None:
    with pytest.raises((Malformed, ValueError)):
        Note.sign("a\n", [])
