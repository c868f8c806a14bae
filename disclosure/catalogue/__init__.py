"""Public disclosure rules as data: duties and their deadlines, ad-hoc triggers, thresholds, risk classes, by venue.

The rules stand in ``rules/*.toml``, a file per venue and one for each kind of thing they share; :func:`catalogue` reads
and checks them once. Every item cites its article and says by its mark how well the text is known: T read in full, B
only its beginning seen, K general knowledge, GAP looked for and not found. K and GAP are settings, and say so.
"""

from __future__ import annotations

from disclosure.catalogue.deadlines import deadline, exempt_from_annual, trading_days_between, working_days
from disclosure.catalogue.load import Catalogue, catalogue
from disclosure.catalogue.values import Article, Deadline, Duty, Mark, RiskClass, Source, Threshold, Trigger, Venue

__all__ = [
    "Article",
    "Catalogue",
    "Deadline",
    "Duty",
    "Mark",
    "RiskClass",
    "Source",
    "Threshold",
    "Trigger",
    "Venue",
    "catalogue",
    "deadline",
    "exempt_from_annual",
    "trading_days_between",
    "working_days",
]
