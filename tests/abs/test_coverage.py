"""What covers the securities of a plan on a real ledger: cash, outstanding, ratios by tranche, measures by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from abs.booked.periods import ledger_periods
from abs.coverage import Measures, asset_liability_at, idle_periods, measures, periods_below, purchase_rate
from abs.errors import UnknownPlan
from abs.figure import Unit
from abs.money import Rounding, round_fen
from abs.series import by_period
from abs.terms import terms_of
from abs.terms.vocabulary import MEASURES
from tests.support import paid_plan
from tests.support.ledger_book import Book, financed_by_factor
from tests.support.plan_book import DAY, distributed, fee, funded, purchased, repurchased

JANUARY, JUNE, JULY = date(2026, 1, 5), date(2026, 6, 30), date(2026, 7, 31)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Receivable r of 1,130.00 in plan-1, 1,000.00 of it paid and 950.00 passed on; 900.00 of A, 100.00 of B."""
    made = Book(tmp_path / "node.db")
    made.admit()
    funded(made, version=2)
    yield made
    made.store.close()


def asked(book: Book, day: date) -> Measures:
    facts = book.store.at()
    return measures(facts, "plan-1", day, terms_of(facts, "plan-1", day))


def accrued(principal: int, rate: str, days: int) -> int:
    return round_fen(Decimal(principal) * Decimal(rate) * days / 365, Rounding.HALF_UP)


def test_what_covers_each_tranche_by_hand(book: Book) -> None:
    """The first period is 176 days, from the closing on 5 January to the payment on 30 June."""
    found = asked(book, JANUARY)
    assert found["pool.balance"].value == 13_000
    assert found["pool.collections"].value == 100_000
    assert found.funds.cash(JANUARY).value == 95_000
    assert found["coverage.oc"].value == Decimal(13_000) / 90_000
    assert found["coverage.asset_liability"].value == Decimal(108_000) / 100_000
    interest, custody = accrued(90_000, "0.0525", 176), accrued(100_000, "0.0005", 176)
    assert (interest, custody) == (2_278, 24)
    assert found["coverage.ic"].value == pytest.approx(Decimal(100_000 - 24) / 2_278)
    senior, junior = found.tranches
    assert (senior.outstanding.value, junior.outstanding.value) == (90_000, 10_000)
    assert (senior.oc.value, junior.oc.value) == (Decimal(13_000) / 90_000, Decimal("0.13"))
    assert (senior.asset_liability.value, junior.asset_liability.value) == (Decimal("1.2"), Decimal("1.08"))
    assert (senior.subordination.value, junior.subordination.value) == (Decimal("0.1"), 0)
    assert senior.ic.value == junior.ic.value == found["coverage.ic"].value


def test_what_was_paid_is_no_longer_owed_and_what_was_not_is_in_arrears(book: Book) -> None:
    book.say("custodian", "distribution.made", distributed("d1", 60_000, 2_000, date="2026-06-30"))
    book.say("custodian", "fee.paid", fee("f1", 30, date="2026-06-30"))
    book.seal(days=210)
    found = asked(book, JULY)
    assert found.funds.cash(date(2026, 6, 29)).value == 95_000
    assert found.funds.cash(JUNE).value == 95_000 - 62_000 - 30
    assert found.funds.tranche("A", date(2026, 6, 29)).value == 90_000
    assert found.funds.tranche("A", JUNE).value == 30_000
    _, interest = found.dues
    assert interest["A"].value == accrued(30_000, "0.0525", 184) + 2_278 - 2_000
    assert {ref.table for ref in interest["A"].unfold()} == {"Plan", "Tranche", "Distribution"}
    assert {ref.table for ref in found.funds.cash(JULY).unfold()} == {"Collection", "Distribution", "FeePayment"}
    assert found["coverage.oc"].value == Decimal(13_000) / 30_000


def test_a_period_goes_on_until_it_is_paid_for(book: Book) -> None:
    """Calculated ten trading days before 30 June. On the 20th its interest is still due, and nothing new covers it."""
    facts = book.store.at()
    known = terms_of(facts, "plan-1", JANUARY)
    terms = known.model_copy(update={"dates": known.dates.model_copy(update={"calculation": 10})})
    for day in (date(2026, 6, 12), date(2026, 6, 20), JUNE):
        found = measures(facts, "plan-1", day, terms)
        assert found["pool.collections"].value == 100_000
        assert found["coverage.ic"].value == pytest.approx(Decimal(100_000 - 24) / 2_278)
    late = measures(facts, "plan-1", date(2026, 7, 1), terms)
    assert late["pool.collections"].value == 0
    assert late.dues[1]["A"].value == accrued(90_000, "0.0525", 360), "what was not paid is due with the next period"


def test_a_waterfall_that_pays_on_its_calculation_date_goes_by_what_there_was_before(book: Book) -> None:
    """62,000 and a fee of 30 are paid on 30 June: by its evening 30,000 are outstanding, before it 90,000 were."""
    book.say("custodian", "distribution.made", distributed("d1", 60_000, 2_000, date="2026-06-30"))
    book.say("custodian", "fee.paid", fee("f1", 30, date="2026-06-30"))
    book.seal(days=210)
    facts = book.store.at()
    terms = terms_of(facts, "plan-1", JUNE)
    before, after = (Measures(facts, "plan-1", JUNE, terms, paid=paid) for paid in (False, True))
    assert before["coverage.oc"].value == Decimal(13_000) / 90_000
    assert after["coverage.oc"].value == Decimal(13_000) / 30_000
    assert before["coverage.asset_liability"].value == Decimal(13_000 + 95_000) / 100_000
    assert after["coverage.asset_liability"].value == Decimal(13_000 + 95_000 - 62_030) / 40_000
    assert before["coverage.ic"].value == pytest.approx(Decimal(100_000 - 24) / 2_278)
    assert after.dues[1]["A"].value == accrued(30_000, "0.0525", 184) + 2_278 - 2_000
    assert before.dues[0].value == 24


def test_a_booked_period_is_measured_before_it_is_paid(tmp_path: Path) -> None:
    """1,000 came in and 400 of it was paid on the calculation date: the trigger sees 1,000 against 105,000."""
    document = paid_plan.terms()
    condition = {"measure": "coverage.asset_liability", "op": "<", "value": "1"}
    document["triggers"].append({"trigger": "thin", "name": "资产不足", "when": condition})
    book = Book(tmp_path / "paid.db")
    plan = paid_plan.PaidPlan(book, document)
    plan.comes_in(1_000, paid_plan.FIRST)
    plan.pays(1, paid_plan.FIRST, A_principal=400, A_interest=0)
    (only,) = ledger_periods(book.store.at(), "plan-1")
    assert only.inputs.measures == {"coverage.asset_liability": Decimal(1_000) / 105_000}
    book.store.close()


def test_cash_follows_purchases_and_repurchases(book: Book) -> None:
    output = financed_by_factor(book, "s")
    book.say("factor", "pool.revolving_purchased", purchased("b1", 90_000, ("s", [output])))
    book.say("factor", "pool.repurchased", repurchased(12_000, "r"))
    book.seal()
    found = asked(book, JANUARY)
    assert found.funds.cash(JANUARY).value == 95_000 - 90_000 + 12_000
    assert found["pool.balance"].value == 113_000
    whole = by_period(found.frame, found.terms, JANUARY)
    assert whole.value("purchased", 0) == 113_000
    assert purchase_rate(whole, found.funds, 0).value == Decimal(90_000) / 107_000


def test_the_watch_over_periods_counts_those_that_are_over(book: Book) -> None:
    """In January 108,000 covers 100,000. In March 60,000 more is paid out than was repaid in principal."""
    book.say("custodian", "distribution.made", distributed("d1", 0, 60_000, date="2026-03-10"))
    book.seal(days=120)
    found = asked(book, date(2026, 5, 4))
    months = [found.series.label(at) for at in range(len(found.series.ends))]
    assert months[:4] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    ratios = [asset_liability_at(found.series, found.funds, at).value for at in range(4)]
    assert ratios == [Decimal("1.08"), Decimal("1.08"), Decimal("0.48"), Decimal("0.48")]
    assert periods_below(found.series, found.funds).value == 2
    assert [idle_periods(found.series, found.funds, above).value for above in (94_999, 95_000, 34_999)] == [2, 0, 4]


def test_assets_that_just_cover_liabilities_are_not_below_them(book: Book) -> None:
    book.say("custodian", "distribution.made", distributed("d1", 0, 8_000, date="2026-01-31"))
    book.seal(days=30)
    found = asked(book, date(2026, 2, 4))
    assert asset_liability_at(found.series, found.funds, 0).value == 1
    assert periods_below(found.series, found.funds).value == 0


def test_every_measure_that_terms_may_name_is_there(book: Book) -> None:
    """Each with its unit, at the height, on facts; the ratios of months say why they have no answer yet."""
    found = asked(book, JANUARY)
    assert set(found) == {name for name, one in MEASURES.items() if one.source == "pool"}
    for name, figure in found.items():
        assert figure.name == name
        assert figure.unit is MEASURES[name].unit, name
        assert figure.height == book.store.at().height
        if figure.value is None:
            assert ":" in figure.formula, name
        else:
            list(figure.unfold())
    assert {name for name in found if found[name].value is None} == {
        "pool.default_ratio", "pool.dilution_ratio", "pool.days_sales_outstanding", "coverage.required_reserve",
    }  # fmt: skip
    assert found["pool.count"].unit is Unit.COUNT
    assert len(found) == len(list(found))


def test_nothing_is_read_before_it_is_asked_for(book: Book) -> None:
    facts = book.store.at()
    terms = terms_of(facts, "plan-1")
    lazy = measures(facts, "no-such-plan", JANUARY, terms)
    with pytest.raises(UnknownPlan):
        lazy["pool.balance"]
    with pytest.raises(KeyError):
        lazy["pool.unheard_of"]
    assert "pool.unheard_of" not in asked(book, JANUARY)
    assert JANUARY.isoformat() == DAY
