"""The regulator's book on this machine: opening it, following the ledger into it, and who sits here."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from portal.errors import PortalError
from regulator import trail
from regulator.access import LOOPBACK, Actor
from regulator.book import Book

if TYPE_CHECKING:
    from ledger.store import Store
    from portal.settings import Settings
    from regulator.scope import Scope
    from regulator.watch import Step

__all__ = ["Watched", "book_file", "has_book", "keep_command", "looked", "opened_book", "person", "watched"]

LOOKS: Final = (
    ("plans",), ("look-through",), ("authenticity",), ("pool",), ("terms", "show"), ("waterfall",), ("stress",),
    ("metrics",), ("duplicates", "check"),
)  # fmt: skip
"""Commands that show what the ledger says of plans, members and trades; others that the trail has write into it."""
EXPORTS: Final = (("prove",), ("report",), ("snapshot", "take"))
EXPORTING: Final = frozenset({"--proofs", "--graphml"})
"""Options that make an export of a look."""
ARGUMENTS, LENGTH = 20, 200
"""How many arguments of a command the trail keeps, and how many characters of each."""


def book_file(settings: Settings) -> Path | None:
    """Return the book's file where it is an SQLite one; None for a database server."""
    location = settings.book_location
    if location.startswith("sqlite:///"):
        return Path(location.removeprefix("sqlite:///"))
    return None if "://" in location else Path(location)


def has_book(settings: Settings) -> bool:
    """Tell whether there is a book; of one on a server, whether one is named."""
    file = book_file(settings)
    return file is None or file.exists()


@contextmanager
def opened_book(settings: Settings, *, create: bool = False) -> Iterator[Book]:
    """Open the book. Raises PortalError ``no-book`` where there is none yet and none is to be made."""
    if not create and not has_book(settings):
        raise PortalError(
            "no-book",
            f"There is no book of findings at {settings.book_location}",
            next_step="Run `glasspool watch` first; `glasspool findings --ledger` needs none.",
        )
    with Book.open(settings.book_location) as book:
        yield book


def person() -> Actor:
    """Return whoever runs this program, by the account's name: the regulator, until sign-in exists."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name  # not from the environment, which anybody sets as they like
    except KeyError:
        name = f"uid {uid}"
    return replace(LOOPBACK, name=name)


def looked(book: Book, actor: Actor, subject: str, at: datetime, **details: object) -> None:
    """Write into the trail that somebody looked at something."""
    with book.writes() as connection:
        trail.append(connection, actor, trail.Act.LOOKED, subject, at, **details)


def keep_command(
    settings: Settings,
    arguments: Sequence[str],
    at: datetime,
    parsed: Callable[[Sequence[str], Sequence[str]], Mapping[str, Any]],
) -> None:
    """Write into the trail, where there is a book, that a command which shows or exports the ledger's facts is run.

    The entry's subject is the thing that is looked at, as it is of a page; of a command without one the command.
    ``parsed`` returns the parameters, by name, of a command and its arguments.

    It is written before: what is shown without standing in the trail would be worse than the other way round.
    """
    given = tuple(arguments)
    exports = any(given[: len(each)] == each for each in EXPORTS)
    looks = any(given[: len(each)] == each for each in LOOKS)
    if not (exports or looks) or "--help" in given or not has_book(settings):
        return
    act = (
        trail.Act.EXPORTED if exports or any(one.partition("=")[0] in EXPORTING for one in given) else trail.Act.LOOKED
    )
    command = max((each for each in (*LOOKS, *EXPORTS) if given[: len(each)] == each), key=len)
    said = [each.encode(errors="replace").decode()[:LENGTH] for each in given[len(command) :][:ARGUMENTS]]
    name = f"glasspool {' '.join(command)}"
    thing = _looked_at(settings, command, parsed(command, given[len(command) :]))
    subject = name if thing is None else thing.encode(errors="replace").decode()[:LENGTH]
    with opened_book(settings) as book, book.writes() as connection:
        trail.append(connection, person(), act, subject, at, command=name, arguments=said)


def _looked_at(settings: Settings, command: Sequence[str], parameters: Mapping[str, Any]) -> str | None:
    """Return what a command is asked about, ``<kind> <id>``; None where it names nothing of the ledger."""
    kind, id_ = "plan", parameters.get("plan")
    match command:
        case ("prove",):
            kind, id_ = "record", parameters.get("record")
        case ("look-through",):
            kind, id_ = "plan", parameters.get("subject")
            if parameters.get("thing") is not None:
                kind, id_ = str(id_), parameters["thing"]
            elif parameters.get("asset") is not None:
                kind, id_ = "asset", parameters["asset"]
        case ("authenticity",) if parameters.get("subject") is not None:
            kind, id_ = "receivable", parameters.get("asset") or parameters["subject"]
            if id_ == parameters["subject"] and _is_plan(settings, id_):
                kind = "plan"
    return None if id_ is None else f"{kind} {id_}"


def _is_plan(settings: Settings, id_: str) -> bool:
    from ledger.facts import Plan
    from portal.node import opened_store

    with opened_store(settings) as store:
        return store.head() is not None and store.at().get(Plan, id_) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What following the ledger by one scope did: from after which block (-1: the first) to which, how many changes."""

    scope: str
    start: int
    height: int
    changes: int


def watched(
    store: Store,
    book: Book,
    scopes: Sequence[Scope],
    told: Callable[[Step], None] = lambda _step: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Watched]:
    """Bring the book up to the replica's head and return what that did, scope by scope.

    ``stop`` is asked after each step: what was done stays, and the next time goes on from there. Raises BookStale.
    """
    from regulator.watch import follow

    before = book.followed_all()
    starts = {one.name: before[one.name].height if one.name in before else -1 for one in scopes}
    done = {name: Watched(scope=name, start=start, height=start, changes=0) for name, start in starts.items()}
    for step in follow(store, book, scopes):
        was = done[step.scope]
        done[step.scope] = replace(was, height=step.height, changes=was.changes + len(step.versions))
        told(step)
        if stop():
            break
    return list(done.values())
