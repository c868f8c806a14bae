"""Following a chain in a process of its own, for tests to kill: `python -m tests.support.follow DATABASE ARCHIVE`.

With a third argument `rebuild` it makes the facts of that database again instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.rebuild import rebuild
from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store
from portal.node import read_pin


def follow(database: Path | str, archive: Path, *, workers: int = 1, location: str = "") -> bytes:
    """Join and sync to the source's head; returns the facts digest."""
    pin, source = read_pin(archive / "node.toml"), open_source(location or archive)
    home = database.parent if isinstance(database, Path) else archive.parent
    try:
        with Store.create(database) as store:
            join(store, source, genesis_hash=pin.genesis_hash, contracts=pin.contracts)
            return sync(store, source, evidence=home / "evidence", workers=workers).facts_digest
    finally:
        source.close()


if __name__ == "__main__":
    place: Path | str = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
    if sys.argv[3:] == ["rebuild"]:
        with Store.open(place) as opened:
            rebuild(opened, workers=1)
    else:
        follow(place, Path(sys.argv[2]))
