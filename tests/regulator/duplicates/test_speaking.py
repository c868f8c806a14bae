"""What is told of a family before it is looked at: never later than a pattern speaks of it, and nothing of most.

Families are made by chance. Each is looked at as of every height, so that what came later is not known, and each
pattern has the last word.
"""

from __future__ import annotations

from collections import Counter

import pytest

from regulator.duplicates.patterns import PATTERNS
from regulator.duplicates.scope import Family
from regulator.duplicates.speaking import speaks_from
from regulator.scope import replay
from tests.support.duplicates_worlds import HEIGHTS, World

WORLDS = 400


@pytest.mark.slow
def test_no_pattern_speaks_before_it_is_told_that_one_may() -> None:
    said: Counter[str] = Counter()
    families = silent = 0
    for seed in range(WORLDS):
        world = World(seed)
        for height in range(HEIGHTS):
            for rows in world.families(height):
                versions = list(replay(Family(rows, 0), {}))
                first = min((one.height for one in versions), default=None)
                since = speaks_from(rows)
                told = f"world {seed} at {height}: {[one.rule for one in versions if one.height == first]}"
                assert first is None or (since is not None and since <= first), told
                said.update({one.rule for one in versions})
                families, silent = families + 1, silent + (since is None)
    assert min(said[rule] for rule in PATTERNS) >= 20, said
    assert silent * 5 > families
