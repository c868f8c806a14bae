"""Fixtures of the ledger's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ledger_book import Book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A small consortium whose members are admitted."""
    book = Book(tmp_path / "ledger.db")
    book.admit()
    assert book.found == []
    yield book
    book.store.close()
