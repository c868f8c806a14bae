"""The choice of a day: what a browser may say, in which order it counts, and that only the newest is shown."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.day_picker import FIRST_DAY, Chosen, DayPicker, chosen_day
from dashboards.newest import Newest
from dashboards.texts import Language

LAST = date(2024, 12, 31)
DAY = date(2024, 9, 30)


@pytest.mark.parametrize("on", [FIRST_DAY, date(2024, 2, 29), LAST])
def test_a_day_within_bounds_is_a_choice(on: date) -> None:
    assert chosen_day({"number": 7, "day": on.isoformat()}, last=LAST) == Chosen(number=7, day=on)
    assert chosen_day({"number": 7, "day": None}, last=LAST) == Chosen(number=7, day=None)


REFUSED: dict[str, object] = {
    "no-message": None,
    "text": "2024-09-30",
    "list": ["number", "day"],
    "no-number": {"day": "2024-09-30"},
    "no-day": {"number": 1},
    "more": {"number": 1, "day": "2024-09-30", "plan": "other"},
    "number-true": {"number": True, "day": "2024-09-30"},
    "number-zero": {"number": 0, "day": "2024-09-30"},
    "number-negative": {"number": -1, "day": "2024-09-30"},
    "number-fraction": {"number": 1.0, "day": "2024-09-30"},
    "number-text": {"number": "1", "day": "2024-09-30"},
    "number-huge": {"number": 2**53, "day": "2024-09-30"},
    "day-number": {"number": 1, "day": 20240930},
    "day-empty": {"number": 1, "day": ""},
    "day-basic-format": {"number": 1, "day": "20240930"},
    "day-week-format": {"number": 1, "day": "2024-W40-1"},
    "day-with-time": {"number": 1, "day": "2024-09-30T00:00"},
    "day-with-space": {"number": 1, "day": "2024-09-30 "},
    "day-with-newline": {"number": 1, "day": "2024-09-30\n"},
    "day-other-digits": {"number": 1, "day": "２０２４-09-30"},
    "day-unpadded": {"number": 1, "day": "2024-9-30"},
    "day-half-typed-year": {"number": 1, "day": "202-01-01"},
    "day-year-too-long": {"number": 1, "day": "20240-09-30"},
    "day-no-such": {"number": 1, "day": "2023-02-29"},
    "day-zero": {"number": 1, "day": "0000-00-00"},
    "day-too-early": {"number": 1, "day": "1989-12-31"},
    "day-too-late": {"number": 1, "day": "2025-01-01"},
}


@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED)
def test_anything_else_is_no_choice(message: object) -> None:
    assert chosen_day(message, last=LAST) is None
    picker = DayPicker(DAY, language=Language.ZH)
    picker.reach(LAST)
    picker.answer(message)
    assert (picker.value, picker.view.day, picker.view.seen) == (DAY, "2024-09-30", 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(str),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["number", "day", "x"]), inner),
    max_leaves=5,
)


@given(JSON)
def test_whatever_a_browser_sends_a_choice_is_within_bounds(message: Any) -> None:
    said = chosen_day(message, last=LAST)
    if said is not None:
        assert 0 < said.number < 2**53
        assert said.day is None or FIRST_DAY <= said.day <= LAST
        assert message == {"number": said.number, "day": None if said.day is None else said.day.isoformat()}


def test_an_older_word_that_comes_late_changes_nothing() -> None:
    picker, told = DayPicker(None, language=Language.ZH), []
    picker.chosen = lambda: told.append(picker.value)
    picker.answer({"number": 2, "day": "2024-09-30"})
    picker.answer({"number": 1, "day": "2024-03-01"})
    picker.answer({"number": 2, "day": "2024-08-30"})
    assert told == [DAY]
    assert (picker.view.day, picker.view.seen) == ("2024-09-30", 2)
    picker.answer({"number": 9, "day": None})
    assert told == [DAY, None]
    assert (picker.view.day, picker.view.seen) == ("", 9)


def test_the_labels_name_the_bounds_in_the_pages_language() -> None:
    picker = DayPicker(None, language=Language.ZH)
    assert picker.view.labels["day"] == "统计日"
    assert picker.view.labels["outside"] == "请选择 1990-01-01 或之后的日期"
    picker.reach(LAST)
    assert (picker.view.first, picker.view.last) == ("1990-01-01", "2024-12-31")
    picker.speak(Language.EN)
    assert picker.view.labels["outside"] == "Choose a date from 1990-01-01 to 2024-12-31"
    assert picker.view.labels["day"] == "Measured on"


class Slow:
    """An answer to ``choice`` that waits until it is let; what was read and shown, in order."""

    def __init__(self) -> None:
        self.choice = 0
        self.begun, self.let = threading.Event(), threading.Event()
        self.read_: list[int] = []
        self.shown: list[int] = []
        self.fails: set[int] = set()

    def read(self) -> int:
        choice = self.choice
        self.read_.append(choice)
        self.begun.set()
        assert self.let.wait(10)
        if choice in self.fails:
            raise OSError(choice)
        return choice

    def show(self, answer: int) -> None:
        self.shown.append(answer)


@pytest.mark.parametrize("older_fails", [False, True])
def test_an_answer_to_an_older_choice_is_never_shown(older_fails: bool) -> None:
    slow, newest = Slow(), Newest()
    slow.fails = {0} if older_fails else set()
    first = threading.Thread(target=newest.show, args=(slow.read, slow.show))
    first.start()
    assert slow.begun.wait(10)
    for slow.choice in range(1, 5):
        newest.show(slow.read, slow.show)  # returns at once: the first thread serves it
    slow.let.set()
    first.join()
    assert slow.shown == [4]
    assert slow.read_ == [0, 4]


def test_an_error_for_the_newest_choice_is_raised_and_the_next_is_read_again() -> None:
    slow, newest = Slow(), Newest()
    slow.let.set()
    slow.fails = {0}
    with pytest.raises(OSError, match="0"):
        newest.show(slow.read, slow.show)
    slow.choice = 1
    newest.show(slow.read, slow.show)
    assert slow.shown == [1]


def test_an_interrupted_reading_leaves_the_next_free() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    shown: list[int] = []
    newest = Newest()
    with pytest.raises(KeyboardInterrupt):
        newest.show(interrupted, lambda _: None)
    newest.show(lambda: 1, shown.append)
    assert shown == [1]
