"""Where a stress test of a plan starts by the ledger: the state after its last paid period, and the cash since then."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from abs.booked.periods import ledger_periods
from abs.booked.state import left_by
from abs.deal import DealState
from abs.errors import AbsError
from abs.funds import funds_of
from abs.performance import payments_between
from abs.reading import business_day, plan_of, read_frame
from abs.stress.setting import Setting, setting_of
from abs.terms import PlanTerms, terms_of
from abs.waterfall import opening_state, run_period

if TYPE_CHECKING:
    from abs.reading import ReadModel

__all__ = ["ledger_setting", "state_after"]


def state_after(facts: ReadModel, plan: str, terms: PlanTerms) -> DealState:
    """The state of a deal after the last period that it paid, by its records; that of its closing where it paid none.

    Each period is run by its terms for what was due, and left as the records say it was paid. Raises UnknownPlan.
    """
    state = opening_state(terms)
    for period in ledger_periods(facts, plan):
        try:
            result = run_period(period.terms, state, period.inputs)
        except AbsError:
            result = None  # what is due cannot be told; what was paid is on the ledger all the same
        state = left_by(period, state, result)
    return state


def ledger_setting(facts: ReadModel, plan: str, day: date | None = None) -> Setting:
    """Where every scenario of a plan starts, as of the reading's height and on a day, the block's where none is named.

    What came in and was not spent counts as cash of the first payment date, as does what debtors paid that the servicer
    has not stated as collected yet. Raises UnknownPlan and BadTerms, ``no-payment-date`` among them.
    """
    day = business_day(facts) if day is None else day
    terms = terms_of(facts, plan, day)
    pool = read_frame(facts, plan_of(facts, plan))
    state = state_after(facts, plan, terms)
    funds = funds_of(facts, plan, terms)
    paid = payments_between(pool.on(day), date.min, day).fen()
    stated = sum(one.amount for one in funds.book.collected if one.on <= day)
    there = funds.cash(day).fen() + max(0, paid - stated) - sum(state.accounts.values())
    return setting_of(terms, pool, day, state, cash=max(0, there))
