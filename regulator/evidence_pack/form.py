"""What an evidence pack says: findings with their history, the case they are of, the members, the records behind them.

``evidence.json`` is this as canonical JSON; the text and the workbook are made from it and from nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from disclosure.errors import PackageMalformed
from disclosure.manifest import canonical_json
from ledger.chains import strict
from ledger.errors import Malformed
from ledger.position import Position
from regulator.rules import explained, titled
from regulator.signals import Signal, Version, finding_id

__all__ = ["DATA", "FORMAT", "KIND", "PROOFS", "TEXT", "WORKBOOK", "CaseStory", "Held", "Pack", "Record"]

FORMAT: Final = "glasspool-evidence/1"
KIND: Final = "evidence"
"""What the manifest calls such a package."""
DATA, TEXT, WORKBOOK, PROOFS = "evidence.json", "evidence.txt", "evidence.xlsx", "proofs.jsonl"
INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A finding in a pack: every version until the pack's height. ``height`` is the one as of which it is held."""

    rule: str
    subject: str
    height: int
    versions: tuple[Version, ...]

    @property
    def id(self) -> str:
        """The finding's id."""
        return finding_id(self.rule, self.subject)

    @property
    def signal(self) -> Signal:
        """What was said last by the height at which it is held, even if it stands no more."""
        said = [one.signal for one in self.versions if one.signal is not None]
        by_then = [one.signal for one in self.versions if one.height <= self.height and one.signal is not None]
        return (by_then or said)[-1]

    @property
    def standing(self) -> bool:
        """Whether it stands at the height at which it is held."""
        return [one.signal for one in self.versions if one.height <= self.height][-1] is not None

    @property
    def evidence(self) -> tuple[int, ...]:
        """The numbers of the positions of all records that any version rests on."""
        found = {number for one in self.versions if one.signal is not None for number in one.signal.evidence}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record behind a finding: where it stands, what it is, when its block was made, who signed it."""

    position: str
    kind: str
    time: datetime
    signer: str
    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStory:
    """What may leave of a case. ``entries`` are as they were written: number, instant, actor, what was done, body."""

    case: str
    title: str
    plan: str | None
    outcome: str | None
    entries: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """The whole of a pack."""

    case: CaseStory | None
    findings: tuple[Held, ...]
    records: tuple[Record, ...]
    members: Mapping[str, str] = field(default_factory=dict)
    """The names of the members named, by id."""

    @property
    def subject(self) -> str:
        """What it is of, as the manifest has it."""
        if self.case is not None:
            return f"case {self.case.case}"
        return f"finding {self.findings[0].id}" if len(self.findings) == 1 else f"{len(self.findings)} findings"

    def name(self, member: str) -> str:
        """A member's name, its id where it has none."""
        return self.members.get(member, member)

    @property
    def positions(self) -> tuple[Position, ...]:
        """The positions of all records that the findings rest on, in the order of the ledger."""
        found = {number for one in self.findings for number in one.evidence}
        return tuple(Position.from_number(number) for number in sorted(found))

    def dump(self) -> bytes:
        """Return the pack's one form in bytes."""
        return canonical_json(
            {
                "format": FORMAT,
                "case": None if self.case is None else _case_out(self.case),
                "findings": [self._finding_out(one) for one in self.findings],
                "members": dict(self.members),
                "records": [
                    {
                        "position": one.position,
                        "kind": one.kind,
                        "time": one.time.strftime(INSTANT),
                        "signer": one.signer,
                        "transaction": one.transaction,
                    }
                    for one in self.records
                ],
            }
        )

    def _finding_out(self, one: Held) -> dict[str, Any]:
        return {
            "id": one.id,
            "rule": one.rule,
            "subject": one.subject,
            "height": one.height,
            "standing": one.standing,
            "title": {"zh": titled(one.rule, "zh"), "en": titled(one.rule, "en")},
            "explanation": {
                "zh": explained(one.signal, "zh", self.members),
                "en": explained(one.signal, "en", self.members),
            },
            "history": [
                {"height": each.height, "signal": None if each.signal is None else each.signal.as_json()}
                for each in one.versions
            ],
            "records": [str(Position.from_number(number)) for number in one.evidence],
        }

    @classmethod
    def load(cls, raw: bytes) -> Self:
        """Return the pack that the bytes say; what follows from the rest in them is not looked at.

        Raises PackageMalformed ``evidence-shape``.
        """
        try:
            return cls._load(strict.document(raw, DATA))
        except Malformed as failure:
            raise PackageMalformed("evidence-shape", failure.message, file=DATA) from None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as failure:
            said = f"{DATA} is not what a pack's data is: {type(failure).__name__} {failure}"
            raise PackageMalformed("evidence-shape", said[:300], file=DATA) from None

    @classmethod
    def _load(cls, source: strict.Object) -> Self:
        if source["format"] != FORMAT:
            raise ValueError("format")
        case = source["case"]
        return cls(
            case=None if case is None else _case_in(case),
            findings=tuple(_finding_in(each) for each in _list(source["findings"], least=1)),
            records=tuple(
                Record(
                    position=_place(each["position"]),
                    kind=_text(each["kind"]),
                    time=datetime.strptime(each["time"], INSTANT).replace(tzinfo=UTC),
                    signer=_text(each["signer"]),
                    transaction=_text(each["transaction"]),
                )
                for each in _list(source["records"])
            ),
            members={_text(name): _text(told) for name, told in source["members"].items()},
        )


def _case_out(case: CaseStory) -> dict[str, Any]:
    head = {"case": case.case, "title": case.title, "plan": case.plan, "outcome": case.outcome}
    return head | {"entries": [dict(each) for each in case.entries]}


def _case_in(source: Mapping[str, Any]) -> CaseStory:
    entries = []
    for each in _list(source["entries"], least=1):
        body = {_text(name): value for name, value in each["body"].items()}
        if any(not isinstance(value, str | int | None) for value in body.values()):
            raise ValueError("an entry's body")
        at, actor, did = (_text(each[name]) for name in ("at", "actor", "did"))
        entries.append({"number": _whole(each["number"]), "at": at, "actor": actor, "did": did, "body": body})
    plan, outcome = (None if source[name] is None else _text(source[name]) for name in ("plan", "outcome"))
    return CaseStory(
        case=_text(source["case"]), title=_text(source["title"]), plan=plan, outcome=outcome, entries=tuple(entries)
    )


def _finding_in(source: Mapping[str, Any]) -> Held:
    rule, subject = _text(source["rule"]), _text(source["subject"])
    versions = []
    for each in _list(source["history"], least=1):
        signal = None if each["signal"] is None else _signal_in(each["signal"])
        if signal is not None and (signal.rule, signal.subject) != (rule, subject):
            raise ValueError("a version of another finding")
        versions.append(Version(rule=rule, subject=subject, height=_whole(each["height"]), signal=signal))
    heights, height = [one.height for one in versions], _whole(source["height"])
    if heights != sorted(set(heights)) or versions[0].signal is None or height < heights[0]:
        raise ValueError("a history that is none")
    return Held(rule=rule, subject=subject, height=height, versions=tuple(versions))


def _signal_in(source: Mapping[str, Any]) -> Signal:
    for name in ("parties", "things"):
        if not all(isinstance(each, str) for each in _list(source[name])):
            raise ValueError(name)
    for number in _list(source["evidence"]):
        Position.from_number(_whole(number))
    if not all(isinstance(each, str | int) for each in source["details"].values()):
        raise ValueError("details")
    _whole(source["score"]), _whole(source["amount"])
    return Signal.from_text(json.dumps(source))


def _place(value: Any) -> str:
    if Position.parse(_text(value)) is None:
        raise ValueError("a position")
    return str(value)


def _list(value: Any, *, least: int = 0) -> list[Any]:
    if not isinstance(value, list) or len(value) < least:
        raise ValueError("a list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number")
    return value
