"""An event loop in a thread of its own, for code that must not wait for itself."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.errors import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractAsyncContextManager

T = TypeVar("T")


class Background:
    """Runs coroutines in a thread, within ``held`` (a connection pool); the thread starts with the first of them.

    The thread is a daemon, so that a program which forgot to close it can still end.
    """

    def __init__(self, name: str, held: AbstractAsyncContextManager[object]) -> None:
        self._name = name
        self._held = held
        self._starting = threading.RLock()  # a forgotten iterator may be collected, and post, anywhere
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._closed = False
        self._tasks: set[asyncio.Task[Any]] = set()

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        """Return what the coroutine function returns, run there; raises what it raises.

        Raises SourceUnreachable ``source-closed`` when closed before or meanwhile.
        """
        with self._starting:
            if self._closed:
                raise _closed()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
                self._ready.wait()
            future = asyncio.run_coroutine_threadsafe(self._awaited(function, args), self._loop)
        try:
            return future.result()
        except CancelledError:
            raise _closed() from None
        finally:
            future.cancel()  # the caller was interrupted; nothing when it is done

    async def _awaited(self, function: Callable[..., Coroutine[Any, Any, T]], args: tuple[object, ...]) -> T:
        return await self.spawn(function(*args))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task that closing cancels; called in the loop's thread.

        Only tasks started here are cancelled, never those that libraries start beneath them: cancelled before their
        first step, these would leave coroutines behind that nobody awaited.
        """
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, though the one who would ask may have stopped

    def post(self, callback: Callable[[], object]) -> None:
        """Have the loop run this soon; nothing once it is closed."""
        with self._starting:
            if self._thread is not None and not self._closed:
                self._loop.call_soon_threadsafe(callback)

    def close(self) -> None:
        """Cancel everything under way, leave ``held``, end the thread."""
        with self._starting:
            self._closed = True
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._loop.call_soon_threadsafe(self._stop.set)
        thread.join()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._stop = asyncio.Event()
        async with self._held:
            self._ready.set()
            await self._stop.wait()
            while self._tasks:
                for task in self._tasks:
                    task.cancel()
                await asyncio.wait(self._tasks)


def _closed() -> SourceUnreachable:
    return SourceUnreachable(
        "source-closed", "The source was closed while blocks were read from it.", next_step="Open it again."
    )
