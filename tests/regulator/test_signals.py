"""Signals keep what they say through text, and give a finding the same id everywhere."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulator.signals import Level, Signal, Version, finding_id, parts_of, subject_of

TEXT = st.text(max_size=20)
SIGNALS = st.builds(
    Signal,
    rule=TEXT,
    subject=TEXT,
    level=st.sampled_from(Level),
    score=st.integers(0, 100),
    amount=st.integers(-(2**63), 2**63),
    since=st.none() | st.dates(),
    parties=st.lists(TEXT).map(tuple),
    things=st.lists(TEXT).map(tuple),
    evidence=st.lists(st.integers(0, 2**63)).map(tuple),
    details=st.dictionaries(TEXT, TEXT | st.integers()).map(lambda found: tuple(found.items())),
)


@given(SIGNALS)
def test_text_gives_the_signal_back(signal: Signal) -> None:
    again = Signal.from_text(signal.to_text())
    assert again == signal
    assert (again.id, again.to_text()) == (signal.id, signal.to_text())


@given(st.lists(st.text("a/%2F5 ", max_size=6), min_size=1, max_size=4))
def test_a_subject_gives_its_parts_back(parts: list[str]) -> None:
    assert parts_of(subject_of("pair", *parts)) == parts


def test_the_parts_of_a_subject_read_as_they_are() -> None:
    assert subject_of("trade", "南京恒岳", "B-2.x", "2026Q1") == "trade 南京恒岳/B-2.x/2026Q1"
    assert subject_of("pair", "a/b", "5%") == "pair a%2Fb/5%25"


def signal(**changes: object) -> Signal:
    values: dict[str, object] = {"rule": "t.red", "subject": "invoice I", "level": Level.LOW, "score": 5, "amount": 7}
    return Signal(**{**values, **changes})  # type: ignore[arg-type]


def test_what_a_signal_lists_is_sorted_and_once() -> None:
    made = signal(parties=("b", "a", "b"), things=("y 2", "x 1"), evidence=(3, 1, 3))
    assert (made.parties, made.things, made.evidence) == (("a", "b"), ("x 1", "y 2"), (1, 3))
    assert made == signal(parties=("a", "b"), things=("x 1", "y 2"), evidence=(1, 3))


@pytest.mark.parametrize("score", [-1, 101])
def test_a_score_is_a_percentage(score: int) -> None:
    with pytest.raises(ValueError, match="score"):
        signal(score=score)


def test_a_finding_is_its_rule_and_its_subject() -> None:
    assert finding_id("a", "b c") == finding_id("a", "b c") != finding_id("a b", "c")
    assert len(finding_id("a", "b")) == 16
    made = signal(score=6, since=date(2026, 1, 1))
    assert made.id == signal().id == Version(rule="t.red", subject="invoice I", height=3, signal=None).id


def test_details_are_read_by_name() -> None:
    made = signal(details=(("face_fen", 100),))
    assert made.detail("face_fen") == 100
    assert made.detail("other") is None


def test_levels_have_an_order() -> None:
    assert sorted([Level.HIGH, Level.LOW, Level.MEDIUM], key=lambda one: one.rank) == [
        Level.LOW, Level.MEDIUM, Level.HIGH
    ]  # fmt: skip
