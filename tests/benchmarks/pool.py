"""What the figures of a pool cost: every metric of a synthetic pool of a million assets, its movements, criteria.

`python -m tests.benchmarks.pool` prints seconds on the clock and of the processor, and the most memory the process
held. The pool has half a million payments, 5,000 debtors, 20 regions and 300 due dates.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import polars as pl
from rich.console import Console
from rich.table import Table

from abs.eligibility import judged
from abs.frame import ASSETS, CHANGES, OPEN, PAID, Basis, PoolFrame, frame_of
from abs.limits import diversification, excess_concentration, grouped, important_providers, net_pool_balance
from abs.movements import movements
from abs.pool import Pool, pool_of
from abs.ratios import RATIOS
from abs.reserves import reserves
from abs.series import Series, monthly
from abs.stratification import largest_assets, mean_rate, strata
from abs.terms import Affiliates, Concentration, Criterion, Metrics
from abs.vintages import recovery_lag, roll_rates, static_pools

ASSETS_AT_ONCE = 1_000_000
DAY = date(2025, 6, 30)
START = date(2024, 1, 1)
KINDS = pl.Series(["goods", "services", "works"])


def synthetic(size: int, seed: int = 7) -> PoolFrame:
    """A pool of so many assets: half of them paid in full or in part, a few disputed, in default or gone."""
    row = pl.int_range(size, dtype=pl.UInt32)
    spread = row.hash(seed)
    issued = pl.lit(START) + pl.duration(days=(spread % 400).cast(pl.Int64))
    assets = pl.select(
        row=row,
        asset=pl.format("AR-{}", row),
        creditor=pl.format("supplier-{}", row.hash(1) % 20_000),
        debtor=pl.format("core-{}", (row.hash(2) % 5_000) * (row.hash(3) % 3) // 2),
        amount=(row.hash(4) % 100_000_000 + 1).cast(pl.Int64),
        issued=issued,
        due=issued + pl.duration(days=(row.hash(5) % 300 + 30).cast(pl.Int64)),
        registered_on=issued,
        assigned_on=issued + pl.duration(days=5),
        entered_on=issued + pl.duration(days=5),
        left_on=pl.when(row.hash(6) % 50 == 0).then(pl.lit(date(2025, 3, 1))),
        left_how=pl.when(row.hash(6) % 50 == 0).then(pl.lit("repurchased")),
        confirmed=row.hash(7) % 10 > 0,
        disputed=row.hash(8) % 100 == 0,
        related_party=row.hash(9) % 100 == 1,
        region=(row.hash(10) % 20 + 11).cast(pl.String),
        goods=pl.lit(KINDS).gather(row.hash(11) % 3),
        rate=pl.concat_str(pl.lit("0.0"), (row.hash(12) % 5 + 41).cast(pl.String)),
        outputs=(row.hash(13) % 2).cast(pl.Int64),
        began=row.cast(pl.Int64),
    )
    paid = assets.filter(pl.col("row").hash(14) % 2 == 0)
    changes = paid.select(
        "row",
        on=pl.col("due") + pl.duration(days=(pl.col("row").hash(15) % 60).cast(pl.Int64) - 20),
        amount=-pl.when(pl.col("row").hash(16) % 4 > 0).then("amount").otherwise(pl.col("amount") // 2),
        kind=pl.lit(PAID),
        id=pl.format("{}/0", "row"),
        position=pl.col("row").cast(pl.Int64),
    )
    return PoolFrame(plan="P", height=1, assets=frame_of(ASSETS, assets), changes=frame_of(CHANGES, changes))


LIMITS = (
    Concentration(by="debtor", limit=Decimal("0.0005"), names={"core-0": Decimal("0.1")}),
    Concentration(by="region", limit=Decimal("0.051")),
)
AFFILIATES = (Affiliates(group="group-a", members=("core-1", "core-2")),)
CRITERIA = (
    Criterion(criterion="confirmed", text="confirmed", field="confirmed", op="==", value=True),
    Criterion(criterion="size", text="size", field="amount", op=">=", value=Decimal(10_000)),
    Criterion(criterion="term", text="term", field="days_to_due", op="<=", value=Decimal(365)),
    Criterion(criterion="undisputed", text="undisputed", field="disputed", op="==", value=False),
)


def _three(pool: Pool) -> object:
    day = grouped(pool.day, AFFILIATES)
    found = judged(day, CRITERIA)
    excess, _ = excess_concentration(day, LIMITS, OPEN)
    return net_pool_balance(found.eligible, excess)


_SERIES: dict[int, Series] = {}


def _months(pool: Pool) -> Series:
    """The series, computed anew; kept for the questions that are asked of it."""
    _SERIES[id(pool)] = monthly(pool.frame, Metrics(), pool.on)
    return _SERIES[id(pool)]


def _kept(pool: Pool) -> Series:
    return _SERIES[id(pool)]


def _reserves(pool: Pool) -> object:
    nrpb, capital = pool.balance(), pool.original()
    return reserves(_kept(pool), pool.day, nrpb, OPEN, capital, AFFILIATES)


QUESTIONS: dict[str, Callable[[Pool], object]] = {
    "the pool on a day": lambda pool: pool.frame.on(DAY),
    "1 balance, terms": lambda pool: [
        one() for one in (pool.balance, pool.original, pool.count, pool.wam, pool.seasoning, pool.wal)
    ],
    "2 concentration": lambda pool: [
        pool.concentration(side, basis=basis) for side in ("debtor", "creditor", "region") for basis in Basis
    ],
    "3 criteria, excess, net pool": _three,
    "4 important payers": lambda pool: important_providers(pool.day, 10**15, default_days=90, affiliates=AFFILIATES),
    "5 diversification": lambda pool: (diversification(pool.day, AFFILIATES), pool.related_party_share()),
    "6 distributions, top 20": lambda pool: (
        strata(pool.day, Metrics()), largest_assets(pool.day, Metrics()), mean_rate(pool.day), pool.maturity_ladder()
    ),
    "7-12 by month, every ratio": lambda pool: [
        ratio(each, at) for each in (_months(pool),) for at in range(len(each.ends)) for ratio in RATIOS.values()
    ],
    "11 static pools, roll rates": lambda pool: [
        each for series in (_kept(pool),) for each in (
            static_pools(series), recovery_lag(series, series.complete - 1),
            *(roll_rates(series, at) for at in range(len(series.ends))),
        )
    ],
    "13-17 reserves": _reserves,
    "movements of a month": lambda pool: movements(pool.frame, date(2025, 2, 28), date(2025, 3, 31)),
}  # fmt: skip


def main() -> None:
    """Run the benchmark and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--assets", type=int, default=ASSETS_AT_ONCE)
    size = arguments.parse_args().assets
    pool = pool_of(synthetic(size), DAY)
    table = Table(title=f"a pool of {size:,} assets", caption="s; the least of three")
    for heading in ("what", "clock", "processor"):
        table.add_column(heading)
    sums = [0.0, 0.0]
    for name, question in QUESTIONS.items():
        spent = [_timed(question, pool) for _ in range(3)]
        least = [min(one[at] for one in spent) for at in (0, 1)]
        sums = [one + other for one, other in zip(sums, least, strict=True)]
        table.add_row(name, *(f"{one:.3f}" for one in least))
    table.add_row("all", *(f"{one:.3f}" for one in sums))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.add_row("most memory held", f"{most:,.0f} MiB", "")
    Console(width=100).print(table)


def _timed(question: Callable[[Pool], object], pool: Pool) -> tuple[float, float]:
    start = time.perf_counter(), time.process_time()
    question(pool)
    return time.perf_counter() - start[0], time.process_time() - start[1]


if __name__ == "__main__":
    main()
