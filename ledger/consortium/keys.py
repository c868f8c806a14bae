"""Keys, credit codes and numbers that follow from a seed: the same seed and name give the same value on every machine.

They are for a local consortium only. Whoever knows the seed knows every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.comb import Comb
from ledger.suites import SM, SM2Key, sm3

if TYPE_CHECKING:
    from ledger.suites import SigningKey, Suite

__all__ = ["SHANGHAI", "credit_code", "draw", "member_key", "number"]

# Below the order of both curves, so that every draw is a lawful secret.
SECRET_RANGE = 2**248

# GB 32100-2015, table of characters: no I, O, S, V, Z.
CREDIT_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# GB 11714-1997: organisation codes, weights of the eight characters.
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ENTERPRISE = "91"  # registered with the market authority, as an enterprise
SHANGHAI = "310000"  # GB/T 2260


def draw(seed: int, *names: str) -> bytes:
    """Return 32 bytes that look random and depend on the seed and the names alone.

    Names are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
    """
    parts = [name.encode() for name in names]
    return sm3(b"glasspool consortium\0", seed.to_bytes(16, signed=True), *(len(p).to_bytes(4) + p for p in parts))


def number(seed: int, *names: str, below: int) -> int:
    """Return an integer in [0, below) drawn from the seed and the names."""
    if below < 1:
        raise ValueError("below must be positive")
    return int.from_bytes(draw(seed, *names)) % below


def member_key(suite: Suite, seed: int, name: str) -> SigningKey:
    """Return the signing key of a member or sealer."""
    secret = 1 + number(seed, "key", suite.name, name, below=SECRET_RANGE)
    if isinstance(suite, SM):
        return SM2Key(secret=secret, engine=Comb(suite.engine))
    return suite.signing_key(secret)


def credit_code(seed: int, name: str, *, region: str = SHANGHAI) -> str:
    """Return a unified social credit code 统一社会信用代码, 18 characters with their checks (GB 32100, GB 11714)."""
    code = f"{number(seed, 'uscc', name, below=10**8):08d}"
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(code, ORGANISATION_WEIGHTS, strict=True)) % 11
    body = ENTERPRISE + region + code + {10: "X", 11: "0"}.get(rest, str(rest))
    total = sum(CREDIT_CHARACTERS.index(character) * pow(3, at, 31) for at, character in enumerate(body))
    return body + CREDIT_CHARACTERS[(31 - total % 31) % 31]
