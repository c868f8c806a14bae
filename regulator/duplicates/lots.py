"""The scope of lots in a warehouse: the receipts for each, and the stock that was reported of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from ledger.facts import Fact, Receipt, Stock
from ledger.snapshot import Market
from regulator.duplicates.patterns import warehouse_over
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.stakes import CLAIMS, Stakes, by_id, of
from regulator.duplicates.view import current
from regulator.histories import Histories, heights_of
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["Lot", "LotScope"]


class Lot:
    """A lot with its history: receipts by id, reports of its stock, claims on the receipts."""

    def __init__(self, name: str, receipts: dict[str, list[Receipt]], stock: list[Stock], stakes: Stakes) -> None:
        self._name, self._receipts, self._stock, self._stakes = name, receipts, stock, stakes

    @property
    def subjects(self) -> Collection[str]:
        """The lot."""
        return (f"stock {self._name}",)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        own = heights_of(self._stock, *self._receipts.values())
        return sorted({*own, *self._stakes.heights(f"receipt {name}" for name in self._receipts)})

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what is to be said of the lot."""
        receipts = [one for versions in self._receipts.values() if (one := current(versions, height)) is not None]
        stock = current(self._stock, height)
        active = [one.id for one in receipts if one.status in warehouse_over.ACTIVE]
        claims = [claim for name in active for claim in self._stakes.on(f"receipt {name}", height)]
        firsts = {name: versions[0].from_position for name, versions in self._receipts.items()}
        signal = warehouse_over.look(self._name, receipts, stock, claims, firsts)
        if signal is not None:
            yield signal


class LotScope:
    """Lots in warehouses, and the pattern of receipts beyond their stock."""

    name = "duplicates.lots"
    rules = (warehouse_over.RULE,)
    reads: tuple[type[Fact], ...] = (*CLAIMS, Receipt, Stock)

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`."""
        lots = {one.stock for one in of(changes, Receipt)} | {one.id for one in of(changes, Stock)}
        seeds = FamilyScope().touched(changes, histories)
        claimed = {seed.removeprefix("receipt ") for seed in seeds if seed.startswith("receipt ")}
        return {f"stock {name}" for name in lots | {one.stock for one in histories.having(Receipt, "id", claimed)}}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: lots for which active receipts were ever more than the stock reported then.

        And those pledged to several parties, and stated in several units.
        """
        receipts, stock = market.history(Receipt), market.history(Stock)
        units = receipts.select("stock", "unit").union(stock.select(stock=stock.id, unit=stock.unit)).distinct()
        mixed = units.group_by("stock").aggregate(units=units.unit.count())
        pledged = receipts.filter(receipts.status == "pledged")
        pledged = pledged.group_by("stock").aggregate(pledgees=pledged.pledgee.nunique())
        found = _over(receipts.filter(receipts.status.isin(warehouse_over.ACTIVE)), stock)
        found = found.union(mixed.filter(mixed.units > 1).select("stock"))
        found = found.union(pledged.filter(pledged.pledgees > 1).select("stock"))
        return found.select(seed="stock " + found.stock).distinct()

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Lot]:
        """See :meth:`Scope.load`."""
        names = sorted(seed.removeprefix("stock ") for seed in seeds)
        receipts: defaultdict[str, list[Receipt]] = defaultdict(list)
        for one in histories.having(Receipt, "stock", names):
            receipts[one.stock].append(one)
        stock = by_id(histories.having(Stock, "id", names))
        stakes = Stakes(histories, {f"receipt {one.id}" for versions in receipts.values() for one in versions})
        for name in names:
            if receipts[name]:
                yield Lot(name, by_id(receipts[name]), stock.get(name, []), stakes)


def _over(receipts: Any, stock: Any) -> Any:
    """Return the lots of which receipts were more than the stock, at any height at which either began."""
    points = receipts.select("stock", height="from_height").union(stock.select(stock="id", height="from_height"))
    points = points.distinct()

    def at(rows: Any, lot: str) -> Any:
        rows = rows.select(lot=lot, first="from_height", end="to_height", quantity="quantity")
        found = points.join(rows, points.stock == rows.lot)
        found = found.filter((found.first <= found.height) & (found.end.isnull() | (found.end > found.height)))
        return found.group_by("stock", "height").aggregate(total=found.quantity.sum())

    held, there = at(receipts, "stock"), at(stock, "id").rename(lot="stock", seen="height", reported="total")
    both = held.join(there, [held.stock == there.lot, held.height == there.seen])
    return both.filter(both.total > both.reported).select("stock")
