"""What looking through costs as of random heights, and what committing costs, up to a million certificates.

`python -m tests.benchmarks.lookthrough` makes a small and a large store (`grown.py`) where the cache folder has none,
asks both the same questions in turn, and prints both figures and their ratio: what else the machine does then meets
both alike. Processor time is that of this process, where SQLite does all its work; PostgreSQL works in its own.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlmodel import col

from abs.pool import read_pool
from dashboards.desk import REGULATOR, Desk
from dashboards.paging import PageQuery
from ledger.facts import Plan, PoolAsset, Receivable
from ledger.finding import Finding
from ledger.store import AsOf, Store
from regulator.lookthrough import lineage, look_through, plans
from tests.benchmarks.grown import BATCH, LONG, Market, begin, grow
from tests.support.databases import Server, programs
from tests.support.ledger_book import Book

SMALL, LARGE = 100_000, 1_000_000
ROUNDS = 4
CERTIFICATES = 150  # of one round of commits
OLD = 100  # records about things of any age that follow each round
Spent = tuple[float, float]
"""Seconds on the clock, and of the processor."""


class Asked:
    """One store, and questions about it at random; a question's preparation is not counted."""

    def __init__(self, location: str, seed: int) -> None:
        self.location = location
        self.store = Store.open(location)
        self._random = random.Random(seed)
        self._head = self.store.at().height
        self._plans = [(one.id, one.from_height) for one in self.store.at().select(Plan) if one.id != LONG]
        self._desk = Desk(self.store, REGULATOR)

    def _plan(self) -> tuple[str, AsOf]:
        plan, height = self._random.choice(self._plans)
        return plan, self.store.at(self._random.randint(min(height + 15, self._head), self._head))

    def asset(self) -> Callable[[], object]:
        while True:
            plan, facts = self._plan()
            place = self._random.randrange(2_000)
            found = facts.select(PoolAsset, col(PoolAsset.plan) == plan, offset=place, limit=1)
            if found:
                return lambda: lineage(facts, plan, found[0].asset)

    def fact(self) -> Callable[[], object]:
        _, facts = self._plan()
        height = self._random.randint(3, facts.height)
        statement = select(col(Receivable.id)).where(col(Receivable.from_position) >= height << 32).limit(1)
        found = [id_ for (id_,) in facts.execute(statement.order_by(col(Receivable.from_position)))]
        return lambda: [(facts.get(Receivable, id_), facts.history(Receivable, id_)) for id_ in found]

    def plan(self) -> Callable[[], object]:
        plan, facts = self._plan()
        return lambda: look_through(facts, plan)

    def history(self) -> Callable[[], object]:
        plan, facts = self._plan()
        return lambda: read_pool(facts, plan).delinquency_ratio()

    def long(self) -> Callable[[], object]:
        facts = self.store.at(self._random.randint(100, self._head))
        return lambda: look_through(facts, LONG)

    def page(self) -> Callable[[], object]:
        plan, facts = self._plan()
        query = PageQuery(sort="due")
        return lambda: (
            self._desk.pool(plan, height=facts.height), self._desk.assets(plan, query, height=facts.height)
        )  # fmt: skip

    def every(self) -> Callable[[], object]:
        _, facts = self._plan()
        return lambda: plans(facts)

    def listed(self) -> Callable[[], object]:
        return self._desk.plans


QUESTIONS: dict[str, tuple[Callable[[Asked], Callable[[], object]], int]] = {
    "one asset: plan to invoices and payments": (Asked.asset, 1),
    "one receivable as of a height, and its versions": (Asked.fact, 1),
    "one plan: figures of its pool, and a page of it": (Asked.plan, 5),
    "one plan with all that was ever in its pool": (Asked.history, 5),
    "a plan that 250 assets of every batch went through": (Asked.long, 5),
    "a page of the pool, as the desk gives it": (Asked.page, 10),
    "all plans (their number grows)": (Asked.every, 20),
    "all plans, as the desk lists them": (Asked.listed, 20),
}
"""The questions, and for how many of the first each is asked once."""


class Timed(Book):
    """A book that remembers what its commits took."""

    spent: list[Spent]
    records = 0

    def seal(self, days: int = 0) -> tuple[Finding, ...]:
        self.records += len(self.events)
        start = time.perf_counter(), time.process_time()
        found = super().seal(days)
        if not hasattr(self, "spent"):
            self.spent = []
        self.spent.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        return found


def timed(question: Callable[[], object]) -> Spent:
    start = time.perf_counter(), time.process_time()
    question()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def percentiles(spent: list[float]) -> tuple[float, float]:
    """The median and the 99th of a hundred, in ms."""
    found = quantiles(spent, n=100, method="inclusive")
    return found[49] * 1e3, found[98] * 1e3


def read(stores: tuple[Asked, Asked], times: int, table: Table) -> None:
    """Ask every question of both stores in turn."""
    for name, (prepare, rarity) in QUESTIONS.items():
        spent: tuple[list[Spent], list[Spent]] = ([], [])
        for store in stores:
            for _ in range(3):
                timed(prepare(store))  # what is compiled once is not counted
        for _ in range(max(times // rarity, 10)):
            for store, kept in zip(stores, spent, strict=True):
                kept.append(timed(prepare(store)))
        for at, clock in enumerate(("clock", "processor")):
            (half, most), (half_large, most_large) = (percentiles([one[at] for one in kept]) for kept in spent)
            table.add_row(
                name if not at else "", clock, str(len(spent[0])), f"{half:.1f}", f"{most:.1f}", f"{half_large:.1f}",
                f"{most_large:.1f}", f"{half_large / half:.2f}", f"{most_large / most:.2f}",
            )  # fmt: skip


def commit(locations: tuple[str, str], table: Table) -> None:
    """Write the same records into both stores in turn, new things and changes to things of any age."""
    books = tuple(Timed(location) for location in locations)
    for number in range(ROUNDS + 1):
        for book in books:
            book.time = book.store.at().time
            Market(book, batch=3_000 + book.height % 6_000).write(CERTIFICATES)
            _change_old(book, random.Random(number))
            if not number:
                book.spent, book.records = [], 0  # warm now
    for at, clock in enumerate(("clock", "processor")):
        each = [sum(one[at] for one in book.spent) / book.records * 1e6 for book in books]
        cells = f"{each[0]:.0f} µs", "", f"{each[1]:.0f} µs", "", f"{each[1] / each[0]:.2f}", ""
        table.add_row("" if at else "committing, a record", clock, str(books[0].records), *cells)
    for book in books:
        assert book.found == [], book.found[:1]
        book.store.close()


def _change_old(book: Book, chosen: random.Random) -> None:
    facts = book.store.at()
    for _ in range(OLD):
        height = chosen.randint(10, facts.height)
        statement = select(col(Receivable.id)).where(col(Receivable.from_position) >= height << 32).limit(1)
        for (id_,) in facts.execute(statement.order_by(col(Receivable.from_position))):
            change = {"receivable": id_, "delta": 1, "reason": "return", "at": str(book.time.date())}
            book.say("gateway", "receivable.adjusted", change)
    book.seal()


def made(location: str, certificates: int) -> str:
    """The location, its store of so many certificates there."""
    start = time.perf_counter()
    begin(location)
    grow(location, certificates)
    print(f"made {certificates:,} certificates in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return location


@contextmanager
def sqlite(cache: Path, sizes: tuple[int, int]) -> Iterator[tuple[str, str]]:
    cache.mkdir(parents=True, exist_ok=True)
    found = []
    for size in sizes:
        file = cache / f"{size}.db"
        if not file.exists():
            unfinished = cache / f"{size}.partial"
            unfinished.unlink(missing_ok=True)
            made(str(unfinished), size)
            unfinished.rename(file)
        found.append(str(file))
    yield found[0], found[1]


@contextmanager
def postgresql(sizes: tuple[int, int]) -> Iterator[tuple[str, str]]:
    binaries = programs()
    assert binaries is not None
    server = Server(binaries)
    try:
        server.start()
        small, large = (made(server.url(server.make(f"of_{size}")), size) for size in sizes)
        yield small, large
    finally:
        server.stop()


def main() -> None:
    """Run the benchmark and print its tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--certificates", type=int, default=LARGE)
    arguments.add_argument("--small", type=int, default=SMALL)
    arguments.add_argument("--reads", type=int, default=400, help="how often the first question is asked")
    arguments.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "glasspool-benchmarks")
    arguments.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    given = arguments.parse_args()
    sizes = tuple(max(size // BATCH, 1) * BATCH for size in (given.small, given.certificates))
    default = ["sqlite", *(["postgresql"] if programs() else [])]
    for database in given.database or default:
        stores = sqlite(given.cache, (sizes[0], sizes[1])) if database == "sqlite" else postgresql((sizes[0], sizes[1]))
        with stores as locations:
            table = Table(title=f"{database}: {sizes[0]:,} and {sizes[1]:,} certificates", caption="ms; p50 and p99")
            for heading in ("what", "time", "times", "p50", "p99", "p50 large", "p99 large", "x p50", "x p99"):
                table.add_column(heading)
            read((Asked(locations[0], 1), Asked(locations[1], 1)), given.reads, table)
            commit(locations, table)
            Console(file=sys.stdout, width=140).print(table)


if __name__ == "__main__":
    main()
