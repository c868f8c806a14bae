"""Signed notes as c2sp.org/signed-note has them: a text, an empty line, and one line a signature.

    <text, ending in a line feed>
    <empty line>
    — <key name> <base64 of: key ID, 4 bytes | signature>

The key ID is the beginning of SHA-256(name | 0x0A | type | public key), and a verifier key is written
``name+<key ID in hex>+<base64 of: type | public key>``. Two types are known here: 0x01, Ed25519 (RFC 8032), and SM2
with SM3 (GB/T 32918.2, the default id) over the same text, which has no byte assigned: 0xff and a longer identifier.
Lines of any other key are ignored, as the specification demands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from Cryptodome.PublicKey import ECC
from Cryptodome.Signature import eddsa

from ledger.errors import Malformed, ProofFailed
from ledger.sm_backends import on_curve
from ledger.suites import SM, SM2Key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Ed25519NoteSigner", "Note", "NoteSigner", "SM2NoteSigner", "Signature", "VerifierKey", "unbase64"]

ED25519 = b"\x01"
SM2 = b"\xffglasspool/sm2-sm3:"
ED25519_SIZE, SM2_SIZE = 32, 64  # bytes of a public key; SM2's is the point x|y
SEED_SIZE = 32
KEY_ID_SIZE = 4
MAX_NOTE_BYTES = 256 * 1024  # sixteen signatures of 5 kB must fit, and our own notes have half a kilobyte
MAX_SIGNATURES = 100

_LINE = re.compile(r"— ([^ ]+) ([^ ]+)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)", re.DOTALL)


def unbase64(text: str) -> bytes:
    """Return what the text encodes in standard base64, spelt in the only canonical way; raises ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as failure:
        raise ValueError(f"it is not base64: {failure}") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("its base64 has another spelling")
    return data


def _check_name(name: str) -> None:
    if not name or "+" in name or any(each.isspace() for each in name) or _CONTROL.search(name):
        raise ValueError("a key's name is not empty and has neither spaces nor plus signs")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key that signs notes under a name; ``kind`` is the identifier of its signature type.

    Raises ValueError for a name or a key that can be none.
    """

    name: str
    kind: bytes
    public_key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind == SM2:
            if len(self.public_key) != SM2_SIZE or not on_curve(self.public_key):
                raise ValueError("it is no point of the SM2 curve")
        elif self.kind == ED25519:
            if len(self.public_key) != ED25519_SIZE:
                raise ValueError("an Ed25519 key has 32 bytes")
            eddsa.import_public_key(self.public_key)
        else:
            raise ValueError("its type is not known here")

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key of a line ``name+id+key``. Raises Malformed ``verifier-key``."""
        try:
            found = _KEY.fullmatch(text)
            if found is None:
                raise ValueError("it is not name+id+key")
            encoded = unbase64(found[3])
            kind = next((each for each in (ED25519, SM2) if encoded.startswith(each)), encoded[:1])
            key = cls(name=found[1], kind=kind, public_key=encoded[len(kind) :])
            if key.key_id.hex() != found[2]:
                raise ValueError("its id is that of another key")
        except ValueError as failure:
            raise Malformed(
                "verifier-key",
                f"{text[:200]!r} is no verifier key: {failure}",
                next_step="Give the whole line that `glasspool checkpoint` prints on the other node.",
            ) from None
        return key

    def __str__(self) -> str:
        encoded = base64.b64encode(self.kind + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line tells its key."""
        encoded = self.name.encode() + b"\n" + self.kind + self.public_key
        return hashlib.sha256(encoded).digest()[:KEY_ID_SIZE]

    @property
    def algorithm(self) -> str:
        """The algorithm's name, for a person."""
        return "SM2" if self.kind == SM2 else "Ed25519"

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the text is this key's. Hostile bytes give False, never an error."""
        if self.kind == SM2:
            return SM().verify(self.public_key, text, signature)
        try:
            eddsa.new(eddsa.import_public_key(self.public_key), "rfc8032").verify(text, signature)
        except ValueError:
            return False
        return True


class NoteSigner(Protocol):
    """Signs texts of notes, wherever the key is."""

    @property
    def verifier(self) -> VerifierKey:
        """The key that others check with."""

    def sign(self, text: bytes) -> bytes:
        """Return the signature over the text, as the verifier's type has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SM2NoteSigner:
    """A signer whose SM2 key is at hand; its signatures are deterministic (docs/adr/0008)."""

    name: str
    key: SM2Key = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(name=self.name, kind=SM2, public_key=self.key.public_key)

    def sign(self, text: bytes) -> bytes:
        return self.key.sign(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ed25519NoteSigner:
    """A signer whose Ed25519 seed, 32 bytes, is at hand."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def _key(self) -> ECC.EccKey:
        return ECC.construct(curve="Ed25519", seed=self.seed)  # type: ignore[arg-type] # the stub leaves bytes out

    @property
    def verifier(self) -> VerifierKey:
        public = self._key.public_key().export_key(format="raw")
        return VerifierKey(name=self.name, kind=ED25519, public_key=bytes(public))

    def sign(self, text: bytes) -> bytes:
        return bytes(eddsa.new(self._key, "rfc8032").sign(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line; nothing in it is checked."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text and the signatures under it. To be believed only after :meth:`signers` named a key that is trusted."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, document: bytes) -> Note:
        """Return the note in these bytes, strictly. Raises Malformed ``note``."""
        try:
            return cls._parse(document)
        except ValueError as failure:
            raise Malformed(
                "note", f"This is no signed note: {failure}", next_step="Ask for the checkpoint's file again."
            ) from None

    @classmethod
    def _parse(cls, document: bytes) -> Note:
        if len(document) > MAX_NOTE_BYTES:
            raise ValueError(f"it has more than {MAX_NOTE_BYTES} bytes")
        whole = document.decode("utf-8")
        if _CONTROL.search(whole):
            raise ValueError("it has control characters")
        text, separator, lines = whole.rpartition("\n\n")
        if not separator or not lines.endswith("\n") or not text:
            raise ValueError("there is no empty line with whole signature lines below it")
        signatures = lines[:-1].split("\n")
        if len(signatures) > MAX_SIGNATURES:
            raise ValueError(f"it has more than {MAX_SIGNATURES} signatures")
        return cls(text=text + "\n", signatures=tuple(map(_signature, signatures)))

    @classmethod
    def sign(cls, text: str, signers: Iterable[NoteSigner]) -> Note:
        """Return the text signed by every signer; each signature is verified before it leaves."""
        signatures = []
        for signer in signers:
            key, signature = signer.verifier, signer.sign(text.encode())
            if not key.verifies(text.encode(), signature):
                raise ProofFailed(
                    "note-signature",
                    f"The {key.algorithm} signature just made under {key.name} does not hold",
                    next_step="Check the node's keys: the public and the private part may not belong together.",
                )
            signatures.append(Signature(name=key.name, key_id=key.key_id, signature=signature))
        note = cls(text=text, signatures=tuple(signatures))
        if not signatures or cls.parse(bytes(note)) != note:
            raise ValueError("a note has a signature, and a text of whole lines without control characters")
        return note

    def __bytes__(self) -> bytes:
        lines = (
            f"— {each.name} {base64.b64encode(each.key_id + each.signature).decode()}\n" for each in self.signatures
        )
        return (self.text + "\n" + "".join(lines)).encode()

    def signers(self, trusted: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Return those of the trusted keys that signed; none when all signatures are of keys not among them.

        Raises ProofFailed ``note-signature`` when a line that names a trusted key does not hold: the note is refused
        whole, whatever else is under it.
        """
        text, signed = self.text.encode(), []
        for key in trusted:
            lines = [each for each in self.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
            for line in lines:
                if not key.verifies(text, line.signature):
                    raise ProofFailed(
                        "note-signature",
                        f"The {key.algorithm} signature of {key.name} does not hold",
                        next_step="Do not rely on this note: ask the signer for it again, and keep this copy.",
                    )
            if lines:
                signed.append(key)
        return tuple(signed)


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"{line[:80]!r} is no signature line")
    _check_name(found[1])
    encoded = unbase64(found[2])
    if len(encoded) <= KEY_ID_SIZE:
        raise ValueError("a signature line holds no signature")
    return Signature(name=found[1], key_id=encoded[:KEY_ID_SIZE], signature=encoded[KEY_ID_SIZE:])
