"""Terms on the ledger: the version in force, its history, its agreement with the record, and plans without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abs.errors import BadTerms, UnknownPlan
from abs.terms import PlanTerms, load_terms, terms_history, terms_of
from abs.terms.plan import changes
from abs.waterfall import opening_state
from tests.support.deals import changed, terms_named
from tests.support.ledger_book import Book, plan
from tests.support.plan_book import documented

EXAMPLE = "revolving-factoring"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "book.db")
    made.admit()
    yield made
    made.store.close()


def document(**changes: Any) -> dict[str, Any]:
    """The example, by the parties of the book."""
    whole = terms_named(EXAMPLE).document()
    parties = {"plan": "plan-1", "manager": "manager", "custodian": "custodian", "servicer": "servicer"}
    whole["plan"] |= {**parties, "originators": ["factor"], "cutoff": "2026-01-01", "closing": "2026-01-05"}
    whole["dates"]["pay"] = ["2026-04-30", "2026-07-31"]
    for path, value in changes.items():
        whole = changed(whole, path.replace("__", "."), value)
    return whole


def established(whole: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The record that carries it."""
    names = ("tranche", "name", "code", "rank", "principal", "rate", "repayment", "maturity")
    tranches = [{name: one.get(name) for name in names} for one in whole["tranches"]]
    return {"v": 3, "shelf": None, **whole["plan"], "tranches": tranches, "document": whole, **changes}


def amended(whole: dict[str, Any], effective: str, reason: str) -> dict[str, Any]:
    return {"v": 2, "plan": "plan-1", "effective": effective, "reason": reason, "document": whole}


def faults(book: Book, plan: str = "plan-1") -> dict[str, str]:
    with pytest.raises(BadTerms, match="terms-disagree") as failure:
        terms_of(book.store.at(), plan)
    return {one.path: one.reason for one in failure.value.faults}


def test_the_document_of_the_record_is_the_deal(book: Book) -> None:
    whole = document()
    assert book.tell("manager", "plan.established", established(whole)) == []
    assert terms_of(book.store.at(), "plan-1") == load_terms(json.dumps(whole), kind="json")
    (version,) = terms_history(book.store.at(), "plan-1")
    assert (version.number, version.effective, version.stated, version.changes) == (1, date(2026, 1, 1), True, ())


def test_an_unknown_plan_is_said(book: Book) -> None:
    for asked in (terms_of, terms_history):
        with pytest.raises(UnknownPlan):
            asked(book.store.at(), "plan-9")


def test_the_version_in_force_depends_on_the_day_and_on_what_was_known(book: Book) -> None:
    book.tell("manager", "plan.established", established(document()))
    before = book.store.at().height
    capped = document()
    capped["fees"][5]["cap"] = 100
    assert book.tell("manager", "plan.terms_amended", amended(capped, "2026-05-01", "管理费设上限")) == []
    facts = book.store.at()
    assert terms_of(facts, "plan-1", date(2026, 4, 30)).fees[5].cap is None
    assert terms_of(facts, "plan-1", date(2026, 5, 1)).fees[5].cap == 100
    assert terms_of(facts, "plan-1").fees[5].cap is None
    assert terms_of(facts, "plan-1", date(2020, 1, 1)).fees[5].cap is None
    assert terms_of(book.store.at(before), "plan-1", date(2026, 5, 1)).fees[5].cap is None
    first, second = terms_history(facts, "plan-1")
    assert (second.number, second.effective, second.reason) == (2, date(2026, 5, 1), "管理费设上限")
    assert [one.as_json() for one in second.changes] == [{"path": "fees[管理费].cap", "before": None, "after": "100"}]
    assert first.position != second.position
    assert len(terms_history(book.store.at(before), "plan-1")) == 1


def test_a_later_record_overrules_an_earlier_one_from_its_own_day_on(book: Book) -> None:
    book.tell("manager", "plan.established", established(document()))
    book.tell("manager", "plan.terms_amended", amended(document(metrics__history=24), "2026-09-01", "一"))
    book.tell("manager", "plan.terms_amended", amended(document(metrics__history=36), "2026-06-01", "二"))
    facts = book.store.at()
    days = [date(2026, 5, 31), date(2026, 6, 1), date(2026, 9, 1)]
    assert [terms_of(facts, "plan-1", day).metrics.history for day in days] == [12, 36, 36]


def test_a_liquidation_is_no_version(book: Book) -> None:
    book.tell("manager", "plan.established", established(document()))
    book.tell("manager", "plan.liquidated", {"plan": "plan-1", "at": "2026-01-06", "surplus": 0})
    assert len(terms_history(book.store.at(), "plan-1")) == 1


DISAGREEING = {
    "plan.plan": "plan-x",
    "plan.code": "X",
    "plan.custodian": "bank",
    "plan.originators": ["factor", "core"],
    "plan.cutoff": "2026-01-02",
    "plan.maturity": "2028-02-01",
    "tranches[0].principal": 1_000_00,
    "tranches[1].rate": "0.05",
    "tranches[2].name": "别的",
}


def test_a_document_that_contradicts_its_record_is_refused(book: Book) -> None:
    for number, (path, value) in enumerate(DISAGREEING.items(), start=1):
        whole = document(plan__plan=f"plan-{number}")
        book.say("manager", "plan.established", established(whole, document=changed(whole, path, value)))
    book.seal()
    for number, path in enumerate(DISAGREEING, start=1):
        assert list(faults(book, f"plan-{number}")) == [path]


def test_other_tranches_than_the_record_lists_are_refused(book: Book) -> None:
    whole = document()
    record = established(whole)
    record["tranches"] = record["tranches"][:2]
    book.tell("manager", "plan.established", record)
    assert list(faults(book)) == ["tranches"]


def test_amended_terms_may_change_all_but_what_was_issued(book: Book) -> None:
    whole = document()
    book.tell("manager", "plan.established", established(whole))
    renamed = changed(changed(whole, "tranches[0].rate", "0.0300"), "plan.servicer", "factor")
    book.tell("manager", "plan.terms_amended", amended(renamed, "2026-01-05", "票面利率调整"))
    assert terms_of(book.store.at(), "plan-1").tranches[0].rate == Decimal("0.0300")
    grown = changed(whole, "tranches[0].principal", 1)
    book.tell("manager", "plan.terms_amended", amended(grown, "2026-01-05", "改动已发行规模"))
    assert list(faults(book)) == ["tranches[0].principal"]


def test_a_document_that_is_none_is_refused_by_its_faults(book: Book) -> None:
    whole = document()
    book.tell("manager", "plan.established", established(whole, document={"terms": "none"}))
    with pytest.raises(BadTerms, match="terms-document") as failure:
        terms_of(book.store.at(), "plan-1")
    assert "plan" in {one.path for one in failure.value.faults}


def test_terms_of_a_plan_with_columns_alone(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1"))
    terms = terms_of(book.store.at(), "plan-1")
    assert [step.action for step in terms.waterfalls[0].steps] == ["interest", "principal", "residual"]
    assert terms.waterfalls[0].steps[1].pays == ("A", "B")
    assert terms.waterfalls[0].steps[2].pays == ("B",)
    assert {one.measure for one in terms.waterfalls[0].steps[2].when} == {
        "securities.outstanding", "interest.due", "fees.due",
    }  # fmt: skip
    assert (terms.accounts[0].bank, terms.dates.record, terms.revolving) == ("custodian", 1, None)
    assert opening_state(terms).state == "amortising"
    assert terms_history(book.store.at(), "plan-1")[0].stated is False


def test_terms_of_a_plan_with_more_columns(book: Book) -> None:
    fees = [
        {"fee": "custody", "payee": "custodian", "rate": "0.0005", "amount": None},
        {"fee": "rating", "payee": "bank", "rate": "0.0001", "amount": 700},
    ]
    triggers = [
        {"trigger": "t1", "event": "acceleration", "measure": "default ratio", "threshold": "0.05", "periods": 3},
        {
            "trigger": "t2",
            "event": "revolving_ended",
            "measure": "pool.default_ratio",
            "threshold": "0.1",
            "periods": 1,
        },
    ]
    limits = [{"by": "debtor", "limit": "0.5"}, {"by": "industry", "limit": "0.4"}]
    record = documented("plan-1", fees=fees, triggers=triggers, concentration_limits=limits)
    assert book.tell("manager", "plan.established", record) == []
    terms = terms_of(book.store.at(), "plan-1")
    assert isinstance(terms, PlanTerms)
    assert [(one.fee, one.kind) for one in terms.fees] == [
        ("custody", "annual"), ("rating", "annual"), ("rating:amount", "fixed"),
    ]  # fmt: skip
    assert [(one.trigger, one.effect, one.periods) for one in terms.triggers] == [("t2", "amortising", 1)]
    assert [one.by for one in terms.concentration] == ["debtor"]
    assert terms.revolving is not None
    assert (terms.revolving.until, terms.revolving.min_yield) == (date(2026, 5, 31), Decimal("0.04"))
    assert terms.dates.pay == (date(2026, 6, 30), date(2026, 12, 31))
    assert {one.state: [step.action for step in one.steps] for one in terms.waterfalls} == {
        "revolving": ["fees", "interest"], "amortising": ["fees", "interest", "principal", "residual"],
    }  # fmt: skip


def test_amended_columns_are_a_version(book: Book) -> None:
    book.tell("manager", "plan.established", plan("plan-1"))
    terms = {"day_count": "ACT/365F", "rounding": "down", "face": 10_000, "record_date_lag": 2}
    amendment = {"plan": "plan-1", "effective": "2026-03-01", "reason": "决议", "terms": terms}
    assert book.tell("manager", "plan.terms_amended", amendment) == []
    _, second = terms_history(book.store.at(), "plan-1")
    assert {one.path for one in second.changes} == {"conventions.rounding", "dates.record"}


def test_changes_follow_names_and_places() -> None:
    before = {"a": [{"fee": "x", "rate": "1"}, {"fee": "y", "rate": "2"}], "b": [1, 2], "c": True}
    after = {"a": [{"fee": "z", "rate": "3"}, {"fee": "y", "rate": "4"}], "b": [1, 3], "d": "new"}
    assert {one.path: (one.before, one.after) for one in changes(before, after)} == {
        "a[x]": ('{"fee": "x", "rate": "1"}', None),
        "a[y].rate": ("2", "4"),
        "a[z]": (None, '{"fee": "z", "rate": "3"}'),
        "b[1]": ("2", "3"),
        "c": ("true", None),
        "d": (None, "new"),
    }
