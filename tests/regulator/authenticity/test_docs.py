"""docs/authenticity.md says of checks, days and points what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from regulator.authenticity import CHECKS, EXPECTED, RULE
from regulator.authenticity.background import DOWN, FANOUT, UP
from regulator.authenticity.order import EDGES
from regulator.authenticity.outcome import Item
from regulator.authenticity.scope import GRAVE, SERIOUS
from regulator.authenticity.weights import Trading

PAGE = (Path(__file__).parents[3] / "docs/authenticity.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")]


def test_every_check_with_its_step_and_penalty() -> None:
    told = {row[0].strip("`"): (row[1], int(row[2])) for row in ROWS if row[1] in ("node", "network")}
    edges = {edge.name for edge in EDGES}
    assert told == {name: (rule.step.value, rule.penalty) for name, rule in CHECKS.items() if name not in edges}
    assert {CHECKS[name].penalty for name in edges} == {int(re.search(r"Each takes (\d+)", PAGE)[1])}  # type: ignore[index]


def test_every_edge_with_its_days() -> None:
    told = {row[0].strip("`"): int(row[2]) for row in ROWS if row[0].strip("`") in {edge.name for edge in EDGES}}
    assert told == {edge.name: edge.days for edge in EDGES}


def test_every_weight() -> None:
    kinds = (Trading.GOODS, Trading.SERVICES, Trading.CROSS_BORDER, Trading.PACKAGED)
    rows = [row for row in ROWS if row[0].strip("`") in {item.value for item in Item} and len(row) == 6]
    told = {row[0].strip("`"): tuple(int(cell or 0) for cell in row[1:5]) for row in rows}
    assert told == {item.value: tuple(EXPECTED[kind].get(item, 0) for kind in kinds) for item in Item}


def test_rule_limits_and_levels() -> None:
    assert f"`{RULE}`" in PAGE
    assert f"at most {DOWN} steps" in PAGE
    assert f"at most {UP} steps" in PAGE
    assert f"more than {FANOUT} papers" in re.sub(r"\s+", " ", PAGE)
    assert f"high from {GRAVE} points" in re.sub(r"\s+", " ", PAGE)
    assert f"medium from {SERIOUS}" in PAGE
