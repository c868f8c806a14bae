"""Blocks examined in worker processes, handed back in the order they came in.

The steps that need no state are most of the work of following a chain, and nearly all of that is signatures. Small
blocks travel several at a time, and whoever takes the blocks examines some as well while it would only wait: the last
of those that no worker has begun.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.admission import Examined, examine
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ledger.anchor import Anchor, Engine
    from ledger.contracts import Registry
    from ledger.sources import RawBlock

__all__ = ["VerifierDied", "end_with_parent", "examined", "rarely_collecting"]

BYTES_AHEAD = 64 * 1024 * 1024  # raw blocks waiting for a worker or for the committer: what bounds memory
TASKS_AHEAD_PER_WORKER = 16
TASKS_SENT_PER_WORKER = 3  # handed to the pool; the rest wait here, where they may be examined instead
TASK_BYTES = 256 * 1024  # some 75 transactions: a twentieth of a second of work
ALONE_BYTES = 256 * 1024  # so much is examined here before workers are started, which takes a second
COLLECTED_AFTER = 100_000  # objects made: a block and its facts are in no cycle, and looking for some cost a third


class VerifierDied(LedgerError):
    """A verifying process ended on its own, as when the machine runs out of memory."""

    default_next_step = "Run the command again, with fewer workers or more memory; it goes on where it stopped."


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Let the interpreter look for cycles of garbage more rarely, and never among what was there before."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Examiner:
    """Examines documents, and says how much processor time that took."""

    def __init__(self, anchor: Anchor, engine: Engine) -> None:
        self._anchor = anchor
        self._registry: Registry = anchor.registry(engine)

    def __call__(self, documents: list[bytes]) -> _Judged:
        began = time.thread_time()
        found = [examine(each, self._anchor, self._registry) for each in documents]
        return _Judged(found, time.thread_time() - began)


@dataclass(frozen=True, slots=True)
class _Judged:
    examined: list[Examined]
    seconds: float


_examiner: _Examiner | None = None


def _start(anchor: Anchor, engine: Engine) -> None:
    """Prepare a worker; it ends with the process that started it, even when that one is killed.

    An interrupt of the terminal goes to every process of the command: only the one that commits decides what it means.
    """
    global _examiner  # noqa: PLW0603 a worker process has one for its whole life
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _examiner = _Examiner(anchor, engine)
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End this process when its parent has ended, however that came; for a thread of a worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _examine(documents: list[bytes]) -> _Judged:
    if _examiner is None:
        raise RuntimeError("the worker was not started")
    return _examiner(documents)


@contextmanager
def _pool(anchor: Anchor, engine: Engine, workers: int) -> Iterator[Callable[[list[bytes]], Future[_Judged]]]:
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start, initargs=(anchor, engine)
    )
    try:
        yield lambda documents: pool.submit(_examine, documents)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def examined(
    blocks: Iterable[RawBlock],
    anchor: Anchor,
    *,
    engine: Engine,
    workers: int,
    spent: Callable[[float], None] = lambda _: None,
) -> Iterator[tuple[RawBlock, Examined]]:
    """Yield every block with what the stateless steps say of it, in order; ``workers`` 0 does it all in this process.

    Memory stays bounded whatever the backlog. ``spent`` is told of processor seconds as they were used. An error of the
    source is raised after all blocks that came before it. Raises VerifierDied when a worker process is gone.
    """
    here, alone = _Examiner(anchor, engine), 0
    source = iter(blocks)
    try:
        for block in source:
            judged = here([block.document])
            spent(judged.seconds)
            yield block, judged.examined[0]
            alone += len(block.document)
            if workers and alone >= ALONE_BYTES:
                break
        else:
            return
        with _pool(anchor, engine, workers) as submit:
            yield from _Pipeline(submit, here, workers, spent).run(source)
    finally:
        if (close := getattr(source, "close", None)) is not None:
            close()


@dataclass(slots=True, kw_only=True, eq=False)
class _Task:
    blocks: list[RawBlock]
    size: int
    judged: Future[_Judged] | _Judged | None = None

    @property
    def done(self) -> bool:
        return isinstance(self.judged, _Judged) or (self.judged is not None and self.judged.done())

    def documents(self) -> list[bytes]:
        return [block.document for block in self.blocks]


@dataclass(slots=True)
class _Pipeline:
    """What was read and not yet taken: tasks in order, and a batch that will become the next one.

    Tasks are kept here until a worker is about to want them: one that was handed to the pool cannot safely be taken
    back, since a pool that breaks while a task of it is cancelled never ends (CPython 3.11).
    """

    submit: Callable[[list[bytes]], Future[_Judged]]
    here: _Examiner
    workers: int
    spent: Callable[[float], None]
    waiting: deque[_Task] = field(default_factory=deque)
    unsent: deque[_Task] = field(default_factory=deque)
    sent: deque[_Task] = field(default_factory=deque)
    batch: list[RawBlock] = field(default_factory=list)
    batch_size: int = 0
    ahead: int = 0

    def run(self, source: Iterator[RawBlock]) -> Iterator[tuple[RawBlock, Examined]]:
        interrupted: LedgerError | None = None
        while True:
            try:
                block = next(source, None)
            except LedgerError as failure:  # what came before it is still good, and must not be lost
                interrupted = failure
                break
            if block is None:
                break
            self._put(block)
            while self.waiting and (self._full() or self.waiting[0].done):
                yield from self._first()
        if self.batch:
            self._close_batch()
        while self.waiting:
            yield from self._first()
        if interrupted is not None:
            raise interrupted

    def _put(self, block: RawBlock) -> None:
        self.batch.append(block)
        self.batch_size += len(block.document)
        self.ahead += len(block.document)
        # While a worker may soon have nothing to do, no block waits for others to travel with.
        if self.batch_size >= TASK_BYTES or (not self.unsent and self._has_room()):
            self._close_batch()

    def _close_batch(self) -> None:
        task = _Task(blocks=self.batch, size=self.batch_size)
        self.batch, self.batch_size = [], 0
        self.waiting.append(task)
        self.unsent.append(task)
        self._send()

    def _has_room(self) -> bool:
        while self.sent and self.sent[0].done:
            self.sent.popleft()
        return len(self.sent) < TASKS_SENT_PER_WORKER * self.workers

    def _send(self) -> None:
        while self.unsent and self._has_room():
            task = self.unsent.popleft()
            try:
                task.judged = self.submit(task.documents())
            except BrokenProcessPool as broken:
                task.judged = Future()
                task.judged.set_exception(broken)
            self.sent.append(task)

    def _full(self) -> bool:
        return self.ahead > BYTES_AHEAD or len(self.waiting) > TASKS_AHEAD_PER_WORKER * self.workers

    def _first(self) -> Iterator[tuple[RawBlock, Examined]]:
        """Take the first task; while it is not done, examine the last that no worker has."""
        task = self.waiting[0]
        while True:
            self._send()
            if task.done or not self.unsent:
                break
            last = self.unsent.pop()
            last.judged = self.here(last.documents())
        try:
            judged = task.judged.result() if isinstance(task.judged, Future) else task.judged
        except BrokenProcessPool:
            raise _died(task.blocks[0].height) from None
        assert judged is not None, "it was sent before any after it"
        self.waiting.popleft()
        self.ahead -= task.size
        self.spent(judged.seconds)
        yield from zip(task.blocks, judged.examined, strict=True)


def _died(height: int) -> VerifierDied:
    return VerifierDied("verifier-died", f"A verifying process ended before block {height} was judged")
