"""Fake trade: the patterns by which claims stand on nothing, or on the same goods and papers twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.market.acts import financing, goods, trade
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


def _under(t: Teller, *, raised: bool) -> None:
    """Three invoices go under one contract, the last beyond its cap unless that is raised first."""
    seller, buyer = t.seller(), t.core()
    cap = NET * 113 // 100 * 2
    contract = trade.document(t.stage, seller, "contract", [seller, buyer], amount=cap)
    t.about(f"document {contract}")
    for turn in range(3):
        if raised and turn == 2:
            trade.amend(t.stage, seller, contract, "补充协议：调增合同金额", amount=cap * 2)
        owed = t.confirmed(t.bill(seller, buyer, refers_to=[contract]), contract=contract)
        finance(t, owed, t.bank(), 80)
    t.about(f"document {contract}")


@pattern("contract_over")
def contract_over(t: Teller) -> None:
    """More is invoiced and financed under a contract than it is for."""
    _under(t, raised=False)


@trap("contract_over")
def contract_raised(t: Teller) -> None:
    """The contract is raised before more is invoiced."""
    _under(t, raised=True)


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


@trap("phantom_debtor")
def new_relationship(t: Teller) -> Process:
    """A new seller has as much financed, and the debtor confirms each claim."""
    yield from _new_pair(t, confirmed=True)


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


def _sister(t: Teller, of: Member) -> Member:
    """Return a company of the same group, as its name tells."""
    name = of.name.removesuffix("有限公司") + "销售有限公司"
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
        goods.act(t.stage, owner, "pledged", held, pledgee=bank.member, financing=None)
    t.about(f"receipt {second.receipt}")


@trap("warehouse_over")
def split_and_pledged(t: Teller) -> None:
    """A receipt is split, and the parts, together no more than the stock, are pledged to two banks."""
    house, owner, banks = t.cast.warehouses[0], t.seller(), t.two(t.cast.banks)
    whole = goods.issue(t.stage, house, owner, GOODS[2], 100)
    goods.stock(t.stage, whole, 100)
    for held, bank in zip(goods.split(t.stage, whole, [60, 40]), banks, strict=True):
        goods.act(t.stage, owner, "pledged", held, pledgee=bank.member, financing=None)


def _run(t: Teller, *, ordered: bool) -> None:
    """Invoices of one day with consecutive numbers, each just under the limit."""
    seller, buyer = t.seller(), t.core()
    below, run = t.chance.pick(JUST_BELOW), t.chance.between(4, 8)
    first = int(trade.number_of(t.stage, seller, t.stage.day))
    t.stage.serial("invoice")  # leaves room for the run
    refers_to = []
    if ordered:
        total = below * run * 113 // 100
        refers_to = [trade.document(t.stage, buyer, "order", [seller, buyer], amount=total)]
    bills = [
        t.bill(seller, buyer, below, number=str(first + at), invoice=f"INV-{first + at}", refers_to=refers_to)
        for at in range(run)
    ]
    finance(t, t.confirmed(*bills), t.bank(), 80)


@pattern("structuring")
def structuring(t: Teller) -> None:
    """A run of invoices, each just under the limit, with nothing behind it."""
    _run(t, ordered=False)


@trap("structuring")
def split_by_the_limit(t: Teller) -> None:
    """The same run, because the limit of one invoice splits one order."""
    _run(t, ordered=True)


def _numbered(t: Teller, year: str, province: str) -> None:
    seller, buyer = t.seller(), t.core()
    right = trade.number_of(t.stage, seller, t.stage.day)
    number = (year or right[:2]) + (province or right[2:4]) + right[4:]
    finance(t, t.confirmed(t.bill(seller, buyer, number=number, invoice=f"INV-{number}")), t.bank(), 80)


@pattern("impossible_fields")
def impossible_fields(t: Teller) -> None:
    """A 数电 number of a year before there were any, or from a province that does not exist, or both."""
    _numbered(t, *t.chance.pick((("19", "99"), ("19", ""), ("", "99"))))


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
    again = trade.package(t.stage, t.gateway, some, packed if corrected else None)
    amount = sum(each.amount for each in some) * 8 // 10
    t.about(f"package {again}")
    if not corrected:
        t.expect(Code.PACKAGE_INVOICE_PACKED)
    made = financing.open_(t.stage, "loan_on_receivables", seller, second, [("package", again)], amount, RATE, maturity)
    financing.disburse(t.stage, made)


@pattern("batch_replay")
def batch_replay(t: Teller) -> Process:
    """Most invoices of a package are packed again a month later for another bank, which the ledger shows by itself."""
    yield from _packed(t, corrected=False)


@trap("batch_replay")
def batch_corrected(t: Teller) -> Process:
    """A package is corrected by one that says so, and only that one is financed."""
    yield from _packed(t, corrected=True)
