"""布比壹诺 (Bubi Yinuo): members known by name, a receivable registered and split, the funds controlled to the end.

The debtor pays into the settlement account, from which every holder of a part is paid.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.chain import OPERATOR
from ledger.consortium.market.acts import claims, trade

if TYPE_CHECKING:
    from ledger.consortium.scenarios.scene import Scene, Trail


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    core = s.company("core", "通晟汽车股份有限公司", "core_enterprise")
    seller = s.company("seller", "宁波轴承有限公司", "supplier")
    below = s.company("below", "宁波特种材料有限公司", "supplier")
    platform = s.company("yinuo", "壹诺供应链平台", "platform")
    bank = s.company("bank", "资金方银行", "bank")
    settlement = s.company("settlement", "资金存管方", "settlement")
    rotated = s.chain.rekey(seller)  # its real name was checked again, and it signs with a new key
    s.write(s.member(OPERATOR), "member.key_rotated", member=seller.member, address=rotated.account, certificate=None)

    contract = trade.document(s, rotated, "contract", [seller, core], amount=800_000_00)
    bill = trade.bill(s, platform, seller, core, 500_000_00, goods="轴承", refers_to=[contract])
    owed = claims.claim(s, platform, [bill], s.day_in(120), contract=contract)
    claims.confirm(s, owed, "signature")
    asset = claims.issue(s, owed)

    s.wait(2)
    mine, theirs = claims.split(s, asset, [300_000_00, owed.amount - 300_000_00])
    waiting, _ = claims.propose(s, theirs, below)
    passed = claims.sign_in(s, waiting)
    (sold,), _ = claims.finance(s, [passed], bank, Decimal("0.0420"), "discount")
    claims.guarantee(s, bank, [mine], owed.due)

    s.turn_to(owed.due)
    whole = [("output", each.output, each.amount) for each in (mine, sold)]
    payment = claims.pay(s, settlement, core, settlement, whole)
    trade.document(s, bank, "bank_slip", [core, bank], amount=sold.amount, refers_to=[bill.invoice])
    claims.redeem(s, settlement, [mine, sold], payment)
    return (
        payment, sold.output, passed.output, waiting.output, theirs.output, asset.output, owed.receivable,
        bill.invoice, contract,
    )  # fmt: skip
