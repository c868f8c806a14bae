"""The few texts by which a replica knows where it stands: the anchor, the trusted head, and what was done to its facts.

Everything new is verified against them and no hash of the chain covers them, so each carries a seal of its own: a text
that was changed by accident is never believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from ledger.errors import StoreDamaged
from ledger.store.tables import StateRow
from ledger.suites import sm3

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from ledger.keyring import Keyring

__all__ = [
    "ANCHOR",
    "FACTS",
    "KEYS",
    "PACE",
    "REBUILDING",
    "SCRUB",
    "TRUSTED",
    "drop",
    "names_of",
    "put",
    "seal",
    "seal_all",
    "take",
]

ANCHOR = "anchor"
TRUSTED = "trusted"
FACTS = "facts"
"""The version of the code that projected the facts (``schema.FACTS_VERSION``)."""
KEYS = "keys"
"""The names of the keys that confidential payloads were read with, from the first block or the last rebuild on."""
PACE = "pace"
"""How fast the last run went (``ledger.pace``)."""
REBUILDING = "rebuilding"
"""There while facts are being rebuilt: where to go on (``ledger.rebuild``)."""
SCRUB = "scrub"
"""What the last scrub found (``ledger.scrub``)."""

_ROWS: Table = StateRow.__table__  # type: ignore[attr-defined]

# Asked with every block, so put together once.
_TAKE = select(_ROWS.c.name, _ROWS.c.text, _ROWS.c.seal).where(_ROWS.c.name.in_(bindparam("names", expanding=True)))
_PUT = _ROWS.update().where(_ROWS.c.name == bindparam("kept"))


def seal(name: str, text: str) -> bytes:
    """Return the SM3 of a name, a zero byte and its text."""
    return sm3(f"{name}\0{text}".encode("utf-8", "surrogateescape"))


def names_of(keys: Keyring) -> str:
    """Return the names of a ring's keys as they are kept."""
    return " ".join([*sorted(keys.readers), *sorted(keys.epochs)])


def put(connection: Connection, name: str, text: str) -> None:
    """Keep a text under a name, in place of what was there."""
    values: dict[str, Any] = {"text": text, "seal": seal(name, text)}
    done = connection.execute(_PUT, {"kept": name, **values})
    if done.rowcount == 0:
        connection.execute(_ROWS.insert(), [{"name": name, **values}])


def take(connection: Connection, *names: str) -> dict[str, str]:
    """Return what is kept under these names, those without a text left out. Raises StoreDamaged ``state-damaged``."""
    found = {}
    for name, text, sealed in connection.execute(_TAKE, {"names": names}):
        if sealed != seal(name, text):
            raise StoreDamaged("state-damaged", f"What this node keeps as its {name} is not what it stored")
        found[name] = text
    return found


def drop(connection: Connection, name: str) -> None:
    """Forget what is kept under a name."""
    connection.execute(_ROWS.delete().where(_ROWS.c.name == name))


def seal_all(connection: Connection) -> None:
    """Seal the texts of a database that knew no seals."""
    for name, text in connection.execute(select(_ROWS.c.name, _ROWS.c.text).where(_ROWS.c.seal.is_(None))).all():
        put(connection, name, text)
