"""Every rule there is, the scope that runs each, and what a finding of it says: the one place that lists them all.

A finding's rule may be none of these: the book may have been written by another version. It is then told by its id
and its figures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from regulator import authenticity, duplicates, monitor, network
from regulator.errors import UnknownRule
from regulator.scope import Scope
from regulator.signals import Signal
from regulator.wording import WORDING, Language, explain, title

__all__ = ["ALL_SCOPES", "FAMILIES", "RULES", "explained", "scopes", "titled"]

ALL_SCOPES: Final[tuple[Scope, ...]] = (*duplicates.SCOPES, *network.SCOPES, *authenticity.SCOPES, *monitor.SCOPES)
"""Every scope, in the order in which the ledger is followed."""

RULES: Final[Mapping[str, str]] = MappingProxyType({rule: one.name for one in ALL_SCOPES for rule in one.rules})
"""By rule, the name of the scope that runs it."""

FAMILIES: Final[tuple[str, ...]] = tuple(dict.fromkeys(rule.partition(".")[0] for rule in RULES))
"""What stands before the dot of a rule's name."""


def scopes(chosen: Collection[str] = ()) -> tuple[Scope, ...]:
    """Return the scopes that run the chosen rules or families; all of them where none is chosen.

    Those of the monitor are new: they remember what they judged of a ledger. Raises UnknownRule.
    """
    for one in chosen:
        if one not in RULES and one not in FAMILIES:
            raise UnknownRule("unknown-rule", f"No rule and no family of rules is called {one!r}")
    every: tuple[Scope, ...] = (*duplicates.SCOPES, *network.SCOPES, *authenticity.SCOPES, *monitor.scopes())
    if not chosen:
        return every
    return tuple(one for one in every if any(rule in chosen or rule.partition(".")[0] in chosen for rule in one.rules))


def titled(rule: str, language: Language) -> str:
    """Return a rule's title; its own name where it has none."""
    return title(rule, language) if rule in WORDING else rule


def explained(signal: Signal, language: Language, names: Mapping[str, str]) -> str:
    """Return what a signal says, in a sentence; its figures, where this version has no sentence for them."""
    try:
        return explain(signal, language, names)
    except KeyError:  # another version's rule, or details that this one's sentence does not find
        figures = "; ".join(f"{name} {value}" for name, value in signal.details)
        return f"{signal.subject}: {figures}" if figures else signal.subject
