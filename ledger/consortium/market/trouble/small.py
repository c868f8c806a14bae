"""A plan of a story's own: a few claims of one seller, with the records of its parties as verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import FACE
from ledger.consortium.market.acts import claims

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.market.things import Claim
    from ledger.consortium.market.trouble.teller import Teller

__all__ = ["SmallPlan"]

UNITS = 1_000  # of the one senior tranche


class SmallPlan:
    """Established today, with a pool of ``count`` claims of its originator's own."""

    def __init__(self, t: Teller, count: int = 2, *, revolving: bool = True) -> None:
        self.t, self.stage = t, t.stage
        self.originator = t.stranger("supplier", "originator")
        self.manager, self.custodian = t.cast.managers[0], t.cast.custodians[0]
        self.servicer = t.cast.servicers[0]
        self.plan = t.stage.named("SMALL")
        self.buyer = t.core()
        self._establish(revolving)
        self.pool = [self.claim() for _ in range(count)]
        if self.pool:
            self.assign(self.pool)

    def claim(self, net: int = 10_000_00) -> Claim:
        """Register a further claim of the originator's."""
        return self.t.claim(seller=self.originator, buyer=self.buyer, net=net)

    def claim_in_pool(self, net: int) -> Claim:
        """Register a further claim of the originator's and assign it."""
        owed = self.claim(net)
        self.assign([owed])
        return owed

    def _establish(self, revolving: bool) -> None:
        day, maturity = self.stage.today(), self.t.day(600)
        tranches = [
            {"tranche": name, "name": title, "code": f"{self.plan}{name}", "rank": rank, "principal": UNITS * FACE,
             "rate": rate, "repayment": how, "maturity": maturity}
            for name, title, rank, rate, how in (
                ("A", "优先级", "senior", "0.0320", "pass_through"),
                ("C", "次级", "subordinated", None, "residual"),
            )
        ]  # fmt: skip
        self.stage.write(
            self.manager, "plan.established", 2, plan=self.plan, code=self.plan, name=f"{self.plan}资产支持专项计划",
            venue="SSE", manager=self.manager.member, custodian=self.custodian.member,
            originators=[self.originator.member], servicer=self.servicer.member, shelf=None, cutoff=day, closing=day,
            maturity=maturity, tranches=tranches,
            terms={"day_count": "ACT/365F", "rounding": "half_up", "face": FACE, "record_date_lag": 1},
            accounts=[], fees=[], triggers=[], eligibility=[], concentration_limits=[], payment_dates=[],
            revolving={"until": self.t.day(300), "min_yield": None} if revolving else None, waterfall=[],
        )  # fmt: skip
        self.t.about(f"plan {self.plan}")

    def write(self, sender: str, kind: str, /, **stated: Any) -> None:
        """Let a party of the plan, by its name here, write a record of the plan."""
        self.stage.write(getattr(self, sender), kind, plan=self.plan, **stated)

    def dated(self, sender: str, kind: str, /, **stated: Any) -> None:
        """The same, of a kind that is dated."""
        self.write(sender, kind, date=self.stage.today(), **stated)

    def at(self, sender: str, kind: str, /, **stated: Any) -> None:
        """The same, of a kind that says when."""
        self.write(sender, kind, at=self.stage.today(), **stated)

    def assign(self, assets: Sequence[Claim], **changes: Any) -> None:
        """The originator assigns its claims."""
        listed = [{"asset": each.receivable, "outputs": []} for each in assets]
        stated = {"assignor": self.originator.member, "price": sum(each.amount for each in assets), "assets": listed}
        self.dated("originator", "pool.assigned", **(stated | changes))

    def buy(self, assets: Sequence[Claim], price: int) -> None:
        """The plan buys further claims."""
        listed = [{"asset": each.receivable, "outputs": []} for each in assets]
        self.dated("originator", "pool.revolving_purchased", purchase=self.stage.named("RP"),
                   assignor=self.originator.member, price=price, assets=listed)  # fmt: skip

    def paid(self, owed: Claim, amount: int | None = None) -> str:
        """The debtor pays the servicer; returns the payment."""
        part = ("receivable", owed.receivable, amount or owed.amount)
        return claims.pay(self.stage, self.t.settlement, owed.debtor, self.servicer, [part])

    def collect(self, items: Sequence[tuple[str, str, int]], amount: int | None = None) -> str:
        """The servicer reports a collection; returns its name."""
        name = self.stage.named("COL")
        listed = [{"payment": payment, "asset": asset, "amount": each} for payment, asset, each in items]
        self.dated("servicer", "collection.received", collection=name,
                   amount=amount or sum(each for *_, each in items), items=listed)  # fmt: skip
        return name

    def collected(self, owed: Claim) -> tuple[str, int]:
        """The debtor pays a claim, and the servicer collects it."""
        return self.collect([(self.paid(owed), owed.receivable, owed.amount)]), owed.amount

    def remit(self, collections: Sequence[tuple[str, int]], amount: int | None = None) -> None:
        """The servicer passes collections on."""
        self.dated("servicer", "collection.remitted", remittance=self.stage.named("REM"),
                   amount=amount or sum(each for _, each in collections),
                   collections=[name for name, _ in collections])  # fmt: skip

    def distribute(self, principal: int, interest: int = 0, tranche: str = "A") -> None:
        """The custodian pays a tranche."""
        self.dated("custodian", "distribution.made", distribution=self.stage.named("DIS"), tranche=tranche, period=1,
                   principal=principal, interest=interest)  # fmt: skip
