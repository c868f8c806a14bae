"""A plan 专项计划 small enough for a scenario: one tranche, one originator, one distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.consortium.cash import FACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.chain import Member
    from ledger.consortium.market.things import Claim, Piece
    from ledger.consortium.scenarios.scene import Scene

__all__ = ["SmallPlan", "establish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallPlan:
    """The plan's name and the parties that act for it."""

    plan: str
    servicer: Member
    custodian: Member
    principal: int

    def pay_out(self, s: Scene, payment: str, owed: Claim, amount: int) -> tuple[str, str, str]:
        """Collect 归集, pass on 转付 and distribute 分配 a payment; return the three ids."""
        item = {"payment": payment, "asset": owed.receivable, "amount": amount}
        stated = {"plan": self.plan, "date": s.today(), "amount": amount}
        s.write(self.servicer, "collection.received", collection="COL-1", items=[item], **stated)
        s.write(self.servicer, "collection.remitted", remittance="REM-1", collections=["COL-1"], **stated)
        principal = min(self.principal, amount)
        s.write(
            self.custodian, "distribution.made", distribution="DIS-1", plan=self.plan, tranche="A", period=1,
            date=s.today(), principal=principal, interest=amount - principal,
        )  # fmt: skip
        s.seal()
        return "COL-1", "REM-1", "DIS-1"


def establish(s: Scene, originator: Member, assets: Sequence[tuple[Claim, Sequence[Piece], int]]) -> SmallPlan:
    """Establish a plan over claims (with the pieces of their certificates, none: the claims themselves, and prices)."""
    manager = s.company("manager", "计划管理人", "plan_manager")
    custodian = s.company("custodian", "托管银行", "custodian", "bank")
    servicer = s.company("servicer", "资产服务机构", "servicer")
    price, maturity = sum(paid for *_, paid in assets), s.day_in(720).isoformat()
    principal = price // FACE * FACE
    s.write(
        manager, "plan.established", plan="PLAN-1", code="199001", name="供应链一期资产支持专项计划", venue="SSE",
        manager=manager.member, custodian=custodian.member, originators=[originator.member],
        servicer=servicer.member, shelf=None, cutoff=s.today(), closing=s.today(), maturity=maturity,
        tranches=[{"tranche": "A", "name": "优先级", "code": "199001", "rank": "senior", "principal": principal,
                   "rate": "0.0310", "repayment": "pass_through", "maturity": maturity}],
        terms={"day_count": "ACT/365F", "rounding": "half_up", "face": FACE, "record_date_lag": 1},
    )  # fmt: skip
    listed = [{"asset": owed.receivable, "outputs": [each.output for each in held]} for owed, held, _ in assets]
    s.write(
        originator, "pool.assigned", plan="PLAN-1", date=s.today(), assignor=originator.member, price=price,
        assets=listed,
    )  # fmt: skip
    return SmallPlan(plan="PLAN-1", servicer=servicer, custodian=custodian, principal=principal)
