"""Following the ledger: what each block changed is looked at by every scope, and what is found goes into the book.

Online, :func:`follow` reads the changes of some blocks at a time, once for all scopes, finds the neighbourhoods they
touched, and replays those from the height where the book stands. In batch, :func:`sweep` replays every neighbourhood of
a snapshot that could show anything, from the first block. The findings are the same.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from ledger.snapshot import Market
from ledger.store import AsOf, Store
from ledger.store.tables import BlockRow
from regulator.book import Book, Followed
from regulator.errors import BookStale
from regulator.evidence import rows_of
from regulator.histories import MarketHistories, StoreHistories
from regulator.scope import Keeping, Neighbourhood, Scope, replay
from regulator.signals import Signal, Version

__all__ = ["Step", "follow", "sweep"]

RECORDS: Final = 4_000
"""Records looked at in one step: what a step keeps in memory; one block is looked at whole, however many it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of following: the blocks up to ``height`` are in the book."""

    scope: str
    height: int
    head: int
    versions: tuple[Version, ...]


def follow(store: Store, book: Book, scopes: Sequence[Scope]) -> Iterator[Step]:
    """Bring the book up to the replica's head, a step at a time; yields after each, for every scope that took it.

    Scopes that stand at one height take their steps together: most of what they read is the same.
    Raises BookStale ``book-stale`` when the facts the book stands on were rebuilt to others.
    """
    head = store.head()
    if head is None:
        return
    held = book.followed_all()
    followed = {scope.name: held.get(scope.name) for scope in scopes}
    _check(store, head.height, followed)
    running: dict[str, Scope] = {}
    for scope in scopes:
        anew = followed[scope.name] is None
        running[scope.name] = scope.kept_in(book, anew=anew) if isinstance(scope, Keeping) else scope
    heights = {name: -1 if stands is None else stands.height for name, stands in followed.items()}
    while (after := min(heights.values(), default=head.height)) < head.height:
        together = [running[name] for name, height in heights.items() if height == after]
        until = _until(store, after, min([head.height, *(each for each in heights.values() if each > after)]))
        facts = store.at(until)
        book.drop_later()
        with _uncollected():
            found = _step(facts, book, together, after)
        now = Followed(height=until, facts_digest=facts.facts_digest.hex())
        book.keep_all(found, followed, now)
        for name, versions in found.items():
            heights[name], followed[name] = until, now
            yield Step(scope=name, height=until, head=head.height, versions=tuple(versions))


def sweep(
    market: Market, height: int, scopes: Sequence[Scope], told: Callable[[str, int], None] = lambda _scope, _seeds: None
) -> Iterator[Version]:
    """Yield every version of every finding that the scopes make of a snapshot at ``height``, scope by scope.

    Of a scope they come by height, rule and subject, in whatever order its neighbourhoods were looked at.
    ``told`` hears of each scope how many seeds it looks at.
    """
    histories = MarketHistories(market, height)
    found = {
        scope.name: market.backend.to_pyarrow(scope.candidates(market).select("seed").distinct())["seed"].to_pylist()
        for scope in scopes
    }
    with _uncollected():
        histories.read_ahead(seed for seeds in found.values() for seed in seeds)
        for scope in scopes:
            told(scope.name, len(found[scope.name]))
            loaded = scope.load(histories, set(found[scope.name]))
            versions = [version for neighbourhood in loaded for version in replay(neighbourhood, {})]
            yield from sorted(versions, key=lambda one: (one.height, one.rule, one.subject))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no circles of garbage: what is read stays, next to nothing refers in one, and looking costs a fifth."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _step(facts: AsOf, book: Book, scopes: Sequence[Scope], after: int) -> dict[str, list[Version]]:
    """Return by scope the versions of the blocks after ``after``, up to the reading's height."""
    with facts.at_once() as known, book.at_once():
        histories = StoreHistories(known, after)
        changes = known.changed(dict.fromkeys(table for scope in scopes for table in scope.reads), after)
        found: dict[str, list[Neighbourhood]] = {}
        for scope in scopes:
            seeds = scope.touched({table: changes[table] for table in scope.reads if table in changes}, histories)
            found[scope.name] = list(scope.load(histories, seeds)) if seeds else []
        subjects = {subject for some in found.values() for one in some for subject in one.subjects}
        rules = [rule for scope in scopes if found[scope.name] for rule in scope.rules]
        standing: defaultdict[str, dict[str, Signal]] = defaultdict(dict)
        for id_, signal in book.standing(rules, subjects).items():
            standing[signal.subject][id_] = signal
        told: dict[str, list[Version]] = {}
        for scope in scopes:
            told[scope.name] = []
            for one in found[scope.name]:
                stood = [standing[subject] for subject in one.subjects if subject in standing]
                mine = {id_: each for some in stood for id_, each in some.items() if each.rule in scope.rules}
                told[scope.name] += replay(one, mine, after=after)
        return told


def _until(store: Store, height: int, head: int) -> int:
    """Return the last block of the next step: as many as have RECORDS records together, but one at least."""
    if height + 1 == head:  # there is no more than one
        return head
    with store.at(height + 1).at_once() as facts:
        statement = (
            select(col(BlockRow.height), col(BlockRow.records))
            .where(col(BlockRow.height).between(height + 1, head))
            .order_by(col(BlockRow.height))
            .limit(RECORDS)
        )
        total, until = 0, height + 1
        for at, records in rows_of(facts, statement):
            total += records
            if total > RECORDS and at > height + 1:
                break
            until = at
    return until


def _digest(store: Store, height: int) -> str:
    return store.at(height).facts_digest.hex()


def _check(store: Store, head: int, followed: Mapping[str, Followed | None]) -> None:
    """Raise BookStale unless the replica has the facts that every scope stands on."""
    for stands, scope in {stands: scope for scope, stands in followed.items() if stands is not None}.items():
        if stands.height > head or _digest(store, stands.height) != stands.facts_digest:
            raise BookStale(
                "book-stale",
                f"The book followed {scope} to block {stands.height}, where the replica has other facts now",
                next_step="Run `glasspool watch --again`: findings are made anew, and cases keep their references.",
            )
