"""Trades: who sold what to whom, when and for how much, by invoices and by receivables that rest on none.

A trade is an edge of the network, from the seller to the buyer. An invoice's day is the day it was issued, a
receivable's the day it was registered; amounts are what is owed, tax included, in fen. What an invoice says never
changes but for its status, so an edge is read from its first version; whether it counts is asked as of a height.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from math import floor, log
from typing import Any, Final

from ledger.facts import Invoice, Receivable, ReceivableInvoice
from ledger.snapshot import Market
from ledger.store import Narrowed
from regulator.duplicates.view import VOID, current
from regulator.histories import Histories
from regulator.network.goods import family_of

__all__ = [
    "SPREAD", "STEP", "Trade", "Traded", "cell_of", "cells_around", "days_of", "market_pairs",
    "market_positions", "market_trades", "quarter_of",
]  # fmt: skip

MONTH: Final = 30
"""Days of a cell: what lies within as many days lies in the same cell or one beside it."""
STEP: Final = 5
"""Per cent by which an amount may differ from the one before it: commissions of such rings are 1 to 3 per cent."""
SPREAD: Final = 1.3
"""Ratio of the amounts in one cell: more than five steps come to (1 / 0.95^5 = 1.292), so a ring's amounts lie in
cells side by side."""

Cell = tuple[str, int, int]
"""A member, a month and a range of amounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One sale. ``node`` is ``invoice <id>`` or ``receivable <id>``; ``day`` the ordinal of its day."""

    node: str
    seller: str
    buyer: str
    day: int
    amount: int
    family: str
    """The family of its goods; empty: nobody knows."""
    position: int
    """Of the record that registered it."""
    goods: str = ""

    @property
    def name(self) -> str:
        """The id of its invoice or receivable."""
        return self.node.split(" ", 1)[1]

    @property
    def known(self) -> bool:
        """Whether the goods are known."""
        return self.family != ""


def cell_of(member: str, trade: Trade) -> Cell:
    """Return the cell of a member's side of a trade."""
    return member, trade.day // MONTH, floor(log(trade.amount) / log(SPREAD))


def cells_around(cell: Cell) -> Iterable[Cell]:
    """Yield a cell and those beside it."""
    member, month, amount = cell
    for months in (0, 1, -1):
        for amounts in (0, 1, -1):
            yield member, month + months, amount + amounts


def quarter_of(day: int) -> str:
    """Return the quarter of a day as 2026Q1."""
    on = date.fromordinal(day)
    return f"{on.year}Q{(on.month + 2) // 3}"


def days_of(quarter: str) -> tuple[int, int]:
    """Return the first and the last day of a quarter, as ordinals."""
    year, month = int(quarter[:-2]), int(quarter[-1]) * 3
    after = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month - 2, 1).toordinal(), after.toordinal() - 1


class Traded:
    """The trades that were read so far, with all versions of what they rest on."""

    def __init__(self, histories: Histories) -> None:
        self._histories = histories
        self.trades: dict[str, Trade] = {}
        self.versions: dict[str, list[Invoice | Receivable]] = {}

    def read(self, nodes: Collection[str]) -> list[Trade]:
        """Return the trades of these things that are trades."""
        wanted = [node for node in nodes if node not in self.versions]
        self._keep(self._histories.having(Invoice, "id", _named(wanted, "invoice")))
        self._keep_bare(self._histories.having(Receivable, "id", _named(wanted, "receivable")))
        return [self.trades[node] for node in sorted(nodes) if node in self.trades]

    def sold_by(self, members: Collection[str], first: int, last: int) -> list[Trade]:
        """Return what these members sold on the days from the first to the last, in the order of registration."""
        return self._between("seller", "creditor", members, first, last)

    def bought_by(self, members: Collection[str], first: int, last: int) -> list[Trade]:
        """Return what these members bought on the days from the first to the last, in the order of registration."""
        return self._between("buyer", "debtor", members, first, last)

    def stands(self, trade: Trade, height: int) -> bool:
        """Tell whether a trade counts as of a height: neither voided nor taken back by a red invoice."""
        now = current(self.versions[trade.node], height)
        return now is not None and (isinstance(now, Receivable) or now.status not in VOID)

    def _between(self, sold: str, owed: str, members: Collection[str], first: int, last: int) -> list[Trade]:
        days = date.fromordinal(max(first, 1)), date.fromordinal(min(last, date.max.toordinal()))
        invoiced = Narrowed(within=("issued", *days))
        bare = Narrowed(within=("registered_on", *days), unnamed=(ReceivableInvoice, "receivable"))
        found = self._keep(self._histories.having(Invoice, sold, members, invoiced))
        found |= self._keep(self._histories.having(Receivable, owed, members, bare))
        return sorted((self.trades[node] for node in found), key=lambda one: (one.position, one.node))

    def _keep(self, versions: Iterable[Invoice | Receivable]) -> set[str]:
        """Keep versions; returns those of the things that are trades, each with all its versions."""
        by_node: defaultdict[str, list[Invoice | Receivable]] = defaultdict(list)
        for one in versions:
            by_node[f"{one.label} {one.id}"].append(one)
        for node, some in by_node.items():
            if node not in self.versions:
                self.versions[node] = some
                trade = _trade(node, some[0])
                if trade is not None:
                    self.trades[node] = trade
        return by_node.keys() & self.trades.keys()

    def _keep_bare(self, receivables: Sequence[Receivable]) -> set[str]:
        """Keep the receivables that rest on no invoice: of the others the invoice is the trade."""
        links = self._histories.having(ReceivableInvoice, "receivable", {one.id for one in receivables})
        invoiced = {link.receivable for link in links}
        return self._keep(one for one in receivables if one.id not in invoiced)


def _trade(node: str, first: Invoice | Receivable) -> Trade | None:
    """Return the trade of a thing, or None: a red invoice, or one to oneself."""
    if isinstance(first, Invoice):
        sides, amount, day = (first.seller, first.buyer), first.amount_including_tax, first.issued
        goods = first.goods
    else:
        sides, amount, day, goods = (first.creditor, first.debtor), first.amount, first.registered_on, ""
    if amount <= 0 or sides[0] == sides[1]:
        return None
    return Trade(
        node=node,
        seller=sides[0],
        buyer=sides[1],
        day=day.toordinal(),
        amount=amount,
        family=family_of(goods),
        position=first.from_position,
        goods=goods,
    )


def _named(nodes: Iterable[str], kind: str) -> list[str]:
    lead = f"{kind} "
    return [node.removeprefix(lead) for node in nodes if node.startswith(lead)]


@contextmanager
def market_pairs(market: Market) -> Iterator[Any]:
    """Give every seller and buyer of a snapshot's trades one of whom both sells and buys, as an Ibis table.

    Those of all receivables are among them. There are few pairs, and most members only buy or only sell: so who could
    be in a pattern is told before any trade is looked at.
    """
    sold, owed = market.table(Invoice), market.table(Receivable)
    sold = sold.filter(sold.amount_including_tax > 0).select("seller", "buyer").distinct()
    owed = owed.filter(owed.amount > 0).select(seller="creditor", buyer="debtor").distinct()
    found = sold.union(owed).distinct()
    with market.kept(found.filter(found.seller != found.buyer)) as pairs:
        both = pairs.select(member="seller").intersect(pairs.select(member="buyer"))
        around = [pairs.semi_join(both, pairs[side] == both.member) for side in ("seller", "buyer")]
        with market.kept(around[0].union(around[1]).distinct()) as some:
            yield some


def market_trades(market: Market, pairs: Any) -> Any:
    """Return the trades between some pairs as an Ibis table: node, seller, buyer, day (a date), amount, goods.

    None of that ever changes: it is read of what holds at the snapshot's height.
    """
    import ibis

    sold, owed = market.table(Invoice), market.table(Receivable)
    sold = sold.filter(sold.amount_including_tax > 0).semi_join(pairs, ["seller", "buyer"])
    sold = sold.select(
        node=ibis.literal("invoice ") + sold.id, seller="seller", buyer="buyer", day="issued",
        amount="amount_including_tax", goods="goods",
    )  # fmt: skip
    owed = owed.filter(owed.amount > 0)
    owed = owed.semi_join(pairs, [owed.creditor == pairs.seller, owed.debtor == pairs.buyer])
    links = market.stated(ReceivableInvoice)
    bare = owed.anti_join(links, owed.id == links.receivable)
    bare = bare.select(
        node=ibis.literal("receivable ") + bare.id, seller="creditor", buyer="debtor", day="registered_on",
        amount="amount", goods=ibis.literal("", "string"),
    )  # fmt: skip
    return sold.union(bare)


def market_positions(market: Market, trades: Any) -> Any:
    """Return of trades their nodes and the positions that registered them, as an Ibis table: node, position."""
    import ibis

    found = []
    for table in (Invoice, Receivable):
        rows, lead = market.stated(table), f"{table.label} "
        names = trades.filter(trades.node.startswith(lead))
        names = names.select(name=names.node.substr(len(lead)))
        rows = rows.semi_join(names, rows.id == names.name).group_by("id").aggregate(position=rows.from_position.min())
        found.append(rows.select(node=ibis.literal(lead) + rows.id, position="position"))
    return found[0].union(found[1])
