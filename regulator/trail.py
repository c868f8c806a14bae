"""The trail: who looked at what, changed what and took what away, in order, so that nobody can unwrite it unseen.

1. An entry states its number, instant, actor, action, subject and details, and the hash of the entry before it.
2. Its hash is SM3 over the canonical JSON of all that. So no entry can be altered, left out or put in between without
   every later hash being another.
3. The entries' hashes are also the leaves of an RFC 6962 log, whose checkpoints are signed notes kept outside the book
   (:func:`ledger.checkpoint.publish`). So the end of the trail cannot be cut off either: a checkpoint names a size and
   a root that the trail must have.

:func:`check` goes through all three and says what does not hold. What happened after the last checkpoint can still be
cut off by whoever holds the database: make checkpoints often, and keep them elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, select

from ledger.checkpoint import Checkpoint, Published, latest, publish
from ledger.records.base import canonical
from ledger.rfc6962 import MemoryTree
from ledger.signed_note import NoteSigner, VerifierKey
from ledger.suites import sm3
from regulator.access import Actor
from regulator.book.tables import TrailRow, table_of

__all__ = ["Act", "Entry", "Fault", "append", "check", "count", "entries", "sign", "signed"]

FIRST: Final = bytes(32).hex()
"""What the first entry says of the entry before it."""

ORIGIN: Final = "glasspool/trail"


class Act(StrEnum):
    """What people do that the trail keeps."""

    LOOKED = "looked"
    EXPORTED = "exported"
    SUPPRESSED = "suppressed"
    CASE = "case"
    FOLLOWED = "followed"


_TRAIL = table_of(TrailRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that somebody did; ``number`` counts from 0, ``at`` is UTC."""

    number: int
    at: datetime
    actor: str
    act: str
    subject: str
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What does not hold: a stable code, the entry it was seen at, and a sentence."""

    code: str
    number: int
    message: str


def append(connection: Connection, actor: Actor, act: Act, subject: str, at: datetime, **details: Any) -> Entry:
    """Add an entry within a transaction of :meth:`Book.writes`: what was done, and that it was, are kept together."""
    last = connection.execute(select(_TRAIL.c.number, _TRAIL.c.hash).order_by(_TRAIL.c.number.desc()).limit(1)).first()
    values = {
        "number": 0 if last is None else last.number + 1,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor.name,
        "act": act.value,
        "subject": subject,
        "details": canonical(details).decode(),
        "before": FIRST if last is None else last.hash,
    }
    connection.execute(_TRAIL.insert().values(**values, hash=_hash(values)))
    return _entry({**values, "hash": _hash(values)})


def entries(
    connection: Connection, *, actor: str | None = None, subject: str | None = None, limit: int | None = None
) -> list[Entry]:
    """Return entries, the newest first."""
    statement = select(_TRAIL).order_by(_TRAIL.c.number.desc()).limit(limit)
    if actor is not None:
        statement = statement.where(_TRAIL.c.actor == actor)
    if subject is not None:
        statement = statement.where(_TRAIL.c.subject == subject)
    return [_entry(row) for row in connection.execute(statement).mappings()]


def check(connection: Connection, checkpoints: Iterable[Checkpoint] = ()) -> list[Fault]:
    """Return what does not hold of the trail, in order; nothing when all holds. It is read once, a row at a time."""
    faults: list[Fault] = []
    before, number = FIRST, -1
    leaves: list[bytes] = []
    for row in _rows(connection):
        number += 1
        if row["number"] != number:
            faults.append(
                _fault("trail-missing", row["number"], f"entries {number} to {row['number'] - 1} are missing")
            )
            number = row["number"]
        if row["before"] != before:
            faults.append(_fault("trail-unlinked", number, "it does not name the entry before it as that one is now"))
        if row["hash"] != _hash(row):
            faults.append(_fault("trail-altered", number, "it is not what was written"))
        before = row["hash"]
        leaves.append(before.encode())
    for one in sorted(checkpoints, key=lambda each: each.size):
        if one.size > len(leaves):
            cut = f"a checkpoint was signed over {one.size} entries, and there are {len(leaves)}"
            faults.append(_fault("trail-cut", len(leaves), cut))
        elif MemoryTree(leaves[: one.size]).root() != one.root:
            other = f"the first {one.size} entries are others than those a checkpoint was signed over"
            faults.append(_fault("trail-forked", one.size - 1, other))
    return faults


def sign(connection: Connection, signers: Sequence[NoteSigner], folder: Path) -> Published:
    """Sign the trail as it stands and keep the note in ``folder``. Raises as :func:`ledger.checkpoint.publish`."""
    return publish(MemoryTree([row["hash"].encode() for row in _rows(connection)]), ORIGIN, signers, folder)


def signed(folder: Path, trusted: Sequence[VerifierKey]) -> list[Checkpoint]:
    """Return the checkpoints kept in ``folder``; raises ProofFailed for one that no trusted key signed."""
    found = latest(folder)
    for one in found:
        one.note.signers(trusted)
    return [one.checkpoint for one in found]


def count(connection: Connection) -> int:
    """Return how many entries there are."""
    return int(connection.execute(select(func.count()).select_from(_TRAIL)).scalar_one())


def _rows(connection: Connection) -> Iterator[Any]:
    return iter(connection.execute(select(_TRAIL).order_by(_TRAIL.c.number)).mappings())


def _hash(row: Any) -> str:
    stated = {name: row[name] for name in ("number", "at", "actor", "act", "subject", "details", "before")}
    return sm3(canonical(stated)).hex()


def _entry(row: Any) -> Entry:
    return Entry(
        number=row["number"],
        at=datetime.fromisoformat(row["at"]),
        actor=row["actor"],
        act=row["act"],
        subject=row["subject"],
        details=json.loads(row["details"]),
        hash=row["hash"],
    )


def _fault(code: str, number: int, message: str) -> Fault:
    return Fault(code=code, number=number, message=f"Entry {number}: {message}.")
