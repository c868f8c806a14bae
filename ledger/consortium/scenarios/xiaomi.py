"""小米 (Xiaomi): many small invoices packed into one data package, registered once, financed once.

A corrected list supersedes the first package; nothing is ever in two packages at once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, financing, trade

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    core = s.company("xiaomi", "智能家电集团股份有限公司", "core_enterprise")
    seller = s.company("seller", "佛山电子元件有限公司", "supplier")
    platform = s.company("platform", "供应链金融平台", "platform", "asset_gateway")
    bank = s.company("bank", "商业银行", "bank")
    contract = trade.document(s, seller, "contract", [seller, core], amount=1_000_000_00)
    due = s.day_in(60)
    bills = [
        trade.bill(s, platform, seller, core, 1_200_00 + at * 10_00, goods="电子元件", refers_to=[contract])
        for at in range(20)
    ]
    owed = [claims.claim(s, platform, [bill], due, contract=contract) for bill in bills[:19]]
    first = trade.package(s, platform, bills)

    s.wait(1)
    trade.mark(s, platform, bills[19], "voided")
    packed = trade.package(s, platform, bills[:19], supersedes=first)
    financing.query(s, bank, seller.member)
    registration = financing.file(s, "pledge", bank, seller, [("package", packed)])
    amount = sum(each.amount for each in owed) * 8 // 10
    lent = financing.open_(
        s, "loan_on_receivables", seller, bank, [("package", packed)], amount, Decimal("0.0480"), due
    )
    financing.paid_out(s, bank, lent)

    s.turn_to(due)
    parts = [("receivable", each.receivable, each.amount) for each in owed]
    claims.pay(s, bank, core, seller, parts)
    financing.paid_back(s, bank, lent)
    financing.release(s, lent)
    financing.change(s, bank, "cancelled", registration, reason="主债权消灭")
    return registration, packed, lent.financing, packed, bills[0].invoice, contract
