"""The receivables of a pool as values: what each was worth, what was paid on it when, and how it stands on a day.

An ``Asset`` is what the ledger says at one height, with the dates of everything that changed it; an ``AssetRow`` is
that asset on one business day. A day counts as finished: what was paid on it is no longer outstanding on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from abs.figure import FactRef
from ledger.position import Position

FactKey = tuple[str, str, int]
"""Table, natural key and position of one version of a fact; becomes a ``FactRef`` only when somebody asks."""


def reference(key: FactKey) -> FactRef:
    """The reference a key stands for."""
    table, natural, position = key
    return FactRef(table=table, id=natural, position=str(Position.from_number(position)))


class Basis(StrEnum):
    """Which amounts a share is taken of."""

    OUTSTANDING = "outstanding"
    """what is still unpaid on the day, of the assets that are open"""
    ORIGINAL = "original"
    """the first amount of every asset the pool ever held up to the day, paid or not (the whole ledger)"""


class Party(StrEnum):
    """The side of a receivable that a concentration is measured by."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that moved what is owed on one asset: a payment's share (negative) or an adjustment; fen, by date."""

    on: date
    amount: int
    paid: bool
    keys: tuple[FactKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One receivable as a pool holds it, at one height.

    ``amount`` is what was assigned, in fen; ``issued`` is the day the sale was invoiced (the ledger's registration day
    where no invoice says); ``assigned_on`` is the day on the assignment, ``entered_on`` the one from which its cash is
    the plan's (the cut-off day 基准日 for what was assigned by the closing); ``changes`` are in order of date.
    """

    asset: str
    creditor: str
    debtor: str
    amount: int
    issued: date
    due: date
    registered_on: date
    assigned_on: date | None = None
    entered_on: date | None = None
    invoices: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    disputed: bool = False
    related_party: bool = False
    changes: tuple[Change, ...] = ()
    keys: tuple[FactKey, ...] = ()

    def refs(self) -> Iterator[FactRef]:
        """The facts that say what this asset is, and every change to it."""
        yield from map(reference, self.keys)
        for change in self.changes:
            yield from map(reference, change.keys)

    def enters(self) -> date:
        """The first day on which the asset counts in its pool: it is the plan's, and it exists."""
        return max(self.entered_on or self.issued, self.issued)

    def outstanding_on(self, day: date) -> int:
        """Fen unpaid at the end of ``day``; nothing before it was issued, negative when more was paid than owed."""
        if day < self.issued:
            return 0
        return self.amount + sum(change.amount for change in self.changes if change.on <= day)

    def settled_on(self) -> date | None:
        """The day after whose payments or adjustments nothing was owed any more; None while something is."""
        left = self.amount
        for change in self.changes:
            left += change.amount
            if left <= 0:
                return change.on
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """One asset on one business day: ``outstanding`` in fen, ``days_past_due`` 0 while not yet due."""

    source: Asset
    on: date
    outstanding: int
    days_past_due: int

    @property
    def asset(self) -> str:
        return self.source.asset

    @property
    def creditor(self) -> str:
        return self.source.creditor

    @property
    def debtor(self) -> str:
        return self.source.debtor

    @property
    def amount(self) -> int:
        return self.source.amount

    @property
    def issued(self) -> date:
        return self.source.issued

    @property
    def due(self) -> date:
        return self.source.due

    @property
    def registered_on(self) -> date:
        return self.source.registered_on

    @property
    def assigned_on(self) -> date | None:
        return self.source.assigned_on

    @property
    def invoices(self) -> tuple[str, ...]:
        return self.source.invoices

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.source.outputs

    @property
    def disputed(self) -> bool:
        return self.source.disputed

    @property
    def related_party(self) -> bool:
        return self.source.related_party

    @property
    def days_to_due(self) -> int:
        """Days left until due; 0 once it is due, since an overdue claim has no term left."""
        return max(0, (self.source.due - self.on).days)

    @property
    def age(self) -> int:
        """Days since the sale was invoiced (账龄)."""
        return (self.on - self.source.issued).days

    def refs(self) -> Iterator[FactRef]:
        """The facts that say how this asset stands on its day: what it is, and the changes up to then."""
        yield from map(reference, self.source.keys)
        for change in self.source.changes:
            if change.on <= self.on:
                yield from map(reference, change.keys)

    def weight(self, basis: Basis) -> int:
        """The fen this asset counts for."""
        return self.outstanding if basis is Basis.OUTSTANDING else self.source.amount

    def party(self, side: Party) -> str:
        """The member on that side of the receivable."""
        return self.source.debtor if side is Party.DEBTOR else self.source.creditor


def rows_on(assets: Iterable[Asset], day: date) -> tuple[AssetRow, ...]:
    """Every asset issued by the end of ``day``, as it stands then, paid or not, in the order given."""
    rows = []
    for asset in assets:
        if asset.issued <= day:
            outstanding = asset.outstanding_on(day)
            late = max(0, (day - asset.due).days) if outstanding > 0 else 0
            rows.append(AssetRow(source=asset, on=day, outstanding=outstanding, days_past_due=late))
    return tuple(rows)


def open_rows(rows: Sequence[AssetRow]) -> tuple[AssetRow, ...]:
    """The rows on which something is still owed."""
    return tuple(row for row in rows if row.outstanding > 0)
