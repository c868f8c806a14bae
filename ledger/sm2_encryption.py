"""SM2 public-key encryption (GB/T 32918.4-2016), ciphertext C1|C3|C2: how a content key reaches one reader.

C1 is the sender's point as 04|x|y, C3 the SM3 check value over x2|message|y2, C2 the message under the derived stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import Malformed, ProofFailed
from ledger.sm_backends import on_curve
from ledger.suites import sm3

if TYPE_CHECKING:
    from ledger.sm_backends import SMBackend
    from ledger.suites import SM2Key

__all__ = ["OVERHEAD", "decrypt", "encrypt"]

POINT, CHECK = 65, 32
OVERHEAD = POINT + CHECK
"""Bytes that a ciphertext is longer than its message."""


def encrypt(public_key: bytes, message: bytes, *, scalar: int, engine: SMBackend) -> bytes:
    """Return the message for the holder of a key (64 bytes x|y); ``scalar`` is fresh, secret and in [1, n-1].

    Raises Malformed ``reader-key`` when the key is no point of the curve.
    """
    if not on_curve(public_key):
        raise Malformed("reader-key", "A reader's key is no point of the SM2 curve", next_step="Ask the reader again.")
    shared = engine.multiply(scalar, public_key)
    first = b"\x04" + engine.multiply_base(scalar)
    return first + sm3(shared[:32], message, shared[32:]) + _masked(message, shared)


def decrypt(key: SM2Key, ciphertext: bytes) -> bytes:
    """Return the message; raises ProofFailed ``envelope-key`` when it was not made for this key, or was altered."""
    point = ciphertext[1:POINT]
    if len(ciphertext) <= OVERHEAD or ciphertext[0] != 4 or not on_curve(point):
        raise _unopened()
    shared = key.engine.multiply(key.secret, point)
    message = _masked(ciphertext[OVERHEAD:], shared)
    if sm3(shared[:32], message, shared[32:]) != ciphertext[POINT:OVERHEAD]:
        raise _unopened()
    return message


def _masked(data: bytes, shared: bytes) -> bytes:
    """Return the data under the key stream of GB/T 32918.4, 5.4.3."""
    blocks = -(-len(data) // 32)
    stream = b"".join(sm3(shared, counter.to_bytes(4)) for counter in range(1, blocks + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))


def _unopened() -> ProofFailed:
    return ProofFailed(
        "envelope-key",
        "The wrapped key does not open with this key",
        next_step="Use the key it was wrapped for; if it was, it was altered.",
    )
