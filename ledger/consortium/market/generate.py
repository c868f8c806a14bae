"""A whole market written to an archive: every system acting, over so many months."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium import blocks
from ledger.consortium.cash import next_weekday
from ledger.consortium.chain import Consortium
from ledger.consortium.folder import appearing, archived
from ledger.consortium.market import life
from ledger.consortium.market.cast import admit_all
from ledger.consortium.market.membership import membership
from ledger.consortium.market.others import SYSTEMS
from ledger.consortium.market.plans import LEAST_ASSETS, MOST_WAIT
from ledger.consortium.market.plans import live as plan_life
from ledger.consortium.market.planting import Planting, write_labels
from ledger.consortium.market.schedule import MORNING, Market
from ledger.consortium.market.world import World
from ledger.consortium.press import Press
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ledger.consortium.market.schedule import Process
    from ledger.sources.raw import RawBlock
    from ledger.suites import SuiteName

__all__ = ["MARKET", "MarketSummary", "generate_market", "labels_of"]

MARKET = "market"  # the scenario's name beside the small ones
START = date(2024, 1, 2)
# Business of each month, an even one being 100: little around the spring festival, much before the year ends.
SEASONS = (90, 60, 105, 95, 95, 115, 90, 90, 110, 85, 105, 150)
GATHERING = 60  # per cent of the time in which plans begin, one after the other
QUARTER_RUSH = 140  # of the last ten days of a quarter, in per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSummary:
    """What was written.

    ``plans`` were established of ``plans_asked``; stories of trouble established ``story_plans`` of their own beside
    them. ``labels``: stories in the sidecar file; ``planted``: how many of each kind of them.
    """

    receivables: int
    records: int
    members: int
    plans: int
    plans_asked: int
    story_plans: int
    blocks: int
    labels: int
    planted: Mapping[str, int]
    first: date
    last: date
    genesis_hash: str
    contract: str
    head: str

    def remarks(self) -> list[str]:
        """Return what whoever asked for the market should know of it, a sentence each."""
        told = []
        if self.plans < self.plans_asked:
            told.append(
                f"{self.plans} of {self.plans_asked} plans were established: one opens once its originator holds "
                f"{LEAST_ASSETS} receivables that it may sell, and gathers them for {MOST_WAIT} weeks at most. Ask for "
                "more receivables or months, or for fewer plans."
            )
        if self.story_plans > self.plans:
            told.append(
                f"The stories of trouble established {self.story_plans} small plans of their own, more than the market "
                f"has: every story is told once at least, however few receivables there are. Ask for trouble by name, "
                "or for more receivables."
            )
        return told

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__} | {"planted": dict(self.planted)}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in plain.items()}


def _ends(months: int) -> date:
    """Return the last day of so many calendar months from the start's."""
    year, month = divmod(START.year * 12 + START.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def _targets(receivables: int, end: date) -> list[tuple[date, int]]:
    """Return for each business day how many receivables there are by its end, all in all."""
    days, weights = [], []
    day = next_weekday(START + timedelta(days=2))
    while day <= end:
        rush = QUARTER_RUSH if day.month % 3 == 0 and day.day > 20 else 100
        days.append(day)
        weights.append(SEASONS[day.month - 1] * rush)
        day = next_weekday(day + timedelta(days=1))
    total, done, targets = sum(weights), 0, []
    for day, weight in zip(days, weights, strict=True):
        done += weight
        targets.append((day, receivables * done // total))
    return targets


def _trading(world: World, receivables: int, progress: Callable[[int, int], None] | None) -> Process:
    """Every morning new trade begins: receivables up to the day's target, and the other systems in proportion."""
    market, serial = world.market, 0
    turns = dict.fromkeys(SYSTEMS, 0)
    for day, target in _targets(receivables, market.end):
        yield market.at(day, MORNING)
        for name, (system, every) in SYSTEMS.items():
            while (turns[name] + 1) * every <= target + every // 2 and market.receivables < target:
                turns[name] += 1
                world.left = target - market.receivables
                market.start(system(world, market.chance(name, str(turns[name]))))
        while market.receivables < target:
            serial += 1
            market.start(life.live(world, serial))
        if progress is not None:
            progress(market.receivables, receivables)


def labels_of(folder: Path) -> Path:
    """Return the sidecar file of a market's labels: beside its folder, where no source looks."""
    return folder.with_name(f"{folder.name}.labels.jsonl")


def generate_market(
    folder: Path,
    *,
    receivables: int,
    plans: int,
    months: int,
    seed: int,
    trouble: Mapping[str, Decimal] | None = None,
    traps: Decimal | Mapping[str, Decimal] = Decimal(),
    suite: SuiteName = "sm",
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> MarketSummary:
    """Write the archive of a market and what a node pins; the same arguments give the same bytes.

    ``folder`` appears when it is complete, the labels of planted trouble beside it. ``trouble``: rates by code or
    pattern, :data:`EVERY` for all; ``traps``: of look-alikes, or one for all. ``workers`` processes sign; 0 signs here.
    ``progress`` is told receivables written and in all. Memory holds what is open. Raises OutputRefused ``output-used``
    and LedgerError ``unknown-trouble`` or ``market-too-small``.
    """
    end = _ends(months)
    planting = Planting(receivables, trouble or {}, traps)
    founding: list[RawBlock] = []
    chain = Consortium(founding, seed=seed, start=datetime(START.year, START.month, START.day, tzinfo=UTC), suite=suite)
    market = Market(chain, START, end)
    world = World(market, receivables, plans)
    pressing = Press(suite, seed, workers=workers) if workers else nullcontext()
    with appearing(folder) as working, archived(chain, founding, working), pressing as press:
        chain.press = press
        admit_all(market)
        planting.begin(world)
        market.start(_trading(world, receivables, progress), market.at(START, MORNING))
        market.start(membership(world))
        for at in range(plans):
            market.start(plan_life(world, at, opens=(market.end - START).days * GATHERING // 100 * at // plans))
        market.run()
        if market.receivables != receivables:
            raise LedgerError(
                "market-too-small",
                f"The stories of trouble alone register {market.receivables} receivables, more than {receivables}",
                next_step="Ask for more receivables, or for less trouble.",
            )
        chain.finish()
        chain.press = None
    planted = write_labels(labels_of(folder), planting.labels)
    return MarketSummary(
        receivables=market.receivables,
        records=market.records,
        members=len(chain.members),
        plans=world.established,
        plans_asked=plans,
        story_plans=market.plans - world.established,
        blocks=chain.height + 1,
        labels=sum(planted.values()),
        planted=planted,
        first=START,
        last=market.day,
        genesis_hash=blocks.hexed(chain.genesis_hash),
        contract=blocks.hexed(chain.contract),
        head=blocks.hexed(chain.head),
    )
