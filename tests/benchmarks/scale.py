"""What does not grow with the ledger: memory and time per record of a sync. (`lookthrough.py` measures the reading.)

`make bench` runs it at two sizes of one market and prints the larger over the smaller. Every size is generated and
followed in processes of its own, so that one's memory is not the other's. It asserts nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.table import Table

from ledger.consortium.market import generate_market
from ledger.replica import Progress, join, sync
from ledger.sources import open_source
from ledger.store import Store
from portal.node import read_pin
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MB = 1024  # KiB, in which the system counts memory
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One sync: seconds by the clock, processor seconds of all processes, the most memory of this one and of a worker.

    ``first`` and ``last``: seconds per record over the first and the last tenth, verifying by the processor, committing
    by the clock.
    """

    records: int
    blocks: int
    findings: int
    seconds: float
    used: float
    first: float
    last: float
    memory: int
    worker_memory: int


def generate(folder: Path, receivables: int, plans: int, months: int) -> None:
    """Write a lawful market."""
    generate_market(
        folder, receivables=receivables, plans=plans, months=months, seed=SEED, workers=len(os.sched_getaffinity(0))
    )


def used() -> float:
    """Return the processor seconds of this process, and of its workers that ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def follow(archive: Path, database: str, workers: int) -> Followed:
    """Follow the archive into a new database."""
    marks: list[tuple[int, float]] = [(0, 0.0)]

    def watch(done: Progress) -> None:
        records, seconds = marks[-1]
        marks.append((records + done.records, seconds + done.verifying + done.committing))

    pin = read_pin(archive / "node.toml")
    with Store.create(database) as store:
        source = open_source(archive)
        start, begun = time.perf_counter(), used()
        join(store, source, genesis_hash=pin.genesis_hash, contracts=pin.contracts)
        report = sync(store, source, evidence=archive.parent / "evidence", workers=workers, watch=watch)
        took = time.perf_counter() - start
        source.close()
    tenth = report.records // 10

    def per_record(marks: list[tuple[int, float]]) -> float:
        return (marks[-1][1] - marks[0][1]) / max(1, marks[-1][0] - marks[0][0])

    return Followed(
        records=report.records,
        blocks=report.blocks,
        findings=report.findings,
        seconds=took,
        used=used() - begun,
        first=per_record([each for each in marks if each[0] <= tenth]),
        last=per_record([each for each in marks if each[0] >= report.records - tenth]),
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        worker_memory=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
    )


def measured(given: argparse.Namespace, scratch: Path, receivables: int) -> Followed:
    """Generate and follow one size, each in a process of its own."""
    archive = scratch / f"market-{receivables}"
    database = given.database.format(receivables) if given.database else str(scratch / f"{receivables}.db")

    def alone(function: Callable[..., T], *arguments: object) -> T:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            return process.submit(function, *arguments).result()

    alone(generate, archive, receivables, given.plans, given.months)
    return alone(follow, archive, database, given.workers)


def main() -> None:
    """Run the benchmark and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--receivables", default="18000,180000", help="two sizes of the market; some 5 or 6 records come of each"
    )
    arguments.add_argument("--plans", type=int, default=4)
    arguments.add_argument("--months", type=int, default=12)
    arguments.add_argument("--workers", type=int, default=Settings().verifying_processes)
    arguments.add_argument("--database", default="", help="a URL with {} for the size; by default SQLite files")
    given = arguments.parse_args()
    sizes = [int(each) for each in given.receivables.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        results = [measured(given, Path(scratch), size) for size in sizes]
    table = Table(title="scale", caption="The goals: memory and time per record below 1.2.")
    table.add_column("what")
    for size in sizes:
        table.add_column(f"{size:,} receivables", justify="right")
    table.add_column("ratio", justify="right")
    for name, pattern, figures in (
        ("records", "{:,.0f}", [each.records for each in results]),
        ("blocks", "{:,.0f}", [each.blocks for each in results]),
        ("findings", "{:,.0f}", [each.findings for each in results]),
        ("records per second", "{:,.0f}", [each.records / each.seconds for each in results]),
        ("processor time per record, us", "{:,.0f}", [1e6 * each.used / each.records for each in results]),
        ("first tenth, us per record", "{:,.0f}", [1e6 * each.first for each in results]),
        ("last tenth, us per record", "{:,.0f}", [1e6 * each.last for each in results]),
        ("memory of the sync, MiB", "{:,.0f}", [each.memory / MB for each in results]),
        ("memory of a worker, MiB", "{:,.0f}", [each.worker_memory / MB for each in results]),
    ):
        ratio = f"{figures[-1] / figures[0]:.2f}" if figures[0] else ""
        table.add_row(name, *(pattern.format(each) for each in figures), ratio)
    Console(file=sys.stdout).print(table)


if __name__ == "__main__":
    main()
