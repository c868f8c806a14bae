"""Goods in a warehouse: receipts for them (仓单) issued, passed on, pledged, split; and the stock that is there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from ledger.facts import Member, Receipt, Stock
from ledger.finding import Code
from ledger.records.base import (
    Day,
    Id,
    Lookup,
    Need,
    Part,
    Payload,
    Quantity,
    Reference,
    Role,
    Text,
    canonical,
    record_kind,
)
from ledger.records.paths import Paths, follow, since

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "ReceiptCancelled",
    "ReceiptIssued",
    "ReceiptPart",
    "ReceiptPledged",
    "ReceiptReleased",
    "ReceiptSplit",
    "ReceiptTransferred",
    "StockReported",
]

MAX_PARTS = 1_000  # of one split: their quantities still add up exactly in 28 digits

_PATHS: Paths = {
    "held": {"transferred", "pledged", "split", "cancelled"},
    "pledged": {"released"},
    "split": set(),
    "cancelled": set(),
}


def _stock_id(warehouse: str, location: str, lot: str) -> str:
    """Return the id of a lot's stock: names may hold any sign, so they are kept apart as JSON does."""
    return canonical([warehouse, location, lot]).decode()


def _matched(facts: Projection, stock: Stock, receipt: Receipt, other: int) -> None:
    """Report a receipt for other goods, or in another unit, than the warehouse says its lot holds."""
    if (stock.goods, stock.unit) != (receipt.goods, receipt.unit):
        facts.finding(
            Code.STOCK_MISMATCH,
            f"Lot {stock.lot} holds {stock.goods} in {stock.unit}, and its receipt is for {receipt.goods} in "
            f"{receipt.unit}",
            subject=f"receipt {receipt.id}",
            others=[other],
            stock=str(stock.quantity),
            receipt=str(receipt.quantity),
        )


@record_kind("warehouse_receipt.issued", by=[Role.WAREHOUSE])
class ReceiptIssued(Payload):
    """The warehouse issues a receipt for goods it holds (开具仓单)."""

    receipt: Id
    warehouse: Id
    location: Id
    lot: Id
    goods: Text
    quantity: Quantity
    unit: Id
    owner: Id
    date: Day

    @property
    def stock(self) -> str:
        """The lot it is for."""
        return _stock_id(self.warehouse, self.location, self.lot)

    def references(self) -> list[Reference]:
        return [
            Reference(Receipt, self.receipt, Need.NEW),
            Reference(Member, self.warehouse),
            Reference(Member, self.owner),
            Reference(Stock, self.stock, Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.warehouse, act=f"issues a receipt of {self.warehouse}")
        facts.dated("a receipt is issued before it is recorded", self.date, facts.record.business_day)
        receipt = Receipt(
            id=self.receipt,
            stock=self.stock,
            warehouse=self.warehouse,
            location=self.location,
            lot=self.lot,
            goods=self.goods,
            quantity=self.quantity,
            unit=self.unit,
            owner=self.owner,
            issued_on=self.date,
            changed_on=since(facts, self.date),
        )
        stock = facts.current(Stock, self.stock)
        if stock is not None and stock.quantity:  # an empty lot may be filled with anything
            _matched(facts, stock, receipt, stock.from_position)
        facts.add(receipt)


class ReceiptAct(Payload):
    """What happens to a receipt on a day."""

    receipt: Id
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Receipt, self.receipt, Need.ESSENTIAL)]

    def followed(self, facts: Projection, receipt: Receipt) -> date:
        """Report an act out of order, and return the day of the receipt's last change."""
        return follow(facts, receipt, self.at, _PATHS, Code.RECEIPT_STATUS)


def _by_owner(facts: Projection, receipt: Receipt, owner: str | None, act: str) -> None:
    """Report an act that is only for the owner, or for the pledgee of what is pledged."""
    if facts.sender is not None and facts.sender.id != owner:
        facts.finding(
            Code.RECEIPT_NOT_OWNER,
            f"{facts.sender.id} {act} receipt {receipt.id}, which is for {owner} to do",
            subject=f"receipt {receipt.id}",
            others=[receipt.from_position],
        )


@record_kind("warehouse_receipt.transferred")
class ReceiptTransferred(ReceiptAct):
    """The owner passes the receipt, and the goods with it, to another (转让)."""

    to: Id

    def references(self) -> list[Reference]:
        return [*super().references(), Reference(Member, self.to)]

    def project(self, facts: Projection) -> None:
        if receipt := facts.current(Receipt, self.receipt):
            _by_owner(facts, receipt, receipt.owner, "passes on")
            facts.begin(receipt.changed(owner=self.to, changed_on=self.followed(facts, receipt)))


@record_kind("warehouse_receipt.pledged")
class ReceiptPledged(ReceiptAct):
    """The owner pledges the receipt to a financier (质押)."""

    pledgee: Id
    financing: Id | None = None

    def references(self) -> list[Reference]:
        return [*super().references(), Reference(Member, self.pledgee)]

    def project(self, facts: Projection) -> None:
        if receipt := facts.current(Receipt, self.receipt):
            _by_owner(facts, receipt, receipt.owner, "pledges")
            facts.begin(
                receipt.changed(
                    status="pledged",
                    pledgee=self.pledgee,
                    financing=self.financing,
                    changed_on=self.followed(facts, receipt),
                )
            )


@record_kind("warehouse_receipt.released")
class ReceiptReleased(ReceiptAct):
    """The pledgee gives the pledge up (解押)."""

    by: Id

    def references(self) -> list[Reference]:
        return [*super().references(), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"releases for {self.by}")
        if receipt := facts.current(Receipt, self.receipt):
            if receipt.pledgee is not None and self.by != receipt.pledgee:
                _by_owner(facts, receipt, receipt.pledgee, "releases")
            changed_on = self.followed(facts, receipt)
            facts.begin(receipt.changed(status="held", pledgee=None, financing=None, changed_on=changed_on))


class ReceiptPart(Part):
    """A receipt that another one is split into."""

    receipt: Id
    quantity: Quantity


def _named_once(parts: tuple[ReceiptPart, ...]) -> tuple[ReceiptPart, ...]:
    if len({each.receipt for each in parts}) != len(parts):
        raise ValueError("two parts have one name")
    return parts


@record_kind("warehouse_receipt.split", by=[Role.WAREHOUSE])
class ReceiptSplit(ReceiptAct):
    """The warehouse issues several receipts in the place of one (拆分); they are worth what it was."""

    parts: Annotated[tuple[ReceiptPart, ...], Field(min_length=1, max_length=MAX_PARTS), AfterValidator(_named_once)]

    def references(self) -> list[Reference]:
        return [*super().references(), *(Reference(Receipt, each.receipt, Need.NEW) for each in self.parts)]

    def project(self, facts: Projection) -> None:
        receipt = facts.current(Receipt, self.receipt)
        if receipt is None:
            return
        facts.by_party(receipt.warehouse, act=f"splits a receipt of {receipt.warehouse}")
        changed_on = self.followed(facts, receipt)
        total = sum((each.quantity for each in self.parts), Decimal())
        if total != receipt.quantity:
            facts.finding(
                Code.RECEIPT_SPLIT,
                "The parts are not as much as the receipt was",
                subject=f"receipt {receipt.id}",
                others=[receipt.from_position],
                receipt=str(receipt.quantity),
                parts=str(total),
            )
        facts.begin(receipt.changed(status="split", changed_on=changed_on))
        for each in self.parts:
            facts.add(
                receipt.changed(
                    id=each.receipt,
                    quantity=each.quantity,
                    parent=receipt.id,
                    issued_on=self.at,
                    status="held",
                    pledgee=None,
                    financing=None,
                    changed_on=changed_on,
                )
            )


@record_kind("warehouse_receipt.cancelled", by=[Role.WAREHOUSE])
class ReceiptCancelled(ReceiptAct):
    """The goods were taken out, or the receipt was void: it holds no longer (注销)."""

    reason: Text

    def project(self, facts: Projection) -> None:
        if receipt := facts.current(Receipt, self.receipt):
            facts.by_party(receipt.warehouse, act=f"cancels a receipt of {receipt.warehouse}")
            facts.begin(receipt.changed(status="cancelled", changed_on=self.followed(facts, receipt)))


@record_kind("stock.reported", by=[Role.WAREHOUSE])
class StockReported(Payload):
    """The warehouse says what one lot holds (库存)."""

    warehouse: Id
    location: Id
    lot: Id
    goods: Text
    quantity: Quantity
    unit: Id
    at: Day

    @property
    def stock(self) -> str:
        """The lot it is about."""
        return _stock_id(self.warehouse, self.location, self.lot)

    def references(self) -> list[Reference]:
        return [Reference(Member, self.warehouse), Reference(Stock, self.stock, Need.READ)]

    def lookups(self) -> list[Lookup]:
        return [Lookup(Receipt, "stock", (self.stock,))]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.warehouse, act=f"reports the stock of {self.warehouse}")
        facts.dated("stock is reported after it was counted", self.at, facts.record.business_day)
        before = facts.current(Stock, self.stock)
        if before is not None:
            facts.dated("reports of a lot follow each other", before.reported_on, self.at)
        stock = Stock(
            id=self.stock,
            warehouse=self.warehouse,
            location=self.location,
            lot=self.lot,
            goods=self.goods,
            quantity=self.quantity,
            unit=self.unit,
            reported_on=since(facts, self.at),
        )
        facts.begin(stock)
        if self.quantity:  # of an empty lot there is nothing to compare
            for receipt in facts.live(Receipt, "stock", [self.stock]):
                if receipt.status in ("held", "pledged"):
                    _matched(facts, stock, receipt, receipt.from_position)
