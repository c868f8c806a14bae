"""What tests of several packages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.market import Market, sample_market

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A node that replicated the generated sample: read it, never write to it."""
    folder: Path = tmp_path_factory.mktemp("market")
    return sample_market(folder)
