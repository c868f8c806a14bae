"""Kills a process at random moments, over and over, and looks at what it left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ledger.consortium import generate_sample, import_receivables, packaged_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

KILLS = int(os.environ.get("GLASSPOOL_KILLS", "3"))
"""How often; 100 to be sure, which takes some minutes a case."""
PATIENCE = 120.0  # seconds until a process says its first word

_PROCESSES = multiprocessing.get_context("forkserver")
"""Processes are forked from one that has read the program: to read it takes longer than most of what is killed."""
_PROCESSES.set_forkserver_preload(
    [
        "tests.support.working",
        # What it imports when it is first needed: no kill should be lost on reading the program.
        *("ledger.bundle", "ledger.snapshot", "portal.note_keys"),
        *("alembic.autogenerate", "pandas", "psycopg", "pyarrow.fs", "sqlite3"),
    ]
)


def sample_archive(folder: Path) -> Path:
    """Write the archive of a small chain of receivables and return where it is."""
    file = folder / "receivables.csv"
    file.write_bytes(generate_sample(3, 30))
    import_receivables(file, packaged_map("demo"), folder / "archive", seed=3)
    return folder / "archive"


def killed(
    work: Callable[..., None],
    *arguments: object,
    begin: Callable[[], None],
    look: Callable[[str], None],
    kills: int = KILLS,
    seed: int = 20,
) -> None:
    """Let a process do the work once, then kill one that does it so many times, at random moments of that time.

    ``work`` is called in a process of its own with a function to say what it does next, and the arguments; the time
    begins with its first word. ``begin`` brings about what it starts from: it is called before the first run and
    whenever one came to its end before it was killed. ``look`` is called after each kill with the last word said, and
    raises what must not be. The last run was killed, so that the caller can let the work be finished and compare.
    """
    chance, done = random.Random(seed), 0
    begin()
    whole = finished(work, *arguments)
    begin()
    while done < kills:
        with _at_work(work, arguments) as (running, said):
            running.join(whole * chance.random())
            running.kill()
            running.join()
            last = said()
            ended = running.exitcode
        assert ended in {0, -signal.SIGKILL}, f"it ended with {ended} after: {last}"
        if ended == 0:
            begin()
        else:
            done += 1
            look(last)


def finished(work: Callable[..., None], *arguments: object) -> float:
    """Let a process do the work; return how long it took in seconds, from its first word on."""
    with _at_work(work, arguments) as (running, said):
        began = time.monotonic()
        running.join()
        assert running.exitcode == 0, f"it ended with {running.exitcode} after: {said()}"
        return time.monotonic() - began


@contextmanager
def _at_work(
    work: Callable[..., None], arguments: tuple[Any, ...]
) -> Iterator[tuple[ForkServerProcess, Callable[[], str]]]:
    """Start the work and wait for its first word; yield the process, and what tells the last word."""
    hears, says = _PROCESSES.Pipe(duplex=False)
    running = _PROCESSES.Process(target=work, args=(says.send, *arguments))
    running.start()
    says.close()

    try:
        assert hears.poll(PATIENCE), "it does not begin"
        yield running, partial(_last_word, hears, hears.recv())
    finally:
        running.kill()
        running.join()
        hears.close()


def _last_word(hears: Connection, word: str) -> str:
    """Return what was said last, after the first word."""
    try:
        while hears.poll():
            word = hears.recv()
    except EOFError:  # who said it is no more
        pass
    return word
