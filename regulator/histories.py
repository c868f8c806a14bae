"""The versions of facts that a rule reads, from the replica's database or from a snapshot: the same rows from both.

A rule asks for every version (ended ones too) of the things it names, and sees them as of a height with :func:`at`. So
what it finds block by block and what it finds over all of history come from one reading.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy.orm import configure_mappers

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    Settlement,
    TradeReference,
)
from ledger.snapshot import Market
from ledger.snapshot.columns import plain_columns
from ledger.store import AsOf, Narrowed
from regulator.evidence import AT_ONCE

__all__ = ["Histories", "MarketHistories", "StoreHistories", "at", "heights_of"]

F = TypeVar("F", bound=Fact)

REMEMBERED: Final = 1_500_000
"""Rows after which everything read is forgotten: bounds memory, not meaning."""
SPREAD: Final = 200_000
"""Values joined in one question to a snapshot: bounds memory, not meaning."""


AROUND: Final[tuple[tuple[str, type[Fact], str, str, str], ...]] = (
    ("document", Receivable, "contract", "receivable", "id"),
    ("document", TradeReference, "target", "invoice", "source"),
    ("receivable", ReceivableInvoice, "receivable", "invoice", "invoice"),
    ("invoice", ReceivableInvoice, "invoice", "receivable", "receivable"),
    ("invoice", Invoice, "id", "number", "number"),
    ("number", Invoice, "number", "invoice", "id"),
    ("receivable", Receivable, "id", "", ""),
    ("receivable", Output, "root", "name", "id"),
    ("receivable", PoolAsset, "asset", "", ""),
    ("receivable", Settlement, "receivable", "", ""),
    ("invoice", PackageInvoice, "invoice", "name", "package"),
    ("invoice", TradeReference, "target", "", ""),
    ("invoice", TradeReference, "source", "", ""),
    ("name", FinancingCollateral, "target", "financing", "financing"),
    ("name", RegistrationCollateral, "target", "registration", "registration"),
    ("financing", FinancingCollateral, "financing", "", ""),
    ("financing", Financing, "id", "", ""),
    ("registration", Registration, "id", "", ""),
)
"""What nearly every scope asks for around a thing: its kind, the table and column that name it, and what is named there
in turn: its kind and column."""
NEAR: Final = 3
"""Links from a thing within which that is."""
_PLACE: Final = attrgetter("from_position", "id")
AHEAD: Final = 100_000
"""Seeds around which is read ahead, the first ones: bounds memory, not meaning."""


class Histories(Protocol):
    """Every version of facts that had begun by ``height``."""

    @property
    def height(self) -> int:
        """The height they are read at."""

    def having(
        self,
        table: type[F],
        column: str,
        values: Collection[str],
        narrowed: Narrowed | None = None,
    ) -> list[F]:
        """Return the versions whose column is one of the values, in the order in which they began; none for no value.

        An end that came after the height is not known.
        """

    def stated(self, table: type[Fact], column: str, values: Collection[str]) -> set[str]:
        """Return those of the values that any version which began by the height states in the column."""


class _Remembering(ABC):
    """Remembers what was read of whole things: the rules of one step or sweep ask for much the same."""

    def __init__(self) -> None:
        self._read: defaultdict[tuple[type[Fact], str], dict[str, list[Any]]] = defaultdict(dict)
        self._rows = 0

    def having(
        self,
        table: type[F],
        column: str,
        values: Collection[str],
        narrowed: Narrowed | None = None,
    ) -> list[F]:
        """See :meth:`Histories.having`."""
        wanted = set(values)
        if narrowed is not None:
            return _ordered(self._ask(table, column, sorted(wanted), narrowed))
        known = self._read[table, column]
        if fresh := sorted(wanted - known.keys()):
            found: dict[str, list[F]] = {value: [] for value in fresh}
            for one in self._ask(table, column, fresh, Narrowed()):
                found[one.__dict__[column]].append(one)
                self._rows += 1
            known.update(found)
        told = _ordered([one for value in wanted for one in known[value]])
        if self._rows > REMEMBERED:
            self._read.clear()
            self._rows = 0
        return told

    @abstractmethod
    def _ask(self, table: type[F], column: str, wanted: Sequence[str], narrowed: Narrowed) -> Iterable[F]:
        """Return the versions, in any order."""


class StoreHistories(_Remembering):
    """Histories of the replica's database, as of the height of a reading. It remembers: one is for one step."""

    def __init__(self, facts: AsOf, after: int = -1) -> None:
        super().__init__()
        self._facts = facts
        self.height = facts.height
        self.after = after
        """The height that whoever reads has followed the ledger to; -1: nothing yet."""

    def stated(self, table: type[Fact], column: str, values: Collection[str]) -> set[str]:
        """See :meth:`Histories.stated`."""
        return self._facts.stated(table, column, sorted(values))

    def facts_at(self, height: int) -> AsOf:
        """Return the facts as of the height or one before it: for rules that recompute a plan rather than read rows."""
        return self._facts if height == self.height else self._facts.earlier(height)

    def _ask(self, table: type[F], column: str, wanted: Sequence[str], narrowed: Narrowed) -> Iterator[F]:
        """Ask the database. The column should be the key or have an index."""
        for start in range(0, len(wanted), AT_ONCE):
            yield from self._facts.among(table, column, wanted[start : start + AT_ONCE], narrowed)


class MarketHistories(_Remembering):
    """Histories of a snapshot, on the engine that opened it."""

    def __init__(self, market: Market, height: int) -> None:
        super().__init__()
        self._market = market
        self.height = height
        configure_mappers()  # else a row's columns cannot be read where no database was opened before

    def stated(self, table: type[Fact], column: str, values: Collection[str]) -> set[str]:
        """See :meth:`Histories.stated`."""
        import ibis

        keys = ibis.memtable({"wanted": sorted(values)}, schema={"wanted": "string"})
        rows = self._market.stated(table)
        found = keys.semi_join(rows, keys.wanted == rows[column])
        return set(self._market.backend.to_pyarrow(found).column("wanted").to_pylist())

    def read_ahead(self, seeds: Iterable[str]) -> None:
        """Read what lies AROUND the seeds (``<kind> <id>``) of many scopes: one question instead of one for each.

        It changes no answer: whatever is asked for beyond it is read when it is asked for.
        """
        asked: defaultdict[tuple[type[Fact], str], set[str]] = defaultdict(set)
        named: defaultdict[str, set[str]] = defaultdict(set)
        kinds = {kind for kind, *_ in AROUND}
        named_by = (seed.partition(" ") for seed in seeds)
        for kind, _, name in islice((each for each in named_by if each[0] in kinds), AHEAD):
            named[kind].add(name)
        for _ in range(NEAR):
            named["name"] |= named["receivable"] | named["invoice"]
            for kind, table, column, to, then in AROUND:
                wanted = named[kind] - asked[table, column]
                asked[table, column] |= wanted
                for one in self.having(table, column, wanted):
                    if to:
                        named[to].add(getattr(one, then))

    def _ask(self, table: type[F], column: str, wanted: Sequence[str], narrowed: Narrowed) -> Iterator[F]:
        import ibis

        for start in range(0, len(wanted), SPREAD):
            keys = ibis.memtable({"wanted": wanted[start : start + SPREAD]}, schema={"wanted": "string"})
            rows = self._market.stated(table)
            if narrowed.within is not None:
                day, first, last = narrowed.within
                rows = rows.filter(rows[day].between(first, last))
            if narrowed.unnamed is not None:
                links = self._market.stated(narrowed.unnamed[0])
                rows = rows.anti_join(links, rows.id == links[narrowed.unnamed[1]])
            for name, values in narrowed.also.items():
                some = ibis.memtable({"value": list(values)}, schema={"value": rows[name].type()})
                rows = rows.semi_join(some, rows[name] == some.value)
            yield from rows_as(
                table, self._market.backend.to_pyarrow(rows.semi_join(keys, rows[column] == keys.wanted))
            )


def rows_as(table: type[F], rows: Any) -> list[F]:
    """Return an Arrow table of a fact table's columns as the values that the database would give."""
    made, names = table.as_read, table.names
    return [made(dict(zip(names, row, strict=True))) for row in zip(*plain_columns(table, rows), strict=True)]


def at(versions: Iterable[F], height: int) -> list[F]:
    """Return those of the versions that hold at the height."""
    return [one for one in versions if one.from_height <= height and (one.to_height is None or one.to_height > height)]


def heights_of(*groups: Iterable[Fact]) -> list[int]:
    """Return the heights at which any of these versions began or ended, each once, in order."""
    found: set[int] = set()
    for group in groups:
        for one in group:
            found.add(one.from_height)
            if one.to_height is not None:
                found.add(one.to_height)
    return sorted(found)


def _ordered(found: Iterable[F]) -> list[F]:
    return sorted(found, key=_PLACE)
