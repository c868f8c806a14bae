"""Fixtures of the ledger's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import MakeDatabase, Server, databases, private_server
from tests.support.ledger_book import Book


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running PostgreSQL that only this session uses."""
    yield from private_server()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeDatabase]:
    """A maker of databases, of each kind in turn; the same name gives the same database."""
    yield from databases(request, tmp_path)


@pytest.fixture
def empty_database(database: MakeDatabase) -> Path | str:
    """The location of a database of the same kind without any table."""
    return database.empty()


@pytest.fixture
def book(database: MakeDatabase) -> Iterator[Book]:
    """A small consortium whose members are admitted."""
    book = Book(database())
    book.admit()
    assert book.found == []
    yield book
    book.store.close()
