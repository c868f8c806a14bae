"""Opening a snapshot: its manifest first, then, before anything is believed, its files and its facts digest."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ledger.errors import StoreDamaged, StoreUnavailable
from ledger.facts import FACTS
from ledger.snapshot.columns import arrow_schema, plain_columns
from ledger.snapshot.lines import RowsDigest, file_digest, row_line
from ledger.snapshot.manifest import Manifest
from ledger.snapshot.market import Market
from ledger.store.digest import chained, ended_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.fact import Fact

__all__ = ["Snapshot", "embedded"]

PATTERN = "*?[]{}"
ROWS = 20_000  # read at a time
MEMORY = "2500MB"  # of the engine: four fifths of the machine's would be its own choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot on disk. ``open`` believes its manifest; ``verify`` shows that the files are what it says."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """Return the snapshot in ``folder``. Raises as :meth:`Manifest.read`, and StoreDamaged ``snapshot-tables``."""
        manifest = Manifest.read(folder)
        known = {table.label for table in FACTS}
        if missing := known ^ manifest.tables.keys():
            raise StoreDamaged(
                "snapshot-tables",
                f"The snapshot and this version of Glasspool do not have the same tables: {', '.join(sorted(missing))}",
                next_step="Take the snapshot again with this version.",
            )
        return cls(folder=folder, manifest=manifest)

    def verify(self, watch: Callable[[str, int], None] = lambda _table, _rows: None) -> None:
        """Return when files, rows and the ledger's facts digest agree; raises StoreDamaged ``snapshot-damaged``.

        The facts digest is computed again from the files alone: equal to the one a node states for that height, it
        shows that the snapshot holds the ledger's facts and nothing else.
        """
        for table in FACTS:
            with _sound(self.manifest.tables[table.label].file):
                self._check(table, watch)
        streams = [stream for table in FACTS for stream in (self._begun(table), self._ended(table))]
        with _sound("A table"):
            digest = chained(streams, self.manifest.height)
        if digest.hex() != self.manifest.facts_digest:
            raise _damaged("The tables do not give the facts digest that the manifest states")

    def check_columns(self) -> None:
        """Return when every file has the columns of its table; raises StoreDamaged ``snapshot-damaged``."""
        for table in FACTS:
            name = self.manifest.tables[table.label].file
            with _sound(name):
                shape = _shape(pq.read_schema(self.folder / name))
            if shape != _shape(arrow_schema(table)):
                raise _damaged(f"{name} does not have the columns of this version of Glasspool")

    def _check(self, table: type[Fact], watch: Callable[[str, int], None]) -> None:
        entry = self.manifest.tables[table.label]
        file = self.folder / entry.file
        try:
            if file_digest(file).hex() != entry.file_digest:
                raise _damaged(f"{entry.file} is not the file that the manifest names")
        except OSError as failure:
            raise _damaged(f"{entry.file} cannot be read ({failure.strerror})") from None
        digest, versions, holding = RowsDigest(table), 0, 0
        for rows in self._rows(table):
            digest.add(rows)
            versions += len(rows)
            holding += sum(row[4] is None for row in rows)
            watch(table.label, len(rows))
        if (versions, holding, digest.value().hex()) != (entry.versions, entry.holding, entry.rows_digest):
            raise _damaged(f"The rows of {entry.file} are not those that the manifest counts")

    def _rows(self, table: type[Fact]) -> Iterator[list[tuple[Any, ...]]]:
        with pq.ParquetFile(self.folder / self.manifest.tables[table.label].file) as file:
            if _shape(file.schema_arrow) != _shape(arrow_schema(table)):
                raise _damaged(f"{table.label}.parquet does not have the columns of this version of Glasspool")
            for batch in file.iter_batches(ROWS):
                yield list(zip(*plain_columns(table, batch), strict=True))

    def _begun(self, table: type[Fact]) -> Iterator[tuple[int, bytes]]:
        for rows in self._rows(table):
            for row in rows:
                yield row[1], row_line(table, row)

    def _ended(self, table: type[Fact]) -> Iterator[tuple[int, bytes]]:
        import duckdb

        file = self.files()[table.label]
        with duckdb.connect() as engine:
            found = engine.execute(
                "select to_height, id, from_position, to_position from read_parquet(?, hive_partitioning = false) "
                "where to_height is not null order by to_height",
                [file],
            )
            while rows := found.fetchmany(ROWS):
                for height, name, began, ended in rows:
                    yield height, ended_line(table.label, name, began, ended)

    def files(self) -> dict[str, str]:
        """Return the path of every table's file.

        Raises StoreUnavailable ``snapshot-path`` where an engine would take the path for a pattern of several.
        """
        if any(sign in str(self.folder) for sign in PATTERN):
            raise StoreUnavailable(
                "snapshot-path",
                f"{self.folder} holds one of {' '.join(PATTERN)}, by which engines name several folders",
                next_step="Give the snapshot's folder another name.",
            )
        return {label: str(self.folder / entry.file) for label, entry in self.manifest.tables.items()}

    def on_duckdb(self) -> Market:
        """Open the tables on an embedded DuckDB."""
        return Market(embedded(), self.files())

    def on_spark(self, session: Any) -> Market:
        """Open the tables on Spark (``session``: a SparkSession). Raises StoreUnavailable ``no-spark``."""
        try:
            import ibis
            import pyspark  # noqa: F401 - Ibis asks for it only when a table is read
        except ImportError:
            raise StoreUnavailable(
                "no-spark", "Spark is not installed here", next_step="Install Glasspool with its `spark` extra."
            ) from None
        return Market(ibis.pyspark.connect(session), self.files())


def embedded(memory: str = MEMORY) -> Any:
    """Return an embedded DuckDB that holds ``memory`` at most; what is more goes to the temporary folder meanwhile."""
    import ibis

    spill = Path(tempfile.gettempdir()) / f"glasspool-duckdb-{os.getpid()}"  # not the folder we happen to be in
    return ibis.duckdb.connect(memory_limit=memory, temp_directory=str(spill))


def _shape(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    """Return the columns in order with their types; Parquet has no seconds, and keeps them as milliseconds."""
    return [
        (each.name, pa.timestamp("ms", each.type.tz) if pa.types.is_timestamp(each.type) else each.type)
        for each in schema
    ]


@contextmanager
def _sound(what: str) -> Iterator[None]:
    """Tell as damage whatever the readers of Parquet run into, and a value that is none."""
    import duckdb

    try:
        yield
    except (pa.ArrowException, duckdb.Error, OSError, ValueError, ArithmeticError, RecursionError) as failure:
        raise _damaged(f"{what} cannot be read: {' '.join(str(failure).split())[:200]}") from failure


def _damaged(message: str) -> StoreDamaged:
    return StoreDamaged("snapshot-damaged", message, next_step="Take the snapshot again.")
