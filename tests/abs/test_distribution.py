"""The distribution statement: recomputed by hand on a small plan, and its identities on a generated market."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from abs.distribution import DistributionStatement, distribution_statement, periods
from abs.errors import UnknownPeriod, UnknownPlan
from abs.money import Rounding
from ledger.facts import Distribution
from ledger.store import Store
from tests.support.ledger_book import Book, financed_by_factor, plan
from tests.support.market import Market, sample_market

SENIOR = {
    "tranche": "A", "name": "优先级", "code": "180001", "rank": "senior", "principal": 10_000_000, "rate": "0.0525",
    "repayment": "pass_through", "maturity": "2027-01-31",
}  # fmt: skip
JUNIOR = {
    **SENIOR,
    "tranche": "B",
    "rank": "subordinated",
    "principal": 1_000_000,
    "rate": None,
    "repayment": "residual",
}


class Plan:
    """A plan being paid on, in blocks a month apart."""

    def __init__(
        self, folder: Path, tranches: Sequence[Mapping[str, object]] = (SENIOR, JUNIOR), **terms: object
    ) -> None:
        self.book = Book(folder / "ledger.db")
        self.book.admit()
        stated = plan("P", tranches=list(tranches))
        stated["terms"] = {**stated["terms"], **terms}
        self.book.say("manager", "plan.established", stated)
        self.book.seal()

    def asset(self, name: str) -> None:
        output = financed_by_factor(self.book, name)
        payload = {
            "plan": "P", "date": "2026-01-05", "assignor": "factor", "price": 1,
            "assets": [{"asset": name, "outputs": [output]}],
        }  # fmt: skip
        self.book.say("factor", "pool.assigned", payload)
        self.book.seal()

    def collect(self, asset: str, amount: int, on: str) -> None:
        payment = {
            "payment": f"pay-{asset}-{on}", "payer": "core", "payee": "servicer", "amount": amount, "date": on,
            "bank_reference": "x", "settles": [{"target": "receivable", "id": asset, "amount": amount}],
        }  # fmt: skip
        self.book.say("bank", "payment.recorded", payment)
        items = [{"payment": payment["payment"], "asset": asset, "amount": amount}]
        collection = {"collection": f"col-{on}", "plan": "P", "date": on, "amount": amount, "items": items}
        self.book.say("servicer", "collection.received", collection)

    def remit(self, amount: int, on: str, *collections: str) -> None:
        payload = {
            "remittance": f"rem-{on}",
            "plan": "P",
            "date": on,
            "amount": amount,
            "collections": list(collections),
        }
        self.book.say("servicer", "collection.remitted", payload)

    def pay(self, tranche: str, period: int, on: str, principal: int, interest: int) -> None:
        payload = {
            "distribution": f"d-{tranche}-{period}", "plan": "P", "tranche": tranche, "period": period, "date": on,
            "principal": principal, "interest": interest,
        }  # fmt: skip
        self.book.say("custodian", "distribution.made", payload)

    def statement(self, period: int | None = None) -> DistributionStatement:
        return distribution_statement(self.book.store.at(), "P", period)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Plan]:
    one = Plan(tmp_path)
    yield one
    one.book.store.close()


def test_a_first_and_a_second_period_by_hand(made: Plan) -> None:
    """10,000,000 fen at 5.25%: 90 days from the closing are 129,452.05 fen; 129,400 were paid, so 52 stay due."""
    made.asset("R")
    made.collect("R", 100_000, "2026-03-20")
    made.remit(100_000, "2026-03-31", "col-2026-03-20")
    made.pay("A", 1, "2026-04-05", 2_000_000, 129_400)
    made.book.seal(days=100)
    made.pay("A", 2, "2026-07-05", 500_000, 104_768)
    made.book.seal(days=100)
    first, second = made.statement(1), made.statement()
    assert periods(made.book.store.at(), "P") == (1, 2)
    senior, junior = first.tranches
    assert (first.record_date, first.accrual_start, first.accrual_end) == (
        date(2026, 4, 4), date(2026, 1, 5), date(2026, 4, 5),
    )  # fmt: skip
    assert (first.days.value, senior.days.value, senior.units.value) == (90, 90, Decimal(1000))
    assert (senior.opening.value, senior.closing.value) == (10_000_000, 8_000_000)
    assert (senior.interest_expected.value, senior.interest_arrears.value) == (129_452, 0)
    assert senior.interest_difference.value == -52
    assert (senior.principal_per_unit.text(), senior.interest_per_unit.text(3)) == ("20.00", "1.294")
    assert (senior.face_after.text(), senior.principal_of_original.text()) == ("80.00", "20.00%")
    assert (junior.interest_expected.value, junior.interest_difference.value) == (None, None)
    assert (junior.total_paid.value, junior.closing.value, junior.paid_on) == (0, 1_000_000, date(2026, 4, 5))
    again = second.tranches[0]
    assert (again.accrual_start, again.days.value, again.opening.value) == (date(2026, 4, 5), 91, 8_000_000)
    assert (again.interest_expected.value, again.interest_arrears.value) == (104_712, 52)
    assert again.interest_difference.value == 104_768 - 104_712 - 52
    assert [one.period for one in again.past] == [1, 2]
    everything, senior_only, junior_only = second.totals
    assert everything.closing.value == 7_500_000 + 1_000_000
    assert (senior_only.total_paid.value, junior_only.total_paid.value) == (604_768, 0)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (1,), (0, 2)])
def test_the_ranks_of_a_plan_foot_to_the_total(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Every rank the plan has is there once, the first paid first, whatever order the tranches are stated in."""
    stated = [
        {**SENIOR, "tranche": name, "rank": rank, "principal": principal}
        for name, rank, principal in (
            ("A1", "senior", 10_000_000), ("M", "mezzanine", 2_000_000), ("B", "subordinated", 1_000_000),
            ("A2", "senior", 4_000_000),
        )
    ]  # fmt: skip
    chosen = [stated[place] for place in order]
    made = Plan(tmp_path, tranches=chosen)
    for place, tranche in enumerate(chosen, start=1):
        made.pay(str(tranche["tranche"]), 1, "2026-04-05", 10_007 * place, 103 * place)
    made.book.seal(days=100)
    everything, *ranks = made.statement().totals
    ordered = [rank for rank in ("senior", "mezzanine", "subordinated") if any(one["rank"] == rank for one in chosen)]
    assert (everything.scope, [one.scope for one in ranks]) == ("all", ordered)
    for part in ("principal", "opening", "principal_paid", "interest_paid", "total_paid", "closing"):
        assert sum(getattr(one, part).fen() for one in ranks) == getattr(everything, part).fen(), part
    assert everything.principal_paid.value == sum(10_007 * place for place in range(1, len(chosen) + 1))
    made.book.store.close()


def test_pool_and_cash_add_up_and_what_was_kept_back_shows(made: Plan) -> None:
    made.asset("R")
    made.collect("R", 13_000, "2026-02-20")
    made.collect("R", 50_000, "2026-03-20")
    made.remit(13_000, "2026-02-28", "col-2026-02-20")
    made.pay("A", 1, "2026-04-05", 12_000, 500)
    made.book.seal(days=100)
    statement = made.statement()
    pool, cash = statement.pool, statement.cash
    assert (pool.opening.value, pool.added.value) == (0, 113_000)
    assert (pool.payments.value, pool.closing.value, pool.unexplained.value) == (63_000, 50_000, 0)
    assert (pool.collected.value, pool.remitted.value) == (63_000, 13_000)
    assert (pool.uncollected.value, pool.unremitted.value) == (0, 50_000)
    assert (cash.inflow.value, cash.outflow.value, cash.closing.value) == (13_000, 12_500, 500)
    assert (cash.change.value, cash.unexplained.value) == (500, 0)
    tables = {ref.table for figure in statement.figures() for ref in figure.unfold()}
    assert tables >= {"Plan", "Tranche", "Distribution", "Collection", "Remittance", "Settlement", "Receivable"}
    assert {figure.height for figure in statement.figures()} == {statement.height}


def test_rounding_is_the_deals(tmp_path: Path) -> None:
    made = Plan(tmp_path, rounding="down")
    made.pay("A", 1, "2026-04-06", 0, 0)
    made.book.seal(days=100)
    assert made.statement().tranches[0].interest_expected.value == 130_890  # 130,890.41 of 91 days
    made.pay("A", 2, "2026-04-07", 0, 0)
    made.book.seal()
    assert made.statement(2).tranches[0].interest_expected.value == 1_438  # 1,438.36 of one day
    made.book.store.close()


def test_a_distribution_dated_before_the_one_before_has_no_days_and_no_expected_interest(made: Plan) -> None:
    """One wrong date on the ledger makes the figures that stand on it unavailable, not the statement."""
    made.asset("R")
    made.pay("A", 1, "2026-04-05", 2_000_000, 129_452)
    made.pay("A", 2, "2026-03-05", 500_000, 7)
    made.pay("A", 3, "2026-07-05", 500_000, 98_000)
    made.book.seal(days=300)
    wrong, after = made.statement(2), made.statement(3)
    senior = wrong.tranches[0]
    assert (wrong.days.value, senior.days.value, senior.interest_expected.value) == (None, None, None)
    assert senior.interest_difference.value is None
    assert (senior.interest_paid.value, senior.closing.value) == (7, 7_500_000)
    stated = made.book.store.at().select(Distribution, Distribution.period == 2)[0]
    assert str(stated.began) in wrong.days.positions()
    assert "2026-04-05" in wrong.days.formula
    later = after.tranches[0]
    assert (after.days.value, later.interest_expected.value) == (91, 98_168)
    assert (later.interest_arrears.value, later.interest_difference.value) == (None, None)
    assert [one.days.value for one in later.past] == [90, None, 91]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_date_at_the_end_of_the_calendar_is_no_fault_of_the_program(made: Plan, day: str) -> None:
    made.asset("R")
    made.collect("R", 13_000, day)
    made.remit(13_000, day, f"col-{day}")
    made.pay("A", 1, day, 0, 5)
    made.book.seal(days=100)
    statement = made.statement()
    early = day.startswith("0001")
    assert statement.paid_on == date.fromisoformat(day)
    assert (statement.record_date is None, statement.days.value is None) == (early, early)
    made.pay("A", 2, "2026-04-05", 0, 5)
    made.book.seal()
    assert made.statement(2).tranches[0].interest_paid.value == 5


def test_unknown_plans_periods_and_terms_are_refused(made: Plan) -> None:
    facts = made.book.store.at()
    with pytest.raises(UnknownPlan):
        distribution_statement(facts, "nope")
    for period in (None, 1):
        with pytest.raises(UnknownPeriod, match="none yet"):
            distribution_statement(facts, "P", period)
    made.pay("A", 1, "2026-04-05", 0, 0)
    made.book.seal(days=100)
    with pytest.raises(UnknownPeriod, match="periods so far: 1"):
        made.statement(7)


def test_each_period_is_computed_by_the_terms_in_force_on_its_day(made: Plan) -> None:
    made.collect("R", 13_000, "2026-02-10")
    made.remit(13_000, "2026-02-11", "col-2026-02-10")
    made.pay("A", 1, "2026-04-05", 0, 5)
    made.book.seal(days=100)
    before = made.statement(1)
    amended = {"day_count": "ACT/365F", "rounding": "down", "face": 5_000, "record_date_lag": 9}
    made.book.tell(
        "manager", "plan.terms_amended", {"plan": "P", "effective": "2026-06-01", "reason": "r", "terms": amended}
    )
    after = made.statement(1)
    assert (after.terms.face, after.record_date) == (before.terms.face, before.record_date)
    assert after.tranches[0].interest_expected.value == before.tranches[0].interest_expected.value
    made.pay("A", 2, "2026-07-05", 0, 5)
    made.book.seal(days=100)
    assert (made.statement(2).terms.face, made.statement(2).terms.rounding) == (5_000, Rounding.DOWN)
    first = made.statement(2).tranches[0].past[0]
    assert first.interest_expected.value == before.tranches[0].interest_expected.value


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return sample_market(tmp_path_factory.mktemp("market"))


def test_identities_hold_in_every_period_of_a_market(market: Market) -> None:
    """Opening - repaid = closing, each closing is the next opening, nothing unexplained, interest as the terms say."""
    with Store.open(market.database) as store:
        facts = store.at()
        statements = [distribution_statement(facts, market.plan, period) for period in periods(facts, market.plan)]
    assert len(statements) > 2
    for before, after in zip([None, *statements], statements, strict=False):
        assert (after.pool.unexplained.value, after.pool.uncollected.value, after.cash.unexplained.value) == (0, 0, 0)
        assert sum(one.balance.fen() for one in after.pool.delinquency) == after.pool.closing.value
        for place, tranche in enumerate(after.tranches):
            assert tranche.opening.fen() - tranche.principal_paid.fen() == tranche.closing.fen() >= 0
            assert tranche.interest_difference.value in (0, None)
            if before is not None:
                assert before.tranches[place].closing.value == tranche.opening.value
        if before is not None:
            assert before.pool.closing.value == after.pool.opening.value
            assert before.cash.closing.value == after.cash.opening.value
            assert before.paid_on == after.accrual_start == after.previous_date
