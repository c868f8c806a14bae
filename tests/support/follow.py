"""Following a chain in a process of its own, for tests to kill: `python -m tests.support.follow DATABASE ARCHIVE`."""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store
from portal.node import read_pin


def follow(database: Path, archive: Path, *, workers: int = 1, location: str = "") -> bytes:
    """Join and sync to the source's head; returns the facts digest."""
    pin, source = read_pin(archive / "node.toml"), open_source(location or archive)
    try:
        with Store.create(database) as store:
            join(store, source, genesis_hash=pin.genesis_hash, contracts=pin.contracts)
            return sync(store, source, evidence=database.parent / "evidence", workers=workers).facts_digest
    finally:
        source.close()


if __name__ == "__main__":
    follow(Path(sys.argv[1]), Path(sys.argv[2]))
