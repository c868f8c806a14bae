"""How fast a replica follows a transaction-heavy market, against what the signatures alone would cost.

`make bench` runs it. It prints ratios within one run, because machines differ and drift; it asserts nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ledger.consortium.chain import Consortium
from ledger.replica import join, sync
from ledger.sm_backends import backend
from ledger.sources import open_source
from ledger.sources.archive_writer import ArchiveWriter
from ledger.store import Store
from ledger.suites import SM
from portal.settings import Settings

if TYPE_CHECKING:
    from ledger.anchor import Engine
    from ledger.replica import Progress

START = datetime(2025, 1, 2, 2, tzinfo=UTC)
PER_BLOCK = 500
DEBTORS = 40


def build(folder: Path, transactions: int, per_block: int) -> Consortium:
    """Write an archive of invoices and receivables registered and confirmed, three records each."""
    with ArchiveWriter(folder) as sink:
        chain = Consortium(sink, seed=7, start=START)
        gateway = chain.enrol("gateway", "资产网关", ("asset_gateway",))
        supplier = chain.enrol("supplier", "供应商", ("supplier",))
        debtors = [chain.enrol(f"debtor-{at}", f"核心企业{at}", ("core_enterprise",)) for at in range(DEBTORS)]
        for member in (chain.members["operator"], gateway, supplier, *debtors):
            chain.admit(member)
        day, sent = START, 0
        chain.seal(day)
        while sent < transactions:
            at, debtor = sent, debtors[sent % DEBTORS]
            issued, due = day.date().isoformat(), (day + timedelta(days=90)).date().isoformat()
            chain.record(
                gateway,
                "invoice.registered",
                {
                    "v": 1, "invoice": f"inv-{at}", "number": f"{at:08d}", "code": None, "type": "other",
                    "seller": supplier.member, "buyer": debtor.member, "amount_excluding_tax": 10_000 + at,
                    "tax": 1_300, "amount_including_tax": 11_300 + at, "issued": issued, "goods": "钢材",
                    "refers_to": [],
                },
            )  # fmt: skip
            chain.record(
                gateway,
                "receivable.registered",
                {
                    "v": 1, "receivable": f"rcv-{at}", "creditor": supplier.member, "debtor": debtor.member,
                    "amount": 11_300 + at, "due": due, "contract": None, "invoices": [f"inv-{at}"],
                    "related_party": False,
                },
            )  # fmt: skip
            chain.record(
                debtor,
                "receivable.confirmed",
                {"v": 1, "receivable": f"rcv-{at}", "by": debtor.member, "method": "signature"},
            )
            sent += 3
            if chain.pending >= per_block:
                day += timedelta(minutes=10)
                chain.seal(day)
        if chain.pending:
            chain.seal(day + timedelta(hours=1))
    return chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One whole sync, processes started included. Seconds of a clock, and of processors where it says so."""

    blocks: int
    transactions: int
    seconds: float
    verifying: float
    """Processor seconds of all processes."""
    committing: float

    @property
    def rate(self) -> float:
        return self.transactions / self.seconds


def raw_rate(seconds: float = 1.5) -> tuple[float, float]:
    """Return bare tongsuopy verifications per second, by the clock and by the processor; the key is already loaded."""
    engine = backend("tongsuo")
    key = SM(engine).signing_key(20250102)
    message = bytes(32)
    signature, done, start, used = key.sign(message), 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        for _ in range(100):
            engine.verify(key.public_key, message, signature)
        done += 100
    return done / (time.perf_counter() - start), done / (time.process_time() - used)


def synced(archive: Path, chain: Consortium, home: Path, *, engine: Engine, workers: int) -> Measured:
    """Follow a whole archive into a new database."""
    verifying = committing = 0.0

    def watch(done: Progress) -> None:
        nonlocal verifying, committing
        verifying, committing = verifying + done.verifying, committing + done.committing

    with Store.create(f"sqlite:///{home}") as store:
        source = open_source(archive)
        start = time.perf_counter()
        join(store, source, genesis_hash=chain.genesis_hash, contracts=(chain.contract,), engine=engine)
        report = sync(
            store, source, evidence=home.with_suffix(".evidence"), engine=engine, workers=workers, watch=watch
        )
        took = time.perf_counter() - start
        source.close()
    assert report.findings == 0, "the benchmark's market is lawful"
    return Measured(
        blocks=report.blocks,
        transactions=report.transactions,
        seconds=took,
        verifying=verifying,
        committing=committing,
    )


def main() -> None:
    """Run the benchmark and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--transactions", type=int, default=48_000, help="of the market in large blocks")
    arguments.add_argument("--small-blocks", type=int, default=3_000, help="how many blocks of three transactions")
    arguments.add_argument("--gmssl-transactions", type=int, default=300)
    arguments.add_argument("--workers", type=int, default=Settings().verifying_processes)
    given = arguments.parse_args()
    workers: int = given.workers
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        chains = {
            name: build(home / name, count, per_block)
            for name, count, per_block in (
                ("big", given.transactions, PER_BLOCK),
                ("many", 3 * given.small_blocks, 3),
                ("slow", given.gmssl_transactions, PER_BLOCK),
            )
        }

        def run(name: str, engine: Engine) -> Measured:
            return synced(home / name, chains[name], home / f"{name}.db", engine=engine, workers=workers)

        rates = [raw_rate(), raw_rate()]
        big = run("big", "tongsuo")
        rates += [raw_rate(), raw_rate()]
        many, slow = run("many", "tongsuo"), run("slow", "gmssl")
    raw, raw_used = (statistics.median(each) for each in zip(*rates, strict=True))
    table = Table(
        title="sync",
        caption="Ratios are within this run; the goal is 0.85. Where other programs use the machine, processor time "
        "tells more than the clock.",
    )
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, figure in (
        ("verifying processes", f"{workers}"),
        ("raw SM2 verifications per second and core", f"{raw:,.0f}"),
        (f"transactions per second, {big.transactions:,} in {big.blocks:,} blocks", f"{big.rate:,.0f}"),
        ("ratio to raw x processes", f"{big.rate / (raw * workers):.2f}"),
        (
            "processor time: raw verification / verified transaction",
            f"{big.transactions / big.verifying / raw_used:.2f}",
        ),
        ("seconds committing / processor seconds verifying", f"{big.committing / big.verifying:.2f}"),
        (f"transactions per second, {many.transactions:,} in {many.blocks:,} blocks", f"{many.rate:,.0f}"),
        ("ratio to the same in large blocks", f"{many.rate / big.rate:.2f}"),
        (f"with the gmssl engine, {slow.transactions:,}: times slower", f"{big.rate / slow.rate:,.0f}"),
    ):
        table.add_row(name, figure)
    Console(file=sys.stdout).print(table)


if __name__ == "__main__":
    main()
