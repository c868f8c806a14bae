"""What the tests of `findings`, `case`, `watch` and `trail` ask all the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulator import trail
from regulator.book import Book
from tests.support.commands import Ran


def ids(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [one["id"] for one in Ran(capsys, "findings", *arguments, "--json").json["findings"]]


def entries(home: Path) -> list[trail.Entry]:
    with Book.open(home / "book.db") as book, book.reads() as connection:
        assert trail.check(connection) == []
        return trail.entries(connection)
