"""Whether goods moved (货物流转): the waybills and warehouse papers that show a trade's goods on their way.

A paper shows the goods of an invoice when the invoice refers to it or it refers to the invoice; one that is cancelled
shows nothing. What refers to the contract alone says of no invoice that its goods moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from ledger.facts import Receipt, TradeDocument, TradeReference
from regulator.duplicates.stakes import by_id, of
from regulator.duplicates.view import current
from regulator.histories import Histories, heights_of
from regulator.network.trades import Trade
from regulator.scope import Changes

__all__ = ["Movements", "touched_by_papers"]

MOVES: Final = frozenset(("waybill", "warehouse_receipt", "customs_declaration"))
"""Types of documents that show goods on their way or in store."""


def touched_by_papers(changes: Changes, histories: Histories) -> set[str]:
    """Return the invoices whose papers changed."""
    papers = {one.id for one in of(changes, TradeDocument) if one.type in MOVES}
    papers |= {one.id for one in of(changes, Receipt)}
    naming = histories.having(TradeReference, "source", papers)
    named = histories.having(TradeReference, "target", papers)
    found = {one.target for one in naming if one.source_kind == "document"}
    return found | {one.source for one in named if one.source_kind == "invoice"}


class Movements:
    """The papers around some trades, with their history."""

    def __init__(self, histories: Histories, trades: Collection[Trade]) -> None:
        invoices = {one.name for one in trades if one.node.startswith("invoice ")}
        named = [one for one in histories.having(TradeReference, "source", invoices) if one.source_kind == "invoice"]
        naming = [one for one in histories.having(TradeReference, "target", invoices) if one.source_kind == "document"]
        ids = {one.target for one in named} | {one.source for one in naming}
        self._papers: dict[str, list[TradeDocument] | list[Receipt]] = {
            name: versions
            for name, versions in by_id(histories.having(TradeDocument, "id", ids)).items()
            if versions[0].type in MOVES
        }
        for name, held in by_id(histories.having(Receipt, "id", ids)).items():
            self._papers.setdefault(name, held)
        self._of: defaultdict[str, list[tuple[TradeReference, str]]] = defaultdict(list)
        pairs = [(one.source, one, one.target) for one in named] + [(one.target, one, one.source) for one in naming]
        for invoice, reference, paper in pairs:
            if paper in self._papers:
                self._of[invoice].append((reference, paper))

    def heights(self, trades: Iterable[Trade]) -> list[int]:
        """Return the heights at which what is shown of these trades changed."""
        links = [link for one in trades for link in self._of.get(one.name, ())]
        return heights_of((reference for reference, _ in links), *(self._papers[paper] for _, paper in links))

    def of(self, trade: Trade, height: int) -> set[str]:
        """Return the papers that show the goods of a trade as of the height."""
        found = set()
        for reference, paper in self._of.get(trade.name, ()):
            now = current(self._papers[paper], height)
            if reference.from_height <= height and now is not None and getattr(now, "status", "") != "cancelled":
                found.add(paper)
        return found

    def moved(self, trades: Iterable[Trade], height: int) -> int:
        """Return how many of the trades have a paper of their own: one paper moves goods once."""
        taken: set[str] = set()
        count = 0
        for trade in trades:
            mine = sorted(self.of(trade, height) - taken)
            if mine:
                taken.add(mine[0])
                count += 1
        return count
