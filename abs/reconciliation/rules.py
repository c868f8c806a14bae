"""What may have gone wrong when a period was not paid by its terms: every cause, how grave it is, and what it means.

docs/reconciliation.md explains each; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.finding import Severity

__all__ = ["CAUSES", "CODE", "Cause"]

CODE: Final = "distribution.differs."
"""Before the name of a cause, this makes the code of a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """How grave a difference of this cause is, and what it says."""

    severity: Severity
    text: str


def _causes(**groups: str) -> dict[str, Cause]:
    """One cause a line, ``name | meaning``, under its severity."""
    return {
        name.strip(): Cause(severity=Severity(severity), text=text)
        for severity, lines in groups.items()
        for name, text in (line.split(" | ") for line in lines.strip().splitlines())
    }


CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    _causes(
        error="""
            trigger_missed | a trigger (触发事件) is on, or was declared, and the period was paid as if it were not
            fee_twice | a fee was paid a second time
            recorded_twice | a payment was recorded more than once, and without that all is by the terms
            wrong_order | steps were taken in another order than that of the terms, or in shares instead of an order
            junior_early | a junior tranche had principal, or what is left over, while a senior one was outstanding
            step_skipped | a step of the terms was left out
            wrong_state | the period was paid by the order of another state
            date_missed | nothing was paid on a payment date of the terms, and something is by the terms
            unexplained | no single one of the causes reproduces what was paid
        """,
        warning="""
            rounding | amounts were rounded in another way than the terms say
            wrong_date | interest or fees were counted from or to another day
            day_count | the share of a year was counted in another way than the terms say
            fee_base | a fee was taken of another base, without its cap, or again though it is due once
            arrears_forgotten | what earlier periods left unpaid was not paid with this one
            amount | one amount is another than what was due, and everything else is right or follows from it
            not_recomputed | the terms cannot be applied to the period
        """,
        notice="""
            another_period | a payment was recorded for another period than that of its day, by which it counts
            off_schedule | it was paid by the terms, on a day that is no payment date of them
        """,
    )
)
"""Every cause by name."""
