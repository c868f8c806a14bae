"""The stage of a small scenario: a few companies, told in order, a page or less.

A scenario is a function of its scene. It acts with the verbs of ``market.acts`` and returns its *trail*: the ids that a
reader follows from the last record back to the first trade document, each named by a record about the one before.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ledger.consortium.chain import OPERATOR
from ledger.consortium.market.stage import Stage, days_after

if TYPE_CHECKING:
    from ledger.consortium.chain import Consortium, Member

__all__ = ["START", "Scene", "Trail"]

START = date(2025, 3, 3)

Trail = tuple[str, ...]
"""Ids from the last record back to the first trade document."""


class Scene(Stage):
    """A stage that companies step on by their name; the operator was there before."""

    def __init__(self, chain: Consortium) -> None:
        super().__init__(chain, START)
        self.records += 1
        chain.admit(chain.members[OPERATOR])

    def company(self, member: str, name: str, *roles: str) -> Member:
        """Return a new member, admitted."""
        made = self.chain.enrol(member, name, roles)
        self.records += 1
        self.chain.admit(made)
        return made

    def day_in(self, days: int) -> date:
        """Return the weekday at least so many days from now."""
        return days_after(self.day, days)
