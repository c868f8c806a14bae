"""How long a stress test takes on a large pool: what every scenario starts from, one scenario, all break-even rates.

    python tests/benchmarks/stress.py [--assets 1000000]

A scenario works on amounts by due date, so that only what it starts from grows with the pool.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from abs.scenario import preset
from abs.stress import break_even, stress
from abs.stress.setting import setting_of
from abs.waterfall import opening_state
from tests.benchmarks.pool import synthetic
from tests.support.deals import terms_named

ValueT = TypeVar("ValueT")
MIB = 1024
"""KiB, in which the system counts memory."""


def timed(name: str, question: Callable[[], ValueT]) -> ValueT:
    """The answer; prints the seconds it took and the memory used at most so far."""
    start = time.perf_counter()
    answer = question()
    took = time.perf_counter() - start
    print(f"{name:<24} {took:8.3f} s   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MIB:6d} MiB")
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=1_000_000)
    size = parser.parse_args().assets
    terms = terms_named("revolving-factoring")
    pool = timed(f"{size} assets", lambda: synthetic(size))
    day = terms.plan.closing + timedelta(days=30)
    setting = timed("start", lambda: setting_of(terms, pool, day, opening_state(terms)))
    run = timed("one scenario", lambda: stress(setting, preset("severe")))
    timed("break-even", lambda: break_even(setting, preset("base")))
    print(f"{setting.there.cells.height} due dates, {len(run.dates)} payment dates")


if __name__ == "__main__":
    main()
