"""Every story there is: four tables by name, filled by the modules that tell them."""

from __future__ import annotations

from ledger.consortium.market.trouble import (
    certificates,
    lending,
    lookalikes,
    managers,
    outlays,
    patterns,
    patterns_goods,
    pools,
    records,
    settling,
    trading,
)
from ledger.consortium.market.trouble.teller import BREACHES, MISTAKES, PATTERNS, TRAPS

__all__ = ["BREACHES", "MISTAKES", "NOT_PLANTED", "PATTERNS", "TOLD", "TRAPS"]

TOLD = (
    records,
    trading,
    certificates,
    lending,
    pools,
    settling,
    outlays,
    managers,
    patterns,
    patterns_goods,
    lookalikes,
)
"""The modules whose stories fill the tables."""

NOT_PLANTED = {
    "amount.out_of_range": "takes 92,234 records of the greatest amount there is",
    "envelope.fingerprint": "needs a reader's key, which a market has none of",
    "envelope.kind": "needs a reader's key, which a market has none of",
    "envelope.unopenable": "needs a reader's key, which a market has none of",
}
"""Codes without a story, and why."""
