"""Signatures of this node: a Signer that does not tell where its key lives, and one whose key lies in a file.

A key file is PKCS#8 in PEM, as OpenSSL reads it: in the clear, or encrypted with a passphrase (PBES2: scrypt,
AES-256-CBC). Either way it must be readable by its owner alone.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from asn1crypto import keys, pem
from Cryptodome.IO import PKCS8
from Cryptodome.Util.asn1 import DerObjectId

from disclosure.certificates import ASN1_FAULTS, SM2_CURVE, Certificate, authority, leaf, read_pem, to_pem
from disclosure.errors import KeyUnusable, Unwritable
from ledger.sm_backends import N as ORDER
from ledger.sm_backends import der_signature
from ledger.suites import SM2Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Random = Callable[[int], bytes]

__all__ = ["FileSigner", "LocalAuthority", "Signer", "make_local_authority", "read_key", "write_key"]

EC_PUBLIC_KEY = "1.2.840.10045.2.1"
PROTECTION = "scryptAndAES256-CBC"
SCRYPT_COST = 1 << 14  # N, with r = 8: 16 MiB, and OpenSSL refuses to read a key that needs more than 32
MAX_KEY_FILE = 16 * 1024  # bytes; ours take half a kilobyte
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SERIAL_BYTES = 16  # of randomness; RFC 5280, 4.1.2.2 allows 20 and wants a positive number
AUTHORITY_LIFE = timedelta(days=3653)
LEAF_LIFE = timedelta(days=1096)


class Signer(Protocol):
    """Signs for a certificate's subject, wherever the key is: a file, a card, a service."""

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The signer's certificate first, then those above it."""

    def sign(self, message: bytes) -> bytes:
        """Return the SM2 signature of the message with the default id, in DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A signer whose key was read from a file."""

    key: SM2Key = field(repr=False)
    chain: tuple[Certificate, ...]

    @classmethod
    def open(cls, key_file: Path, certificate_file: Path, *, passphrase: str | None = None) -> FileSigner:
        """Return the signer of a key file and its certificate.

        Raises KeyUnusable, and CertificateInvalid when the certificate's file holds anything else.
        """
        key = read_key(key_file, passphrase=passphrase)
        try:
            chain = read_pem(certificate_file.read_bytes())
        except OSError as failure:
            raise KeyUnusable("no-certificate", f"{certificate_file} cannot be read: {failure.strerror}.") from None
        if chain[0].public_key != key.public_key:
            raise KeyUnusable("another-key", f"{certificate_file} is the certificate of another key than {key_file}.")
        return cls(key=key, chain=chain)

    def sign(self, message: bytes) -> bytes:
        return der_signature(self.key.sign(message))


def write_key(path: Path, key: SM2Key, *, passphrase: str | None = None, random: Random | None = None) -> None:
    """Write the key as PKCS#8 PEM to a new file that only its owner can read; encrypted when a passphrase is given.

    ``random`` gives the salt and the initialisation vector. Raises FileExistsError when the file is there.
    """
    scalar = keys.ECPrivateKey(
        {
            "version": "ecPrivkeyVer1",
            "private_key": key.secret,
            "public_key": keys.ECPointBitString(b"\x04" + key.public_key),
        }
    )
    if passphrase:
        der = PKCS8.wrap(
            scalar.dump(),
            EC_PUBLIC_KEY,
            passphrase=passphrase.encode(),
            protection=PROTECTION,
            prot_params={"iteration_count": SCRYPT_COST},
            key_params=DerObjectId(SM2_CURVE),
            randfunc=random,  # type: ignore[arg-type] # the stub says str; the function wants bytes
        )
    else:
        der = PKCS8.wrap(scalar.dump(), EC_PUBLIC_KEY, key_params=DerObjectId(SM2_CURVE))
    label = "ENCRYPTED PRIVATE KEY" if passphrase else "PRIVATE KEY"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem.armor(label, der))


def read_key(path: Path, *, passphrase: str | None = None) -> SM2Key:
    """Return the SM2 key of a PKCS#8 PEM file.

    Raises KeyUnusable: ``no-key`` not readable, ``key-exposed`` others than its owner may read it, ``key-locked`` a
    passphrase is needed, ``key-shape`` wrong passphrase or not an SM2 key.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(MAX_KEY_FILE + 1)
    except OSError as failure:
        raise KeyUnusable("no-key", f"The signing key {path} cannot be read: {failure.strerror}.") from None
    if mode & OTHERS:
        raise KeyUnusable(
            "key-exposed",
            f"The signing key {path} can be read by others than its owner.",
            next_step=f"Run `chmod 600 {path}`, and consider the key known to whoever could read it.",
        )
    try:
        label, _, der = pem.unarmor(raw[: MAX_KEY_FILE + 1])
        if label == "ENCRYPTED PRIVATE KEY" and not passphrase:
            raise KeyUnusable(
                "key-locked",
                f"The signing key {path} is encrypted.",
                next_step="Give its passphrase in GLASSPOOL_KEY_PASSPHRASE.",
            )
        return _sm2_key(der, passphrase if label == "ENCRYPTED PRIVATE KEY" else None)
    except ASN1_FAULTS as failure:
        raise KeyUnusable(
            "key-shape", f"The signing key {path} is not an SM2 key in PKCS#8, or not with this passphrase: {failure}."
        ) from None


def _sm2_key(der: bytes, passphrase: str | None) -> SM2Key:
    algorithm, inner, parameters = PKCS8.unwrap(der, passphrase.encode() if passphrase else None)
    curve = DerObjectId()
    curve.decode(parameters or b"", strict=True)
    if algorithm != EC_PUBLIC_KEY or curve.value != SM2_CURVE:
        raise ValueError("it is a key of another kind")
    secret = keys.ECPrivateKey.load(inner, strict=True)["private_key"].native
    return SM2Key(secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAuthority:
    """Where a local authority and the signer it certified keep their files."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate: what a reader of packages is given to trust."""
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        return self.folder / "ca-key.pem"

    @property
    def certificate(self) -> Path:
        """The signer's certificate and the authority's."""
        return self.folder / "signer.pem"

    @property
    def key(self) -> Path:
        return self.folder / "signer-key.pem"

    def exists(self) -> bool:
        """Tell whether all four files are there."""
        return all(path.is_file() for path in (self.authority, self.authority_key, self.certificate, self.key))

    def signer(self, *, passphrase: str | None = None) -> FileSigner:
        """Return the signer; raises KeyUnusable or CertificateInvalid."""
        return FileSigner.open(self.key, self.certificate, passphrase=passphrase)


def make_local_authority(
    folder: Path, *, name: str, at: datetime, random: Random, passphrase: str | None = None
) -> LocalAuthority:
    """Make a new authority and one signer beneath it in ``folder``, all four files or none, and return where they are.

    ``name`` is the signer's; the authority is called after it. ``random(n)`` gives n bytes. Raises KeyUnusable
    ``authority-exists`` when the folder is there, since keys are never overwritten, and Unwritable.
    """
    if folder.exists():
        raise KeyUnusable(
            "authority-exists",
            f"{folder} is already there, and keys are never overwritten.",
            next_step="Use the keys in it, or move the folder away first.",
        )
    issuer_key, signer_key = (_fresh_key(random) for _ in range(2))
    start = at.replace(microsecond=0) - timedelta(minutes=5)  # a reader's clock may be a little behind
    issuer = authority(
        issuer_key, name=f"{name} CA", serial=_serial(random), not_before=start, not_after=start + AUTHORITY_LIFE
    )
    certified = leaf(
        issuer,
        issuer_key,
        signer_key.public_key,
        name=name,
        serial=_serial(random),
        not_before=start,
        not_after=start + LEAF_LIFE,
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
        made = LocalAuthority(folder=staging)
        try:
            made.authority.write_bytes(to_pem(issuer))
            made.certificate.write_bytes(to_pem(certified, issuer))
            write_key(made.authority_key, issuer_key, passphrase=passphrase, random=random)
            write_key(made.key, signer_key, passphrase=passphrase, random=random)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as failure:
        raise Unwritable("unwritable", f"{folder} cannot be written: {failure.strerror or failure}.") from None
    return LocalAuthority(folder=folder)


def _fresh_key(random: Random) -> SM2Key:
    while True:
        secret = int.from_bytes(random(32))
        if 0 < secret < ORDER - 1:
            return SM2Key(secret=secret)


def _serial(random: Random) -> int:
    return int.from_bytes(random(SERIAL_BYTES)) >> 1 | 1
