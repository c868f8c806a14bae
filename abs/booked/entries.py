"""The cash of a plan as its records state it: what came in, what assets cost, and what was paid for each period.

An ``Entry`` is one record's part of an amount, so that every sum can name the records it stands on. An ``Item`` is
what is compared with the waterfall: a fee, interest or principal of a tranche, a move between two accounts, what the
promisor (差额支付承诺人) paid, what it was repaid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import select
from sqlmodel import col

from abs.figure import FactRef
from abs.reading import fact_ref
from ledger.facts import (
    AccountMove,
    Collection,
    Distribution,
    Fact,
    FeePayment,
    Plan,
    PlanCash,
    PlanEvent,
    PoolExit,
    PoolPurchase,
    Remittance,
    Shortfall,
    ShortfallPayment,
    ShortfallRepayment,
)
from ledger.position import Position

if TYPE_CHECKING:
    from abs.reading import FactT, ReadModel

__all__ = ["SOURCES", "Entry", "Item", "Kind", "PlanBook", "When", "move", "plan_book", "total"]

When = tuple[date, Position]
Kind = Literal["fee", "interest", "principal", "move", "shortfall", "repaid"]

SOURCES: Final[Mapping[str, str]] = {
    "remitted": "cash passed on to the plan (转付)",
    "repurchased": "prices of assets bought back (赎回, 清仓回购)",
    "made_up": "paid on shortfalls (差额支付) that no step of the terms calls for",
}
"""What comes in for a period, by source."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Item:
    """What a payment is for: a fee, a tranche, a party; a move goes from the account ``name`` to the account ``to``."""

    kind: Kind
    name: str
    to: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name} → {self.to}" if self.to else f"{self.kind} {self.name}"


def move(source: str, target: str) -> Item:
    """The item of cash that goes from one account to another."""
    return Item(kind="move", name=source, to=target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one record states of an amount, fen, and the fact that keeps it."""

    on: date
    amount: int
    ref: FactRef
    place: Position

    @property
    def when(self) -> When:
        """Its day, and the place of its record among those of the day."""
        return self.on, self.place

    def refs(self) -> Iterator[FactRef]:
        """The one fact."""
        yield self.ref


def total(entries: Sequence[Entry]) -> int:
    """The sum of entries, fen."""
    return sum(one.amount for one in entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBook:
    """Every record that moved a plan's cash, up to the height of the reading.

    ``paid`` is by period as the records number them, ``made_up`` by promisor: a payment on a shortfall names no period.
    ``cleaned_up`` is what a clean-up call (清仓回购) states beyond the repurchases it consists of; the fact has no day.
    """

    distributed: Mapping[int, tuple[When, ...]]
    """When something was distributed for each period that has distributions, in order."""
    wound_up: date | None
    """The day its liquidation (清算) was complete."""
    paid: Mapping[int, Mapping[Item, tuple[Entry, ...]]]
    remitted: tuple[Entry, ...]
    repurchased: tuple[Entry, ...]
    cleaned_up: tuple[Entry, ...]
    made_up: Mapping[str, tuple[Entry, ...]]
    purchased: tuple[Entry, ...]
    collected: tuple[Entry, ...]
    events: tuple[PlanEvent, ...]
    fees: bool
    """Whether the ledger records any fee that the plan paid."""

    @property
    def paid_on(self) -> dict[int, date]:
        """The payment date of every period that something was distributed for; the last where there are several."""
        return {period: whens[-1][0] for period, whens in self.distributed.items()}

    def of(self, *kinds: Kind) -> list[Entry]:
        """What was paid for items of these kinds, in all periods."""
        return [
            one for items in self.paid.values() for item, each in items.items() if item.kind in kinds for one in each
        ]


def plan_book(facts: ReadModel, plan: str) -> PlanBook:
    """The plan's cash as of the reading's height; a handful of statements, whatever the pool's size."""

    def rows(table: type[FactT]) -> list[FactT]:
        return facts.select(table, col(table.plan) == plan)  # type: ignore[attr-defined]

    distributions, fees, repaid = rows(Distribution), rows(FeePayment), rows(ShortfallRepayment)
    payers = {call.id: call.payer for call in rows(Shortfall)}
    paid: defaultdict[int, defaultdict[Item, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    distributed: defaultdict[int, list[When]] = defaultdict(list)
    for one in distributions:
        paid[one.period][Item(kind="interest", name=one.tranche)].append(_entry(one, one.paid_on, one.interest))
        paid[one.period][Item(kind="principal", name=one.tranche)].append(_entry(one, one.paid_on, one.principal))
        distributed[one.period].append((one.paid_on, one.began))
    for fee in fees:
        paid[fee.period][Item(kind="fee", name=fee.fee)].append(_entry(fee, fee.paid_on, fee.amount))
    for moved in rows(AccountMove):
        paid[moved.period][move(moved.source, moved.target)].append(_entry(moved, moved.moved_on, moved.amount))
    for back in repaid:
        item = Item(kind="repaid", name=payers.get(back.shortfall, back.shortfall))
        paid[back.period][item].append(_entry(back, back.paid_on, back.amount))
    made_up: defaultdict[str, list[Entry]] = defaultdict(list)
    for given in rows(ShortfallPayment):
        made_up[payers.get(given.shortfall, given.shortfall)].append(_entry(given, given.paid_on, given.amount))
    exits, cleaned = _exits(facts, plan)
    stands = facts.get(Plan, plan)
    return PlanBook(
        distributed={period: tuple(sorted(each)) for period, each in sorted(distributed.items())},
        paid={period: {item: tuple(each) for item, each in items.items()} for period, items in paid.items()},
        wound_up=None if stands is None else stands.liquidated_on,
        remitted=tuple(_entry(one, one.remitted_on, one.amount) for one in rows(Remittance)),
        repurchased=exits,
        cleaned_up=_beyond(facts, plan, cleaned, distributions),
        made_up={payer: tuple(each) for payer, each in made_up.items()},
        purchased=tuple(_entry(one, one.purchased_on, one.price) for one in rows(PoolPurchase)),
        collected=tuple(_entry(one, one.collected_on, one.amount) for one in rows(Collection)),
        events=tuple(rows(PlanEvent)),
        fees=bool(fees),
    )


def _entry(fact: Fact, on: date, amount: int) -> Entry:
    return Entry(on=on, amount=amount, ref=fact_ref(fact), place=fact.began)


def _exits(facts: ReadModel, plan: str) -> tuple[tuple[Entry, ...], int]:
    """What was paid for assets that left, once for each record, and how much of it by a clean-up call."""
    chosen = (col(PoolExit.plan) == plan, col(PoolExit.price) > 0, facts.begun(PoolExit))
    columns: tuple[Any, ...] = (PoolExit.from_position, PoolExit.id, PoolExit.left_on, PoolExit.price, PoolExit.reason)
    found: dict[int, Entry] = {}
    cleaned = 0
    for number, id_, on, price, reason in facts.execute(select(*columns).where(*chosen).order_by(columns[0])):
        if number not in found:
            place = Position.from_number(number)
            ref = FactRef(table="PoolExit", id=id_, position=str(place))
            found[number] = Entry(on=on, amount=price, ref=ref, place=place)
            cleaned += price if reason == "cleanup" else 0
    return tuple(found.values()), cleaned


def _beyond(facts: ReadModel, plan: str, repurchased: int, paid: Sequence[Distribution]) -> tuple[Entry, ...]:
    """What a clean-up call states beyond the prices of its repurchases, on the next payment date after its record."""
    cash = facts.get(PlanCash, plan)
    if cash is None or cash.cleaned_up <= repurchased:
        return ()
    first = next(one for one in facts.history(PlanCash, plan) if one.cleaned_up == cash.cleaned_up)
    on = min((one.paid_on for one in paid if one.began > first.began), default=date.max)
    return (_entry(first, on, cash.cleaned_up - repurchased),)
