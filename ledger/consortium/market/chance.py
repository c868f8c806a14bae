"""Choices that follow from a seed and a name: the same on every machine, whatever else is chosen before or after.

Nothing here is a float: two machines' mathematics may differ in the last bit, and one bit is another chain.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from ledger.consortium.keys import draw
from ledger.suites import sm3

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Chance", "Weighted"]

T = TypeVar("T")

WORD = 8  # bytes of one choice


class Weighted:
    """A list to pick from by weight; what stands early may weigh most, as a few debtors owe most (Pareto)."""

    __slots__ = ("_ends",)

    def __init__(self, weights: Sequence[int]) -> None:
        self._ends = list(accumulate(weights))

    def at(self, point: int) -> int:
        """Return the place that ``point`` in [0, total) falls on."""
        return bisect_right(self._ends, point)

    @property
    def total(self) -> int:
        return self._ends[-1]


class Chance:
    """One entity's choices, in their order: a hash chain of the seed and the entity's name."""

    __slots__ = ("_key", "_left", "_turn")

    def __init__(self, seed: int, *names: str) -> None:
        self._key = draw(seed, "market", *names)
        self._left, self._turn = self._key, 0

    def below(self, most: int) -> int:
        """Return an integer in [0, most)."""
        if len(self._left) < WORD:
            self._turn += 1
            self._left = sm3(self._key, self._turn.to_bytes(4))
        word, self._left = self._left[:WORD], self._left[WORD:]
        return int.from_bytes(word) % most

    def between(self, least: int, most: int) -> int:
        """Return an integer in [least, most]."""
        return least + self.below(most - least + 1)

    def happens(self, per_mille: int) -> bool:
        """Return True so many times in a thousand."""
        return self.below(1000) < per_mille

    def pick(self, among: Sequence[T]) -> T:
        """Return one of them, each as likely."""
        return among[self.below(len(among))]

    def weigh(self, weighted: Weighted) -> int:
        """Return a place in the list, the heavier the likelier."""
        return weighted.at(self.below(weighted.total))

    def parts(self, total: int, count: int) -> list[int]:
        """Return ``total`` in at most ``count`` positive parts, none less than a third of an even one."""
        count = min(count, total)
        parts = []
        for left in range(count, 1, -1):
            even = total // left
            part = max(1, even // 3 + self.below(max(1, even)))
            part = min(part, total - (left - 1))
            parts.append(part)
            total -= part
        return [*parts, total]
