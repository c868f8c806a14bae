"""A Spark on this machine: the one setting in which tests and benchmarks run on it."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

INSTALLED = importlib.util.find_spec("pyspark") is not None


def spark(*, cores: int = 2, partitions: int = 4, memory: str = "3g") -> Any:
    """A session of that size, a process of its own, no web page. Raises ImportError where Spark is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark's own imports
        from pyspark.sql import SparkSession

        return (
            SparkSession.builder.master(f"local[{cores}]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.memory", memory)
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", str(partitions))
            .config("spark.sql.warehouse.dir", str(Path(tempfile.gettempdir()) / "spark-warehouse"))
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )


def running(**size: Any) -> Iterator[Any]:
    """What a fixture yields from: a session that ends with it. Skips where Spark is not installed, but not in CI."""
    if not INSTALLED and os.environ.get("CI") != "true":
        pytest.skip("pyspark is not installed: `make spark` brings it")
    session = spark(**size)
    yield session
    session.stop()
