"""The scope of the families: what touches an underlying asset, and what the patterns say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

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
    TradeReference,
)
from ledger.snapshot import Market
from regulator.duplicates.candidates import candidates
from regulator.duplicates.family import ALONE, READS, Rows, load_rows
from regulator.duplicates.keys import Key, Keys
from regulator.duplicates.patterns import PATTERNS
from regulator.duplicates.speaking import speaks_from
from regulator.duplicates.ties import Ties
from regulator.duplicates.view import View, current
from regulator.histories import Histories, heights_of
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["Family", "FamilyScope"]

F = TypeVar("F", bound=Fact)

AT_ONCE: Final = 50_000
"""Seeds whose families are in memory together."""
_TOUCHED: Final[WeakKeyDictionary[Histories, tuple[list[Sequence[Fact] | None], set[str]]]] = WeakKeyDictionary()
"""By what a step is read from: the changes last asked about, and the seeds that they touched."""


class Family:
    """A family with its history; at each height it is the assets that were tied together by then."""

    def __init__(self, rows: Rows, since: int) -> None:
        self._rows, self._since = rows, since
        self._structure = heights_of(*rows.invoices.values(), *rows.notes.values(), rows.links)
        self._parts: tuple[int, list[list[str]]] | None = None

    @property
    def subjects(self) -> Collection[str]:
        """Every thing of the family."""
        return self._rows.nodes

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`: those before which nothing could be said are none of them."""
        return [height for height in heights_of(self._rows.changed()) if height >= self._since]

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what the patterns say of each asset."""
        for nodes in self._assets(height):
            view = View(self._rows, nodes, height)
            if view.claims or view.outputs:
                for look in PATTERNS.values():
                    signal = look(view)
                    if signal is not None:
                        yield signal

    def _assets(self, height: int) -> list[list[str]]:
        """Return the things of each asset: tied together by what had begun by the height."""
        known = sum(1 for each in self._structure if each <= height)
        if self._parts is None or self._parts[0] != known:
            self._parts = known, self._tied(height)
        return self._parts[1]

    def _tied(self, height: int) -> list[list[str]]:
        ties = Ties()
        first: dict[Key, str] = {}
        for node in self._rows.nodes:
            ties.add(node)
        invoices = sorted(
            self._rows.invoices.values(), key=lambda versions: (versions[0].from_position, versions[0].id)
        )
        stands = [one for versions in invoices if (one := current(versions, height)) is not None]
        notes = (one for each in self._rows.notes.values() if (one := current(each, height)) is not None)
        for name, key in Keys.of(stands, notes).shared.items():
            ties.tie(first.setdefault(key, f"invoice {name}"), f"invoice {name}")
        for link in self._rows.links:
            if link.from_height <= height:
                ties.tie(f"receivable {link.receivable}", f"invoice {link.invoice}")
        assets: defaultdict[str, list[str]] = defaultdict(list)
        for node in sorted(ties.nodes()):
            assets[ties.root(node)].append(node)
        return list(assets.values())


class FamilyScope:
    """Claims on one underlying asset, and the patterns that follow them."""

    name = "duplicates.family"
    rules = tuple(PATTERNS)
    reads = READS

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`. A loan on several things touches them all: it is shared out among them.

        Scopes that ask who has something at stake ask it too, in the same step.
        """
        mine = [changes.get(table) for table in READS]
        asked, seeds = _TOUCHED.get(histories, ([], set[str]()))
        if len(asked) != len(mine) or any(one is not other for one, other in zip(asked, mine, strict=True)):
            seeds = self._touched(changes, histories)
            _TOUCHED[histories] = mine, seeds
        return set(seeds)

    def _touched(self, changes: Changes, histories: Histories) -> set[str]:
        seeds = {f"receivable {one.id}" for one in _of(changes, Receivable)}
        seeds |= {f"receivable {one.receivable}" for one in _of(changes, ReceivableInvoice)}
        seeds |= {f"receivable {one.root}" for one in _of(changes, Output)}
        seeds |= {f"receivable {one.asset}" for one in _of(changes, PoolAsset)}
        seeds |= {f"invoice {one.invoice}" for one in _of(changes, PackageInvoice)}
        seeds |= self._papers(changes, histories)
        financings = {one.id for one in _of(changes, Financing)}
        financings |= {one.financing for one in _of(changes, FinancingCollateral)}
        claims: list[Any] = [*_of(changes, FinancingCollateral), *_of(changes, RegistrationCollateral)]
        claims += histories.having(FinancingCollateral, "financing", financings)
        registrations = {one.id for one in _of(changes, Registration)}
        claims += histories.having(RegistrationCollateral, "registration", registrations)
        named: defaultdict[str, set[str]] = defaultdict(set)
        for claim in claims:
            named[claim.target_kind].add(claim.target)
        seeds |= {f"{kind} {name}" for kind in ("invoice", "receivable", *ALONE) for name in named[kind]}
        seeds |= {f"receivable {one.root}" for one in histories.having(Output, "id", named["output"])}
        packed = histories.having(PackageInvoice, "package", named["package"])
        return seeds | {f"invoice {one.invoice}" for one in packed}

    def _papers(self, changes: Changes, histories: Histories) -> set[str]:
        """Return the invoices that changed and those they refer to, by way of a red one too."""
        changed = {one.id for one in _of(changes, Invoice)}
        aimed = {name for one in _of(changes, Invoice) for name in one.refers_to}
        aimed |= {one.target for one in _of(changes, TradeReference) if one.source_kind == "invoice"}
        red = [one for one in histories.having(Invoice, "id", aimed) if one.amount_including_tax < 0]
        return {f"invoice {name}" for name in changed | aimed | {name for one in red for name in one.refers_to}}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`."""
        return candidates(market)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Family]:
        """See :meth:`Scope.load`. Of a family that no pattern could speak of none is made."""
        done: set[str] = set()
        ordered = sorted(seeds)
        for start in range(0, len(ordered), AT_ONCE):
            some = [seed for seed in ordered[start : start + AT_ONCE] if seed not in done]
            since: dict[int, int] = {}

            def speaks(rows: Rows, since: dict[int, int] = since) -> bool:
                height = speaks_from(rows)
                if height is not None:
                    since[id(rows)] = height
                return height is not None

            for rows in load_rows(histories, some, speaks):
                if done.isdisjoint(rows.nodes):
                    done |= rows.nodes
                    yield Family(rows, since[id(rows)])


def _of(changes: Changes, table: type[F]) -> Sequence[F]:
    return changes.get(table, ())  # type: ignore[return-value]
