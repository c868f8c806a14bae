"""The state of a deal between two payment dates, and what one period of it brings and pays: values of the waterfall.

All amounts are whole fen. What a waterfall does with them is in ``abs.waterfall``; where they come from in
``abs.booked.periods`` (what happened) and ``abs.forecast`` (what may happen).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from abs.terms import State

__all__ = ["DealState", "FeeState", "Line", "Measured", "Period", "PeriodResult", "TrancheState", "TriggerState"]

Measured = Decimal | int | None
"""The value of a measure by name; None where it is undefined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheState:
    """A tranche: what is outstanding, and interest that was due and is unpaid."""

    outstanding: int
    interest_arrears: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeState:
    """A fee: what was due and is unpaid, and what was paid so far."""

    arrears: int = 0
    paid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerState:
    """A trigger: in how many tests in a row its condition held, whether it is on, and since which period."""

    in_a_row: int = 0
    on: bool = False
    since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealState:
    """What a period inherits from the one before. Every tranche, fee, account and trigger of the terms is there."""

    period: int
    """The last period that was paid; 0 before the first."""
    on: date
    """Its payment date; the closing day before the first. Interest accrues from it."""
    state: State
    """The state in which it was paid. What lasts of it is in ``triggers`` and ``declared``."""
    tranches: Mapping[str, TrancheState]
    accounts: Mapping[str, int]
    fees: Mapping[str, FeeState] = field(default_factory=dict)
    triggers: Mapping[str, TriggerState] = field(default_factory=dict)
    shortfall_paid: int = 0
    """What the promisor (差额支付承诺人) paid so far, and what of it was repaid."""
    shortfall_repaid: int = 0
    declared: State | None = None
    """The worst state that was declared so far: the deal never gets better than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What comes into one period: its payment date, cash by account, and measures such as the pool's figures.

    ``measures`` are by name (``pool.balance``, ``pool.cumulative_default_rate`` ...), None where undefined. The engine
    adds its own, see ``abs.waterfall``. ``declared`` are events the manager declared by the date: states to be in.
    ``bought``: cash that revolving purchases took out of an account before the payment date.
    """

    period: int
    on: date
    receipts: Mapping[str, int]
    measures: Mapping[str, Measured] = field(default_factory=dict)
    declared: tuple[State, ...] = ()
    bought: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement of cash: which rule moved it in which state, what was due, what there was, and why so much.

    ``source`` and ``target`` are names of accounts, fees, tranches or parties; ``cause`` names what bounded the amount:
    ``due``, ``cash``, ``limit``, ``condition`` (a step that did not run; amount 0), ``shared`` (pro rata). Every step
    leaves at least one line, also when it moves nothing.
    """

    rule: str
    action: str
    state: State
    source: str
    target: str
    amount: int
    due: int
    available: int
    cause: str
    part: str = ""
    """principal or interest, where a tranche is paid."""
    note: str = ""
    """The condition that failed or the measure that is undefined, with the values they had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodResult:
    """One period as the waterfall pays it."""

    opening: DealState
    period: Period
    lines: tuple[Line, ...]
    closing: DealState
    measures: Mapping[str, Measured]
    """Every measure by name as it was when the triggers were tested, before the first step."""
    changes: tuple[str, ...] = ()
    """Triggers that went on or off or could not be tested, and changes of state, in words of the terms."""

    def paid(self, target: str, part: str = "") -> int:
        """What a fee, tranche or party was paid in all, or of one part."""
        return sum(line.amount for line in self.lines if line.target == target and part in ("", line.part))
