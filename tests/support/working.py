"""What a node does, in a process of its own that says what it does next, for tests to kill; all of it can be resumed.

Every function is called with ``say`` first, and with locations: of a database, of an archive, of folders.
"""

from __future__ import annotations

import os
from contextlib import closing, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.rebuild import rebuild
from ledger.replica import join, sync
from ledger.sources import open_source
from ledger.store import Store
from portal.cli import application, main
from portal.node import read_pin
from tests.support.follow import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Say = Callable[[str], None]

LAST = 7
"""The height of the last block that is signed."""
LONG = "long"
"""The home that signs every height."""

application()  # reads every command


def syncing(say: Say, database: Path | str, archive: Path) -> None:
    """Follow the archive to its head."""
    say("begin")
    follow(database, archive)


def rebuilding(say: Say, database: Path | str) -> None:
    """Make the facts again."""
    say("begin")
    with Store.open(database) as store:
        rebuild(store, workers=1)


def signing(say: Say, database: Path | str, archive: Path, homes: Path) -> None:
    """Take in block after block up to LAST, and sign each log in LONG and in a home of its own, with keys made then."""
    pin = read_pin(archive / "node.toml")
    with closing(open_source(archive)) as source, Store.create(database) as store:
        join(store, source, genesis_hash=pin.genesis_hash, contracts=pin.contracts)
        say("begin")
        while True:
            head = store.head()
            assert head is not None
            for name in (LONG, f"at-{head.height}"):
                say(f"checkpoint {name}")
                home = homes / name
                _ran(home, database, "checkpoint", "-o", home / "note.txt", "--bundle", home / "bundle.json")
            if head.height == LAST:
                return
            say("sync")
            sync(store, source, evidence=homes / "evidence", workers=0, stop=lambda: True)


def taking(say: Say, database: Path | str, folder: Path, heights: Sequence[int]) -> None:
    """Take the snapshots of these heights that are not there yet."""
    say("begin")
    for height in heights:
        say(f"take {height}")
        if not (folder / str(height)).exists():
            _ran(folder, database, "snapshot", "take", "-o", folder / str(height), "--height", height)


def url_of(database: Path | str) -> str:
    """The database's URL, as the settings have it."""
    return f"sqlite:///{database}" if isinstance(database, Path) else database


def _ran(home: Path, database: Path | str, *arguments: object) -> None:
    """Run a command as a node's operator does; one that fails ends this process."""
    os.environ["GLASSPOOL_HOME"], os.environ["GLASSPOOL_DATABASE"] = str(home), url_of(database)
    with redirect_stdout(StringIO()) as told, redirect_stderr(told):
        try:
            main([*map(str, arguments), "--json"])
        except SystemExit as ended:
            if ended.code:
                raise SystemExit(f"{arguments} ended with {ended.code}: {told.getvalue()}") from None
