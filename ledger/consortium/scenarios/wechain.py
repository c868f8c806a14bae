"""微企链 (Tencent / Linklogis): a core enterprise's debt becomes a certificate that reaches the third supplier.

The asset gateway registers what was traded, the debtor confirms and issues, each level pays the next with a part of the
certificate by way of their middle account, the last one sells its part to a bridge funder, and the plan behind it is
paid when the core enterprise redeems.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, trade
from ledger.consortium.scenarios.plan import establish

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    core = s.company("core", "华能重工股份有限公司", "core_enterprise")
    first, second, third = (
        s.company(f"supplier-{level}", f"{name}供应商有限公司", "supplier")
        for level, name in ((1, "一级"), (2, "二级"), (3, "三级"))
    )
    gateway = s.company("gateway", "资产网关", "asset_gateway", "platform")
    verifier = s.company("verifier", "发票验真服务方", "invoice_verifier")
    settlement = s.company("settlement", "资金清算方", "settlement")
    bridge = s.company("bridge", "过桥保理商", "factor", "originator")

    contract = trade.document(s, first, "contract", [first, core], amount=5_000_000_00)
    bill = trade.bill(s, gateway, first, core, 1_000_000_00, goods="冷轧钢板", refers_to=[contract])
    trade.verify(s, verifier, bill)
    owed = claims.claim(s, gateway, [bill], s.day_in(150), contract=contract)
    claims.confirm(s, owed)
    certificate = claims.issue(s, owed)

    s.wait(3)
    offered, _ = claims.propose(s, certificate, second, 600_000_00)
    passed = claims.sign_in(s, offered)
    s.wait(2)
    refused, _ = claims.propose(s, passed, third)
    returned = claims.refuse(s, refused, "金额不符")
    waiting, _ = claims.propose(s, returned, third, 250_000_00)
    held = claims.sign_in(s, waiting)

    s.wait(1)
    (sold,), price = claims.finance(s, [held], bridge, Decimal("0.0480"))
    plan = establish(s, bridge, [(owed, [sold], price)])

    s.turn_to(owed.due)
    payment = claims.pay(s, settlement, core, plan.servicer, [("output", sold.output, sold.amount)])
    claims.redeem(s, settlement, [sold], payment)
    collection, remittance, distribution = plan.pay_out(s, payment, owed, sold.amount)
    return (
        distribution, plan.plan, remittance, collection, payment, sold.output, held.output, waiting.output,
        returned.output, refused.output, passed.output, offered.output, certificate.output, owed.receivable,
        bill.invoice, contract,
    )  # fmt: skip
