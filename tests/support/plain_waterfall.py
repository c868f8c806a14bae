"""A slow waterfall to hold the real one to: a journal of entries, exact fractions, nothing remembered but the entries.

Every balance is the sum of the journal whenever it is asked for. Triggers are judged from the whole history of their
tests, and what a reserve must give is found by trying amounts, not by reckoning.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any

from abs.deal import Period
from abs.money import Rounding
from abs.terms import Condition, Fee, Limit, PlanTerms, Step, TranchePart

ORDER = ("revolving", "amortising", "accelerated", "defaulted")
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
PLENTY = 10**12

Place = Hashable


@dataclass
class PlainDeal:
    """A deal and its journal: entries (from, to, fen). ``tests`` are the triggers' answers so far."""

    terms: PlanTerms
    on: date = date.min
    journal: list[tuple[Place, Place, int]] = field(default_factory=list)
    tests: dict[str, list[bool]] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    state: str = ""
    paid: list[tuple[str, str, int]] = field(default_factory=list)
    now: Period | None = None
    before_cash: int = 0

    def __post_init__(self) -> None:
        if self.on == date.min:
            self.on = self.terms.plan.closing
            self.tests = {one.trigger: [] for one in self.terms.triggers}
            for one in self.terms.tranches:
                self.post("issue", ("principal", one.tranche), one.principal)

    def post(self, source: Place, target: Place, amount: int) -> None:
        self.journal.append((source, target, amount))

    def at(self, place: Place) -> int:
        came = sum(amount for _, target, amount in self.journal if target == place)
        return came - sum(amount for source, _, amount in self.journal if source == place)

    @property
    def period(self) -> Period:
        assert self.now is not None
        return self.now

    def run(self, period: Period) -> list[tuple[str, str, int]]:
        """Pays one period; returns rule, target and amount of every payment that moved anything, in order."""
        self.now, self.paid = period, []
        for account, amount in period.receipts.items():
            self.post("debtors", ("cash", account), amount)
        for account, amount in period.bought.items():
            self.post(("cash", account), "sellers", amount)
        for part in self.terms.tranches:
            for base in [self.at(("principal", part.tranche))] + (
                [self.at(("interest", part.tranche))] if part.interest_on_unpaid else []
            ):
                self.post(
                    "time", ("accruing", part.tranche), self._rounded(base * Fraction(part.rate or 0) * self._year())
                )
        for part in self.terms.tranches:
            self.post(("accruing", part.tranche), ("interest", part.tranche), self.at(("accruing", part.tranche)))
        for fee in self.terms.fees:
            if fee.base != "interest" or fee.kind in ("fixed", "annual"):
                self.post("time", ("fee", fee.fee), self._fee(fee))
        self._decide()
        waterfalls = {one.state: one.steps for one in self.terms.waterfalls}
        fallback = ORDER.index(self.state)
        while ORDER[fallback] not in waterfalls:
            fallback -= 1
        steps = waterfalls[ORDER[fallback]]  # type: ignore[index]
        for step_at in range(len(steps)):
            self._step(steps, step_at)
        self._vat()
        self.on = period.on
        self._close()
        return self.paid

    def _close(self) -> None:
        """The journal begins again with one entry for each balance that lasts."""
        lasting = ("principal", "interest", "fee", "cash", "promisor", "called")
        places = {target for _, target, _ in self.journal if isinstance(target, tuple) and target[0] in lasting}
        self.journal = [("before", place, self.at(place)) for place in sorted(places)]

    def _year(self) -> Fraction:
        return Fraction((self.period.on - self.on).days, 365)

    def _rounded(self, amount: Fraction) -> int:
        return floor(amount) if self.terms.conventions.rounding is Rounding.DOWN else floor(amount + Fraction(1, 2))

    def _fee(self, fee: Fee) -> int:
        if fee.once and self.period.period > 1:
            return 0
        if fee.kind == "fixed":
            amount = Fraction(fee.amount or 0)
        else:
            base = self._measure(fee.base)
            if base is None:
                return 0
            each = Fraction(fee.amount or 0) if fee.kind == "count" else Fraction(fee.rate or 0)
            amount = base * each * (self._year() if fee.kind == "annual" else 1)
        whole = self._rounded(amount)
        return whole if fee.cap is None else min(whole, fee.cap)

    def _vat(self) -> int:
        """Fees on interest that was paid fall due as it is paid; adds nothing to a sum."""
        for fee in self.terms.fees:
            if fee.base == "interest" and fee.kind not in ("fixed", "annual"):
                more = self._fee(fee) - self.at(("vat", fee.fee))
                self.post("time", ("vat", fee.fee), more)
                self.post("time", ("fee", fee.fee), more)
        return 0

    def _measure(self, name: str) -> Fraction | None:
        terms, period = self.terms, self.period
        words = name.split(".")
        ranks = {
            "senior": ["senior"],
            "rated": ["senior", "mezzanine"],
            "securities": ["senior", "mezzanine", "subordinated"],
        }
        if words[0] in ranks:
            return Fraction(
                sum(self.at(("principal", one.tranche)) for one in terms.tranches if one.rank in ranks[words[0]])
            )
        if words[0] == "account":
            held = self.at(("cash", words[1]))
            return Fraction(held if len(words) == 2 else max(0, held - (self._target(words[1]) or 0)))
        if words[0] == "tranche" and words[2] == "outstanding":
            return Fraction(self.at(("principal", words[1])))
        if words[0] == "tranche":
            accrued = sum(amount for _, target, amount in self.journal if target == ("accruing", words[1]))
            return Fraction(max(0, self.at(("interest", words[1])) - accrued))
        if words[0] == "trigger":
            return Fraction(int(self._on(words[1])))
        own: dict[str, Any] = {
            "period": lambda: period.period,
            "receipts": lambda: sum(period.receipts.values()),
            "fees.due": lambda: self._vat() + sum(self.at(("fee", one.fee)) for one in terms.fees),
            "interest.due": lambda: sum(self.at(("interest", one.tranche)) for one in terms.tranches),
            "interest": lambda: sum(self._got(one.tranche) for one in terms.tranches),
            "shortfall.owed": lambda: self.at(("promisor",)),
        }
        if name in own:
            return Fraction(own[name]())
        stated = period.measures.get(name)
        return None if stated is None else Fraction(stated)

    def _got(self, tranche: str) -> int:
        """Interest that a tranche was paid in this period."""
        return self.at(("holders", tranche))

    def _on(self, trigger: str) -> bool:
        part = next(one for one in self.terms.triggers if one.trigger == trigger)
        runs = [(held, len(list(times))) for held, times in groupby(self.tests[trigger])]
        if part.curable:
            runs = runs[-1:]
        return any(held and length >= part.periods for held, length in runs)

    def _decide(self) -> None:
        self.declared += self.period.declared
        for one in self.terms.triggers:
            self.tests[one.trigger].append(self._holds(one.when))
        revolving = self.terms.revolving is not None and self.period.on <= self.terms.revolving.until
        found = ["revolving" if revolving else "amortising", *self.declared]
        found += [one.effect for one in self.terms.triggers if one.effect != "flag" and self._on(one.trigger)]
        self.state = ORDER[max(ORDER.index(one) for one in found)]

    def _holds(self, condition: Condition) -> bool:
        left = self._measure(condition.measure)
        right = self._measure(condition.than) if condition.than else Fraction(condition.value or 0)
        return left is not None and right is not None and COMPARE[condition.op](left, right)

    def _most(self, limit: Limit | None) -> int | None:
        found = [] if limit is None or limit.amount is None else [limit.amount]
        if limit is not None and limit.measure is not None:
            value = self._measure(limit.measure)
            found.append(0 if value is None else max(0, floor(value * Fraction(limit.factor))))
            if value is None:
                return 0
        return min(found) if found else None

    def _target(self, account: str) -> int | None:
        return self._most(next(one.target for one in self.terms.accounts if one.account == account))

    def _owed(self, tranche: str) -> int:
        part: TranchePart = next(one for one in self.terms.tranches if one.tranche == tranche)
        left = self.at(("principal", tranche))
        if self.state in ("accelerated", "defaulted") or part.repayment in ("pass_through", "residual"):
            return left
        if self.period.on >= part.maturity:
            return left
        should_be_left = part.principal - sum(one.amount for one in part.schedule if one.on <= self.period.on)
        return max(0, left - should_be_left)

    def _step(self, steps: Sequence[Step], at: int) -> None:
        step = steps[at]
        if not all(self._holds(one) for one in step.when):
            return
        most = self._most(step.limit)
        purse = ("cash", step.account)
        held = max(0, self.at(purse))
        room = held if most is None else min(held, most)
        if step.action in ("draw", "shortfall"):
            self._help(steps, at, most)
        elif step.action == "transfer":
            self._note(step, purse, ("cash", step.to), step.to, room)
        elif step.action == "buy":
            left = room if most is None else max(0, most - self.period.bought.get(step.account, 0))
            self._note(step, purse, "sellers", "assets", min(held, left))
        elif step.action == "residual":
            self._note(step, purse, "yield", step.pays[0], room)
        elif step.action == "top_up":
            short = max(0, (self._target(str(step.to)) or 0) - self.at(("cash", step.to)))
            self._note(step, purse, ("cash", step.to), step.to, min(room, short))
        elif step.action == "repay":
            amount = min(room, self.at(("promisor",)))
            self.post(("promisor",), "settled", amount)
            self._note(step, purse, "promisor's bank", "promisor", amount)
        else:
            self._debts(step, room)

    def _debts(self, step: Step, room: int) -> None:
        kind = {"fees": "fee", "interest": "interest", "principal": "principal"}[step.action]
        if kind == "fee":
            self._vat()
        dues = [(name, self._owed(name) if kind == "principal" else self.at((kind, name))) for name in step.pays]
        while dues:
            name, due = dues[0]
            total = sum(amount for _, amount in dues)
            part = min(room, due)
            if step.pro_rata and room < total:
                part = floor(Fraction(room * due, total))
            room -= part
            dues = dues[1:]
            self.post((kind, name), "settled", part)
            self._note(step, ("cash", step.account), ("holders", name) if kind == "interest" else "paid", name, part)

    def _note(self, step: Step, source: Place, target: Place, name: str | None, amount: int) -> None:
        self.post(source, target, amount)
        if amount:
            self.paid.append((step.rule, str(name), amount))

    def _help(self, steps: Sequence[Step], at: int, most: int | None) -> None:
        """The least amount with which as much is paid up to ``until`` as with plenty."""
        step = steps[at]
        into = str(step.to) if step.action == "draw" else step.account
        last = next(place for place, one in enumerate(steps) if one.rule == step.until)

        def paid_with(extra: int) -> int:
            trial = PlainDeal(**{**self.__dict__, "journal": list(self.journal), "paid": []})
            trial.post("trial", ("cash", into), extra)
            for place in range(at + 1, last + 1):
                if steps[place].action not in ("draw", "shortfall"):
                    trial._step(steps, place)
            return sum(amount for _, _, amount in trial.paid)

        low, high, wanted = 0, PLENTY, paid_with(PLENTY)
        if paid_with(0) == wanted:
            high = 0
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if paid_with(middle) == wanted else (middle + 1, high)
        amount = high if most is None else min(high, most)
        if step.action == "draw":
            amount = min(amount, max(0, self.at(("cash", step.account))))
            self._note(step, ("cash", step.account), ("cash", into), into, amount)
            return
        promised = self.terms.shortfall.limit if self.terms.shortfall else 0
        amount = amount if promised is None else min(amount, max(0, promised - self.at(("called",))))
        self.post("promise", ("called",), amount)
        self.post("promise", ("promisor",), amount)
        self._note(step, "promisor's bank", ("cash", into), into, amount)
