"""The crypto suites against published values, against OpenSSL, and the two SM engines against each other."""

from __future__ import annotations

import hashlib
import pickle
import random
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from gmssl import sm2 as gmssl_sm2
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofFailed
from ledger.sm_backends import (
    A,
    B,
    G,
    GmsslBackend,
    N,
    P,
    TongsuoBackend,
    backend,
    der_signature,
    on_curve,
    tongsuo_available,
)
from ledger.suites import SM, Ecdsa, EcdsaKey, SM2Key, sm2_z, sm3, suite
from tests.support.surroundings import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.sm_backends import SMBackend

pytestmark = pytest.mark.skipif(not tongsuo_available(), reason="tongsuopy has no build for this machine")

ENGINES = ("tongsuo", "gmssl")
FAST_CASES, ALL_CASES = 15, 1000


@pytest.fixture(params=ENGINES)
def sm(request: pytest.FixtureRequest) -> SM:
    return SM(backend(request.param))


class TestPublishedValues:
    @pytest.mark.parametrize(
        ("message", "digest"),
        [
            (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
        ],
        ids=["GB/T 32905 A.1", "GB/T 32905 A.2"],
    )
    def test_sm3(self, message: bytes, digest: str) -> None:
        assert sm3(message).hex() == digest
        assert sm3(message[:1], message[1:]).hex() == digest

    def test_sm2_signature_of_gbt_32918_5(self, sm: SM) -> None:
        secret = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
        nonce = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
        public_key = bytes.fromhex(
            "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        )
        r = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        s = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
        assert sm.signing_key(secret).public_key == public_key
        assert sm.verify(public_key, b"message digest", bytes.fromhex(r + s))
        e = int.from_bytes(sm3(sm2_z(public_key), b"message digest"))
        assert (e + int.from_bytes(sm.engine.multiply_base(nonce)[:32])) % N == int(r, 16)

    def test_sm4_gcm_of_rfc_8998(self, sm: SM) -> None:
        key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
        aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
        sealed = bytes.fromhex(
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
            "83de3541e4c2b58177e065a9bf7b62ec"
        )
        assert sm.seal(key, nonce, plain, aad) == sealed
        assert sm.open(key, nonce, sealed, aad) == plain

    def test_keccak_and_the_address_of_the_secret_one(self) -> None:
        crypto = Ecdsa()
        assert crypto.digest().hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        generator = crypto.signing_key(1).public_key
        assert generator[:32].hex() == "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        assert crypto.address(generator).hex() == "7e5f4552091a69125d5dfcb7b8c2659029395bdf"

    def test_secp256k1_signature_with_the_nonce_of_rfc_6979(self) -> None:
        signature = EcdsaKey(secret=1).sign(hashlib.sha256(b"Satoshi Nakamoto").digest())
        assert signature[:64].hex() == (
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
            "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
        )


def assert_engines_agree(draw: random.Random) -> None:
    """Everything the two engines must agree on, for one random key and message."""
    secret, message = draw.randrange(1, N - 1), draw.randbytes(draw.choice((0, 1, 32, 55, 64, 200)))
    keys = [SM2Key(secret=secret, engine=backend(name)) for name in ENGINES]
    tongsuo, gmssl = (SM(backend(name)) for name in ENGINES)
    public_key = keys[0].public_key
    assert keys[1].public_key == public_key
    signature = keys[0].sign(message)
    assert keys[1].sign(message) == signature

    native = tongsuo.engine._ec.derive_private_key(secret, tongsuo.engine._curve)  # type: ignore[attr-defined]
    random_der = native.sign(message, tongsuo.engine._algorithm)  # type: ignore[attr-defined]
    crypt = gmssl_sm2.CryptSM2(private_key=f"{secret:064x}", public_key="")
    crypt.public_key = public_key.hex()
    by_gmssl = bytes.fromhex(crypt.sign_with_sm3(message, f"{draw.randrange(1, N):064x}"))
    r, s = plain_integers(random_der)
    by_tongsuo = r.to_bytes(32) + s.to_bytes(32)
    assert der_signature(by_tongsuo) == random_der

    flip = draw.randrange(512)
    altered = (int.from_bytes(signature) ^ (1 << flip)).to_bytes(64)
    other = SM2Key(secret=secret % (N - 3) + 1).public_key
    for crypto in (tongsuo, gmssl):
        assert crypto.verify(public_key, message, signature)
        assert crypto.verify(public_key, message, by_gmssl)
        assert crypto.verify(public_key, message, by_tongsuo)
    refused = draw.choice(
        [(public_key, message + b"\0", signature), (public_key, message, altered), (other, message, signature)]
    )
    assert not tongsuo.verify(*refused)
    assert not gmssl.verify(*refused)


def plain_integers(der: bytes) -> tuple[int, int]:
    first = der[4 : 4 + der[3]]
    return int.from_bytes(first), int.from_bytes(der[6 + der[3] :])


def test_the_engines_agree_on_a_few_random_cases() -> None:
    draw = random.Random(20240101)
    for _ in range(FAST_CASES):
        assert_engines_agree(draw)


@pytest.mark.slow
def test_the_engines_agree_on_a_thousand_random_cases() -> None:
    draw = random.Random(20240102)
    for _ in range(ALL_CASES):
        assert_engines_agree(draw)


class TestHostileSignatures:
    """Bytes from outside give False, never an error and never True."""

    SECRET = 0x1234567890ABCDEF1234567890ABCDEF

    @pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
    def test_another_length(self, sm: SM, length: int) -> None:
        assert not sm.verify(SM2Key(secret=self.SECRET).public_key, b"m", bytes(length))

    @pytest.mark.parametrize("r", [0, 1, 5, N - 1, N, N + 1, 2**256 - 1])
    @pytest.mark.parametrize("s", [0, 1, N - 5, N - 1, N, 2**256 - 1])
    def test_the_edges_of_the_range(self, sm: SM, r: int, s: int) -> None:
        assert not sm.verify(SM2Key(secret=self.SECRET).public_key, b"m", r.to_bytes(32) + s.to_bytes(32))

    def test_r_plus_s_equal_to_the_order(self, sm: SM) -> None:
        for r in (1, 2, N // 2, N - 1):
            assert not sm.verify(SM2Key(secret=self.SECRET).public_key, b"m", r.to_bytes(32) + (N - r).to_bytes(32))

    def test_range_and_curve_are_judged_before_any_engine_is_asked(self) -> None:
        class Agreeable(GmsslBackend):
            """Says yes to whatever reaches it."""

            def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
                return True

        key, one = SM2Key(secret=self.SECRET).public_key, (1).to_bytes(32)
        agreeable = SM(Agreeable())
        assert agreeable.verify(key, b"m", one + one)
        for outside in (0, N, N + 1):  # n + 1 names the same residue as 1
            assert not agreeable.verify(key, b"m", outside.to_bytes(32) + one)
            assert not agreeable.verify(key, b"m", one + outside.to_bytes(32))
        assert not agreeable.verify(key, b"m", one + (N - 1).to_bytes(32))
        assert not agreeable.verify(key[:32] + key[:32], b"m", one + one)

    @pytest.mark.parametrize("t", [1, 2, 987654321, N - 1])
    def test_a_signature_that_leads_to_infinity(self, sm: SM, t: int) -> None:
        """s = -t d makes s G + t P the point at infinity, whose x does not exist; whoever knows d can write it."""
        s = -t * self.SECRET % N
        signature = ((t - s) % N).to_bytes(32) + s.to_bytes(32)
        assert not sm.verify(SM2Key(secret=self.SECRET).public_key, b"m", signature)

    @pytest.mark.parametrize("t", [1, 3, 987654321])
    def test_a_signature_whose_two_points_are_the_same(self, sm: SM, t: int) -> None:
        s = t * self.SECRET % N
        signature = ((t - s) % N).to_bytes(32) + s.to_bytes(32)
        assert not sm.verify(SM2Key(secret=self.SECRET).public_key, b"m", signature)

    def test_a_refusal_leaves_the_next_check_as_it_was(self, sm: SM) -> None:
        key = SM2Key(secret=self.SECRET)
        s = -5 * self.SECRET % N
        for _ in range(3):
            assert not sm.verify(key.public_key, b"m", ((5 - s) % N).to_bytes(32) + s.to_bytes(32))
            assert sm.verify(key.public_key, b"m", key.sign(b"m"))

    def test_keys_that_are_no_points(self, sm: SM) -> None:
        good = SM2Key(secret=self.SECRET)
        signature = good.sign(b"m")
        x, y = int.from_bytes(good.public_key[:32]), int.from_bytes(good.public_key[32:])
        wrong = [
            bytes(64),
            b"\xff" * 64,
            x.to_bytes(32) + ((y + 1) % P).to_bytes(32),
            x.to_bytes(32) + (P - y).to_bytes(32),
            b"\x04" + good.public_key,
            good.public_key[:-1],
            b"",
        ]
        for key in wrong:
            assert not sm.verify(key, b"m", signature)

    def test_a_coordinate_beyond_the_field(self, sm: SM) -> None:
        """x and x + p are the same residue; the second is no key."""
        x = next(x for x in range(1, 1000) if pow(x**3 + A * x + B, (P - 1) // 2, P) == 1)
        y = pow(x**3 + A * x + B, (P + 1) // 4, P)
        assert on_curve(x.to_bytes(32) + y.to_bytes(32))
        assert not on_curve((x + P).to_bytes(32) + y.to_bytes(32))
        assert not sm.verify((x + P).to_bytes(32) + y.to_bytes(32), b"m", b"\1" * 64)


def key_beginning_with(prefix: bytes) -> SM2Key:
    fast = backend("tongsuo")
    secret = next(at for at in range(1, 5000) if fast.multiply_base(at).startswith(prefix))
    return SM2Key(secret=secret)


@pytest.mark.parametrize("prefix", [b"\x04", b"\x00"], ids=["04", "00"])
def test_a_key_whose_first_byte_looks_like_a_mark(sm: SM, prefix: bytes) -> None:
    """gmssl's constructor strips every leading 0 and 4 of a key that begins with 04."""
    key = key_beginning_with(prefix)
    assert sm.verify(key.public_key, b"message", key.sign(b"message"))
    assert sm.signing_key(key.secret).public_key == key.public_key


def test_both_engines_multiply_alike_at_the_edges() -> None:
    tongsuo, gmssl = TongsuoBackend(), GmsslBackend()
    assert tongsuo.multiply_base(1) == G
    for scalar in (1, 2, 3, 7, 2**255, N - 2, N - 1):
        assert gmssl.multiply_base(scalar) == tongsuo.multiply_base(scalar), scalar


def test_signatures_depend_on_key_and_message_alone() -> None:
    messages = [b"", b"a", b"b", bytes(32)]
    signed = [SM2Key(secret=secret).sign(message) for secret in (1, 2, N - 2) for message in messages]
    assert signed == [SM2Key(secret=secret).sign(message) for secret in (1, 2, N - 2) for message in messages]
    assert len({signature[:32] for signature in signed}) == len(signed), "a nonce was used twice"


@pytest.mark.parametrize("secret", [-1, 0, N - 1, N])
def test_secrets_outside_their_range_are_refused(secret: int) -> None:
    with pytest.raises(ValueError, match="secret"):
        SM2Key(secret=secret)


def test_a_secret_is_never_printed() -> None:
    assert "977" not in repr(SM2Key(secret=977)) + repr(EcdsaKey(secret=977))


def test_a_suite_travels_to_other_processes_with_its_engine() -> None:
    for name in ENGINES:
        travelled = pickle.loads(pickle.dumps(suite("sm", name)))
        assert isinstance(travelled, SM)
        assert travelled.engine.name == name
    assert isinstance(pickle.loads(pickle.dumps(suite("ecdsa"))), Ecdsa)


class TestSenders:
    DIGEST = sm3(b"a transaction")

    @pytest.mark.parametrize("name", ["sm", "ecdsa"])
    def test_the_sender_is_the_signers_account(self, name: str) -> None:
        crypto = suite("sm" if name == "sm" else "ecdsa")
        key = crypto.signing_key(4711)
        assert crypto.sender(self.DIGEST, key.sign_transaction(self.DIGEST)) == crypto.address(key.public_key)
        assert crypto.sealer_signed(key.public_key, self.DIGEST, key.sign(self.DIGEST))
        assert not crypto.sealer_signed(key.public_key, sm3(b"another"), key.sign(self.DIGEST))
        assert not crypto.sealer_signed(crypto.signing_key(4712).public_key, self.DIGEST, key.sign(self.DIGEST))

    def test_an_sm_sender_must_have_made_the_signature_it_carries(self) -> None:
        crypto, key, other = suite("sm"), SM2Key(secret=4711), SM2Key(secret=4712)
        good = key.sign_transaction(self.DIGEST)
        for signature in (b"", good[:64], good + b"\0", good[:64] + other.public_key, good[:64] + bytes(64)):
            with pytest.raises(ProofFailed) as refused:
                crypto.sender(self.DIGEST, signature)
            assert refused.value.code == "transaction-signature"

    @given(st.binary(min_size=0, max_size=130))
    def test_random_bytes_are_nobodys(self, signature: bytes) -> None:
        for crypto in (suite("sm"), suite("ecdsa")):
            assert not crypto.sealer_signed(crypto.signing_key(9).public_key, self.DIGEST, signature)
            if crypto.name == "sm" or len(signature) != 65:
                with pytest.raises(ProofFailed):
                    crypto.sender(self.DIGEST, signature)

    def test_ecdsa_edges(self) -> None:
        crypto, key = Ecdsa(), EcdsaKey(secret=4711)
        good = key.sign(self.DIGEST)
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        wrong = [
            good[:64],
            good[:64] + b"\x04",
            good[:64] + b"\x1b",
            good[:64] + bytes([good[64] ^ 1]),
            bytes(65),
            order.to_bytes(32) + good[32:],
            good[:32] + order.to_bytes(32) + good[64:],
            bytes(32) + good[32:],
            good[:32] + bytes(32) + good[64:],
            good[:32] + good[32:64] + b"\x02",
        ]
        for signature in wrong:
            assert not crypto.sealer_signed(key.public_key, self.DIGEST, signature)
        for signature in wrong[:3]:
            with pytest.raises(ProofFailed):
                crypto.sender(self.DIGEST, signature)


class TestSealedPayloads:
    KEY, NONCE = bytes(range(16)), bytes(range(12))

    @given(plain=st.binary(max_size=70), aad=st.binary(max_size=40))
    def test_both_engines_seal_alike(self, plain: bytes, aad: bytes) -> None:
        sealed = [SM(backend(name)).seal(self.KEY, self.NONCE, plain, aad) for name in ENGINES]
        assert sealed[0] == sealed[1]
        for name in ENGINES:
            assert SM(backend(name)).open(self.KEY, self.NONCE, sealed[0], aad) == plain

    def test_whatever_is_altered_it_does_not_open(self, sm: SM) -> None:
        sealed = sm.seal(self.KEY, self.NONCE, b"amount", b"invoice 7")
        altered: list[tuple[bytes, bytes, bytes, bytes]] = [
            (self.KEY, self.NONCE, sealed, b"invoice 8"),
            (self.KEY, self.NONCE[::-1], sealed, b"invoice 7"),
            (self.KEY[::-1], self.NONCE, sealed, b"invoice 7"),
            (self.KEY, self.NONCE, sealed[:-1], b"invoice 7"),
            (self.KEY, self.NONCE, b"", b"invoice 7"),
            (self.KEY[:-1], self.NONCE, sealed, b"invoice 7"),
            (self.KEY, self.NONCE + b"\0", sealed, b"invoice 7"),
        ]
        flipped = [bytes(b ^ (at == here) for here, b in enumerate(sealed)) for at in range(len(sealed))]
        altered += [(self.KEY, self.NONCE, each, b"invoice 7") for each in flipped]
        for case in altered:
            with pytest.raises(ProofFailed) as refused:
                sm.open(*case)
            assert refused.value.code == "envelope-tag"

    def test_a_wrong_size_is_the_programmers_error(self, sm: SM) -> None:
        for key, nonce in ((self.KEY[1:], self.NONCE), (self.KEY, self.NONCE[1:])):
            with pytest.raises(ValueError, match="16 bytes"):
                sm.seal(key, nonce, b"")


CURVE_OID = bytes.fromhex("06082a811ccf5501822d")


def pem(label: str, der: bytes) -> bytes:
    import base64

    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label.encode(), base64.encodebytes(der), label.encode())


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., bool]:
    """Run OpenSSL's dgst with SM3 and the default id; tells whether it was content."""
    path = program("openssl", package="openssl")

    def run(*arguments: str) -> bool:
        command = [path, "dgst", "-sm3", *arguments, "-sigopt", "distid:1234567812345678", str(tmp_path / "message")]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    return run


def test_openssl_verifies_what_we_sign_and_we_what_it_signs(openssl: Callable[..., bool], tmp_path: Path) -> None:
    key, message = SM2Key(secret=0xABCDEF123456789), b"report" * 100
    public = bytes.fromhex("3059301306072a8648ce3d0201") + CURVE_OID + bytes.fromhex("03420004") + key.public_key
    private = bytes.fromhex("30770201010420") + key.secret.to_bytes(32) + bytes.fromhex("a00a") + CURVE_OID
    private += bytes.fromhex("a14403420004") + key.public_key
    (tmp_path / "public.pem").write_bytes(pem("PUBLIC KEY", public))
    (tmp_path / "private.pem").write_bytes(pem("EC PRIVATE KEY", private))
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "ours.der").write_bytes(der_signature(key.sign(message)))
    assert openssl("-verify", "public.pem", "-signature", "ours.der")
    assert openssl("-sign", "private.pem", "-out", "theirs.der")
    r, s = plain_integers((tmp_path / "theirs.der").read_bytes())
    theirs = r.to_bytes(32) + s.to_bytes(32)
    assert SM(backend("tongsuo")).verify(key.public_key, message, theirs)
    assert SM(backend("gmssl")).verify(key.public_key, message, theirs)
    (tmp_path / "message").write_bytes(message + b".")
    assert not openssl("-verify", "public.pem", "-signature", "ours.der")


@given(st.lists(st.integers(1, 2**256 - 1), min_size=2, max_size=2))
def test_der_integers_are_minimal(parts: list[int]) -> None:
    der = der_signature(b"".join(part.to_bytes(32) for part in parts))
    assert der[0] == 0x30
    assert der[1] == len(der) - 2
    assert list(plain_integers(der)) == parts
    assert all(not (a == 0 and b < 0x80) for a, b in pairwise(der[4 : 4 + der[3]][:2]))


def engine_names() -> list[str]:
    engines: list[SMBackend] = [backend("auto"), backend("tongsuo"), backend("gmssl")]
    return [engine.name for engine in engines]


def test_the_fast_engine_is_chosen_where_it_is() -> None:
    assert engine_names() == ["tongsuo", "tongsuo", "gmssl"]
