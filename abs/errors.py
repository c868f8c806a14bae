"""Every error of this package: one root, leaves by whose fault it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.errors import Explained

FAULTS_SHOWN: Final = 20  # of one document, in the sentence; all of them are in ``BadTerms.faults``


class AbsError(Explained):
    """Root of the package's errors."""


class BadAmount(AbsError):
    """A text or number that is not an amount, a rate or a period of a deal."""

    default_next_step = "Write the amount in yuan with at most two decimals, such as 1,234.56."


class FigureMisuse(AbsError):
    """Figures put together that do not belong together: other heights, other units, nothing to add."""

    default_next_step = "This is a fault of the program, not of the data: please report it with the command you ran."


class UnknownPlan(AbsError):
    """The replica holds no such plan at this height."""

    default_next_step = "List the plans with `glasspool plans`, or sync further."


class UnknownPeriod(AbsError):
    """The plan has made no distribution of this period at this height."""

    default_next_step = "Look at the distributions with `glasspool look-through PLAN`, or sync further."


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong at one place of a document: ``path`` such as ``waterfalls[0].steps[3].pays[1]``."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class BadTerms(AbsError):
    """The terms of a plan cannot be applied; ``faults`` says where a document is wrong, every place that was found."""

    default_next_step = "Ask the plan manager to record terms this version knows; docs/terms.md says what they hold."

    def __init__(
        self, code: str, message: str, *, next_step: str | None = None, faults: tuple[Fault, ...] = ()
    ) -> None:
        if faults:
            shown = "; ".join(str(fault) for fault in faults[:FAULTS_SHOWN])
            more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
            message = f"{message}: {shown}{more}"
        super().__init__(code, message, next_step=next_step)
        self.faults = faults

    def __reduce__(self) -> tuple[object, ...]:
        """Travels between processes with its faults."""
        return (_bad_terms, (self.code, self.message, self.next_step, self.faults))


def _bad_terms(code: str, message: str, next_step: str, faults: tuple[Fault, ...]) -> BadTerms:
    made = BadTerms(code, message, next_step=next_step)
    made.faults = faults
    return made


class Unbalanced(AbsError):
    """A period that was paid does not add up: cash appeared or went, or a balance does not follow from its payments."""

    default_next_step = (
        "This is a fault of the program, not of the data: please report it with the plan and the period."
    )
