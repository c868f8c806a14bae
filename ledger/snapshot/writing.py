"""Taking a snapshot: every version of every fact that had begun by a height, table by table, in bounded memory.

A version that had begun by a height never changes but for its end, and ends after the height are left out. So a
snapshot is of one height even while the node goes on syncing, and two of one height are the same to the byte.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ledger.errors import StoreUnavailable
from ledger.facts import FACTS
from ledger.snapshot.columns import arrow_schema, to_arrow
from ledger.snapshot.lines import RowsDigest, file_digest
from ledger.snapshot.manifest import MANIFEST, Manifest, TableEntry, check_height

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ledger.fact import Fact
    from ledger.store import AsOf

__all__ = ["take"]

ROWS = 50_000  # in one row group: what is held in memory at a time


def take(facts: AsOf, folder: Path, *, watch: Callable[[str, int], None] = lambda _table, _rows: None) -> Manifest:
    """Write the snapshot of ``facts`` into ``folder``, which appears only when it is complete; return its manifest.

    ``watch`` hears each table's name and how many rows were written. Raises StoreUnavailable ``snapshot-exists`` when
    the folder is there, ``snapshot-unwritable`` when it cannot be made or the disk is full; StoreDamaged
    ``snapshot-height`` for a height that nobody could check it at.
    """
    check_height(facts.height)
    if folder.exists():
        raise StoreUnavailable(
            "snapshot-exists", f"{folder} is there already", next_step="Name another folder, or delete it."
        )
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)  # left by a run that was killed
        part.mkdir(parents=True)
        tables = {table.label: _write(table, facts, part, watch) for table in FACTS}
        manifest = Manifest(
            height=facts.height,
            block_hash=facts.block_hash.hex(),
            block_time=facts.time.isoformat(timespec="milliseconds"),
            facts_digest=facts.facts_digest.hex(),
            tables=tables,
        )
        _settle(part / MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())
        part.rename(folder)
    except OSError as failure:
        raise StoreUnavailable(
            "snapshot-unwritable",
            f"The snapshot cannot be written to {folder} ({failure.strerror or failure})",
            next_step="Check the folder and the room on its disk; nothing was left behind.",
        ) from failure
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _settle(file: Path, content: bytes) -> None:
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _write(table: type[Fact], facts: AsOf, folder: Path, watch: Callable[[str, int], None]) -> TableEntry:
    file = folder / f"{table.label}.parquet"
    schema, versions, holding = arrow_schema(table), 0, 0
    digest = RowsDigest(table)
    with file.open("wb") as sink:
        with pq.ParquetWriter(sink, schema, compression="zstd", store_schema=False) as out:
            for rows in _ordered(table, facts):
                digest.add(rows)
                versions += len(rows)
                holding += sum(row[_TO_POSITION] is None for row in rows)
                out.write_batch(_batch(table, schema, rows))
                watch(table.label, len(rows))
        sink.flush()
        os.fsync(sink.fileno())
    return TableEntry(
        file=file.name,
        versions=versions,
        holding=holding,
        rows_digest=digest.value().hex(),
        file_digest=file_digest(file).hex(),
    )


_TO_HEIGHT, _TO_POSITION = 3, 4  # of Fact's five columns, which every table begins with


def _ordered(table: type[Fact], facts: AsOf) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the table's versions in the order of the ledger, those of one record by the bytes of their ids.

    Databases order text in their own ways; a snapshot must be the same whatever it was taken from.
    """
    kept: list[tuple[Any, ...]] = []
    for batch in facts.stream(table, ROWS):
        kept += [_as_of(row, facts.height) for row in batch]
        if len(kept) < ROWS:
            continue
        last = kept[-1][2]
        cut = next(at for at in range(len(kept) - 1, -1, -1) if at == 0 or kept[at - 1][2] != last)
        if cut:
            yield sorted(kept[:cut], key=_place)
            kept = kept[cut:]
    if kept:
        yield sorted(kept, key=_place)


def _place(row: Sequence[Any]) -> tuple[int, bytes]:
    return row[2], row[0].encode()


def _as_of(row: Sequence[Any], height: int) -> tuple[Any, ...]:
    ended = row[_TO_HEIGHT]
    if ended is None or ended <= height:
        return tuple(row)
    return (*row[:_TO_HEIGHT], None, None, *row[_TO_POSITION + 1 :])


def _batch(table: type[Fact], schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    converts = to_arrow(table)
    columns = []
    for name, values in zip(table.names, zip(*rows, strict=True), strict=True):
        convert = converts.get(name)
        given: Sequence[Any] = (
            values if convert is None else [None if value is None else convert(value) for value in values]
        )
        columns.append(pa.array(given, type=schema.field(name).type))
    return pa.record_batch(columns, schema=schema)
