"""Fake trade: the patterns by which claims stand on nothing, or on the same goods and papers twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ledger.consortium.market.acts import claims, financing, goods, trade
from ledger.consortium.market.names import GOODS
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.trouble.patterns import RATE, finance
from ledger.consortium.market.trouble.teller import NET, Teller, pattern, trap
from ledger.finding import Code

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.schedule import Process

__all__: list[str] = []

UNCONFIRMED = 8  # claims of a phantom debtor
JUST_BELOW = (9_980_00, 99_800_00, 998_000_00)  # fen without tax, under invoice limits of 10,000 yuan and more


CAP = NET * 113 // 100 * 2  # fen of a contract, too little for three invoices


def _under(t: Teller, cap: int | None = CAP, *, raised: bool = False, currency: str = "CNY") -> None:
    """Three invoices go under one contract, for so much unless that is raised before the last."""
    seller, buyer = t.seller(), t.core()
    contract = trade.document(t.stage, seller, "contract", [seller, buyer], amount=cap, currency=currency)
    t.about(f"document {contract}")
    for turn in range(3):
        if raised and turn == 2:
            trade.amend(t.stage, seller, contract, "补充协议：调增合同金额", amount=CAP * 2)
        owed = t.confirmed(t.bill(seller, buyer, refers_to=[contract]), contract=contract)
        finance(t, owed, t.bank(), 80)
    t.about(f"document {contract}")


@pattern("contract_over")
def contract_over(t: Teller) -> None:
    """More is invoiced and financed under a contract than it is for."""
    _under(t)


@pattern("contract_over")
def lent_beyond(t: Teller) -> None:
    """A bank lends on a contract itself, before anything is delivered, more than it is for."""
    seller, buyer, bank = t.seller(), t.core(), t.bank()
    contract = trade.document(t.stage, seller, "contract", [seller, buyer], amount=NET)
    t.about(f"document {contract}")
    thing, maturity = ("document", contract), days_after(t.stage.day, 90)
    made = financing.open_(t.stage, "pre_shipment", seller, bank, [thing], NET * 13 // 10, RATE, maturity)
    financing.disburse(t.stage, made)


@trap("contract_over")
def contract_raised(t: Teller) -> None:
    """The contract is raised before more is invoiced."""
    _under(t, raised=True)


@trap("contract_over")
def frame_contract(t: Teller) -> None:
    """A frame contract has no amount; another one has its amount in another currency."""
    cap, currency = t.chance.pick(((None, "CNY"), (NET // 2, "USD")))
    _under(t, cap, currency=currency)


@trap("contract_over")
def without_the_tax(t: Teller) -> None:
    """A contract is for what is invoiced without the tax."""
    _under(t, NET * 3)


def _new_pair(t: Teller, *, confirmed: bool) -> Process:
    seller, buyer = t.stranger(), t.core()
    t.about(f"member {seller.member}")
    for _ in range(UNCONFIRMED):
        finance(t, t.claim(seller=seller, buyer=buyer, confirmed=confirmed), t.bank(), 80)
        yield t.later(3)


@pattern("phantom_debtor")
def phantom_debtor(t: Teller) -> Process:
    """A seller has much financed against a debtor that confirms nothing."""
    yield from _new_pair(t, confirmed=False)


@pattern("phantom_debtor")
def confirmed_by_another(t: Teller) -> Process:
    """Another company than the debtor confirms what a seller has financed, which the ledger shows by itself."""
    seller, (buyer, other) = t.stranger(), t.two(t.cast.cores)
    t.about(f"member {seller.member}")
    for _ in range(UNCONFIRMED):
        owed = t.claim(seller=seller, buyer=buyer, confirmed=False)
        claims.confirm(t.stage, owed, by=other)
        t.expect(Code.RECEIVABLE_PARTIES)
        finance(t, owed, t.bank(), 80)
        yield t.later(3)


@trap("phantom_debtor")
def new_relationship(t: Teller) -> Process:
    """A new seller has as much financed, and the debtor confirms each claim."""
    yield from _new_pair(t, confirmed=True)


@trap("phantom_debtor")
def not_billed_yet(t: Teller) -> Process:
    """Claims that are not billed yet are financed, and the debtor confirms each, or pays something on it."""
    seller, buyer = t.stranger(), t.core()
    t.about(f"member {seller.member}")
    for turn in range(UNCONFIRMED):
        owed = t.unbilled(seller, buyer)
        if turn % 2:
            part = ("receivable", owed.receivable, owed.amount // 10)
            claims.pay(t.stage, t.settlement, buyer, seller, [part])
        else:
            claims.confirm(t.stage, owed)
        finance(t, owed, t.bank(), 80)
        yield t.later(3)


def _round(t: Teller, *, moved: bool) -> Process:
    """Two to five companies sell the same goods around, for nearly the same amount."""
    ring = [t.stranger() for _ in range(t.chance.between(2, 5))]
    t.about(f"member {ring[0].member}")
    for at, seller in enumerate(ring):
        buyer, net = ring[(at + 1) % len(ring)], NET - at * 50_00
        refers_to = []
        if moved:  # toll processing: the goods really travel, and what returns is something else
            sold = GOODS[at]
            refers_to = [
                trade.document(t.stage, seller, "waybill", [seller, buyer], goods=sold.name, quantity="20", unit="吨")
            ]
        bill = trade.bill(
            t.stage, t.gateway, seller, buyer, net if not moved else net * (at + 1),
            goods=GOODS[at].name if moved else GOODS[2].name, refers_to=refers_to,
        )  # fmt: skip
        finance(t, t.owed(bill), t.bank(), 70)
        yield t.later(4)


@pattern("circular_trade")
def circular_trade(t: Teller) -> Process:
    """Goods are sold back to who sold them first, within days, and no waybill shows them move."""
    yield from _round(t, moved=False)


@trap("circular_trade")
def toll_processing(t: Teller) -> Process:
    """Material goes out and products come back, each with its waybill and its own value."""
    yield from _round(t, moved=True)


@trap("circular_trade")
def returned(t: Teller) -> Process:
    """Goods are returned: the sale back names the sale that it takes back, and the loan on that is repaid."""
    seller, buyer = t.stranger(), t.stranger()
    sold = t.bill(seller, buyer)
    made = finance(t, t.owed(sold), t.bank(), 70)
    yield t.later(9)
    t.owed(t.bill(buyer, seller, refers_to=[sold.invoice]))
    yield t.later(2)
    financing.repay(t.stage, made)
    financing.release(t.stage, made)


@trap("circular_trade")
def netted(t: Teller) -> Process:
    """Three companies owe one another for the same goods, set it off on the day of the last sale, and finance none."""
    ring, owed = [t.stranger() for _ in range(3)], []
    t.about(f"member {ring[0].member}")
    for at, seller in enumerate(ring):
        owed.append(t.owed(t.bill(seller, ring[(at + 1) % 3])))
        if at < 2:
            yield t.later(4)
    for each in owed:
        claims.settle(t.stage, each.creditor, each, "netting")


def _sister(t: Teller, of: Member) -> Member:
    """Return a company of the same group, as its name tells, or a branch."""
    more = t.chance.pick(("销售有限公司", "贸易有限公司", "有限公司华东分公司"))
    name = of.name.removesuffix("有限公司") + more
    made = t.stage.chain.enrol(f"{of.member}-sister", name, ("supplier",))
    t.admit(made)
    return made


def _within_a_group(t: Teller, *, told: bool) -> None:
    seller, middle = t.stranger(), t.stranger()
    sister = _sister(t, seller)
    for first, second in ((seller, middle), (middle, sister)):
        owed = t.owed(t.bill(first, second), related=told)
        finance(t, owed, t.bank(), 80)
    t.about(f"member {seller.member}")


@pattern("related_loop")
def related_loop(t: Teller) -> None:
    """Who sells to a company and who buys from it are one group, and say that they are not related."""
    _within_a_group(t, told=False)


@trap("related_loop")
def disclosed_group(t: Teller) -> None:
    """The same trade within a group, disclosed as such."""
    _within_a_group(t, told=True)


@pattern("warehouse_over")
def warehouse_over(t: Teller) -> None:
    """Two receipts are issued for a lot that holds the goods of one, and both are pledged."""
    house, owner, banks = t.cast.warehouses[0], t.seller(), t.two(t.cast.banks)
    first = goods.issue(t.stage, house, owner, GOODS[2], 100)
    goods.stock(t.stage, first, 100)
    again = t.chance.pick((100, 60, 30))
    second = goods.issue(t.stage, house, owner, GOODS[2], again, location=first.location, lot=first.lot)
    for held, bank in zip((first, second), banks, strict=True):
        _pledge(t, held, bank)
    t.about(f"receipt {second.receipt}")


@pattern("warehouse_over")
def lot_twice(t: Teller) -> None:
    """A lot that was never counted is on two receipts for the same quantity, pledged to two banks."""
    house, owner, banks = t.cast.warehouses[0], t.seller(), t.two(t.cast.banks)
    first = goods.issue(t.stage, house, owner, GOODS[2], 100)
    second = goods.issue(t.stage, house, owner, GOODS[2], 100, location=first.location, lot=first.lot)
    for held, bank in zip((first, second), banks, strict=True):
        _pledge(t, held, bank)
    t.about(f"receipt {second.receipt}")


def _pledge(t: Teller, held: goods.Receipt, bank: Member) -> None:
    goods.act(t.stage, held.owner, "pledged", held, pledgee=bank.member, financing=None)


@trap("warehouse_over")
def split_and_pledged(t: Teller) -> Process:
    """A receipt is split, its parts, no more than the stock, are pledged; one is released and its goods taken out."""
    house, banks = t.cast.warehouses[0], t.two(t.cast.banks)
    whole = goods.issue(t.stage, house, t.seller(), GOODS[2], 100)
    goods.stock(t.stage, whole, 100)
    kept, gone = goods.split(t.stage, whole, [60, 40])
    for held, bank in zip((kept, gone), banks, strict=True):
        _pledge(t, held, bank)
    yield t.later(10)
    goods.act(t.stage, banks[1], "released", gone, by=banks[1].member)
    goods.act(t.stage, house, "cancelled", gone, reason="货物出库")
    goods.stock(t.stage, kept, 60)


@trap("warehouse_over")
def merged(t: Teller) -> Process:
    """Two receipts for a lot are given up for one over all of it."""
    house, owner, bank = t.cast.warehouses[0], t.seller(), t.bank()
    first = goods.issue(t.stage, house, owner, GOODS[2], 60)
    place = {"location": first.location, "lot": first.lot}
    second = goods.issue(t.stage, house, owner, GOODS[2], 40, **place)
    goods.stock(t.stage, first, 100)
    yield t.later(10)
    for held in (first, second):
        goods.act(t.stage, house, "cancelled", held, reason="合并换发仓单")
    _pledge(t, goods.issue(t.stage, house, owner, GOODS[2], 100, **place), bank)


@trap("warehouse_over")
def in_two_units(t: Teller) -> None:
    """A hundred tonnes and a hundred kilograms of one lot, not counted yet, are pledged to two banks."""
    house, owner, banks = t.cast.warehouses[0], t.seller(), t.two(t.cast.banks)
    first = goods.issue(t.stage, house, owner, GOODS[2], 100)
    place = {"location": first.location, "lot": first.lot}
    second = goods.issue(t.stage, house, owner, GOODS[2], 100, unit="千克", **place)
    for held, bank in zip((first, second), banks, strict=True):
        _pledge(t, held, bank)


def _run(t: Teller, *, ordered: bool) -> None:
    """Invoices of one day with consecutive numbers, each just under the limit, without the tax or with it."""
    seller, buyer = t.seller(), t.core()
    below, run = t.chance.pick(JUST_BELOW) * 100 // t.chance.pick((100, 113)), t.chance.between(4, 8)
    first = int(trade.number_of(t.stage, seller, t.stage.day))
    t.stage.serial("invoice")  # leaves room for the run
    refers_to, contract = [], None
    if ordered:
        total = below * run * 113 // 100
        if t.chance.happens(500):
            contract = trade.document(t.stage, buyer, "contract", [seller, buyer], amount=total)
        else:
            refers_to = [trade.document(t.stage, buyer, "order", [seller, buyer], amount=total)]
    bills = [
        t.bill(seller, buyer, below, number=str(first + at), invoice=f"INV-{first + at}", refers_to=refers_to)
        for at in range(run)
    ]
    finance(t, t.confirmed(*bills, contract=contract), t.bank(), 80)


@pattern("structuring")
def structuring(t: Teller) -> None:
    """A run of invoices, each just under the limit, with nothing behind it."""
    _run(t, ordered=False)


@trap("structuring")
def split_by_the_limit(t: Teller) -> None:
    """The same run, because the limit of one invoice splits one order or contract."""
    _run(t, ordered=True)


def _numbered(t: Teller, year: str, province: str, **changes: Any) -> None:
    seller, buyer = t.seller(), t.core()
    right = trade.number_of(t.stage, seller, t.stage.day)
    number = (year or right[:2]) + (province or right[2:4]) + right[4:]
    made = t.bill(seller, buyer, number=number, invoice=f"INV-{number}", **changes)
    finance(t, t.confirmed(made), t.bank(), 80)


@pattern("impossible_fields")
def impossible_fields(t: Teller) -> None:
    """A 数电 number of a year before there were any, or from a province that does not exist, or both."""
    _numbered(t, *t.chance.pick((("19", "99"), ("19", ""), ("", "99"))))


@pattern("impossible_fields")
def dated_after(t: Teller) -> None:
    """An invoice is dated after the loan on it."""
    start = (t.stage.day - timedelta(days=t.chance.between(1, 60))).isoformat()
    finance(t, t.claim(), t.bank(), 80, t.chance.pick(("invoice", "receivable")), start=start)


@pattern("impossible_fields")
def of_no_company(t: Teller) -> None:
    """A seller's credit code has a wrong check sign, which the ledger shows by itself."""
    seller = t.stranger(admitted=False)
    t.admit(seller, uscc=seller.uscc[:-1] + ("0" if seller.uscc[-1] != "0" else "1"))
    t.expect(Code.MEMBER_USCC)
    finance(t, t.claim(seller=seller), t.bank(), 80)


@trap("impossible_fields")
def across_the_year(t: Teller) -> None:
    """A number drawn in December is on an invoice issued in January."""
    issued = min(t.stage.day, t.stage.day.replace(month=1, day=3))
    _numbered(t, f"{(issued.year - 1) % 100:02d}", "", issued=issued.isoformat())


@trap("impossible_fields")
def relocated(t: Teller) -> None:
    """A company that moved: its invoices are of its new province, its credit code of the old."""
    _numbered(t, "", "46")


def _packed(t: Teller, *, corrected: bool) -> Process:
    seller, buyer = t.seller(), t.core()
    first, second = t.two(t.cast.banks)
    some = [t.bill(seller, buyer, 500_00) for _ in range(4)]
    for each in some:
        t.confirmed(each)
    packed = trade.package(t.stage, t.gateway, some)
    maturity = days_after(t.stage.day, 120)
    amount = sum(each.amount for each in some) * 8 // 10
    if not corrected:
        made = financing.open_(
            t.stage, "loan_on_receivables", seller, first, [("package", packed)], amount, RATE, maturity
        )
        financing.disburse(t.stage, made)
    yield t.later(30)
    some = some[: t.chance.between(3, 4)][::-1]
    anew = not corrected and t.chance.happens(300)
    if anew:  # registered a second time, so that no name is packed twice
        some = [
            t.bill(seller, buyer, each.net, number=each.number, invoice=f"{each.invoice}-B",
                   issued=each.issued.isoformat())
            for each in some
        ]  # fmt: skip
    again = trade.package(t.stage, t.gateway, some, packed if corrected else None)
    amount = sum(each.amount for each in some) * 8 // 10
    t.about(f"package {again}")
    if not corrected and not anew:
        t.expect(Code.PACKAGE_INVOICE_PACKED)
    made = financing.open_(t.stage, "loan_on_receivables", seller, second, [("package", again)], amount, RATE, maturity)
    financing.disburse(t.stage, made)


@pattern("batch_replay")
def batch_replay(t: Teller) -> Process:
    """Most invoices of a package are packed again a month later for another bank, some registered anew before."""
    yield from _packed(t, corrected=False)


@trap("batch_replay")
def batch_corrected(t: Teller) -> Process:
    """A package is corrected by one that says so, and only that one is financed."""
    yield from _packed(t, corrected=True)
