"""Where every scenario of a plan starts: what is owed and how it was paid, the state of the deal, the dates to come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from abs.calendars import PeriodDates, schedule
from abs.composition import balance, count, original
from abs.deal import DealState
from abs.errors import BadTerms
from abs.figure import Figure
from abs.frame import PoolFrame
from abs.history import History, Standing, history_of, record_of, standing_on
from abs.terms import PlanTerms

__all__ = ["Setting", "setting_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setting:
    """A plan on a day, as known at a height.

    ``dates``: the payment dates to come. ``cash`` came since the last one and was not paid out. ``original`` and
    ``assets``: first amounts of all that came in, and how many are open. ``defaulted`` and ``came``: all that defaulted
    so far, and all that was assigned or purchased (metric 8), fen.
    """

    terms: PlanTerms
    day: date
    state: DealState
    dates: tuple[PeriodDates, ...]
    cash: int
    history: History
    there: Standing = field(repr=False)
    outstanding: Figure
    original: Figure
    assets: Figure
    defaulted: int
    came: int

    @property
    def height(self) -> int:
        """The height it is known at."""
        return self.outstanding.height

    @property
    def default_days(self) -> int:
        """Days past due that make a default."""
        return max(self.terms.metrics.default_days, 1)


def setting_of(terms: PlanTerms, pool: PoolFrame, day: date, state: DealState, *, cash: int = 0) -> Setting:
    """The setting of a plan on a day; raises BadTerms ``no-payment-date`` where the terms list none from it on."""
    dates = tuple(one for one in schedule(terms) if one.payment > state.on and one.payment >= day)
    if not dates:
        raise BadTerms(
            "no-payment-date",
            f"the terms of plan {terms.plan.plan} list no payment date from {day} on"
            if terms.dates.pay
            else f"the terms of plan {terms.plan.plan} on the ledger list no payment dates at all",
            next_step="Look at the payment dates with `glasspool terms show PLAN`: a plan that ended has no forecast, "
            "nor has one before its manager records the dates (plan.terms_amended).",
        )
    record = record_of(pool, terms.metrics)
    fell = record.fell.filter(pl.col("on") <= day)
    seen = pool.on(day)
    came = (pl.col("entered_on") <= day) & pl.col("came").is_in(["assigned", "purchased"])
    return Setting(
        terms=terms,
        day=day,
        state=state,
        dates=dates,
        cash=cash,
        history=history_of(record, day),
        there=standing_on(record, seen),
        outstanding=balance(seen),
        original=original(seen),
        assets=count(seen),
        defaulted=int(fell.select(pl.col("owed").cast(pl.Int128).sum()).item()),
        came=seen.total("amount", came),
    )
