"""The field in which a person chooses the day of a page: a native date field, whose text belongs to the browser.

The browser says that a day was chosen once it is complete and the person has paused; the server answers with the number
of what it last took, and the field takes over an answer only to its newest word and never while it is being edited.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final

import param
from panel.custom import JSComponent
from panel.viewable import Viewable, Viewer

from dashboards.formats import day
from dashboards.texts import Language, text

__all__ = ["FIRST_DAY", "Chosen", "DayPicker", "chosen_day"]

#: No ledger is older; an earlier year is one that is still being typed.
FIRST_DAY: Final = date(1990, 1, 1)

_ASSETS = Path(__file__).parent / "assets"
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_NUMBER = 2**53 - 1  # what a browser counts up to without losing one
_WIDTH = 190


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the browser said with its ``number``-th word: a day, or None for that of the newest block."""

    number: int
    day: date | None


def chosen_day(message: object, *, last: date | None) -> Chosen | None:
    """``message`` as a choice of a day from FIRST_DAY to ``last``; None for anything else a browser may send."""
    if not isinstance(message, dict) or message.keys() != {"number", "day"}:
        return None
    number, written = message["number"], message["day"]
    if type(number) is not int or not 0 < number <= _MAX_NUMBER:
        return None
    if written is None:
        return Chosen(number=number, day=None)
    if not isinstance(written, str) or not _ISO.fullmatch(written):
        return None
    try:
        on = date.fromisoformat(written)
    except ValueError:
        return None
    if on < FIRST_DAY or (last is not None and on > last):
        return None
    return Chosen(number=number, day=on)


class DayView(JSComponent):
    """The drawn field: the day the server knows of and the number of the word it came with, the bounds, the labels."""

    day = param.String(default="")
    seen = param.Integer(default=0)
    first = param.String(default=FIRST_DAY.isoformat())
    last = param.String(default="")
    labels = param.Dict(default={})

    _esm = _ASSETS / "day.js"
    _stylesheets = [(_ASSETS / "day.css").read_text(encoding="utf-8")]  # noqa: RUF012 — Panel's own declaration

    def __init__(self, **params: Any) -> None:
        self.said: Callable[[object], None] = lambda _: None
        super().__init__(**params)  # type: ignore[no-untyped-call]

    def _handle_msg(self, msg: object) -> None:
        self.said(msg)


class DayPicker(Viewer):
    """``value`` is the day chosen last; ``chosen`` is called after every choice, on any thread and possibly on two."""

    def __init__(self, value: date | None, *, language: Language) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.value = value
        self.last: date | None = None
        self.chosen: Callable[[], None] = lambda: None
        self._language = language
        self._answering = Lock()
        self.view = DayView(day="" if value is None else day(value), width=_WIDTH, margin=0)
        self.view.said = self.answer
        self._label()

    def __panel__(self) -> Viewable:
        return self.view

    def speak(self, language: Language) -> None:
        """The labels are in ``language``; what is written in the field stays."""
        self._language = language
        self._label()

    def reach(self, last: date | None) -> None:
        """No day after ``last`` can be chosen."""
        self.last = last
        self._label()

    def answer(self, message: object) -> None:
        """What the browser chose is chosen; what it may not say, and what comes after a later word, changes nothing."""
        with self._answering:
            said = chosen_day(message, last=self.last)
            if said is None or said.number <= self.view.seen:
                return
            self.value = said.day
            self.view.param.update(day="" if said.day is None else day(said.day), seen=said.number)
        self.chosen()

    def _label(self) -> None:
        bounds = {"first": day(FIRST_DAY)}
        outside = text("day_before", self._language, **bounds)
        if self.last is not None:
            outside = text("day_outside", self._language, last=day(self.last), **bounds)
        self.view.param.update(
            last="" if self.last is None else day(self.last),
            labels={
                "day": text("measured_on", self._language),
                "clear": text("day_clear", self._language),
                "incomplete": text("day_incomplete", self._language),
                "outside": outside,
            },
        )
