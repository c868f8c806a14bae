"""What `glasspool case` shows: cases in a list, and one with its findings, questions and everything that was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dashboards import formats
from portal.cli.block import printable
from portal.cli.findings_view import level, thing
from portal.cli.tables import Column, Sheet, prose, spaced
from regulator.cases import Case, CaseEntry, Did
from regulator.rules import titled
from regulator.wording import told_amount

if TYPE_CHECKING:
    from rich.console import RenderableType

    from portal.cli.words import Words
    from regulator.book import FindingLine

__all__ = ["as_json", "line_json", "listed", "shown"]


def line_json(case: Case) -> dict[str, Any]:
    """A case of a list, for programs."""
    return {
        "case": case.case,
        "title": case.title,
        "plan": case.plan,
        "opened_by": case.opened_by,
        "opened_at": case.opened_at.isoformat(),
        "assigned_to": case.assigned_to,
        "outcome": None if case.outcome is None else case.outcome.value,
        "findings": [{"finding": one, "height": height} for one, height in case.findings],
        "waiting": [one.number for one in case.questions if one.answer is None],
    }


def as_json(case: Case, lines: Mapping[str, FindingLine]) -> dict[str, Any]:
    """A whole case, for programs; ``found``: whether a finding is in the book now."""
    return line_json(case) | {
        "findings": [{"finding": one, "height": height, "found": one in lines} for one, height in case.findings],
        "questions": [
            {
                "number": one.number,
                "to": one.to,
                "text": one.text,
                "due": None if one.due is None else one.due.isoformat(),
                "answer": one.answer,
            }
            for one in case.questions
        ],
        "entries": [
            {"number": one.number, "at": one.at.isoformat(), "actor": one.actor, "did": one.did.value, "body": one.body}
            for one in case.entries
        ],
    }


def _state(words: Words, case: Case) -> str:
    return words("case_open") if case.outcome is None else words.coded("outcome", case.outcome.value)


def listed(words: Words, cases: Sequence[Case], *, every: bool) -> RenderableType:
    """The cases, or that there are none."""
    if not cases:
        return prose(words("cases_none_all" if every else "cases_none"))
    columns = (
        Column(words("case_id"), "word"),
        Column(words("case_title")),
        Column(words("case_state"), "word"),
        Column(words("case_assigned")),
        Column(words("case_findings"), "number"),
        Column(words("case_waiting"), "number"),
        Column(words("case_opened"), "word"),
    )
    rows = [
        (
            one.case,
            printable(one.title),
            _state(words, one),
            one.assigned_to or formats.NOTHING,
            str(len(one.findings)),
            str(sum(each.answer is None for each in one.questions)),
            f"{one.opened_at:%Y-%m-%d}",
        )
        for one in cases
    ]
    return Sheet("", columns, rows)


def shown(words: Words, case: Case, lines: Mapping[str, FindingLine]) -> RenderableType:
    """One case for a person; ``lines`` are those of its findings that the book has now."""
    by = words("case_by", who=case.opened_by, at=formats.instant(case.opened_at))
    facts = [_state(words, case), by]
    if case.assigned_to:
        facts.append(f"{words('case_assigned')} {case.assigned_to}")
    if case.plan:
        facts.append(f"{words('case_plan')} {case.plan}")
    return spaced(
        [
            Text(words("case_head", title=printable(case.title), case=case.case), style="bold"),
            prose(printable(" · ".join(facts))),
            _findings(words, case, lines),
            _questions(words, case),
            _entries(words, case),
        ]
    )


def _findings(words: Words, case: Case, lines: Mapping[str, FindingLine]) -> RenderableType:
    columns = (
        Column(words("finding_id"), "word"),
        Column(words("finding_level"), "word"),
        Column(words("finding_title")),
        Column(words("finding_subject")),
        Column(words("finding_amount"), "number"),
        Column(words("case_as_of"), "number"),
    )
    rows = []
    for one, height in case.findings:
        line = lines.get(one)
        if line is None:  # the ledger is being followed anew, or shows it no more
            nothing = formats.NOTHING
            rows.append((one, Text(nothing), words("case_not_found"), nothing, nothing, str(height)))
            continue
        amount = told_amount(line.amount, line.rule, words.language.value)
        told = (titled(line.rule, words.language.value), thing(words, line.subject), amount)
        rows.append((one, level(words, line.level.value), *told, str(height)))
    return Sheet(words("case_findings"), columns, rows)


def _questions(words: Words, case: Case) -> RenderableType:
    columns = (
        Column(words("case_question"), "number"),
        Column(words("case_to")),
        Column(words("case_due"), "word"),
        Column(words("case_asked")),
        Column(words("case_answer")),
    )
    rows: list[Sequence[str | Text]] = [
        (
            str(one.number),
            words.member(one.to),
            formats.day(one.due),
            printable(one.text),
            Text(words("case_unanswered"), style="yellow") if one.answer is None else printable(one.answer),
        )
        for one in case.questions
    ]
    return Sheet(words("case_questions"), columns, rows)


def _entries(words: Words, case: Case) -> RenderableType:
    columns = (
        Column(words("case_number"), "number"),
        Column(words("case_at"), "word"),
        Column(words("case_who"), "word"),
        Column(words("case_did"), "word"),
        Column(words("case_said")),
    )
    rows = [
        (
            str(one.number),
            f"{one.at:%Y-%m-%d %H:%M}",
            printable(one.actor),
            words.coded("did", one.did.value),
            _said(words, one),
        )
        for one in case.entries
    ]
    return Sheet(words("case_entries"), columns, rows)


def _said(words: Words, entry: CaseEntry) -> str:
    """What an entry states, in a line."""
    body = entry.body
    match entry.did:
        case Did.COLLECTED:
            parts = [body["finding"], f"{words('case_as_of')} {body['height']}"]
        case Did.ASKED:
            parts = [words.member(body["to"]), body["text"]]
        case Did.ANSWERED:
            parts = [f"#{body['question']}", body["text"]]
        case Did.DECIDED:
            parts = [words.coded("outcome", body["outcome"]), body["text"]]
        case _:
            parts = [str(body[name]) for name in ("finding", "to", "title", "text", "reason") if body.get(name)]
    return printable(" ".join(" ".join(parts).split()))
