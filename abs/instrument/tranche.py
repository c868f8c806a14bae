"""What a tranche is due by its own terms (应付本息), in whole fen: the contract that a tranche's terms describe.

A bullet tranche (到期一次还本) is an ACTUS PAM, a tranche with fixed amortisation (固定摊还) a LAX. A pass-through or
residual tranche is due what the pool brings, which no contract says: that is the waterfall's and the forecast's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from abs.calendars import Calendar, calendar
from abs.errors import BadTerms
from abs.instrument import NOUGHT, Contract, ContractType, Event, EventType
from abs.instrument.events import events
from abs.money import CONTEXT, Rounding, round_fen
from abs.terms import PlanTerms, TranchePart

__all__ = ["Flow", "flows_of", "scheduled_flows", "tranche_contract"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What is due on one payment date, fen."""

    on: date
    principal: int
    interest: int


def tranche_contract(terms: PlanTerms, tranche: TranchePart) -> Contract:
    """The contract behind a bullet or scheduled tranche, for its holder, from the plan's closing day.

    Payment dates are the plan's, rolled as it says, and interest runs to the rolled day. Principal due between two of
    them is due on the later one; so is maturity. Raises BadTerms for a tranche that is due what the pool brings.
    """
    if tranche.repayment not in ("bullet", "scheduled"):
        raise BadTerms(
            "no-schedule", f"tranche {tranche.tranche} is repaid by {tranche.repayment}: only the pool says what is due"
        )
    of = calendar(terms.conventions.calendar)
    days = [of.roll(day, terms.dates.roll) for day in terms.dates.pay]
    end = _next(days, tranche.maturity, of, terms)
    redemptions: dict[date, Decimal] = defaultdict(Decimal)
    for one in tranche.schedule:
        redemptions[_next(days, one.on, of, terms)] += one.amount
    return Contract(
        type=ContractType.LAX if tranche.repayment == "scheduled" else ContractType.PAM,
        status=date.min,
        exchange=terms.plan.closing,
        notional=Decimal(tranche.principal),
        rate=tranche.rate or NOUGHT,
        day_count=terms.conventions.day_count,
        maturity=end,
        interest=tuple(day for day in days if day < end) or (end,),
        redemptions=dict(redemptions),
    )


def scheduled_flows(terms: PlanTerms, tranche: TranchePart) -> tuple[Flow, ...]:
    """Principal and interest of every payment date of a bullet or scheduled tranche, rounded as the deal says."""
    return flows_of(events(tranche_contract(terms, tranche)), terms.conventions.rounding)


def flows_of(found: Iterable[Event], rounding: Rounding) -> tuple[Flow, ...]:
    """Principal and interest by day, without days on which nothing is due; exchange and trades are not the debtor's.

    Interest is rounded payment by payment. Principal is what the rounded balance falls by, so that it adds up.
    """
    principal: dict[date, int] = defaultdict(int)
    interest: dict[date, int] = defaultdict(int)
    before: Event | None = None
    for event in found:
        owed = before.notional if before else CONTEXT.add(event.notional, event.payoff)
        if event.type is EventType.IP:
            interest[event.on] += round_fen(event.payoff, rounding)
        elif event.type in (EventType.PR, EventType.MD):
            principal[event.on] += round_fen(owed, rounding) - round_fen(event.notional, rounding)
        if event.type is EventType.MD:
            interest[event.on] += round_fen(CONTEXT.subtract(event.payoff, owed), rounding)
        before = event
    paid = sorted({day for due in (principal, interest) for day, amount in due.items() if amount})
    return tuple(Flow(on=day, principal=principal[day], interest=interest[day]) for day in paid)


def _next(days: list[date], day: date, of: Calendar, terms: PlanTerms) -> date:
    """The first payment date on or after a day; the day itself, rolled, after the last of them."""
    return next((paid for paid in sorted(days) if paid >= day), of.roll(day, terms.dates.roll))
