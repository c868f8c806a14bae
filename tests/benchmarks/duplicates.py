"""What it costs to look for duplicate financing: all of a market at once, and block by block as the market grows.

`python -m tests.benchmarks.duplicates` makes a small market with every pattern planted, copies its facts until there
are 100,000 and 2,000,000 receivables (`tests/support/duplicates_bulk.py`), and measures

* **batch**: every scope over the large snapshot with DuckDB, in two processes: seconds and the most memory of both;
* **online**: single blocks, and steps of about a hundred invoices, followed on a database of either size in turn, so
  that what else the machine does meets both alike: milliseconds of the processor an invoice, median, and their ratio.
  A block of the small market brings ten invoices, one of a market of 200,000 receivables 135: the goals are of steps.
  Both databases hold copies of the same blocks; an invoice's share is all that its block brought: claims, payments, …

What the batch finds is held against the small market: what is found in one copy is found in all.
`--equal` does something else: it generates a market of `--receivables`, follows it, sweeps its snapshot with DuckDB
and, where it is installed, with Spark, and compares every version of every finding. A market that is there already is
given as `--node`, the path of its database.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, cast

from rich.console import Console
from sqlalchemy import func, select
from sqlmodel import col

from ledger.facts import (
    FACTS,
    Address,
    Confidential,
    Fact,
    Financing,
    FinancingCollateral,
    Fingerprint,
    Invoice,
    Member,
    Output,
    Package,
    PackageInvoice,
    Payment,
    Plan,
    PoolAsset,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    RegistrationQuery,
    Settlement,
    Stock,
    TradeDocument,
    TradeOrder,
    TradeReference,
)  # fmt: skip
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from ledger.store import Store
from regulator import sweeping, watch
from regulator.book import Book, Followed
from regulator.signals import Version
from regulator.watch import follow, sweep
from tests.support.duplicates_bulk import Bulk, load, spread
from tests.support.duplicates_measured import SCOPES, SWEPT, differing, found, measured
from tests.support.spark import spark

BASE, SMALL, LARGE = 5_000, 100_000, 2_000_000
RATE = Decimal("0.0004")
SEED = 20_260_101
BLOCKS = 60
"""Single blocks that are followed on each database."""
STEPS = 12
INVOICES = 100
SECONDS, MEMORY, MILLISECONDS, RATIO = 60, 4 << 30, 2.0, 1.3
"""What is to be met: batch, its memory, an invoice online, and that from the small to the large database."""
PROCESSES = 2
"""Of the batch."""
ALL = 10**9
READ: tuple[type[Fact], ...] = (
    Address, Confidential, Financing, FinancingCollateral, Fingerprint, Invoice, Member, Output, Package,
    PackageInvoice, Payment, Plan, PoolAsset, Receipt, Receivable, ReceivableInvoice, Registration,
    RegistrationCollateral, RegistrationQuery, Settlement, Stock, TradeDocument, TradeOrder, TradeReference,
)  # fmt: skip
"""The tables that a scope reads."""


def base(folder: Path) -> tuple[Path, int, list[Version]]:
    """The snapshot of a small market, its height and what is found in it."""
    market = measured(folder, receivables=BASE, seed=SEED, rate=RATE, months=24)
    facts = market.store.at()
    take(facts, folder / "snapshot")
    market.store.close()
    return folder / "snapshot", facts.height, market.versions


# Batch


def batch(folder: Path, height: int, console: Console) -> tuple[Counter[str], bool]:
    """Sweep a bulk snapshot as `glasspool sweep` does; return its findings by rule, and whether it met its goals.

    Memory is what the largest process had at most, for each of them, and what the one has that gathers.
    """
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)

    def told(scope: str, seeds: int) -> None:
        console.print(f"  after {time.perf_counter() - began:.1f} s: {scope}, {seeds:,} seeds")

    files = {one.label: str(folder / f"{one.label}.parquet") for one in FACTS}
    found = sweeping.swept(files, height, SCOPES, processes=PROCESSES, told=told)
    spent, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    most = PROCESSES * after.ru_maxrss * 1024 + resident
    console.print(
        f"batch: {spent:.1f} s, {busy:.1f} s of the processor, at most {most / (1 << 30):.2f} GiB, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    counts = Counter(rule for rule, _ in {(one.rule, one.subject) for one in found})
    return counts, spent < SECONDS and most < MEMORY


# Online


class UpTo:
    """A node that has come as far as ``height``: what came after is in its database, and nobody sees it."""

    def __init__(self, store: Store, height: int) -> None:
        self._store, self._height = store, height

    def head(self) -> Any:
        return self._store.block(self._height)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Online:
    """A database of copies, and the book of what was followed on it."""

    def __init__(self, path: Path, copies: int) -> None:
        self._store, self.copies = Store.open(path), copies
        for old in path.parent.glob(f"{path.stem}.book*"):  # of another run, perhaps another version
            old.unlink()
        self._book = Book.open(path.with_suffix(".book"))

    def step(self, base_height: int, copy: int, blocks: int) -> float | None:
        """Follow so many copies of a block of the base at once; return ms an invoice, None where it has none."""
        after = base_height * self.copies + copy - 1
        upto = cast("Store", UpTo(self._store, after + blocks))
        invoices = self._invoices(after, after + blocks)
        if not invoices:
            return None
        digest = self._store.block(after).facts_digest.hex()
        for scope in SCOPES:
            self._book.forget(scope.name, scope.rules)
            self._book.keep(scope.name, (), None, Followed(height=after, facts_digest=digest))
        start = time.process_time()
        for _ in follow(upto, self._book, SCOPES):
            pass
        return (time.process_time() - start) * 1000 / invoices

    def _invoices(self, after: int, until: int) -> int:
        facts = self._store.at(until)
        began = select(col(Invoice.id)).where(col(Invoice.from_position).between((after + 1) << 32, (until + 1) << 32))
        ids = {name for (name,) in facts.execute(began)}
        statement = select(func.count(func.distinct(Invoice.id))).where(
            col(Invoice.id).in_(ids), col(Invoice.from_position) < (after + 1) << 32
        )
        return len(ids) - int(facts.execute(statement).scalar_one())


def online(databases: Sequence[Online], height: int, console: Console) -> tuple[list[float], list[float]]:
    """Follow the same blocks on each database in turn; return the medians of single blocks, and of long steps."""
    chance = random.Random(1)
    medians: list[list[float]] = []
    for blocks, times, long in ((1, BLOCKS, "single blocks"), (10, STEPS, "steps of 10 blocks")):
        watch.RECORDS = 0 if blocks == 1 else ALL  # type: ignore[misc]
        spent: list[list[float]] = [[] for _ in databases]
        while len(spent[0]) < times:
            at, turn = chance.randrange(height // 4, height * 9 // 10), chance.random()
            for one, mine in zip(databases, spent, strict=True):
                found_ = one.step(at, int(turn * (one.copies - blocks)), blocks)
                if found_ is not None:
                    mine.append(found_)
        medians.append([median(mine) for mine in spent])
        figures = ", ".join(
            f"{one.copies * BASE:,} receivables {each:.2f} ms" for one, each in zip(databases, medians[-1], strict=True)
        )
        console.print(
            f"online, {long}: {figures}; ratio {medians[-1][-1] / medians[-1][0]:.2f}, load {os.getloadavg()[0]:.1f}"
        )
    return medians[0], medians[1]


# Equality


def equal(receivables: int, folder: Path, console: Console, node: Path | None) -> bool:
    """Compare what following, DuckDB and Spark find on a market of so many receivables, or on a node's database."""
    folder.mkdir(parents=True)
    timer = Timer(console)
    if node is None:
        store = measured(folder, receivables=receivables, seed=SEED, rate=RATE, months=24, scopes=()).store
        timer.say("generated and verified")
    else:
        store = Store.open(node)
    with store:
        versions = found(store, folder / "book.db", SWEPT)
        timer.say(f"online: {len(versions):,} versions")
        take(store.at(), folder / "compared")
        timer.say("snapshot")
        return same(store.at().height, versions, Snapshot.open(folder / "compared"), timer)


def same(height: int, versions: Sequence[Version], snapshot: Snapshot, timer: Timer) -> bool:
    """Compare what was found by following a node with what DuckDB and Spark find in its snapshot."""
    agree = True
    for name, opened in (("DuckDB", snapshot.on_duckdb), ("Spark", lambda: snapshot.on_spark(spark()))):
        try:
            with opened() as market:
                swept = list(sweep(market, height, SWEPT))
        except ImportError:
            timer.say(f"{name} is not installed: `make spark` brings it")
            continue
        others = differing(versions, swept)
        timer.say(f"{name}: {len(swept):,} versions, {'OTHERS than' if others else 'the same as'} online")
        for way, version in others:
            timer.say(f"  {way}: {version}")
        agree &= not others
    return agree


class Timer:
    """Says of each step what it took of the clock and of the processor, and the most memory so far."""

    def __init__(self, console: Console) -> None:
        self._console, self._clock, self._busy = console, time.perf_counter(), time.process_time()

    def say(self, step: str) -> None:
        clock, busy = time.perf_counter(), time.process_time()
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / (1 << 30)
        self._console.print(
            f"{step}: {clock - self._clock:.0f} s, {busy - self._busy:.0f} s of the processor, "
            f"at most {most:.2f} GiB, load {os.getloadavg()[0]:.1f}",
            markup=False,
        )
        self._clock, self._busy = clock, busy


def measure(cache: Path, large: int, console: Console) -> bool:
    """Make what is missing in the cache, measure, print, and tell whether every goal is met."""
    if not (cache / "base" / "found").exists():
        (cache / "base").mkdir(parents=True)
        _, height, versions = base(cache / "base")
        counts = Counter(rule for rule, _ in {(one.rule, one.subject) for one in versions})
        lines = [str(height), *(f"{rule} {count}" for rule, count in sorted(counts.items()))]
        (cache / "base" / "found").write_text("\n".join(lines))
    first, *lines = (cache / "base" / "found").read_text().splitlines()
    height, planted = int(first), {rule: int(count) for rule, count in map(str.split, lines)}
    good, databases = True, []
    for receivables in (SMALL, large):
        copies, folder = receivables // BASE, cache / str(receivables)
        bulk = Bulk(folder=folder, copies=copies, height=(height + 1) * copies - 1)
        if not (folder / "height").exists():
            console.print(f"making {receivables:,} receivables …")
            spread(cache / "base" / "snapshot", height, copies, folder)
            (folder / "height").write_text(str(bulk.height))
        if not (folder / "loaded").exists():
            (folder / "node.db").unlink(missing_ok=True)
            load(bulk, folder / "node.db", READ)
            (folder / "loaded").touch()
        databases.append(Online(folder / "node.db", copies))
        if receivables == large:
            counts, good = batch(folder, bulk.height, console)
            for rule, count in sorted(planted.items()):
                if counts[rule] != count * copies:
                    # More are no fault: pairs of regular members have in common what several copies lent on them.
                    console.print(f"{rule}: {counts[rule]:,} found, {count * copies:,} planted", style="yellow")
                    good &= counts[rule] >= count * copies * 98 // 100
    _, hundreds = online(databases, height, console)
    return good and hundreds[-1] < MILLISECONDS and hundreds[-1] / hundreds[0] < RATIO


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, help="keeps the markets for another run")
    parser.add_argument("--receivables", type=int, help=f"of the large market, {LARGE:,}; with --equal, 200,000")
    parser.add_argument("--equal", action="store_true")
    parser.add_argument("--node", type=Path, help="with --equal: a node's database instead of a generated market")
    asked, console = parser.parse_args(), Console()
    with tempfile.TemporaryDirectory(prefix="glasspool-duplicates-") as spare:
        cache = asked.cache or Path(spare)
        if asked.equal:
            return 0 if equal(asked.receivables or 200_000, cache / "equal", console, asked.node) else 1
        return 0 if measure(cache, asked.receivables or LARGE, console) else 1


if __name__ == "__main__":
    sys.exit(main())
