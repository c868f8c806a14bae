"""``duplicate.circular_trade``: goods are sold back to who sold them first, and nothing shows them move (循环贸易).

Definition: a time-ordered cycle of two to six trades within WINDOW days (``regulator.network.cycles``), none of them
voided or red-flushed, of one family of goods, each amount within STEP per cent of the one before. At least one leg has
no waybill, warehouse paper or customs declaration of its own. A trade is an invoice, or, for one leg, a receivable
that rests on none. Cycles that share a trade and begin in one quarter are one finding, about the invoice that began
the first of them.

Evidence: the records of every trade of the ring.

Lawful, and silent: a return (the sale is red-flushed, or the sale back names the invoice that it takes back); toll
processing (other goods come back, at another value, each way with its waybill); netting (抵销: all legs were set off,
and nobody's money is in them); two companies that sell each other the same goods while nobody finances it.

Level: LOW while no money is in it, or a part of the legs shows goods on their way. MEDIUM once somebody financed one
leg or it is in a pool; HIGH when money is in two legs or more. Strength: 60; 10 more when all legs name their goods
alike, 10 when no leg has a paper, 10 when no amount differs by more than RIPE per cent from the one before; 15 less
for a leg without an invoice, 10 less for two companies only. Amount: the money in the legs, each leg counted up to its
amount; the smallest leg while there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from ledger.facts import Fact, Invoice, Receipt, TradeDocument
from ledger.snapshot import Market
from regulator.duplicates.stakes import CLAIMS, things_of
from regulator.histories import Histories, heights_of
from regulator.network.cycles import Cycle, linked
from regulator.network.exposure import Exposure, touched_trades
from regulator.network.gather import candidates, rings
from regulator.network.movement import Movements, touched_by_papers
from regulator.network.trades import Traded
from regulator.scope import Changes
from regulator.signals import Level, Signal

__all__ = ["RULE", "CircularScope"]

RULE: Final = "duplicate.circular_trade"
RIPE: Final = 3
"""Per cent: what a company that only lends its name asks for."""
AT_ONCE: Final = 20_000
"""Trades whose rings are looked for together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A cycle as of a height."""

    cycle: Cycle
    level: Level
    score: int
    financed: int
    moved: int
    money: int


class Ring:
    """Cycles that are linked, with all that says whether they are fake."""

    def __init__(self, found: list[Cycle], traded: Traded, movements: Movements, exposure: Exposure) -> None:
        self._cycles, self._traded, self._movements, self._exposure = found, traded, movements, exposure
        self._legs = list({leg.node: leg for cycle in found for leg in cycle}.values())

    @property
    def subjects(self) -> Collection[str]:
        """The first trade of every cycle."""
        return {cycle[0].node for cycle in self._cycles}

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        versions = heights_of(*(self._traded.versions[leg.node] for leg in self._legs))
        more = (*self._movements.heights(self._legs), *self._exposure.heights(self._legs))
        return sorted({*versions, *more})

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield a signal for every ring that is linked by what stands at the height."""
        standing = [cycle for cycle in self._cycles if all(self._traded.stands(leg, height) for leg in cycle)]
        seen = [one for cycle in standing if (one := self._look(cycle, height)) is not None]
        by_cycle = {one.cycle: one for one in seen}
        for group in linked(by_cycle):
            yield self._signal([by_cycle[cycle] for cycle in group], height)

    def _look(self, cycle: Cycle, height: int) -> _Seen | None:
        """Return what there is to say of a cycle, or None when it is lawful."""
        moved = self._movements.moved(cycle, height)
        if moved == len(cycle) or self._returned(cycle):
            return None
        financed = sum(bool(self._exposure.financed(leg, height)) for leg in cycle)
        if not financed and (len(cycle) == 2 or self._netted(cycle, height)):
            return None
        level = Level.LOW
        if financed and not moved:
            level = Level.HIGH if financed > 1 else Level.MEDIUM
        steps = pairwise(cycle)
        score = 60 + 10 * (len({leg.goods for leg in cycle if leg.known}) == 1) + 10 * (not moved)
        score += 10 * all(abs(other.amount - one.amount) * 100 <= RIPE * one.amount for one, other in steps)
        score -= 15 * any(not leg.known for leg in cycle) + 10 * (len(cycle) == 2)
        money = self._exposure.money(cycle, height)
        return _Seen(cycle=cycle, level=level, score=score, financed=financed, moved=moved, money=money)

    def _returned(self, cycle: Cycle) -> bool:
        """Tell whether two companies traded, and the sale back says that it takes the first back."""
        last = self._traded.versions[cycle[-1].node][0]
        return len(cycle) == 2 and isinstance(last, Invoice) and cycle[0].name in last.refers_to

    def _netted(self, cycle: Cycle, height: int) -> bool:
        owed = [self._exposure.owed(leg, height) for leg in cycle]
        return all(some and all(one.settled_by == "netting" for one in some) for some in owed)

    def _signal(self, seen: Sequence[_Seen], height: int) -> Signal:
        """Return the signal of a group: about its first trade, told by the gravest of its cycles."""
        gravest = max(
            seen, key=lambda one: (one.level.rank, one.score, -one.cycle[0].position, -one.cycle[-1].position)
        )
        cycle = gravest.cycle
        legs = list({leg.node: leg for one in seen for leg in one.cycle}.values())
        subject = min((one.cycle[0] for one in seen), key=lambda leg: (leg.position, leg.node)).node
        claims = [claim for leg in legs for claim in self._exposure.financed(leg, height)]
        money = self._exposure.money(legs, height)
        details: dict[str, int | str] = {
            "days": cycle[-1].day - cycle[0].day,
            "financed": gravest.financed,
            "first_fen": cycle[0].amount,
            "first_on": date.fromordinal(cycle[0].day).isoformat(),
            "first_party": cycle[0].seller,
            "goods": next((leg.goods for leg in cycle if leg.known), ""),
            "last_fen": cycle[-1].amount,
            "last_on": date.fromordinal(cycle[-1].day).isoformat(),
            "last_party": cycle[-1].seller,
            "legs": len(cycle),
            "money_fen": money,
            "moved": gravest.moved,
            "trades": len(legs),
        }
        return Signal(
            rule=RULE,
            subject=subject,
            level=gravest.level,
            score=gravest.score,
            amount=money or min(leg.amount for leg in cycle),
            since=date.fromordinal(max(leg.day for leg in cycle)),
            parties=tuple({leg.seller for leg in legs} | {claim.holder for claim in claims}),
            things=tuple(({leg.node for leg in legs} | things_of(claims)) - {subject}),
            evidence=(*(leg.position for leg in legs), *(each for claim in claims for each in claim.evidence)),
            details=tuple(sorted(details.items())),
        )


class CircularScope:
    """Rings of trades."""

    name = "network.circular"
    rules = (RULE,)
    reads: tuple[type[Fact], ...] = tuple(dict.fromkeys((*CLAIMS, TradeDocument, Receipt)))

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: trades that changed, and those whose papers or claims did."""
        names = touched_by_papers(changes, histories)
        return {f"invoice {name}" for name in names} | touched_trades(changes, histories)

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`."""
        return candidates(market)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Ring]:
        """See :meth:`Scope.load`. A trade in no cycle has nothing to say, and none is made of it."""
        done: set[str] = set()
        ordered = sorted(seeds)
        for start in range(0, len(ordered), AT_ONCE):
            traded, groups = rings(histories, ordered[start : start + AT_ONCE])
            legs = list({leg.node: leg for group in groups for cycle in group for leg in cycle}.values())
            if not legs:
                continue
            movements, exposure = Movements(histories, legs), Exposure(histories, legs)
            for group in groups:
                ring = Ring(group, traded, movements, exposure)
                if done.isdisjoint(ring.subjects):
                    done |= set(ring.subjects)
                    yield ring
