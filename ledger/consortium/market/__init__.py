"""A market of any size, generated: every system of the vocabulary acts, and trouble can be planted and labelled."""

from __future__ import annotations

from ledger.consortium.market.generate import MARKET, MarketSummary, generate_market, labels_of

__all__ = ["MARKET", "MarketSummary", "generate_market", "labels_of"]
