"""票据池 (a finance company's bill pool): a long bill drawn as short money, small bills put together for a large sum.

What is put up is given back bill by bill as the money returns.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, financing, trade

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    group = s.company("group", "重庆轨道交通装备股份有限公司", "core_enterprise")
    seller = s.company("seller", "重庆紧固件有限公司", "supplier")
    house = s.company("finance-company", "集团财务公司", "bank", "platform")
    settlement = s.company("settlement", "资金清算方", "settlement")

    contract = trade.document(s, seller, "contract", [seller, group], amount=2_000_000_00)
    order = trade.document(s, seller, "order", [seller, group], amount=1_500_000_00, refers_to=[contract])
    small = [
        trade.document(s, group, "acceptance", [group, seller], amount=amount, refers_to=[order])
        for amount in (50_000_00, 80_000_00, 70_000_00)
    ]
    bill = trade.bill(s, house, seller, group, 1_000_000_00, goods="紧固件", refers_to=[order])
    owed = claims.claim(s, house, [bill], s.day_in(180), contract=contract)
    claims.confirm(s, owed)
    long = claims.issue(s, owed)

    s.wait(1)
    for_large = financing.open_(  # 小拼大
        s, "bill_pool", seller, house, [("document", each) for each in small], 180_000_00, Decimal("0.0300"),
        s.day_in(90),
    )  # fmt: skip
    financing.paid_out(s, house, for_large)
    for_short = financing.open_(  # 长拆短
        s, "bill_pool", seller, house, [("output", long.output)], 900_000_00, Decimal("0.0300"), owed.due
    )
    for part in (300_000_00, 300_000_00, 300_000_00):
        s.wait(10)
        financing.disburse(s, for_short, amount=part)

    s.turn_to(for_large.maturity)
    financing.paid_back(s, house, for_large)
    for each in small:
        financing.release(s, for_large, [("document", each)])
    financing.release(s, for_large)
    s.turn_to(owed.due)
    payment = claims.pay(s, settlement, group, seller, [("output", long.output, long.amount)])
    claims.redeem(s, settlement, [long], payment)
    repaid = financing.paid_back(s, house, for_short)
    financing.release(s, for_short)
    return (
        for_short.financing, repaid, for_short.financing, long.output, owed.receivable, bill.invoice, order, contract,
    )  # fmt: skip
