"""Trouble with invoices, documents, packages, goods, orders, data assets and receivables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, data, goods, trade
from ledger.consortium.market.names import GOODS
from ledger.consortium.market.trouble.teller import NET, Teller, breach, trap
from ledger.finding import Code

if TYPE_CHECKING:
    from ledger.consortium.market.acts.goods import Order, Receipt

__all__: list[str] = []


@breach(Code.INVOICE_AMOUNTS)
def amounts(t: Teller) -> None:
    """Amount and tax do not make up the total."""
    t.bill(tax=1)
    t.expect(Code.INVOICE_AMOUNTS)


@trap(Code.INVOICE_AMOUNTS)
def small_taxpayer(t: Teller) -> None:
    """A small taxpayer's invoice at one per cent, rounded to the fen."""
    t.bill(net=333_33, percent=1)


@breach(Code.INVOICE_NUMBER)
def short_number(t: Teller) -> None:
    """A 数电 number of eight digits."""
    t.bill(number=f"{t.stage.serial('short'):08d}")
    t.expect(Code.INVOICE_NUMBER)


@trap(Code.INVOICE_NUMBER)
def paper_number(t: Teller) -> None:
    """A paper invoice has a code and eight digits."""
    t.bill(number=f"{t.stage.serial('short'):08d}", code="3100201130", type="vat_special")


@breach(Code.INVOICE_STATUS)
def voided_again(t: Teller) -> None:
    """A voided invoice becomes normal."""
    bill = t.bill()
    trade.mark(t.stage, t.cast["verifier"], bill, "voided")
    trade.mark(t.stage, t.cast["verifier"], bill, "normal")
    t.expect(Code.INVOICE_STATUS)


@trap(Code.INVOICE_STATUS)
def cleared(t: Teller) -> None:
    """An invoice found abnormal is cleared."""
    bill = t.bill()
    trade.mark(t.stage, t.cast["verifier"], bill, "abnormal")
    trade.mark(t.stage, t.cast["verifier"], bill, "normal")


@breach(Code.INVOICE_NOT_NORMAL)
def on_a_void(t: Teller) -> None:
    """A claim is registered on an invoice that was red-flushed."""
    bill = t.bill()
    trade.mark(t.stage, t.cast["verifier"], bill, "red_flushed")
    t.owed(bill)
    t.expect(Code.INVOICE_NOT_NORMAL)


@trap(Code.INVOICE_NOT_NORMAL)
def void_later(t: Teller) -> None:
    """The claim came first, and was paid before the invoice was red-flushed and issued anew."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part])
    trade.mark(t.stage, t.cast["verifier"], owed.bills[0], "red_flushed")


@breach(Code.DOCUMENT_STATUS)
def cancelled_again(t: Teller) -> None:
    """A cancelled document is amended."""
    seller = t.seller()
    made = trade.document(t.stage, seller, "order", [seller], amount=NET)
    trade.cancel(t.stage, seller, made, "订单取消")
    trade.amend(t.stage, seller, made, "调整金额", amount=NET * 2)
    t.expect(Code.DOCUMENT_STATUS)


@trap(Code.DOCUMENT_STATUS)
def amended_twice(t: Teller) -> None:
    """A document is amended twice, then cancelled."""
    seller = t.seller()
    made = trade.document(t.stage, seller, "order", [seller], amount=NET)
    trade.amend(t.stage, seller, made, "调整金额", amount=NET * 2)
    trade.amend(t.stage, seller, made, "调整金额", amount=NET)
    trade.cancel(t.stage, seller, made, "订单取消")


@breach(Code.PACKAGE_DIGEST)
def wrong_digest(t: Teller) -> None:
    """A package's digest is of other invoices."""
    seller, buyer = t.seller(), t.core()
    trade.package(t.stage, t.gateway, [t.bill(seller, buyer, 100_00)], digest=trade.digest("other"))
    t.expect(Code.PACKAGE_DIGEST)


@trap(Code.PACKAGE_DIGEST)
def one_invoice(t: Teller) -> None:
    """A package of one."""
    trade.package(t.stage, t.gateway, [t.bill(net=100_00)])


@breach(Code.PACKAGE_INVOICE_PACKED)
def packed_twice(t: Teller) -> None:
    """An invoice is packed into two packages."""
    seller, buyer = t.seller(), t.core()
    some = [t.bill(seller, buyer, 100_00) for _ in range(3)]
    trade.package(t.stage, t.gateway, some)
    trade.package(t.stage, t.gateway, some[:1])
    t.expect(Code.PACKAGE_INVOICE_PACKED)


@trap(Code.PACKAGE_INVOICE_PACKED)
def superseded(t: Teller) -> None:
    """A correction takes the first package's place."""
    seller, buyer = t.seller(), t.core()
    some = [t.bill(seller, buyer, 100_00) for _ in range(3)]
    trade.package(t.stage, t.gateway, some[:2], trade.package(t.stage, t.gateway, some))


def _receipt(t: Teller, quantity: int = 100) -> Receipt:
    return goods.issue(t.stage, t.chance.pick(t.cast.warehouses), t.seller(), GOODS[2], quantity)


@breach(Code.RECEIPT_STATUS)
def pledged_twice(t: Teller) -> None:
    """A pledged receipt is pledged again."""
    held, (first, second) = _receipt(t), t.two(t.cast.banks)
    for bank in (first, second):
        goods.act(t.stage, held.owner, "pledged", held, pledgee=bank.member, financing=None)
    t.expect(Code.RECEIPT_STATUS)


@trap(Code.RECEIPT_STATUS)
def pledged_after_release(t: Teller) -> None:
    """A receipt is pledged again after its release."""
    held, (first, second) = _receipt(t), t.two(t.cast.banks)
    goods.act(t.stage, held.owner, "pledged", held, pledgee=first.member, financing=None)
    goods.act(t.stage, first, "released", held, by=first.member)
    goods.act(t.stage, held.owner, "pledged", held, pledgee=second.member, financing=None)


@breach(Code.RECEIPT_NOT_OWNER)
def anothers_receipt(t: Teller) -> None:
    """Somebody passes on a receipt that is another's."""
    held, thief = _receipt(t), t.stranger()
    goods.act(t.stage, thief, "transferred", held, to=t.core().member)
    t.expect(Code.RECEIPT_NOT_OWNER)


@trap(Code.RECEIPT_NOT_OWNER)
def passed_on_twice(t: Teller) -> None:
    """The new owner passes a receipt on."""
    held, middle = _receipt(t), t.stranger()
    goods.act(t.stage, held.owner, "transferred", held, to=middle.member)
    goods.act(t.stage, middle, "transferred", held, to=t.core().member)


@breach(Code.RECEIPT_SPLIT)
def more_than_it_was(t: Teller) -> None:
    """The parts of a receipt are more than it was."""
    goods.split(t.stage, _receipt(t), [60, 60])
    t.expect(Code.RECEIPT_SPLIT)


@trap(Code.RECEIPT_SPLIT)
def uneven_parts(t: Teller) -> None:
    """Uneven parts that add up."""
    goods.split(t.stage, _receipt(t), [1, 99])


@breach(Code.STOCK_MISMATCH)
def other_goods(t: Teller) -> None:
    """A lot holds other goods than its receipt says."""
    held = _receipt(t)
    held.goods = GOODS[5]
    goods.stock(t.stage, held, held.quantity)
    t.expect(Code.STOCK_MISMATCH)


@trap(Code.STOCK_MISMATCH)
def emptied_lot(t: Teller) -> None:
    """A lot is emptied, and filled with other goods later."""
    held = _receipt(t)
    goods.act(t.stage, held.warehouse, "cancelled", held, reason="货物出库")
    goods.stock(t.stage, held, 0)
    goods.issue(t.stage, held.warehouse, held.owner, GOODS[5], 10, location=held.location, lot=held.lot)


def _order(t: Teller) -> Order:
    merchant = t.chance.pick(t.cast.merchants)
    return goods.place(t.stage, t.cast["cross-border"], t.core(), merchant, NET, GOODS[2].name)


@breach(Code.ORDER_STATUS)
def locked_after_settled(t: Teller) -> None:
    """A settled order is locked for a financier."""
    placed = _order(t)
    goods.settle(t.stage, placed)
    goods.lock(t.stage, t.bank(), placed)
    t.expect(Code.ORDER_STATUS)


@trap(Code.ORDER_STATUS)
def settled_unlocked(t: Teller) -> None:
    """An order nobody financed is settled."""
    goods.settle(t.stage, _order(t))


def _certificate(t: Teller) -> data.DataCertificate:
    return data.authorise(t.stage, t.cast["port-subject"], "运单核验", source="甲空间", target="乙空间")


@breach(Code.DATA_CERTIFICATE_PATH)
def used_before_deposit(t: Teller) -> None:
    """Data is used before the certificate was deposited."""
    held = _certificate(t)
    data.issue(t.stage, t.cast["port-control"], held)
    data.exercise(t.stage, t.cast["port-user"], held)
    t.expect(Code.DATA_CERTIFICATE_PATH)


@trap(Code.DATA_CERTIFICATE_PATH)
def used_often(t: Teller) -> None:
    """Data is used again and again."""
    held = _certificate(t)
    data.issue(t.stage, t.cast["port-control"], held)
    data.deposit(t.stage, t.cast["port-collector"], held)
    for _ in range(3):
        data.exercise(t.stage, t.cast["port-user"], held)


@breach(Code.DATA_CERTIFICATE_DIGEST)
def other_certificate(t: Teller) -> None:
    """Another certificate is deposited than was issued."""
    held = _certificate(t)
    data.issue(t.stage, t.cast["port-control"], held)
    data.deposit(t.stage, t.cast["port-collector"], held, trade.digest("forged"))
    t.expect(Code.DATA_CERTIFICATE_DIGEST)


@trap(Code.DATA_CERTIFICATE_DIGEST)
def two_certificates(t: Teller) -> None:
    """Two certificates of one subject, each with its own digest."""
    for held in (_certificate(t), _certificate(t)):
        data.issue(t.stage, t.cast["port-control"], held)
        data.deposit(t.stage, t.cast["port-collector"], held)


@breach(Code.DATA_CERTIFICATE_BEHAVIOUR)
def other_behaviour(t: Teller) -> None:
    """Data is used for what was not authorised."""
    held = _certificate(t)
    data.issue(t.stage, t.cast["port-control"], held)
    data.deposit(t.stage, t.cast["port-collector"], held)
    data.exercise(t.stage, t.cast["port-user"], held, "营销推广")
    t.expect(Code.DATA_CERTIFICATE_BEHAVIOUR)


@trap(Code.DATA_CERTIFICATE_BEHAVIOUR)
def same_behaviour(t: Teller) -> None:
    """Data is used for what was authorised."""
    used_often(t)


@breach(Code.RECEIVABLE_PARTIES)
def anothers_invoice(t: Teller) -> None:
    """A claim rests on an invoice between others."""
    bill = t.bill()
    t.owed(bill, creditor=t.stranger().member)
    t.expect(Code.RECEIVABLE_PARTIES)


@trap(Code.RECEIVABLE_PARTIES)
def several_invoices(t: Teller) -> None:
    """A claim rests on several invoices of the same two companies."""
    seller, buyer = t.seller(), t.core()
    t.owed(t.bill(seller, buyer), t.bill(seller, buyer))


@breach(Code.RECEIVABLE_STATUS)
def confirmed_twice(t: Teller) -> None:
    """A claim is confirmed a second time."""
    claims.confirm(t.stage, t.claim(), "seal")
    t.expect(Code.RECEIVABLE_STATUS)


@trap(Code.RECEIVABLE_STATUS)
def confirmed_late(t: Teller) -> None:
    """A claim is confirmed after it was adjusted."""
    owed = t.claim(confirmed=False)
    claims.adjust(t.stage, owed.creditor, owed, -1_00, "discount")
    claims.confirm(t.stage, owed)


@breach(Code.RECEIVABLE_NEGATIVE)
def diluted_away(t: Teller) -> None:
    """More is taken off than was owed."""
    owed = t.claim()
    claims.adjust(t.stage, owed.creditor, owed, -owed.amount - 1, "return")
    t.expect(Code.RECEIVABLE_NEGATIVE)


@trap(Code.RECEIVABLE_NEGATIVE)
def returned_whole(t: Teller) -> None:
    """All of it is returned."""
    owed = t.claim()
    claims.adjust(t.stage, owed.creditor, owed, -owed.amount, "return")


@breach(Code.RECEIVABLE_OVERPAID)
def paid_too_much(t: Teller) -> None:
    """More is paid than was owed."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount + 1)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part])
    t.expect(Code.RECEIVABLE_OVERPAID)


@trap(Code.RECEIVABLE_OVERPAID)
def paid_in_parts(t: Teller) -> None:
    """Paid in two parts, after a discount."""
    owed = t.claim()
    claims.adjust(t.stage, owed.creditor, owed, -100, "discount")
    for amount in (owed.amount // 2, owed.amount - owed.amount // 2 - 100):
        claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [("receivable", owed.receivable, amount)])


@breach(Code.RECEIVABLE_EXCEEDS_INVOICES)
def more_than_invoiced(t: Teller) -> None:
    """A claim is larger than its invoice."""
    bill = t.bill()
    t.owed(bill, amount=bill.amount + 1)
    t.expect(Code.RECEIVABLE_EXCEEDS_INVOICES)


@trap(Code.RECEIVABLE_EXCEEDS_INVOICES)
def parts_of_an_invoice(t: Teller) -> None:
    """Two claims share an invoice, within it."""
    bill = t.bill()
    half = bill.amount // 2
    t.owed(bill, amount=half)
    t.owed(bill, amount=bill.amount - half)


@breach(Code.RECEIVABLE_SETTLED_UNPAID)
def said_to_be_paid(t: Teller) -> None:
    """A claim is declared paid, and is not."""
    owed = t.claim()
    claims.settle(t.stage, owed.creditor, owed, "payment")
    t.expect(Code.RECEIVABLE_SETTLED_UNPAID)


@trap(Code.RECEIVABLE_SETTLED_UNPAID)
def netted(t: Teller) -> None:
    """A claim is set off against another."""
    owed = t.claim()
    claims.settle(t.stage, owed.creditor, owed, "netting")
