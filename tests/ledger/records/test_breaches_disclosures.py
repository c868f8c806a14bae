"""Every breach about disclosures, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import Disclosure
from tests.support.ledger_book import Book, plan
from tests.support.plan_book import DAY


@pytest.fixture
def listed(book: Book) -> Book:
    """Two plans of the venue SSE, and two exchanges."""
    book.admit({"sse": ["exchange"], "szse": ["exchange"], "agency": ["rating"]})
    for name in ("plan-1", "plan-2"):
        book.tell("manager", "plan.established", plan(name))
    assert book.found == []
    return book


def filed(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "disclosure": name, "report": "distribution", "kind": "regular", "plan": "plan-1", "period": 1,
        "package_digest": "ab" * 32, "signer": "manager", "supersedes": None, **changes,
    }  # fmt: skip


def answered(name: str, exchange: str = "sse", **changes: Any) -> dict[str, Any]:
    return {"disclosure": name, "exchange": exchange, "accepted": True, "reason": None, "at": DAY, **changes}


def test_a_disclosure_is_filed_by_its_signer(listed: Book) -> None:
    assert listed.tell("manager", "disclosure.filed", filed("d1")) == []
    assert listed.tell("custodian", "disclosure.filed", filed("d2", signer="custodian", period=None)) == []
    assert listed.tell("agency", "disclosure.filed", filed("d3", signer="agency")) == []
    assert listed.tell("custodian", "disclosure.filed", filed("d4")) == ["sender.not_party"]
    assert listed.tell("manager", "disclosure.filed", filed("d1")) == ["identifier.reused"]
    assert listed.tell("manager", "disclosure.filed", filed("d5", package_digest="AB" * 32)) == ["record.malformed"]
    listed.tell("operator", "member.updated", {"member": "bank", "roles": ["plan_manager"]})
    assert listed.tell("bank", "disclosure.filed", filed("d6", signer="bank")) == ["sender.not_party"]
    row = listed.store.at().get(Disclosure, "d1")
    assert (row.report, row.kind, row.period, str(row.filed_on)) == ("distribution", "regular", 1, DAY)


def test_a_disclosure_supersedes_one_of_its_plan_once(listed: Book) -> None:
    listed.tell("manager", "disclosure.filed", filed("d1"))
    first = listed.last()
    assert listed.tell("manager", "disclosure.filed", filed("d2", supersedes="none")) == ["disclosure.supersedes"]
    assert listed.tell("manager", "disclosure.filed", filed("d3", supersedes="d3")) == ["disclosure.supersedes"]
    other = filed("d4", plan="plan-2", supersedes="d1")
    assert listed.tell("manager", "disclosure.filed", other) == ["disclosure.supersedes"]
    assert listed.found[-1].others == (first,)
    assert listed.tell("manager", "disclosure.filed", filed("d5", supersedes="d1")) == []
    assert listed.tell("manager", "disclosure.filed", filed("d6", supersedes="d1")) == ["disclosure.supersedes"]
    assert listed.tell("manager", "disclosure.filed", filed("d7", supersedes="d5")) == []
    facts = listed.store.at()
    assert [facts.get(Disclosure, name).superseded_by for name in ("d1", "d5", "d7")] == ["d5", "d7", None]


def test_the_venue_acknowledges_once(listed: Book) -> None:
    for name in ("d1", "d2", "d3"):
        listed.tell("manager", "disclosure.filed", filed(name))
    assert listed.tell("sse", "disclosure.acknowledged", answered("d1", accepted=False, reason="缺页")) == []
    assert listed.tell("sse", "disclosure.acknowledged", answered("d1")) == ["disclosure.acknowledged"]
    row = listed.store.at().get(Disclosure, "d1")
    assert (row.exchange, row.accepted, row.answer) == ("sse", False, "缺页")
    assert listed.tell("szse", "disclosure.acknowledged", answered("d2", "szse")) == ["disclosure.acknowledged"]
    assert listed.tell("szse", "disclosure.acknowledged", answered("d3")) == ["sender.not_party"]
    assert listed.tell("sse", "disclosure.acknowledged", answered("none")) == ["reference.missing"]
    # What was sent back is filed again under another name, and that may be acknowledged.
    assert listed.tell("manager", "disclosure.filed", filed("d4", supersedes="d1")) == []
    assert listed.tell("sse", "disclosure.acknowledged", answered("d4", at="2026-01-04")) == ["dates.order"]
