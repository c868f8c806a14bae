"""Kills a process at random moments, over and over, and looks at what it left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("GLASSPOOL_KILLS", "3"))
"""How often; 100 to be sure, which takes half an hour."""


def killed(
    command: Sequence[str],
    *,
    begin: Callable[[], None],
    look: Callable[[], None],
    kills: int = KILLS,
    seed: int = 20,
    earliest: float = 0.3,
) -> None:
    """Run the command to its end once, then kill it so many times at random moments of that time.

    ``begin`` brings about what the command starts from: it is called before the first run and whenever one came to its
    end before it was killed. ``look`` is called after each kill, and raises what must not be. The last run was killed,
    so that the caller can let the command finish and compare.
    """
    chance, done = random.Random(seed), 0
    begin()
    began = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True)
    whole = time.monotonic() - began
    begin()
    while done < kills:
        running = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        try:
            time.sleep(whole * chance.uniform(earliest, 1))
            if running.poll() is not None:
                assert running.returncode == 0
                begin()
                continue
            running.send_signal(signal.SIGKILL)
            done += 1
        finally:
            running.kill()
            running.wait()
        look()
