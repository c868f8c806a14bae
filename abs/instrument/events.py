"""The events of a contract, computed: its schedule in order, and what each event pays and leaves.

The procedure is that of the ACTUS standard for PAM, LAM, ANN and LAX:

1. The schedule (S) of each kind of event, from the cycles, up to maturity.
2. Each day shifted to a business day (BDC), and the day that interest is counted to.
3. All of them in order: by day, within a day by kind (event sequence).
4. From the state on the status day (initialisation), event by event: interest accrues up to the event, the payoff
   function (POF) says what it pays, the state transition function (STF) what it leaves.
5. What came before a purchase is not the buyer's; what would come after a termination does not come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Final

from abs.errors import BadTerms
from abs.instrument import NOUGHT, Contract, ContractType, Event, EventType, Reset
from abs.money import CONTEXT

__all__ = ["balance_on", "events"]

SEQUENCE: Final = {kind: place for place, kind in enumerate(EventType)}
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An event before it is applied: the day scheduled, the day it happens, and the day interest is counted to."""

    type: EventType
    day: date
    on: date
    counted: date
    at_close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Signed notional, accrued interest and payment (ACTUS Nt, Ipac, Prnxt), the rate (Ipnr), all of a day."""

    at: date
    notional: Decimal = NOUGHT
    rate: Decimal = NOUGHT
    accrued: Decimal = NOUGHT
    payment: Decimal = NOUGHT


def events(
    contract: Contract, observed: Mapping[date, Decimal] | None = None, *, to: date | None = None
) -> tuple[Event, ...]:
    """Every event after the status day and up to ``to``, in the order they happen.

    ``observed``: the rate that a reset follows, by the day of the reset as scheduled; whoever observes it fixes it as
    many days before as the contract says. Raises BadTerms where one is missing.
    """
    happened = [event for event, _ in _applied(contract, observed or {}, to)]
    if contract.purchase and contract.purchase.on > contract.status:
        bought = (place for place, event in enumerate(happened) if event.type is EventType.PRD)
        return tuple(happened[next(bought, len(happened)) :])
    return tuple(happened)


def balance_on(
    contract: Contract, day: date, observed: Mapping[date, Decimal] | None = None
) -> tuple[Decimal, Decimal]:
    """Signed principal and accrued interest at the end of ``day``, after its events (ACTUS analysis event AD)."""
    happened = _applied(contract, observed or {}, day)
    state = happened[-1][1] if happened else _opening(contract)
    if day <= state.at:
        return state.notional, state.accrued
    grown = contract.interest_of(state.notional, state.rate, state.at, day)
    return state.notional, CONTEXT.add(state.accrued, grown)


def _applied(contract: Contract, observed: Mapping[date, Decimal], to: date | None) -> list[tuple[Event, State]]:
    state = _opening(contract)
    happened = []
    for due in _schedule(contract):
        if to is not None and due.on > to:
            break
        payoff, state = _apply(contract, due, state, observed)
        event = Event(
            on=due.on,
            type=due.type,
            payoff=payoff,
            notional=state.notional,
            rate=state.rate,
            accrued=state.accrued,
            at_close=due.at_close,
        )
        happened.append((event, state))
    return happened


def _schedule(contract: Contract) -> list[Due]:
    """Every event of the contract after its status day, in order, up to a termination."""
    end = contract.ends()
    redemptions = _redemption_days(contract, end)
    moved = [(EventType.MD, end), *_interest_days(contract, end), *((EventType.PR, day) for day in redemptions)]
    agreed = [(EventType.IED, contract.exchange)]
    if contract.reset:
        days = [day for day in contract.days(contract.reset.when, end) if contract.paid_on(day) > contract.status]
        first = EventType.RR if contract.reset.next_rate is None else EventType.RRF
        moved += [(EventType.RR if place else first, day) for place, day in enumerate(days)]
        if contract.type is ContractType.ANN:
            moved += [(EventType.PRF, day) for day in days]
    if contract.type is ContractType.ANN and contract.payment is None and redemptions:
        starts = min(redemptions[0], contract.paid_on(redemptions[0]))
        if starts > contract.exchange:
            agreed.append((EventType.PRF, starts - DAY))
    if contract.purchase:
        agreed.append((EventType.PRD, contract.purchase.on))
    if contract.termination:
        agreed.append((EventType.TD, contract.termination.on))
    found = [_moved(contract, kind, day, end) for kind, day in moved]
    found += [_agreed(contract, kind, day) for kind, day in agreed]
    found = [due for due in found if due.on > contract.status]
    found.sort(key=lambda due: (due.on, SEQUENCE[due.type]))
    ended = next((place for place, due in enumerate(found) if due.type is EventType.TD), len(found))
    return found[: ended + 1]


def _interest_days(contract: Contract, end: date) -> list[tuple[EventType, date]]:
    paid = contract.days(contract.interest, end, with_end=True)
    until = contract.capitalise_until
    if until is None:
        return [(EventType.IP, day) for day in paid]
    added = sorted({*(day for day in paid if day < until), until})
    return [(EventType.IPCI, day) for day in added] + [(EventType.IP, day) for day in paid if day > until]


def _redemption_days(contract: Contract, end: date) -> list[date]:
    if contract.type is ContractType.PAM:
        return []
    if contract.type is ContractType.LAX:
        return [day for day in sorted(contract.redemptions) if day < end]
    return contract.days(contract.principal, end)


def _moved(contract: Contract, kind: EventType, day: date, end: date) -> Due:
    """An event that a closed day shifts."""
    at_close = contract.last_day_counts and day == end
    counted = contract.counted_to(day)
    return Due(
        type=kind,
        day=day,
        on=contract.paid_on(day),
        counted=counted + DAY if at_close else counted,
        at_close=at_close,
    )


def _agreed(contract: Contract, kind: EventType, day: date) -> Due:
    """An event that was agreed for its very day, or for the end of it."""
    at_close = kind is EventType.TD and contract.termination is not None and contract.termination.at_close
    return Due(type=kind, day=day, on=day, counted=day + DAY if at_close else day, at_close=at_close)


def _opening(contract: Contract) -> State:
    """The state on the status day: nothing before the exchange, then the principal, and interest accrued since."""
    if contract.exchange > contract.status:
        return State(at=contract.exchange)
    notional = contract.sign * contract.notional
    if contract.accrued is not None:
        accrued = contract.sign * contract.accrued
    else:
        days = [day for _, day in _interest_days(contract, contract.ends()) if contract.paid_on(day) <= contract.status]
        since = min(contract.status, max([contract.exchange, *map(contract.counted_to, days)]))
        accrued = contract.interest_of(notional, contract.rate, since, contract.status)
    state = State(at=contract.status, notional=notional, rate=contract.rate, accrued=accrued)
    return replace(state, payment=_payment(contract, state, contract.status + DAY))


def _payment(contract: Contract, state: State, first: date) -> Decimal:
    """The payment of each redemption day from ``first`` on, signed: as stated, or what redeems evenly."""
    if contract.type not in (ContractType.LAM, ContractType.ANN):
        return NOUGHT
    if contract.payment is not None:
        return contract.sign * contract.payment
    if contract.type is ContractType.ANN:
        return _annuity(contract, state, first)
    return CONTEXT.divide(state.notional, Decimal(len(_days_left(contract, first))))


def _annuity(contract: Contract, state: State, first: date) -> Decimal:
    """The payment that leaves nothing after the last of them, each covering the interest of its period first.

    A = (N + accrued + N r Y(t, t1)) / (1 + sum over i of the product over j = 2 .. i of 1 / (1 + r Y(t[j-1], t[j]))),
    with t1 .. tn the redemption days from ``first`` on and tn the amortisation date. Source: ACTUS ANN, annuity amount.
    """
    days = [contract.counted_to(day) for day in _days_left(contract, first)]
    if contract.last_day_counts:
        days[-1] += DAY
    with localcontext(CONTEXT):
        until = max(state.at, days[0])
        owed = state.notional + state.accrued + contract.interest_of(state.notional, state.rate, state.at, until)
        factor = total = Decimal(1)
        for start, end in pairwise(days):
            factor /= 1 + contract.interest_of(Decimal(1), state.rate, start, end)
            total += factor
        return owed / total


def _days_left(contract: Contract, first: date) -> list[date]:
    last = contract.amortised_by or contract.ends()
    return [day for day in contract.days(contract.principal, last) if contract.paid_on(day) >= first] + [last]


def _apply(contract: Contract, due: Due, state: State, observed: Mapping[date, Decimal]) -> tuple[Decimal, State]:
    """What an event pays and the state it leaves (ACTUS POF and STF of the contract type)."""
    sign = contract.sign
    with localcontext(CONTEXT):
        if due.counted > state.at:
            grown = contract.interest_of(state.notional, state.rate, state.at, due.counted)
            state = replace(state, at=due.counted, accrued=state.accrued + grown)
        match due.type:
            case EventType.IED:
                early = sign * (contract.accrued or NOUGHT)
                state = replace(state, notional=sign * contract.notional, rate=contract.rate, accrued=early)
                state = replace(state, payment=_payment(contract, state, due.day))
                return -sign * (contract.notional + contract.premium), state
            case EventType.PRD if contract.purchase:
                return -sign * contract.purchase.price - state.accrued, state
            case EventType.TD if contract.termination:
                payoff = sign * contract.termination.price + state.accrued
                return payoff, replace(state, notional=NOUGHT, accrued=NOUGHT)
            case EventType.IP:
                return state.accrued, replace(state, accrued=NOUGHT)
            case EventType.IPCI:
                return NOUGHT, replace(state, notional=state.notional + state.accrued, accrued=NOUGHT)
            case EventType.PR:
                redeemed = _redeemed(contract, due, state)
                return redeemed, replace(state, notional=state.notional - redeemed)
            case EventType.RR | EventType.RRF:
                return NOUGHT, replace(state, rate=_new_rate(contract, due, observed))
            case EventType.PRF:
                return NOUGHT, replace(state, payment=_annuity(contract, state, due.on + DAY))
            case EventType.MD:
                return state.notional + state.accrued, replace(state, notional=NOUGHT, accrued=NOUGHT)
        raise BadTerms("bad-contract", f"a {contract.type} contract has no event {due.type}")


def _redeemed(contract: Contract, due: Due, state: State) -> Decimal:
    """Signed principal of one redemption day: never more than there is; of an annuity, what its interest leaves."""
    wanted = state.payment
    if contract.type is ContractType.LAX:
        wanted = contract.sign * contract.redemptions[due.day]
    elif contract.type is ContractType.ANN:
        wanted = CONTEXT.subtract(wanted, state.accrued)
    return min(wanted, state.notional, key=abs)


def _new_rate(contract: Contract, due: Due, observed: Mapping[date, Decimal]) -> Decimal:
    reset = contract.reset or Reset(when=())
    if due.type is EventType.RRF and reset.next_rate is not None:
        return reset.next_rate
    if due.day not in observed:
        raise BadTerms("no-rate-observed", f"the rate that the contract follows was not observed for {due.day}")
    return CONTEXT.add(CONTEXT.multiply(observed[due.day], reset.multiplier), reset.spread)
