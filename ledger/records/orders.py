"""Orders of cross-border platforms (跨境订单): registered, locked for a financier, settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.facts import Member, Payment, TradeOrder
from ledger.finding import Code
from ledger.records.base import Amount, Currency, Day, Id, Need, Payload, Reference, Role, Text, record_kind
from ledger.records.paths import Paths, follow, since

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["OrderLocked", "OrderRegistered", "OrderSettled"]

_PATHS: Paths = {"registered": {"locked", "settled"}, "locked": {"settled"}, "settled": set()}


@record_kind("order.registered", by=[Role.CUSTOMS_PLATFORM, Role.PLATFORM])
class OrderRegistered(Payload):
    """A platform registers an order of its own (订单登记)."""

    order: Id
    platform: Id
    buyer: Id
    seller: Id
    amount: Amount
    currency: Currency
    date: Day
    goods: Text
    customs_number: Id | None = None

    def references(self) -> list[Reference]:
        members = dict.fromkeys((self.platform, self.buyer, self.seller))
        return [Reference(TradeOrder, self.order, Need.NEW), *(Reference(Member, member) for member in members)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.platform, act=f"registers an order of {self.platform}")
        facts.dated("an order is placed before it is registered", self.date, facts.record.business_day)
        facts.add(
            TradeOrder(
                id=self.order,
                platform=self.platform,
                buyer=self.buyer,
                seller=self.seller,
                amount=self.amount,
                currency=self.currency,
                ordered_on=self.date,
                goods=self.goods,
                customs_number=self.customs_number,
                changed_on=since(facts, self.date),
            )
        )


@record_kind("order.locked", by=[Role.BANK, Role.FACTOR, Role.PLATFORM, Role.CUSTOMS_PLATFORM])
class OrderLocked(Payload):
    """A financier locks an order it finances (锁定), or the order's platform does for it."""

    order: Id
    by: Id
    financing: Id | None = None
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(TradeOrder, self.order, Need.ESSENTIAL), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        if order := facts.current(TradeOrder, self.order):
            facts.by_party(self.by, order.platform, act=f"locks an order for {self.by}")
            changed_on = follow(facts, order, self.at, _PATHS, Code.ORDER_STATUS)
            facts.begin(
                order.changed(status="locked", locked_by=self.by, financing=self.financing, changed_on=changed_on)
            )


@record_kind("order.settled", by=[Role.CUSTOMS_PLATFORM, Role.PLATFORM, Role.SETTLEMENT])
class OrderSettled(Payload):
    """The buyer has paid for an order (结清)."""

    order: Id
    payment: Id | None = None
    at: Day

    def references(self) -> list[Reference]:
        paid = [] if self.payment is None else [Reference(Payment, self.payment)]
        return [Reference(TradeOrder, self.order, Need.ESSENTIAL), *paid]

    def project(self, facts: Projection) -> None:
        order = facts.current(TradeOrder, self.order)
        if order is None:
            return
        if facts.sender is not None and Role.SETTLEMENT not in facts.sender.roles:
            facts.by_party(order.platform, act=f"settles an order of {order.platform}")
        changed_on = follow(facts, order, self.at, _PATHS, Code.ORDER_STATUS)
        facts.begin(order.changed(status="settled", payment=self.payment, changed_on=changed_on))
