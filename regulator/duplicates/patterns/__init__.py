"""The patterns that follow the claims on one underlying asset: each a function of a view, by its rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from regulator.duplicates.patterns import (
    certificate_double_spend,
    cross_instrument,
    double_pool,
    exact_reuse,
    over_financed,
    priority_conflict,
    red_after_finance,
    settled_reuse,
)
from regulator.duplicates.view import View
from regulator.signals import Signal

__all__ = ["PATTERNS"]

PATTERNS: Final[dict[str, Callable[[View], Signal | None]]] = {
    each.RULE: each.look
    for each in (
        exact_reuse,
        over_financed,
        cross_instrument,
        double_pool,
        certificate_double_spend,
        red_after_finance,
        settled_reuse,
        priority_conflict,
    )
}
