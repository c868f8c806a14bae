"""Blocks examined in worker processes, handed back in the order they came in.

The steps that need no state are nine tenths of the work of following a chain, and nearly all of that is signatures.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.admission import Examined, examine
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ledger.anchor import Anchor, Engine
    from ledger.contracts import Registry
    from ledger.sources import RawBlock

__all__ = ["VerifierDied", "examined"]

BYTES_AHEAD = 64 * 1024 * 1024  # raw blocks waiting for a worker or for the committer: what bounds memory
BLOCKS_AHEAD_PER_WORKER = 16


class VerifierDied(LedgerError):
    """A verifying process ended on its own, as when the machine runs out of memory."""

    default_next_step = "Run the command again, with fewer workers or more memory; it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class _Context:
    anchor: Anchor
    registry: Registry


_context: _Context | None = None


def _start(anchor: Anchor, engine: Engine) -> None:
    """Prepare a worker; it ends with the process that started it, even when that one is killed."""
    global _context  # noqa: PLW0603 a worker process has one context for its whole life
    _context = _Context(anchor, anchor.registry(engine))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _examine(document: bytes) -> Examined:
    if _context is None:
        raise RuntimeError("the worker was not started")
    return examine(document, _context.anchor, _context.registry)


@contextmanager
def _pool(anchor: Anchor, engine: Engine, workers: int) -> Iterator[Callable[[bytes], Future[Examined]]]:
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start, initargs=(anchor, engine)
    )
    try:
        yield lambda document: pool.submit(_examine, document)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def examined(
    blocks: Iterable[RawBlock], anchor: Anchor, *, engine: Engine, workers: int
) -> Iterator[tuple[RawBlock, Examined]]:
    """Yield every block with what the stateless steps say of it, in order; ``workers`` 0 does it in this process.

    Memory stays bounded whatever the backlog. An error of the source is raised after all blocks that came before it.
    Raises VerifierDied when a worker process is gone.
    """
    if workers == 0:
        registry = anchor.registry(engine)
        for block in blocks:
            yield block, examine(block.document, anchor, registry)
        return
    waiting: deque[tuple[RawBlock, Future[Examined]]] = deque()
    ahead = 0
    interrupted: LedgerError | None = None
    source = iter(blocks)
    with _pool(anchor, engine, workers) as submit:
        while True:
            try:
                block = next(source)
            except StopIteration:
                break
            except LedgerError as failure:  # what came before it is still good, and must not be lost
                interrupted = failure
                break
            try:
                waiting.append((block, submit(block.document)))
            except BrokenProcessPool:
                interrupted = _died(block.height)
                break
            ahead += len(block.document)
            while waiting and (ahead > BYTES_AHEAD or len(waiting) > BLOCKS_AHEAD_PER_WORKER * workers):
                ahead -= len(waiting[0][0].document)
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    if interrupted is not None:
        raise interrupted


def _next(waiting: deque[tuple[RawBlock, Future[Examined]]]) -> tuple[RawBlock, Examined]:
    block, future = waiting.popleft()
    try:
        return block, future.result()
    except BrokenProcessPool:
        raise _died(block.height) from None


def _died(height: int) -> VerifierDied:
    return VerifierDied("verifier-died", f"A verifying process ended before block {height} was judged")
