"""Cases (案件): findings that people work on together. A case is its entries; nothing in it is ever changed or removed.

Whoever acts is asked for by :mod:`regulator.access`; every entry also goes into the trail, in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Self

from sqlalchemy import Connection, select

from ledger.records.base import canonical
from regulator import trail
from regulator.access import Action, Actor, decide, require
from regulator.book import Book
from regulator.book.tables import CaseRow, table_of
from regulator.errors import CaseRefused

__all__ = ["Case", "CaseEntry", "Cases", "Did", "Outcome", "Question"]

TEXT_LIMIT: Final = 20_000
"""Characters of one text: an answer with its reasons, not a file."""


class Did(StrEnum):
    """What an entry says was done."""

    OPENED = "opened"
    COLLECTED = "collected"
    DROPPED = "dropped"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    ASKED = "asked"
    ANSWERED = "answered"
    DECIDED = "decided"
    REOPENED = "reopened"


class Outcome(StrEnum):
    """How a case ends."""

    CONFIRMED = "confirmed"  # 属实
    DISMISSED = "dismissed"  # 排除
    REMEDIED = "remedied"  # 已整改
    REFERRED = "referred"  # 移送


_CASES = table_of(CaseRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """What somebody did in a case, and what it states."""

    number: int
    at: datetime
    actor: str
    did: Did
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to a member, and its answer when there is one."""

    number: int
    to: str
    text: str
    due: date | None
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as its entries leave it. ``findings`` are ids, each with the height at which it was collected."""

    case: str
    title: str
    plan: str | None
    opened_by: str
    opened_at: datetime
    assigned_to: str | None
    findings: tuple[tuple[str, int], ...]
    questions: tuple[Question, ...]
    outcome: Outcome | None
    entries: tuple[CaseEntry, ...]

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.outcome is None

    @classmethod
    def of(cls, case: str, entries: Sequence[CaseEntry]) -> Self:
        """Return the case that these entries, in order, make."""
        first = entries[0]
        findings: dict[str, int] = {}
        questions: dict[int, Question] = {}
        assigned, outcome = None, None
        for one in entries:
            body = one.body
            match one.did:
                case Did.COLLECTED:
                    findings[body["finding"]] = body["height"]
                case Did.DROPPED:
                    findings.pop(body["finding"], None)
                case Did.ASSIGNED:
                    assigned = body["to"]
                case Did.ASKED:
                    due = None if body["due"] is None else date.fromisoformat(body["due"])
                    questions[one.number] = Question(
                        number=one.number, to=body["to"], text=body["text"], due=due, answer=None
                    )
                case Did.ANSWERED:
                    asked = questions[body["question"]]
                    questions[asked.number] = Question(
                        number=asked.number, to=asked.to, text=asked.text, due=asked.due, answer=body["text"]
                    )
                case Did.DECIDED:
                    outcome = Outcome(body["outcome"])
                case Did.REOPENED:
                    outcome = None
        return cls(
            case=case,
            title=first.body["title"],
            plan=first.body["plan"],
            opened_by=first.actor,
            opened_at=first.at,
            assigned_to=assigned,
            findings=tuple(findings.items()),
            questions=tuple(questions.values()),
            outcome=outcome,
            entries=tuple(entries),
        )


class Cases:
    """The cases of a book, for one actor. ``at`` of every act is the caller's clock, UTC.

    Every method raises NotAllowed when the actor's roles do not allow it, CaseRefused when the case does not.
    """

    def __init__(self, book: Book, actor: Actor) -> None:
        self._book = book
        self._actor = actor

    def all(self) -> list[Case]:
        """Return every case that the actor may see, the newest first."""
        with self._book.reads() as connection:
            names = connection.execute(select(_CASES.c.case).distinct()).scalars().all()
            found = [_read(connection, name) for name in names]
        seen = [one for one in found if self._sees(one)]
        return sorted(seen, key=lambda one: (one.opened_at, one.case), reverse=True)

    def get(self, case: str) -> Case:
        """Return a case. Raises CaseRefused ``unknown-case``."""
        with self._book.reads() as connection:
            found = _read(connection, case)
        if not self._sees(found):
            require(self._actor, Action.READ_CASES, found.plan)
        return found

    def open(self, title: str, at: datetime, *, plan: str | None = None) -> Case:
        """Open a case and return it; its id counts up: ``CASE-0001``."""
        require(self._actor, Action.WRITE_CASES, plan)
        _text(title)
        with self._book.writes() as connection:
            number = len(connection.execute(select(_CASES.c.case).where(_CASES.c.number == 0)).all()) + 1
            case = f"CASE-{number:04d}"
            self._append(connection, case, 0, at, Did.OPENED, title=title, plan=plan)
            return _read(connection, case)

    def collect(self, case: str, finding: str, height: int, at: datetime) -> Case:
        """Put a finding into the case, as it stands at ``height``. Raises UnknownFinding."""
        self._book.history(finding)
        return self._act(case, at, Did.COLLECTED, finding=finding, height=height)

    def drop(self, case: str, finding: str, reason: str, at: datetime) -> Case:
        """Take a finding out of the case, with the reason."""
        if finding not in dict(self.get(case).findings):
            raise CaseRefused("case-finding", f"Case {case} does not hold finding {finding}")
        return self._act(case, at, Did.DROPPED, finding=finding, reason=_text(reason))

    def assign(self, case: str, to: str, at: datetime) -> Case:
        """Say who works on it."""
        return self._act(case, at, Did.ASSIGNED, to=_text(to))

    def comment(self, case: str, text: str, at: datetime) -> Case:
        """Add a comment, which only those who may read cases see."""
        return self._act(case, at, Did.COMMENTED, text=_text(text))

    def ask(self, case: str, to: str, text: str, at: datetime, *, due: date | None = None) -> Case:
        """Ask a member a question (问询)."""
        return self._act(case, at, Did.ASKED, to=to, text=_text(text), due=None if due is None else due.isoformat())

    def answer(self, case: str, question: int, text: str, at: datetime) -> Case:
        """Answer a question that was put to the actor's member; a regulator may enter an answer that came on paper."""
        with self._book.writes() as connection:
            found = _read(connection, case)
            asked = next((one for one in found.questions if one.number == question), None)
            to_me = asked is not None and self._actor.member is not None and asked.to == self._actor.member
            require(self._actor, Action.ANSWER if to_me else Action.WRITE_CASES, found.plan)
            if asked is None:
                raise CaseRefused("case-question", f"Case {case} has no question {question}")
            if asked.answer is not None:
                raise CaseRefused("case-answered", f"Question {question} of case {case} was answered already")
            self._append_to(connection, found, at, Did.ANSWERED, question=question, text=_text(text))
            return _read(connection, case)

    def decide(self, case: str, outcome: Outcome, text: str, at: datetime) -> Case:
        """Close the case with a decision and its grounds. Raises CaseRefused while a question waits for its answer."""
        waiting = [one.number for one in self.get(case).questions if one.answer is None]
        if waiting:
            raise CaseRefused(
                "case-waiting",
                f"Case {case} waits for the answer to question {waiting[0]}",
                next_step="Enter the answer, or that none came, with `glasspool case answer`.",
            )
        return self._act(case, at, Did.DECIDED, outcome=outcome.value, text=_text(text))

    def reopen(self, case: str, reason: str, at: datetime) -> Case:
        """Work on a closed case again."""
        require(self._actor, Action.WRITE_CASES, self.get(case).plan)
        with self._book.writes() as connection:
            found = _read(connection, case)
            if found.open:
                raise CaseRefused("case-open", f"Case {case} is open")
            self._append(connection, case, len(found.entries), at, Did.REOPENED, reason=_text(reason))
            return _read(connection, case)

    def _sees(self, case: Case) -> bool:
        asked = self._actor.member is not None and any(one.to == self._actor.member for one in case.questions)
        return decide(self._actor, Action.ANSWER if asked else Action.READ_CASES, case.plan).allowed

    def _act(self, case: str, at: datetime, did: Did, **body: Any) -> Case:
        with self._book.writes() as connection:
            found = _read(connection, case)
            require(self._actor, Action.WRITE_CASES, found.plan)
            self._append_to(connection, found, at, did, **body)
            return _read(connection, case)

    def _append_to(self, connection: Connection, case: Case, at: datetime, did: Did, **body: Any) -> None:
        if not case.open:
            raise CaseRefused(
                "case-closed",
                f"Case {case.case} was closed: {case.outcome}",
                next_step="Reopen it with `glasspool case reopen`.",
            )
        self._append(connection, case.case, len(case.entries), at, did, **body)

    def _append(self, connection: Connection, case: str, number: int, at: datetime, did: Did, **body: Any) -> None:
        entry = trail.append(connection, self._actor, trail.Act.CASE, f"case {case}", at, did=did.value, **body)
        connection.execute(
            _CASES.insert().values(
                case=case,
                number=number,
                at=entry.at.isoformat(timespec="microseconds"),
                actor=self._actor.name,
                did=did.value,
                body=canonical(body).decode(),
            )
        )


def _read(connection: Connection, case: str) -> Case:
    rows = connection.execute(select(_CASES).where(_CASES.c.case == case).order_by(_CASES.c.number)).mappings().all()
    if not rows:
        raise CaseRefused(
            "unknown-case", f"There is no case {case!r}", next_step="List them with `glasspool case list`."
        )
    entries = [
        CaseEntry(
            number=row["number"],
            at=datetime.fromisoformat(row["at"]),
            actor=row["actor"],
            did=Did(row["did"]),
            body=json.loads(row["body"]),
        )
        for row in rows
    ]
    return Case.of(case, entries)


def _text(given: str) -> str:
    if not given.strip() or len(given) > TEXT_LIMIT:
        raise CaseRefused("case-text", f"A text has 1 to {TEXT_LIMIT} characters", next_step="Shorten it, or say it.")
    return given
