"""The things of the ledger by kind and id, as of a height: read many at once, each once, by an index alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

from sqlmodel import col

from ledger.fact import Fact
from ledger.facts import (
    Certificate,
    Credit,
    Distribution,
    Financing,
    Holding,
    Invoice,
    Member,
    Output,
    Package,
    Payment,
    Plan,
    PoolAsset,
    Quota,
    Receipt,
    Receivable,
    Registration,
    RegistrationQuery,
    Remittance,
    Stock,
    TradeDocument,
    TradeOrder,
    Tranche,
)
from ledger.facts import (
    Collection as Collected,
)
from ledger.store import AsOf
from regulator.evidence import AT_ONCE

__all__ = ["TABLES", "UNKNOWN", "Key", "Things", "indexed"]

F = TypeVar("F", bound=Fact)
Key = tuple[str, str]
"""A thing: its kind and its id."""

UNKNOWN: Final = "unknown"
"""The kind of what a record refers to and nobody registered."""

TABLES: Final[Mapping[str, type[Fact]]] = {
    "plan": Plan,
    "tranche": Tranche,
    "holding": Holding,
    "asset": PoolAsset,
    "certificate": Certificate,
    "output": Output,
    "receivable": Receivable,
    "invoice": Invoice,
    "package": Package,
    "document": TradeDocument,
    "order": TradeOrder,
    "receipt": Receipt,
    "stock": Stock,
    "payment": Payment,
    "financing": Financing,
    "registration": Registration,
    "query": RegistrationQuery,
    "credit": Credit,
    "quota": Quota,
    "collection": Collected,
    "remittance": Remittance,
    "distribution": Distribution,
    "member": Member,
}
"""The table of each kind that is a row of its own. A shelf and a pool are not: they are what plans and assets name."""

_REFERRED: Final = ("document", "invoice", "order", "receipt")
"""What a reference may name, without saying which."""


def indexed(table: type[Fact], column: str) -> bool:
    """Tell whether rows are found by the column without reading the whole table."""
    if column == "id":
        return True
    return any(next(iter(index.columns)).name == column for index in table.__table__.indexes)


class Things:
    """What was read so far, of one height; ``at_once`` facts are best."""

    def __init__(self, facts: AsOf) -> None:
        self.facts = facts
        self._known: dict[str, dict[str, Fact | None]] = {}
        self._pieces: dict[str, list[Output]] = {}
        self._rows: dict[tuple[type[Fact], str], dict[Any, list[Fact]]] = {}

    def read(self, kind: str, ids: Iterable[str]) -> dict[str, Fact]:
        """The things of these ids as they stand, or as they last stood; those that never were are left out."""
        known = self._known.setdefault(kind, {})
        wanted = sorted({one for one in ids if one not in known})
        if (table := TABLES.get(kind)) is not None:
            for some in _chunks(wanted):
                known.update(dict.fromkeys(some))
                if table is not Output:  # of which most are spent
                    known.update({one.id: one for one in self.facts.select(table, col(table.id).in_(some))})
                gone = [one for one in some if known[one] is None]
                if gone:
                    known.update({one.id: one for one in self.facts.select_ended(table, col(table.id).in_(gone))})
        return {one: fact for one in dict.fromkeys(ids) if (fact := known.get(one)) is not None}

    def one(self, key: Key) -> Fact | None:
        """One of those read before; None when it never was."""
        return self._known.get(key[0], {}).get(key[1])

    def of(self, table: type[F], kind: str, id_: str) -> F | None:
        """The same, where it is of that table."""
        found = self._known.get(kind, {}).get(id_)
        return found if isinstance(found, table) else None

    def having(self, table: type[F], column: str, values: Collection[Any]) -> list[F]:
        """The last version of every row whose column is one of the values, in ledger order."""
        known = self._rows.setdefault((table, column), {})
        wanted = sorted(set(values) - known.keys())
        for some in _chunks(wanted):
            known.update({value: [] for value in some})
            last: dict[str, Fact] = {}
            for row in self.facts.select_ended(table, col(getattr(table, column)).in_(some)):
                last[row.id] = row
            for each in last.values():
                known[getattr(each, column)].append(each)
        found: list[Any] = [row for value in dict.fromkeys(values) for row in known[value]]
        return sorted(found, key=lambda row: (row.from_position, row.id))

    def pieces(self, receivables: Collection[str]) -> dict[str, list[Output]]:
        """Every output ever made of these receivables, by receivable, in ledger order."""
        for output in self.having(Output, "root", [one for one in receivables if one not in self._pieces]):
            self._pieces.setdefault(output.root, []).append(output)
            self._known.setdefault("output", {})[output.id] = output
        for one in receivables:
            self._pieces.setdefault(one, [])
        return {one: self._pieces[one] for one in receivables}

    def resolved(self, ids: Collection[str]) -> dict[str, str]:
        """The kind of each thing that references name."""
        found: dict[str, str] = {}
        for kind in _REFERRED:
            found |= dict.fromkeys(self.read(kind, [one for one in ids if one not in found]), kind)
        return {one: found.get(one, UNKNOWN) for one in ids}

    def names(self, members: Collection[str]) -> dict[str, str]:
        """The members' names by id."""
        read: Callable[[str], Fact | None] = self.read("member", members).get
        return {one: found.name for one in members if isinstance(found := read(one), Member)}


def _chunks(values: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
