"""The crypto suites of the chains, behind one interface: SM (SM2, SM3) and ECDSA (secp256k1, Keccak-256).

A suite hashes, checks a sealer's signature over a block hash, and tells who signed a transaction. Signing is the work
of a :class:`SigningKey`; only the local consortium, and reports of this node, ever hold one.
SM4-GCM, for confidential payloads, belongs to the SM suite.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import coincurve
from Cryptodome.Hash import keccak

from ledger.errors import ProofFailed
from ledger.sm_backends import GCM_NONCE, SMBackend, backend, on_curve
from ledger.sm_backends import A as CURVE_A
from ledger.sm_backends import B as CURVE_B
from ledger.sm_backends import G as BASE_POINT
from ledger.sm_backends import N as ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SM", "Ecdsa", "EcdsaKey", "SM2Key", "SigningKey", "Suite", "sm3", "suite"]

SM2_ID = b"1234567812345678"
SM3_SIZE = 32
ADDRESS_SIZE = 20

SuiteName = Literal["sm", "ecdsa"]


def sm3(*parts: bytes) -> bytes:
    """Return the SM3 digest (GB/T 32905) of the parts run together: 32 bytes."""
    digest = hashlib.new("sm3")
    for part in parts:
        digest.update(part)
    return digest.digest()


class SigningKey(Protocol):
    """A private key that a suite's signatures come from."""

    @property
    def public_key(self) -> bytes:
        """The public point x|y, 64 bytes."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a block's hash as a sealer does."""

    def sign_transaction(self, digest: bytes) -> bytes:
        """Sign a transaction's hash, with what the suite needs to tell the sender from it."""


class Suite(Protocol):
    """One chain's hash and signatures."""

    name: SuiteName

    def digest(self, *parts: bytes) -> bytes:
        """Hash the parts run together: 32 bytes."""

    def address(self, public_key: bytes) -> bytes:
        """Return the account of a public key: the last 20 bytes of its hash."""

    def sealer_signed(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether the signature over a block hash is that key's. Hostile bytes give False, never an error."""

    def sender(self, digest: bytes, signature: bytes) -> bytes:
        """Return the account that signed a transaction hash.

        Raises ProofFailed ``transaction-signature`` when the signature is nobody's.
        """

    def signing_key(self, secret: int) -> SigningKey:
        """Return the key of a secret scalar."""


def _unsigned(reason: str) -> ProofFailed:
    return ProofFailed("transaction-signature", f"The transaction's signature does not hold: {reason}.")


class SM:
    """国密: SM2 signatures with the default id over SM3 (GB/T 32918.2, GB/T 32905), and SM4-GCM (RFC 8998)."""

    name: SuiteName = "sm"

    def __init__(self, engine: SMBackend | None = None) -> None:
        self.engine = engine or backend()

    def __reduce__(self) -> tuple[object, ...]:
        """Travels to worker processes by the name of its engine."""
        return (suite, ("sm", self.engine.name))

    def digest(self, *parts: bytes) -> bytes:
        return sm3(*parts)

    def address(self, public_key: bytes) -> bytes:
        return sm3(public_key)[-ADDRESS_SIZE:]

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether 64 bytes r|s are that key's SM2 signature of the message, id 1234567812345678."""
        if len(signature) != 64 or not on_curve(public_key):
            return False
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        if not (0 < r < ORDER and 0 < s < ORDER and (r + s) % ORDER):
            return False
        return self.engine.verify(public_key, message, signature)

    def sealer_signed(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        return self.verify(public_key, digest, signature)

    def sender(self, digest: bytes, signature: bytes) -> bytes:
        if len(signature) != 128:
            raise _unsigned(f"an SM2 signature with its key is 128 bytes, this has {len(signature)}")
        public_key = signature[64:]
        if not self.verify(public_key, digest, signature[:64]):
            raise _unsigned("the key it carries did not make it")
        return self.address(public_key)

    def signing_key(self, secret: int) -> SM2Key:
        return SM2Key(secret=secret, engine=self.engine)

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Return SM4-GCM ciphertext|tag; key 16 bytes, nonce 12 bytes and never used twice with one key."""
        if len(key) != 16 or len(nonce) != GCM_NONCE:
            raise ValueError("SM4-GCM takes a key of 16 bytes and a nonce of 12")
        sealed = self.engine.sm4_gcm(key, nonce, plaintext, aad, opening=False)
        if sealed is None:
            raise ValueError("SM4-GCM sealed nothing")
        return sealed

    def open(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
        """Return the plaintext of :meth:`seal`; raises ProofFailed ``envelope-tag`` when the tag does not hold."""
        opened = None
        if len(key) == 16 and len(nonce) == GCM_NONCE and len(sealed) >= 16:
            opened = self.engine.sm4_gcm(key, nonce, sealed, aad, opening=True)
        if opened is None:
            raise ProofFailed(
                "envelope-tag",
                "The sealed payload does not open with this key.",
                next_step="Use the key it was sealed for; if it was, the payload was altered.",
            )
        return opened


@dataclass(frozen=True, slots=True, kw_only=True)
class SM2Key:
    """An SM2 private key whose signatures depend on key and message alone (docs/adr/0008)."""

    secret: int = field(repr=False)
    engine: SMBackend = field(repr=False, default_factory=backend)
    public_key: bytes = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.secret < ORDER - 1:
            raise ValueError("an SM2 secret lies in [1, n-2]")
        object.__setattr__(self, "public_key", self.engine.multiply_base(self.secret))

    def sign(self, digest: bytes) -> bytes:
        """Return r|s, 64 bytes, over ``digest`` as the message (GB/T 32918.2, 6.1)."""
        e = int.from_bytes(sm3(sm2_z(self.public_key), digest))
        for k in _nonces(self.secret, e):
            r = (e + int.from_bytes(self.engine.multiply_base(k)[:32])) % ORDER
            s = pow(1 + self.secret, -1, ORDER) * (k - r * self.secret) % ORDER
            if r and s and r + k != ORDER:
                return r.to_bytes(32) + s.to_bytes(32)
        raise AssertionError("the nonce generator never ends")

    def sign_transaction(self, digest: bytes) -> bytes:
        return self.sign(digest) + self.public_key


def sm2_z(public_key: bytes) -> bytes:
    """Return Z_A of GB/T 32918.2, 5.5, for the default id: what binds a signature to its key."""
    curve = CURVE_A.to_bytes(32) + CURVE_B.to_bytes(32) + BASE_POINT
    return sm3((8 * len(SM2_ID)).to_bytes(2), SM2_ID, curve, public_key)


def _nonces(secret: int, message: int) -> Iterator[int]:
    """Yield nonces in [1, n-1] by the construction of RFC 6979, 3.2, with HMAC-SM3."""
    seed = secret.to_bytes(32) + (message % ORDER).to_bytes(32)
    key, value = bytes(SM3_SIZE), b"\x01" * SM3_SIZE
    for mark in (b"\0", b"\x01"):
        key = hmac.digest(key, value + mark + seed, "sm3")
        value = hmac.digest(key, value, "sm3")
    while True:
        value = hmac.digest(key, value, "sm3")
        if 0 < int.from_bytes(value) < ORDER:
            yield int.from_bytes(value)
        key = hmac.digest(key, value + b"\0", "sm3")
        value = hmac.digest(key, value, "sm3")


class Ecdsa:
    """secp256k1 with Keccak-256, as the non-SM chains use it."""

    name: SuiteName = "ecdsa"

    def digest(self, *parts: bytes) -> bytes:
        digest = keccak.new(digest_bits=256)
        for part in parts:
            digest.update(part)
        return bytes(digest.digest())

    def address(self, public_key: bytes) -> bytes:
        return self.digest(public_key)[-ADDRESS_SIZE:]

    def _recover(self, digest: bytes, signature: bytes) -> bytes | None:
        if len(signature) != 65 or signature[64] > 3:
            return None
        try:
            return coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None).format(False)[1:]
        except ValueError:
            return None

    def sealer_signed(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        return self._recover(digest, signature) == public_key

    def sender(self, digest: bytes, signature: bytes) -> bytes:
        public_key = self._recover(digest, signature)
        if public_key is None:
            raise _unsigned("no public key can be recovered from it")
        return self.address(public_key)

    def signing_key(self, secret: int) -> EcdsaKey:
        return EcdsaKey(secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class EcdsaKey:
    """A secp256k1 private key; its signatures are deterministic (RFC 6979)."""

    secret: int = field(repr=False)

    @property
    def _key(self) -> coincurve.PrivateKey:
        return coincurve.PrivateKey(self.secret.to_bytes(32))

    @property
    def public_key(self) -> bytes:
        return self._key.public_key.format(False)[1:]

    def sign(self, digest: bytes) -> bytes:
        return self._key.sign_recoverable(digest, hasher=None)

    def sign_transaction(self, digest: bytes) -> bytes:
        return self.sign(digest)


def suite(name: SuiteName, sm_engine: Literal["auto", "tongsuo", "gmssl"] = "auto") -> Suite:
    """Return the suite of a chain; ``sm_engine`` names the engine of the SM algorithms."""
    return SM(backend(sm_engine)) if name == "sm" else Ecdsa()
