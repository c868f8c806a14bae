"""融资方式: every financing form of the white paper's table, each once over one small trade.

贴现, 福费廷, 保理, 应付账款融资, 应收账款质押, 经销商融资, 存货质押, 装船前融资.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, financing, goods, trade
from ledger.consortium.market.names import GOODS

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.acts.financing import Financing, Thing
    from ledger.consortium.scenarios.scene import Scene, Trail

ON_CLAIMS = ("receivable_discount", "factoring", "loan_on_receivables", "forfaiting", "payables_finance")
ON_GOODS = ("dealer_finance", "inventory_loan")
RATE = Decimal("0.0460")


def play(s: Scene) -> Trail:
    """Play the scenario; return its trail."""
    core = s.company("core", "西安电力设备股份有限公司", "core_enterprise")
    seller = s.company("seller", "西安电缆有限公司", "supplier")
    platform = s.company("platform", "贸易平台", "platform", "asset_gateway")
    bank = s.company("bank", "商业银行", "bank")
    factor = s.company("factor", "商业保理公司", "factor")
    house = s.company("warehouse", "西安监管仓", "warehouse")
    open_: list[Financing] = []

    def lend(form: str, applicant: Member, lender: Member, thing: Thing) -> None:
        made = financing.open_(s, form, applicant, lender, [thing], 80_000_00, RATE, s.day_in(90))
        financing.paid_out(s, bank, made)
        open_.append(made)

    contract = trade.document(s, seller, "contract", [seller, core], amount=2_000_000_00)
    for form in ON_CLAIMS:
        bill = trade.bill(s, platform, seller, core, 100_000_00, goods="电缆", refers_to=[contract])
        owed = claims.claim(s, platform, [bill], s.day_in(90), contract=contract)
        claims.confirm(s, owed)
        thing = ("invoice", bill.invoice) if form == "forfaiting" else ("receivable", owed.receivable)
        applicant = core if form == "payables_finance" else seller
        lend(form, applicant, factor if form == "factoring" else bank, thing)
    for form in ON_GOODS:
        held = goods.issue(s, house, seller, GOODS[5], 100)
        lend(form, seller, bank, ("receipt", held.receipt))
        goods.act(s, seller, "pledged", held, pledgee=bank.member, financing=open_[-1].financing)
        s.wait(1)
    placed = goods.place(s, platform, core, seller, 100_000_00, "电缆")
    slip = trade.document(s, seller, "order", [seller, core], refers_to=[placed.order, contract])
    lend("pre_shipment", seller, bank, ("order", placed.order))
    goods.lock(s, bank, placed, open_[-1].financing)

    s.turn_to(open_[-1].maturity)
    payment = ""
    for lent in open_:
        payment = financing.paid_back(s, bank, lent)
        financing.release(s, lent)
    return open_[-1].financing, payment, open_[-1].financing, placed.order, slip, contract
