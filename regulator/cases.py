"""Cases (案件): findings that people work on together. A case is its entries; nothing in it is ever changed or removed.

Whoever acts is asked for by :mod:`regulator.access`; every entry also goes into the trail, in the same transaction.
Whoever may not read cases and was asked something in one sees the questions put to its member and their answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, Final, Self

from sqlalchemy import Connection, select

from ledger.business_day import business_day
from ledger.records.base import canonical
from regulator import trail
from regulator.access import Action, Actor, decide, require
from regulator.book import Book
from regulator.book.tables import CaseRow, table_of
from regulator.errors import CaseRefused
from regulator.rules import RULES
from regulator.said import is_text

__all__ = ["LEAVES", "Case", "CaseEntry", "Cases", "Did", "Outcome", "Question"]

TEXT_LIMIT: Final = 20_000
"""Characters of one text: an answer with its reasons, not a file."""
NAME_LIMIT: Final = 200
"""Characters of a title or a name."""


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


LEAVES: Final = frozenset({Did.OPENED, Did.COLLECTED, Did.DROPPED, Did.ASKED, Did.ANSWERED, Did.DECIDED, Did.REOPENED})
"""What an evidence pack may hold of a case: comments, and who works on it, stay with those who do."""


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

    def asks(self, member: str | None) -> bool:
        """Tell whether the member was asked something in it."""
        return member is not None and any(one.to == member for one in self.questions)

    def as_seen_by(self, member: str) -> Self:
        """Return what a member that was asked sees of it: the questions put to it, and their answers."""
        mine = {one.number for one in self.questions if one.to == member}
        kept = tuple(
            one
            for one in self.entries
            if one.did is Did.OPENED or one.number in mine or one.body.get("question") in mine
        )
        return replace(
            self,
            assigned_to=None,
            findings=(),
            questions=tuple(one for one in self.questions if one.number in mine),
            entries=kept,
        )

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
            rows = connection.execute(select(_CASES).order_by(_CASES.c.case, _CASES.c.number)).mappings().all()
        found = [_case(name, list(group)) for name, group in groupby(rows, key=lambda row: str(row["case"]))]
        seen = [one for one in map(self._seen, found) if one is not None]
        return sorted(seen, key=lambda one: (one.opened_at, one.case), reverse=True)

    def get(self, case: str) -> Case:
        """Return a case, or what the actor may see of it. Raises CaseRefused ``unknown-case``."""
        with self._book.reads() as connection:
            found = _read(connection, case)
        seen = self._seen(found)
        if seen is None:
            require(self._actor, Action.READ_CASES, found.plan)
            raise AssertionError("whoever may read cases sees them")
        return seen

    def open(self, title: str, at: datetime, *, plan: str | None = None) -> Case:
        """Open a case and return it; its id counts up: ``CASE-0001``."""
        require(self._actor, Action.WRITE_CASES, plan)
        _text(title, NAME_LIMIT)
        with self._book.writes() as connection:
            number = len(connection.execute(select(_CASES.c.case).where(_CASES.c.number == 0)).all()) + 1
            case = f"CASE-{number:04d}"
            self._append(connection, case, 0, at, Did.OPENED, title=title, plan=plan)
            return _read(connection, case)

    def collect(self, case: str, finding: str, height: int, at: datetime) -> Case:
        """Put a finding into the case, as it stands at ``height``; again, it is held as of the new height.

        Raises UnknownFinding, and CaseRefused ``case-height`` where it had not been found by then, or nobody knows yet.
        """
        with self._working(case) as (connection, found):
            if height > (last := self.until(finding)):
                raise CaseRefused(
                    "case-height",
                    f"How finding {finding} stands at height {height} is not known: the last block followed is {last}",
                    next_step=f"Collect it as of block {last} or before, or run `glasspool watch` first.",
                )
            if height < self._book.history(finding)[0].height:
                raise CaseRefused(
                    "case-height",
                    f"Finding {finding} had not been found at height {height}",
                    next_step="Collect it as of a later height; `glasspool findings show ID` has its history.",
                )
            return self._add(connection, found, at, Did.COLLECTED, finding=finding, height=height)

    def until(self, finding: str) -> int:
        """Return the last block to which the finding's rule was followed. Raises UnknownFinding."""
        line, followed = self._book.line(finding), self._book.followed_all()
        scope = RULES.get(line.rule)
        if scope in followed:
            return followed[scope].height
        return max((one.height for one in followed.values()), default=line.last_height)

    def drop(self, case: str, finding: str, reason: str, at: datetime) -> Case:
        """Take a finding out of the case, with the reason."""
        with self._working(case) as (connection, found):
            if finding not in dict(found.findings):
                raise CaseRefused("case-finding", f"Case {case} does not hold finding {finding}")
            return self._add(connection, found, at, Did.DROPPED, finding=finding, reason=_text(reason))

    def assign(self, case: str, to: str, at: datetime) -> Case:
        """Say who works on it."""
        with self._working(case) as (connection, found):
            return self._add(connection, found, at, Did.ASSIGNED, to=_text(to, NAME_LIMIT))

    def comment(self, case: str, text: str, at: datetime) -> Case:
        """Add a comment, which only those who may read cases see."""
        with self._working(case) as (connection, found):
            return self._add(connection, found, at, Did.COMMENTED, text=_text(text))

    def ask(self, case: str, to: str, text: str, at: datetime, *, due: date | None = None) -> Case:
        """Ask a member a question (问询), due on a day. Raises CaseRefused ``case-due`` for one that is past."""
        with self._working(case) as (connection, found):
            if due is not None and due < business_day(at):
                raise CaseRefused("case-due", f"An answer cannot be due on {due}, which is past", next_step="Say when.")
            day = None if due is None else due.isoformat()
            return self._add(connection, found, at, Did.ASKED, to=_text(to, NAME_LIMIT), text=_text(text), due=day)

    def answer(self, case: str, question: int, text: str, at: datetime) -> Case:
        """Answer a question that was put to the actor's member; a regulator may enter an answer that came on paper."""
        with self._book.writes() as connection:
            found = _read(connection, case)
            asked = next((one for one in found.questions if one.number == question), None)
            mine = asked is not None and asked.to == self._actor.member
            if not (mine and decide(self._actor, Action.ANSWER).allowed):
                require(self._actor, Action.WRITE_CASES, found.plan)
            if asked is None:
                raise CaseRefused("case-question", f"Case {case} has no question {question}")
            if asked.answer is not None:
                raise CaseRefused("case-answered", f"Question {question} of case {case} was answered already")
            _check_open(found)
            done = self._add(connection, found, at, Did.ANSWERED, question=question, text=_text(text))
            seen = self._seen(done)
            assert seen is not None, "whoever answers was asked, or may read cases"
            return seen

    def decide(self, case: str, outcome: Outcome, text: str, at: datetime) -> Case:
        """Close the case with a decision and its grounds. Raises CaseRefused while a question waits for its answer."""
        with self._working(case) as (connection, found):
            waiting = [one.number for one in found.questions if one.answer is None]
            if waiting:
                raise CaseRefused(
                    "case-waiting",
                    f"Case {case} waits for the answer to question {waiting[0]}",
                    next_step="Enter the answer, or that none came, with `glasspool case answer`.",
                )
            return self._add(connection, found, at, Did.DECIDED, outcome=outcome.value, text=_text(text))

    def reopen(self, case: str, reason: str, at: datetime) -> Case:
        """Work on a closed case again."""
        with self._book.writes() as connection:
            found = _read(connection, case)
            require(self._actor, Action.WRITE_CASES, found.plan)
            if found.open:
                raise CaseRefused("case-open", f"Case {case} is open")
            return self._add(connection, found, at, Did.REOPENED, reason=_text(reason))

    def _seen(self, case: Case) -> Case | None:
        """Return what the actor sees of a case: all of it, what it was asked, or nothing."""
        if decide(self._actor, Action.READ_CASES, case.plan).allowed:
            return case
        member = self._actor.member
        if member is not None and case.asks(member) and decide(self._actor, Action.ANSWER).allowed:
            return case.as_seen_by(member)
        return None

    @contextmanager
    def _working(self, case: str) -> Iterator[tuple[Connection, Case]]:
        """Give an open case that the actor may write, within the transaction that writes it."""
        with self._book.writes() as connection:
            found = _read(connection, case)
            require(self._actor, Action.WRITE_CASES, found.plan)
            _check_open(found)
            yield connection, found

    def _add(self, connection: Connection, case: Case, at: datetime, did: Did, **body: Any) -> Case:
        self._append(connection, case.case, len(case.entries), at, did, **body)
        return _read(connection, case.case)

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
    return _case(case, rows)


def _case(case: str, rows: Sequence[Any]) -> Case:
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


def _check_open(case: Case) -> None:
    if not case.open:
        raise CaseRefused(
            "case-closed",
            f"Case {case.case} was closed: {case.outcome}",
            next_step="Reopen it with `glasspool case reopen`.",
        )


def _text(given: str, limit: int = TEXT_LIMIT) -> str:
    if not is_text(given, limit):
        raise CaseRefused(
            "case-text", f"A text has 1 to {limit} characters here, none a control sign", next_step="Write it so."
        )
    return given
