"""三悦 (Sanyue): four flows watched while money is out: stock counted, goods moved, the loan paid back from the sale.

The bank lends on goods in a warehouse; when stock and receipt would differ, the platform would see it the same day.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import financing, goods, trade
from ledger.consortium.market.names import GOODS

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    dealer = s.company("dealer", "合肥金属贸易有限公司", "supplier")
    maker = s.company("maker", "武汉特钢股份有限公司", "core_enterprise")
    house = s.company("warehouse", "合肥监管仓", "warehouse")
    bank = s.company("bank", "商业银行", "bank")
    s.company("sanyue", "三悦监测平台", "platform")
    sold = GOODS[2]

    contract = trade.document(s, dealer, "contract", [maker, dealer], amount=1_200_000_00)
    order = trade.document(s, dealer, "order", [maker, dealer], amount=1_000_000_00, refers_to=[contract])
    waybill = trade.document(
        s, house, "waybill", [maker, dealer], refers_to=[order], goods=sold.name, quantity="300", unit=sold.unit
    )
    held = goods.issue(s, house, dealer, sold, 300)
    paper = trade.document(s, house, "warehouse_receipt", [dealer], refers_to=[held.receipt, waybill])
    goods.stock(s, held, 300)

    s.wait(1)
    things = [("receipt", held.receipt), ("document", paper)]
    lent = financing.open_(s, "inventory_loan", dealer, bank, things, 700_000_00, Decimal("0.0500"), s.day_in(60))
    goods.act(s, dealer, "pledged", held, pledgee=bank.member, financing=lent.financing)
    registration = financing.file(s, "pledge", bank, dealer, [("receipt", held.receipt)])
    financing.paid_out(s, bank, lent)
    for _ in range(3):  # 场景监控: the stock is counted while the goods are pledged
        s.wait(15)
        goods.stock(s, held, 300)

    s.turn_to(lent.maturity)
    financing.paid_back(s, bank, lent)
    goods.act(s, bank, "released", held, by=bank.member)
    financing.release(s, lent)
    first, second = goods.split(s, held, [200, 100])
    goods.act(s, dealer, "transferred", first, to=maker.member)
    goods.act(s, house, "cancelled", second, reason="货物出库")
    goods.stock(s, held, 200)
    financing.change(s, bank, "cancelled", registration, reason="主债权消灭")
    return registration, held.receipt, lent.financing, paper, waybill, order, contract
