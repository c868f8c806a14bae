"""Every error of this package: one root, leaves by whose fault it is."""

from __future__ import annotations

from ledger.errors import Explained


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


class BadTerms(AbsError):
    """The terms of the plan on the ledger cannot be applied: a day count, a rounding or a rate nobody defined."""

    default_next_step = "Ask the plan manager to record terms this version knows; docs/look-through.md lists them."
