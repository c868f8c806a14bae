"""What things are worth that a financing rests on beside the one looked at: how much of it falls on each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Self

from ledger.facts import (
    Fact,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    Receivable,
    TradeDocument,
    TradeOrder,
)
from regulator.histories import Histories, at

__all__ = ["Worths"]

_AMOUNTS: dict[str, tuple[type[Fact], str]] = {
    "invoice": (Invoice, "amount_including_tax"),
    "receivable": (Receivable, "amount"),
    "output": (Output, "amount"),
    "order": (TradeOrder, "amount"),
    "document": (TradeDocument, "amount"),
}


@dataclass(slots=True)
class Worths:
    """First amounts of things by ``<kind> <id>``, and what each financing has as collateral; shared by one loading."""

    put_up: dict[str, list[FinancingCollateral]] = field(default_factory=dict)
    """By financing: all its collateral, whatever it is."""
    packed: dict[str, list[PackageInvoice]] = field(default_factory=dict)
    """By package: its invoices."""
    amounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The position at which a thing began, and its amount then."""
    _wholes: dict[tuple[str, int], int | None] = field(default_factory=dict)
    """By package and position: what it was worth; thousands of families of one package ask the same."""

    @classmethod
    def read(cls, histories: Histories, financings: Collection[str], packages: Collection[str]) -> Self:
        """Return what there is to know of these financings and packages."""
        put_up: defaultdict[str, list[FinancingCollateral]] = defaultdict(list)
        for one in histories.having(FinancingCollateral, "financing", financings):
            put_up[one.financing].append(one)
        shared = [one for some in put_up.values() if len(some) > 1 for one in some]
        packages = set(packages) | {one.target for one in shared if one.target_kind == "package"}
        packed: defaultdict[str, list[PackageInvoice]] = defaultdict(list)
        for each in histories.having(PackageInvoice, "package", packages):
            packed[each.package].append(each)
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for one in shared:
            wanted[one.target_kind].add(one.target)
        wanted["invoice"].update(each.invoice for some in packed.values() for each in some)
        amounts: dict[str, tuple[int, int]] = {}
        for kind, (table, column) in _AMOUNTS.items():
            for found in histories.having(table, "id", wanted[kind]):
                amount: Any = getattr(found, column)
                if amount is not None and getattr(found, "currency", "CNY") == "CNY":
                    amounts.setdefault(f"{kind} {found.id}", (found.from_position, amount))
        return cls(put_up=dict(put_up), packed=dict(packed), amounts=amounts)

    def of(self, kind: str, name: str, before: int) -> int | None:
        """Return what a thing was worth when it was put up at a position, in fen; None when that cannot be told."""
        if kind == "package":
            if (name, before) not in self._wholes:
                parts = [self.of("invoice", one.invoice, before) for one in self.packed.get(name, ())]
                self._wholes[name, before] = None if not parts or None in parts else sum(part or 0 for part in parts)
            return self._wholes[name, before]
        began, amount = self.amounts.get(f"{kind} {name}", (before, 0))
        return max(amount, 0) if began < before else None

    def shares(self, financing: str, exposure: int, height: int) -> dict[str, int | None]:
        """Return how much of an exposure falls on each of a financing's collateral, by worth; None: nobody can tell."""
        held = at(self.put_up.get(financing, ()), height)
        if len(held) < 2:
            return {each.id: exposure for each in held}
        weights = {each.id: self._weight(each) for each in held}
        known = [weight for weight in weights.values() if weight is not None]
        total = sum(known) if len(known) == len(weights) else None
        return {name: _portion(exposure, weight, total) for name, weight in weights.items()}

    def within(self, package: str, invoice: str, amount: int | None, before: int) -> int | None:
        """Return how much of an amount on a package falls on one of its invoices, by face."""
        if amount is None:
            return None
        return _portion(amount, self.of("invoice", invoice, before), self.of("package", package, before))

    def _weight(self, one: FinancingCollateral) -> int | None:
        return self.of(one.target_kind, one.target, one.from_position) if one.amount is None else one.amount


def _portion(amount: int, mine: int | None, total: int | None) -> int | None:
    if mine is None or total is None:
        return None
    return amount * mine // total if total else 0
