"""航天信息 (Aisino): invoices verified against the tax authority, marked when financed, watched until they are paid.

An abnormal invoice is cleared after a look; a wrong one is red-flushed and issued anew before anybody lends on it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, financing, trade

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    buyer = s.company("buyer", "远大家电集团股份有限公司", "core_enterprise")
    seller = s.company("seller", "苏州精密注塑有限公司", "supplier")
    tax = s.company("aisino", "航天信息发票服务平台", "invoice_verifier", "asset_gateway")
    bank = s.company("bank", "商业银行", "bank")

    contract = trade.document(s, seller, "contract", [seller, buyer], amount=2_000_000_00)
    wrong = trade.bill(s, seller, seller, buyer, 300_000_00, goods="注塑件", refers_to=[contract])
    trade.verify(s, tax, wrong, "inconsistent", tax_authority_amount=wrong.amount // 10)
    red = trade.bill(s, seller, seller, buyer, -300_000_00, goods="注塑件", refers_to=[wrong.invoice])
    trade.mark(s, tax, wrong, "red_flushed", red.invoice)

    s.wait(1)
    bill = trade.bill(s, seller, seller, buyer, 30_000_00, goods="注塑件", refers_to=[contract])
    trade.verify(s, tax, bill)
    owed = claims.claim(s, seller, [bill], s.day_in(90), contract=contract)
    claims.confirm(s, owed)

    lent = financing.open_(
        s, "receivable_discount", seller, bank, [("invoice", bill.invoice)], 25_000_00, Decimal("0.0435"), owed.due
    )
    financing.paid_out(s, bank, lent)

    s.wait(30)
    trade.mark(s, tax, bill, "abnormal")  # the seller's tax office asks questions
    s.wait(5)
    trade.mark(s, tax, bill, "normal")

    s.turn_to(owed.due)
    claims.pay(s, bank, buyer, seller, [("receivable", owed.receivable, owed.amount)])
    payment = financing.paid_back(s, bank, lent)
    financing.release(s, lent)
    return lent.financing, payment, lent.financing, bill.invoice, contract
