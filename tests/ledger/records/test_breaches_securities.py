"""Every breach about ratings and holdings, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import Holding, Rating
from tests.support.ledger_book import Book, plan
from tests.support.plan_book import DAY, TERMS, document, termed


@pytest.fixture
def issued(book: Book) -> Book:
    """A plan whose tranche A has 90,000 fen in 9 units of 10,000."""
    book.admit({"agency": ["rating"], "house": ["rating"], "depository": ["registry"]})
    book.tell("manager", "plan.established", plan("plan-1"))
    assert book.found == []
    return book


def rated(rating: str, **changes: Any) -> dict[str, Any]:
    return {"plan": "plan-1", "tranche": "A", "agency": "agency", "rating": rating, "at": DAY, **changes}


def held(*holders: tuple[str, int], **changes: Any) -> dict[str, Any]:
    lines = [{"investor": investor, "units": units} for investor, units in holders]
    return {"plan": "plan-1", "tranche": "A", "at": DAY, "holders": lines, **changes}


def test_ratings_are_of_tranches_there_are(issued: Book) -> None:
    assert issued.tell("agency", "rating.changed", rated("AAA", tranche="C")) == ["reference.missing"]
    assert issued.store.at().count(Rating) == 0
    assert issued.tell("agency", "rating.changed", rated("AAA", tranche=None)) == []
    assert issued.tell("agency", "rating.changed", rated("AAA")) == []


def test_an_agency_changes_its_own_rating(issued: Book) -> None:
    assert issued.tell("agency", "rating.changed", rated("AAA")) == []
    before = issued.store.at().height
    assert issued.tell("house", "rating.changed", rated("AA", agency="house")) == []
    assert issued.tell("agency", "rating.changed", rated("A", at="2026-01-04")) == ["dates.order"]
    assert issued.tell("house", "rating.changed", rated("A")) == ["sender.not_party"]
    assert issued.tell("manager", "rating.changed", rated("A", agency="manager")) == ["sender.role"]
    now = issued.store.at().select(Rating, Rating.security == "plan-1/A", order_by=Rating.agency)
    assert [(row.agency, row.rating) for row in now] == [("agency", "A"), ("house", "AA"), ("manager", "A")]
    assert [row.rating for row in issued.store.at(before).select(Rating)] == ["AAA"]


def test_units_held_make_up_the_tranche(issued: Book) -> None:
    assert issued.tell("custodian", "holdings.reported", held(("x", 5), ("y", 3))) == ["holdings.total"]
    assert dict(issued.found[-1].details) == {"units": 8, "face": 10_000, "principal": 90_000}
    assert issued.tell("custodian", "holdings.reported", held(("x", 5), ("y", 5))) == ["holdings.total"]
    assert issued.tell("custodian", "holdings.reported", held(("x", 5), ("y", 4))) == []
    assert issued.tell("depository", "holdings.reported", held(("x", 1), tranche="B")) == []
    assert issued.tell("manager", "holdings.reported", held(("z", 9))) == []
    rows = issued.store.at().select(Holding, order_by=Holding.security)
    assert [(row.security, row.investor, row.units) for row in rows] == [("plan-1/A", "z", 9), ("plan-1/B", "x", 1)]


def test_units_follow_the_face_value_of_amended_terms(issued: Book) -> None:
    amended = {"plan": "plan-1", "effective": DAY, "reason": "", "terms": TERMS | {"face": 1_000}}
    assert issued.tell("manager", "plan.terms_amended", amended) == []
    assert issued.tell("custodian", "holdings.reported", held(("x", 9))) == ["holdings.total"]
    assert issued.tell("custodian", "holdings.reported", held(("x", 90))) == []
    later = {"plan": "plan-1", "effective": "2026-03-01", "reason": "", "terms": TERMS}
    assert issued.tell("manager", "plan.terms_amended", later) == []
    assert issued.tell("custodian", "holdings.reported", held(("x", 90))) == []


@pytest.mark.parametrize(
    ("conventions", "known"),
    [
        ({"day_count": "ACT/360", "face": 10_000}, True),
        ({"rounding": "half_even", "face": 10_000}, True),
        ({"face": 10_000}, True),
        ({}, False),
        (7, False),
        ({"face": None}, False),
        ({"face": 0}, False),
        ({"face": True}, False),
        ({"face": "10000"}, False),
        ({"face": [10_000]}, False),
    ],
)
def test_units_follow_whatever_a_document_says_of_the_face_value(issued: Book, conventions: Any, known: bool) -> None:
    said = document(conventions=conventions)
    assert issued.tell("manager", "plan.established", termed("plan-2", document=said)) == []
    wrong = held(("x", 5), plan="plan-2")
    assert issued.tell("custodian", "holdings.reported", wrong) == (["holdings.total"] if known else [])
    assert issued.tell("custodian", "holdings.reported", held(("x", 9), plan="plan-2")) == []
    assert issued.store.at().count(Holding, Holding.plan == "plan-2") == 1


def test_holdings_are_reported_by_the_plans_parties(issued: Book) -> None:
    issued.tell("operator", "member.updated", {"member": "bank", "roles": ["custodian"]})
    assert issued.tell("bank", "holdings.reported", held(("x", 9))) == ["sender.not_party"]
    assert issued.tell("custodian", "holdings.reported", held(("x", 9), tranche="C")) == ["reference.missing"]
    assert issued.tell("custodian", "holdings.reported", held(("x", 9), at="2026-01-06")) == ["dates.order"]
    assert issued.tell("custodian", "holdings.reported", held(("x", 9), at="2026-01-04")) == ["dates.order"]
