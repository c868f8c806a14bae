"""What came of a file: match groups, one for each underlying invoice or registration, and what each row is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from ledger.consortium.rows import Rejected
from regulator.signals import Level

__all__ = ["ROW", "Checked", "Group", "Match", "Standing"]

ROW = {"match": pl.String, "level": pl.String, "group": pl.Int64}
"""What is added to the columns of a file's rows: class, level and match group; of no group, what is usual about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands on a matched thing of the ledger: who claims it, by what, since when; ``money`` in fen.

    ``chained`` are those who gave it, had it before or act for its holder.
    """

    on: str
    thing: str
    instrument: str
    holder: str
    money: int | None
    day: date | None
    chained: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {"day": None if self.day is None else self.day.isoformat(), "chained": list(self.chained)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why one row is matched: ``reasons`` hold it together with ``other``, a ``line N`` or a thing of the ledger."""

    line: int
    other: str
    match: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Everything that is one underlying invoice, or one registration: lines of the file and things of the ledger.

    ``match`` is the surest class of it, ``amount`` the largest face in fen, ``alert`` whether it should be looked into.
    """

    id: int
    match: str
    level: Level
    alert: bool
    amount: int
    lines: tuple[int, ...]
    things: tuple[str, ...]
    matches: tuple[Match, ...]
    standing: tuple[Standing, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Each reason once."""
        return tuple(dict.fromkeys(reason for each in self.matches for reason in each.reasons))

    def by_line(self) -> dict[int, list[Match]]:
        """Return the matches that each line is in, the surest first."""
        found: dict[int, list[Match]] = {}
        for each in self.matches:
            found.setdefault(each.line, []).append(each)
            if each.other.startswith("line "):
                found.setdefault(int(each.other.removeprefix("line ")), []).append(each)
        return found

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "group": self.id,
            "match": self.match,
            "level": self.level.value,
            "alert": self.alert,
            "amount": self.amount,
            "lines": list(self.lines),
            "things": list(self.things),
            "matches": [
                {"line": each.line, "other": each.other, "match": each.match, "reasons": list(each.reasons)}
                for each in self.matches
            ],
            "standing": [each.as_json() for each in self.standing],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file that was matched, against the facts at ``height``; None: against itself alone.

    ``frame`` has every readable row with :data:`ROW`. ``usual`` counts the rows that are remarkable and lawful, by what
    they are; ``not_compared`` what was left out, by why. ``columns`` says which heading was taken for which field.
    """

    file: str
    kind: str
    columns: Mapping[str, str]
    guessed: bool
    height: int | None
    frame: pl.DataFrame
    unread: tuple[Rejected, ...]
    blank: int
    groups: tuple[Group, ...]
    usual: Mapping[str, int] = field(default_factory=dict)
    not_compared: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows the file has, readable or not."""
        return self.frame.height + len(self.unread)

    @property
    def alerts(self) -> tuple[Group, ...]:
        """The groups that should be looked into."""
        return tuple(group for group in self.groups if group.alert)

    @property
    def clean(self) -> bool:
        """Whether every row was read and nothing is to be looked into."""
        return not self.alerts and not self.unread

    def as_json(self) -> dict[str, Any]:
        """Return plain values; rows are told by the groups they are in."""
        return {
            "file": self.file,
            "kind": self.kind,
            "columns": dict(self.columns),
            "guessed": self.guessed,
            "height": self.height,
            "rows": self.rows,
            "blank": self.blank,
            "unread": [{"line": each.line, "code": each.code, "cause": each.cause} for each in self.unread],
            "alerts": len(self.alerts),
            "groups": [group.as_json() for group in self.groups],
            "usual": dict(self.usual),
            "not_compared": dict(self.not_compared),
        }


def annotated(frame: pl.DataFrame, groups: tuple[Group, ...], usual: Mapping[int, str]) -> pl.DataFrame:
    """Return the rows with :data:`ROW`: what the groups say of each line, else what is usual about it."""
    known: dict[int, tuple[str, str, int | None]] = {line: (what, "", None) for line, what in usual.items()}
    for group in reversed(groups):  # of several groups of a line, the first is the most serious
        by_line = group.by_line()
        for line in group.lines:
            said = by_line.get(line)
            known[line] = (said[0].match if said else group.match, group.level.value, group.id)
    rows = [(line, *said) for line, said in known.items()]
    added = pl.DataFrame(rows, schema={"line": pl.Int64, **ROW}, orient="row")
    return frame.join(added, on="line", how="left", maintain_order="left").with_columns(
        pl.col("match", "level").fill_null("")
    )
