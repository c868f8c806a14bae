"""陆港 (land port): data may be used once its subject said so; then the certificate, the credit, the securities.

The five parties of the port (主管, 采集, 使用, 主体, 支撑) turn a haulier's data into something a factor can rely on.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit, data, trade
from ledger.consortium.scenarios.plan import establish

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    haulier = s.company("haulier", "陆港运输有限公司", "subject", "supplier")
    control = s.company("control", "陆港主管控制方", "supervising")
    collector = s.company("collector", "陆港采集控制方", "collecting", "invoice_verifier")
    factor = s.company("factor", "陆港商业保理有限公司", "using", "factor", "originator")
    s.company("support", "陆港支撑运营方", "supporting")
    core = s.company("core", "陆港集团股份有限公司", "core_enterprise")
    settlement = s.company("settlement", "资金清算方", "settlement")

    contract = trade.document(s, haulier, "contract", [haulier, core], amount=1_000_000_00)
    waybill = trade.document(s, collector, "waybill", [haulier, core], refers_to=[contract])
    asset = data.authorise(s, haulier, "运单核验", source="陆港物流数据空间", target="保理数据空间")
    data.issue(s, control, asset)
    data.deposit(s, collector, asset)
    data.exercise(s, factor, asset)

    bill = trade.bill(s, haulier, haulier, core, 400_000_00, goods="公路货运服务", percent=9, refers_to=[waybill])
    trade.verify(s, collector, bill)
    owed = claims.claim(s, haulier, [bill], s.day_in(90), contract=contract)
    claims.confirm(s, owed)
    quota = credit.grant(s, factor, core, 2_000_000_00, "certificates")
    credit.occupy(s, quota, owed.amount, "certificate", "CERT-LG-1")
    certificate = claims.issue(s, owed, name="CERT-LG-1")

    s.wait(1)
    (sold,), price = claims.finance(s, [certificate], factor, Decimal("0.0550"))
    plan = establish(s, factor, [(owed, [sold], price)])
    s.turn_to(owed.due)
    payment = claims.pay(s, settlement, core, plan.servicer, [("output", sold.output, sold.amount)])
    claims.redeem(s, settlement, [sold], payment)
    credit.release(s, quota, "CERT-LG-1")
    collection, remittance, distribution = plan.pay_out(s, payment, owed, sold.amount)
    return (
        distribution, plan.plan, remittance, collection, payment, sold.output, certificate.output, owed.receivable,
        bill.invoice, waybill, contract,
    )  # fmt: skip
