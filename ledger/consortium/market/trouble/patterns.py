"""Duplicate financing: the patterns by which one claim is financed twice, and what only looks like them.

More look-alikes are in ``lookalikes``. Most of these raise no finding when they are written: they are for the search
over the whole market to find.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium.market.acts import claims, financing, trade
from ledger.consortium.market.trouble.small import SmallPlan
from ledger.consortium.market.trouble.teller import NET, Teller, pattern, trap
from ledger.finding import Code

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.acts.financing import Financing
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.things import Claim

__all__: list[str] = []

RATE = Decimal("0.0435")


def finance(
    t: Teller,
    owed: Claim,
    lender: Member,
    share: int,
    kind: str = "receivable",
    name: str | None = None,
    **changes: Any,
) -> Financing:
    """Lend so many per cent of a claim on itself, on its invoice or on what is named, and pay out."""
    thing = (kind, name or (owed.receivable if kind == "receivable" else owed.bills[0].invoice))
    amount = owed.amount * share // 100
    form = "receivable_discount"
    made = financing.open_(t.stage, form, owed.creditor, lender, [thing], amount, RATE, owed.due, **changes)
    financing.disburse(t.stage, made)
    t.about(f"receivable {owed.receivable}")
    return made


@pattern("exact_reuse")
def exact_reuse(t: Teller) -> Process:
    """One invoice is financed by two, by way of its claim, a package, another id, or a certificate that was bought."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    bill, way = owed.bills[0], t.chance.pick(("receivable", "package", "invoice", "bought", "another"))
    if way == "bought":
        claims.finance(t.stage, [claims.issue(t.stage, owed)], t.cast.factors[0], RATE)
    else:
        finance(t, owed, first, 80, "invoice")
    yield t.later(10)
    name = None
    if way == "package":
        name = trade.package(t.stage, t.gateway, [bill])
    elif way == "invoice":
        name = f"{bill.invoice}-B"
        t.bill(bill.seller, bill.buyer, number=bill.number, invoice=name, issued=bill.issued.isoformat())
    elif way == "another":  # another company comes with the invoice as its own
        issued = bill.issued.isoformat()
        again = t.bill(t.stranger(), bill.buyer, number=bill.number, invoice=f"{bill.invoice}-B", issued=issued)
        owed, way = t.confirmed(again), "receivable"
    finance(t, owed, second, 80, "invoice" if way == "bought" else way, name)


@trap("exact_reuse")
def refinanced(t: Teller) -> Process:
    """Another bank finances it after the first was repaid and released."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    made = finance(t, owed, first, 80, "invoice")
    yield t.later(10)
    financing.repay(t.stage, made)
    financing.release(t.stage, made)
    finance(t, owed, second, 80, "invoice")


@pattern("over_financed")
def over_financed(t: Teller) -> Process:
    """One bank lends on a claim twice, together more than it is worth; or once, more than the debtor left unpaid."""
    owed, bank = t.claim(), t.bank()
    if t.chance.happens(500):
        finance(t, owed, bank, 70)
    else:
        paid = ("receivable", owed.receivable, owed.amount // 2)
        claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [paid])
    yield t.later(5)
    finance(t, owed, bank, 60, t.chance.pick(("receivable", "invoice")))


@pattern("over_financed")
def after_a_credit_note(t: Teller) -> Process:
    """A red invoice takes half of an invoice back, and a bank lends as if it had not."""
    owed = t.claim()
    bill = owed.bills[0]
    t.bill(bill.seller, bill.buyer, -NET // 2, refers_to=[bill.invoice])
    yield t.later(5)
    finance(t, owed, t.bank(), 80)


@trap("over_financed")
def financed_in_parts(t: Teller) -> Process:
    """One bank lends on two parts of a claim, together less than it is worth."""
    owed, bank = t.claim(), t.bank()
    finance(t, owed, bank, 50)
    yield t.later(5)
    finance(t, owed, bank, 45)


@pattern("altered_document")
def altered_document(t: Teller) -> Process:
    """An invoice comes back with another amount, or another digit; the tax authority knows the first only."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    bill = owed.bills[0]
    finance(t, owed, first, 80)
    yield t.later(7)
    if t.chance.happens(500):
        altered = t.bill(bill.seller, bill.buyer, NET * 3, number=bill.number, invoice=f"{bill.invoice}-B")
        trade.verify(t.stage, t.cast["verifier"], altered, "inconsistent", tax_authority_amount=bill.amount)
    else:
        number = f"{bill.number[:-1]}{(int(bill.number[-1]) + 5) % 10}"
        altered = t.bill(bill.seller, bill.buyer, number=number, invoice=f"INV-{number}")
        trade.verify(t.stage, t.cast["verifier"], altered, "not_found")
    finance(t, t.confirmed(altered), second, 80)


@pattern("altered_document")
def dated_anew(t: Teller) -> Process:
    """An invoice comes back with a later date, or a paper one with its number written otherwise; that is not known."""
    first, second = t.two(t.cast.banks)
    serial = t.stage.serial("paper")
    paper: dict[str, Any] = {"code": "3100201130", "type": "vat_special", "number": f"0607{serial:05d}001"}
    known = t.bill(**paper)
    trade.verify(t.stage, t.cast["verifier"], known)
    finance(t, t.confirmed(known), first, 80)
    yield t.later(7)
    if t.chance.happens(500):
        paper |= {"number": f"0607{serial:05d}/001", "issued": known.issued.isoformat()}
    altered = t.bill(known.seller, known.buyer, **paper)
    trade.verify(t.stage, t.cast["verifier"], altered, "not_found")
    finance(t, t.confirmed(altered), second, 80)


@trap("altered_document")
def recurring(t: Teller) -> Process:
    """The same two companies bill the same amount every month, with numbers that are nearly the same."""
    seller, buyer = t.seller(), t.core()
    serial = t.stage.serial("paper")
    forms = (f"0607{serial:05d}001", f"0607{serial:05d}/002")
    for number in forms:
        bill = t.bill(seller, buyer, number=number, code="3100201130", type="vat_special")
        finance(t, t.confirmed(bill), t.bank(), 80)
        yield t.later(28)


@pattern("inflated_face")
def inflated_face(t: Teller) -> None:
    """An invoice says three times what the tax authority knows of; of a special one that is without tax."""
    if t.chance.happens(500):
        bill = t.bill(net=NET * 3)
        known = bill.amount // 3
    else:
        number = f"{t.stage.serial('paper'):08d}"
        bill = t.bill(net=NET * 3, number=number, code="3100201130", type="vat_special")
        known = bill.net // 3
    trade.verify(t.stage, t.cast["verifier"], bill, "inconsistent", tax_authority_amount=known)
    finance(t, t.confirmed(bill), t.bank(), 80)


@trap("inflated_face")
def tax_basis(t: Teller) -> None:
    """Of a special invoice the tax authority gives the amount without tax."""
    serial = t.stage.serial("paper")
    bill = t.bill(number=f"{serial:08d}", code="3100201130", type="vat_special")
    trade.verify(t.stage, t.cast["verifier"], bill, tax_authority_amount=bill.net)
    finance(t, t.confirmed(bill), t.bank(), 80)


@pattern("cross_instrument")
def cross_instrument(t: Teller) -> Process:
    """A claim lives in a certificate that a factor bought, and is filed as another bank's, before that or after it."""
    piece, factor, bank = t.piece(), t.cast.factors[0], t.bank()
    owed, first = piece.claim, t.chance.happens(500)
    things = ("receivable", owed.receivable), ("invoice", owed.bills[0].invoice)
    if first:
        claims.finance(t.stage, [piece], factor, RATE)
        yield t.later(6)
    financing.file(t.stage, t.chance.pick(("pledge", "transfer")), bank, owed.creditor, [t.chance.pick(things)])
    if not first:
        yield t.later(6)
        claims.finance(t.stage, [piece], factor, RATE)


@pattern("cross_instrument")
def filed_from_a_pool(t: Teller) -> Process:
    """A claim lies in a plan's pool, and is filed as a bank's or put up for a loan."""
    small, bank = SmallPlan(t), t.bank()
    owed = small.pool[0]
    yield t.later(6)
    if t.chance.happens(500):
        finance(t, owed, bank, 80)
    else:
        financing.file(t.stage, "pledge", bank, owed.creditor, [("receivable", owed.receivable)])


@trap("cross_instrument")
def filed_for_one_deal(t: Teller) -> None:
    """The factor that bought the certificate files both transfer and pledge, for the one deal."""
    piece, factor = t.piece(), t.cast.factors[0]
    claims.finance(t.stage, [piece], factor, RATE)
    for kind in ("transfer", "pledge"):
        financing.file(t.stage, kind, factor, piece.claim.creditor, [("receivable", piece.claim.receivable)])


def into_another(t: Teller, leaves: str = "") -> Process:
    """Put a claim of one plan into another, on the day it leaves the first by a record of this kind, if it does."""
    first = SmallPlan(t)
    second = SmallPlan(t, 0)
    second.originator = first.originator
    day = t.stage.today()
    t.stage.write(
        second.manager, "plan.established", plan=f"{second.plan}-B", code=second.plan, name="第二期资产支持专项计划",
        venue="SSE", manager=second.manager.member, custodian=second.custodian.member,
        originators=[first.originator.member], servicer=second.servicer.member, shelf=None, cutoff=day, closing=day,
        maturity=t.day(600), terms={"day_count": "ACT/365F", "rounding": "half_up", "face": 100_00,
                                    "record_date_lag": 1},
        tranches=[{"tranche": "A", "name": "优先级", "code": "A", "rank": "senior", "principal": 100_00,
                   "rate": "0.03", "repayment": "pass_through", "maturity": t.day(600)}],
    )  # fmt: skip
    second.plan = f"{second.plan}-B"
    yield t.later(20)
    asset = first.pool[0]
    t.about(f"receivable {asset.receivable}")
    by = first.originator.member
    if leaves == "repurchased":
        first.dated(
            "originator", "pool.repurchased", by=by, price=asset.amount, reason="other", assets=[asset.receivable]
        )
    elif leaves == "substituted":
        fresh = [{"asset": first.claim().receivable, "outputs": []}]
        first.dated("originator", "pool.substituted", by=by, removed=[asset.receivable], assets=fresh)
    second.assign([asset])


@pattern("double_pool")
def double_pool(t: Teller) -> Process:
    """A claim is in the pools of two plans at once, which the ledger shows by itself."""
    yield from into_another(t)
    t.expect(Code.POOL_DOUBLE)


@trap("double_pool")
def taken_out(t: Teller) -> Process:
    """A claim is bought back from one pool and sold to another on the same day."""
    yield from into_another(t, "repurchased")


@pattern("certificate_double_spend")
def certificate_double_spend(t: Teller) -> Process:
    """One piece goes to a supplier and, days later, to a factor, which the ledger shows by itself."""
    piece = t.piece()
    claims.propose(t.stage, piece, t.cast.suppliers[1][0])
    yield t.later(3)
    claims.finance(t.stage, [piece], t.cast.factors[0], RATE)
    t.expect(Code.OUTPUT_DOUBLE_SPEND)


@trap("certificate_double_spend")
def within_a_block(t: Teller) -> None:
    """Proposed, signed in, split and financed in one block, each output used once."""
    waiting, _ = claims.propose(t.stage, t.piece(), t.cast.suppliers[1][0])
    held = claims.sign_in(t.stage, waiting)
    first, _ = claims.split(t.stage, held, [held.amount // 2, held.amount - held.amount // 2])
    claims.finance(t.stage, [first], t.cast.factors[0], RATE)


@pattern("red_after_finance")
def red_after_finance(t: Teller) -> Process:
    """The invoice beneath a financing is red-flushed or voided while the money is out."""
    owed = t.claim()
    if t.chance.happens(333):
        claims.finance(t.stage, [claims.issue(t.stage, owed)], t.cast.factors[0], RATE)
    else:
        finance(t, owed, t.bank(), 80, t.chance.pick(("invoice", "receivable")))
    yield t.later(15)
    trade.mark(t.stage, t.cast["verifier"], owed.bills[0], t.chance.pick(("red_flushed", "voided")))


@pattern("red_after_finance")
def mostly_red(t: Teller) -> Process:
    """A red invoice takes off half of what a bank lent 80 per cent on."""
    owed = t.claim()
    bill = owed.bills[0]
    finance(t, owed, t.bank(), 80)
    yield t.later(15)
    red = t.bill(bill.seller, bill.buyer, -NET // 2, refers_to=[bill.invoice])
    if t.chance.happens(500):
        trade.mark(t.stage, t.cast["verifier"], bill, "red_flushed", red.invoice)


@trap("red_after_finance")
def red_and_reissued(t: Teller) -> Process:
    """It is red-flushed after the financing was repaid, and issued anew with the same value."""
    owed = t.claim()
    bill = owed.bills[0]
    made = finance(t, owed, t.bank(), 80, "invoice")
    yield t.later(15)
    financing.repay(t.stage, made)
    financing.release(t.stage, made)
    trade.mark(t.stage, t.cast["verifier"], bill, "red_flushed")
    t.bill(bill.seller, bill.buyer)


@pattern("settled_reuse")
def settled_reuse(t: Teller) -> Process:
    """A claim is financed after the debtor paid it."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part])
    yield t.later(4)
    finance(t, owed, t.bank(), 80, t.chance.pick(("receivable", "invoice")))


@pattern("settled_reuse")
def set_off_before(t: Teller) -> Process:
    """A claim is financed after it was set off."""
    owed = t.claim()
    claims.settle(t.stage, owed.creditor, owed, "netting")
    yield t.later(4)
    finance(t, owed, t.bank(), 80, t.chance.pick(("receivable", "invoice")))


@trap("settled_reuse")
def rest_financed(t: Teller) -> Process:
    """A part was paid, and less than the rest is financed."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount * 4 // 10)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part])
    yield t.later(4)
    finance(t, owed, t.bank(), 50)


@pattern("priority_conflict")
def priority_conflict(t: Teller) -> Process:
    """Two banks file on one claim or its invoice; the second searched before the first had filed, or not at all."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    things = ("receivable", owed.receivable), ("invoice", owed.bills[0].invoice)
    if t.chance.happens(500):
        financing.query(t.stage, second, owed.receivable)
        yield t.later(2)
    financing.file(t.stage, "pledge", first, owed.creditor, [things[0]])
    yield t.later(5)
    financing.file(t.stage, t.chance.pick(("pledge", "transfer")), second, owed.creditor, [t.chance.pick(things)])
    t.about(f"receivable {owed.receivable}")


@trap("priority_conflict")
def second_rank(t: Teller) -> Process:
    """The second bank found the first one's registration and files behind it, as all agreed."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    thing = ("receivable", owed.receivable)
    name = financing.file(t.stage, "pledge", first, owed.creditor, [thing])
    yield t.later(5)
    financing.query(t.stage, second, owed.receivable, [name])
    told = f"第二顺位质权，经第一顺位权利人同意，在先登记{name}"
    financing.file(t.stage, "pledge", second, owed.creditor, [thing], description=told)
