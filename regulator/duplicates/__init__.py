"""Duplicate financing and fake trade (重复融资与虚假贸易): the patterns, by the neighbourhoods they look at.

``SCOPES`` are what :func:`regulator.watch.follow` runs block by block and :func:`regulator.watch.sweep` over a
snapshot.
"""

from __future__ import annotations

from regulator.duplicates.contracts import ContractScope
from regulator.duplicates.lots import LotScope
from regulator.duplicates.packages import PackageScope
from regulator.duplicates.pairs import PairScope
from regulator.duplicates.papers import PaperScope
from regulator.duplicates.runs import RunScope
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.sealed import SealedScope
from regulator.scope import Scope

__all__ = ["SCOPES"]

SCOPES: tuple[Scope, ...] = (
    FamilyScope(),
    SealedScope(),
    PaperScope(),
    RunScope(),
    PackageScope(),
    ContractScope(),
    LotScope(),
    PairScope(),
)
"""Every scope, each with its own rules."""
