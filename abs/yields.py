"""What holding a tranche comes to: weighted average life (加权平均期限) and yield (内部收益率) of its payments.

Exact sums of whole fen, and one root found in decimals; no float.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from abs.instrument.tranche import Flow
from abs.money import quotient

__all__ = ["PLACES", "average_life", "internal_rate"]

DAYS_PER_YEAR: Final = 365
PLACES: Final = Decimal("1e-10")
"""A yield is right to this."""
MOST: Final = Decimal(10**6)
"""Yields above (100 million per cent) are not looked for; then there is none."""
_FINE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""The daily discount factor is a 365th root: it must be known far finer than the yield, and to high powers."""
_STEPS: Final = 160
"""Halvings: they take any bracket that is looked at below the last digit that counts."""


def average_life(flows: Iterable[Flow], day: date) -> Decimal | None:
    """Metric 1's WAL in years: sum(principal x days) / 365 / sum(principal), days from ``day``; None without principal.

    What is never repaid has no date, and is not in it.
    """
    repaid = [(flow.principal, (flow.on - day).days) for flow in flows if flow.principal]
    return quotient(sum(amount * days for amount, days in repaid), DAYS_PER_YEAR * sum(amount for amount, _ in repaid))


def internal_rate(price: int, flows: Sequence[Flow], day: date) -> Decimal | None:
    """The yearly yield y at which ``price`` = sum of payment / (1 + y)^(days / 365), to ten decimals, half even.

    None where nothing is paid for it, nothing comes of it after the day, or the yield is beyond ``MOST``. Payments are
    never negative, so that there is one such y above -1, and it rises with every payment and falls with the price.
    """
    cash = sorted(((flow.on - day).days, flow.principal + flow.interest) for flow in flows)
    paid = [(days, amount) for days, amount in cash if amount]
    if price <= 0 or not paid or paid[0][0] <= 0:
        return None

    def worth(factor: Decimal) -> Decimal:
        """The payments' value when each day is worth this share of the one before."""
        total = Decimal(0)
        for days, amount in paid:
            total = _FINE.add(total, _FINE.multiply(Decimal(amount), _FINE.power(factor, days)))
        return total

    low, high = _factor(MOST), Decimal(1)
    if worth(low) > price:
        return None
    while worth(high) < price:
        high = _FINE.multiply(high, Decimal("1.01"))
    for _ in range(_STEPS):
        middle = _FINE.divide(_FINE.add(low, high), Decimal(2))
        low, high = (middle, high) if worth(middle) < price else (low, middle)
    return _FINE.subtract(_FINE.power(high, -DAYS_PER_YEAR), Decimal(1)).quantize(PLACES, context=_FINE)


def _factor(rate: Decimal) -> Decimal:
    return _FINE.power(_FINE.add(Decimal(1), rate), _FINE.divide(Decimal(-1), Decimal(DAYS_PER_YEAR)))
