"""What holds of every waterfall, on random deals: identities, ranks, order, and agreement with a slow interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs import waterfall
from abs.deal import DealState, Period, PeriodResult
from abs.terms.faults import faults_of
from abs.waterfall import opening_state, run_period, split
from abs.waterfall.books import Books
from tests.support.plain_waterfall import PlainDeal
from tests.support.random_deals import CASH, Deal, deal, deals

DUES = st.lists(st.integers(0, 10**12), min_size=1, max_size=6)
SEEDS = st.integers(0, 2**32 - 1)


def results_of(one: Deal) -> Iterator[PeriodResult]:
    state = opening_state(one.terms)
    for period in one.periods:
        result = run_period(one.terms, state, period)
        yield result
        state = result.closing


def check_identities(one: Deal) -> None:
    """Conservation of cash, balances that follow from payments, everything due paid or carried forward."""
    for result in results_of(one):
        before, after, period = result.opening, result.closing, result.period
        outside = {"shortfall", "transfer", "top_up", "draw"}
        outflow = sum(line.amount for line in result.lines if line.action not in outside)
        inflow = sum(period.receipts.values()) - sum(period.bought.values())
        inflow += after.shortfall_paid - before.shortfall_paid
        assert inflow == outflow + sum(after.accounts.values()) - sum(before.accounts.values())
        assert min(after.accounts.values()) >= min(0, *before.accounts.values())
        for name, tranche in after.tranches.items():
            repaid = sum(line.amount for line in result.lines if (line.action, line.target) == ("principal", name))
            assert before.tranches[name].outstanding - repaid == tranche.outstanding >= 0
            assert tranche.interest_arrears >= 0
        for name, fee in after.fees.items():
            assert fee.paid - before.fees[name].paid == result.paid(name)
            assert fee.arrears >= 0
        assert all(0 <= line.amount <= line.due and line.amount <= line.available for line in result.lines)
        assert {line.state for line in result.lines} == {after.state}


def check_rules(one: Deal) -> None:
    """Every step of the state's waterfall leaves a line, in order, and every line says a cause that fits it."""
    for result in results_of(one):
        steps = {each.state: each.steps for each in one.terms.waterfalls}
        rules = [step.rule for step in steps.get(result.closing.state, steps["amortising"])]
        said = list(dict.fromkeys(line.rule for line in result.lines))
        assert said == rules or result.closing.state not in steps
        for line in result.lines:
            assert (line.cause == "due") <= (line.amount == line.due)
            assert (line.cause == "condition") <= (line.amount == 0 and line.note != "")
            assert line.cause in ("due", "cash", "limit", "condition", "shared")


def check_ranks(one: Deal) -> None:
    """Of a ranked deal: nobody is paid after somebody who was not paid what is due, from the same account."""
    ranks = ("senior", "mezzanine", "subordinated")
    rank = {part.tranche: ranks.index(part.rank) for part in one.terms.tranches}
    for result in results_of(one):
        short: dict[str, str] = {}
        for line in result.lines:
            if line.action in ("draw", "shortfall"):
                continue
            if line.source in short and line.rule != short[line.source]:
                assert line.amount == 0, (one.seed, result.period.period, line)
            if line.amount < line.due:
                short.setdefault(line.source, line.rule)
        interest = {name: each.interest_arrears for name, each in result.closing.tranches.items()}
        unpaid = min((rank[name] for name, amount in interest.items() if amount), default=len(ranks))
        paid = [rank[line.target] for line in result.lines if line.part and line.amount]
        assert max(paid, default=0) <= unpaid, (one.seed, result.period.period)


def check_order_of_fees(one: Deal) -> None:
    """Within one step a fee is paid only where every fee listed before it was paid what is due."""
    for result in results_of(one):
        fees = [line for line in result.lines if line.action == "fees" and line.cause != "condition"]
        for before, after in pairwise(fees):
            if before.rule == after.rule and before.amount < before.due:
                assert after.amount == 0


def check_repeatable(one: Deal) -> None:
    """The same inputs give the same result, and are left as they were."""
    for result in results_of(one):
        kept: tuple[DealState, Period] = deepcopy((result.opening, result.period))
        assert run_period(one.terms, *kept) == result
        assert kept == (result.opening, result.period)


def check_more_cash(one: Deal, more: int) -> None:
    """Of a ranked deal: with more cash in a period no class is paid less in it."""
    for result in results_of(one):
        receipts = {CASH: result.period.receipts[CASH] + more}
        other = run_period(one.terms, result.opening, replace(result.period, receipts=receipts))
        for part in one.terms.tranches:
            for kind in ("interest", "principal"):
                paid, then = result.paid(part.tranche, kind), other.paid(part.tranche, kind)
                assert paid <= then, (one.seed, result.period.period, part.tranche, kind)


def check_slow(one: Deal) -> None:
    """The journal that remembers nothing pays the same, in the same order, and ends with the same balances."""
    plain = PlainDeal(one.terms)
    for result in results_of(one):
        paid = plain.run(result.period)
        after = result.closing
        assert [(line.rule, line.target, line.amount) for line in result.lines if line.amount] == paid, one.seed
        assert after.state == plain.state
        assert after.accounts == {name: plain.at(("cash", name)) for name in after.accounts}
        assert {name: each.arrears for name, each in after.fees.items()} == {
            name: plain.at(("fee", name)) for name in after.fees
        }
        assert {name: (each.outstanding, each.interest_arrears) for name, each in after.tranches.items()} == {
            name: (plain.at(("principal", name)), plain.at(("interest", name))) for name in after.tranches
        }
        assert after.shortfall_paid - after.shortfall_repaid == plain.at(("promisor",))


def check_all(seed: int) -> None:
    free, ranked = deal(seed), deal(seed, ranked=True)
    for one in (free, ranked):
        check_identities(one)
        check_rules(one)
        check_order_of_fees(one)
    check_ranks(ranked)
    check_more_cash(ranked, 1 + seed % 5_000)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_every_deal_keeps_every_identity(seed: int) -> None:
    check_all(seed)


@given(deals())
@settings(max_examples=40, deadline=None)
def test_the_same_inputs_pay_the_same(one: Deal) -> None:
    assert faults_of(one.terms) == ()
    check_repeatable(one)


@given(deals())
@settings(max_examples=60, deadline=None)
def test_a_slow_interpreter_pays_the_same(one: Deal) -> None:
    check_slow(one)


@pytest.mark.slow
def test_ten_thousand_random_deals() -> None:
    """Half of them ranked; every third is paid by the slow interpreter too."""
    for seed in range(5_000):
        check_all(seed)
        if seed % 3 == 0:
            check_slow(deal(seed))


@given(DUES, st.integers(0, 10**13))
def test_parts_add_up_and_none_is_above_what_is_due(dues: list[int], cash: int) -> None:
    parts = split(cash, dues)
    assert sum(parts) == min(cash, sum(dues))
    assert all(0 <= part <= due for part, due in zip(parts, dues, strict=True))
    if sum(dues) <= cash:
        assert parts == dues


@given(DUES, st.integers(0, 10**13), st.integers(0, 10**13))
def test_no_part_is_less_where_there_is_more(dues: list[int], cash: int, more: int) -> None:
    less, then = split(cash, dues), split(cash + more, dues)
    assert all(before <= after for before, after in zip(less, then, strict=True))


@given(DUES, st.integers(0, 10**13))
def test_a_part_is_the_share_but_for_fen(dues: list[int], cash: int) -> None:
    total = sum(dues)
    for part, due in zip(split(cash, dues), dues, strict=True):
        assert total == 0 or abs(part * total - min(cash, total) * due) <= len(dues) * total


def test_the_checks_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each planted fault is seen by the check that is there for it, among the first deals."""

    def caught(check: object, *, ranked: bool) -> bool:
        assert callable(check)
        try:
            for seed in islice(range(400), 400):
                check(deal(seed, ranked=ranked))
        except AssertionError:
            return True
        return False

    def greedy(cash: int, dues: list[int]) -> list[int]:
        parts = []
        for due in reversed(dues):
            parts.append(min(cash, due))
            cash -= parts[-1]
        return parts[::-1]

    def all_due(books: Books, tranche: str) -> object:
        return waterfall.Due(to=tranche, amount=books.outstanding[tranche])

    with monkeypatch.context() as planted:
        planted.setattr(waterfall, "split", greedy)
        assert caught(check_slow, ranked=False)
    with monkeypatch.context() as planted:
        planted.setattr(Books, "principal_due", all_due)
        assert caught(check_slow, ranked=False)
    with monkeypatch.context() as planted:
        planted.setattr(Books, "cash", lambda books, account, debt=False: 10**6)
        planted.setattr(waterfall, "_prove", lambda books, result: None)
        assert caught(check_identities, ranked=True)
    with monkeypatch.context() as planted:
        run = waterfall._run
        planted.setattr(waterfall, "_run", lambda books, steps, place: run(books, steps, len(steps) - 1 - place))
        assert caught(check_ranks, ranked=True)
        assert caught(check_rules, ranked=True)
