"""The two engines of the SM algorithms: tongsuopy (fast, in C) and gmssl (pure Python, the reference and the fallback).

Both offer the same three operations and are tested against each other; `docs/adr/0002` has the figures that chose them.
Neither library's quirks leave this file: range and curve checks stand before every call, because gmssl makes none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

# GB/T 32918.5-2017, the recommended curve.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = bytes.fromhex(
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)

SM4_BLOCK = 16
GCM_NONCE = 12
GCM_TAG = 16

# Keys recur: sealers and members sign many times, and building a key object costs a twentieth of a verification.
KEY_CACHE = 4096

BackendName = Literal["tongsuo", "gmssl"]


class SMBackend(Protocol):
    """What the SM suite needs from an engine."""

    name: BackendName

    def multiply_base(self, scalar: int) -> bytes:
        """Return scalar x G as 64 bytes x|y; 0 < scalar < N."""

    def multiply(self, scalar: int, point: bytes) -> bytes:
        """Return scalar x point as 64 bytes x|y; 0 < scalar < N, and the point was checked before."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether 64 bytes r|s sign ``message`` under the default id; key and range were checked before."""

    def sm4_gcm(self, key: bytes, nonce: bytes, data: bytes, aad: bytes, *, opening: bool) -> bytes | None:
        """Seal to ciphertext|tag, or open it again; None when the tag does not hold."""


@lru_cache(KEY_CACHE)
def on_curve(public_key: bytes) -> bool:
    """Tell whether 64 bytes x|y are a point of the SM2 curve."""
    if len(public_key) != 64:
        return False
    x, y = int.from_bytes(public_key[:32]), int.from_bytes(public_key[32:])
    return x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def der_signature(signature: bytes) -> bytes:
    """Return r|s (64 bytes) as the DER SEQUENCE of two INTEGERs that OpenSSL reads."""
    body = b"".join(_der_integer(signature[at : at + 32]) for at in (0, 32))
    return b"\x30" + bytes([len(body)]) + body


def _der_integer(value: bytes) -> bytes:
    value = value.lstrip(b"\0") or b"\0"
    if value[0] >= 0x80:
        value = b"\0" + value
    return b"\x02" + bytes([len(value)]) + value


class TongsuoBackend:
    """SM2 and SM4-GCM by Tongsuo's C library."""

    name: BackendName = "tongsuo"

    def __init__(self) -> None:
        from tongsuopy.crypto import exceptions, hashes
        from tongsuopy.crypto.asymciphers import ec
        from tongsuopy.crypto.ciphers.aead import SM4GCM

        self._ec, self._curve, self._invalid = ec, ec.SM2(), exceptions.InvalidSignature
        self._algorithm, self._gcm, self._bad_tag = ec.ECDSA(hashes.SM3()), SM4GCM, exceptions.InvalidTag
        self._key = lru_cache(KEY_CACHE)(self._load_key)

    def _load_key(self, public_key: bytes) -> object:
        return self._ec.EllipticCurvePublicKey.from_encoded_point(self._curve, b"\x04" + public_key)

    def multiply_base(self, scalar: int) -> bytes:
        point = self._ec.derive_private_key(scalar, self._curve).public_key().public_numbers()
        return int(point.x).to_bytes(32) + int(point.y).to_bytes(32)

    def multiply(self, scalar: int, point: bytes) -> bytes:
        return GmsslBackend().multiply(scalar, point)  # the library has no key agreement for this curve

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        try:
            self._key(public_key).verify(der_signature(signature), message, self._algorithm)  # type: ignore[attr-defined]
        except self._invalid:
            return False
        return True

    def sm4_gcm(self, key: bytes, nonce: bytes, data: bytes, aad: bytes, *, opening: bool) -> bytes | None:
        cipher = self._gcm(key)
        if not opening:
            return bytes(cipher.encrypt(nonce, data, aad))
        try:
            return bytes(cipher.decrypt(nonce, data, aad))
        except self._bad_tag:
            return None


class GmsslBackend:
    """SM2 and SM4 in pure Python: some fifty times slower, and needing nothing but the interpreter."""

    name: BackendName = "gmssl"

    def __init__(self) -> None:
        from gmssl import sm2, sm4

        self._sm2, self._sm4 = sm2.CryptSM2, sm4.CryptSM4

    def _crypt(self, public_key: bytes) -> object:
        crypt = self._sm2(private_key="", public_key="")
        crypt.public_key = public_key.hex()  # set here: the constructor strips every leading 0 and 4 of some keys
        return crypt

    def multiply_base(self, scalar: int) -> bytes:
        if scalar == 1:  # the library answers None where the Jacobian z is 1
            return G
        return bytes.fromhex(self._sm2(private_key="", public_key="")._kg(scalar, G.hex()))  # noqa: SLF001 its only multiplication

    def multiply(self, scalar: int, point: bytes) -> bytes:
        if scalar == 1:
            return point
        return bytes.fromhex(self._sm2(private_key="", public_key="")._kg(scalar, point.hex()))  # noqa: SLF001 as above

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        try:
            return bool(self._crypt(public_key).verify_with_sm3(signature.hex(), message))  # type: ignore[attr-defined]
        except TypeError:  # s x G + t x P is the point at infinity, for which the library has no coordinates
            return False

    def sm4_gcm(self, key: bytes, nonce: bytes, data: bytes, aad: bytes, *, opening: bool) -> bytes | None:
        crypt = self._sm4()
        crypt.set_key(list(key), 0)

        def encrypt_block(block: bytes) -> bytes:
            return bytes(crypt.one_round(crypt.sk, list(block)))

        if not opening:
            sealed = _gcm_stream(encrypt_block, nonce, data)
            return sealed + _gcm_tag(encrypt_block, nonce, sealed, aad)
        sealed, tag = data[:-GCM_TAG], data[-GCM_TAG:]
        if len(data) < GCM_TAG or _gcm_tag(encrypt_block, nonce, sealed, aad) != tag:
            return None
        return _gcm_stream(encrypt_block, nonce, sealed)


def _gcm_stream(encrypt_block: Callable[[bytes], bytes], nonce: bytes, data: bytes) -> bytes:
    """GCTR of NIST SP 800-38D 6.5, counting from 2; RFC 8998 uses it with SM4 and a nonce of 12 bytes."""
    out = bytearray()
    for index in range(0, len(data), SM4_BLOCK):
        block = encrypt_block(nonce + (2 + index // SM4_BLOCK).to_bytes(4))
        out += bytes(a ^ b for a, b in zip(data[index : index + SM4_BLOCK], block, strict=False))
    return bytes(out)


def _gcm_tag(encrypt_block: Callable[[bytes], bytes], nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    """GHASH and the final mask of NIST SP 800-38D 6.4 and 7.1."""
    key, state = int.from_bytes(encrypt_block(bytes(SM4_BLOCK))), 0
    lengths = (8 * len(aad)).to_bytes(8) + (8 * len(sealed)).to_bytes(8)
    for part in (aad, sealed, lengths):
        for index in range(0, len(part), SM4_BLOCK):
            state = _gf_multiply(state ^ int.from_bytes(part[index : index + SM4_BLOCK].ljust(SM4_BLOCK, b"\0")), key)
    return (state ^ int.from_bytes(encrypt_block(nonce + (1).to_bytes(4)))).to_bytes(SM4_BLOCK)


def _gf_multiply(x: int, y: int) -> int:
    """Multiply in GF(2^128) with the polynomial of NIST SP 800-38D 6.3."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def tongsuo_available() -> bool:
    """Tell whether tongsuopy has a build for this machine."""
    try:
        TongsuoBackend()
    except ImportError:
        return False
    return True


@lru_cache
def backend(name: BackendName | Literal["auto"] = "auto") -> SMBackend:
    """Return the engine of that name; ``auto`` is tongsuopy where it imports and gmssl elsewhere."""
    if name == "auto":
        name = "tongsuo" if tongsuo_available() else "gmssl"
    return TongsuoBackend() if name == "tongsuo" else GmsslBackend()
