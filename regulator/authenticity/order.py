"""The third step: order in time (时序校验), with what honest trade does out of order.

Of several papers of one kind the first counts, so that partial deliveries and repeated orders are in order. A contract
that was renewed or amended counts from its first date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from ledger.fact import Fact
from regulator.authenticity.background import CUSTOMS, Paper, Trade
from regulator.authenticity.outcome import Check, Item, failed, passed

__all__ = ["EDGES", "PAPERS", "Edge", "order_checks"]


class Edge(NamedTuple):
    """``earlier`` comes no more than ``days`` after ``later``; ``why`` honest trade may be so (Chinese, English)."""

    name: str
    earlier: str
    later: str
    days: int
    bears: Item
    why: tuple[str, str]


EDGES: Final = (
    Edge("contract-then-order", "contract", "order", 30, Item.CONTRACT,
         ("先下单后补签合同", "the order goes out while the contract is being signed")),
    Edge("contract-then-delivery", "contract", "delivery", 90, Item.CONTRACT,
         ("框架续签期间照常发货", "deliveries go on while a frame contract is renewed")),
    Edge("contract-then-invoice", "contract", "invoice", 30, Item.CONTRACT,
         ("开票后补签合同", "the contract is signed after the first invoice")),
    Edge("contract-then-payment", "contract", "payment", 30, Item.CONTRACT,
         ("预付款先于签约", "a down payment goes before the contract")),
    Edge("order-then-delivery", "order", "delivery", 180, Item.DELIVERY,
         ("寄售、供应商管理库存：货先到库，用时下单", "consignment, VMI: the goods are there before the order")),
    Edge("order-then-invoice", "order", "invoice", 90, Item.CONTRACT,
         ("订单后补录入", "orders are written down later")),
    Edge("delivery-then-invoice", "delivery", "invoice", 180, Item.DELIVERY,
         ("先票后货", "the invoice goes before the goods")),
    Edge("customs-then-invoice", "customs", "invoice", 180, Item.CUSTOMS,
         ("先票后报关", "the invoice goes before the declaration")),
    Edge("invoice-then-claim", "invoice", "registered", 90, Item.INVOICE,
         ("未来应收账款先登记后开票", "a future receivable is registered before it is invoiced")),
    Edge("invoice-then-confirmation", "invoice", "confirmed", 90, Item.CONFIRMATION,
         ("暂估确权后开票", "the debtor confirms by an estimate and is invoiced later")),
    Edge("invoice-then-due", "invoice", "due", 90, Item.INVOICE,
         ("货款到期后才补开发票", "what was due is invoiced late")),
)  # fmt: skip
"""What comes before what, and how many days out of order are still honest."""

PAPERS: Final = {"contract": "contract", "order": "order", "waybill": "delivery", CUSTOMS: "customs"}
"""By type of document: the place it has in the order."""

Dated = dict[str, tuple[date, Fact]]


def order_checks(trade: Trade) -> Iterator[Check]:
    """Yield what the dates of a trade say; nothing of what it does not have."""
    dated = _dated(trade)
    thing = f"receivable {trade.receivable.id}"
    for edge in EDGES:
        if edge.earlier not in dated or edge.later not in dated:
            continue
        (first, one), (second, other) = dated[edge.earlier], dated[edge.later]
        if (first - second).days <= edge.days:
            yield passed(edge.name, edge.bears, thing, one, other)
        else:
            yield failed(
                edge.name, edge.bears, thing, "out-of-order", one, other, earlier=edge.earlier, later=edge.later,
                earlier_on=first, later_on=second, days=(first - second).days, allowed=edge.days,
            )  # fmt: skip


def _dated(trade: Trade) -> Dated:
    """Return by place in the order: its first day, and the fact that states it."""
    owed, found = trade.receivable, _papers(trade.papers)

    def first(place: str, day: date | None, fact: Fact) -> None:
        if day is not None and (place not in found or day < found[place][0]):
            found[place] = day, fact

    for order in trade.orders:
        first("order", order.ordered_on, order)
    for invoice in trade.invoices:
        first("invoice", invoice.issued, invoice)
    for paid in trade.paid:
        first("payment", paid.settlement.paid_on, paid.settlement)
    first("registered", owed.registered_on, owed)
    if trade.confirmed is not None:
        first("confirmed", trade.confirmed.confirmed_on, trade.confirmed)
    first("due", owed.due, owed)
    return found


def _papers(papers: tuple[Paper, ...]) -> Dated:
    found: Dated = {}
    for paper in papers:
        place = PAPERS.get(paper.document.type)
        if place is not None and paper.active and (place not in found or paper.dated_on < found[place][0]):
            found[place] = paper.dated_on, paper.document
    return found
