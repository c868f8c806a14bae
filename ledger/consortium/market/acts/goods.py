"""Goods and orders: warehouse receipts 仓单, stock, and the orders of cross-border platforms 跨境订单."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.names import Goods
    from ledger.consortium.market.stage import Stage

__all__ = ["Order", "Receipt", "act", "issue", "lock", "place", "settle", "split", "stock"]


@dataclass(slots=True, kw_only=True)
class Receipt:
    """A warehouse receipt, its quantity in whole units."""

    receipt: str
    warehouse: Member
    location: str
    lot: str
    goods: Goods
    quantity: int
    owner: Member


@dataclass(slots=True, kw_only=True)
class Order:
    """An order of a cross-border platform; ``amount`` in fen."""

    order: str
    platform: Member
    buyer: Member
    seller: Member
    amount: int


def stock(stage: Stage, held: Receipt, quantity: int) -> Sent:
    """The warehouse says what the receipt's lot holds 库存."""
    return stage.write(
        held.warehouse,
        "stock.reported",
        warehouse=held.warehouse.member,
        location=held.location,
        lot=held.lot,
        goods=held.goods.name,
        quantity=str(quantity),
        unit=held.goods.unit,
        at=stage.today(),
    )


def issue(stage: Stage, warehouse: Member, owner: Member, goods: Goods, quantity: int, **changes: Any) -> Receipt:
    """The warehouse issues a receipt 开具仓单 for a new lot, or as ``changes`` say."""
    serial = stage.serial("lot")
    payload: dict[str, Any] = {
        "receipt": stage.named("WR"),
        "warehouse": warehouse.member,
        "location": f"{serial % 12 + 1}号库",
        "lot": f"LOT-{serial:06d}",
        "goods": goods.name,
        "quantity": str(quantity),
        "unit": goods.unit,
        "owner": owner.member,
        "date": stage.today(),
    }
    payload |= changes
    stage.write(warehouse, "warehouse_receipt.issued", **payload)
    return Receipt(
        receipt=payload["receipt"],
        warehouse=warehouse,
        location=payload["location"],
        lot=payload["lot"],
        goods=goods,
        quantity=quantity,
        owner=owner,
    )


def act(stage: Stage, by: Member, kind: str, held: Receipt, /, **stated: Any) -> Sent:
    """A receipt is transferred 转让, pledged 质押, released 解押 or cancelled 注销."""
    return stage.write(by, f"warehouse_receipt.{kind}", receipt=held.receipt, at=stage.today(), **stated)


def split(stage: Stage, held: Receipt, quantities: Sequence[int]) -> list[Receipt]:
    """The warehouse issues several receipts in the place of one 拆分."""
    made = [
        Receipt(
            receipt=stage.named("WR"),
            warehouse=held.warehouse,
            location=held.location,
            lot=held.lot,
            goods=held.goods,
            quantity=each,
            owner=held.owner,
        )
        for each in quantities
    ]
    parts = [{"receipt": each.receipt, "quantity": str(each.quantity)} for each in made]
    act(stage, held.warehouse, "split", held, parts=parts)
    return made


def place(
    stage: Stage, platform: Member, buyer: Member, seller: Member, amount: int, goods: str, **changes: Any
) -> Order:
    """The platform registers an order 订单."""
    serial = stage.serial("ORDER")
    payload: dict[str, Any] = {
        "order": f"ORD-{serial:07d}",
        "platform": platform.member,
        "buyer": buyer.member,
        "seller": seller.member,
        "amount": amount,
        "currency": "CNY",
        "date": stage.today(),
        "goods": goods,
        "customs_number": f"{stage.day:%Y}{serial:014d}",
    }
    payload |= changes
    stage.write(platform, "order.registered", **payload)
    return Order(order=payload["order"], platform=platform, buyer=buyer, seller=seller, amount=payload["amount"])


def lock(stage: Stage, by: Member, ordered: Order, financing: str | None = None) -> Sent:
    """A financier locks the order it finances 锁定."""
    return stage.write(by, "order.locked", order=ordered.order, by=by.member, financing=financing, at=stage.today())


def settle(stage: Stage, ordered: Order, payment: str | None = None, by: Member | None = None) -> Sent:
    """The buyer has paid for the order 结清."""
    return stage.write(by or ordered.platform, "order.settled", order=ordered.order, payment=payment, at=stage.today())
