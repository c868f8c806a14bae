"""What hangs on trades: the receivables on their invoices, and who financed them or holds them in a pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from ledger.facts import Receivable, ReceivableInvoice
from regulator.duplicates.claims import Claim, Instrument
from regulator.duplicates.scope import FamilyScope
from regulator.duplicates.stakes import Stakes, by_id, money_of
from regulator.duplicates.view import current
from regulator.histories import Histories, heights_of
from regulator.network.trades import Trade
from regulator.scope import Changes

__all__ = ["Exposure", "touched_trades"]


def touched_trades(changes: Changes, histories: Histories) -> set[str]:
    """Return the things that changed, or on which claims changed, and that may be trades."""
    seeds = FamilyScope().touched(changes, histories)
    owed = {seed.removeprefix("receivable ") for seed in seeds if seed.startswith("receivable ")}
    links = histories.having(ReceivableInvoice, "receivable", owed)
    bare = owed - {link.receivable for link in links}
    found = {seed for seed in seeds if seed.startswith("invoice ")} | {f"receivable {name}" for name in bare}
    return found | {f"invoice {link.invoice}" for link in links}


class Exposure:
    """The receivables of some trades, and the claims on them, with their history."""

    def __init__(self, histories: Histories, trades: Collection[Trade]) -> None:
        self._stakes = Stakes(histories, {one.node for one in trades})
        invoices = {one.name for one in trades if one.node.startswith("invoice ")}
        self._links: defaultdict[str, list[ReceivableInvoice]] = defaultdict(list)
        for link in histories.having(ReceivableInvoice, "invoice", invoices):
            self._links[f"invoice {link.invoice}"].append(link)
        names = {link.receivable for links in self._links.values() for link in links}
        names |= {one.name for one in trades if one.node.startswith("receivable ")}
        self._receivables = by_id(histories.having(Receivable, "id", names))

    def heights(self, trades: Sequence[Trade]) -> list[int]:
        """Return the heights at which what hangs on these trades may have changed."""
        names = {name for one in trades for name in self._named(one)}
        links = [link for one in trades for link in self._links.get(one.node, ())]
        owed = heights_of(links, *(self._receivables.get(name, ()) for name in names))
        return sorted({*owed, *self._stakes.heights(one.node for one in trades)})

    def owed(self, trade: Trade, height: int) -> list[Receivable]:
        """Return the receivables on a trade."""
        found = (current(self._receivables.get(name, ()), height) for name in sorted(self._named(trade)))
        return [one for one in found if one is not None]

    def financed(self, trade: Trade, height: int) -> list[Claim]:
        """Return the claims of those whose money is in a trade: loans, bought pieces, pools."""
        return [
            claim
            for claim in self._stakes.on(trade.node, height)
            if (claim.bought and claim.instrument is not Instrument.REGISTRATION) or claim.instrument is Instrument.POOL
        ]

    def money(self, trades: Iterable[Trade], height: int) -> int:
        """Return the money in these trades, of each no more than its amount; fen."""
        return sum(money_of(self.financed(one, height), one.amount) for one in trades)

    def _named(self, trade: Trade) -> set[str]:
        if trade.node.startswith("receivable "):
            return {trade.name}
        return {link.receivable for link in self._links.get(trade.node, ())}
