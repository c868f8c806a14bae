"""Material from outside, such as a bank's list of invoices or a registry extract, held against the ledger's facts."""

from __future__ import annotations

from regulator.outside.check import check
from regulator.outside.mapping import PACKAGED, OutsideMap, guess, load_map, packaged_map
from regulator.outside.result import Checked, Group, Match, Standing

__all__ = [
    "PACKAGED",
    "Checked",
    "Group",
    "Match",
    "OutsideMap",
    "Standing",
    "check",
    "guess",
    "load_map",
    "packaged_map",
]
