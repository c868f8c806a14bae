"""Sweeping a whole snapshot: what following its ledger from the first block would find, by two processes at once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Final

import duckdb
import pyarrow as pa

from ledger.snapshot import Market
from ledger.snapshot.reading import embedded
from regulator.book import FindingLine
from regulator.errors import NeedsReplica, SweepFailed
from regulator.monitor import PlanScope
from regulator.rules import scopes
from regulator.scope import Scope
from regulator.signals import Signal, Version
from regulator.watch import sweep

__all__ = ["Told", "lines_of", "readable", "sweepable", "swept"]

Told = Callable[[str, int], None]
"""Hears of each scope how many seeds it looks at."""

SHARES: Final = (("duplicates.family", "duplicates.sealed", "duplicates.runs", "duplicates.lots"),)
"""Scopes that one process looks through; the rest are another's. None needs what another found."""
READERS: Final = (duckdb.Error, pa.ArrowException)
"""What engines raise where they cannot read on."""
TOLD: Final = 300
"""Letters of what an engine says that are passed on."""
MEMORY_MB: Final = 2_400
"""What the engines of all processes may hold together."""


def sweepable(chosen: Collection[str] = ()) -> tuple[Scope, ...]:
    """Return the scopes of the chosen rules or families that a snapshot answers; all of them where none is chosen.

    What is recomputed of plans is followed only. Raises UnknownRule, and NeedsReplica ``needs-replica`` where such a
    rule is chosen by itself.
    """
    every = scopes(chosen)
    if only := sorted({rule for one in every if isinstance(one, PlanScope) for rule in one.rules}.intersection(chosen)):
        told = f"{', '.join(only)}: told by recomputing plans, which a snapshot cannot do"
        raise NeedsReplica("needs-replica", told, next_step="Follow a replica with `glasspool watch`.")
    return tuple(one for one in every if not isinstance(one, PlanScope))


def swept(
    files: Mapping[str, str],
    height: int,
    looked: Sequence[Scope],
    *,
    processes: int | None = None,
    told: Told = lambda _scope, _seeds: None,
) -> list[Version]:
    """Return every version of every finding that the scopes make of a snapshot, scope by scope, with DuckDB.

    ``files``: the path of every table's file, by label, as of a height. Two ``processes`` share the scopes (also where
    none are given and there are two cores); the answer is the same.
    Raises SweepFailed ``sweep-failed`` when one of them ends without its answer, or the files cannot be read.
    """
    names = [one.name for one in looked]
    groups = [[name for name in names if name in share] for share in SHARES]
    groups.append([name for name in names if not any(name in group for group in groups)])
    groups = [group for group in groups if group]
    if min(processes or os.cpu_count() or 1, len(groups)) < 2:
        with readable(), Market(embedded(), dict(files)) as market:
            return list(sweep(market, height, looked, told))
    found = _shared(files, height, groups, told)
    return [version for name in names for version in found[name]]


@contextmanager
def readable() -> Iterator[None]:
    """Raise SweepFailed ``sweep-failed`` for whatever the readers of a snapshot run into."""
    try:
        yield
    except READERS as failure:
        raise _unreadable(str(failure)) from failure


def _unreadable(cause: str) -> SweepFailed:
    cause = "".join(sign if sign.isprintable() else "?" for sign in " ".join(cause.split())[:TOLD])
    return SweepFailed(
        "sweep-failed",
        f"The snapshot was not read to the end: {cause}",
        next_step="Run it without --unverified: that says which file is damaged, where one is. "
        "If memory ran out, try --processes 1.",
    )


def _shared(
    files: Mapping[str, str], height: int, groups: Sequence[Sequence[str]], told: Told
) -> dict[str, list[Version]]:
    """Return by scope what a process for each group finds."""
    spawning, running = get_context("spawn"), {}
    memory = f"{MEMORY_MB // len(groups)}MB"
    found: dict[str, list[Version]] = {}
    try:
        for group in groups:
            mine, its = spawning.Pipe(duplex=False)
            process = spawning.Process(target=_look, args=(its, dict(files), height, group, memory), daemon=True)
            process.start()
            its.close()  # else the end of the process would not be the end of what it says
            running[mine] = process
        while open_ := [each for each in running if not each.closed]:
            for each in wait(open_):
                assert isinstance(each, Connection)
                _hear(each, found, told)
    finally:
        for process in running.values():
            process.terminate()  # those that ended are not touched by it
            process.join()
    if len(found) < sum(map(len, groups)):
        raise SweepFailed(
            "sweep-failed",
            "A process that looked through the snapshot ended before it was done",
            next_step="Its error stands above; where there is none it ran out of memory: try --processes 1.",
        )
    return found


def _hear(speaker: Connection, found: dict[str, list[Version]], told: Told) -> None:
    try:
        scope, said = speaker.recv()
    except (EOFError, OSError):  # it ended, or was ended while it spoke
        speaker.close()
        return
    if isinstance(said, str):
        raise _unreadable(said)
    if isinstance(said, int):
        told(scope, said)
    else:
        found[scope] = said


def _look(speaker: Connection, files: dict[str, str], height: int, names: Collection[str], memory: str) -> None:
    """Look through some scopes; say of each how many seeds it has, and at last what was found or why nothing was."""
    looked = [one for one in sweepable() if one.name in names]
    by_rule = {rule: one.name for one in looked for rule in one.rules}
    found: dict[str, list[Version]] = {one.name: [] for one in looked}
    try:
        with Market(embedded(memory), files) as market:
            for version in sweep(market, height, looked, lambda *said: speaker.send(said)):
                found[by_rule[version.rule]].append(version)
    except READERS as failure:
        speaker.send(("", str(failure)))
        return
    for said in found.items():
        speaker.send(said)
    speaker.close()


def lines_of(versions: Iterable[Version]) -> list[tuple[FindingLine, Signal]]:
    """Return each finding as its last version leaves it, with what it said last; the gravest first, as a book does."""
    by_finding: defaultdict[str, list[Version]] = defaultdict(list)
    for version in versions:
        by_finding[version.id].append(version)
    found = []
    for id_, mine in by_finding.items():
        mine.sort(key=lambda one: one.height)
        signal = next(one.signal for one in reversed(mine) if one.signal is not None)
        line = FindingLine(
            id=id_,
            rule=signal.rule,
            subject=signal.subject,
            first_height=mine[0].height,
            last_height=mine[-1].height,
            standing=mine[-1].signal is not None,
            level=signal.level,
            score=signal.score,
            amount=signal.amount,
            since=signal.since,
        )
        found.append((line, signal))
    return sorted(found, key=lambda one: (-one[0].level.rank, -one[0].amount, -one[0].score, one[0].id))
