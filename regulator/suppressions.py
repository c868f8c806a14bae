"""Suppressions (豁免): findings that need not be shown for a while, because somebody says why and until when.

A suppression hides; it removes nothing. It names a rule, or all rules of a family, and may be held to one thing or
member; it ends with its day, China's, or when it is withdrawn. Who made it and who withdrew it stand in the trail.

Whoever made it knew each finding as it stood then. So a finding that becomes graver than that is shown again: its level
rises, or its amount grows beyond GRAVER of what it was. One that is found later is measured by its own first version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import select, update

from ledger.business_day import business_day
from regulator import trail
from regulator.access import Action, Actor, require
from regulator.book import Book, FindingLine
from regulator.book.tables import FindingLinkRow, SuppressionRow, table_of
from regulator.errors import SuppressionRefused
from regulator.said import is_text
from regulator.signals import Signal

__all__ = ["GRAVER", "LONGEST", "Suppression", "Suppressions"]

LONGEST: Final = 366
"""Days: what is not looked at for longer should be decided in a case."""

REASON: Final = 2_000
"""Characters."""

GRAVER: Final = (3, 2)
"""Of the amount that was known, as a fraction: an amount above it is another matter than the one that was judged."""

_ROWS, _LINKS = table_of(SuppressionRow), table_of(FindingLinkRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why findings of ``rule`` (or of the family before its dot), about ``thing`` if one is named, are not shown."""

    id: str
    rule: str
    thing: str | None
    reason: str
    author: str
    made_at: datetime
    expires_on: date
    height: int
    """Up to which the ledger was followed when it was made; -1: not at all."""
    withdrawn_by: str | None

    def holds(self, on: date) -> bool:
        """Tell whether it hides anything on the day; its last day counts."""
        return self.withdrawn_by is None and on <= self.expires_on

    def hides(self, rule: str, things: Collection[str]) -> bool:
        """Tell whether it speaks of a finding of this rule that names these things."""
        return (rule == self.rule or rule.startswith(f"{self.rule}.")) and (self.thing is None or self.thing in things)


class Suppressions:
    """The suppressions of a book, for one actor. Every act raises NotAllowed where its roles do not allow it."""

    def __init__(self, book: Book, actor: Actor) -> None:
        self._book = book
        self._actor = actor

    def all(self) -> list[Suppression]:
        """Return every suppression, ended ones too, in the order in which they were made."""
        with self._book.reads() as connection:
            rows = connection.execute(select(_ROWS).order_by(_ROWS.c.id)).mappings().all()
        return [
            Suppression(
                id=row["id"],
                rule=row["rule"],
                thing=row["thing"],
                reason=row["reason"],
                author=row["author"],
                made_at=datetime.fromisoformat(row["made_at"]),
                expires_on=row["expires_on"],
                height=row["height"],
                withdrawn_by=row["withdrawn_by"],
            )
            for row in rows
        ]

    def make(
        self,
        rule: str,
        reason: str,
        expires_on: date,
        at: datetime,
        *,
        rules: Mapping[str, str],
        thing: str | None = None,
    ) -> Suppression:
        """Make one and return it; ``rules`` are those there are, each with its scope.

        Raises SuppressionRefused for a rule that is none of them, no reason or one of more than REASON characters, a
        thing without its kind, or an end that is past or too far off.
        """
        require(self._actor, Action.SUPPRESS)
        scopes = {scope for each, scope in rules.items() if each == rule or each.startswith(f"{rule}.")}
        if not scopes:
            raise SuppressionRefused("suppression-rule", f"No rule and no family of rules is called {rule!r}")
        if not is_text(reason, REASON):
            raise SuppressionRefused(
                "suppression-reason", f"A suppression needs a reason of 1 to {REASON} characters", next_step="Say why."
            )
        if thing is not None and not (is_text(thing, REASON) and all(thing.partition(" "))):
            raise SuppressionRefused(
                "suppression-thing",
                f"{thing!r} names no thing",
                next_step="Name it with its kind, such as `invoice INV-1`, `plan P` or `member M`.",
            )
        days = (expires_on - business_day(at)).days
        if days < 0:
            raise SuppressionRefused(
                "suppression-expiry",
                f"A suppression cannot end on {expires_on}, which is past",
                next_step="Choose today or a later day.",
            )
        if days > LONGEST:
            raise SuppressionRefused(
                "suppression-expiry",
                f"A suppression ends within {LONGEST} days, and {expires_on} is {days} days away",
                next_step="Choose a nearer day; it can be made again.",
            )
        followed = self._book.followed_all()
        height = min(followed[one].height if one in followed else -1 for one in scopes)
        with self._book.writes() as connection:
            number = len(connection.execute(select(_ROWS.c.id)).all()) + 1
            values = {"id": f"SUP-{number:04d}", "rule": rule, "thing": thing, "reason": reason}
            said = {"author": self._actor.name, "made_at": at.astimezone(UTC).isoformat(), "expires_on": expires_on}
            connection.execute(_ROWS.insert().values(**values, **said, height=height))
            told = {**values, "expires_on": expires_on.isoformat(), "height": height}
            trail.append(connection, self._actor, trail.Act.SUPPRESSED, f"suppression {values['id']}", at, **told)
        return next(one for one in self.all() if one.id == values["id"])

    def withdraw(self, id_: str, at: datetime) -> None:
        """End one before its day. Raises SuppressionRefused ``suppression-unknown`` where there is none to end."""
        require(self._actor, Action.SUPPRESS)
        with self._book.writes() as connection:
            ended = connection.execute(
                update(_ROWS)
                .where(_ROWS.c.id == id_, _ROWS.c.withdrawn_by.is_(None))
                .values(withdrawn_by=self._actor.name, withdrawn_at=at.astimezone(UTC).isoformat())
            )
            if ended.rowcount != 1:
                raise SuppressionRefused("suppression-unknown", f"There is no suppression {id_!r} to withdraw")
            trail.append(connection, self._actor, trail.Act.SUPPRESSED, f"suppression {id_}", at, withdrawn=True)

    def hidden(self, findings: Iterable[FindingLine], on: date) -> dict[str, Suppression]:
        """Return by id what hides each of these findings on the day; those that nothing hides are left out."""
        held = [one for one in self.all() if one.holds(on)]
        speak = self._speaking(held, list(findings)) if held else {}
        found: dict[str, Suppression] = {}
        changed = [line for line, said in speak.values() if any(_may_be_graver(line, one) for one in said)]
        signals = self._book.signals([one.id for one in changed])
        for id_, (line, said) in speak.items():
            versions = signals.get(id_, ())
            first = next((one for one in said if not versions or not _is_graver(line, _known(versions, one))), None)
            if first is not None:
                found[id_] = first
        return found

    def _speaking(
        self, held: Sequence[Suppression], findings: Sequence[FindingLine]
    ) -> dict[str, tuple[FindingLine, list[Suppression]]]:
        """Return by id the findings that some of these suppressions speak of, each with them."""
        named = sorted({one.thing for one in held if one.thing is not None})
        things: defaultdict[str, set[str]] = defaultdict(set)
        with self._book.reads() as connection:
            for id_, thing in connection.execute(select(_LINKS).where(_LINKS.c.thing.in_(named))):
                things[id_].add(thing)
        found = {line.id: (line, [one for one in held if one.hides(line.rule, things[line.id])]) for line in findings}
        return {id_: each for id_, each in found.items() if each[1]}


def _may_be_graver(line: FindingLine, suppression: Suppression) -> bool:
    """Tell whether a version of the finding came after what the suppression knew of it."""
    return line.last_height > max(suppression.height, line.first_height)


def _known(versions: Sequence[tuple[int, Signal]], suppression: Suppression) -> Signal:
    """Return what the finding said when the suppression was made, or what it first said when that was later."""
    return next((said for height, said in reversed(versions) if height <= suppression.height), versions[0][1])


def _is_graver(line: FindingLine, known: Signal) -> bool:
    more, than = GRAVER
    return line.level.rank > known.level.rank or line.amount * than > known.amount * more
