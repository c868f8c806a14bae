"""Time-ordered cycles: trades by which goods come back to who sold them first. Pure functions of trades.

A cycle is a run of trades e1 ... ek, 2 <= k <= LEGS, in which each buyer sells next, the last buyer is the first
seller, and no member comes twice; days do not decrease and all lie within WINDOW; each amount differs by STEP per cent
of the one before it at most; goods are of one family, where they are known, and unknown in one leg at most.

Bounds, so that no hub and no dense ring costs without limit. Of the trades that may follow another the first FAN that
were registered are followed; of the runs that begin with one trade and have as many legs the first PATHS that became
complete, and of the cycles that begin with it the first CLOSED. What is registered later takes the place of nothing
that was before, so what is found at a height is found ever after. That does not hold where more than FAN sales are
alike and one of them is sold on only later: such a crowd may be told by other cycles online than in batch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Final

from regulator.duplicates.ties import Ties
from regulator.network.trades import STEP, Trade, cell_of, quarter_of

__all__ = ["FAN", "LEGS", "PATHS", "WINDOW", "Cycle", "cycles", "linked", "pruned"]

WINDOW: Final = 30
"""Days from the first sale to the last: who uses goods does not have them back unchanged within a month, while rings
turn within the period for which invoices are declared."""
LEGS: Final = 6
FAN: Final = 32
PATHS: Final = 128
CLOSED: Final = 64

LANE: Final = 1 << 8
WIDE: Final = 1 << 32
BESIDE: Final = tuple(months * LANE + sizes for months in (-1, 0, 1) for sizes in (-1, 0, 1))
"""A cell as one number: sizes are below 256 (1.3^255 is beyond 2^63 fen), months below 2^24."""

Cycle = tuple[Trade, ...]


def cycles(trades: Iterable[Trade]) -> list[Cycle]:
    """Return every cycle within the bounds, each once, from its first trade on; in the order of their positions.

    Where all legs are of one day, the one that was registered first is the first.
    """
    left = pruned(trades)
    index = _Index(left)
    found: dict[frozenset[str], Cycle] = {}
    for start in left:
        for cycle in nsmallest(CLOSED, _from(start, index), key=_order):
            nodes = frozenset(leg.node for leg in cycle)
            if nodes not in found or cycle[0].position < found[nodes][0].position:
                found[nodes] = cycle
    return sorted(found.values(), key=_order)


def pruned(trades: Iterable[Trade]) -> list[Trade]:
    """Return the trades without those that can be in no cycle: nothing like them was sold on, or bought before.

    Cells stand for days and amounts, so that a hub costs no more than its trades: those of one cycle lie in cells side
    by side, even the last and the first.
    """
    numbers: dict[str, int] = {}
    left = []
    for one in sorted(trades, key=lambda each: (each.position, each.node)):
        seller, month, size = cell_of(one.seller, one)
        buyer = numbers.setdefault(one.buyer, len(numbers))
        place = month * LANE + size
        left.append((numbers.setdefault(seller, len(numbers)) * WIDE + place, buyer * WIDE + place, one))
    while True:
        cells = {seller for seller, _, _ in left}
        sold = {cell + beside for cell in cells for beside in BESIDE}
        kept = [each for each in left if each[1] in sold]
        cells = {buyer for _, buyer, _ in kept}
        bought = {cell + beside for cell in cells for beside in BESIDE}
        kept = [each for each in kept if each[0] in bought]
        if len(kept) == len(left):
            return [one for _, _, one in kept]
        left = kept


class _Index:
    """The trades by seller and family, in the order of their days."""

    def __init__(self, trades: Sequence[Trade]) -> None:
        self._sold: defaultdict[str, defaultdict[str, list[Trade]]] = defaultdict(lambda: defaultdict(list))
        for one in sorted(trades, key=lambda each: each.day):
            self._sold[one.seller][one.family].append(one)
        self._next: dict[str, list[Trade]] = {}

    def after(self, one: Trade) -> list[Trade]:
        """Return what may come next after a trade, FAN at most, the first that were registered."""
        found = self._next.get(one.node)
        if found is None:
            found = self._next[one.node] = nsmallest(FAN, self._like(one), key=lambda each: (each.position, each.node))
        return found

    def _like(self, one: Trade) -> Iterator[Trade]:
        sold = self._sold.get(one.buyer)
        if sold is None:
            return
        for family in ({one.family, ""} & sold.keys()) if one.known else sold.keys():
            some = sold[family]
            first = bisect_left(some, one.day, key=_day)
            last = bisect_right(some, one.day + WINDOW, key=_day)
            for each in some[first:last]:
                if abs(each.amount - one.amount) * 100 <= STEP * one.amount:
                    yield each


def _from(start: Trade, index: _Index) -> Iterator[Cycle]:
    """Yield the cycles whose first trade this is."""
    runs: list[Cycle] = [(start,)]
    for _ in range(LEGS - 1):
        longer: list[Cycle] = []
        for run in runs:
            family = next((leg.family for leg in run if leg.known), "")
            bare = sum(not leg.known for leg in run)
            passed = {leg.seller for leg in run}
            for leg in index.after(run[-1]):
                if leg.day - start.day > WINDOW or bare + (not leg.known) > 1:
                    continue
                if family and leg.known and leg.family != family:
                    continue
                if leg.buyer == start.seller:
                    yield (*run, leg)
                elif leg.buyer not in passed:
                    longer.append((*run, leg))
        runs = nsmallest(PATHS, longer, key=_order) if len(longer) > PATHS else longer
        if not runs:
            return


def _order(run: Cycle) -> tuple[int, tuple[int, ...]]:
    """Order by when a run became complete."""
    return max(leg.position for leg in run), tuple(leg.position for leg in run)


def _day(one: Trade) -> int:
    return one.day


def linked(found: Iterable[Cycle]) -> list[list[Cycle]]:
    """Return cycles in groups: those that share a trade, directly or by others, and begin in one quarter.

    So rotations and repetitions of one ring are one group, and a ring that turns for years is a group a quarter.
    """
    ties = Ties()
    some = list(found)
    for at, cycle in enumerate(some):
        quarter = quarter_of(cycle[0].day)
        ties.add(f"{at}")
        for leg in cycle:
            ties.tie(f"{at}", f"{quarter} {leg.node}")
    groups: defaultdict[str, list[Cycle]] = defaultdict(list)
    for at, cycle in enumerate(some):
        groups[ties.root(f"{at}")].append(cycle)
    return list(groups.values())
