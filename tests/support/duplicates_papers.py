"""Stories of claims on one asset: pools, certificates, red invoices, payments, registrations."""

from __future__ import annotations

from typing import Any

from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, story

HIGH, MEDIUM, LOW = Level.HIGH, Level.MEDIUM, Level.LOW


# double_pool


@story
def two_plans(d: Desk) -> Any:
    d.asset()
    d.assign("P", "supplier")
    d.block()
    d.assign("Q", "supplier")
    twice = d.block(3)
    d.pay()
    paid = d.block()
    d.buy_back("P", "supplier")
    return {"double_pool": [(twice, HIGH), (paid, MEDIUM), (d.block(), None)]}


@story
def one_piece_in_two_plans(d: Desk) -> Any:
    d.asset()
    output = d.sell(d.certify(), "factor")
    d.assign("P", "factor", "R", output)
    d.block()
    d.assign("Q", "factor", "R", output)
    return {"double_pool": [(d.block(), HIGH)]}


@story
def one_invoice_in_two_plans(d: Desk) -> Any:
    """Two claims for the whole of one invoice, each in its own pool."""
    d.asset()
    d.receivable("R2", "I")
    d.assign("P", "supplier", "R")
    d.block()
    d.assign("Q", "supplier", "R2")
    return {"double_pool": [(d.block(), HIGH)]}


@story
def bought_back_before(d: Desk) -> None:
    """It leaves one pool and enters another within one block, and comes back later."""
    d.asset()
    d.assign("P", "supplier")
    d.block(5)
    d.buy_back("P", "supplier")
    d.assign("Q", "supplier")
    d.block(5)
    d.buy_back("Q", "supplier")
    d.assign("P", "supplier")
    d.block()


@story
def two_pieces_in_two_plans(d: Desk) -> None:
    d.asset()
    bought = [d.sell(d.certify(amount), "factor", amount=amount) for amount in (50_000, 63_000)]
    d.block()
    for plan, output in zip(("P", "Q"), bought, strict=True):
        d.assign(plan, "factor", "R", output)
    d.block()


@story
def two_plans_tied_to_a_large_one(d: Desk) -> Any:
    """Two claims on one invoice in two pools, beside a large invoice that a receivable of one fen ties to it."""
    d.asset()
    d.receivable("R2", "I")
    d.invoice("J", amount_excluding_tax=10_000_000, tax=1_300_000, amount_including_tax=11_300_000)
    d.receivable("R9", "I", "J", amount=1)
    d.assign("P", "supplier", "R")
    d.block()
    d.assign("Q", "supplier", "R2")
    return {"double_pool": [(d.block(), HIGH)]}


# certificate_double_spend


@story
def spent_again(d: Desk) -> Any:
    """A piece is handed on, and days later sold."""
    d.asset()
    output = d.certify()
    d.hand_on(output, "tier2")
    d.block(3)
    d.sell(output, "factor")
    return {"certificate_double_spend": [(d.block(), HIGH)]}


@story
def grown(d: Desk) -> Any:
    d.asset()
    output = d.certify()
    d.block()
    d.move("supplier", "split", [output], [(100_000, "supplier"), (50_000, "supplier")])
    return {"certificate_double_spend": [(d.block(), HIGH)]}


@story
def issued_beyond(d: Desk) -> Any:
    d.asset()
    d.certify()
    d.block()
    d.certify(1)
    return {"certificate_double_spend": [(d.block(), HIGH)]}


@story
def spent_and_pooled(d: Desk) -> Any:
    """A piece that was handed on comes into a pool. The plan has not got what another holds."""
    d.asset()
    output = d.sell(d.certify(), "factor")
    d.hand_on(output, "tier2", "factor")
    d.block()
    d.assign("P", "factor", "R", output)
    pooled = d.block()
    return {"certificate_double_spend": [(pooled, HIGH)], "cross_instrument": [(pooled, HIGH)]}


@story
def within_a_block(d: Desk) -> None:
    d.asset()
    held = d.hand_on(d.certify(), "tier2")
    first, _ = d.move("tier2", "split", [held], [(50_000, "tier2"), (63_000, "tier2")])
    d.sell(first, "factor", "tier2", 50_000)
    d.block()


@story
def given_up_and_issued_anew(d: Desk) -> None:
    d.asset()
    output = d.certify()
    d.block()
    d.book.say("supplier", "certificate.cancelled", {"inputs": [output], "by": "supplier", "reason": "换开"})
    d.certify()
    d.block()


@story
def more_pieces_join(d: Desk) -> None:
    """A piece joins one that the pool holds and that was redeemed meanwhile."""
    d.asset()
    first, second = (d.sell(d.certify(amount), "factor", amount=amount) for amount in (50_000, 63_000))
    d.assign("P", "factor", "R", first)
    d.block(5)
    d.pay(50_000)
    d.book.say("settlement", "certificate.redeemed", {"inputs": [first], "payment": d.of("PAY")})
    d.block()
    d.assign("P", "factor", "R", second)
    d.block()


# red_after_finance


@story
def red_then_reissued(d: Desk) -> Any:
    """Red-flushed while money is out, issued anew, repaid."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block(5)
    d.mark("red_flushed")
    red = d.block(2)
    d.note("RED", -100_000, "I")
    told = d.block()
    d.note("NEW", 100_000, "RED")
    anew = d.block(5)
    d.mark("voided", "NEW")
    gone = d.block(2)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    return {"red_after_finance": [(red, HIGH), (told, HIGH), (anew, None), (gone, HIGH), (d.block(), None)]}


@story
def voided_beneath_a_piece(d: Desk) -> Any:
    """An invoice is voided under a certificate that a factor bought."""
    d.asset()
    d.sell(d.certify(), "factor")
    d.block()
    d.mark("voided")
    return {"red_after_finance": [(d.block(), HIGH)]}


@story
def one_of_three_is_red(d: Desk) -> Any:
    """The loan is small enough for the two that are left."""
    for name in ("A", "B", "C"):
        d.invoice(name)
    d.receivable("R", "A", "B", "C")
    d.lend("F1", "bank", ("receivable", "R"), amount=FACE)
    d.block()
    d.mark("red_flushed", "B")
    return {"red_after_finance": [(d.block(), MEDIUM)]}


@story
def partly_red(d: Desk) -> Any:
    """A red invoice takes off a part: first the rest covers the loan, with the second one it does not."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"), amount=90_000)
    d.block()
    d.note("RED1", -10_000, "I")
    d.block()
    d.note("RED2", -20_000, "I")
    short = d.block()
    return {"red_after_finance": [(short, HIGH)], "over_financed": [(short, LOW)]}


@story
def partly_red_beneath_two_loans(d: Desk) -> Any:
    """One bank lends on two parts; what is left would do for the first of them alone."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R", 40_000), amount=40_000)
    d.lend("F2", "bank", ("receivable", "R", 60_000), amount=60_000)
    d.block()
    d.note("RED", -40_000, "I")
    short = d.block()
    return {"red_after_finance": [(short, HIGH)], "over_financed": [(short, LOW)]}


@story
def red_after_release(d: Desk) -> None:
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block(5)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    d.mark("red_flushed")
    d.block()


@story
def paid_in_the_pool_then_red(d: Desk) -> None:
    """A plan's asset was paid; the goods went back afterwards."""
    d.asset()
    d.assign("P", "supplier")
    d.block()
    d.pay()
    d.block(5)
    d.mark("red_flushed")
    d.block()


# settled_reuse


@story
def financed_after_payment(d: Desk) -> Any:
    d.asset()
    d.pay()
    d.block(4)
    d.lend("F1", "bank", ("invoice", "I"))
    lent = d.block()
    d.release("F1", "bank")
    over = d.block()
    return {"settled_reuse": [(lent, HIGH), (over, None)], "over_financed": [(lent, HIGH), (over, None)]}


@story
def paid_before_told_after(d: Desk) -> Any:
    """The debtor had paid the week before the loan; the payment is recorded a week after it."""
    d.asset()
    before = d.today
    d.block(7)
    d.lend("F1", "bank", ("receivable", "R"))
    d.block(7)
    d.pay(on=before)
    return {"settled_reuse": [(d.block(), HIGH)]}


@story
def set_off_and_pooled(d: Desk) -> Any:
    """What was set off is sold to a plan."""
    d.asset()
    at = d.today.isoformat()
    d.book.say(
        "supplier", "receivable.settled", {"receivable": d.of("R"), "at": at, "method": "netting", "payment": None}
    )
    d.block()
    d.assign("P", "supplier")
    return {"settled_reuse": [(d.block(), HIGH)]}


@story
def drawn_after_payment(d: Desk) -> Any:
    """A loan was agreed, the debtor paid, and then the money went out. Until it does, nothing is wrong."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"), drawn=False)
    d.block()
    d.pay()
    d.block(2)
    d.act("F1", "bank", "disbursed", payment=None, amount=FACE * 8 // 10)
    return {"settled_reuse": [(d.block(), HIGH)]}


@story
def rest_financed(d: Desk) -> None:
    d.asset()
    d.pay(40_000)
    d.block(2)
    d.lend("F1", "bank", ("receivable", "R"), amount=60_000)
    d.block()


@story
def paid_the_same_day(d: Desk) -> None:
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.block()
    d.pay()
    d.block()


# priority_conflict


@story
def filed_twice(d: Desk) -> Any:
    """The second bank had searched before the first one filed."""
    d.asset()
    d.search("S1", "bank2", "R")
    d.block(2)
    d.file("Z1", "bank", ("receivable", "R"))
    d.block(3)
    d.file("Z2", "bank2", ("invoice", "I"))
    twice = d.block(3)
    d.cancel("Z1", "bank")
    return {"priority_conflict": [(twice, HIGH), (d.block(), None)]}


@story
def filed_knowing(d: Desk) -> Any:
    """The second bank found the first and filed behind it, without a word of agreement."""
    d.asset()
    d.file("Z1", "bank", ("receivable", "R"))
    d.block(3)
    d.search("S1", "bank2", "R", "Z1")
    d.block()
    d.file("Z2", "bank2", ("receivable", "R"))
    return {"priority_conflict": [(d.block(), LOW)]}


@story
def named_by_chance(d: Desk) -> Any:
    """The first registration's number is one sign, which any description has."""
    d.asset()
    d.file("Z1", "bank", ("receivable", "R"), registration="1")
    d.block()
    d.file("Z2", "bank2", ("receivable", "R"), description="2026年1季度应收账款")
    return {"priority_conflict": [(d.block(), HIGH)]}


@story
def agreed_second_rank(d: Desk) -> None:
    d.asset()
    d.file("Z1", "bank", ("receivable", "R"))
    d.block()
    d.search("S1", "bank2", "R", "Z1")
    d.file("Z2", "bank2", ("receivable", "R"), description=f"第二顺位质权，在先登记{d.of('Z1')}")
    d.block()


@story
def expired_before(d: Desk) -> None:
    d.asset()
    d.file("Z1", "bank", ("receivable", "R"), expires_at=d.today.isoformat())
    d.block(5)
    d.file("Z2", "bank2", ("receivable", "R"))
    d.block()
