"""Whatever a pattern says of a family, at any height, a seed of the sweep reaches it.

Families are made by chance, thousands of them in one snapshot, so that each is reached for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from ledger.facts import FACTS
from ledger.snapshot.columns import arrow_schema, to_arrow
from ledger.snapshot.market import Market
from ledger.snapshot.reading import embedded
from regulator.duplicates.patterns import PATTERNS
from regulator.duplicates.scope import Family, FamilyScope
from regulator.scope import replay
from tests.support.duplicates_worlds import HEIGHTS, Known, World

WORLDS = 1_500


def written(worlds: Sequence[World], height: int, folder: Path) -> dict[str, str]:
    """Write what was known by the height as a snapshot is; returns the files by table."""
    known = [Known(world.versions, height) for world in worlds]
    files = {}
    for table in FACTS:
        rows = [
            {
                name: to_arrow(table)[name](value) if name in to_arrow(table) and value is not None else value
                for name, value in one.values().items()
            }
            for each in known
            for one in each.of(table)
        ]
        # These facts say of each thing only what is asked here.
        schema = pyarrow.schema([field.with_nullable(True) for field in arrow_schema(table)])
        files[table.label] = str(folder / f"{table.label}.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), files[table.label])
    return files


@pytest.mark.slow
@pytest.mark.parametrize("height", [HEIGHTS // 2, HEIGHTS - 1])
def test_what_a_pattern_speaks_of_is_reached(tmp_path: Path, height: int) -> None:
    worlds = [World(seed) for seed in range(WORLDS)]
    with Market(embedded(), written(worlds, height, tmp_path)) as market:
        found = FamilyScope().candidates(market).select("seed")
        seeds = set(market.backend.to_pyarrow(found)["seed"].to_pylist())
    said: Counter[str] = Counter()
    missed: list[str] = []
    silent = 0
    for at, world in enumerate(worlds):
        for rows in world.families(height):
            rules = {one.rule for one in replay(Family(rows, 0), {})}
            said.update(rules)
            silent += not rules and rows.nodes.isdisjoint(seeds)
            if rules and rows.nodes.isdisjoint(seeds):
                missed.append(f"world {at}: {sorted(rules)} of {sorted(rows.nodes)}")
    assert not missed
    assert min(said[rule] for rule in PATTERNS) >= 20, said
    assert silent * 10 > sum(said.values())
