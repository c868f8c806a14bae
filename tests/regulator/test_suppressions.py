"""A suppression hides what it names until its last day is over, and says whose word that is; it removes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from regulator import trail
from regulator.access import Actor
from regulator.book import Book, Followed
from regulator.errors import NotAllowed, SuppressionRefused
from regulator.signals import Level, Signal, Version
from regulator.suppressions import LONGEST, Suppressions
from tests.support.databases import MakeDatabase

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)
LI = Actor(name="Li", roles=frozenset({"regulator"}))
RULES = ("t.a", "t.b", "tt.a")


def said(subject: str, rule: str, **named: tuple[str, ...]) -> Signal:
    return Signal(rule=rule, subject=subject, level=Level.LOW, score=5, amount=7, **named)  # type: ignore[arg-type]


SIGNALS = (
    said("invoice I", "t.a", parties=("m",), things=("plan P",)),
    said("invoice J", "t.a"),
    said("invoice I", "t.b"),
    said("invoice I", "tt.a"),
)
IDS = {(one.subject, one.rule): one.id for one in SIGNALS}


@pytest.fixture
def casebook(database: MakeDatabase) -> Iterator[Book]:
    with Book.open(database.empty()) as made:
        versions = [Version(rule=one.rule, subject=one.subject, height=1, signal=one) for one in SIGNALS]
        made.keep("t", versions, None, Followed(height=1, facts_digest="0"))
        yield made


@pytest.fixture
def mine(casebook: Book) -> Suppressions:
    return Suppressions(casebook, LI)


def hidden(mine: Suppressions, on: date = TODAY) -> set[tuple[str, str]]:
    found = mine.hidden([(one.id, one.rule) for one in SIGNALS], on)
    return {key for key, id_ in IDS.items() if id_ in found}


def make(mine: Suppressions, rule: str, until: date = TODAY, **other: str | None) -> str:
    return mine.make(rule, "已知", until, NOON, rules=RULES, **other).id


def test_a_rule_or_a_family_is_hidden(mine: Suppressions) -> None:
    assert hidden(mine) == set()
    first = make(mine, "t.a")
    assert hidden(mine) == {("invoice I", "t.a"), ("invoice J", "t.a")}
    mine.withdraw(first, NOON)
    assert hidden(mine) == set()
    make(mine, "t")
    assert hidden(mine) == {("invoice I", "t.a"), ("invoice J", "t.a"), ("invoice I", "t.b")}


@pytest.mark.parametrize("thing", ["invoice I", "member m", "plan P"])
def test_only_what_names_the_thing_is_hidden(mine: Suppressions, thing: str) -> None:
    make(mine, "t.a", thing=thing)
    assert hidden(mine) == {("invoice I", "t.a")}


def test_a_thing_nobody_names_hides_nothing(mine: Suppressions) -> None:
    make(mine, "t", thing="invoice K")
    assert hidden(mine) == set()


def test_its_last_day_counts(mine: Suppressions) -> None:
    make(mine, "tt", until=TODAY + timedelta(days=7))
    assert hidden(mine, TODAY + timedelta(days=7)) == {("invoice I", "tt.a")}
    assert hidden(mine, TODAY + timedelta(days=8)) == set()


def test_the_first_that_hides_is_told_with_its_reason(mine: Suppressions) -> None:
    make(mine, "t")
    make(mine, "t.a")
    (told,) = {one.id for one in mine.hidden([(SIGNALS[0].id, "t.a")], TODAY).values()}
    assert told == "SUP-0001"
    assert mine.hidden([], TODAY) == {}


def test_one_that_cannot_be_is_refused_and_leaves_nothing(mine: Suppressions, casebook: Book) -> None:
    cases: list[tuple[str, str, str, date, str | None]] = [
        ("suppression-rule", "t.c", "why", TODAY, None),
        ("suppression-rule", "", "why", TODAY, None),
        ("suppression-rule", "t.", "why", TODAY, None),
        ("suppression-reason", "t.a", " ", TODAY, None),
        ("suppression-reason", "t.a", "x" * 2_001, TODAY, None),
        ("suppression-reason", "t.a", "\0", TODAY, None),
        ("suppression-thing", "t.a", "why", TODAY, "I"),
        ("suppression-thing", "t.a", "why", TODAY, "invoice "),
        ("suppression-expiry", "t.a", "why", TODAY - timedelta(days=1), None),
        ("suppression-expiry", "t.a", "why", TODAY + timedelta(days=LONGEST + 1), None),
    ]
    for code, rule, reason, until, thing in cases:
        with pytest.raises(SuppressionRefused) as refused:
            mine.make(rule, reason, until, NOON, rules=RULES, thing=thing)
        assert refused.value.code == code, (rule, reason, until, thing)
        assert refused.value.next_step
    assert mine.all() == []
    with casebook.reads() as connection:
        assert trail.count(connection) == 0


def test_the_day_is_chinas(mine: Suppressions) -> None:
    late = NOON.replace(hour=20)  # the third of March there
    with pytest.raises(SuppressionRefused):
        mine.make("t.a", "why", TODAY, late, rules=RULES)
    assert mine.make("t.a", "why", TODAY + timedelta(days=1 + LONGEST), late, rules=RULES).author == "Li"


def test_only_who_may_suppresses(mine: Suppressions, casebook: Book) -> None:
    made = make(mine, "t.a")
    auditor = Suppressions(casebook, Actor(name="Wang", roles=frozenset({"auditor"})))
    with pytest.raises(NotAllowed):
        make(auditor, "t.b")
    with pytest.raises(NotAllowed):
        auditor.withdraw(made, NOON)
    assert hidden(auditor) == hidden(mine) != set()


def test_one_is_withdrawn_once(mine: Suppressions) -> None:
    made = make(mine, "t.a")
    mine.withdraw(made, NOON)
    for unknown in (made, "SUP-9999"):
        with pytest.raises(SuppressionRefused) as refused:
            mine.withdraw(unknown, NOON)
        assert refused.value.code == "suppression-unknown"
    assert [(one.id, one.withdrawn_by) for one in mine.all()] == [(made, "Li")]
    assert make(mine, "t.a") == "SUP-0002"


def test_who_made_and_withdrew_it_stands_in_the_trail(mine: Suppressions, casebook: Book) -> None:
    made = make(mine, "t.a", thing="invoice I")
    mine.withdraw(made, NOON)
    with casebook.reads() as connection:
        withdrawn, told = trail.entries(connection, subject=f"suppression {made}")
        assert trail.check(connection) == []
    assert (told.actor, told.details["reason"], told.details["expires_on"]) == ("Li", "已知", "2026-03-02")
    assert withdrawn.details == {"withdrawn": True}


def test_what_is_hidden_is_still_found(mine: Suppressions, casebook: Book) -> None:
    make(mine, "t")
    assert len(casebook.findings()) == 4
    assert casebook.history(SIGNALS[0].id)
