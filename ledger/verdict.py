"""The outcome of judging something that came from outside: a verdict per step, with its reason.

A *check* returns None or raises a LedgerError; an *assessment* runs checks and returns these verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """PASSED: shown to hold. FAILED: shown not to hold. INDETERMINATE: what is needed to tell is not at hand."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    INDETERMINATE = "INDETERMINATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVerdict:
    """What one numbered step of a procedure found."""

    number: int
    name: str
    verdict: Verdict
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Verdicts of all steps in order, and the fields that no hash or signature covers."""

    steps: tuple[StepVerdict, ...]
    unproven: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """FAILED when a step failed, INDETERMINATE when one could not be told, PASSED otherwise."""
        verdicts = {step.verdict for step in self.steps}
        for verdict in (Verdict.FAILED, Verdict.INDETERMINATE):
            if verdict in verdicts:
                return verdict
        return Verdict.PASSED if self.steps else Verdict.INDETERMINATE
