"""The life of a receivable, from the invoice to the last payment: one story for each way it may take.

The routes and their shares are the table ``ROUTES``; the rest of the market's mix follows from the chances named here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit, financing, trade
from ledger.consortium.market.chance import Weighted
from ledger.consortium.market.payday import owe
from ledger.consortium.market.schedule import NOON
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.world import Holding

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.things import Claim, Piece
    from ledger.consortium.market.world import World

__all__ = ["RATES", "ROUTES", "live", "originate"]

RATES = tuple(Decimal(each) for each in ("0.0385", "0.0420", "0.0450", "0.0525", "0.0600"))
LEAST_DAYS = 25  # to the due date, for anything more to be done with a claim
FORMS = ("receivable_discount", "factoring", "loan_on_receivables", "forfaiting", "payables_finance")


def originate(world: World, chance: Chance, seller: Member, buyer: Member) -> Claim:
    """Trade comes first: contract, sometimes a waybill, the invoice, its verification; then the claim."""
    stage, cast = world.market, world.cast
    goods, net = world.goods(chance), world.net(chance)
    contract = world.contract(seller, buyer, net + (net * goods.tax + 50) // 100)
    refers_to = [contract]
    if chance.happens(120):
        waybill = trade.document(
            stage,
            seller,
            "waybill",
            [seller, buyer],
            refers_to=[contract],
            goods=goods.name,
            quantity=str(chance.between(1, 900)),
            unit=goods.unit,
        )
        refers_to.append(waybill)
    bill = trade.bill(
        stage, cast["gateway"], seller, buyer, net, goods=goods.name, percent=goods.tax, refers_to=refers_to
    )
    if chance.happens(600):
        trade.verify(stage, cast["verifier"], bill)
        world.recent.append(bill)
    return claims.claim(stage, cast["gateway"], [bill], world.due(chance), contract=contract)


def live(world: World, serial: int) -> Process:
    """One receivable's life."""
    chance = world.market.chance("claim", str(serial))
    route = ROUTES[chance.weigh(SHARES)][1]
    core = world.cast.core(chance)
    return route(world, chance, core)


def plain(world: World, chance: Chance, core: Member) -> Process:
    """Nobody finances it: confirmed or not, perhaps diluted or netted, paid when due."""
    owed = originate(world, chance, world.cast.seller_to(core, chance), core)
    if chance.happens(350):
        claims.confirm(world.market, owed)
    if chance.happens(60):
        yield world.market.after(chance.between(5, 30), NOON)
        if chance.happens(300):
            claims.settle(world.market, owed.creditor, owed, "netting")
            return
        dilute(world, chance, owed, owed.creditor)
    owe(world, chance, Holding(claim=owed, pieces=[], price=0))


def dilute(world: World, chance: Chance, owed: Claim, by: Member) -> None:
    """A part of the claim is not owed after all 稀释."""
    part = max(1, owed.amount * chance.between(1, 12) // 100)
    claims.adjust(world.market, by, owed, -part, chance.pick(("dilution", "return", "discount")))
    owed.amount -= part


def certified(world: World, chance: Chance, core: Member) -> Process:
    """The debtor issues a certificate, which may reach the fifth level of suppliers, be split and be financed."""
    stage = world.market
    owed = originate(world, chance, world.cast.seller_to(core, chance), core)
    claims.confirm(stage, owed)
    quota = world.quota(core)
    if quota is not None:
        if quota.available < owed.amount:
            owe(world, chance, Holding(claim=owed, pieces=[], price=0))
            return
        name = stage.named("CERT")
        credit.occupy(stage, quota, owed.amount, "certificate", name)
        first = claims.issue(stage, owed, name=name)
    else:
        first = claims.issue(stage, owed)
        if chance.happens(10):
            yield stage.after(chance.between(1, 5), NOON)
            claims.cancel(stage, [first], "债权人申请注销")
            owe(world, chance, Holding(claim=owed, pieces=[], price=0))
            return
    pieces = [first]
    for level in range(len(world.cast.suppliers) - 1):
        if not chance.happens(420) or (owed.due - stage.day).days < LEAST_DAYS:
            break
        yield stage.after(chance.between(1, 9), NOON)
        yield from pass_on(world, chance, pieces, level)
    marked(world, chance, pieces)
    if chance.happens(700) and (owed.due - stage.day).days >= LEAST_DAYS:
        yield stage.after(chance.between(0, 4), NOON)
        financed(world, chance, pieces)
    for held in pieces:
        owe(world, chance, Holding(claim=owed, pieces=[held], price=0))


def pass_on(world: World, chance: Chance, pieces: list[Piece], level: int) -> Process:
    """The last holder pays its own supplier with the certificate, or a part of it; it may be refused or taken back."""
    stage, last = world.market, pieces.pop()
    receiver = world.cast.below(level, chance)
    amount = last.amount
    if chance.happens(350) and last.amount > 1000:
        amount = last.amount * chance.between(30, 90) // 100
    waiting, change = claims.propose(stage, last, receiver, amount)
    if change is not None:
        pieces.append(change)
    yield stage.after(chance.between(0, 2), NOON)
    fate = chance.below(100)
    if fate < 4:
        pieces.append(claims.refuse(stage, waiting, "货物质量异议"))
    elif fate < 7:
        pieces.append(claims.withdraw(stage, waiting))
    else:
        pieces.append(claims.sign_in(stage, waiting))


def marked(world: World, chance: Chance, pieces: list[Piece]) -> None:
    """Now and then a certificate is split, guaranteed, or frozen for a while."""
    stage = world.market
    if chance.happens(150) and pieces[-1].amount > 1000:
        last = pieces.pop()
        pieces.extend(claims.split(stage, last, chance.parts(last.amount, chance.between(2, 4))))
    if chance.happens(30):
        claims.guarantee(stage, chance.pick(world.cast.banks), [pieces[-1]], pieces[-1].due)
    if chance.happens(15):
        claims.freeze(stage, world.cast["settlement"], [pieces[-1]], "司法协助冻结")
        claims.unfreeze(stage, world.cast["settlement"], [pieces[-1]])


def financed(world: World, chance: Chance, pieces: list[Piece]) -> None:
    """The last holder sells what it holds to a factor, who sells it on to its plan, or to a bank, which keeps it."""
    owner = pieces[-1].owner
    sold = [each for each in pieces if each.owner.member == owner.member]
    kept = [each for each in pieces if each.owner.member != owner.member]
    by_factor = chance.happens(750)
    financier = chance.pick(world.cast.factors if by_factor else world.cast.banks)
    form = "factoring" if by_factor else chance.pick(("discount", "forfaiting", "payables_finance", "loan"))
    bought, price = claims.finance(world.market, sold, financier, chance.pick(RATES), form)
    pieces[:] = kept
    held = Holding(claim=bought[0].claim, pieces=bought, price=price)
    if by_factor:
        world.inventory[financier.member].append(held)
    owe(world, chance, held)


def secured(world: World, chance: Chance, core: Member) -> Process:
    """A bank or factor lends on the claim itself; often the register is searched and the interest filed 中登登记."""
    stage, cast = world.market, world.cast
    owed = originate(world, chance, cast.seller_to(core, chance), core)
    claims.confirm(stage, owed)
    yield stage.after(chance.between(1, 6), NOON)
    form = chance.pick(FORMS)
    applicant = owed.debtor if form == "payables_finance" else owed.creditor
    lender = chance.pick(cast.factors if form == "factoring" else cast.banks)
    thing = ("invoice", owed.bills[0].invoice) if form == "forfaiting" else ("receivable", owed.receivable)
    registration = None
    if chance.happens(350):
        financing.query(stage, lender, owed.creditor.member)
        kind = "transfer" if form in ("factoring", "forfaiting") else "pledge"
        registration = financing.file(stage, kind, lender, owed.creditor, [("receivable", owed.receivable)])
        if chance.happens(60):
            financing.change(stage, lender, "amended", registration, description="更正担保财产描述", collateral=None)
        if chance.happens(30):
            objector = chance.pick(cast.factors)
            financing.change(stage, objector, "disputed", registration, by=objector.member, reason="主张在先权利")
    amount = owed.amount * chance.between(60, 90) // 100
    lent = financing.open_(stage, form, applicant, lender, [thing], amount, chance.pick(RATES), owed.due)
    if chance.happens(300):
        financing.paid_out(stage, chance.pick(cast.banks), lent)
    else:
        financing.disburse(stage, lent)
    owe(world, chance, Holding(claim=owed, pieces=[], price=0))
    yield from returned(world, chance, lent, registration)


def returned(
    world: World, chance: Chance, lent: financing.Financing, registration: str | None, hour: int = NOON
) -> Process:
    """The financing is paid back when it matures, or extended first, or not at all; then its registration ends."""
    stage = world.market
    if chance.happens(40):
        yield stage.at(lent.maturity, hour)
        if chance.happens(500):
            financing.extend(stage, lent, days_after(lent.maturity, 30))
            if registration is not None:
                until = days_after(stage.day, 365 * 4).isoformat()
                financing.change(stage, lent.financier, "extended", registration, expires_at=until)
        else:
            yield stage.after(30, hour)
            financing.default(stage, lent)
            yield stage.after(chance.between(20, 60), hour)
    yield stage.at(lent.maturity, hour)
    if chance.happens(250):
        financing.paid_back(stage, chance.pick(world.cast.banks), lent)
    else:
        financing.repay(stage, lent)
    financing.release(stage, lent)
    if registration is not None:
        financing.change(stage, lent.financier, "cancelled", registration, reason="主债权消灭")


def own(world: World, chance: Chance, core: Member) -> Process:
    """An originator's own claim, for its plan: no certificate, so it may be diluted and disputed later."""
    del core
    seller = chance.pick(world.cast.originators)
    buyer = world.cast.core(chance)
    owed = originate(world, chance, seller, buyer)
    if chance.happens(500):
        claims.confirm(world.market, owed)
    held = Holding(claim=owed, pieces=[], price=owed.amount)
    world.inventory[seller.member].append(held)
    yield world.market.after(chance.between(10, 50), NOON)
    if chance.happens(50):
        dilute(world, chance, owed, seller)
    elif chance.happens(30):
        claims.adjust(world.market, seller, owed, 0, "dispute")
        plan = world.pooled.get(owed.receivable)
        if plan is not None:
            world.market.write(
                world.servicer_of[plan],
                "asset.disputed",
                plan=plan,
                asset=owed.receivable,
                reason="质量争议",
                at=world.market.today(),
            )
    owe(world, chance, held)


ROUTES = (
    (430, plain),
    (260, certified),
    (110, secured),
    (200, own),
)
SHARES = Weighted([share for share, _ in ROUTES])
