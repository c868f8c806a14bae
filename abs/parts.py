"""Receivables that a pool holds in part: which share of what happens to them is the pool's, to the fen.

Of what is paid on the outputs held, and on the pieces made of them, all is the pool's; of what is paid on or taken off
the receivable itself, the share that the part has in it. A piece made of outputs held and others counts by value.
Shares are taken of everything up to a day and rounded down to the fen once, each change being the difference to the
change before: so a receivable paid in full leaves nothing open on any part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Final, NamedTuple

__all__ = ["FINEST", "Move", "Part", "Piece", "changes_of"]

FINEST: Final = (
    1 << 128
)  # of a share's denominator; beyond it, after some three mergers of mergers, the nearest fen is taken


@dataclass(frozen=True, slots=True)
class Piece:
    """One output of a certificate: its amount, what it was made from, and where."""

    amount: int
    parents: tuple[str, ...]
    position: int


class Part:
    """The part of one receivable that the pool holds: some outputs of its certificate, of ``whole`` fen in all."""

    __slots__ = ("_held", "_pieces", "_share", "_weights")

    def __init__(self, held: Iterable[str], pieces: Mapping[str, Piece], whole: int) -> None:
        self._held = frozenset(held)
        self._pieces = pieces
        self._weights: dict[str, int | Fraction] | None = None
        amount = sum(pieces[id_].amount for id_ in self._held)
        self._share = 1 if amount >= whole else Fraction(amount, whole)

    def weight(self, target_kind: str = "receivable", target: str = "") -> int | Fraction:
        """The share of what is paid on ``target``, or happens to the whole receivable, that falls on this part."""
        if target_kind != "output":
            return self._share
        if target in self._held:
            return 1
        if self._weights is None:
            self._weights = self._weigh()
        return self._weights.get(target, 0)

    def _weigh(self) -> dict[str, int | Fraction]:
        """How much of every output is made of what is held, by the value of its parents; parents come before."""
        weights: dict[str, int | Fraction] = dict.fromkeys(self._held, 1)
        for id_, piece in sorted(self._pieces.items(), key=lambda item: item[1].position):
            parents = [parent for parent in piece.parents if weights.get(parent)]
            if id_ not in weights and parents:
                value = sum(self._pieces[parent].amount for parent in piece.parents if parent in self._pieces)
                held = sum(weights[parent] * self._pieces[parent].amount for parent in parents)
                weight = Fraction(held, value)
                if weight.denominator > FINEST:
                    weight = Fraction(round(weight * piece.amount), piece.amount)
                weights[id_] = weight
        return weights


class Move(NamedTuple):
    """What changed a receivable, fen, and the share of it that changed the part; ``kind``, ``id``, ``position``: what
    says so."""

    on: date
    amount: int
    weight: int | Fraction
    kind: str
    id: str
    position: int


def changes_of(moves: Iterable[Move]) -> Iterator[tuple[date, int, str, str, int]]:
    """The moves in whole fen, by date: what all up to each come to, towards zero, less what the ones before did.

    Each as its day, fen, kind, id and position.
    """
    told = 0
    above, below = 0, 1  # what all come to, exactly: a fraction in integers, which is ten times quicker than Fraction
    for move in sorted(moves, key=lambda each: each.on):
        wider = lcm(below, move.weight.denominator)
        above *= wider // below
        above += move.amount * move.weight.numerator * (wider // move.weight.denominator)
        below = wider
        whole = above // below if above >= 0 else -(-above // below)
        yield move.on, whole - told, move.kind, move.id, move.position
        told = whole
