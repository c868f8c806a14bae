"""The trail: who looked at what, changed what and took what away, in order, so that nobody can unwrite it unseen.

1. An entry states its number, instant, actor, action, subject and details, and the hash of the entry before it.
2. Its hash is SM3 over the canonical JSON of all that. So no entry can be altered, left out or put in between without
   every later hash being another.
3. The entries' hashes are also the leaves of an RFC 6962 log, whose checkpoints are signed notes kept outside the book
   (:func:`ledger.checkpoint.publish`). So the end of the trail cannot be cut off either: a checkpoint names a size and
   a root that the trail must have. Its origin names the trail by the hash of its first entry, as a chain is named by
   its genesis block: the checkpoint of another trail is none of this one.

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
from ledger.errors import ProofFailed
from ledger.records.base import canonical
from ledger.rfc6962 import MemoryTree, leaf_hash
from ledger.signed_note import Note, NoteSigner, VerifierKey
from ledger.suites import sm3
from regulator.access import Actor
from regulator.book.tables import TrailRow, table_of
from regulator.errors import TrailBroken

__all__ = ["Act", "Entry", "Fault", "append", "check", "count", "entries", "read_checkpoint", "sign", "signed"]

FIRST: Final = bytes(32).hex()
"""What the first entry says of the entry before it."""

ORIGIN: Final = "glasspool/trail/"


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
    """Return entries, the newest first; ``subject`` is what one is about, with its kind before it or without."""
    statement = select(_TRAIL).order_by(_TRAIL.c.number.desc()).limit(limit)
    if actor is not None:
        statement = statement.where(_TRAIL.c.actor == actor)
    if subject is not None:
        held = _TRAIL.c.subject
        ends = func.substr(held, func.length(held) - len(subject)) == f" {subject}"
        statement = statement.where((held == subject) | ends)
    return [_entry(row) for row in connection.execute(statement).mappings()]


def check(connection: Connection, checkpoints: Iterable[Checkpoint] = ()) -> list[Fault]:
    """Return what does not hold of the trail, in order; nothing when all holds. It is read once, a row at a time."""
    faults: list[Fault] = []
    before, number = FIRST, -1
    hashes: list[str] = []
    for row in _rows(connection):
        number += 1
        if row["number"] != number:
            faults.append(_fault("trail-missing", number, f"an entry numbered {row['number']} stands in its place"))
            number = row["number"] if isinstance(row["number"], int) else number
        if row["before"] != before:
            faults.append(_fault("trail-unlinked", number, "it does not name the entry before it as that one is now"))
        if row["hash"] != _hash(row):
            faults.append(_fault("trail-altered", number, "it is not what was written"))
        before = row["hash"]
        hashes.append(before)
    return faults + [fault for each in checkpoints for fault in _against(hashes, each)]


def _against(hashes: Sequence[str], checkpoint: Checkpoint) -> Iterator[Fault]:
    """Yield how the trail, by the hashes of its entries, differs from what a checkpoint says it began with."""
    if hashes and checkpoint.origin != _origin(hashes):
        yield _fault("trail-alien", 0, f"a checkpoint names another trail, {checkpoint.origin}")
    elif checkpoint.size > len(hashes):
        cut = f"a checkpoint was signed over {checkpoint.size} entries, and there are {len(hashes)}"
        yield _fault("trail-cut", len(hashes), cut)
    elif _log(hashes[: checkpoint.size]).root() != checkpoint.root:
        other = f"the first {checkpoint.size} entries are others than those a checkpoint was signed over"
        yield _fault("trail-forked", checkpoint.size - 1, other)


def sign(connection: Connection, signers: Sequence[NoteSigner], folder: Path) -> Published:
    """Sign the trail as it stands and keep the note in ``folder``.

    Raises TrailBroken when something does not hold of it, or there is nothing to sign yet; nothing is signed then.
    Otherwise raises as :func:`ledger.checkpoint.publish`.
    """
    faults = check(connection, signed(folder, [each.verifier for each in signers]))
    if faults:
        raise TrailBroken(faults[0].code, f"The trail is not signed. {faults[0].message}")
    hashes = [row["hash"] for row in _rows(connection)]
    if not hashes:
        raise TrailBroken("trail-empty", "The trail has no entry yet", next_step="It begins with what is looked at.")
    return publish(_log(hashes), _origin(hashes), signers, folder)


def signed(folder: Path, trusted: Sequence[VerifierKey]) -> list[Checkpoint]:
    """Return the newest checkpoint kept in ``folder``, by each set of keys that signed it: it stands by those before.

    Raises ProofFailed for one that no trusted key signed.
    """
    return [_trusted(one.note, trusted) for one in latest(folder)]


def read_checkpoint(note: bytes, trusted: Sequence[VerifierKey]) -> Checkpoint:
    """Return the checkpoint of a note kept elsewhere. Raises Malformed, and ProofFailed when no trusted key signed."""
    return _trusted(Note.parse(note), trusted)


def _trusted(note: Note, trusted: Sequence[VerifierKey]) -> Checkpoint:
    if not note.signers(trusted):
        raise ProofFailed(
            "trail-untrusted",
            "A checkpoint of the trail is signed by no key that is trusted here",
            next_step="Give the verifier key of whoever signed it with --key, or take the note away.",
        )
    return Checkpoint.parse(note.text)


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


def _origin(hashes: Sequence[str]) -> str:
    return ORIGIN + hashes[0]


def _log(hashes: Sequence[str]) -> MemoryTree:
    return MemoryTree([leaf_hash(each.encode()) for each in hashes])


def _fault(code: str, number: int, message: str) -> Fault:
    return Fault(code=code, number=number, message=f"Entry {number}: {message}.")
