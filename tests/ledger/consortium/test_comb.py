"""The table gives the very points and signatures that the engines give."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.consortium.comb import Comb
from ledger.sm_backends import G, N, P, backend
from ledger.suites import SM, SM2Key

engine = backend()
comb = Comb(engine)


@given(st.integers(1, N - 1))
@example(1)
@example(2)
@example(255)
@example(256)
@example(257)
@example(2**255)
@example(N - 1)
@example(N - 2)
def test_every_multiple_is_the_engines(scalar):
    assert comb.multiply_base(scalar) == engine.multiply_base(scalar)


def test_one_times_the_base_is_the_base():
    assert comb.multiply_base(1) == G
    mirrored = (P - int.from_bytes(G[32:])).to_bytes(32)
    assert comb.multiply_base(N - 1) == G[:32] + mirrored


@given(st.integers(1, N - 2), st.binary(min_size=32, max_size=32))
def test_a_signature_is_the_engines_to_the_byte(secret, digest):
    mine, theirs = SM2Key(secret=secret, engine=comb), SM2Key(secret=secret, engine=engine)
    assert mine.public_key == theirs.public_key
    signature = mine.sign_transaction(digest)
    assert signature == theirs.sign_transaction(digest)
    assert SM().sender(digest, signature) == SM().address(mine.public_key)


@pytest.mark.parametrize("altered", [0, 40])
def test_the_rest_is_left_to_the_engine(altered):
    key = SM2Key(secret=7, engine=comb)
    signature = bytearray(key.sign(b"\0" * 32))
    assert comb.verify(key.public_key, b"\0" * 32, bytes(signature))
    signature[altered] ^= 1
    assert not comb.verify(key.public_key, b"\0" * 32, bytes(signature))
    sealed = comb.sm4_gcm(b"k" * 16, b"n" * 12, b"text", b"", opening=False)
    assert sealed is not None
    assert engine.sm4_gcm(b"k" * 16, b"n" * 12, sealed, b"", opening=True) == b"text"
