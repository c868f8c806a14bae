"""联动优势 (UnionMobile UChains): cross-border orders financed within a merchant's quota, which is spent like coins.

The platform locks what the factor lends on; when the buyer has paid, the order is settled and its quota comes back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit, financing, goods, trade

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    platform = s.company("uchains", "跨境支付综合服务平台", "customs_platform", "platform")
    merchant = s.company("merchant", "深圳环球电子商务有限公司", "supplier")
    buyer = s.company("buyer", "海外仓分销有限公司", "core_enterprise")
    factor = s.company("factor", "商业保理公司", "factor")
    settlement = s.company("settlement", "跨境清算行", "settlement", "bank")

    credit.rate(s, platform, merchant, "A", "订单流水评分模型")
    quota = credit.grant(s, factor, merchant, 1_000_000_00, "orders")
    contract = trade.document(s, merchant, "contract", [merchant, buyer], amount=900_000_00)
    placed = goods.place(s, platform, buyer, merchant, 300_000_00, "锂电池模组")
    declared = trade.document(
        s, platform, "customs_declaration", [merchant, buyer], amount=placed.amount, refers_to=[placed.order, contract]
    )

    s.wait(1)
    credit.occupy(s, quota, 240_000_00, "order", placed.order)
    things = [("order", placed.order), ("document", declared)]
    lent = financing.open_(s, "pre_shipment", merchant, factor, things, 240_000_00, Decimal("0.0600"), s.day_in(45))
    goods.lock(s, platform, placed, lent.financing)
    financing.paid_out(s, settlement, lent)

    s.turn_to(lent.maturity)
    payment = claims.pay(s, settlement, buyer, factor, [("order", placed.order, placed.amount)], v=2)
    goods.settle(s, placed, payment)
    financing.repay(s, lent, payment)
    financing.release(s, lent)
    freed = credit.release(s, quota, placed.order)
    return freed.output(), quota.credit, placed.order, lent.financing, declared, contract
