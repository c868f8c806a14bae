"""Trouble with money and papers: payments, statements, the cash of a plan, its holders and its disclosures."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, goods
from ledger.consortium.market.acts.trade import digest
from ledger.consortium.market.names import GOODS
from ledger.consortium.market.trouble.small import UNITS, SmallPlan
from ledger.consortium.market.trouble.teller import NET, Teller, breach, trap
from ledger.finding import Code

if TYPE_CHECKING:
    from ledger.consortium.market.schedule import Process

__all__: list[str] = []


@breach(Code.PAYMENT_OVER_ALLOCATED)
def allocated_beyond(t: Teller) -> None:
    """A payment settles more than was paid."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part], amount=owed.amount - 1)
    t.expect(Code.PAYMENT_OVER_ALLOCATED)


@trap(Code.PAYMENT_OVER_ALLOCATED)
def allocated_less(t: Teller) -> None:
    """A payment settles less than was paid."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount)
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part], amount=owed.amount + 1)


@breach(Code.PAYMENT_PARTIES)
def paid_elsewhere(t: Teller) -> None:
    """A debtor pays a company that is owed nothing."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount)
    claims.pay(t.stage, t.settlement, owed.debtor, t.stranger(), [part])
    t.expect(Code.PAYMENT_PARTIES)


@trap(Code.PAYMENT_PARTIES)
def paid_to_clearing(t: Teller) -> None:
    """A debtor pays into the settlement account, for whoever is owed."""
    owed = t.claim()
    part = ("receivable", owed.receivable, owed.amount)
    claims.pay(t.stage, t.settlement, owed.debtor, t.settlement, [part])


def _ordered(t: Teller, amounts: tuple[int, ...]) -> None:
    merchant = t.chance.pick(t.cast.merchants)
    placed = goods.place(t.stage, t.cast["cross-border"], t.core(), merchant, NET, GOODS[2].name)
    for amount in amounts:
        claims.pay(t.stage, t.settlement, placed.buyer, merchant, [("order", placed.order, amount)], v=2)


@breach(Code.PAYMENT_OVERPAYS)
def order_paid_twice(t: Teller) -> None:
    """A buyer pays an order twice."""
    _ordered(t, (NET, NET))
    t.expect(Code.PAYMENT_OVERPAYS)


@trap(Code.PAYMENT_OVERPAYS)
def order_paid_in_two(t: Teller) -> None:
    """A buyer pays an order in two parts."""
    _ordered(t, (NET // 3, NET - NET // 3))


def _stated(t: Teller, account: str, opening: int, more: int = 0) -> None:
    t.stage.write(
        t.cast["supervising-bank"], "statement.recorded",
        **{"statement": t.stage.named("ST"), "account": account, "holder": t.cast["supervising-bank"].member,
           "from": (t.stage.day - timedelta(days=5)).isoformat(), "to": t.stage.today(), "opening": opening,
           "closing": opening + 50_00 + more, "credits": 80_00, "debits": 30_00,
           "entries_digest": digest(account, t.stage.today())},
    )  # fmt: skip


@breach(Code.STATEMENT_TOTAL)
def does_not_add_up(t: Teller) -> None:
    """A statement does not add up."""
    _stated(t, t.stage.named("ACC"), 0, 1)
    t.expect(Code.STATEMENT_TOTAL)


@trap(Code.STATEMENT_TOTAL)
def overdrawn(t: Teller) -> None:
    """A statement of an overdrawn account adds up."""
    _stated(t, t.stage.named("ACC"), -1_000_00)


def _two_statements(t: Teller, more: int) -> Process:
    account = t.stage.named("ACC")
    _stated(t, account, 0)
    yield t.later(8)
    _stated(t, account, 50_00 + more)


@breach(Code.STATEMENT_GAP)
def opens_elsewhere(t: Teller) -> Process:
    """A statement does not open where the one before closed."""
    yield from _two_statements(t, 1)
    t.expect(Code.STATEMENT_GAP)


@trap(Code.STATEMENT_GAP)
def opens_there(t: Teller) -> Process:
    """It opens there, some days later."""
    yield from _two_statements(t, 0)


@breach(Code.COLLECTION_TOTAL)
def items_missing(t: Teller) -> None:
    """A collection is more than its items."""
    small = SmallPlan(t)
    first = small.pool[0]
    small.collect([(small.paid(first), first.receivable, first.amount)], first.amount + 1)
    t.expect(Code.COLLECTION_TOTAL)


@trap(Code.COLLECTION_TOTAL)
def several_items(t: Teller) -> None:
    """A collection of several items."""
    small = SmallPlan(t, 3)
    small.collect([(small.paid(each), each.receivable, each.amount) for each in small.pool])


@breach(Code.COLLECTION_NOT_IN_POOL)
def not_in_pool(t: Teller) -> None:
    """A collection on a claim that the pool does not hold."""
    small = SmallPlan(t)
    other = small.claim()
    part = ("receivable", other.receivable, other.amount)
    payment = claims.pay(t.stage, t.settlement, other.debtor, other.creditor, [part])
    small.collect([(payment, other.receivable, other.amount)])
    t.expect(Code.COLLECTION_NOT_IN_POOL)


@trap(Code.COLLECTION_NOT_IN_POOL)
def in_pool(t: Teller) -> None:
    """A collection on the day the pool was filled."""
    small = SmallPlan(t)
    small.collected(small.pool[0])


@breach(Code.COLLECTION_EXCEEDS_PAYMENT)
def collected_twice(t: Teller) -> None:
    """One payment is collected twice."""
    small = SmallPlan(t)
    first = small.pool[0]
    payment = small.paid(first)
    for _ in range(2):
        small.collect([(payment, first.receivable, first.amount)])
    t.expect(Code.COLLECTION_EXCEEDS_PAYMENT)


@trap(Code.COLLECTION_EXCEEDS_PAYMENT)
def collected_in_two(t: Teller) -> None:
    """One payment is collected in two parts."""
    small = SmallPlan(t)
    first = small.pool[0]
    payment = small.paid(first)
    for amount in (1_00, first.amount - 1_00):
        small.collect([(payment, first.receivable, amount)])


@breach(Code.REMITTANCE_TWICE)
def passed_on_twice(t: Teller) -> None:
    """A collection is passed on twice; the second time nothing stands behind it."""
    small = SmallPlan(t)
    collected = small.collected(small.pool[0])
    small.remit([collected])
    small.remit([collected])
    t.expect(Code.REMITTANCE_TWICE, Code.REMITTANCE_EXCEEDS)


@trap(Code.REMITTANCE_TWICE)
def passed_on_in_turn(t: Teller) -> None:
    """Two collections are passed on, each once."""
    small = SmallPlan(t)
    for each in small.pool:
        small.remit([small.collected(each)])


@breach(Code.REMITTANCE_EXCEEDS)
def passed_on_too_much(t: Teller) -> None:
    """More is passed on than was collected."""
    small = SmallPlan(t)
    name, amount = small.collected(small.pool[0])
    small.remit([(name, amount)], amount + 1)
    t.expect(Code.REMITTANCE_EXCEEDS)


@trap(Code.REMITTANCE_EXCEEDS)
def passed_on_less(t: Teller) -> None:
    """Less is passed on: the servicer keeps its fee."""
    small = SmallPlan(t)
    name, amount = small.collected(small.pool[0])
    small.remit([(name, amount)], amount - 1_00)


def _distributed(t: Teller, more: int) -> None:
    small = SmallPlan(t)
    name, amount = small.collected(small.pool[0])
    small.remit([(name, amount)])
    small.distribute(amount - 1_00, 1_00 + more)


@breach(Code.DISTRIBUTION_EXCEEDS_CASH)
def distributed_too_much(t: Teller) -> None:
    """More is distributed than there is."""
    _distributed(t, 1)
    t.expect(Code.DISTRIBUTION_EXCEEDS_CASH)


@trap(Code.DISTRIBUTION_EXCEEDS_CASH)
def distributed_all(t: Teller) -> None:
    """All there is is distributed."""
    _distributed(t, 0)


def _repaid(t: Teller, principal: int) -> None:
    small = SmallPlan(t)
    name, amount = small.collected(small.claim_in_pool(UNITS * 200_00))
    small.remit([(name, amount)])
    small.distribute(principal)


@breach(Code.DISTRIBUTION_EXCEEDS_PRINCIPAL)
def repaid_too_much(t: Teller) -> None:
    """More principal is repaid than is outstanding."""
    _repaid(t, UNITS * 100_00 + 1)
    t.expect(Code.DISTRIBUTION_EXCEEDS_PRINCIPAL)


@trap(Code.DISTRIBUTION_EXCEEDS_PRINCIPAL)
def repaid_all(t: Teller) -> None:
    """All principal is repaid."""
    _repaid(t, UNITS * 100_00)


def _called(t: Teller, paid: int, by: str = "originator") -> None:
    small, call = SmallPlan(t, 0), t.stage.named("CALL")
    small.dated("manager", "shortfall.called", call=call, payer=small.originator.member, amount=NET)
    payment = claims.pay(t.stage, t.settlement, getattr(small, by), small.custodian, [], amount=paid)
    small.dated("custodian", "shortfall.paid", shortfall=t.stage.named("SF"), call=call, amount=paid, payment=payment)


@breach(Code.SHORTFALL_OVER_PAID)
def made_up_too_much(t: Teller) -> None:
    """More is paid on a call than it asks for."""
    _called(t, NET + 1)
    t.expect(Code.SHORTFALL_OVER_PAID)


@trap(Code.SHORTFALL_OVER_PAID)
def made_up(t: Teller) -> None:
    """What was called for is paid."""
    _called(t, NET)


@breach(Code.SHORTFALL_PAYER)
def made_up_by_another(t: Teller) -> None:
    """Another pays than was called on."""
    _called(t, NET, "buyer")
    t.expect(Code.SHORTFALL_PAYER)


@trap(Code.SHORTFALL_PAYER)
def made_up_in_part(t: Teller) -> None:
    """Who was called on pays a part."""
    _called(t, NET // 2)


def _holders(t: Teller, *units: int) -> None:
    small = SmallPlan(t)
    held = [{"investor": each.member, "units": part} for each, part in zip(t.cast.investors, units, strict=False)]
    small.at("custodian", "holdings.reported", tranche="A", holders=held)


@breach(Code.HOLDINGS_TOTAL)
def too_many_units(t: Teller) -> None:
    """Holders hold more units than there are."""
    _holders(t, UNITS, 1)
    t.expect(Code.HOLDINGS_TOTAL)


@trap(Code.HOLDINGS_TOTAL)
def all_units(t: Teller) -> None:
    """Three holders hold all units."""
    _holders(t, UNITS - 300, 200, 100)


def _filed(t: Teller, small: SmallPlan, supersedes: str | None = None) -> str:
    name = t.stage.named("DISC")
    small.write(
        "manager", "disclosure.filed", disclosure=name, report=small.plan, kind="annual", period=None,
        package_digest=digest(name), signer=small.manager.member, supersedes=supersedes,
    )  # fmt: skip
    return name


@breach(Code.DISCLOSURE_SUPERSEDES)
def supersedes_anothers(t: Teller) -> None:
    """A disclosure takes the place of another plan's."""
    other = _filed(t, SmallPlan(t))
    _filed(t, SmallPlan(t), other)
    t.expect(Code.DISCLOSURE_SUPERSEDES)


@trap(Code.DISCLOSURE_SUPERSEDES)
def corrected(t: Teller) -> None:
    """A disclosure is corrected, and the correction too."""
    small, name = SmallPlan(t), None
    for _ in range(3):
        name = _filed(t, small, name)


def _answered(t: Teller, *by: str) -> None:
    name = _filed(t, SmallPlan(t))
    for exchange in by:
        t.stage.write(
            t.cast[exchange], "disclosure.acknowledged", disclosure=name, exchange=exchange, accepted=False,
            reason="格式不符", at=t.stage.today(),
        )  # fmt: skip


@breach(Code.DISCLOSURE_ACKNOWLEDGED)
def other_venue(t: Teller) -> None:
    """Another exchange answers than the plan's venue."""
    _answered(t, "szse")
    t.expect(Code.DISCLOSURE_ACKNOWLEDGED)


@trap(Code.DISCLOSURE_ACKNOWLEDGED)
def sent_back(t: Teller) -> None:
    """The venue sends a disclosure back."""
    _answered(t, "sse")
