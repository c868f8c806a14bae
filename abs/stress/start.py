"""Where a stress test of a plan starts by the ledger: the state after its last paid period, and the cash since then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from abs.booked.dates import END
from abs.booked.periods import START, declared, ledger_periods
from abs.booked.state import runs
from abs.deal import DealState
from abs.funds import funds_of
from abs.performance import payments_between
from abs.reading import business_day, plan_of, read_frame
from abs.stress.setting import Setting, setting_of
from abs.terms import PlanTerms, terms_of
from abs.waterfall import opening_state
from abs.waterfall.triggers import worst

if TYPE_CHECKING:
    from abs.reading import ReadModel

__all__ = ["ledger_setting", "state_after"]


def state_after(facts: ReadModel, plan: str, terms: PlanTerms, day: date) -> DealState:
    """The state of a deal after the last period that it paid by a day, by its records; of its closing where none.

    Fees, accounts and triggers that the terms of the day brought are there too. Raises UnknownPlan and BadTerms.
    """
    state = fresh = opening_state(terms)
    for run in runs(one for one in ledger_periods(facts, plan) if one.paid_on <= day):
        state = run.closing
    return replace(
        state,
        accounts={**fresh.accounts, **state.accounts},
        fees={**fresh.fees, **state.fees},
        triggers={**fresh.triggers, **state.triggers},
    )


def ledger_setting(facts: ReadModel, plan: str, day: date | None = None) -> Setting:
    """Where every scenario of a plan starts, as of the reading's height and on a day, the block's where none is named.

    What came in and was not spent counts as cash of the first payment date, as does what debtors paid that the servicer
    has not stated as collected yet. Raises UnknownPlan and BadTerms, ``no-payment-date`` among them.
    """
    day = business_day(facts) if day is None else day
    terms = terms_of(facts, plan, day)
    pool = read_frame(facts, plan_of(facts, plan))
    state = state_after(facts, plan, terms, day)
    funds = funds_of(facts, plan, terms)
    heard = declared(funds.book, START, (day, END))
    if heard:  # since the last payment, too: the next one is paid by it
        state = replace(state, state=worst(state.state, *heard), declared=worst(*heard))
    paid = payments_between(pool.on(day), date.min, day).fen()
    stated = sum(one.amount for one in funds.book.collected if one.on <= day)
    there = funds.cash(day).fen() + max(0, paid - stated) - sum(state.accounts.values())
    return setting_of(terms, pool, day, state, cash=max(0, there))
