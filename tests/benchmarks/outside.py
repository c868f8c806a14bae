"""What `glasspool duplicates check` finds in a list of payables it has never seen, and how long that takes.

`python -m tests.benchmarks.outside` makes a list from a seed: vendors with their own ways to number bills, bills that
recur by the week, month and year, account numbers in place of bill numbers, lines of one bill, credits and corrections;
plants copies of bills in it, each with its class; writes it as CSV and checks it. It prints seconds, recall by class,
and how many groups were reported that nobody planted, by class.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from regulator.outside import check, guess

ROWS = 200_000
START = date(2024, 1, 1)
DAYS = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One row of the list."""

    vendor: str
    number: str
    day: date
    fen: int

    def cells(self) -> tuple[str, str, str, str]:
        return self.vendor, self.number, self.day.isoformat(), f"{self.fen / 100:.2f}"


@dataclass(slots=True, kw_only=True)
class Listed:
    """A list, and by class the pairs of lines that were planted."""

    bills: list[Bill]
    planted: list[tuple[str, int, int]] = field(default_factory=list)

    def write(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("vendor", "invoice number", "date", "amount"))
            writer.writerows(bill.cells() for bill in self.bills)


Style = Callable[[random.Random, int, date], str]
STYLES: tuple[Style, ...] = (
    lambda _r, n, _d: f"{n}",
    lambda _r, n, _d: f"INV-{n:06d}",
    lambda _r, n, d: f"{d.year}-{n:05d}",
    lambda _r, n, d: f"{d:%y%m}/{n:04d}",
    lambda _r, n, _d: f"{60_000_000 + n:09d}/001",
    lambda r, n, _d: f"{r.choice('ABCDEFGHJK')}{n:07d}",
    lambda r, _n, _d: f"{r.randrange(10**8):08d}",
    lambda _r, n, d: f"{d:%m%d%y}{n:05d}",
)


def bills(rows: int, seed: int) -> list[Bill]:
    """So many honest rows, in the order of days."""
    chosen = random.Random(seed)
    found: list[Bill] = []
    vendor = 0
    while len(found) < rows:
        vendor += 1
        name = f"Vendor {vendor:05d} Ltd"
        found += _of_vendor(
            chosen, name, chosen.choices(("trade", "rent", "daily", "account", "lines"), (70, 12, 6, 8, 4))[0]
        )
    found = found[:rows]
    found.sort(key=lambda bill: bill.day)
    return found


def _of_vendor(chosen: random.Random, name: str, way: str) -> Iterator[Bill]:
    style, number = chosen.choice(STYLES), chosen.randrange(1, 90_000)
    price = chosen.randrange(1_000, 900_000)
    if way == "rent":  # one amount, each month or each week; the numbers go on by one
        step = chosen.choice((7, 14, 30, 91, 365))
        for at in range(chosen.randrange(step), DAYS, step):
            day = START + timedelta(days=at)
            number += chosen.randrange(1, 4)
            yield Bill(vendor=name, number=style(chosen, number, day), day=day, fen=price)
    elif way == "daily":  # few prices, several bills a day
        prices = [chosen.randrange(500, 20_000) for _ in range(chosen.randrange(1, 6))]
        for at in range(0, DAYS, chosen.randrange(1, 4)):
            day = START + timedelta(days=at)
            for _ in range(chosen.randrange(1, 4)):
                number += 1
                yield Bill(vendor=name, number=style(chosen, number, day), day=day, fen=chosen.choice(prices))
    elif way == "account":  # the account's number on every bill
        account = f"{chosen.randrange(10**9):09d}"
        for at in range(chosen.randrange(30), DAYS, 30):
            day = START + timedelta(days=at)
            yield Bill(vendor=name, number=account, day=day, fen=chosen.randrange(2_000, 90_000))
    else:
        for _ in range(min(int(chosen.paretovariate(0.9) * 8), 3_000)):
            day = START + timedelta(days=chosen.randrange(DAYS))
            number += chosen.randrange(1, 12)
            text = style(chosen, number, day)
            fen = int(chosen.lognormvariate(11.5, 1.6)) + 1
            fen = fen // 10_000 * 10_000 + 10_000 if chosen.random() < 0.25 else fen
            first = fen
            parts = chosen.randrange(3, 6) if way == "lines" and chosen.random() < 0.4 else 1
            for _ in range(parts):
                yield Bill(vendor=name, number=text, day=day, fen=fen)
                fen = int(chosen.lognormvariate(11.5, 1.6)) + 1
            if chosen.random() < 0.01:  # entered wrongly, taken back, entered again
                for sign in (-1, 1):
                    yield Bill(vendor=name, number=text, day=day, fen=sign * first)


def _separators(chosen: random.Random, text: str) -> str:
    at = chosen.randrange(1, len(text))
    plain = "".join(sign for sign in text if sign.isalnum())
    return plain if plain != text else f"{text[:at]}{chosen.choice('-/ .')}{text[at:]}"


def _look_alike(_chosen: random.Random, text: str) -> str:
    swaps = {"0": "O", "1": "I", "5": "S", "8": "B"}
    return next((text.replace(sign, swaps[sign], 1) for sign in text if sign in swaps), f"{text}A")


def _edit(chosen: random.Random, text: str) -> str:
    at = chosen.choice([at for at, sign in enumerate(text) if sign.isdigit()])
    other = chosen.choice([sign for sign in "0123456789" if sign != text[at]])
    return chosen.choice(
        (text[:at] + other + text[at + 1 :], text[:at] + other + text[at:], text[:at] + text[at + 1 :])
    )


def _swap(chosen: random.Random, text: str) -> str:
    places = [at for at in range(len(text) - 1) if text[at] != text[at + 1] and text[at : at + 2].isdigit()]
    if not places:
        return _edit(chosen, text)
    at = chosen.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


PLANTED: dict[str, Callable[[random.Random, Bill], Bill]] = {
    "exact": lambda _r, bill: bill,
    "format: separators": lambda r, bill: replace(bill, number=_separators(r, bill.number)),
    "format: leading zeros": lambda r, bill: replace(bill, number="0" * r.randrange(1, 4) + bill.number),
    "format: look-alikes": lambda r, bill: replace(bill, number=_look_alike(r, bill.number)),
    "format: affix": lambda r, bill: replace(bill, number=r.choice((f"INV{bill.number}", f"{bill.number}A"))),
    "altered: amount": lambda r, bill: replace(bill, fen=bill.fen + r.randrange(100, 500_000)),
    "altered: date": lambda r, bill: replace(bill, day=bill.day + timedelta(days=r.randrange(1, 90))),
    "near: edit": lambda r, bill: replace(
        bill, number=_edit(r, bill.number), day=bill.day + timedelta(days=r.randrange(3))
    ),
    "near: swap": lambda r, bill: replace(bill, number=_swap(r, bill.number)),
}


def planted(rows: int, seed: int, share: float = 0.005) -> Listed:
    """A list of so many rows, the share of it copies of others."""
    chosen = random.Random(seed + 1)
    copies = int(rows * share)
    honest = bills(rows - copies, seed)
    times = Counter((bill.vendor, bill.number) for bill in honest)
    fit = [bill for bill in honest if bill.fen > 0 and times[bill.vendor, bill.number] == 1]
    kinds = sorted(PLANTED)
    made = [
        (kinds[at % len(kinds)], bill, PLANTED[kinds[at % len(kinds)]](chosen, bill))
        for at, bill in enumerate(chosen.sample(fit, copies))
    ]
    marked: list[tuple[Bill, str, int]] = [(bill, "", -1) for bill in honest]
    marked += [(copy, kind, at) for at, (kind, _, copy) in enumerate(made)]
    chosen.shuffle(marked)
    first = {id(bill): line for line, (bill, kind, _) in enumerate(marked, start=2) if not kind}
    pairs = [(kind, first[id(made[at][1])], line) for line, (_, kind, at) in enumerate(marked, start=2) if kind]
    return Listed(bills=[bill for bill, _, _ in marked], planted=pairs)


def main() -> None:
    """Make a list, check it, print what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=ROWS)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    listed = planted(given.rows, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "payables.csv"
        listed.write(file)
        start, spent = time.perf_counter(), time.process_time()
        checked = check(file, guess(file))
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
    groups = {line: group for group in checked.alerts for line in group.lines}
    missed, hit = Counter[str](), Counter[str]()
    for kind, one, other in listed.planted:
        group = groups.get(other)
        (hit if group is not None and one in group.lines else missed)[kind] += 1
    copies = {line for _, _, line in listed.planted}
    odd = Counter(group.match for group in checked.alerts if copies.isdisjoint(group.lines))
    print(f"{checked.rows:,} rows in {seconds:.1f} s ({spent:.1f} s of processors)", file=sys.stdout)
    for kind in sorted(PLANTED):
        print(f"  {kind:24} recall {hit[kind] / max(hit[kind] + missed[kind], 1):7.1%} of {hit[kind] + missed[kind]}")
    print(f"  groups reported {len(checked.alerts):,}, without a copy in them: {dict(odd)}")
    print(f"  usual: {checked.usual}")


if __name__ == "__main__":
    main()
