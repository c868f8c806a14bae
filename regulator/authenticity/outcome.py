"""What one cross-check found: a verdict with its code, the thing it is about, figures and the records that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ledger.fact import Fact
from ledger.position import Position
from ledger.verdict import Verdict

__all__ = ["Check", "Item", "Step", "failed", "open_", "passed"]


class Step(StrEnum):
    """The three steps of the cross-check (三重校验), in order."""

    NODE = "node"
    NETWORK = "network"
    ORDER = "order"


class Item(StrEnum):
    """What evidence a trade can have; each check bears on one of them."""

    INVOICE = "invoice"
    CONTRACT = "contract"
    CUSTOMS = "customs"
    DELIVERY = "delivery"
    KEEPER = "keeper"
    PACKAGE = "package"
    TAX = "tax"
    CONFIRMATION = "confirmation"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome of the check ``name`` on a ``thing`` (``<kind> <id>``); ``code`` says why it did not pass.

    ``details`` are the figures its sentence states: amounts in fen as ``*_fen``, days as ISO text, members by id as
    ``*_party``. ``evidence``: numbers of the records' positions.
    """

    name: str
    bears: Item
    verdict: Verdict
    thing: str
    code: str = ""
    details: tuple[tuple[str, int | str], ...] = ()
    evidence: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values; positions as ``height:transaction:log``."""
        return {
            "check": self.name,
            "bears_on": self.bears.value,
            "verdict": self.verdict.value,
            "code": self.code,
            "thing": self.thing,
            "details": dict(self.details),
            "evidence": [str(Position.from_number(each)) for each in self.evidence],
        }


def passed(name: str, bears: Item, thing: str, *facts: Fact) -> Check:
    """Return that a check passed, on these facts."""
    return Check(name=name, bears=bears, verdict=Verdict.PASSED, thing=thing, evidence=_positions(facts))


def failed(name: str, bears: Item, thing: str, code: str, *facts: Fact, **details: int | str | date) -> Check:
    """Return that a check failed: the facts contradict each other."""
    return _told(Verdict.FAILED, name, bears, thing, code, facts, details)


def open_(name: str, bears: Item, thing: str, code: str, *facts: Fact, **details: int | str | date) -> Check:
    """Return that nobody can tell: what is needed is not on the ledger."""
    return _told(Verdict.INDETERMINATE, name, bears, thing, code, facts, details)


def _told(
    verdict: Verdict,
    name: str,
    bears: Item,
    thing: str,
    code: str,
    facts: Iterable[Fact],
    details: dict[str, int | str | date],
) -> Check:
    stated = tuple(
        (each, value.isoformat() if isinstance(value, date) else value) for each, value in sorted(details.items())
    )
    return Check(
        name=name, bears=bears, verdict=verdict, thing=thing, code=code, details=stated, evidence=_positions(facts)
    )


def _positions(facts: Iterable[Fact]) -> tuple[int, ...]:
    return tuple(sorted({one.from_position for one in facts}))
