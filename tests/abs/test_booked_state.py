"""A period that was paid by its terms leaves by its records what it leaves by its terms, in random deals."""

from __future__ import annotations

from random import Random

import pytest

from abs.booked.entries import Entry, Item
from abs.booked.periods import LedgerPeriod
from abs.booked.state import items_of, left_by
from abs.deal import PeriodResult
from abs.figure import FactRef
from abs.terms import PlanTerms
from abs.waterfall import opening_state, run_period
from ledger.position import Position
from tests.support.random_deals import deal

REF = FactRef(table="Distribution", id="d", position="1/0/0")
PLACE = Position(1, 0, 0)


def booked(terms: PlanTerms, result: PeriodResult, random: Random) -> LedgerPeriod:
    """The records of a period that was paid by its terms, some payments in two parts."""
    on = result.period.on
    paid: dict[Item, tuple[Entry, ...]] = {}
    for item, amount in items_of(result.lines).items():
        part = random.randint(0, amount)
        paid[item] = tuple(Entry(on=on, amount=one, ref=REF, place=PLACE) for one in (part, amount - part))
    return LedgerPeriod(
        number=result.period.period, paid_on=on, terms=terms, terms_ref=REF, inputs=result.period, cash=(), paid=paid
    )


@pytest.mark.parametrize("seed", range(200))
def test_what_was_paid_by_the_terms_leaves_what_the_terms_leave(seed: int) -> None:
    of, random = deal(seed), Random(seed)
    state = opening_state(of.terms)
    for period in of.periods:
        result = run_period(of.terms, state, period)
        left = left_by(booked(of.terms, result, random), state, result)
        bought = {line.source: line.amount for line in result.lines if line.action == "buy" and line.amount}
        assert left.tranches == result.closing.tranches
        assert left.fees == result.closing.fees
        assert (left.shortfall_paid, left.shortfall_repaid) == (
            result.closing.shortfall_paid, result.closing.shortfall_repaid,
        )  # fmt: skip
        held = {name: cash - bought.get(name, 0) for name, cash in left.accounts.items()}
        assert held == dict(result.closing.accounts)
        state = result.closing
