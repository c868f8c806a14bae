"""What a stress test of a plan yields, by payment date and by tranche: values, frames and tables for a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from html import escape
from itertools import takewhile
from typing import Any, Final

import polars as pl

from abs.deal import PeriodResult
from abs.figure import UNDEFINED, Figure
from abs.forecast import Expected
from abs.history import History
from abs.html_table import html_table
from abs.instrument.tranche import Flow
from abs.money import yuan_text
from abs.scenario import Scenario

__all__ = [
    "DATE_HEADINGS",
    "TRANCHE_HEADINGS",
    "Covered",
    "StressDate",
    "StressRun",
    "TrancheOutcome",
    "share_text",
    "times_text",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How often the debts of a scope (senior, or rated: with mezzanine) are covered on a payment date; None: no debt.

    ``interest``: cash less fees due / interest due. ``principal``: cash less fees and interest due / principal due, by
    what the terms make due on the date: all that is outstanding of a pass-through tranche, so that below 1 it says what
    share could be repaid. ``assets``: what is still expected to come and the cash left, after the date / what is still
    outstanding.
    """

    scope: str
    interest: Decimal | None
    principal: Decimal | None
    assets: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StressDate:
    """One payment date under a scenario, fen. ``balance``, ``performing``: of the pool, on the calculation date.

    ``collected``: by the calculation date, with what came before and was not paid out. ``spent`` bought assets of
    ``bought`` fen. ``drawn``: out of reserves; ``shortfall``: paid by the promisor (差额支付), ``repaid`` to it.
    ``cash``, ``outstanding``: after payments and purchases. ``changes``: of triggers and state, in words.
    """

    period: int
    on: date
    calculation: date
    provisional: bool
    state: str
    collected: int
    fees: int
    interest: int
    principal: int
    residual: int
    drawn: int
    shortfall: int
    repaid: int
    spent: int
    bought: int
    balance: int
    performing: int
    cash: int
    outstanding: int
    covered: tuple[Covered, ...]
    changes: tuple[str, ...]

    @property
    def moves(self) -> bool:
        """Whether anything is paid, spent or brought, or the state changes."""
        cash = self.collected, self.fees, self.interest, self.principal, self.residual, self.repaid, self.spent
        return any((*cash, *self.changes))

    def cover(self, scope: str) -> Covered:
        """The coverage of one scope."""
        return next(one for one in self.covered if one.scope == scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheOutcome:
    """What a tranche is paid up to the last payment date, and what of it is not, fen.

    ``average_life``: years from the day. ``internal_rate``: of the payments at the price of what was outstanding and in
    arrears after the last payment date before the day.
    """

    tranche: str
    rank: str
    outstanding: int
    flows: tuple[Flow, ...] = field(repr=False)
    lost_principal: int
    lost_interest: int
    average_life: Decimal | None
    internal_rate: Decimal | None

    @property
    def lost(self) -> int:
        """What is not paid in the end, principal and interest."""
        return self.lost_principal + self.lost_interest

    @property
    def principal(self) -> int:
        """Principal paid."""
        return sum(one.principal for one in self.flows)

    @property
    def interest(self) -> int:
        """Interest and residual paid."""
        return sum(one.interest for one in self.flows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StressRun:
    """A plan under one scenario, as known at a height on a day.

    ``pool``: what is expected of the assets that are there; ``total``: with those that are bought. ``results`` has
    every line that the waterfall paid.
    """

    plan: str
    height: int
    day: date
    scenario: Scenario
    history: History
    outstanding: Figure
    pool: Expected = field(repr=False)
    total: Expected = field(repr=False)
    dates: tuple[StressDate, ...]
    tranches: tuple[TrancheOutcome, ...]
    untested: tuple[str, ...]
    """Triggers that ask for what a forecast cannot know, in words."""
    results: tuple[PeriodResult, ...] = field(repr=False)

    def tranche(self, name: str) -> TrancheOutcome:
        """The outcome of one tranche."""
        return next(one for one in self.tranches if one.tranche == name)

    def frame(self) -> pl.DataFrame:
        """One row per payment date: amounts in fen, coverage as exact decimals rounded to ten places for display."""
        plain = [each.name for each in fields(StressDate) if each.name not in ("covered", "changes")]
        rows: dict[str, list[Any]] = {name: [getattr(one, name) for one in self.dates] for name in plain}
        for scope in ("senior", "rated"):
            for part in ("interest", "principal", "assets"):
                values = [getattr(one.cover(scope), part) for one in self.dates]
                rows[f"{scope}.{part}"] = [None if value is None else f"{value:.10f}" for value in values]
        rows["changes"] = ["; ".join(one.changes) for one in self.dates]
        return pl.DataFrame(rows)

    def outcome(self) -> pl.DataFrame:
        """One row per tranche."""
        rows = [
            {
                "tranche": one.tranche,
                "rank": one.rank,
                "outstanding": one.outstanding,
                "principal": one.principal,
                "interest": one.interest,
                "lost_principal": one.lost_principal,
                "lost_interest": one.lost_interest,
                "average_life": None if one.average_life is None else f"{one.average_life:.10f}",
                "internal_rate": None if one.internal_rate is None else f"{one.internal_rate:.10f}",
            }
            for one in self.tranches
        ]
        texts = dict.fromkeys(("average_life", "internal_rate"), pl.String)
        return pl.DataFrame(rows, schema_overrides=texts)

    def as_json(self) -> dict[str, Any]:
        """Everything but the single lines; decimals and days as texts."""
        return {
            "plan": self.plan,
            "height": self.height,
            "date": self.day.isoformat(),
            "scenario": self.scenario.document(),
            "history": {
                "seasoned": self.history.seasoned,
                **{
                    name: getattr(self.history, name).as_json()
                    for name in ("default_rate", "dilution_rate", "recovery_rate")
                },
                "lag": self.history.lag,
                "delays": [[days, amount] for days, amount in self.history.curve.shares()],
            },
            "outstanding": self.outstanding.as_json(),
            "expected": self.pool.expected,
            "lost": self.pool.lost,
            "beyond": self.total.beyond,
            "dates": [_plain(one) for one in self.dates],
            "tranches": self.outcome().to_dicts(),
            "untested": list(self.untested),
        }

    def summary(self) -> str:
        """What is expected of the pool as it is, in a sentence, and what history it stands on."""
        rates = ", ".join(
            f"{name} {getattr(self.history, f'{name}_rate').text()}" for name in ("default", "dilution", "recovery")
        )
        basis = "of assets whose time to pay is over" if self.history.seasoned else "of all assets"
        return (
            f"owed {self.outstanding.text()}: expected {yuan_text(self.pool.expected)}, "
            f"lost {yuan_text(self.pool.lost)}; "
            f"after the last date {yuan_text(self.total.beyond)}. History {basis}: {rates}."
        )

    def _repr_html_(self) -> str:
        """Two tables for a notebook."""
        title = f"{self.plan} · {self.scenario.scenario} · {self.day} · {self.height}"
        dates, tranches = html_table(DATE_HEADINGS, self.date_rows()), html_table(TRANCHE_HEADINGS, self.tranche_rows())
        return f"<h4>{escape(title)}</h4><p>{escape(self.summary())}</p>{dates}{tranches}"

    def date_rows(self) -> list[tuple[str, ...]]:
        """The payment dates as texts for people, under ``DATE_HEADINGS``, up to the last on which anything happens."""
        quiet = takewhile(lambda one: not one.moves, reversed(self.dates))
        return [
            (
                f"{one.on}{'*' if one.provisional else ''}",
                one.state,
                *map(yuan_text, (one.collected, one.fees, one.interest, one.principal)),
                *map(yuan_text, (one.drawn, one.shortfall, one.spent, one.outstanding)),
                *(times_text(getattr(one.cover("rated"), part)) for part in ("interest", "principal", "assets")),
            )
            for one in self.dates[: len(self.dates) - len(list(quiet))]
        ]

    def tranche_rows(self) -> list[tuple[str, ...]]:
        """The tranches as texts for people, under ``TRANCHE_HEADINGS``."""
        return [
            (
                one.tranche,
                *map(yuan_text, (one.outstanding, one.principal, one.interest, one.lost_principal, one.lost_interest)),
                UNDEFINED if one.average_life is None else f"{one.average_life:.4f}",
                share_text(one.internal_rate),
            )
            for one in self.tranches
        ]


DATE_HEADINGS: Final = (
    "date", "state", "collected", "fees", "interest", "principal", "drawn", "shortfall", "purchases", "outstanding",
    "IC", "PC", "AC",
)  # fmt: skip
"""IC, PC, AC: interest, principal and assets of ``Covered``, for the rated tranches."""
TRANCHE_HEADINGS: Final = (
    "tranche", "outstanding", "principal", "interest", "principal lost", "interest lost", "WAL", "yield",
)  # fmt: skip


def times_text(value: Decimal | None) -> str:
    """``1.2345`` for a coverage; a dash where there is none."""
    return UNDEFINED if value is None else f"{value:,.4f}"


def share_text(value: Decimal | None) -> str:
    """``3.8512%`` for a yield; a dash where there is none."""
    return UNDEFINED if value is None else f"{value:.4%}"


def _plain(one: StressDate) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(StressDate):
        value = getattr(one, each.name)
        found[each.name] = value.isoformat() if isinstance(value, date) else value
    found["covered"] = {
        each.scope: {
            part: None if (value := getattr(each, part)) is None else str(value)
            for part in ("interest", "principal", "assets")
        }
        for each in one.covered
    }
    found["changes"] = list(one.changes)
    return found
