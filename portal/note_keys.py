"""The keys this node signs its checkpoints with: SM2, and Ed25519 for the witnesses and tools that know nothing else.

Both lie in the home's ``checkpoint-keys`` as PKCS#8 PEM, made on first use, readable by their owner alone, encrypted
when a passphrase is given. They are not the key of reports: a signature of one kind must never pass for the other. A
node whose ``ed25519.pem`` was taken away signs with SM2 alone.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from Cryptodome.PublicKey import ECC

from disclosure.errors import KeyUnusable, Unwritable
from disclosure.signing import PROTECTION, SCRYPT_COST, read_key, write_key
from ledger.signed_note import SEED_SIZE, Ed25519NoteSigner, SM2NoteSigner
from ledger.sm_backends import N as ORDER
from ledger.suites import SM2Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.signed_note import NoteSigner

    Random = Callable[[int], bytes]

__all__ = ["ED25519_FILE", "SM2_FILE", "make_note_keys", "note_signers"]

SM2_FILE, ED25519_FILE = "sm2.pem", "ed25519.pem"
MAX_KEY_FILE = 16 * 1024  # bytes; ours take a few hundred
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_note_keys(folder: Path, *, random: Random, passphrase: str | None = None) -> None:
    """Make both keys in a new ``folder``, all of it or nothing; ``random(n)`` gives n bytes. Raises Unwritable."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # mode 0700
        try:
            write_key(staging / SM2_FILE, _fresh_sm2(random), passphrase=passphrase, random=random)
            _write_seed(staging / ED25519_FILE, random(SEED_SIZE), passphrase)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as failure:
        raise Unwritable("unwritable", f"{folder} cannot be written: {failure.strerror or failure}.") from None


def note_signers(folder: Path, name: str, *, passphrase: str | None = None) -> tuple[NoteSigner, ...]:
    """Return the node's signers under a name, SM2 first. Raises KeyUnusable."""
    signers: list[NoteSigner] = [SM2NoteSigner(name=name, key=read_key(folder / SM2_FILE, passphrase=passphrase))]
    if (folder / ED25519_FILE).exists():
        signers.append(Ed25519NoteSigner(name=name, seed=_read_seed(folder / ED25519_FILE, passphrase)))
    return tuple(signers)


def _fresh_sm2(random: Random) -> SM2Key:
    while True:
        secret = int.from_bytes(random(32))
        if 0 < secret < ORDER - 1:
            return SM2Key(secret=secret)


def _write_seed(path: Path, seed: bytes, passphrase: str | None) -> None:
    key = ECC.construct(curve="Ed25519", seed=seed)  # type: ignore[arg-type] # the stub leaves bytes out
    if passphrase:
        text = key.export_key(
            format="PEM",
            passphrase=passphrase,
            use_pkcs8=True,
            protection=PROTECTION,
            prot_params={"iteration_count": SCRYPT_COST},
        )
    else:
        text = key.export_key(format="PEM", use_pkcs8=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(str(text) + "\n")


def _read_seed(path: Path, passphrase: str | None) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(MAX_KEY_FILE)
    except OSError as failure:
        raise KeyUnusable("no-key", f"The signing key {path} cannot be read: {failure.strerror}.") from None
    if mode & OTHERS:
        raise KeyUnusable(
            "key-exposed",
            f"The signing key {path} can be read by others than its owner.",
            next_step=f"Run `chmod 600 {path}`, and consider the key known to whoever could read it.",
        )
    if b"ENCRYPTED" in raw[:64] and not passphrase:
        raise KeyUnusable(
            "key-locked",
            f"The signing key {path} is encrypted.",
            next_step="Give its passphrase in GLASSPOOL_KEY_PASSPHRASE.",
        )
    try:
        key = ECC.import_key(raw, passphrase=passphrase)
        if key.curve != "Ed25519" or not key.has_private():
            raise ValueError("it is a key of another kind")
    except (ValueError, IndexError, TypeError) as failure:
        raise KeyUnusable(
            "key-shape",
            f"The signing key {path} is not an Ed25519 key in PKCS#8, or not with this passphrase: {failure}.",
        ) from None
    return bytes(key.seed)
