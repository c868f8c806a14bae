"""The manager of a plan (管理人) pays each period by what was agreed, in whole fen and whole days.

It knows its own books and nothing else: what it pays is there to be recomputed by whoever reads the ledger. So it
shares no code with that, and its rules are written out one after the other. A ``slip`` makes one period wrong, in one
of the ways by which managers have been wrong; see ``trouble.managers``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.consortium.market.terms import PPM

if TYPE_CHECKING:
    from datetime import date

    from ledger.consortium.cash import Tranche
    from ledger.consortium.market.terms import Agreed

__all__ = ["DAYS_OFF", "SLIPS", "Desk", "Paid"]

YEAR = 365  # ACT/365F
DAYS_OFF = 3  # by which a wrong date is too early

SLIPS = ("wrong_order", "fee_twice", "trigger_missed", "junior_early", "rounding", "wrong_date")
"""What a manager may do wrong in a period."""


@dataclass(slots=True, kw_only=True)
class Paid:
    """What one period paid, fen, in the order it was paid. ``fees`` may name one fee twice, where it was."""

    on: date
    period: int
    accelerated: bool
    drawn: int = 0
    called: int = 0
    fees: list[tuple[str, int]] = field(default_factory=list)
    interest: dict[str, int] = field(default_factory=dict)
    principal: dict[str, int] = field(default_factory=dict)
    filled: int = 0
    released: int = 0
    repaid: int = 0


@dataclass(slots=True, kw_only=True)
class Desk:
    """The manager's books of one plan: what is due, what is on the accounts, what the triggers saw."""

    agreed: Agreed
    tranches: list[Tranche]
    since: date
    cash: int = 0
    """On the custody account, what was collected and is not passed on yet included."""
    reserve: int = 0
    received: int = 0
    """Cash that came in since the last payment date, what purchases took of it included."""
    period: int = 0
    owed: int = 0
    """What the promisor paid and was not repaid, and what it paid in all."""
    made_up: int = 0
    in_a_row: int = 0
    accelerated: bool = False
    thin: bool = False
    arrears: dict[str, int] = field(default_factory=dict)
    """Fees due and unpaid, by name."""

    def receive(self, amount: int) -> None:
        """Take in cash for the plan."""
        self.cash += amount
        self.received += amount

    @property
    def done(self) -> bool:
        """Tell whether nothing is left to pay, principal of the last tranche apart, which bears what was lost."""
        rated = [each for each in self.tranches if each.rate is not None]
        return not self.cash and not self.reserve and not any(each.outstanding or each.arrears for each in rated)

    def ahead(self, days: int) -> int:
        """Return what so many days will ask for before principal, so that it is not spent on assets."""
        fees = sum(self.arrears.values()) + sum(self._fees_of(days).values())
        interest = sum(each.arrears + self._interest(each, days) for each in self.tranches)
        target = self._target - self.reserve
        return fees + interest + self._share(interest, self.agreed.vat) + max(target, 0)

    def pay(self, on: date, *, revolving: bool, defaulted: int, pooled: int, slip: str = "") -> Paid:
        """Pay a period. ``defaulted`` of ``pooled``: what is in default of all that ever came into the pool, fen."""
        days = (on - self.since).days - (DAYS_OFF if slip == "wrong_date" else 0)
        accrued = {each.tranche: self._interest(each, days, other=slip == "rounding") for each in self.tranches}
        for each in self.tranches:
            each.arrears += accrued[each.tranche]
        for name, amount in self._fees_of(days).items():
            self.arrears[name] = self.arrears.get(name, 0) + amount
        self._test(defaulted, pooled)
        self.period += 1
        paid = Paid(on=on, period=self.period, accelerated=self.accelerated and slip != "trigger_missed")
        if paid.accelerated:
            self._pay_accelerated(paid)
        else:
            self._pay_in_order(paid, slip, repays=self.thin or not revolving)
        self.since, self.received = on, 0
        return paid

    def _pay_in_order(self, paid: Paid, slip: str, *, repays: bool) -> None:
        senior, junior, _ = self.tranches
        self._help(paid)
        self._pay_fees(paid)
        if slip == "fee_twice":
            paid.fees.append((paid.fees[0][0], self._take(paid.fees[0][1])))
        self._pay_interest(paid, senior)
        if slip == "wrong_order":
            self._repay(paid, senior)
        self._pay_interest(paid, junior)
        self._pay_vat(paid)
        paid.filled = self._take(max(self._target - self.reserve, 0))
        self.reserve += paid.filled
        self._release(paid, self._target)
        paid.repaid = self._take(self.owed)
        self.owed -= paid.repaid
        if slip == "junior_early":
            self._repay(paid, junior, most=self.cash // 4)
        if repays:
            self._pay_holders(paid)

    def _pay_accelerated(self, paid: Paid) -> None:
        senior, junior, _ = self.tranches
        self._release(paid, 0)
        self._call(paid)
        self._pay_fees(paid)
        self._pay_interest(paid, senior)
        self._pay_vat(paid)
        self._repay(paid, senior)
        taxed = self._share(sum(paid.interest.values()), self.agreed.vat)
        self._pay_interest(paid, junior)
        self.arrears["vat"] += self._share(sum(paid.interest.values()), self.agreed.vat) - taxed
        self._pay_holders(paid)

    def _pay_holders(self, paid: Paid) -> None:
        """Principal by rank; when all is repaid, the rest is the last tranche's."""
        for each in self.tranches:
            self._repay(paid, each)
        if not any(each.outstanding for each in self.tranches):
            last = self.tranches[-1].tranche
            paid.interest[last] = paid.interest.get(last, 0) + self._take(self.cash)

    def _test(self, defaulted: int, pooled: int) -> None:
        beyond = defaulted * PPM > self.agreed.defaults * pooled
        self.in_a_row = self.in_a_row + 1 if beyond else 0
        self.accelerated = self.accelerated or self.in_a_row >= self.agreed.tests
        self.thin = self.agreed.thin and self.received < sum(each.arrears for each in self.tranches)

    def _help(self, paid: Paid) -> None:
        """The reserve pays in what fees and interest lack, the promisor what fees and senior interest lack then."""
        rated = sum(each.arrears for each in self.tranches)
        paid.drawn = min(max(self._before_interest + rated - self.cash, 0), self.reserve)
        self.reserve -= paid.drawn
        self.cash += paid.drawn
        self._call(paid)

    def _call(self, paid: Paid) -> None:
        short = max(self._before_interest + self.tranches[0].arrears - self.cash, 0)
        promised = self.agreed.promised
        paid.called = short if promised is None else min(short, max(promised - self.made_up, 0))
        self.cash += paid.called
        self.made_up += paid.called
        self.owed += paid.called

    def _pay_fees(self, paid: Paid) -> None:
        for name in self.arrears:
            if name != "vat":
                self._pay_fee(paid, name)

    def _pay_fee(self, paid: Paid, name: str) -> None:
        amount = self._take(self.arrears[name])
        self.arrears[name] -= amount
        paid.fees.append((name, amount))

    def _pay_vat(self, paid: Paid) -> None:
        before = self.arrears.get("vat", 0)
        self.arrears["vat"] = before + self._share(sum(paid.interest.values()), self.agreed.vat)
        self._pay_fee(paid, "vat")

    def _pay_interest(self, paid: Paid, tranche: Tranche) -> None:
        amount = self._take(tranche.arrears)
        tranche.arrears -= amount
        paid.interest[tranche.tranche] = amount

    def _repay(self, paid: Paid, tranche: Tranche, most: int | None = None) -> None:
        amount = self._take(tranche.outstanding if most is None else min(most, tranche.outstanding))
        tranche.outstanding -= amount
        paid.principal[tranche.tranche] = paid.principal.get(tranche.tranche, 0) + amount

    def _release(self, paid: Paid, target: int) -> None:
        paid.released = max(self.reserve - target, 0)
        self.reserve -= paid.released
        self.cash += paid.released

    def _take(self, wanted: int) -> int:
        taken = min(wanted, self.cash)
        self.cash -= taken
        return taken

    @property
    def _before_interest(self) -> int:
        return sum(due for name, due in self.arrears.items() if name != "vat")

    @property
    def _target(self) -> int:
        return self.tranches[0].outstanding * self.agreed.reserve // PPM

    def _fees_of(self, days: int) -> dict[str, int]:
        """Return what so many days add to each fee but the tax, in the order they are paid."""
        agreed, outstanding = self.agreed, [each.outstanding for each in self.tranches]
        management = self._yearly(sum(outstanding), agreed.management, days)
        fees = {
            "management": management if agreed.cap is None else min(management, agreed.cap),
            "custody": self._yearly(outstanding[0], agreed.custody, days),
        }
        if agreed.service:
            fees["service"] = agreed.service
        if agreed.opening:
            fees["opening"] = agreed.opening if not self.period else 0
        return fees

    def _interest(self, tranche: Tranche, days: int, *, other: bool = False) -> int:
        """Return what a tranche earns in so many days; ``other``: by the rounding that was not agreed."""
        ppm = 0 if tranche.rate is None else int(tranche.rate * PPM)
        return self._yearly(tranche.outstanding, ppm, days, other=other)

    def _yearly(self, base: int, ppm: int, days: int, *, other: bool = False) -> int:
        return self._rounded(base * ppm * days, YEAR * PPM, other=other)

    def _share(self, base: int, ppm: int) -> int:
        return self._rounded(base * ppm, PPM)

    def _rounded(self, part: int, whole: int, *, other: bool = False) -> int:
        half_up = (self.agreed.rounding == "half_up") is not other
        return (2 * part + whole) // (2 * whole) if half_up else part // whole
