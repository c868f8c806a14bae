"""How well every pattern of duplicate financing and fake trade is found, on markets that nobody has seen before.

`python -m tests.benchmarks.duplicates_accuracy` draws a seed for each of three rates, generates a market with every
pattern and its look-alike planted at that rate, follows it, prints by pattern and rate what was planted and found, and
writes the table into `docs/duplicates.md`. The seeds stand beside it: whoever doubts a figure can repeat it.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from regulator.signals import Version
from tests.support.duplicates_measured import measured
from tests.support.duplicates_page import write
from tests.support.duplicates_truth import PATTERNS, Score

RATES = {Decimal("0.0005"): 20_000, Decimal("0.002"): 10_000, Decimal("0.01"): 5_000}
"""By rate: receivables of the market it is measured on, so many that each pattern is planted ten times at least."""
LEAST = 0.98
BEGIN, END = "<!-- accuracy: begin -->", "<!-- accuracy: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One market: what was drawn for it, and how the patterns did."""

    rate: Decimal
    seed: int
    receivables: int
    scores: Mapping[str, Score]
    high: list[Version]

    def wrong(self) -> Iterator[str]:
        """Yield what keeps this run from being good enough, a line each."""
        repeat = f"--receivables {self.receivables} --rate {self.rate} --seed {self.seed}"
        for name, score in sorted(self.scores.items()):
            if score.precision < LEAST or score.recall < LEAST:
                yield f"{name} at {repeat}: missed {score.missed[:5]}, false {sorted(score.false)[:5]}"
        for one in self.high:
            yield f"{one.rule} is high on a look-alike at {repeat}: {one.subject}"


def run(rate: Decimal, receivables: int, seed: int) -> Run:
    """Generate, follow and score one market."""
    with tempfile.TemporaryDirectory(prefix="glasspool-accuracy-") as folder:
        market = measured(Path(folder), receivables=receivables, seed=seed, rate=rate)
        scores, high = market.scores()
        market.store.close()
    return Run(rate=rate, seed=seed, receivables=receivables, scores=scores, high=high)


def table(runs: list[Run]) -> str:
    """The runs as a table of Markdown, with what was drawn."""
    lines = [
        "| pattern | rate | planted | found | false | precision | recall |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in PATTERNS:
        for one in runs:
            score = one.scores[name]
            planted = score.hit + len(score.missed)
            ratios = f"{score.precision:.3f} | {score.recall:.3f}"
            lines.append(f"| `{name}` | {one.rate} | {planted} | {score.hit} | {len(score.false)} | {ratios} |")
    others = sorted({name for one in runs for name, score in one.scores.items() if score.false} - set(PATTERNS))
    drawn = "; ".join(f"rate {one.rate}: seed {one.seed}, {one.receivables:,} receivables" for one in runs)
    high = sum(len(one.high) for one in runs)
    told = [
        f"{drawn}.",
        f"Findings of level high on planted look-alikes: {high}.",
        *(f"Else found: {each}" for each in others),
    ]
    return "\n".join([*lines, "", *told])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--receivables", type=int, help="instead of what each of the three rates is measured on")
    parser.add_argument("--rate", type=Decimal, action="append", help="instead of the three; may be repeated")
    parser.add_argument("--seed", type=int, help="instead of one that is drawn")
    asked = parser.parse_args()
    console, runs = Console(), []
    for rate in asked.rate or RATES:
        seed = secrets.randbelow(10**9) if asked.seed is None else asked.seed
        receivables = asked.receivables or RATES.get(rate, 5_000)
        console.print(f"rate {rate}: seed {seed}, {receivables:,} receivables")
        runs.append(run(rate, receivables, seed))
    console.print(table(runs), markup=False, soft_wrap=True)
    if asked.rate is None and asked.seed is None and asked.receivables is None:
        write(table(runs), BEGIN, END)
    wrong = [line for one in runs for line in one.wrong()]
    for line in wrong:
        console.print(line, style="red", markup=False, soft_wrap=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
