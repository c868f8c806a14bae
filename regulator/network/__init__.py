"""Trade as a network (交易网络): rings in which goods are sold back, loops around a middle company, hubs that pass on.

``SCOPES`` are what :func:`regulator.watch.follow` runs block by block and :func:`regulator.watch.sweep` over a
snapshot.
"""

from __future__ import annotations

from regulator.network.circular import CircularScope
from regulator.network.hubs import HubScope
from regulator.network.loops import LoopScope
from regulator.scope import Scope

__all__ = ["SCOPES"]

SCOPES: tuple[Scope, ...] = (CircularScope(), LoopScope(), HubScope())
"""Every scope, each with its own rules."""
