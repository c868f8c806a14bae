"""Terms as one document: what the ledger reads in them, what it leaves to others, and what no document may be."""

import json
from typing import Any

import pytest

from ledger.facts import Plan, PlanFee, Tranche
from ledger.finding import Code
from ledger.records import Payload, canonical, decode
from tests.support.ledger_book import Book, plan
from tests.support.plan_book import TERMS, document, documented, termed


def test_a_document_is_kept_and_read(book: Book) -> None:
    assert book.tell("manager", "plan.established", termed("plan-1")) == []
    row = book.store.at().get(Plan, "plan-1")
    assert json.loads(row.document) == document()
    assert row.document.encode() == canonical(document())
    assert json.loads(row.terms) == {"day_count": "ACT/365F", "rounding": "down", "face": 10_000, "record_date_lag": 2}
    assert (str(row.revolving_until), str(row.revolving_min_yield)) == ("2026-05-31", "0.04")
    assert row.payment_dates == ["2026-06-30", "2026-12-31"]
    assert book.store.at().count(Tranche, Tranche.plan == "plan-1") == 2
    assert book.store.at().count(PlanFee) == 0, "who judges the document makes what it means"


def test_what_the_document_does_not_say_nobody_says_for_it(book: Book) -> None:
    for name, stated in (("a", {}), ("b", {"conventions": 1, "dates": [], "revolving": None, "fees": "none"})):
        assert book.tell("manager", "plan.established", termed(name, document=stated)) == []
        row = book.store.at().get(Plan, name)
        assert (row.terms, row.revolving_until, row.payment_dates) == ("{}", None, [])
    odd = document(dates={"pay": ["soon"]}, revolving={"until": "2026-02-30", "min_yield": "much"})
    assert book.tell("manager", "plan.established", termed("c", document=odd)) == []
    row = book.store.at().get(Plan, "c")
    assert (row.revolving_until, row.revolving_min_yield, row.payment_dates) == (None, None, [])


def test_the_days_of_a_document_stand_within_the_life_of_its_plan(book: Book) -> None:
    long = document(revolving={"until": "2027-02-01"})
    assert book.tell("manager", "plan.established", termed("a", document=long)) == ["dates.order"]
    early = document(dates={"pay": ["2026-06-30", "2026-01-04"]})
    assert book.tell("manager", "plan.established", termed("b", document=early)) == ["dates.order"]
    assert book.tell("manager", "plan.established", termed("c", cutoff="2026-01-06")) == ["dates.order"]
    until_the_end = document(revolving={"until": "2027-01-31"}, dates={"pay": ["2026-01-05"]})
    assert book.tell("manager", "plan.established", termed("d", document=until_the_end)) == []
    later = {"v": 2, "plan": "d", "effective": "2026-02-01", "reason": "", "document": long}
    assert book.tell("manager", "plan.terms_amended", later) == ["dates.order"]


def test_a_plan_without_a_document_has_none(book: Book) -> None:
    for stated in (plan("one"), documented("two")):
        assert book.tell("manager", "plan.established", stated) == []
        assert book.store.at().get(Plan, stated["plan"]).document is None


def test_a_document_is_replaced_whole(book: Book) -> None:
    for stated in (plan("one"), documented("two"), termed("three")):
        book.tell("manager", "plan.established", stated)
        new = document(dates={"pay": []}, revolving=None)
        amended = {"v": 2, "plan": stated["plan"], "effective": "2026-02-01", "reason": "决议", "document": new}
        assert book.tell("manager", "plan.terms_amended", amended) == []
        row = book.store.at().get(Plan, stated["plan"])
        assert json.loads(row.document) == new
        assert json.loads(row.terms) == {"day_count": "ACT/365F", "rounding": "down", "face": 10_000}
        assert (row.revolving_until, row.payment_dates, str(row.terms_from)) == (None, [], "2026-02-01")
        assert book.tell("custodian", "plan.terms_amended", amended) == ["sender.role", "sender.not_party"]
        early = amended | {"effective": "2025-12-31"}
        assert book.tell("manager", "plan.terms_amended", early) == ["dates.order"]


def test_four_terms_of_a_document_are_amended_in_it(book: Book) -> None:
    book.tell("manager", "plan.established", termed("plan-1"))
    before = book.store.at().height
    terms = TERMS | {"record_date_lag": 3}
    amended = {"plan": "plan-1", "effective": "2026-02-01", "reason": "", "terms": terms}
    assert book.tell("manager", "plan.terms_amended", amended) == []
    row = book.store.at().get(Plan, "plan-1")
    conventions = {**document()["conventions"], "rounding": "half_up"}
    assert json.loads(row.document) == document(conventions=conventions, dates={**document()["dates"], "record": 3})
    assert json.loads(row.terms) == terms
    assert json.loads(book.store.at(before).get(Plan, "plan-1").document) == document()


def _deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


BOUNDS: dict[str, tuple[Any, Any]] = {
    "levels": (_deep(11), _deep(12)),
    "values": ([0] * 19_998, [0] * 19_999),
    "bytes": (["x" * 1_000] * 522, ["x" * 1_000] * 523),
    "integers": ([10**18, -(10**18)], 10**18 + 1),
    "negative integers": (-(10**18), -(10**18) - 1),
    "fractions": ("0.5", 0.5),
    "whole fractions": (1, 1.0),
    "long text": ("x" * 1_000, "x" * 1_001),
    "text that cannot be shown": ("x", "x\n"),
    "a name that cannot be shown": ({"x": 1}, {"x\0": 1}),
    "a long name": ({"x" * 1_000: 1}, {"x" * 1_001: 1}),
}


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_document_is_plain_and_bounded(bound: str) -> None:
    for kind, stated in (("plan.established", termed("p")), ("plan.terms_amended", AMENDED)):
        good, bad = (decode(kind, canonical({**stated, "document": {"x": value}})) for value in BOUNDS[bound])
        assert isinstance(good, Payload)
        assert not isinstance(bad, Payload)
        assert bad.code is Code.MALFORMED
        assert bad.reason.startswith("document: Value error")


AMENDED = {"v": 2, "plan": "p", "effective": "2026-02-01", "reason": "", "document": {}}


@pytest.mark.parametrize("odd", [None, [], "text", 1, True])
def test_a_document_is_an_object(odd: Any) -> None:
    assert not isinstance(decode("plan.established", canonical(termed("p", document=odd))), Payload)


def test_a_document_is_canonical() -> None:
    raw = canonical(termed("p", document={"a": 1, "b": 2}))
    assert isinstance(decode("plan.established", raw), Payload)
    assert not isinstance(decode("plan.established", raw.replace(b'"a":1,"b":2', b'"b":2,"a":1')), Payload)
    assert not isinstance(decode("plan.established", raw.replace(b'"a":1', b'"a": 1')), Payload)


def test_a_plan_states_its_terms_once(book: Book) -> None:
    assert book.tell("manager", "plan.established", termed("a", terms=TERMS)) == ["record.malformed"]
    assert book.tell("manager", "plan.established", plan("b", v=3)) == ["record.malformed"]
    assert book.tell("manager", "plan.established", plan("b", document={})) == ["record.malformed"]
