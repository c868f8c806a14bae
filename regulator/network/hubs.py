"""``network.hub``: a member whose trade only passes through (过手贸易、走单): what it buys it sells on at once.

Definition: within a quarter a member bought from at least SIDES others and sold to as many, and of what it bought at
least SHARE per cent by value was sold on within DAYS days after, the same goods at an amount within MARGIN per cent;
and that is SHARE per cent of what it sold. At least PASSES trades passed so. A purchase is matched with one sale only,
the first that fits. One finding for a member and a quarter.

Evidence: the records of the trades that passed, the first SHOWN of them.

Lawful: wholesalers and buying offices of groups do nothing else. So the level is LOW always: it says where the ways of
fake trade would lead through. Strength: the smaller share. Amount: the value that passed through, as it was bought.

Of a quarter the first TOLD purchases and as many sales that were registered are looked at.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from ledger.facts import Invoice, Receivable, ReceivableInvoice
from ledger.snapshot import Market
from regulator.duplicates.stakes import of
from regulator.histories import Histories, heights_of
from regulator.network.trades import Trade, Traded, days_of, market_pairs, market_trades, quarter_of
from regulator.scope import Changes
from regulator.signals import Level, Signal, parts_of, subject_of

__all__ = ["RULE", "HubScope"]

RULE: Final = "network.hub"
SIDES: Final = 2
"""Members on either side: fewer is a chain, not a hub."""
PASSES: Final = 5
"""Trades: fewer happen to everyone."""
SHARE: Final = 80
"""Per cent of value: who keeps stock, works on goods or takes a margin passes less."""
DAYS: Final = 10
"""Days from buying to selling: goods that are moved and stored take longer."""
MARGIN: Final = 5
"""Per cent: what handling, storage and capital cost a trader at least."""
TOLD: Final = 500
SHOWN: Final = 20
AT_ONCE: Final = 2_000
"""Members' quarters that are looked at together."""

Sides = tuple[list[Trade], list[Trade]]


class Hub:
    """What a member bought and sold in a quarter."""

    def __init__(self, member: str, quarter: str, sides: Sides, traded: Traded) -> None:
        self._member, self._subject, self._traded = member, subject_of("trade", member, quarter), traded
        self._quarter = quarter
        self._bought, self._sold = (side[:TOLD] for side in sides)

    @property
    def subjects(self) -> Collection[str]:
        """The member's quarter."""
        return (self._subject,)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        return heights_of(*(self._traded.versions[one.node] for one in (*self._bought, *self._sold)))

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what there is to say of the member."""
        bought = [one for one in self._bought if self._traded.stands(one, height)]
        sold = [one for one in self._sold if self._traded.stands(one, height)]
        if min(len(bought), len(sold)) < PASSES:
            return
        passed = matched(bought, sold)
        into, out = sum(one.amount for one, _ in passed), sum(other.amount for _, other in passed)
        shares = into * 100 // sum(one.amount for one in bought), out * 100 // sum(one.amount for one in sold)
        sellers, buyers = {one.seller for one, _ in passed}, {other.buyer for _, other in passed}
        if len(passed) < PASSES or min(shares) < SHARE or min(len(sellers), len(buyers)) < SIDES:
            return
        shown = passed[:SHOWN]
        details: dict[str, int | str] = {
            "buyers": len(buyers),
            "in_share": shares[0],
            "into_fen": into,
            "out_fen": out,
            "out_share": shares[1],
            "party": self._member,
            "passed": len(passed),
            "quarter": self._quarter,
            "sellers": len(sellers),
        }
        yield Signal(
            rule=RULE,
            subject=self._subject,
            level=Level.LOW,
            score=min(*shares, 100),
            amount=into,
            since=date.fromordinal(max(other.day for _, other in passed[:PASSES])),
            parties=(self._member,),
            things=(f"member {self._member}", *(each.node for pair in shown for each in pair)),
            evidence=tuple(each.position for pair in shown for each in pair),
            details=tuple(sorted(details.items())),
        )


def matched(bought: Iterable[Trade], sold: Iterable[Trade]) -> list[tuple[Trade, Trade]]:
    """Return purchases with the sale by which each was passed on: of those that fit, the first; each sale once."""
    waiting: defaultdict[str, list[tuple[int, int, Trade]]] = defaultdict(list)
    for one in sold:
        insort(waiting[one.family], (one.day, one.position, one))
    found = []
    for one in sorted(bought, key=lambda each: (each.day, each.position)):
        fitting = waiting.get(one.family, [])
        for at in range(bisect_left(fitting, (one.day, -1)), len(fitting)):
            day, _, other = fitting[at]
            if day - one.day > DAYS:
                break
            if other.buyer != one.seller and abs(other.amount - one.amount) * 100 <= MARGIN * one.amount:
                found.append((one, other))
                del fitting[at]
                break
    return found


class HubScope:
    """Members' quarters."""

    name = "network.hubs"
    rules = (RULE,)
    reads = (Invoice, Receivable)

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: parties of a trade that began or was taken back, if they both bought and sold."""
        found = {(one.seller, one.issued) for one in of(changes, Invoice)}
        found |= {(one.buyer, one.issued) for one in of(changes, Invoice)}
        new = {one.id: one for one in of(changes, Receivable)}
        invoiced = {link.receivable for link in histories.having(ReceivableInvoice, "receivable", new)}
        for name in new.keys() - invoiced:
            found |= {(party, new[name].registered_on) for party in (new[name].creditor, new[name].debtor)}
        both = {party for party, _ in found}  # most only buy or only sell, and cost no more than these questions
        for sides in (((Invoice, "seller"), (Receivable, "creditor")), ((Invoice, "buyer"), (Receivable, "debtor"))):
            both = {party for table, column in sides for party in histories.stated(table, column, both)}
        return {subject_of("trade", party, quarter_of(on.toordinal())) for party, on in found if party in both}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: who bought and sold often enough in a quarter."""
        import ibis

        with market_pairs(market) as pairs:
            trades = market_trades(market, pairs)
            trades = trades.mutate(quarter=trades.day.year() * 4 + trades.day.quarter() - 1)
            found = market.backend.to_pyarrow(_often(trades))
        seeds = [
            subject_of("trade", member, f"{quarter // 4}Q{quarter % 4 + 1}")
            for member, quarter in zip(found["seller"].to_pylist(), found["quarter"].to_pylist(), strict=True)
        ]
        return ibis.memtable({"seed": seeds}, schema={"seed": "string"})

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Hub]:
        """See :meth:`Scope.load`. Who only buys or only sells is read no further than that."""
        ordered = sorted((quarter, member) for member, quarter in map(parts_of, seeds))
        for start in range(0, len(ordered), AT_ONCE):
            some = {(member, quarter) for quarter, member in ordered[start : start + AT_ONCE]}
            traded = Traded(histories)
            sold = _by_quarter(traded.sold_by, some, lambda one: one.seller)
            often = {key for key in some if len(sold[key]) >= PASSES}
            bought = _by_quarter(traded.bought_by, often, lambda one: one.buyer)
            for member, quarter in sorted(often):
                if len(bought[member, quarter]) >= PASSES:
                    yield Hub(member, quarter, (bought[member, quarter], sold[member, quarter]), traded)


def _often(trades: Any) -> Any:
    """Return who bought and sold often enough in a quarter: seller, quarter."""
    sold = trades.group_by("seller", "quarter").aggregate(sales=trades.count(), to=trades.buyer.nunique())
    bought = trades.group_by("buyer", "quarter").aggregate(buys=trades.count(), of=trades.seller.nunique())
    met = sold.join(bought, [sold.seller == bought.buyer, sold.quarter == bought.quarter])
    met = met.filter((met.sales >= PASSES) & (met.buys >= PASSES) & (met.to >= SIDES) & (met["of"] >= SIDES))
    return met.select("seller", "quarter")


def _by_quarter(
    read: Callable[[Collection[str], int, int], list[Trade]],
    wanted: Collection[tuple[str, str]],
    side: Callable[[Trade], str],
) -> defaultdict[tuple[str, str], list[Trade]]:
    """Return by member and quarter its trades on one side, a question a quarter."""
    found: defaultdict[tuple[str, str], list[Trade]] = defaultdict(list)
    for quarter in sorted({quarter for _, quarter in wanted}):
        members = {member for member, each in wanted if each == quarter}
        for one in read(members, *days_of(quarter)):
            found[side(one), quarter].append(one)
    return found
