"""Confidential payloads: a digital envelope that several readers open, and what others may learn of it.

The content is the record's payload under SM4-GCM; its key is wrapped by SM2 for each reader, named by the first bytes
of SM3 over their public key. Beside it stand keyed fingerprints of identifiers: HMAC-SM3 under a consortium key of an
*epoch*, so that one invoice financed twice shows without being read, and cannot be guessed without the key. They are
bound to the content as additional data, together with the record's kind and its sender: nobody moves either elsewhere,
nor says again what they cannot read.

As a payload: ``{"content", "envelope": 1, "fingerprints": {"epoch", "of": {name: [hex]}}, "nonce", "readers": [{"key",
"wrapped"}]}``, canonical JSON, bytes in base64.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ledger.errors import LedgerError, Malformed
from ledger.records.base import canonical
from ledger.sm2_encryption import encrypt
from ledger.sm_backends import N as ORDER
from ledger.suites import SM, sm3

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from random import Random

__all__ = [
    "MARK",
    "MUST_SHOW",
    "Envelope",
    "Fingerprints",
    "Sealing",
    "fingerprint",
    "fingerprints_of",
    "key_name",
    "seal_payload",
]

MAX_READERS = 100
MAX_FINGERPRINTS = 1_000  # of one identifier
KEY_BYTES, NONCE_BYTES = 16, 12
MUST_SHOW: dict[str, tuple[str, ...]] = {
    "document.registered": ("number",),
    "invoice.registered": ("number",),
    "package.registered": ("invoices",),
    "receivable.registered": ("invoices",),
}
"""By kind, the fields whose fingerprints an envelope must show: what one thing financed twice is found by."""

MARK = b'{"content":'
"""How the canonical JSON of an envelope begins, and that of no other payload."""

Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Epoch = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Reader(_Strict):
    """A reader: the name of its key, and the content's key wrapped for it."""

    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    wrapped: Base64


class Fingerprints(_Strict):
    """Keyed fingerprints of what the payload's fields name, each a list; ``epoch`` says under which key."""

    epoch: Epoch
    of: dict[FieldName, Annotated[tuple[Digest, ...], Field(max_length=MAX_FINGERPRINTS)]] = Field(max_length=40)


class Envelope(_Strict):
    """A confidential payload as committed."""

    content: Base64
    envelope: Literal[1]
    fingerprints: Fingerprints
    nonce: Base64
    readers: Annotated[tuple[Reader, ...], Field(min_length=1, max_length=MAX_READERS)]

    @classmethod
    def read(cls, payload: bytes) -> Envelope:
        """Return the envelope that the payload is; raises Malformed ``envelope-shape`` when it is none."""
        try:
            found = cls.model_validate_json(payload)
            if canonical(found.model_dump()) != payload:
                raise Malformed("envelope-shape", "the envelope is not in canonical JSON")
            for each in (found.content, *(reader.wrapped for reader in found.readers)):
                b64decode(each, validate=True)
            if len(found.bytes_of("nonce")) != NONCE_BYTES:
                raise Malformed("envelope-shape", f"the envelope's nonce does not have {NONCE_BYTES} bytes")
        except ValidationError as failure:
            first = failure.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise Malformed("envelope-shape", f"the envelope's {where or 'shape'}: {first['msg']}") from None
        except ValueError:
            raise Malformed("envelope-shape", "the envelope holds bytes that are not base64") from None
        return found

    def bytes_of(self, name: Literal["content", "nonce"]) -> bytes:
        """Return a field's bytes; ValueError when they are not base64."""
        text: str = getattr(self, name)
        return b64decode(text, validate=True)

    def bound(self, kind: str, sender: bytes) -> bytes:
        """Return what the content is bound to: the record's kind, who sent it, and the fingerprints."""
        return bound_to(kind, sender, self.fingerprints)


def bound_to(kind: str, sender: bytes, fingerprints: Fingerprints) -> bytes:
    """Return the additional data of the content's cipher: nobody who cannot read it can say it again as their own."""
    return canonical({"fingerprints": fingerprints.model_dump(), "kind": kind, "sender": f"0x{sender.hex()}"})


def key_name(public_key: bytes) -> str:
    """Return how an envelope names a reader's key: 16 hex digits."""
    return sm3(public_key).hex()[:16]


def fingerprint(key: bytes, name: str, value: str) -> str:
    """Return HMAC-SM3 over an identifier's name and value (GB/T 15852.2), as hex. ``key``: the epoch's, 32 bytes."""
    return hmac.new(key, canonical([name, value]), "sm3").hexdigest()


def fingerprints_of(payload: Mapping[str, Any], names: Iterable[str], *, epoch: str, key: bytes) -> Fingerprints:
    """Return the fingerprints of what these fields of a payload name: text, or a list of text."""
    made: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        value = payload.get(name)
        values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
        made[name] = tuple(fingerprint(key, name, each) for each in values if isinstance(each, str))
    return Fingerprints(epoch=epoch, of=made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The choices of one envelope: who sends it, who reads it, and the fingerprints it shows."""

    sender: bytes
    """The account that records it, 20 bytes."""
    readers: tuple[bytes, ...]
    """Public keys, 64 bytes each."""
    fingerprints: Fingerprints


def seal_payload(kind: str, payload: bytes, sealing: Sealing, *, random: Random, suite: SM | None = None) -> bytes:
    """Return the envelope of a payload for these readers; ``random`` must be a secret, unpredictable source.

    Raises LedgerError ``no-reader`` without readers, Malformed ``reader-key`` for a key that is none.
    """
    if not sealing.readers:
        raise LedgerError("no-reader", "An envelope needs a reader", next_step="Name the readers' public keys.")
    crypto = suite or SM()
    key, nonce = random.randbytes(KEY_BYTES), random.randbytes(NONCE_BYTES)
    content = crypto.seal(key, nonce, payload, bound_to(kind, sealing.sender, sealing.fingerprints))
    readers = [
        {
            "key": key_name(reader),
            "wrapped": b64encode(
                encrypt(reader, key, scalar=random.randrange(1, ORDER), engine=crypto.engine)
            ).decode(),
        }
        for reader in sealing.readers
    ]
    return canonical(
        {
            "content": b64encode(content).decode(),
            "envelope": 1,
            "fingerprints": sealing.fingerprints.model_dump(),
            "nonce": b64encode(nonce).decode(),
            "readers": readers,
        }
    )
