"""A plan of a story's own whose terms are a document, with a manager that pays it by them, or slips."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import FACE, Tranche, next_weekday
from ledger.consortium.market.acts import claims
from ledger.consortium.market.manager import Desk
from ledger.consortium.market.payouts import Calls, record
from ledger.consortium.market.schedule import MIDNIGHT
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.terms import PPM, Agreed, accounts_of, document, replaced, tranche_rows
from ledger.consortium.market.trouble.small import SmallPlan
from ledger.consortium.market.trouble.teller import TENOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.market.things import Claim
    from ledger.consortium.market.trouble.teller import Teller

__all__ = ["DATES", "DUE", "LATE", "ManagedPlan"]

DATES = (10, 20, 30)  # days from closing to its payment dates, before they are rolled
DUE, LATE = 8, 5  # days from closing to the due date of a claim that is not paid, and from there to its default
SENIOR, JUNIOR = 180, 22  # units
LAST = 24
RATES = {"A": "0.0320", "B": "0.0450"}


class ManagedPlan(SmallPlan):
    """Established today by ``agreed``, in figures small enough for a few claims; it revolves to its first payment."""

    def __init__(
        self,
        t: Teller,
        agreed: Agreed | None = None,
        *,
        dates: Sequence[int] = DATES,
        revolving: int = DATES[0],
        due: int = TENOR,
    ) -> None:
        self.agreed = replace(agreed or Agreed(), default_days=LATE)
        self._dates = [t.stage.day + timedelta(days=each) for each in dates]
        self._until = days_after(t.stage.day, revolving)
        self.calls: Calls = []
        self.defaulted = 0
        self.desk: Desk
        self.said: dict[str, Any] = {}
        super().__init__(t, 1)
        self.other = t.owed(t.bill(self.originator, self.buyer, 10_000_00), days=due)
        claims.confirm(self.stage, self.other)
        self.assign([self.other])

    def _establish(self, revolving: bool) -> None:
        del revolving
        closing, maturity = self.stage.today(), self.t.day(600)
        tranches = [
            _tranche("A", "优先级", "senior", self._telling_units()), _tranche("B", "中间级", "mezzanine", JUNIOR),
            _tranche("C", "次级", "subordinated", LAST),
        ]  # fmt: skip
        self.stated = {
            "plan": self.plan, "code": self.plan, "name": f"{self.plan}资产支持专项计划", "venue": "SSE",
            "manager": self.manager.member, "custodian": self.custodian.member,
            "originators": [self.originator.member], "servicer": self.servicer.member, "shelf": f"储架{self.plan}",
            "cutoff": closing, "closing": closing, "maturity": maturity,
            "tranches": tranche_rows(tranches, self.plan, date.fromisoformat(maturity)),
        }  # fmt: skip
        self.said = document(self.agreed, self.stated, pay=self._dates, revolving=self._until)
        self.stage.write(self.manager, "plan.established", 3, **self.stated, document=self.said)
        self.desk = Desk(agreed=self.agreed, tranches=tranches, since=self.stage.day)
        self.t.about(f"plan {self.plan}")

    def _telling_units(self) -> int:
        """Return the units of the senior tranche whose second interest is another by each rounding."""
        first, second = (next_weekday(day) for day in self._dates[:2])
        year, ppm = 365 * PPM, 32_000
        earned = ((units, units * FACE * ppm * (second - first).days % year) for units in range(SENIOR, 0, -1))
        return next(units for units, rest in earned if 2 * rest >= year)

    def date(self, at: int) -> int:
        """Return the moment of a payment date, the first being 0, when everything else of the day is over."""
        return self.stage.at(self._dates[at], MIDNIGHT)

    def comes_in(self, percent: int, owed: Claim | None = None) -> None:
        """The debtor pays so much of a claim, the first one unless told, and the cash is passed on to the plan."""
        owed = owed or self.pool[0]
        amount = owed.amount * percent // 100
        self.remit([(self.collect([(self.paid(owed, amount), owed.receivable, amount)]), amount)])
        self.desk.receive(amount)

    def default(self) -> None:
        """The servicer says that the second claim is in default."""
        asset, amount = self.other.receivable, self.other.amount
        self.at("servicer", "asset.overdue", asset=asset, amount=amount, days=(self.stage.day - self.other.due).days)
        self.at("servicer", "asset.defaulted", asset=asset, amount=amount)
        self.defaulted += amount

    def pay(self, slip: str = "") -> int:
        """The manager pays a period; returns its number."""
        accelerated, pooled = self.desk.accelerated, self.other.amount + sum(each.amount for each in self.pool)
        paid = self.desk.pay(
            self.stage.day, revolving=self.stage.day <= self._until, defaulted=self.defaulted, pooled=pooled, slip=slip
        )
        if paid.accelerated and not accelerated:
            self.at("manager", "event.declared", event="acceleration", reason="累计违约率触发加速清偿")
        record(self.stage, self, paid, self.calls)
        return paid.period

    def amend(self, **changes: Any) -> None:
        """From tomorrow on other figures are agreed."""
        self.desk.agreed = replace(self.desk.agreed, **changes)
        self.said = replaced(self.said, self.desk.agreed, self.stated)
        self.stage.write(
            self.manager, "plan.terms_amended", 2, plan=self.plan, effective=self.t.day(1), reason="持有人大会决议",
            document=self.said,
        )  # fmt: skip

    def fee(self, amount: int, fee: str = "custody") -> None:
        """The custodian pays a fee."""
        self.dated("custodian", "fee.paid", payment=self.stage.named("FEE"), fee=fee, period=1, amount=amount)

    def move(self, source: str, target: str, amount: int) -> None:
        """The custodian moves cash between two accounts, by their names here: custody, reserve or another."""
        _, custody, reserve = accounts_of(self.plan)
        names = {"custody": custody, "reserve": reserve}
        ends = {"from": names.get(source, source), "to": names.get(target, target)}
        self.dated("custodian", "account.moved", move=self.stage.named("MOVE"), period=1, amount=amount, **ends)

    def make_up(self, amount: int) -> str:
        """The originator makes up a shortfall; returns the call."""
        call = self.stage.named("CALL")
        self.dated("manager", "shortfall.called", call=call, payer=self.originator.member, amount=amount)
        self.dated("custodian", "shortfall.paid", shortfall=self.stage.named("SF"), call=call, amount=amount,
                   payment=None)  # fmt: skip
        return call

    def give_back(self, call: str, amount: int) -> None:
        """The plan repays what was paid on a call."""
        self.dated("custodian", "shortfall.repaid", repayment=self.stage.named("SR"), call=call, period=1,
                   amount=amount)  # fmt: skip


def _tranche(tranche: str, name: str, rank: Any, units: int) -> Tranche:
    rate = RATES.get(tranche)
    return Tranche(
        tranche=tranche, name=name, rank=rank, principal=units * FACE, rate=None if rate is None else Decimal(rate)
    )
