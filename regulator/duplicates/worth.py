"""What things are worth that a financing rests on beside the one looked at: how much of it falls on each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
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
            parts = [self.of("invoice", one.invoice, before) for one in self.packed.get(name, ())]
            return None if not parts or None in parts else sum(part or 0 for part in parts)
        began, amount = self.amounts.get(f"{kind} {name}", (before, 0))
        return max(amount, 0) if began < before else None

    def share(self, one: FinancingCollateral, exposure: int, height: int) -> int | None:
        """Return how much of a financing's exposure falls on one of its collateral, by worth; None: nobody can tell."""
        held = at(self.put_up.get(one.financing, ()), height)
        if len(held) < 2:
            return exposure
        weights = {each.id: self._weight(each) for each in held}
        return _portion(exposure, weights.get(one.id), weights.values())

    def within(self, package: str, invoice: str, amount: int | None, before: int) -> int | None:
        """Return how much of an amount on a package falls on one of its invoices, by face."""
        if amount is None:
            return None
        faces = [self.of("invoice", each.invoice, before) for each in self.packed.get(package, ())]
        return _portion(amount, self.of("invoice", invoice, before), faces)

    def _weight(self, one: FinancingCollateral) -> int | None:
        return self.of(one.target_kind, one.target, one.from_position) if one.amount is None else one.amount


def _portion(amount: int, mine: int | None, all_: Iterable[int | None]) -> int | None:
    weights = list(all_)
    if mine is None or None in weights:
        return None
    total = sum(weight or 0 for weight in weights)
    return amount * mine // total if total else 0
