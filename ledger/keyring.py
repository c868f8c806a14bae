"""The keys this node reads confidential payloads with, and what opening one establishes.

Opening never changes what the chain decided. A payload that does not open stays *sealed*: the node shows that it is
there, by whom and of which kind, and its fingerprints. A key that comes later opens history by ``rebuild``.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ledger.envelope import MARK, MUST_SHOW, Envelope, fingerprints_of, key_name
from ledger.errors import Malformed, ProofFailed
from ledger.finding import Code
from ledger.records import KINDS, Payload, Role, Undecoded, decode
from ledger.sm2_encryption import decrypt
from ledger.suites import SM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.envelope import Fingerprints
    from ledger.suites import SM2Key

__all__ = ["NO_KEYS", "Access", "Content", "Keyring", "Sealed"]


class Access(StrEnum):
    """How this node came to a record's payload: committed in the clear, opened with its key, or still sealed."""

    CLEAR = "clear"
    OPENED = "opened"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A payload that this node cannot read; its kind says who may write it."""

    writers: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What this node makes of a record's payload. ``faults`` are findings about the envelope it came in."""

    access: Access
    payload: Payload | Undecoded | Sealed
    fingerprints: Fingerprints | None = None
    faults: tuple[tuple[Code, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Keyring:
    """Readers' keys by name, and the consortium's fingerprint keys by epoch."""

    readers: Mapping[str, SM2Key] = field(default_factory=dict, repr=False)
    epochs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, keys: tuple[SM2Key, ...], epochs: Mapping[str, bytes]) -> Keyring:
        """Return the ring of these keys."""
        return cls({key_name(key.public_key): key for key in keys}, dict(epochs))

    def read(self, kind: str, payload: bytes, sender: bytes) -> Content:
        """Return what this node can read of a record. Never raises for anything a chain may hold."""
        if not payload.startswith(MARK):
            return Content(access=Access.CLEAR, payload=decode(kind, payload))
        try:
            envelope = Envelope.read(payload)
        except Malformed as failure:
            return Content(access=Access.CLEAR, payload=Undecoded(Code.MALFORMED, failure.message))
        known = [each for (name, _), each in KINDS.items() if name == kind]
        if not known:
            return Content(access=Access.SEALED, payload=Undecoded(Code.UNKNOWN_KIND, "this kind is not known here"))
        if known[-1].authority:
            return Content(
                access=Access.SEALED,
                payload=Undecoded(Code.ENVELOPE_KIND, "who may write what is never said in confidence"),
            )
        clear, faults = self._opened(kind, envelope, sender)
        faults += _unshown(kind, envelope.fingerprints)
        if clear is None:
            writers = frozenset[Role]().union(*(each.writers for each in known))
            return Content(
                access=Access.SEALED, payload=Sealed(writers), fingerprints=envelope.fingerprints, faults=faults
            )
        return Content(
            access=Access.OPENED,
            payload=decode(kind, clear),
            fingerprints=envelope.fingerprints,
            faults=faults + self._faults(clear, envelope.fingerprints),
        )

    def _opened(
        self, kind: str, envelope: Envelope, sender: bytes
    ) -> tuple[bytes | None, tuple[tuple[Code, str], ...]]:
        """Return the payload within, or why an envelope for this node does not open."""
        mine = next((each for each in envelope.readers if each.key in self.readers), None)
        if mine is None:
            return None, ()
        try:
            key = decrypt(self.readers[mine.key], b64decode(mine.wrapped, validate=True))
            clear = SM().open(
                key, envelope.bytes_of("nonce"), envelope.bytes_of("content"), envelope.bound(kind, sender)
            )
        except (ProofFailed, ValueError):
            cause = f"The envelope names this node's key {mine.key} and does not open with it"
            return None, ((Code.ENVELOPE_UNOPENABLE, cause),)
        return clear, ()

    def _faults(self, clear: bytes, shown: Fingerprints) -> tuple[tuple[Code, str], ...]:
        """Compare the fingerprints with the content, where this node holds the epoch's key."""
        key = self.epochs.get(shown.epoch)
        if key is None:
            return ()
        try:
            payload = json.loads(clear)
            if not isinstance(payload, dict):
                return ()
            expected = fingerprints_of(payload, shown.of, epoch=shown.epoch, key=key)
        except (ValueError, RecursionError):  # no JSON, or text that no encoding has
            return ()  # the content is judged like any payload
        wrong = [
            name for name in shown.of if not hmac.compare_digest("".join(shown.of[name]), "".join(expected.of[name]))
        ]
        if not wrong:
            return ()
        names = ", ".join(wrong)
        return ((Code.ENVELOPE_FINGERPRINT, f"The fingerprints of {names} are not those of what the envelope holds"),)


def _unshown(kind: str, shown: Fingerprints) -> tuple[tuple[Code, str], ...]:
    missing = [name for name in MUST_SHOW.get(kind, ()) if not shown.of.get(name)]
    told = f"A confidential {kind} shows no fingerprint of its {' and '.join(missing)}"
    return ((Code.ENVELOPE_FINGERPRINT, told),) if missing else ()


NO_KEYS = Keyring()
