"""What the tests of the regulator's package share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import MakeDatabase, Server, databases, private_server
from tests.support.ledger_book import Book, plan
from tests.support.market import Market, sample_market


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running PostgreSQL that only this session uses."""
    yield from private_server()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeDatabase]:
    """A maker of databases, of each kind in turn; the same name gives the same database."""
    yield from databases(request, tmp_path)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A small consortium with one plan P."""
    made = Book(tmp_path / "ledger.db")
    made.admit()
    made.say("manager", "plan.established", plan("P"))
    made.seal()
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A market of real signed blocks, replicated."""
    return sample_market(tmp_path_factory.mktemp("market"), rows=40)
