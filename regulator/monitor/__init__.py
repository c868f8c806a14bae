"""Watching plans and their pools (持续监测): rules as data, judged as the ledger grows.

``SCOPES`` are what :func:`regulator.watch.follow` runs. ``RULES`` says of each rule its article, threshold, inputs and
severity; ``regulator.wording_monitor`` what a finding says to a person.
"""

from __future__ import annotations

from regulator.monitor.assets import AssetScope
from regulator.monitor.rules import RULES, Rule, article_of
from regulator.monitor.scope import PlanScope
from regulator.scope import Scope

__all__ = ["RULES", "SCOPES", "AssetScope", "PlanScope", "Rule", "article_of", "scopes"]


def scopes() -> tuple[Scope, ...]:
    """The scopes, new: one of plans remembers what it judged of a ledger."""
    return (PlanScope(), AssetScope())


SCOPES: tuple[Scope, ...] = scopes()
"""Every scope, each with its own rules."""
