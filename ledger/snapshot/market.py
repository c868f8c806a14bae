"""A snapshot's tables as Ibis expressions, on whichever engine opened it: the same expression, the same answer."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from ledger.facts import FACTS
from ledger.snapshot.columns import decimals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from ledger.fact import Fact

__all__ = ["Market"]

PLACES = "decimal(38, 12)"  # digits a record may state after the point: ledger.records.base


class Market:
    """The fact tables of one snapshot in an engine (``backend``: an Ibis backend). Use it as a context manager."""

    def __init__(self, backend: Any, files: dict[str, str]) -> None:
        self.backend = backend
        self._serial = count()
        # A column is what the file says, whatever the folders it stands in are called.
        asked = {"hive_partitioning": False} if backend.name == "duckdb" else {}
        self._stated: dict[str, Any] = {
            table.label: backend.read_parquet(files[table.label], table_name=f"snapshot_{table.label}", **asked)
            for table in FACTS
            if table.label in files
        }
        self._tables = {
            table.label: _typed(table, self._stated[table.label]) for table in FACTS if table.label in files
        }

    def table(self, table: type[Fact]) -> Any:
        """Return the versions that hold at the snapshot's height, as an Ibis table. Rates are decimals."""
        versions = self.history(table)
        return versions.filter(versions.to_position.isnull())

    def history(self, table: type[Fact]) -> Any:
        """Return every version that had begun by the snapshot's height, those that ended included."""
        return self._tables[table.label]

    def stated(self, table: type[Fact]) -> Any:
        """Return every version as the snapshot keeps it, rates as the text that records stated."""
        return self._stated[table.label]

    @contextmanager
    def kept(self, table: Any) -> Iterator[Any]:
        """Give an Ibis table as the engine made it once, for as long as many questions begin with it."""
        name = f"kept_{next(self._serial)}"
        if self.backend.name != "duckdb":
            # Not `cache`: Spark would tell of each question all that every table kept before was made of, and in what
            # is made of several such tables, of each of them again. By way of a view: what Ibis holds in memory itself,
            # Spark would not know. Cast: Spark's hashes, for one, are narrower than Ibis takes them to be.
            try:
                view = self.backend.create_view(f"{name}_of", table)
                self.backend.raw_sql(self.backend.compile(view)).localCheckpoint().createTempView(name)
                yield self.backend.table(name).cast(table.schema())
            finally:
                for view in (name, f"{name}_of"):
                    self.backend.raw_sql(f"DROP VIEW IF EXISTS {view}")
            return
        # Not `cache` and `drop_table`: the SQL by which Ibis 12 drops has no name in it.
        made = self.backend.create_table(name, table, temp=True)
        try:
            yield made
        finally:
            self.backend.raw_sql(f'DROP TABLE "{name}"')

    def close(self) -> None:
        """Let go of the engine. A Spark session is left as it is: whoever made it stops it."""
        if self.backend.name != "pyspark":
            self.backend.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _typed(table: type[Fact], rows: Any) -> Any:
    rates = decimals(table)
    return rows.mutate(**{name: rows[name].cast(PLACES) for name in rates}) if rates else rows
