"""The pages under test: the real application under uvicorn, in a thread, on a free port of this machine."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

DEADLINE = 20.0  # seconds


@contextmanager
def serving_pages(make: Callable[[int], ASGIApp]) -> Iterator[int]:
    """Serve what ``make`` makes for a port; gives the port. Everything has stopped when this returns."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            make(port), ws="websockets-sansio", log_config=None, proxy_headers=False, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="pages under test")
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            if not server.started:
                raise RuntimeError("the pages did not start")
            yield port
        finally:
            server.should_exit = True
            thread.join()


def until(holds: Callable[[], bool], *, seconds: float = DEADLINE) -> None:
    """Returns as soon as ``holds()``; raises TimeoutError when it does not within so many seconds."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("what the test waited for did not come about")
        pause.wait(0.02)
