"""What tests of several packages share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.market import Market, sample_market
from tests.support.spark import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes many minutes: the other workers have enough to do beside it."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A node that replicated the generated sample: read it, never write to it."""
    folder: Path = tmp_path_factory.mktemp("market")
    return sample_market(folder)


@pytest.fixture
def spark() -> Iterator[Any]:
    """A Spark of one core on this machine, for small tables."""
    yield from running(cores=1, partitions=1, memory="1g")
