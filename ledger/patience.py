"""A source that nobody waits for too long: a thread reads it ahead, and it is given up when it stays silent.

A node may hang, or let its bytes trickle so that each of its own limits holds. Whoever follows several sources must be
able to leave such a one for the next, and whoever is told to stop must not have to wait for it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, Generic, TypeVar

from ledger.errors import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ledger.sources import RawBlock, Source

__all__ = ["Patient"]

T = TypeVar("T")

AHEAD_BYTES = 16 * 1024 * 1024  # raw blocks that were read and not yet asked for: what bounds memory
AHEAD = 256
SLICE_SECONDS = 0.2  # how often a wait looks whether it should go on
LEAVING_SECONDS = 2.0  # for a thread to notice that its source was closed


class Patient:
    """A :class:`~ledger.sources.raw.Source` over another one, which it owns.

    ``seconds`` is the longest wait for one block, ``head_seconds`` for its head. ``stop`` ends every wait: the blocks
    then simply end.
    """

    def __init__(
        self,
        source: Source,
        *,
        seconds: float,
        head_seconds: float | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = source.name
        self._source, self._stop = source, stop
        self._seconds, self._head_seconds = seconds, seconds if head_seconds is None else head_seconds
        self._asked: tuple[_Reader[int], float] | None = None
        self._readers: list[_Reader[int] | _Reader[RawBlock]] = []

    def ask(self) -> None:
        """Have the source asked for its head, for whoever calls :meth:`head` next: so several are asked at once."""
        reader = _Reader(self._heads(), lambda _: 0, self.name)
        self._readers.append(reader)
        self._asked = reader, time.monotonic() + self._head_seconds

    def head(self) -> int:
        """Return what the source says; raises SourceUnreachable ``source-slow``, ``source-closed`` when stopped."""
        if self._asked is None:
            self.ask()
        assert self._asked is not None
        (reader, until), self._asked = self._asked, None
        found = self._next(reader, until, self._head_seconds)
        if found is None:
            raise SourceUnreachable("source-closed", f"Nobody waits for {self.name} any more")
        return found

    def _heads(self) -> Generator[int]:
        yield self._source.head()

    def blocks(self, start: int) -> Generator[RawBlock]:
        """Yield what the source yields, read ahead; raises SourceUnreachable ``source-slow`` as well."""
        reader = _Reader(self._blocks(start), lambda block: len(block.document), self.name)
        self._readers.append(reader)
        try:
            while (block := self._next(reader, time.monotonic() + self._seconds, self._seconds)) is not None:
                yield block
        finally:
            reader.leave()

    def _blocks(self, start: int) -> Generator[RawBlock]:
        with closing(self._source.blocks(start)) as blocks:  # type: ignore[type-var]
            yield from blocks

    def _next(self, reader: _Reader[T], until: float, seconds: float) -> T | None:
        while not self._stop():
            left = until - time.monotonic()
            if reader.wait(min(SLICE_SECONDS, max(0.0, left))):
                return reader.take()
            if left <= 0:
                raise SourceUnreachable(
                    "source-slow",
                    f"{self.name} has given nothing for {seconds:g} s",
                    next_step="Use another source.",
                )
        return None

    def close(self) -> None:
        """Close the source, which ends what a thread may still wait for there."""
        for reader in self._readers:
            reader.leave()
        self._source.close()
        for reader in self._readers:
            reader.join(LEAVING_SECONDS)


class _Reader(Generic[T]):
    """A thread that takes what a generator yields as far as there is room, until it ends or nobody wants more."""

    def __init__(self, items: Generator[T], size: Callable[[T], int], name: str) -> None:
        self._size = size
        self._changed = threading.Condition()
        self._taken: deque[T] = deque()
        self._held = 0
        self._ended = self._left = False
        self._failure: BaseException | None = None
        # A daemon, so that a source which never gives up cannot keep the program from ending.
        self._thread = threading.Thread(target=self._run, args=(items,), name=f"reading {name}", daemon=True)
        self._thread.start()

    def _run(self, items: Generator[T]) -> None:
        failure: BaseException | None = None
        try:
            with closing(items):
                for each in items:
                    if not self._put(each):
                        break
        except BaseException as raised:  # noqa: BLE001 it is raised again where the item is taken
            failure = raised
        with self._changed:
            self._ended, self._failure = True, failure
            self._changed.notify_all()

    def _put(self, item: T) -> bool:
        with self._changed:
            while not self._left and (self._held > AHEAD_BYTES or len(self._taken) >= AHEAD):
                self._changed.wait()
            self._taken.append(item)
            self._held += self._size(item)
            self._changed.notify_all()
            return not self._left

    def wait(self, seconds: float) -> bool:
        """Tell whether there is something to take, waiting so long for it at the most."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._taken) or self._ended, seconds)

    def take(self) -> T | None:
        """Return the next item, None after the last; raises what the generator raised."""
        with self._changed:
            if self._taken:
                item = self._taken.popleft()
                self._held -= self._size(item)
                self._changed.notify_all()
                return item
        if self._failure is not None:
            raise self._failure
        return None

    def leave(self) -> None:
        """Want no more."""
        with self._changed:
            self._left = True
            self._taken.clear()
            self._changed.notify_all()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)
