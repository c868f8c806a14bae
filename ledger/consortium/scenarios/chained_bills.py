"""链式票据 (the "1+6+1" chained bills): one contract, six papers of the trade, one certificate that grows out of them.

Order, waybill, acceptance, invoice, tax slip and bank slip hang on each other, and the certificate on the last.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, trade

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    core = s.company("core", "青岛船舶工业股份有限公司", "core_enterprise")
    seller = s.company("seller", "青岛电缆有限公司", "supplier")
    gateway = s.company("gateway", "链式票据平台", "asset_gateway", "platform")
    bank = s.company("bank", "商业银行", "bank")
    settlement = s.company("settlement", "资金清算方", "settlement")
    parties, papers = [seller, core], []

    contract = trade.document(s, seller, "contract", parties, amount=600_000_00)
    last = contract
    for kind in ("order", "waybill", "other"):  # 订单, 运单, 验收单
        last = trade.document(s, seller, kind, parties, refers_to=[last])
        papers.append(last)
        s.wait(2)
    bill = trade.bill(s, gateway, seller, core, 500_000_00, goods="电缆", refers_to=[last])
    slip = trade.document(s, seller, "tax_slip", parties, refers_to=[bill.invoice])
    trade.document(s, bank, "acceptance", parties, amount=bill.amount, refers_to=[slip])
    owed = claims.claim(s, gateway, [bill], s.day_in(180), contract=contract)
    claims.confirm(s, owed, "seal")
    certificate = claims.issue(s, owed)
    (sold,), _ = claims.finance(s, [certificate], bank, Decimal("0.0390"), "forfaiting")

    s.turn_to(owed.due)
    payment = claims.pay(s, settlement, core, bank, [("output", sold.output, sold.amount)])
    trade.document(s, bank, "bank_slip", [core, bank], amount=sold.amount, refers_to=[slip])
    claims.redeem(s, settlement, [sold], payment)
    return (
        payment, sold.output, certificate.output, owed.receivable, bill.invoice, *reversed(papers), contract,
    )  # fmt: skip
