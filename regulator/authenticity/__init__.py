"""Authenticity of trade (贸易真实性): the papers behind a receivable, cross-checked three ways, and a score of it.

Each paper in itself, papers against each other across the network, and their order in time. See docs/authenticity.md.
"""

from regulator.authenticity.assess import Authenticity, Evidence, assess, assess_trades
from regulator.authenticity.outcome import Check, Item, Step
from regulator.authenticity.pool import PoolAuthenticity, assess_pool
from regulator.authenticity.scope import RULE, SCOPES, AuthenticityScope
from regulator.authenticity.table import BackgroundTable
from regulator.authenticity.weights import CHECKS, EXPECTED, Flow, Trading

__all__ = [
    "CHECKS",
    "EXPECTED",
    "RULE",
    "SCOPES",
    "Authenticity",
    "AuthenticityScope",
    "BackgroundTable",
    "Check",
    "Evidence",
    "Flow",
    "Item",
    "PoolAuthenticity",
    "Step",
    "Trading",
    "assess",
    "assess_pool",
    "assess_trades",
]
