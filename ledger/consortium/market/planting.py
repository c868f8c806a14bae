"""How often which trouble is planted, when, and the sidecar file that says where."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.schedule import MORNING
from ledger.consortium.market.trouble.table import BREACHES, MISTAKES, PATTERNS, TRAPS
from ledger.consortium.market.trouble.teller import Label, Teller
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ledger.consortium.market.trouble.teller import Story
    from ledger.consortium.market.world import World

__all__ = ["EVERY", "Planting", "write_labels"]

EVERY = "every"  # in a table of rates: whatever is not named
SPAN = 70  # per cent of the time in which stories begin, so that they can end


class Planting:
    """Counts of stories by name: ``rates`` of breaches, patterns and mistakes, ``traps`` of look-alikes: one or many.

    A rate is a share of the market's receivables; above zero it plants at least one. Raises LedgerError
    ``unknown-trouble`` for a name that no story has.
    """

    def __init__(self, receivables: int, rates: Mapping[str, Decimal], traps: Decimal | Mapping[str, Decimal]) -> None:
        told = {**BREACHES, **PATTERNS, **MISTAKES}
        alike = {EVERY: traps} if isinstance(traps, Decimal) else traps
        if unknown := sorted((rates.keys() - told.keys() | alike.keys() - TRAPS.keys()) - {EVERY}):
            raise LedgerError(
                "unknown-trouble",
                f"No trouble is called {', '.join(unknown)}",
                next_step="See the codes of docs/findings.md and the patterns of docs/consortium.md.",
            )
        self._stories: list[tuple[str, str, list[Story], int]] = []
        tables = (("breach", BREACHES), ("pattern", PATTERNS), ("manager", MISTAKES), ("trap", TRAPS))
        for what, table in tables:
            for name, stories in table.items():
                mine = alike if what == "trap" else rates
                rate = mine.get(name, mine.get(EVERY, 0))
                if count := max(1, int(rate * receivables)) if rate else 0:
                    self._stories.append((what, name, stories, count))
        self.labels: list[Label] = []

    def begin(self, world: World) -> None:
        """Give every story its day in the market; those of one name are told in turn, from one that the seed picks."""
        market = world.market
        first, last = market.day.toordinal() + 7, market.end.toordinal()
        for what, name, stories, count in self._stories:
            first_told = market.chance("trouble", what, name).below(len(stories))
            for turn in range(count):
                story = stories[(first_told + turn) % len(stories)]
                label = Label(name, what, story.__name__)
                self.labels.append(label)
                teller = Teller(world, label, turn)
                day = first + teller.chance.below(max(1, (last - first) * SPAN // 100))
                market.start(teller.told(story), market.at(market.day.fromordinal(day), MORNING))


def write_labels(path: Path, labels: Iterable[Label]) -> dict[str, int]:
    """Write the labels of what happened, one a line, if there are any; returns how many of each kind."""
    told = [label for label in labels if label.happened]
    if not told:
        return {}
    text = "".join(f"{json.dumps(label.as_json(), ensure_ascii=False)}\n" for label in told)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return dict(sorted(Counter(label.what for label in told).items()))
