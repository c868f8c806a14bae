"""The books of a deal during one period: cash, what is due and what was paid so far, and every measure by its name.

Books are the one thing here that changes while a waterfall runs. They are made from the state before the period and
become the state after it; ``fork`` copies them to find out what a step would lack.

What is due
- A fee: what is in arrears, and what the period adds by its base as it was before the first step. A fee on ``interest``
  (such as VAT 增值税) is due on the interest that was paid so far in the period; on interest that is paid after it, the
  fee is in arrears. ``cap`` bounds what one period adds, not what is paid of arrears. ``once``: only the first period
  adds anything.
- Interest: what is in arrears, and what accrued since the payment date before on what is outstanding, and on the
  arrears where the tranche says so, each rounded for itself.
- Principal: all that is outstanding of a pass-through or residual tranche, and of every tranche in the states
  accelerated and defaulted; of a bullet nothing before its maturity and all from then on; of a scheduled tranche what
  its schedule asks for up to the payment date less what was repaid, and all from its maturity on. A schedule and a
  maturity on a day that was rolled back to an earlier payment date count on that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from abs.calendars import calendar
from abs.deal import DealState, FeeState, Line, Measured, Period, TrancheState, TriggerState
from abs.errors import BadTerms
from abs.money import CONTEXT, interest, round_fen
from abs.terms import Fee, PlanTerms, State, TranchePart
from abs.waterfall.triggers import bound

__all__ = ["Books", "Due", "State", "engine_measures"]

INTEREST: Final = "interest"
UNLIMITED: Final = 10**24
"""More fen than any deal has: the cash of an account that is asked what it would lack."""
ROLLED_BACK: Final = timedelta(days=14)
"""The longest that a payment date is rolled back: the exchange's holidays with the weekends around them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due to a fee, a tranche or a party, fen."""

    to: str
    amount: int
    note: str = ""


class Books:
    """What changes while a period is paid. Every mapping is by name; all amounts are fen."""

    def __init__(self, terms: PlanTerms, opening: DealState, period: Period) -> None:
        """The books after the period's cash came in and its interest and fees fell due.

        Raises BadTerms where cash is on an account that the terms do not know, BadAmount for a period that ends before
        it starts.
        """
        self.terms = terms
        self.period = period
        self.started = opening.on
        self.day = _unrolled(terms, period.on)
        self.state: State = opening.state
        self.tranches: Mapping[str, TranchePart] = {one.tranche: one for one in terms.tranches}
        self.fees: Mapping[str, Fee] = {one.fee: one for one in terms.fees}
        self.accounts = {one.account: 0 for one in terms.accounts} | dict(opening.accounts)
        for name, amount in [*period.receipts.items(), *((one, -cash) for one, cash in period.bought.items())]:
            if name not in self.accounts:
                raise BadTerms("unknown-account", f"plan {terms.plan.plan} has no account {name!r} for its cash")
            self.accounts[name] += amount
        before = {
            name: opening.tranches.get(name) or TrancheState(outstanding=one.principal)
            for name, one in self.tranches.items()
        }
        self.outstanding = {name: one.outstanding for name, one in before.items()}
        self.arrears = {name: one.interest_arrears for name, one in before.items()}
        self.accrued = {name: self._accrued(one, before[name]) for name, one in self.tranches.items()}
        self.interest_paid = dict.fromkeys(self.tranches, 0)
        self.fee_before = {name: opening.fees.get(name) or FeeState() for name in self.fees}
        self.fee_paid = dict.fromkeys(self.fees, 0)
        self.triggers = {one.trigger: opening.triggers.get(one.trigger) or TriggerState() for one in terms.triggers}
        self.first = opening.period == 0
        self.shortfall_paid = opening.shortfall_paid
        self.shortfall_repaid = opening.shortfall_repaid
        self.lines: list[Line] = []
        self.overdrawn: str | None = None
        self.lowest = 0
        self.added: dict[str, tuple[int, str]] = {}
        for name, fee in self.fees.items():
            self.added[name] = self._added(fee)

    def fork(self, overdrawn: str) -> Books:
        """A copy in which debts are paid out of one account whatever it holds; ``lowest``: how far below 0 it gets."""
        other = object.__new__(Books)
        other.__dict__.update(self.__dict__)
        for name in ("accounts", "outstanding", "interest_paid", "fee_paid"):
            setattr(other, name, dict(getattr(self, name)))
        other.lines, other.overdrawn, other.lowest = [], overdrawn, 0
        return other

    def cash(self, account: str, *, debt: bool = False) -> int:
        """What an account can pay: what it holds, nothing when it is overdrawn; without end for debts in a fork."""
        return UNLIMITED if debt and account == self.overdrawn else max(0, self.accounts[account])

    def target(self, account: str) -> tuple[int, str]:
        """What a reserve is filled to: 0 where the terms set no target, or where its measure is undefined, and said."""
        limit = next((one.target for one in self.terms.accounts if one.account == account), None)
        if limit is not None and (limit.measure or "").endswith(".excess"):
            return 0, f"a target cannot follow from {limit.measure}"
        amount, note = bound(limit, self.measure)
        return amount or 0, note

    def take(self, account: str, amount: int) -> None:
        """Cash leaves an account."""
        self.accounts[account] -= amount
        if amount and account == self.overdrawn:
            self.lowest = min(self.lowest, self.accounts[account])

    @property
    def owed(self) -> int:
        """What the promisor paid and was not repaid; nothing where records repaid it more than it paid."""
        return max(0, self.shortfall_paid - self.shortfall_repaid)

    def interest_due(self, tranche: str) -> Due:
        """Interest in arrears and of this period, less what was paid."""
        due = self.arrears[tranche] + self.accrued[tranche] - self.interest_paid[tranche]
        return Due(to=tranche, amount=due)

    def principal_due(self, tranche: str) -> Due:
        """Principal that is due now, never more than is outstanding."""
        part, left = self.tranches[tranche], self.outstanding[tranche]
        whole = self.state in ("accelerated", "defaulted") or part.repayment in ("pass_through", "residual")
        if whole or self.day >= part.maturity:
            return Due(to=tranche, amount=left)
        asked = sum(one.amount for one in part.schedule if one.on <= self.day)
        return Due(to=tranche, amount=min(left, max(0, asked - (part.principal - left))))

    def fee_due(self, fee: str) -> Due:
        """A fee in arrears and of this period, less what was paid."""
        flowing = self.fees[fee].base == INTEREST
        added, note = self._added(self.fees[fee]) if flowing else self.added.get(fee, (0, ""))
        return Due(to=fee, amount=self.fee_before[fee].arrears + added - self.fee_paid[fee], note=note)

    def closing(self, opening: DealState, declared: State | None) -> DealState:
        """The state after the period; what the terms no longer know is left as it was."""
        tranches = {
            name: TrancheState(outstanding=left, interest_arrears=self.interest_due(name).amount)
            for name, left in self.outstanding.items()
        }
        fees = {
            name: FeeState(arrears=self.fee_due(name).amount, paid=self.fee_before[name].paid + paid)
            for name, paid in self.fee_paid.items()
        }
        return DealState(
            period=self.period.period,
            on=self.period.on,
            state=self.state,
            tranches={**opening.tranches, **tranches},
            accounts=self.accounts,
            fees={**opening.fees, **fees},
            triggers={**opening.triggers, **self.triggers},
            shortfall_paid=self.shortfall_paid,
            shortfall_repaid=self.shortfall_repaid,
            declared=declared,
        )

    def measure(self, name: str) -> Measured:
        """A measure by its name as it is now; None where it is undefined or nobody knows it.

        The engine's own come first, but for ``principal.collected``, which is all receipts only where nobody says more.
        """
        if name in _PLAIN:
            return _PLAIN[name](self)
        family, _, rest = name.partition(".")
        if family in _FAMILIES and rest:
            return _FAMILIES[family](self, rest)
        return self.period.measures.get(name)

    def _accrued(self, part: TranchePart, before: TrancheState) -> int:
        rate = part.rate or Decimal(0)
        unpaid = self._yearly(before.interest_arrears, rate, part.maturity) if part.interest_on_unpaid else 0
        return self._yearly(before.outstanding, rate, part.maturity) + unpaid

    def _yearly(self, base: int, rate: Decimal, maturity: date | None = None) -> int:
        rules = self.terms.conventions
        start, end = self.started, self.period.on
        return interest(base, rate, start, end, rounding=rules.rounding, day_count=rules.day_count, maturity=maturity)

    def _added(self, fee: Fee) -> tuple[int, str]:
        """What this period adds to a fee, and why it adds nothing where its base is undefined."""
        if fee.once and not self.first:
            return 0, ""
        rules, rate = self.terms.conventions, fee.rate or Decimal(0)
        base = 0 if fee.kind == "fixed" else self.measure(fee.base)
        if base is None:
            return 0, f"{fee.base} is undefined"
        if fee.kind == "fixed":
            amount = fee.amount or 0
        elif fee.kind == "annual":
            amount = self._yearly(round_fen(Decimal(base), rules.rounding), rate)
        else:
            each = rate if fee.kind == "share" else Decimal(fee.amount or 0)
            amount = round_fen(CONTEXT.multiply(each, Decimal(base)), rules.rounding)
        return max(0, amount if fee.cap is None else min(amount, fee.cap)), ""


def engine_measures(terms: PlanTerms) -> tuple[str, ...]:
    """The names of every measure that the engine itself defines for a plan."""
    accounts = [f"account.{one.account}{part}" for one in terms.accounts for part in ("", ".excess")]
    tranches = [f"tranche.{one.tranche}.{part}" for one in terms.tranches for part in ("outstanding", "arrears")]
    return (*_PLAIN, *accounts, *tranches, *(f"trigger.{one.trigger}" for one in terms.triggers))


def _unrolled(terms: PlanTerms, on: date) -> date:
    """The payment date as the terms list it, where it was rolled back to this day; the day itself otherwise."""
    near = [day for day in terms.dates.pay if on < day <= on + ROLLED_BACK]
    if terms.dates.roll in ("none", "following") or not near:
        return on
    of = calendar(terms.conventions.calendar)
    return max((day for day in near if of.roll(day, terms.dates.roll) == on), default=on)


def _outstanding(books: Books, *ranks: str) -> int:
    return sum(left for name, left in books.outstanding.items() if not ranks or books.tranches[name].rank in ranks)


def _clean_up(books: Books) -> Measured:
    """1 when the pool's balance is so low a share of its first that the rest may be bought (清仓回购), else 0."""
    share, balance, first = books.terms.clean_up, books.measure("pool.balance"), books.measure("pool.original")
    if share is None:
        return 0
    if balance is None or first is None:
        return None
    return int(balance <= CONTEXT.multiply(share, Decimal(first)))


def _principal_collected(books: Books) -> Measured:
    stated = books.period.measures.get("principal.collected")
    return sum(books.period.receipts.values()) if stated is None else stated


def _account(books: Books, rest: str) -> Measured:
    if rest in books.accounts:
        return books.accounts[rest]
    name, _, part = rest.rpartition(".")
    if part != "excess" or name not in books.accounts:
        return None
    return max(0, books.accounts[name] - books.target(name)[0])


def _tranche(books: Books, rest: str) -> Measured:
    name, _, part = rest.rpartition(".")
    if name not in books.tranches:
        return None
    if part == "outstanding":
        return books.outstanding[name]
    return max(0, books.arrears[name] - books.interest_paid[name]) if part == "arrears" else None


def _trigger(books: Books, rest: str) -> Measured:
    state = books.triggers.get(rest)
    return None if state is None else int(state.on)


_PLAIN: Final[Mapping[str, Callable[[Books], Measured]]] = {
    "period": lambda books: books.period.period,
    "receipts": lambda books: sum(books.period.receipts.values()),
    "principal.collected": _principal_collected,
    "fees.due": lambda books: sum(books.fee_due(name).amount for name in books.fees),
    "interest.due": lambda books: sum(books.interest_due(name).amount for name in books.tranches),
    INTEREST: lambda books: sum(books.interest_paid.values()),
    "senior.outstanding": lambda books: _outstanding(books, "senior"),
    "rated.outstanding": lambda books: _outstanding(books, "senior", "mezzanine"),
    "securities.outstanding": _outstanding,
    "shortfall.owed": lambda books: books.owed,
    "clean_up.open": _clean_up,
}
_FAMILIES: Final[Mapping[str, Callable[[Books, str], Measured]]] = {
    "account": _account,
    "tranche": _tranche,
    "trigger": _trigger,
}
