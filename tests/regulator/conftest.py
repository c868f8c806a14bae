"""What the tests of the regulator's package share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ledger_book import Book, plan
from tests.support.market import Market, sample_market


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
