"""Dividing an amount in whole fen so that nothing is lost: largest remainder (最大余额法), and what is left said."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["broken_down", "shares"]


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide ``amount`` in proportion to the weights: whole fen that add up to it exactly; all 0 for no weight.

    Each gets its share rounded down; the fen left over go, one each, to the largest remainders, earlier ones first.
    Amount and weights are not negative.
    """
    total = sum(weights)
    if total <= 0:
        return [0] * len(weights)
    found = [amount * weight // total for weight in weights]
    left = amount - sum(found)
    order = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in order[:left]:
        found[place] += 1
    return found


def broken_down(amount: int, whole: int, weights: Sequence[int]) -> tuple[list[int], int]:
    """Return what of ``amount`` falls on each of the weights, which are parts of ``whole``, and the rest.

    Of the whole itself these are the weights as they are. Of a part of it each counts in proportion, in whole fen, and
    carried + rest = amount always. The rest is negative when the weights come to more than the whole: the amount is
    relied on more than once.
    """
    parts = [max(weight, 0) for weight in weights]
    if amount == whole:
        return parts, amount - sum(parts)
    if whole <= 0 or amount <= 0:
        return [0] * len(parts), amount
    if sum(parts) <= whole:
        *carried, rest = shares(amount, [*parts, whole - sum(parts)])
        return carried, rest
    carried = [amount * part // whole for part in parts]
    return carried, amount - sum(carried)
