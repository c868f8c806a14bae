"""What a rule says of a subject as of one height, and how that changed: signals and the versions of a finding.

A signal is the whole of what a rule has to say at a height; two signals are the same finding when rule and subject are
the same. A finding never changes: it has versions, each with the height from which it stands, and the last may be that
it stands no more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Self

from ledger.records.base import canonical
from ledger.suites import sm3

__all__ = ["Level", "Signal", "Version", "finding_id", "parts_of", "subject_of"]

ID_DIGITS = 16  # hexadecimal, of SM3: no two of a million findings meet


def subject_of(kind: str, *parts: str) -> str:
    """Return the subject that several ids make together: ``<kind> <part>/<part>``, another text for other parts.

    An id may hold a slash of its own: there it is written ``%2F``, and ``%`` is written ``%25``.
    """
    return f"{kind} {'/'.join(part.replace('%', '%25').replace('/', '%2F') for part in parts)}"


def parts_of(subject: str) -> list[str]:
    """Return the ids that make a subject together, as they are."""
    joined = subject.partition(" ")[2]
    return [part.replace("%2F", "/").replace("%25", "%") for part in joined.split("/")]


class Level(StrEnum):
    """How much a finding matters: LOW is worth knowing, MEDIUM someone should ask, HIGH money or title is at stake."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for LOW to 2 for HIGH."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a rule says of a subject as of one height.

    ``rule`` is ``<family>.<name>`` (``duplicate.exact_reuse``); ``subject`` is ``<kind> <id>``, the thing it is about;
    ``score`` is 0 to 100, the strength of the evidence; ``amount`` the fen at stake. ``things`` are the other things it
    rests on, ``parties`` the members, ``evidence`` the numbers of the records' positions; all sorted, each once.
    ``details`` are the figures the explanation states, in the order of their names: amounts in fen, days as ISO text.
    """

    rule: str
    subject: str
    level: Level
    score: int
    amount: int
    since: date | None = None
    """The business day from which it is so, where the facts tell one."""
    parties: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()
    details: tuple[tuple[str, int | str], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 100:
            raise ValueError(f"score {self.score} of {self.rule}")
        for name in ("parties", "things", "evidence"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        object.__setattr__(self, "details", tuple(sorted(self.details)))

    @property
    def id(self) -> str:
        """The id of the finding it is a version of."""
        return finding_id(self.rule, self.subject)

    def detail(self, name: str) -> int | str | None:
        """Return a figure by its name, or None."""
        return dict(self.details).get(name)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        found: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        since = None if self.since is None else self.since.isoformat()
        listed = {name: list(found[name]) for name in ("parties", "things", "evidence")}
        return found | {"level": self.level.value, "since": since} | listed | {"details": dict(self.details)}

    def to_text(self) -> str:
        """Return the signal as canonical JSON text, which :meth:`from_text` reads."""
        return canonical(self.as_json()).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the signal that :meth:`to_text` wrote."""
        found = json.loads(text)
        return cls(
            **found
            | {
                "level": Level(found["level"]),
                "since": None if found["since"] is None else date.fromisoformat(found["since"]),
                "parties": tuple(found["parties"]),
                "things": tuple(found["things"]),
                "evidence": tuple(found["evidence"]),
                "details": tuple(found["details"].items()),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A finding from ``height`` on: what the rule says of it, or None when it stands no more."""

    rule: str
    subject: str
    height: int
    signal: Signal | None

    @property
    def id(self) -> str:
        """The id of the finding."""
        return finding_id(self.rule, self.subject)


def finding_id(rule: str, subject: str) -> str:
    """Return the id that every node gives the finding of a rule about a subject."""
    return sm3(rule.encode(), b"\0", subject.encode()).hex()[:ID_DIGITS]
