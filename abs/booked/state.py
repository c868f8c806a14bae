"""What the records of a period leave a deal with: the state that the next period starts from.

``runs`` goes through the periods of a plan, each by its terms from the state that the records before it left.
``items_of`` puts a waterfall's lines under the items that records are about. ``left_by`` is the state after a period as
it was really paid: what was paid comes from the records, what was due from the terms, so that interest and fees left
unpaid are in arrears by what is missing. A payment beyond what was due makes no claim on the next one.

What records do not state is taken as the terms have it: out of which account a payment was made, transfers between
accounts that are no reserves where no record states any, and the triggers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from abs.booked.entries import Item, Kind, move
from abs.booked.periods import LedgerPeriod, entrance
from abs.deal import DealState, FeeState, Line, PeriodResult, TrancheState
from abs.errors import AbsError
from abs.terms import PlanTerms
from abs.waterfall import opening_state, run_period
from abs.waterfall.books import Books

__all__ = ["Run", "item_of", "items_of", "left_by", "runs", "untold"]

_KINDS: Final[Mapping[str, Kind]] = {
    "fees": "fee",
    "interest": "interest",
    "residual": "interest",
    "principal": "principal",
    "repay": "repaid",
}
_MOVES = ("transfer", "top_up", "draw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One period with the state before it, its result by the terms, or why there is none, and the state after it."""

    period: LedgerPeriod
    opening: DealState
    result: PeriodResult | AbsError
    closing: DealState


def runs(periods: Iterable[LedgerPeriod], *, own: bool = False) -> Iterator[Run]:
    """Every period by its terms; ``own``: each goes on from the one before as recomputed, not as it was paid."""
    state: DealState | None = None
    for period in periods:
        opening = state or opening_state(period.terms)
        result: PeriodResult | AbsError
        try:
            result = run_period(period.terms, opening, period.inputs)
        except AbsError as failure:
            result = failure  # what is due cannot be told; what was paid is on the ledger all the same
        known = None if isinstance(result, AbsError) else result
        state = known.closing if own and known is not None else left_by(period, opening, known)
        yield Run(period=period, opening=opening, result=result, closing=state)


def item_of(line: Line) -> Item | None:
    """What a line pays; None for purchases, which have records of their own days."""
    if line.action in _MOVES:
        return move(line.source, line.target)
    if line.action == "shortfall":
        return Item(kind="shortfall", name=line.source)
    kind = _KINDS.get(line.action)
    return None if kind is None else Item(kind=kind, name=line.target)


def items_of(lines: Iterable[Line]) -> dict[Item, int]:
    """What lines pay by item, fen, without what is 0."""
    found: defaultdict[Item, int] = defaultdict(int)
    for line in lines:
        item = item_of(line)
        if item is not None and line.amount:
            found[item] += line.amount
    return dict(found)


def untold(terms: PlanTerms, result: PeriodResult, stated: Mapping[Item, object]) -> dict[Item, int]:
    """The transfers of a result between accounts that are no reserves, which no record of the period states."""
    reserves = {one.account for one in terms.accounts if one.kind == "reserve"}
    transfers = [line for line in result.lines if line.action == "transfer"]
    told = items_of(line for line in transfers if not {line.source, line.target} & reserves)
    return {item: amount for item, amount in told.items() if item not in stated}


def left_by(period: LedgerPeriod, opening: DealState, result: PeriodResult | None) -> DealState:
    """The state after a period by its records; ``result`` is what the terms have for it, None where they fail.

    A fee on interest is due on the interest that was paid, by the records.
    """
    paid = period.amounts()
    books = None if result is None else _books(period, opening, result, paid)
    due = opening if result is None else result.closing

    def amount(kind: Kind, name: str) -> int:
        return paid.get(Item(kind=kind, name=name), 0)

    def unpaid(name: str, before: FeeState) -> int:
        if books is None or name not in books.fees:
            return before.arrears - amount("fee", name)
        return books.fee_due(name).amount

    tranches = {
        name: TrancheState(
            outstanding=max(0, one.outstanding - amount("principal", name)),
            interest_arrears=max(0, one.interest_arrears - amount("interest", name))
            if books is None
            else books.interest_due(name).amount,
        )
        for name, one in _tranches(opening, due).items()
    }
    fees = {
        name: FeeState(
            arrears=max(0, unpaid(name, one)),
            paid=(opening.fees.get(name) or FeeState()).paid + amount("fee", name),
        )
        for name, one in due.fees.items()
    }
    return replace(
        due,
        period=period.inputs.period,
        on=max(opening.on, period.paid_on),
        tranches=tranches,
        fees=fees,
        accounts=_accounts(period, opening, result, paid),
        shortfall_paid=opening.shortfall_paid + sum(each for item, each in paid.items() if item.kind == "shortfall"),
        shortfall_repaid=opening.shortfall_repaid + sum(each for item, each in paid.items() if item.kind == "repaid"),
    )


def _books(period: LedgerPeriod, opening: DealState, result: PeriodResult, paid: Mapping[Item, int]) -> Books:
    """What was due, and what of it was paid by the records, which do not tell interest from what is left over (收益).

    Up to what the terms pay of either it is that, first interest; beyond, interest as far as any is due.
    """
    books = Books(period.terms, opening, period.inputs)
    for name in books.tranches:
        stated, by_terms = paid.get(Item(kind="interest", name=name), 0), result.paid(name, "interest")
        served = sum(line.amount for line in result.lines if line.action == "interest" and line.target == name)
        served = min(stated, served) + max(0, stated - by_terms)
        books.interest_paid[name] = min(served, books.interest_due(name).amount)
    for name in books.fees:
        books.fee_paid[name] = paid.get(Item(kind="fee", name=name), 0)
    return books


def _tranches(opening: DealState, due: DealState) -> dict[str, TrancheState]:
    """Every tranche as it was before the period; one that amended terms brought is as it would be without payment."""
    return {**due.tranches, **opening.tranches}


def _accounts(
    period: LedgerPeriod, opening: DealState, result: PeriodResult | None, paid: Mapping[Item, int]
) -> dict[str, int]:
    """What the accounts hold by the records; below 0 where they were overdrawn."""
    terms = period.terms
    cash = defaultdict(int, {one.account: 0 for one in terms.accounts} | dict(opening.accounts))
    for name, amount in period.inputs.receipts.items():
        cash[name] += amount
    for name, amount in period.inputs.bought.items():
        cash[name] -= amount
    lines = () if result is None else result.lines
    moves = dict(paid) if result is None else {**untold(terms, result, period.paid), **paid}
    for item, amount in moves.items():
        if item.kind == "move":
            cash[item.name] -= amount
            cash[item.to] += amount
        elif item.kind == "shortfall":
            cash[next((line.target for line in lines if item_of(line) == item), entrance(terms))] += amount
        else:
            for account, part in _payers(terms, lines, item, amount):
                cash[account] -= part
    return dict(cash)


def _payers(terms: PlanTerms, lines: Iterable[Line], item: Item, amount: int) -> Iterable[tuple[str, int]]:
    """Out of which accounts an amount was paid: as the lines pay the item, the rest out of the last of them."""
    sources = [(line.source, line.amount) for line in lines if item_of(line) == item]
    for account, most in sources[:-1]:
        part = min(amount, most)
        amount -= part
        yield account, part
    yield sources[-1][0] if sources else _usual(terms, item), amount


def _usual(terms: PlanTerms, item: Item) -> str:
    """The account that some step pays such an item out of."""
    for waterfall in terms.waterfalls:
        for step in waterfall.steps:
            if _KINDS.get(step.action) == item.kind and (not step.pays or item.name in step.pays):
                return step.account
    return entrance(terms)
