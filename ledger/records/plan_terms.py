"""What a plan's record states, part by part: tranches, terms, accounts, fees, triggers, criteria and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from ledger.records.base import Amount, Day, Id, Part, Positive, Rate, Text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Accounts",
    "Criteria",
    "Event",
    "Fees",
    "Limits",
    "Revolving",
    "Terms",
    "TrancheTerms",
    "Tranches",
    "Triggers",
]

P = TypeVar("P", bound=Part)

LISTED = 100  # entries of one list of a plan's record

Event = Literal["acceleration", "default", "perfection", "early_termination", "revolving_ended"]
"""加速清偿, 违约, 权利完善, 提前终止, 提前结束循环期."""


class TrancheTerms(Part):
    """A tranche as the plan's record states it."""

    tranche: Id
    name: Text
    code: Text
    rank: Literal["senior", "mezzanine", "subordinated"]
    principal: Amount
    rate: Rate | None
    repayment: Literal["pass_through", "scheduled", "bullet", "residual"]
    maturity: Day


class Terms(Part):
    """How the plan computes: day count, rounding to the fen, fen per unit, days from record date to payment."""

    day_count: Literal["ACT/365F"]
    rounding: Literal["half_up", "down"]
    face: Positive
    record_date_lag: Annotated[int, Field(ge=0, le=366)]


class AccountTerms(Part):
    """An account of the plan, and the bank that keeps it."""

    account: Id
    kind: Literal["collection", "custody", "reserve", "distribution"]
    bank: Id


class FeeTerms(Part):
    """A fee: so much a year, so much in all, or both."""

    fee: Id
    payee: Id
    rate: Rate | None = None
    amount: Amount | None = None


class TriggerTerms(Part):
    """The event that a measure leads to when it is beyond its threshold for so many periods in a row."""

    trigger: Id
    event: Event
    measure: Text
    threshold: Rate
    periods: Annotated[int, Field(ge=1, le=1_000)]


class Criterion(Part):
    """A condition that assets meet when they come in, and its figure where it has one."""

    criterion: Id
    text: Text
    limit: Rate | None = None


class LimitTerms(Part):
    """The share of the pool that one debtor, creditor, industry or region may have."""

    by: Literal["debtor", "creditor", "industry", "region"]
    limit: Rate


class Revolving(Part):
    """The last day of the revolving period (循环期), and the least yield of what is bought in it."""

    until: Day
    min_yield: Rate | None = None


def _named_once(name: str) -> Callable[[tuple[P, ...]], tuple[P, ...]]:
    """Return the check that no two entries have the same ``name``."""

    def check(entries: tuple[P, ...]) -> tuple[P, ...]:
        if len({getattr(each, name) for each in entries}) != len(entries):
            raise ValueError(f"two entries have one {name}")
        return entries

    return check


_listed = Field(max_length=LISTED)
Tranches = Annotated[
    tuple[TrancheTerms, ...], Field(min_length=1, max_length=LISTED), AfterValidator(_named_once("tranche"))
]
Accounts = Annotated[tuple[AccountTerms, ...], _listed, AfterValidator(_named_once("account"))]
Fees = Annotated[tuple[FeeTerms, ...], _listed, AfterValidator(_named_once("fee"))]
Triggers = Annotated[tuple[TriggerTerms, ...], _listed, AfterValidator(_named_once("trigger"))]
Criteria = Annotated[tuple[Criterion, ...], _listed, AfterValidator(_named_once("criterion"))]
Limits = Annotated[tuple[LimitTerms, ...], _listed, AfterValidator(_named_once("by"))]
