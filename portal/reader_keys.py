"""The keys this node reads confidential payloads with, encrypted in its home: `keys/<name>.pem`, `keys/<epoch>.epoch`.

A reader's key is an SM2 key in encrypted PKCS#8. An epoch's fingerprint key is sealed by SM4-GCM under a key that
scrypt makes of the same passphrase. Nothing is ever written in the clear, nor overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from disclosure.errors import KeyUnusable
from disclosure.signing import read_key, write_key
from ledger.envelope import key_name
from ledger.errors import ProofFailed
from ledger.keyring import NO_KEYS, Keyring
from ledger.suites import SM, SM2Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from portal.settings import Settings

__all__ = ["PASSPHRASE", "ReaderKey", "ReaderKeys", "node_keys"]

PASSPHRASE = "GLASSPOOL_KEY_PASSPHRASE"  # noqa: S105 the name of the variable
EPOCH_KEY_BYTES = 32
SALT_BYTES, NONCE_BYTES = 16, 12
SCRYPT = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024, "dklen": 16}
MAX_FILE = 16 * 1024
OTHERS = 0o077  # permissions of anybody but the owner
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderKey:
    """A reader's key as it can be shown: its name here, its name in envelopes, its public half (64 bytes)."""

    name: str
    key: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class ReaderKeys:
    """The folder of keys. Its files belong to the owner alone."""

    folder: Path

    def __bool__(self) -> bool:
        """Tell whether there is any key."""
        return self.folder.is_dir() and any(each.suffix in (".pem", ".epoch") for each in self.folder.iterdir())

    def names(self) -> list[str]:
        """Return the readers' keys by name."""
        return self._files(".pem")

    def epochs(self) -> list[str]:
        """Return the epochs whose fingerprint key is here."""
        return self._files(".epoch")

    def _files(self, suffix: str) -> list[str]:
        return sorted(each.stem for each in self.folder.glob(f"*{suffix}")) if self.folder.is_dir() else []

    def add(self, name: str, key: SM2Key, passphrase: str, random: Callable[[int], bytes] = os.urandom) -> ReaderKey:
        """Keep a reader's key, encrypted. Raises KeyUnusable ``key-name``, ``key-exists``, ``key-unwritable``."""
        self.read(passphrase)  # one passphrase opens all of them, or none is opened
        file = self._new(name, ".pem")
        try:
            write_key(file, key, passphrase=passphrase, random=random)
        except OSError as failure:
            raise _unwritable(file, failure) from None
        return ReaderKey(name=name, key=key_name(key.public_key), public_key=key.public_key)

    def add_epoch(self, epoch: str, key: bytes, passphrase: str, random: Callable[[int], bytes] = os.urandom) -> None:
        """Keep the fingerprint key of an epoch, 32 bytes, sealed. Raises what :meth:`add` does."""
        if len(key) != EPOCH_KEY_BYTES:
            raise KeyUnusable(
                "epoch-key", f"A fingerprint key has {EPOCH_KEY_BYTES} bytes, and this one has {len(key)}."
            )
        self.read(passphrase)
        file, salt, nonce = self._new(epoch, ".epoch"), random(SALT_BYTES), random(NONCE_BYTES)
        sealed = SM().seal(_derived(passphrase, salt), nonce, key, epoch.encode())
        told = {name: b64encode(each).decode() for name, each in (("nonce", nonce), ("salt", salt), ("sealed", sealed))}
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(json.dumps(told) + "\n")
        except OSError as failure:
            raise _unwritable(file, failure) from None

    def remove(self, name: str) -> None:
        """Delete a reader's key or an epoch's for good. Raises KeyUnusable ``no-key``."""
        for suffix in (".pem", ".epoch"):
            file = self.folder / f"{name}{suffix}"
            if NAME.match(name) and file.is_file():
                file.unlink()
                return
        raise KeyUnusable("no-key", f"There is no key {name!r} here.", next_step="`glasspool keys list` shows them.")

    def read(self, passphrase: str | None) -> tuple[list[ReaderKey], Keyring]:
        """Return the keys as they can be shown, and the ring of them.

        Raises KeyUnusable: ``key-locked`` without a passphrase, ``key-exposed``, ``key-shape`` for a wrong one.
        """
        if not self:
            return [], NO_KEYS
        if not passphrase:
            raise KeyUnusable(
                "key-locked",
                f"The keys in {self.folder} are encrypted.",
                next_step=f"Give their passphrase in {PASSPHRASE}.",
            )
        keys = {name: read_key(self.folder / f"{name}.pem", passphrase=passphrase) for name in self.names()}
        epochs = {epoch: self._epoch(epoch, passphrase) for epoch in self.epochs()}
        shown = [
            ReaderKey(name=name, key=key_name(key.public_key), public_key=key.public_key) for name, key in keys.items()
        ]
        return shown, Keyring.of(tuple(keys.values()), epochs)

    def _epoch(self, epoch: str, passphrase: str) -> bytes:
        file = self.folder / f"{epoch}.epoch"
        try:
            with file.open("rb") as content:
                exposed = os.fstat(content.fileno()).st_mode & OTHERS
                told = json.loads(content.read(MAX_FILE))
            salt, nonce, sealed = (b64decode(told[name], validate=True) for name in ("salt", "nonce", "sealed"))
            if exposed:
                raise KeyUnusable(
                    "key-exposed",
                    f"The key {file} can be read by others than its owner.",
                    next_step=f"Run `chmod 600 {file}`, and consider the key known to whoever could read it.",
                )
            return SM().open(_derived(passphrase, salt), nonce, sealed, epoch.encode())
        except (OSError, ValueError, KeyError, TypeError, ProofFailed):
            raise KeyUnusable("key-shape", f"{file} is no fingerprint key, or not with this passphrase.") from None

    def _new(self, name: str, suffix: str) -> Path:
        if NAME.match(name) is None:
            raise KeyUnusable(
                "key-name",
                f"{name!r} cannot name a key.",
                next_step="Use up to 40 letters, digits, points, underscores and hyphens.",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as failure:
            raise _unwritable(self.folder, failure) from None
        for other in (".pem", ".epoch"):
            if (self.folder / f"{name}{other}").exists():
                raise KeyUnusable(
                    "key-exists",
                    f"There is a key {name} already, and keys are never overwritten.",
                    next_step="Choose another name, or remove that key first.",
                )
        return self.folder / f"{name}{suffix}"


def node_keys(settings: Settings) -> Keyring:
    """Return the ring that whoever makes facts reads with; raises KeyUnusable when keys are here and stay locked.

    Facts made without them would leave sealed what this node can read.
    """
    return ReaderKeys(settings.home / "keys").read(os.environ.get(PASSPHRASE))[1]


def _derived(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, **SCRYPT)


def _unwritable(file: Path, failure: OSError) -> KeyUnusable:
    return KeyUnusable("key-unwritable", f"{file} cannot be written: {failure.strerror}.")
