"""``duplicate.related_loop``: who sells to a company and who buys from it are one controller's (关联闭环交易).

Definition: a member sells to a middle company, and the middle company sells, within WINDOW days before or after, to
another member that is under one control with the first (``regulator.network.kin``). Some receivable on these trades
says that its parties are not related. One finding for a loop and the quarter in which the middle company sold.

Evidence: the records of the trades, and of both members.

Lawful, and silent: intragroup trade that every receivable discloses; trades that nobody made a receivable of.

Level: LOW, MEDIUM when money is in one side of the loop, HIGH when money is in both sides, the middle company passed
on what it bought (goods of one family, and an amount within PASSED per cent), and nothing was disclosed. Strength: that
of the kinship; 10 less when goods or amounts are others, 20 less when a part was disclosed. Amount: the money in the
trades; what the middle company passed on, the smaller of both sides, while there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final

from ledger.facts import Fact, Invoice, Member, Receivable
from ledger.snapshot import Market
from regulator.duplicates.stakes import CLAIMS, of, things_of
from regulator.histories import Histories, heights_of
from regulator.network.exposure import Exposure, touched_trades
from regulator.network.kin import STRENGTH, Kin, kindred
from regulator.network.trades import Trade, Traded, days_of, market_pairs, market_trades, quarter_of
from regulator.scope import Changes
from regulator.signals import Level, Signal, subject_of

__all__ = ["RULE", "LoopScope"]

RULE: Final = "duplicate.related_loop"
WINDOW: Final = 30
"""Days between buying and selling: longer than goods lie with a company that only passes them on."""
PASSED: Final = 10
"""Per cent of margin beyond which a company has not merely passed goods on."""
TOLD: Final = 200
"""Trades of one loop and quarter that are looked at on either side, the first that were registered."""
AT_ONCE: Final = 5_000
"""Trades around which loops are looked for together."""

Sides = tuple[dict[str, Trade], dict[str, Trade]]


class Loop:
    """The trades of a loop in a quarter: what the middle company bought, and what it sold."""

    def __init__(self, subject: str, sides: Sides, traded: Traded, kin: Kin, exposure: Exposure) -> None:
        self._subject, self._traded, self._kin, self._exposure = subject, traded, kin, exposure
        self._bought, self._sold = (
            sorted(side.values(), key=lambda one: (one.position, one.node))[:TOLD] for side in sides
        )
        self._ends = (self._bought[0].seller, self._sold[0].buyer)

    @property
    def subjects(self) -> Collection[str]:
        """The loop and its quarter."""
        return (self._subject,)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        trades = (*self._bought, *self._sold)
        versions = heights_of(*(self._traded.versions[one.node] for one in trades))
        return sorted({*versions, *self._kin.heights(self._ends), *self._exposure.heights(trades)})

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what there is to say of the loop."""
        kinship = self._kin.between(*self._ends, height)
        if kinship is None:
            return
        bought = [one for one in self._bought if self._traded.stands(one, height)]
        sold = [one for one in self._sold if self._traded.stands(one, height)]
        bought = [one for one in bought if any(abs(one.day - other.day) <= WINDOW for other in sold)]
        sold = [one for one in sold if any(abs(one.day - other.day) <= WINDOW for other in bought)]
        trades = (*bought, *sold)
        owed = [each for one in trades for each in self._exposure.owed(one, height)]
        if all(one.related_party for one in owed):
            return
        yield self._signal(bought, sold, owed, kinship, height)

    def _signal(
        self,
        bought: Sequence[Trade],
        sold: Sequence[Trade],
        owed: Sequence[Receivable],
        kinship: tuple[str, tuple[int, int]],
        height: int,
    ) -> Signal:
        how, positions = kinship
        trades = (*bought, *sold)
        told = sum(one.related_party for one in owed)
        passed = any(_passed(one, other) for one in bought for other in sold)
        claims = [[claim for one in side for claim in self._exposure.financed(one, height)] for side in (bought, sold)]
        level = Level.MEDIUM if any(claims) else Level.LOW
        if all(claims) and passed and not told:
            level = Level.HIGH
        money = self._exposure.money(trades, height)
        amounts = [sum(one.amount for one in side) for side in (bought, sold)]
        every = [claim for side in claims for claim in side]
        details: dict[str, int | str] = {
            "bought_fen": amounts[0],
            "down_party": self._ends[1],
            "how": how,
            "middle_party": sold[0].seller,
            "money_fen": money,
            "sold_fen": amounts[1],
            "told": told,
            "trades": len(trades),
            "undisclosed": len(owed) - told,
            "up_party": self._ends[0],
        }
        return Signal(
            rule=RULE,
            subject=self._subject,
            level=level,
            score=STRENGTH[how] - 10 * (not passed) - 20 * bool(told),
            amount=money or min(amounts),
            since=date.fromordinal(max(min(one.day for one in bought), min(one.day for one in sold))),
            parties=(*self._ends, sold[0].seller, *(claim.holder for claim in every)),
            things=tuple({one.node for one in trades} | things_of(every)),
            evidence=(
                *positions,
                *(one.position for one in trades),
                *(each for claim in every for each in claim.evidence),
            ),
            details=tuple(sorted(details.items())),
        )


def _passed(bought: Trade, sold: Trade) -> bool:
    alike = not (bought.known and sold.known) or bought.family == sold.family
    near = abs(sold.amount - bought.amount) * 100 <= PASSED * bought.amount
    return alike and near and abs(sold.day - bought.day) <= WINDOW


class LoopScope:
    """Loops around a middle company."""

    name = "network.loops"
    rules = (RULE,)
    reads: tuple[type[Fact], ...] = tuple(dict.fromkeys((*CLAIMS, Member)))

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: trades that changed or were claimed, and all of members whose names changed."""
        first: dict[str, int] = {}
        for one in histories.having(Member, "id", {one.id for one in of(changes, Member)}):
            first.setdefault(one.id, one.from_position)
        renamed = {one.id for one in of(changes, Member) if one.from_position != first[one.id]}
        found = touched_trades(changes, histories)
        for table, columns in ((Invoice, ("seller", "buyer")), (Receivable, ("creditor", "debtor"))):
            for column in columns:
                found |= {f"{table.label} {one.id}" for one in histories.having(table, column, renamed)}
        return found

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: both sides of loops, since both are read of each."""
        import ibis

        with market_pairs(market) as pairs:
            kin = kindred(market, pairs.select(member="seller").union(pairs.select(member="buyer")))
            up = pairs.join(kin, pairs.seller == kin.member).select(
                "key", "seller", "buyer", end="seller", middle="buyer"
            )
            down = pairs.join(kin, pairs.buyer == kin.member).select(
                "key", "seller", "buyer", end="buyer", middle="seller"
            )
            with market.kept(_met(up, down).union(_met(down, up)).distinct()) as some:
                found = market.backend.to_pyarrow(market_trades(market, some).select(seed="node"))
        return ibis.memtable(found, schema={"seed": "string"})

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Loop]:
        """See :meth:`Scope.load`."""
        done: set[str] = set()
        ordered = sorted(seeds)
        for start in range(0, len(ordered), AT_ONCE):
            traded = Traded(histories)
            found = self._sides(traded, histories, ordered[start : start + AT_ONCE])
            if not found:
                continue
            loops = {name: sides for name, sides in found.items() if name not in done}
            done |= loops.keys()
            trades = {node: one for sides in loops.values() for side in sides for node, one in side.items()}
            exposure = Exposure(histories, trades.values())
            kin = Kin(histories, {end for one in trades.values() for end in (one.seller, one.buyer)})
            for name, sides in loops.items():
                yield Loop(name, sides, traded, kin, exposure)

    def _sides(self, traded: Traded, histories: Histories, seeds: Collection[str]) -> dict[str, Sides]:
        """Return by subject both sides of the loops and quarters that these trades are in."""
        core = traded.read(seeds)
        sold = _near(core, traded.sold_by, lambda one: one.buyer)
        bought = _near(core, traded.bought_by, lambda one: one.seller)
        if not sold and not bought:
            return {}
        ends = {one.seller for one in (*core, *bought)} | {one.buyer for one in (*core, *sold)}
        kin = Kin(histories, ends)
        down = _Ends(kin, ((one.seller, one.buyer, one) for one in sold))
        up = _Ends(kin, ((one.buyer, one.seller, one) for one in bought))
        keys: set[tuple[str, str, str, str]] = set()
        for one in core:
            for other in down.like(one.seller, one.buyer, one.day):
                keys.add((one.seller, one.buyer, other.buyer, quarter_of(other.day)))
            for other in up.like(one.buyer, one.seller, one.day):
                keys.add((other.seller, one.seller, one.buyer, quarter_of(one.day)))
        return _whole(traded, keys)


def _met(one: Any, others: Any) -> Any:
    """Return those pairs on whose other side the middle company trades with other kin."""
    ends = others.group_by("key", "middle").aggregate(first=others.end.min(), last=others.end.max())
    met = one.join(ends, ["key", "middle"])
    return met.filter((met["first"] != met.end) | (met["last"] != met.end)).select("seller", "buyer")


class _Ends:
    """Trades by the middle company and the other end, whose kin is looked for."""

    def __init__(self, kin: Kin, trades: Iterable[tuple[str, str, Trade]]) -> None:
        self._kin = kin
        self._trades: defaultdict[tuple[str, str], list[Trade]] = defaultdict(list)
        self._by_key: defaultdict[tuple[str, tuple[str, str]], set[str]] = defaultdict(set)
        for middle, end, trade in trades:
            if (middle, end) not in self._trades:
                for key in kin.keys(end):
                    self._by_key[middle, key].add(end)
            self._trades[middle, end].append(trade)

    def like(self, end: str, middle: str, day: int) -> Iterator[Trade]:
        """Yield the trades of the middle company with kin of the end, within WINDOW days."""
        kin = {each for key in self._kin.keys(end) for each in self._by_key.get((middle, key), ())} - {end}
        for each in sorted(kin):
            yield from (one for one in self._trades[middle, each] if abs(one.day - day) <= WINDOW)


def _near(
    core: Sequence[Trade],
    read: Callable[[Collection[str], int, int], list[Trade]],
    middle: Callable[[Trade], str],
) -> list[Trade]:
    """Return what the members in the middle of these trades bought or sold around their days."""
    if not core:
        return []
    days = [one.day for one in core]
    return read({middle(one) for one in core}, min(days) - WINDOW, max(days) + WINDOW)


def _whole(traded: Traded, keys: Collection[tuple[str, str, str, str]]) -> dict[str, Sides]:
    """Return by subject all trades of both sides of these loops and quarters: first, middle, last, quarter."""
    if not keys:
        return {}
    spans = [days_of(quarter) for *_, quarter in keys]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    pairs: defaultdict[tuple[str, str], list[Trade]] = defaultdict(list)
    for one in traded.sold_by({up for up, *_ in keys}, first - WINDOW, last + WINDOW):
        pairs[one.seller, one.buyer].append(one)
    for one in traded.bought_by({down for _, _, down, _ in keys}, first, last):
        pairs[one.seller, one.buyer].append(one)
    found: dict[str, Sides] = {}
    for up, middle, down, quarter in sorted(keys):
        start, end = days_of(quarter)
        sold = {one.node: one for one in pairs[middle, down] if start <= one.day <= end}
        bought = {one.node: one for one in pairs[up, middle] if start - WINDOW <= one.day <= end + WINDOW}
        found[subject_of("trade", up, middle, down, quarter)] = bought, sold
    return found
