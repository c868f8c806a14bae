"""What a database is asked, as its driver got it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

Statements = list[tuple[str, Any]]


@contextmanager
def listening(engine: Engine) -> Iterator[Statements]:
    """Give the statements of this block with their parameters, as the driver got them."""
    said: Statements = []

    def hear(connection: object, cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)
