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
RULES = {"t.a": "t", "t.b": "t", "tt.a": "tt"}


def said(subject: str, rule: str, level: Level = Level.LOW, amount: int = 100, **named: tuple[str, ...]) -> Signal:
    return Signal(rule=rule, subject=subject, level=level, score=5, amount=amount, **named)  # type: ignore[arg-type]


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
        made.keep("t", versions, None, upto(1))
        yield made


def upto(height: int) -> Followed:
    return Followed(height=height, facts_digest="0")


def becomes(book: Book, height: int, *signals: Signal | None, after: int = 1) -> None:
    """From ``height`` on the finding J says one thing after another, block by block."""
    versions = [
        Version(rule="t.a", subject="invoice J", height=height + n, signal=one) for n, one in enumerate(signals)
    ]
    book.keep("t", versions, upto(after), upto(versions[-1].height))


@pytest.fixture
def mine(casebook: Book) -> Suppressions:
    return Suppressions(casebook, LI)


def hidden(mine: Suppressions, on: date = TODAY) -> set[tuple[str, str]]:
    found = mine.hidden(mine._book.findings(standing=None), on)
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


def test_the_first_that_hides_is_told_with_its_reason(mine: Suppressions, casebook: Book) -> None:
    make(mine, "t")
    make(mine, "t.a")
    (told,) = {one.id for one in mine.hidden([casebook.line(SIGNALS[0].id)], TODAY).values()}
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


J = ("invoice J", "t.a")


@pytest.mark.parametrize(
    ("later", "stays"),
    [
        ([said(*J, amount=150)], True),  # half as much again, and no more
        ([said(*J, amount=151)], False),
        ([said(*J, level=Level.MEDIUM)], False),
        ([said(*J, level=Level.HIGH, amount=1)], False),
        ([said(*J, amount=60), said(*J, amount=140)], True),  # measured by what was known, not by the last version
        ([said(*J, amount=140), said(*J, amount=190)], False),  # nor does it grow past by small steps
        ([said(*J, level=Level.HIGH), said(*J)], True),  # and no longer is
        ([None, said(*J)], True),  # it came back as it was
        ([None, said(*J, amount=151)], False),
    ],
)
def test_a_finding_that_becomes_graver_is_shown_again(
    mine: Suppressions, casebook: Book, later: list[Signal | None], stays: bool
) -> None:
    make(mine, "t.a")
    becomes(casebook, 2, *later)
    assert (J in hidden(mine)) is stays
    assert ("invoice I", "t.a") in hidden(mine)  # nothing became of that one


def test_what_was_graver_already_is_known_and_stays_hidden(mine: Suppressions, casebook: Book) -> None:
    becomes(casebook, 2, said(*J, level=Level.HIGH, amount=1000))
    make(mine, "t.a")
    assert J in hidden(mine)
    becomes(casebook, 3, said(*J, level=Level.HIGH, amount=1501), after=2)
    assert J not in hidden(mine)
    again = make(mine, "t.a")  # whoever looks at it again can hide it again
    assert J in hidden(mine)
    assert mine.hidden([casebook.line(IDS[J])], TODAY)[IDS[J]].id == again


def test_one_found_later_is_measured_by_what_it_first_said(mine: Suppressions, casebook: Book) -> None:
    make(mine, "t.a")
    new = [said("invoice N", "t.a", amount=amount) for amount in (100, 400)]
    first, then = (Version(rule="t.a", subject="invoice N", height=5 + n, signal=one) for n, one in enumerate(new))
    casebook.keep("t", [first], upto(1), upto(5))
    assert new[0].id in mine.hidden(casebook.findings(), TODAY)
    casebook.keep("t", [then], upto(5), upto(6))
    assert new[0].id not in mine.hidden(casebook.findings(), TODAY)


def test_a_family_is_known_as_far_as_all_its_rules_were_followed(mine: Suppressions, casebook: Book) -> None:
    casebook.keep("late", [], None, upto(0))
    assert mine.make("t.a", "why", TODAY, NOON, rules=RULES).height == 1
    assert mine.make("t", "why", TODAY, NOON, rules={**RULES, "t.c": "late"}).height == 0
    assert mine.make("tt", "why", TODAY, NOON, rules=RULES).height == -1
