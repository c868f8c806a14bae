"""Stores of bare blocks, for their log: two of them agree up to a height and tell different stories from there on."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ledger.admission import VerifiedBlock
from ledger.bundle import BundledLog
from ledger.signed_note import Ed25519NoteSigner, SM2NoteSigner
from ledger.store import Store
from ledger.suites import SM2Key

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.signed_note import NoteSigner

ORIGIN = "glasspool/ledger/test"


def hash_of(height: int, *, fork: int | None = None) -> bytes:
    """The hash of a block: another one from ``fork`` on."""
    told = "other" if fork is not None and height >= fork else "common"
    return hashlib.sha256(f"{told} {height}".encode()).digest()


def log_of(size: int, fork: int | None = None) -> BundledLog:
    """The log of so many blocks, in memory."""
    return BundledLog([hash_of(height, fork=fork) for height in range(size)])


def extend(store: Store, size: int, *, fork: int | None = None) -> None:
    """Commit empty blocks until the store has so many."""
    head = store.head()
    for height in range(0 if head is None else head.height + 1, size):
        block = VerifiedBlock(
            height=height,
            hash=hash_of(height, fork=fork),
            parent_hash=hash_of(height - 1, fork=fork) if height else bytes(32),
            timestamp=1_700_000_000_000 + height,
            transactions=0,
            events=(),
            unproven_logs=0,
            document=b"{}",
        )
        store.commit(block, trusted="{}")


def store_of(location: Path | str, size: int, *, fork: int | None = None) -> Store:
    """A new store of so many blocks, at a file's path or a database URL."""
    store = Store.create(location)
    extend(store, size, fork=fork)
    return store


def signers_of(node: int, name: str = ORIGIN) -> tuple[NoteSigner, ...]:
    """The two signers of a node, always the same."""
    seed = hashlib.sha256(b"node %d" % node).digest()
    return SM2NoteSigner(name=name, key=SM2Key(secret=int.from_bytes(seed[:31]))), Ed25519NoteSigner(
        name=name, seed=seed
    )
