"""A case is its entries: every act by whoever may, in an order that makes sense, and nothing is ever taken back."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from regulator import trail
from regulator.access import Actor
from regulator.book import Book, Followed
from regulator.cases import LEAVES, Case, Cases, Did, Outcome
from regulator.errors import CaseRefused, NotAllowed, UnknownFinding
from regulator.signals import Level, Signal, Version
from tests.support.databases import MakeDatabase

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
LI = Actor(name="Li", roles=frozenset({"regulator"}))
WANG = Actor(name="Wang", roles=frozenset({"auditor"}))
ZHAO = Actor(name="Zhao", roles=frozenset({"plan_manager"}), member="manager", plans=frozenset({"P"}))
QIAN = Actor(name="Qian", roles=frozenset({"bank"}), member="bank")
FOUND = Signal(rule="t.a", subject="invoice I", level=Level.LOW, score=5, amount=7)


@pytest.fixture
def casebook(database: MakeDatabase) -> Iterator[Book]:
    with Book.open(database.empty()) as made:
        version = Version(rule=FOUND.rule, subject=FOUND.subject, height=3, signal=FOUND)
        made.keep("t", [version], None, Followed(height=5, facts_digest="0"))
        yield made


@pytest.fixture
def cases(casebook: Book) -> Cases:
    return Cases(casebook, LI)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(CaseRefused) as refused:
        act()
    assert refused.value.next_step
    return refused.value.code


def test_a_case_from_its_opening_to_its_decision(cases: Cases, casebook: Book) -> None:
    name = cases.open("重复融资", NOON, plan="P").case
    cases.collect(name, FOUND.id, 3, NOON)
    cases.collect(name, FOUND.id, 4, NOON)
    cases.assign(name, "Wang", NOON)
    cases.comment(name, "先问管理人", NOON)
    cases.ask(name, "manager", "谁先登记？", NOON, due=date(2026, 3, 9))
    cases.answer(name, 5, "我方", NOON)
    cases.drop(name, FOUND.id, "同一笔", NOON)
    cases.collect(name, FOUND.id, 5, NOON)
    done = cases.decide(name, Outcome.CONFIRMED, "两次融资", NOON + timedelta(days=1))
    assert (done.case, done.title, done.plan, done.opened_by, done.assigned_to) == (
        "CASE-0001", "重复融资", "P", "Li", "Wang"
    )  # fmt: skip
    assert done.findings == ((FOUND.id, 5),)
    assert [(one.number, one.to, one.due, one.answer) for one in done.questions] == [
        (5, "manager", date(2026, 3, 9), "我方")
    ]
    assert (done.outcome, done.open) == (Outcome.CONFIRMED, False)
    assert [one.did for one in done.entries] == [
        Did.OPENED, Did.COLLECTED, Did.COLLECTED, Did.ASSIGNED, Did.COMMENTED, Did.ASKED, Did.ANSWERED, Did.DROPPED,
        Did.COLLECTED, Did.DECIDED,
    ]  # fmt: skip
    assert [one.number for one in done.entries] == list(range(10))
    assert done.entries[-1].at == NOON + timedelta(days=1)
    assert cases.get(name) == done
    with casebook.reads() as connection:
        told = trail.entries(connection, subject=f"case {name}")
        assert [one.details["did"] for one in reversed(told)] == [one.did.value for one in done.entries]
        assert trail.check(connection) == []


def test_a_closed_case_is_worked_on_after_it_is_reopened(cases: Cases) -> None:
    name = cases.open("x", NOON).case
    assert refusal(lambda: cases.reopen(name, "why", NOON)) == "case-open"
    cases.ask(name, "bank", "?", NOON)
    assert refusal(lambda: cases.decide(name, Outcome.DISMISSED, "no", NOON)) == "case-waiting"
    cases.answer(name, 1, "none came", NOON)
    cases.decide(name, Outcome.DISMISSED, "no", NOON)
    acts: list[Callable[[], Case]] = [
        lambda: cases.collect(name, FOUND.id, 3, NOON),
        lambda: cases.drop(name, FOUND.id, "why", NOON),
        lambda: cases.assign(name, "Wang", NOON),
        lambda: cases.comment(name, "hm", NOON),
        lambda: cases.ask(name, "bank", "?", NOON),
        lambda: cases.answer(name, 1, "again", NOON),
        lambda: cases.decide(name, Outcome.CONFIRMED, "yes", NOON),
    ]
    assert {refusal(act) for act in acts} == {"case-closed", "case-answered"}
    before = cases.get(name)
    assert len(before.entries) == 4
    again = cases.reopen(name, "new records", NOON)
    assert (again.open, again.entries[:4]) == (True, before.entries)
    assert cases.comment(name, "hm", NOON).entries[-1].did is Did.COMMENTED


def test_what_makes_no_sense_is_refused_and_leaves_nothing(cases: Cases, casebook: Book) -> None:
    name = cases.open("x", NOON).case
    acts: dict[str, Callable[[], object]] = {
        "unknown-case": lambda: cases.get("CASE-0002"),
        "case-height": lambda: cases.collect(name, FOUND.id, 2, NOON),
        "case-finding": lambda: cases.drop(name, FOUND.id, "why", NOON),
        "case-question": lambda: cases.answer(name, 0, "yes", NOON),
        "case-due": lambda: cases.ask(name, "bank", "?", NOON, due=date(2026, 3, 1)),
    }
    for code, act in acts.items():
        assert refusal(act) == code
    for text in ("", " \n", "x" * 20_001, "a\0b", "a\x1b[2J", "\ud800"):
        assert refusal(lambda text=text: cases.comment(name, text, NOON)) == "case-text"  # type: ignore[misc]
    assert refusal(lambda: cases.open("x" * 201, NOON)) == "case-text"
    assert refusal(lambda: cases.assign(name, "", NOON)) == "case-text"
    with pytest.raises(UnknownFinding):
        cases.collect(name, "0" * 16, 3, NOON)
    assert len(cases.get(name).entries) == 1
    with casebook.reads() as connection:
        assert trail.count(connection) == 1


def test_a_question_may_be_due_on_the_day_it_is_asked(cases: Cases) -> None:
    """China's day: at 20:00 UTC it is the next one there."""
    name = cases.open("x", NOON).case
    late = NOON.replace(hour=20)
    assert refusal(lambda: cases.ask(name, "bank", "?", late, due=date(2026, 3, 2))) == "case-due"
    assert cases.ask(name, "bank", "?", late, due=date(2026, 3, 3)).questions[0].due == date(2026, 3, 3)


def test_who_may_not_write_writes_nothing(cases: Cases, casebook: Book) -> None:
    name = cases.open("x", NOON, plan="P").case
    cases.ask(name, "manager", "?", NOON)
    for actor in (ZHAO, QIAN, Actor(name="Op", roles=frozenset({"operator"})), Actor(name="No", roles=frozenset())):
        theirs = Cases(casebook, actor)
        acts: list[Callable[[], object]] = [
            lambda theirs=theirs: theirs.open("x", NOON, plan="P"),
            lambda theirs=theirs: theirs.collect(name, FOUND.id, 3, NOON),
            lambda theirs=theirs: theirs.collect(name, "0" * 16, 3, NOON),
            lambda theirs=theirs: theirs.drop(name, FOUND.id, "why", NOON),
            lambda theirs=theirs: theirs.assign(name, "me", NOON),
            lambda theirs=theirs: theirs.comment(name, "hm", NOON),
            lambda theirs=theirs: theirs.ask(name, "bank", "?", NOON),
            lambda theirs=theirs: theirs.decide(name, Outcome.DISMISSED, "no", NOON),
            lambda theirs=theirs: theirs.reopen(name, "why", NOON),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                act()
    assert len(cases.get(name).entries) == 2
    assert Cases(casebook, WANG).comment(name, "hm", NOON).entries[-1].actor == "Wang"


def test_a_member_sees_and_answers_what_it_was_asked_and_no_more(cases: Cases, casebook: Book) -> None:
    name = cases.open("about the bank", NOON).case
    other = cases.open("another", NOON).case
    cases.comment(name, "the bank lies", NOON)
    cases.collect(name, FOUND.id, 3, NOON)
    cases.assign(name, "Wang", NOON)
    cases.ask(name, "manager", "the bank?", NOON)
    cases.answer(name, 4, "lies", NOON)
    cases.ask(name, "bank", "when?", NOON)
    theirs = Cases(casebook, QIAN)
    (seen,) = theirs.all()
    assert seen == theirs.get(name)
    assert [one.did for one in seen.entries] == [Did.OPENED, Did.ASKED]
    assert (seen.findings, seen.assigned_to, [one.text for one in seen.questions]) == ((), None, ["when?"])
    for act in (
        lambda: theirs.get(other),
        lambda: theirs.answer(name, 4, "we do not", NOON),
        lambda: theirs.answer(name, 9, "what?", NOON),
        lambda: theirs.answer(other, 1, "what?", NOON),
    ):
        with pytest.raises(NotAllowed):
            act()
    done = theirs.answer(name, 6, "in May", NOON)
    assert [one.did for one in done.entries] == [Did.OPENED, Did.ASKED, Did.ANSWERED]
    assert [one.answer for one in cases.get(name).questions] == ["lies", "in May"]
    assert cases.get(name).entries[-1].actor == "Qian"


def test_who_acts_for_nobody_and_who_was_not_asked_sees_no_case(cases: Cases, casebook: Book) -> None:
    name = cases.open("x", NOON, plan="P").case
    cases.ask(name, "bank", "?", NOON)
    for actor in (ZHAO, Actor(name="No", roles=frozenset({"bank"})), Actor(name="Op", roles=frozenset({"operator"}))):
        assert Cases(casebook, actor).all() == []
        with pytest.raises(NotAllowed):
            Cases(casebook, actor).get(name)
    assert [one.case for one in Cases(casebook, WANG).all()] == [name]


def test_an_auditor_of_a_member_that_is_asked_still_sees_all(cases: Cases, casebook: Book) -> None:
    name = cases.open("x", NOON).case
    cases.comment(name, "hm", NOON)
    cases.ask(name, "firm", "?", NOON)
    both = Cases(casebook, Actor(name="Sun", roles=frozenset({"auditor"}), member="firm"))
    assert len(both.get(name).entries) == 3
    assert both.answer(name, 2, "yes", NOON).questions[0].answer == "yes"


def test_cases_are_listed_newest_first(cases: Cases) -> None:
    for number in range(3):
        cases.open(f"case {number}", NOON + timedelta(hours=number))
    cases.comment("CASE-0001", "hm", NOON)
    assert [one.case for one in cases.all()] == ["CASE-0003", "CASE-0002", "CASE-0001"]
    assert [len(one.entries) for one in cases.all()] == [1, 1, 2]


def test_comments_and_who_works_on_it_do_not_leave() -> None:
    assert set(Did) - LEAVES == {Did.COMMENTED, Did.ASSIGNED}


def _opens(location: Path | str, name: str, count: int) -> None:
    with Book.open(location) as book:
        mine = Cases(book, Actor(name=name, roles=frozenset({"regulator"})))
        for number in range(count):
            mine.open(f"{name} {number}", NOON)
            mine.comment("CASE-0001", f"{name} {number}", NOON)


def test_processes_that_work_at_once_lose_nothing(database: MakeDatabase) -> None:
    location = database.empty()
    _opens(location, "first", 1)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_opens, args=(location, f"p{each}", 6)) for each in range(2)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(60)
    assert [one.exitcode for one in processes] == [0, 0]
    with Book.open(location) as book:
        found = Cases(book, LI).all()
        assert sorted(one.case for one in found) == [f"CASE-{each:04d}" for each in range(1, 14)]
        assert {one.title for one in found} == {"first 0", *(f"p{each} {n}" for each in range(2) for n in range(6))}
        assert len(Cases(book, LI).get("CASE-0001").entries) == 14
        with book.reads() as connection:
            assert trail.count(connection) == 26
            assert trail.check(connection) == []
