"""The other systems of the market, each a process that goes on to the end: packages, orders, goods, bills, data.

``SYSTEMS`` says how often each acts: once in so many receivables, spread over the days.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit, data, financing, goods, trade
from ledger.consortium.market.life import RATES, originate, returned
from ledger.consortium.market.names import GOODS
from ledger.consortium.market.payday import owe
from ledger.consortium.market.schedule import EVENING, NOON
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.world import Holding

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.consortium.market.acts.goods import Order
    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.world import World

__all__ = ["SYSTEMS"]

SMALL = 10  # fen; times 100 to 999: an invoice small enough to be packed with others
BEHAVIOURS = ("仓单质押融资授权", "运单核验", "报关数据比对", "应收账款真实性核验")
ORDER_LIMIT = 100_000_000_00  # fen of quota for one merchant's orders


def packages(world: World, chance: Chance) -> Process:
    """Many small invoices of one seller, packed and registered once; the package secures one financing (小米模式)."""
    stage, cast = world.market, world.cast
    core = cast.core(chance)
    seller = cast.seller_to(core, chance)
    sold, due = chance.pick(GOODS[:9]), world.due(chance)
    nets = [world.net(chance, SMALL) for _ in range(min(chance.between(4, 16), world.left))]
    contract = world.contract(seller, core, sum(nets) * (100 + sold.tax) // 100 + len(nets))
    bills, owed = [], []
    for net in nets:
        bill = trade.bill(
            stage, cast["gateway"], seller, core, net, goods=sold.name, percent=sold.tax, refers_to=[contract],
        )  # fmt: skip
        bills.append(bill)
        owed.append(claims.claim(stage, cast["gateway"], [bill], due, contract=contract))
    packed = trade.package(stage, cast["gateway"], bills)
    if len(bills) > 4 and chance.happens(80):  # one invoice was red-flushed by mistake of the list: a correction
        packed = trade.package(stage, cast["gateway"], bills[:-1], supersedes=packed)
    yield stage.after(chance.between(1, 4), NOON)
    amount = sum(each.amount for each in bills[:-1] or bills) * 8 // 10
    lender = chance.pick(cast.banks)
    financing.query(stage, lender, seller.member)
    registration = financing.file(stage, "pledge", lender, seller, [("package", packed)])
    lent = financing.open_(
        stage, "loan_on_receivables", seller, lender, [("package", packed)], amount, chance.pick(RATES), due
    )
    financing.disburse(stage, lent)
    for each in owed:
        owe(world, chance, Holding(claim=each, pieces=[], price=0))
    yield from returned(world, chance, lent, registration)


def orders(world: World, chance: Chance) -> Process:
    """A cross-border order is financed within a merchant's quota, which it occupies and releases (联动优势)."""
    stage, cast = world.market, world.cast
    platform, lender = cast["cross-border"], chance.pick(cast.factors)
    merchant, buyer = chance.pick(cast.merchants), cast.core(chance)
    sold = chance.pick(GOODS[:8])
    placed = goods.place(stage, platform, buyer, merchant, world.net(chance, 3_000), sold.name)
    declared = [placed.order]
    if chance.happens(500):
        declared.append(
            trade.document(
                stage, platform, "customs_declaration", [merchant, buyer], amount=placed.amount, refers_to=declared
            )
        )
    yield stage.after(chance.between(0, 3), NOON)
    if chance.happens(300):
        yield from _paid(world, chance, placed)
        return
    held = world.orders_credit.get(merchant.member)
    if held is None:
        held = credit.grant(stage, cast["finance-company"], merchant, ORDER_LIMIT, "orders")
        world.orders_credit[merchant.member] = held
    amount = placed.amount * 8 // 10
    if held.available < amount:
        yield from _paid(world, chance, placed)
        return
    credit.occupy(stage, held, amount, "order", placed.order)
    maturity = days_after(stage.day, chance.between(30, 60))
    lent = financing.open_(
        stage, "pre_shipment", merchant, lender, [("order", placed.order)], amount, chance.pick(RATES), maturity
    )
    goods.lock(stage, lender, placed, lent.financing)
    financing.paid_out(stage, cast["settlement"], lent)
    yield stage.at(maturity, NOON)
    payment = claims.pay(stage, cast["settlement"], buyer, lender, [("order", placed.order, placed.amount)], v=2)
    goods.settle(stage, placed, payment)
    financing.repay(stage, lent)
    financing.release(stage, lent)
    credit.release(stage, held, placed.order)


def _paid(world: World, chance: Chance, placed: Order) -> Process:
    """The buyer pays the platform, which settles with the seller."""
    stage, settlement = world.market, world.cast["settlement"]
    yield stage.after(chance.between(10, 30), EVENING)
    part = [("order", placed.order, placed.amount)]
    payment = claims.pay(stage, settlement, placed.buyer, placed.platform, part, v=2)
    claims.pay(stage, settlement, placed.platform, placed.seller, part, v=2)
    goods.settle(stage, placed, payment)


def warehousing(world: World, chance: Chance) -> Process:
    """Goods come into a warehouse; their receipt is pledged, split, sold on, and the goods taken out."""
    stage, cast = world.market, world.cast
    house, owner = chance.pick(cast.warehouses), chance.pick(cast.suppliers[0])
    sold, quantity = chance.pick(GOODS[:8]), chance.between(20, 900)
    held = goods.issue(stage, house, owner, sold, quantity)
    goods.stock(stage, held, quantity)
    yield stage.after(chance.between(1, 10), NOON)
    if chance.happens(700):
        lender = chance.pick(cast.banks)
        maturity = days_after(stage.day, chance.between(30, 90))
        form = chance.pick(("inventory_loan", "dealer_finance"))
        lent = financing.open_(
            stage, form, owner, lender, [("receipt", held.receipt)], world.net(chance, 3_000), chance.pick(RATES),
            maturity,
        )  # fmt: skip
        goods.act(stage, owner, "pledged", held, pledgee=lender.member, financing=lent.financing)
        financing.disburse(stage, lent)
        yield stage.at(maturity, NOON)
        financing.repay(stage, lent)
        goods.act(stage, lender, "released", held, by=lender.member)
        financing.release(stage, lent)
    parts = [held]
    if chance.happens(400):
        parts = goods.split(stage, held, chance.parts(quantity, 3))
    for part in parts:
        yield stage.after(chance.between(1, 15), NOON)
        if chance.happens(500):
            buyer = cast.core(chance)
            goods.act(stage, owner, "transferred", part, to=buyer.member)
        goods.act(stage, house, "cancelled", part, reason="货物出库")
        quantity -= part.quantity
        goods.stock(stage, part, quantity)


def bills(world: World, chance: Chance) -> Process:
    """A finance company pools bills: a long one for several short, several small for one large (票据池)."""
    stage, cast = world.market, world.cast
    pool, core = cast["finance-company"], cast.core(chance)
    seller = cast.seller_to(core, chance)
    drawn = [
        trade.document(stage, seller, "acceptance", [core, seller], amount=world.net(chance, 3_000))
        for _ in range(chance.between(1, 4))
    ]
    owed = originate(world, chance, seller, core)
    claims.confirm(stage, owed)
    piece = claims.issue(stage, owed) if world.quota(core) is None else None
    yield stage.after(1, NOON)
    things = [("document", each) for each in drawn]
    if piece is not None:
        things.append(("output", piece.output))
    maturity = days_after(stage.day, chance.between(30, 120))
    lent = financing.open_(stage, "bill_pool", seller, pool, things, owed.amount * 8 // 10, Decimal("0.0300"), maturity)
    if chance.happens(500):  # drawn in short pieces
        for part in chance.parts(lent.amount, 3):
            financing.disburse(stage, lent, amount=part)
    else:
        financing.paid_out(stage, pool, lent)
    owe(world, chance, Holding(claim=owed, pieces=[] if piece is None else [piece], price=0))
    yield stage.at(maturity, NOON)
    financing.release(stage, lent, things[:1])
    financing.repay(stage, lent)
    financing.release(stage, lent)


def data_assets(world: World, chance: Chance) -> Process:
    """The land port's data certificates 数据资产凭证: 授权, 发证, 存证, 用证."""
    stage, cast = world.market, world.cast
    held = data.authorise(
        stage, cast["port-subject"], chance.pick(BEHAVIOURS), source="陆港物流数据空间", target="金融服务数据空间"
    )
    yield stage.after(1, NOON)
    data.issue(stage, cast["port-control"], held)
    data.deposit(stage, cast["port-collector"], held)
    for _ in range(chance.between(1, 3)):
        yield stage.after(chance.between(0, 5), NOON)
        data.exercise(stage, cast["port-user"], held)


def patrol(world: World, chance: Chance) -> Process:
    """The verifier looks at an invoice again 巡检; another one is red-flushed 红冲 unused and issued anew."""
    stage, cast = world.market, world.cast
    verifier = cast["verifier"]
    if world.recent:
        trade.mark(stage, verifier, chance.pick(world.recent), "normal")
    core = cast.core(chance)
    seller = cast.seller_to(core, chance)
    net = world.net(chance)
    wrong = trade.bill(stage, cast["gateway"], seller, core, net, goods=GOODS[0].name)
    yield stage.after(chance.between(1, 4), NOON)
    red = trade.bill(stage, cast["gateway"], seller, core, -net, goods=GOODS[0].name, refers_to=[wrong.invoice])
    trade.mark(stage, verifier, wrong, "red_flushed", red.invoice)
    trade.verify(stage, verifier, trade.bill(stage, cast["gateway"], seller, core, net, goods=GOODS[0].name))
    twice = trade.document(stage, seller, "waybill", [seller, core], goods=GOODS[0].name, quantity="1", unit="件")
    trade.cancel(stage, seller, twice, "重复登记")


def granting(world: World, chance: Chance) -> Process:
    """A bank grants a supplier a credit; it is occupied, frozen, restored, cleared; a subject is rated."""
    stage, cast = world.market, world.cast
    bank, subject = chance.pick(cast.banks), chance.pick(cast.suppliers[0])
    credit.rate(stage, cast["rating"], subject, chance.pick(("AA", "AA-", "A+")), "供应链主体评级模型")
    held = credit.grant(stage, bank, subject, chance.between(5, 50) * 10**8, "financing")
    yield stage.after(chance.between(2, 10), NOON)
    name = stage.named("USE")
    credit.occupy(stage, held, held.limit // 3, "financing", name)
    yield stage.after(chance.between(10, 40), NOON)
    if chance.happens(300):
        credit.freeze(stage, held, "授信后检查")
        yield stage.after(5, NOON)
        credit.restore(stage, held)
    credit.release(stage, held, name)
    yield stage.after(20, NOON)
    credit.clear(stage, held, "授信到期")


System = tuple["Callable[[World, Chance], Process]", int]

SYSTEMS: dict[str, System] = {
    "packages": (packages, 80),
    "orders": (orders, 50),
    "warehousing": (warehousing, 60),
    "bills": (bills, 150),
    "data_assets": (data_assets, 150),
    "patrol": (patrol, 60),
    "granting": (granting, 200),
}
"""By name: the process, and how many receivables there are for each time it acts."""
