"""What `glasspool findings` shows: lists that fit the terminal, and one finding told to a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from dashboards import formats
from portal.cli.block import printable
from portal.cli.tables import Column, Sheet, prose, spaced
from regulator.rules import explained, titled
from regulator.signals import Signal, Version
from regulator.wording import KINDS, told_amount

if TYPE_CHECKING:
    from rich.console import RenderableType

    from portal.cli.words import Words
    from regulator.book import FindingLine
    from regulator.steps import Evidence
    from regulator.suppressions import Suppression

__all__ = [
    "Shown",
    "line_json",
    "listed",
    "rules",
    "shown",
    "shown_json",
    "suppression_json",
    "suppressions",
    "table",
    "thing",
]

VERSIONS = 12
"""Versions of one finding shown to people, the newest; ``--json`` has all."""

STYLES = {"high": "bold red", "medium": "yellow", "low": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One finding as it is shown: its versions, the records behind the last, what hides it, the cases it is in."""

    finding: str
    versions: Sequence[Version]
    records: Sequence[Evidence]
    hidden: Suppression | None
    cases: Sequence[str]

    @property
    def signal(self) -> Signal:
        """What was said last."""
        return next(one.signal for one in reversed(self.versions) if one.signal is not None)

    @property
    def standing(self) -> bool:
        """Whether it stands."""
        return self.versions[-1].signal is not None


def thing(words: Words, named: str) -> str:
    """A thing, ``<kind> <id>``, with its kind in the language; a member by name."""
    kind, _, id_ = printable(named).partition(" ")
    if kind == "member":
        return words.member(id_)
    return f"{KINDS.get(kind, kind)}{id_}" if words.language == "zh" else named


def level(words: Words, code: str) -> Text:
    """A level in words, coloured by how grave it is."""
    return Text(words.coded("level", code), style=STYLES.get(code, ""))


def line_json(line: FindingLine, hidden: Suppression | None) -> dict[str, Any]:
    """A finding of a list, for programs."""
    return {
        "id": line.id,
        "rule": line.rule,
        "family": line.rule.partition(".")[0],
        "subject": line.subject,
        "level": line.level.value,
        "score": line.score,
        "amount": line.amount,
        "since": None if line.since is None else line.since.isoformat(),
        "first_height": line.first_height,
        "last_height": line.last_height,
        "standing": line.standing,
        "suppressed_by": None if hidden is None else hidden.id,
    }


def table(
    words: Words,
    lines: Sequence[FindingLine],
    hidden: Collection[str] = (),
    told: Mapping[str, str] = MappingProxyType({}),
) -> Sheet:
    """Findings as a table; ``told``: of each, by id, what it says, which then stands below it with what it is about."""
    columns = [
        Column(words("finding_id"), "word"),
        Column(words("finding_level"), "word"),
        Column(words("finding_title") if told else f"{words('finding_title')}\n{words('finding_subject')}"),
        Column(words("finding_amount"), "number"),
        Column(words("finding_since"), "word"),
    ]
    ended = any(not one.standing for one in lines)
    if ended:
        columns.append(Column(words("finding_stands"), "word"))
    rows, said = [], []
    beside = "" if told else "\n{}"  # what it is about and when it began: in the table, or below it with the sentence
    for one in lines:
        dim = "dim" if one.id in hidden or not one.standing else ""
        about, first = thing(words, one.subject), words("finding_first", height=one.first_height)
        row: list[str | Text] = [
            Text(one.id, style=dim),
            level(words, one.level.value),
            f"{titled(one.rule, words.language.value)}{beside.format(about)}",
            told_amount(one.amount, one.rule, words.language.value),
            f"{formats.day(one.since)}{beside.format(first)}",
        ]
        if told:
            said.append(f"{about} · {first}\n{printable(told[one.id])}")
        rows.append([*row, words("yes") if one.standing else words("no")] if ended else row)
    return Sheet("", columns, rows, beneath=said)


def listed(
    words: Words, lines: Sequence[FindingLine], answer: Mapping[str, Any], hidden: Collection[str]
) -> RenderableType:
    """A list of findings, and what is not in it."""
    parts: list[RenderableType] = [table(words, lines, hidden)]
    if lines:
        more = words("findings_more") if len(lines) < answer["total"] else ""
        parts.append(prose(words("findings_shown", total=f"{answer['total']:,}", shown=f"{len(lines):,}") + more))
        parts.append(prose(words("findings_next")))
    elif answer["followed"] is None:
        parts.append(prose(words("findings_none_yet")))
    else:
        parts.append(prose(words("findings_none", height=answer["followed"])))
    if answer["suppressed"] and not (set(hidden) & {one.id for one in lines}):
        parts.append(prose(words("findings_hidden", count=answer["suppressed"])))
    if answer["followed"] is None:
        parts.append(prose(words("findings_unfollowed", head=answer["height"]), "yellow"))
    elif answer["followed"] < answer["height"]:
        parts.append(prose(words("findings_behind", height=answer["followed"], head=answer["height"]), "yellow"))
    return spaced(parts)


def shown_json(words: Words, one: Shown) -> dict[str, Any]:
    """One finding with everything, for programs; the explanation in both languages."""
    names = words.names
    return {
        "id": one.finding,
        "rule": one.signal.rule,
        "subject": one.signal.subject,
        "standing": one.standing,
        "title": {"zh": titled(one.signal.rule, "zh"), "en": titled(one.signal.rule, "en")},
        "explanation": {"zh": explained(one.signal, "zh", names), "en": explained(one.signal, "en", names)},
        "parties": [{"member": each, "name": names.get(each, each)} for each in one.signal.parties],
        "history": [
            {"height": each.height, "signal": None if each.signal is None else each.signal.as_json()}
            for each in one.versions
        ],
        "records": [
            {"position": each.position, "kind": each.kind, "time": each.time.isoformat(), "signer": each.signer}
            for each in one.records
        ],
        "suppressed_by": None if one.hidden is None else one.hidden.id,
        "cases": list(one.cases),
    }


def shown(words: Words, one: Shown, most: int) -> RenderableType:
    """One finding for a person."""
    signal, first, last = one.signal, one.versions[0].height, one.versions[-1].height
    state = words("finding_state_stands", first=first)
    if not one.standing:
        state = words("finding_state_ended", first=first, last=last)
    figures = words(
        "finding_figures",
        level=words.coded("level", signal.level.value),
        score=signal.score,
        amount=told_amount(signal.amount, signal.rule, words.language.value),
        since=formats.day(signal.since),
    )
    head = words("finding_head", title=titled(signal.rule, words.language.value), id=one.finding)
    parts: list[RenderableType] = [
        Text(head, style="bold"),
        prose(printable(explained(signal, words.language.value, words.names))),
        prose(f"{figures}\n{state}"),
    ]
    if one.hidden is not None:
        until = {"author": one.hidden.author, "until": one.hidden.expires_on, "id": one.hidden.id}
        parts.append(prose(words("finding_suppressed", reason=one.hidden.reason, **until), "yellow"))
    if one.cases:
        parts.append(prose(words("finding_in_cases", cases=words.listed(one.cases))))
    parts += [_parties(words, signal), *_things(words, signal), *_history(words, one), *_records(words, one, most)]
    parts.append(prose(words("finding_next_steps", id=one.finding)))
    return spaced(parts)


def _parties(words: Words, signal: Signal) -> RenderableType:
    rows = [(words.member(each), each) for each in signal.parties]
    return Sheet(words("finding_parties"), (Column(words("member")), Column("ID", "word")), rows)


def _things(words: Words, signal: Signal) -> list[RenderableType]:
    named = words.listed(thing(words, each) for each in signal.things)
    return [Group(Text(words("finding_things"), style="bold"), prose(named))] if named else []


def _history(words: Words, one: Shown) -> list[RenderableType]:
    columns = (
        Column(words("block"), "number"),
        Column(words("finding_level"), "word"),
        Column(words("finding_amount"), "number"),
        Column(words("case_said")),
    )
    rows: list[Sequence[str | Text]] = []
    for each in one.versions[-VERSIONS:]:
        said = each.signal
        if said is None:
            rows.append((str(each.height), "", "", words("finding_ended")))
        else:
            told = printable(explained(said, words.language.value, words.names))
            amount = told_amount(said.amount, said.rule, words.language.value)
            rows.append((str(each.height), level(words, said.level.value), amount, told))
    parts: list[RenderableType] = [Sheet(words("finding_history"), columns, rows if len(rows) > 1 else [])]
    if len(one.versions) > VERSIONS:
        parts.append(prose(words("history_more", count=len(one.versions) - VERSIONS)))
    return parts


def _records(words: Words, one: Shown, most: int) -> list[RenderableType]:
    columns = (
        Column(words("record"), "word"),
        Column(words("kind"), "word"),
        Column(words("block_time"), "word"),
        Column(words("signer")),
    )
    rows = [
        (each.position, each.kind, f"{each.time:%Y-%m-%d %H:%M}", words.member(each.signer))
        for each in one.records[:most]
    ]
    parts: list[RenderableType] = [Sheet(words("finding_records"), columns, rows)]
    if not rows:
        parts.append(Group(Text(words("finding_records"), style="bold"), prose(words("records_none"))))
    if len(one.records) > most:
        parts.append(prose(words("records_more", count=len(one.records) - most)))
    return parts


def rules(words: Words, listed: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Every rule by family."""
    families = dict.fromkeys(one["family"] for one in listed)
    columns = (
        Column(words("finding_rule"), "word"),
        Column(words("finding_title")),
        Column(words("finding_counts"), "number"),
    )
    return spaced(
        Sheet(
            words.coded("family", family),
            columns,
            [
                (one["rule"], one["title"][words.language.value], f"{one['standing']:,}")
                for one in listed
                if one["family"] == family
            ],
        )
        for family in families
    )


def suppression_json(one: Suppression, today: date) -> dict[str, Any]:
    """A suppression, for programs."""
    return {
        "id": one.id,
        "rule": one.rule,
        "thing": one.thing,
        "reason": one.reason,
        "author": one.author,
        "made_at": one.made_at.isoformat(),
        "expires_on": one.expires_on.isoformat(),
        "withdrawn_by": one.withdrawn_by,
        "holds": one.holds(today),
    }


def suppressions(words: Words, found: Sequence[Suppression], today: date) -> RenderableType:
    """Every suppression."""
    if not found:
        return Text(words("suppressions_none"))
    columns = (
        Column(words("suppression_id"), "word"),
        Column(words("finding_rule"), "word"),
        Column(words("suppression_thing")),
        Column(words("suppression_until"), "word"),
        Column(words("suppression_by"), "word"),
        Column(words("suppression_state")),
        Column(words("reason")),
    )
    rows = []
    for one in found:
        state = words("suppression_holds") if one.holds(today) else words("suppression_over")
        if one.withdrawn_by is not None:
            state = words("suppression_withdrawn", by=one.withdrawn_by)
        about = formats.NOTHING if one.thing is None else thing(words, one.thing)
        row = (one.id, one.rule, about, formats.day(one.expires_on), one.author, state, printable(one.reason))
        rows.append(tuple(row))
    return Sheet("", columns, rows)
