"""The unit of work that turns one block's records into facts and findings.

The chain decides what happened: a record that breaks a rule still has its effect, and the breach becomes a finding.
Only a record that acts on something that does not exist, or makes something that exists already, has none; nor has one
that would give authority without any (docs/adr/0015).
Nothing here is stored or remembered until the store has committed the block.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ledger.business_day import business_day
from ledger.facts import Address, Confidential, Fact, Fingerprint, Member
from ledger.finding import Code, Finding
from ledger.keyring import Access, Sealed
from ledger.position import Position
from ledger.records.base import Lookup, Need, Payload, Reference, Undecoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.envelope import Fingerprints
    from ledger.keyring import Content

__all__ = ["FactReader", "Projection", "Record"]

F = TypeVar("F", bound=Fact)

LARGEST = 2**63 - 1  # what a database keeps in one integer
SHOWN = 5  # names spelled out in one message
NO_EFFECT = "; the record has no effect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as committed. ``sender``, ``signer`` and ``transaction_hash`` are 0x and lowercase hex."""

    position: Position
    kind: str
    sender: str
    signer: str
    transaction_hash: str
    echoed: bool
    timestamp: int
    """Block time, ms since 1970 UTC."""
    business_day: date = field(init=False)
    """The block's business day: nothing can truly be dated later."""

    def __post_init__(self) -> None:
        moment = datetime.fromtimestamp(self.timestamp / 1000, UTC)
        object.__setattr__(self, "business_day", business_day(moment))


class FactReader(Protocol):
    """The facts as of the block before, read in few and indexed steps."""

    def latest(self, table: type[Fact], ids: Iterable[str]) -> dict[str, Fact | None]:
        """Return the last version of each id, ended or not; None for an id that never was."""

    def live(self, table: type[F], column: str, values: Iterable[str]) -> list[F]:
        """Return the versions that hold and have one of these values in an indexed column."""

    def exists(self, table: type[Fact]) -> bool:
        """Tell whether the table has any row."""

    def kind_at(self, position: Position) -> str | None:
        """Return the kind of the record at a position."""


class Projection:
    """The changes of one block, on top of what the reader knows. Rows are values: a change makes a new one."""

    def __init__(self, reader: FactReader) -> None:
        self.findings: list[Finding] = []
        self.sender: Member | None = None
        """The member who sent the record at hand, None when nobody knows."""
        self.seen: dict[tuple[type[Fact], str], Fact | None] = {}
        """Last version of every thing read or changed."""
        self.begun: defaultdict[type[Fact], dict[tuple[str, int], Fact]] = defaultdict(dict)
        """New versions of this block; some may have ended again."""
        self.ended: defaultdict[type[Fact], list[Fact]] = defaultdict(list)
        """Versions of earlier blocks that ended in this one."""
        self._live: defaultdict[tuple[type[Fact], str], dict[str, list[Fact]]] = defaultdict(dict)
        """What the blocks before left, by a column's value."""
        self._started: defaultdict[tuple[type[Fact], str], defaultdict[str, list[Fact]]] = defaultdict(
            lambda: defaultdict(list)
        )
        """What this block began, by the value of a column that was looked up."""
        self._watched: defaultdict[type[Fact], set[str]] = defaultdict(set)
        self._reader = reader
        self._kinds: dict[Position, str] = {}
        self._record: Record | None = None

    @property
    def record(self) -> Record:
        """The record at hand."""
        if self._record is None:
            raise RuntimeError("no record is being projected")
        return self._record

    def prefetch(self, wanted: Iterable[tuple[type[Fact], str]]) -> None:
        """Read these things in one go per table."""
        by_table: defaultdict[type[Fact], set[str]] = defaultdict(set)
        for key in wanted:
            if key not in self.seen:
                by_table[key[0]].add(key[1])
        for table, ids in by_table.items():
            for name, row in self._reader.latest(table, sorted(ids)).items():
                self.seen[table, name] = row

    def prefetch_live(self, lookups: Iterable[Lookup]) -> None:
        """Look these rows up in one go per column."""
        wanted: defaultdict[tuple[type[Fact], str], set[str]] = defaultdict(set)
        for table, column, values in lookups:
            wanted[table, column].update(values)
        for (table, column), names in wanted.items():
            known = self._live[table, column]
            known.update((name, []) for name in names)
            for row in self._reader.live(table, column, sorted(names)):
                known[getattr(row, column)].append(row)

    def last(self, table: type[F], name: str) -> F | None:
        """Return the last version of a thing, ended or not; None when it never was."""
        key = (table, name)
        try:
            row = self.seen[key]
        except KeyError:
            row = self.seen[key] = self._reader.latest(table, (name,))[name]
        return cast("F | None", row)

    def current(self, table: type[F], name: str) -> F | None:
        """Return the version that holds now, this block's changes included."""
        row = self.last(table, name)
        return row if row is not None and row.to_position is None else None

    def live(self, table: type[F], column: str, values: Iterable[str]) -> list[F]:
        """Return the rows that hold now and have one of these values in an indexed column."""
        wanted = set(values)
        if not wanted:
            return []
        known = self._live[table, column]
        unread = wanted - known.keys()
        if unread:
            self.prefetch_live([Lookup(table, column, tuple(unread))])
        found = []
        for row in cast("Iterable[F]", (row for name in sorted(wanted) for row in known[name])):
            now = self.seen.get((table, row.id), row)
            if now is not None and now.to_position is None and now.from_position == row.from_position:
                found.append(row)
        return found + self.started(table, column, wanted)

    def started(self, table: type[F], column: str, values: Iterable[str]) -> list[F]:
        """Return the same of what this block began; the database is not asked."""
        started = self._started[table, column]
        if column not in self._watched[table]:
            self._watched[table].add(column)
            for row in self.begun[table].values():
                started[getattr(row, column)].append(row)
        rows = cast("Iterable[F]", (row for name in sorted(set(values)) for row in started.get(name, ())))
        return [row for row in rows if self.seen[table, row.id] is row and row.to_position is None]

    def kind_at(self, position: Position) -> str:
        """Return the kind of an earlier record, or an empty string."""
        return self._kinds.get(position) or self._reader.kind_at(position) or ""

    def begin(self, row: Fact) -> None:
        """Let a version hold from this record on; it ends the one that held."""
        held = self.current(type(row), row.id)
        if held is not None and held.from_position != self.record.position.number:
            self.end(held)
        self.add(row)

    def add(self, row: Fact) -> None:
        """Let the first version of a thing hold from this record on. The caller knows that its id is new."""
        position = self.record.position
        values = row.__dict__
        values["from_height"], values["from_position"] = position.height, position.number
        values["to_height"] = values["to_position"] = None
        self.begun[type(row)][row.id, position.number] = row
        self.seen[type(row), row.id] = row
        for column in self._watched.get(type(row), ()):
            self._started[type(row), column][getattr(row, column)].append(row)

    def end(self, row: Fact) -> None:
        """Let a version that holds now hold no longer, from this record on."""
        position = self.record.position
        ended = row.changed(to_height=position.height, to_position=position.number)
        begun = self.begun[type(row)]
        key = (row.id, row.from_position)
        if key in begun:
            begun[key] = ended
        else:
            self.ended[type(row)].append(ended)
        self.seen[type(row), row.id] = ended

    def place(self, index: int) -> str:
        """Return the id of the record's ``index``-th unnamed row."""
        return f"{self.record.position}/{index}"

    def total(self, before: int, change: int, subject: str) -> int:
        """Return the running total after a change, held within what a database keeps."""
        after = before + change
        if abs(after) > LARGEST:
            self.finding(Code.AMOUNT_OUT_OF_RANGE, f"A running total of {subject} grew beyond 64 bits", subject=subject)
            return LARGEST if after > 0 else -LARGEST
        return after

    def finding(
        self,
        code: Code,
        message: str,
        *,
        subject: str = "",
        others: Iterable[Position | int | None] = (),
        **details: int | str,
    ) -> None:
        """Report a breach shown by the record at hand."""
        measured = {
            Position.from_number(each) if isinstance(each, int) else each for each in others if each is not None
        }
        self.findings.append(
            Finding(
                code=code,
                message=message,
                position=self.record.position,
                subject=subject,
                others=tuple(sorted(measured)),
                details=tuple(cast("dict[str, Any]", details).items()),
            )
        )

    def dated(self, what: str, earlier: date, later: date) -> None:
        """Report when two dates stand the wrong way round. ``what`` says which way they should stand."""
        if earlier > later:
            self.finding(Code.DATES_ORDER, f"Dates are out of order: {what}", earlier=str(earlier), later=str(later))

    def by_party(self, *parties: str, act: str) -> None:
        """Report when the sender is none of the members who alone may do this."""
        if self.sender is not None and self.sender.id not in parties:
            self.finding(
                Code.SENDER_NOT_PARTY,
                f"{self.sender.id} {act}, and only {' or '.join(dict.fromkeys(parties))} may",
                subject=f"member {self.sender.id}",
                others=[self.sender.from_position],
            )

    def apply(self, record: Record, content: Content) -> None:
        """Project one record: who sent it, what it names, what it states. Records come in the order of the ledger."""
        self._record = record
        self._kinds[record.position] = record.kind
        payload = content.payload
        authority = isinstance(payload, Payload) and payload.authority
        effect = NO_EFFECT if authority else ""
        if not record.echoed:
            self.finding(
                Code.NOT_ECHOED,
                f"The event does not repeat what its transaction's signer signed{effect}",
                sender=record.sender,
                signer=record.signer,
            )
        for code, cause in content.faults:
            self.finding(code, cause)
        if content.fingerprints is not None:
            self._keep_confidential(record.kind, content.fingerprints, opened=content.access is Access.OPENED)
        if isinstance(payload, Undecoded):
            self.sender = None
            self.finding(payload.code, f"The record was kept as it came: {payload.reason}")
            return
        self.sender = self._member(record.sender)
        entitled = self._entitled(record, payload, effect) and record.echoed
        if isinstance(payload, Sealed) or (authority and not entitled):
            return
        if self._check_references((*payload.references(), *payload.makes(record))):
            payload.project(self)

    def _keep_confidential(self, kind: str, shown: Fingerprints, *, opened: bool) -> None:
        self.add(Confidential(id=str(self.record.position), kind=kind, epoch=shown.epoch, opened=opened))
        values = [(name, value) for name in shown.of for value in shown.of[name]]
        for index, (name, value) in enumerate(values):
            self.add(Fingerprint(id=self.place(index), kind=kind, epoch=shown.epoch, name=name, value=value))

    def _member(self, address: str) -> Member | None:
        account = self.current(Address, address)
        return None if account is None else self.current(Member, account.member)

    def _entitled(self, record: Record, payload: Payload | Sealed, effect: str) -> bool:
        """Report a sender who may not write this kind; True when it may."""
        member = self.sender
        if member is None:
            first = isinstance(payload, Payload) and payload.admits_itself(record) and not self._has_members()
            if not first:
                account = self.last(Address, record.sender)
                self.finding(
                    Code.SENDER_UNKNOWN,
                    f"No member signs with {record.sender}{' any more' if account is not None else ''}{effect}",
                    others=[account.to_position] if account is not None else [],
                    sender=record.sender,
                )
            return first
        able = member.status != "suspended" and (
            not payload.writers or bool(payload.writers.intersection(member.roles))
        )
        if member.status == "suspended":
            self.finding(
                Code.SENDER_SUSPENDED,
                f"{member.id} is suspended and wrote {record.kind}{effect}",
                subject=f"member {member.id}",
                others=[member.from_position],
            )
        if payload.writers and not payload.writers.intersection(member.roles):
            self.finding(
                Code.SENDER_ROLE,
                f"{member.id} has no role that may write {record.kind}{effect}",
                subject=f"member {member.id}",
                others=[member.from_position],
                roles=", ".join(member.roles),
                allowed=", ".join(sorted(payload.writers)),
            )
        return able

    def _has_members(self) -> bool:
        return bool(self.begun[Member]) or self._reader.exists(Member)

    def _check_references(self, references: Iterable[Reference]) -> bool:
        """Report what is missing or taken; True when the record can have its effect."""
        able = True
        missing: defaultdict[str, list[str]] = defaultdict(list)
        for table, name, need in references:
            row = self.last(table, name)
            kind = table.label
            if need is Need.NEW:
                if row is not None:
                    able = False
                    self.finding(
                        Code.IDENTIFIER_REUSED,
                        f"The {kind} {name} exists already{NO_EFFECT}",
                        subject=f"{kind} {name}",
                        others=[row.from_position],
                    )
            elif row is None and need is not Need.READ:
                able = able and need is not Need.ESSENTIAL
                missing[kind].append(name)
        for kind, names in missing.items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            effect = "" if able else NO_EFFECT
            self.finding(
                Code.REFERENCE_MISSING,
                f"The record names {kind} {', '.join(names[:SHOWN])}{more}, which no record made{effect}",
                subject=f"{kind} {names[0]}",
                missing=len(names),
            )
        return able
