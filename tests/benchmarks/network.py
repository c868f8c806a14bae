"""What it costs to find rings in a network of trade, and how well they are found.

`python -m tests.benchmarks.network` makes a graph of 120,000 trades between 20,000 companies in a year, plants 200
rings of two to six trades in it, looks for all time-ordered cycles of up to six, and prints seconds, recall and
precision. A ring has at most five days from sale to sale and goods of one family, and each amount is a commission of
at most 3 per cent off the one before. A cycle that comes about by chance counts as a false one.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from regulator.network.cycles import LEGS, WINDOW, Cycle, cycles
from regulator.network.goods import family_of
from regulator.network.trades import Trade

GOODS = (
    "*黑色金属*冷轧钢板", "热轧钢卷", "电解铜", "铝锭", "动力煤", "0号柴油", "天然气", "乙二醇", "大豆", "棉纱",
    "原木", "锂电池模组", "电缆", "芯片", "轴承", "公路货运服务", "控制器总成", "紧固件", "注塑件", "技术服务",
    "仓储服务", "包装箱", "阀门", "电机", "服装", "办公家具", "药品", "食品添加剂", "涂料", "玻璃",
)  # fmt: skip
DAYS = 365
FIRST = 739_000  # ordinal of a day in 2024


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Trades, in the order in which they were registered, and the rings that were planted: the nodes of their legs."""

    trades: list[Trade]
    planted: list[frozenset[str]]


def graph(companies: int = 20_000, trades: int = 120_000, rings: int = 200, seed: int = 7) -> Graph:
    """A network in which a few companies trade most: half of the trades run to one in fifty companies."""
    chance = random.Random(seed)
    made: list[tuple[int, str, str, int, str, int]] = []  # day, seller, buyer, amount, goods, ring or -1

    def company() -> int:
        return chance.randrange(companies // 50 if chance.random() < 0.5 else companies)

    planted = [2 + at % (LEGS - 1) for at in range(rings)]
    for _ in range(trades - sum(planted)):
        seller, buyer = company(), company()
        while buyer == seller:
            buyer = company()
        amount = round(math.exp(chance.gauss(16, 1.5)))
        made.append((chance.randrange(DAYS), f"m{seller}", f"m{buyer}", amount, chance.choice(GOODS), -1))
    for ring, legs in enumerate(planted):
        members = chance.sample(range(companies), legs)
        day = chance.randrange(DAYS - WINDOW)
        amount, goods = round(math.exp(chance.gauss(16, 1.5))), chance.choice(GOODS)
        for at, seller in enumerate(members):
            made.append((day, f"m{seller}", f"m{members[(at + 1) % legs]}", amount, goods, ring))
            day += chance.randint(0, WINDOW // LEGS)
            amount = amount * chance.randint(970, 1_000) // 1_000
    made.sort(key=lambda one: one[0])
    found: list[set[str]] = [set() for _ in planted]
    sold = []
    for position, (day, sold_by, bought_by, amount, goods, ring) in enumerate(made):
        node = f"invoice {position}"
        if ring >= 0:
            found[ring].add(node)
        sold.append(
            Trade(
                node=node, seller=sold_by, buyer=bought_by, day=FIRST + day, amount=amount, family=family_of(goods),
                position=position, goods=goods,
            )
        )  # fmt: skip
    return Graph(trades=sold, planted=[frozenset(each) for each in found])


def accuracy(made: Graph, found: list[Cycle]) -> tuple[float, float]:
    """Recall over the planted rings and precision over the cycles: one is right when all its legs were planted."""
    seen = {frozenset(leg.node for leg in cycle) for cycle in found}
    legs = frozenset().union(*made.planted)
    recall = sum(ring in seen for ring in made.planted) / len(made.planted)
    return recall, sum(cycle <= legs for cycle in seen) / len(seen) if seen else 1.0


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    options.add_argument("--trades", type=int, default=120_000)
    told = options.parse_args()
    table = Table(
        "seed",
        "trades",
        "cycles",
        "seconds",
        "of a processor",
        "recall",
        "precision",
        title="Time-ordered cycles up to six",
    )
    for seed in told.seeds:
        made = graph(companies=told.trades // 6, trades=told.trades, seed=seed)
        started, worked = time.perf_counter(), time.process_time()
        found = cycles(made.trades)
        seconds, work = time.perf_counter() - started, time.process_time() - worked
        recall, precision = accuracy(made, found)
        figures = f"{seconds:.2f}", f"{work:.2f}", f"{recall:.3f}", f"{precision:.3f}"
        table.add_row(str(seed), f"{len(made.trades):,}", f"{len(found):,}", *figures)
    console = Console()
    console.print(table)
    console.print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
