"""The cash of a plan between the debtors and the holders: held back, waiting, idle, or not what the custodian says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from abs.calendars import later
from disclosure.catalogue import catalogue
from ledger.facts import (
    AccountMove,
    Collection,
    Distribution,
    Fact,
    FeePayment,
    PlanCash,
    PoolExit,
    PoolPurchase,
    Remittance,
    ShortfallPayment,
    ShortfallRepayment,
    Statement,
    Tranche,
)
from ledger.position import Position
from regulator.monitor.plan import View, percent
from regulator.signals import Level, Signal

__all__ = ["cash_held_back", "collection_cycle", "idle_cash", "statement_differs"]

DAY = timedelta(days=1)


def cash_held_back(view: View) -> Iterator[Signal]:
    """On a remittance date (转付日) of the terms less had been passed on than was collected before it (滞留): T06.

    What purchases took of collections counts as passed on. What came on the date itself, or after the calculation date
    of the period, may go with the next. The finding stands until the rest is passed on.
    """
    cash = view.cash
    passed = cash.remitted + cash.purchased
    collected = view.now(Collection)
    for dates in view.dates:
        for number, due in enumerate(dates.remittances):
            if due >= view.day:
                return
            last = number == len(dates.remittances) - 1
            upto = min(due - DAY, dates.calculation) if last else due - DAY
            mine = [one for one in collected if one.collected_on <= upto]
            short = sum(one.amount for one in mine) - passed
            if short <= 0 or (view.plan.liquidated_on is not None and view.plan.liquidated_on <= due):
                continue
            waiting = [one for one in mine if one.remitted < one.amount]
            yield view.alert(
                "monitor.cash_held_back",
                f"remittance {view.id}/{due.isoformat()}",
                level=Level.HIGH,
                score=85,
                amount=short,
                since=due + DAY,
                rows=waiting or mine[-1:],
                parties=(view.plan.servicer,),
                things=[f"collection {one.id}" for one in waiting],
                due=due.isoformat(),
                upto=upto.isoformat(),
                short_fen=short,
                servicer_party=view.plan.servicer,
            )


def collection_cycle(view: View) -> Iterator[Signal]:
    """What was collected first and neither passed on nor spent on purchases waits longer than a month (归集周期).

    High beyond three months, the most that is let with strong credit (SL2 2.2.7). Collections are taken as passed on
    in the order of their days.
    """
    if not view.live:
        return
    cash, share = view.cash, catalogue().thresholds
    left = cash.remitted + cash.purchased
    for one in sorted(view.now(Collection), key=lambda each: (each.collected_on, each.from_position)):
        left -= one.amount
        if left < 0:
            break
    else:
        return
    limit = later(one.collected_on, months=int(share["collection_cycle"].value))
    longest = later(one.collected_on, months=int(share["collection_cycle_strong"].value))
    if view.day <= limit:
        return
    grave = view.day > longest
    yield view.alert(
        "monitor.collection_cycle",
        f"plan {view.id}",
        level=Level.HIGH if grave else Level.MEDIUM,
        score=85 if grave else 50,
        amount=-left,
        since=(longest if grave else limit) + DAY,
        rows=(one,),
        parties=(view.plan.servicer,),
        things=(f"collection {one.id}",),
        collected=one.collected_on.isoformat(),
        waiting_fen=-left,
        months=int((share["collection_cycle_strong"] if grave else share["collection_cycle"]).value),
        servicer_party=view.plan.servicer,
    )


def idle_cash(view: View) -> Iterator[Signal]:
    """In the revolving period more cash is unspent than a share of what is unpaid, for so many days (闲置资金): T09.

    Both the share and the days are settings: no rule that was read gives them. What was distributed or spent in between
    ends it.
    """
    until = view.revolving_until
    if not view.live or until is None or view.day > until or not view.unpaid:
        return
    share, days = catalogue().share("idle_cash_share"), int(catalogue().share("idle_cash_days"))
    since: date | None = None
    for one in reversed(view.begun(PlanCash)):
        if Decimal(one.unspent) <= share * _unpaid(view, one.from_height):
            break
        since = view.days.of(one.from_height)
    if since is None or (view.day - since).days < days:
        return
    idle = view.cash.unspent
    yield view.alert(
        "monitor.idle_cash",
        f"plan {view.id}",
        level=Level.LOW,
        score=40,
        amount=idle,
        since=since + days * DAY,
        idle_fen=idle,
        share=percent(idle, view.unpaid, 10),
        limit=f"{share:%}",
        days=days,
    )


def _unpaid(view: View, height: int) -> int:
    return sum(
        max(one.outstanding, 0)
        for one in view.begun(Tranche)
        if one.from_height <= height and (one.to_height is None or one.to_height > height)
    )


def statement_differs(view: View) -> Iterator[Signal]:
    """The custodian's statement (对账单) of the plan's only custody account moves otherwise than the ledger's records.

    Compared are what came (passed on, made up, paid for assets bought back) and what went (fees, holders, repayments,
    purchases) on its days, which the manager's distributions are part of, and what moved between this account and the
    plan's others (S5 3.1.5, 4.5). Purchases may have been paid out of the account whole, or as far as they were more
    than the collections that waited: what a purchase takes of these never reaches the account.
    """
    statements = view.now(Statement)
    names = {one.account for one in statements}
    if len(names) != 1 or view.rows.shared.get(next(iter(names)), view.height + 1) <= view.height:
        return  # several accounts, or one that another plan names too
    for one in statements:
        came, paid = _moved(view, one)
        whole, beyond = _bought(view, one.starts_on, one.ends_on)
        went = paid + (beyond if one.debits == paid + beyond else whole)
        if (came, went) == (one.credits, one.debits):
            continue
        more, less = one.credits - came, one.debits - went
        cleaned = view.cash.cleaned_up
        if cleaned and less == 0 and 0 < more <= cleaned:
            continue  # a clean-up call states a price and no day
        yield view.alert(
            "monitor.statement_differs",
            f"statement {one.id}",
            level=Level.HIGH,
            score=80,
            amount=max(abs(more), abs(less)),
            since=one.ends_on,
            rows=(one,),
            parties=(one.holder,),
            account=one.account,
            days_from=one.starts_on.isoformat(),
            days_to=one.ends_on.isoformat(),
            stated_in_fen=one.credits,
            ledger_in_fen=came,
            stated_out_fen=one.debits,
            ledger_out_fen=went,
            custodian_party=one.holder,
        )


def _moved(view: View, of: Statement) -> tuple[int, int]:
    first, last = of.starts_on, of.ends_on

    def within(table: type[Fact], day: str, *amounts: str) -> int:
        chosen = (one for one in view.now(table) if first <= getattr(one, day) <= last)
        return sum(getattr(one, amount) for one in chosen for amount in amounts)

    came = within(Remittance, "remitted_on", "amount") + within(ShortfallPayment, "paid_on", "amount")
    records: dict[int, int] = {}
    for exit_ in view.begun(PoolExit):
        if first <= exit_.left_on <= last:
            records[exit_.from_position] = exit_.price
    went = within(FeePayment, "paid_on", "amount") + within(ShortfallRepayment, "paid_on", "amount")
    went += within(Distribution, "paid_on", "principal", "interest")
    for move in view.now(AccountMove):
        if first <= move.moved_on <= last:
            came += move.amount if move.target == of.account else 0
            went += move.amount if move.source == of.account else 0
    return came + sum(records.values()), went


def _bought(view: View, first: date, last: date) -> tuple[int, int]:
    """What purchases on these days cost, and how much of it was more than the collections that waited by then."""
    moves: list[tuple[Position, date, int]] = []
    rows: Sequence[tuple[type[Fact], str, str, int]] = (
        (Collection, "collected_on", "amount", 1),
        (Remittance, "remitted_on", "amount", -1),
    )
    for table, day, amount, sign in rows:
        moves += [(one.began, getattr(one, day), sign * getattr(one, amount)) for one in view.now(table)]
    bought = [(one.began, one.purchased_on, one.price) for one in view.now(PoolPurchase)]
    waiting, whole, total = 0, 0, 0
    order = [*((when, day, part, False) for when, day, part in moves), *((*one, True) for one in bought)]
    for _, on, part, purchase in sorted(order):
        if not purchase:
            waiting = max(waiting + part, 0)
            continue
        taken = min(waiting, part)
        waiting -= taken
        whole += part if first <= on <= last else 0
        total += part - taken if first <= on <= last else 0
    return whole, total
