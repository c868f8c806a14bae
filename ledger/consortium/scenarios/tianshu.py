"""易见天树 (Yijian Tianshu): a trusted data pool of four flows, and the securities that are sold on it.

Contract, waybill, warehouse receipt, invoice and bank slip of one trade stand behind one claim; its owner
securitises it without a certificate, so a quality claim may still reduce it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, goods, trade
from ledger.consortium.market.names import GOODS
from ledger.consortium.scenarios.plan import establish

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    buyer = s.company("buyer", "昆明建设工程股份有限公司", "core_enterprise")
    seller = s.company("seller", "易见供应链管理有限公司", "supplier", "originator")
    pool = s.company("tianshu", "可信数据池", "platform", "invoice_verifier")
    house = s.company("warehouse", "昆明物流仓储中心", "warehouse")
    bank = s.company("bank", "资金监管银行", "bank", "settlement")

    contract = trade.document(s, seller, "contract", [seller, buyer], amount=3_000_000_00)  # 商流
    held = goods.issue(s, house, seller, GOODS[2], 500)  # 物流
    goods.stock(s, held, 500)
    waybill = trade.document(
        s, seller, "waybill", [seller, buyer], refers_to=[contract, held.receipt], goods=GOODS[2].name,
        quantity="500", unit=GOODS[2].unit,
    )  # fmt: skip
    goods.act(s, seller, "transferred", held, to=buyer.member)
    bill = trade.bill(
        s, pool, seller, buyer, 2_000_000_00, goods=GOODS[2].name, refers_to=[waybill, contract]
    )  # 信息流
    trade.verify(s, pool, bill)
    owed = claims.claim(s, pool, [bill], s.day_in(120), contract=contract)
    claims.confirm(s, owed)
    plan = establish(s, seller, [(owed, [], owed.amount * 97 // 100)])

    s.wait(40)
    claims.adjust(s, seller, owed, -20_000_00, "discount")
    s.turn_to(owed.due)
    left = owed.amount - 20_000_00
    payment = claims.pay(s, bank, buyer, plan.servicer, [("receivable", owed.receivable, left)])  # 资金流
    collection, remittance, distribution = plan.pay_out(s, payment, owed, left)
    return (
        distribution, plan.plan, remittance, collection, payment, owed.receivable, bill.invoice, waybill,
        held.receipt, waybill, contract,
    )  # fmt: skip
