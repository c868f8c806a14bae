"""How fast a replica follows a transaction-heavy market, against what the signatures alone would cost.

`make bench` runs it. It prints ratios within one run, because machines differ and drift; it asserts nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

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

START = datetime(2025, 1, 2, 2, tzinfo=UTC)
PER_BLOCK = 500
DEBTORS = 40


def build(folder: Path, transactions: int) -> Consortium:
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
            if chain.pending >= PER_BLOCK:
                day += timedelta(hours=1)
                chain.seal(day)
        if chain.pending:
            chain.seal(day + timedelta(hours=1))
    return chain


def raw_rate(seconds: float = 2.0) -> float:
    """Return bare tongsuopy verifications per second of one core, the key already loaded."""
    engine = backend("tongsuo")
    key = SM(engine).signing_key(20250102)
    message = bytes(32)
    signature, done, start = key.sign(message), 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(100):
            engine.verify(key.public_key, message, signature)
        done += 100
    return done / (time.perf_counter() - start)


def synced_rate(archive: Path, chain: Consortium, home: Path, *, engine: str, workers: int) -> tuple[float, int]:
    """Return verified transactions per second of one whole sync, processes started included, and their number."""
    with Store.create(f"sqlite:///{home}") as store:
        source = open_source(archive)
        start = time.perf_counter()
        join(store, source, genesis_hash=chain.genesis_hash, contracts=(chain.contract,), engine=engine)
        report = sync(store, source, evidence=home.with_suffix(".evidence"), engine=engine, workers=workers)
        took = time.perf_counter() - start
        source.close()
    assert report.findings == 0, "the benchmark's market is lawful"
    return report.transactions / took, report.transactions


def main() -> None:
    """Run the benchmark and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--transactions", type=int, default=48_000)
    arguments.add_argument("--gmssl-transactions", type=int, default=300)
    given = arguments.parse_args()
    workers = Settings().verifying_processes
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        big = build(home / "big", given.transactions)
        small = build(home / "small", given.gmssl_transactions)
        rates = [raw_rate(), raw_rate()]
        rate, count = synced_rate(home / "big", big, home / "big.db", engine="tongsuo", workers=workers)
        raw = statistics.median([*rates, raw_rate(), raw_rate()])
        slow, slow_count = synced_rate(home / "small", small, home / "small.db", engine="gmssl", workers=workers)
    table = Table(title="sync", caption="ratios are within this run; the goal is 0.9, the floor 0.7 and 30 times")
    for heading in ("what", "figure"):
        table.add_column(heading)
    table.add_row("workers", str(workers))
    table.add_row("raw SM2 verifications per second and core", f"{raw:,.0f}")
    table.add_row(f"verified transactions per second ({count:,})", f"{rate:,.0f}")
    table.add_row("ratio to raw x workers", f"{rate / (raw * workers):.2f}")
    table.add_row(f"with the gmssl engine ({slow_count:,})", f"{slow:,.1f}")
    table.add_row("times faster than gmssl", f"{rate / slow:,.0f}")
    Console(file=sys.stdout).print(table)


if __name__ == "__main__":
    main()
