"""More of what only looks like duplicate financing: lawful ways to lend, to pool and to correct, told beside the first.

Every trap of the patterns of claims and papers has its story here or in ``patterns``; those of goods and trade are in
``patterns_goods``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, financing, goods, trade
from ledger.consortium.market.names import GOODS
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.trouble.patterns import RATE, finance, into_another
from ledger.consortium.market.trouble.small import SmallPlan
from ledger.consortium.market.trouble.teller import NET, TENOR, Teller, trap

if TYPE_CHECKING:
    from ledger.consortium.market.schedule import Process

__all__: list[str] = []


@trap("exact_reuse")
def syndicate(t: Teller) -> None:
    """Two banks lend on parts of a claim that they state."""
    owed = t.claim()
    for lender, share in zip(t.two(t.cast.banks), (50, 40), strict=True):
        part = {"kind": "receivable", "id": owed.receivable, "amount": owed.amount * share // 100}
        finance(t, owed, lender, share, collateral=[part])


@trap("exact_reuse")
def assigned_in_parts(t: Teller) -> None:
    """An invoice is two claims, each financed by a bank of its own."""
    bill = t.bill()
    half = bill.amount // 2
    for lender, amount in zip(t.two(t.cast.banks), (half, bill.amount - half), strict=True):
        finance(t, t.confirmed(bill, amount=amount), lender, 90)


@trap("exact_reuse")
def sent_twice(t: Teller) -> None:
    """A bank's system opens one loan twice, and pays out once."""
    owed, bank = t.claim(), t.bank()
    opened = [
        financing.open_(
            t.stage, "receivable_discount", owed.creditor, bank, [("receivable", owed.receivable)],
            owed.amount * 8 // 10, RATE, owed.due,
        )
        for _ in range(2)
    ]  # fmt: skip
    financing.disburse(t.stage, t.chance.pick(opened))
    t.about(f"receivable {owed.receivable}")


@trap("over_financed")
def up_to_the_tax(t: Teller) -> None:
    """Loans come to more than an invoice without its tax, and to less than with it."""
    owed, bank = t.claim(), t.bank()
    finance(t, owed, bank, 60)
    finance(t, owed, bank, 36)


@trap("over_financed")
def in_another_currency(t: Teller) -> None:
    """A bank lends yuan twice on an order in dollars, in figures above its own and within its value."""
    merchant, bank = t.chance.pick(t.cast.merchants), t.bank()
    placed = goods.place(t.stage, t.cast["cross-border"], t.core(), merchant, NET, GOODS[2].name, currency="USD")
    for _ in range(2):
        maturity = days_after(t.stage.day, TENOR)
        made = financing.open_(
            t.stage, "pre_shipment", merchant, bank, [("order", placed.order)], NET * 3, RATE, maturity
        )
        financing.disburse(t.stage, made)
    t.about(f"order {placed.order}")


@trap("over_financed")
def retention_left(t: Teller) -> Process:
    """All but the retention money was paid, and a bank lends on that."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount * 95 // 100)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part])
    yield t.later(5)
    finance(t, owed, t.bank(), 4)


@trap("altered_document")
def written_twice(t: Teller) -> None:
    """A paper invoice is registered twice, its number written in two ways, and financed once."""
    serial = t.stage.serial("paper")
    first = t.bill(number=f"0607{serial:05d}001", code="3100201130", type="vat_special")
    again = t.bill(first.seller, first.buyer, number=f"0607{serial:05d}/001", code="3100201130", type="vat_special")
    for each in (first, again):
        trade.verify(t.stage, t.cast["verifier"], each, tax_authority_amount=each.net)
    finance(t, t.confirmed(t.chance.pick((first, again))), t.bank(), 80)


@trap("inflated_face")
def aggregated(t: Teller) -> None:
    """One record stands for three invoices and names them; the tax authority answers for the first."""
    seller, buyer = t.seller(), t.core()
    parts = [t.bill(seller, buyer) for _ in range(3)]
    whole = t.bill(seller, buyer, NET * 3, refers_to=[each.invoice for each in parts])
    trade.verify(t.stage, t.cast["verifier"], whole, tax_authority_amount=parts[0].amount)
    finance(t, t.confirmed(whole), t.bank(), 80)


@trap("cross_instrument")
def refinanced_by_a_bank(t: Teller) -> Process:
    """A factor bought a certificate, and pledges it to a bank, which files that."""
    piece, factor, bank = t.piece(), t.cast.factors[0], t.bank()
    held, _ = claims.finance(t.stage, [piece], factor, RATE)
    yield t.later(6)
    thing = ("output", held[0].output)
    made = financing.open_(t.stage, "factoring", factor, bank, [thing], piece.amount * 8 // 10, RATE, piece.due)
    financing.disburse(t.stage, made)
    financing.file(t.stage, "pledge", bank, factor, [thing])


@trap("double_pool")
def exchanged(t: Teller) -> Process:
    """A claim is exchanged for another one in a pool, and sold to another plan on the same day."""
    yield from into_another(t, "substituted")


@trap("double_pool")
def nested(t: Teller) -> None:
    """A plan's pool holds what another plan's manager owes; beneath that are the claims of the other's own pool."""
    first, second = SmallPlan(t), SmallPlan(t, 0)
    second.assign([t.unbilled(second.originator, first.manager)])


@trap("red_after_finance")
def reissued_at_once(t: Teller) -> Process:
    """It is red-flushed while the money is out, and issued anew on that day with the same value, naming the old one."""
    owed = t.claim()
    bill = owed.bills[0]
    finance(t, owed, t.bank(), 80, t.chance.pick(("invoice", "receivable")))
    yield t.later(15)
    red = t.bill(bill.seller, bill.buyer, -bill.net, refers_to=[bill.invoice])
    t.bill(bill.seller, bill.buyer, bill.net, refers_to=[bill.invoice])
    trade.mark(t.stage, t.cast["verifier"], bill, "red_flushed", red.invoice)


@trap("red_after_finance")
def partly_red(t: Teller) -> Process:
    """A red invoice takes a tenth back, and what was lent is within the rest."""
    owed = t.claim()
    bill = owed.bills[0]
    finance(t, owed, t.bank(), 80)
    yield t.later(15)
    t.bill(bill.seller, bill.buyer, -bill.net // 10, refers_to=[bill.invoice])
    claims.adjust(t.stage, owed.creditor, owed, -owed.amount // 10, "return")
