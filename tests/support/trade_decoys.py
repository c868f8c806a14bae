"""Deals with one paper more: it hides a contradiction that stands without it, or looks like one and is honest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.support.ledger_book import invoice
from tests.support.trade import digest, receipt
from tests.support.trade_deal import FACE, NET, TONNES, Changes, Deal, Story

COAL: Final[Changes] = {"goods": "动力煤"}
MUCH: Final[Changes] = {"quantity": "20"}
STEEL: Final = {"goods": "冷轧钢板", "unit": "吨"}
LITTLE: Final = {**STEEL, "quantity": "0.001"}

Then = Callable[[Deal], object]


def _waybill(*refers_to: str, **stated: Any) -> Then:
    return lambda deal: deal.paper("more", "warehouse", "waybill", *refers_to, **stated)


def _order(**stated: Any) -> Then:
    return lambda deal: deal.paper("more", "supplier", "order", "waybill", **stated)


def _copied(part: str, kind: str, **stated: Any) -> Then:
    """The other party registers the paper as well."""

    def tell(deal: Deal) -> None:
        same = {"number": f"HT-{part}-{deal.name}", "file_digest": digest(deal.of(part))}
        deal.paper("copy", "core", kind, "invoice", **{**same, **stated})

    return tell


def _also_billed(**changes: Any) -> Then:
    """Another invoice, which the claim names too."""

    def tell(deal: Deal) -> None:
        same = {"number": deal.number("more"), "issued": deal.on(0), "goods": "冷轧钢板"}
        deal.book.say("gateway", "invoice.registered", invoice(deal.of("more"), **{**same, **changes}))

    return tell


def _claim(name: str, amount: int = FACE) -> Changes:
    return {"invoices": [f"invoice-{name}", f"more-{name}"], "amount": amount}


def _stored(deal: Deal, *parts: str) -> None:
    for part in parts:
        held = receipt(deal.of(part), goods="冷轧钢板", quantity="10", lot=deal.of(part), date="2026-10-01")
        deal.book.say("warehouse", "warehouse_receipt.issued", held)


def _in_a_warehouse(deal: Deal) -> None:
    _stored(deal, "receipt")
    deal.paper("slip", "supplier", "other", "receipt", "invoice")


def _declared(*amounts: int, **stated: Any) -> Then:
    """Declarations, the last as stated."""

    def tell(deal: Deal) -> None:
        for at, amount in enumerate(amounts):
            last = stated if at == len(amounts) - 1 else {}
            deal.declare(f"customs{at}", amount=amount, **last)

    return tell


def _declared_by_both(deal: Deal) -> None:
    for part in ("customs", "copy"):
        deal.declare(part, amount=NET // 2, number=f"CD-{deal.name}")


def _from_two_receipts(deal: Deal) -> None:
    _stored(deal, "one", "two")
    deal.paper("more", "warehouse", "waybill", "one", "two", "invoice", quantity="20", **STEEL)


def _from_one_beside_two(deal: Deal) -> None:
    """One waybill draws twice what is there; another, of next to nothing, draws on a second receipt too."""
    _stored(deal, "one", "two", "three")
    deal.paper("more", "warehouse", "waybill", "one", "invoice", quantity="20", **STEEL)
    deal.paper("little", "warehouse", "waybill", "one", "two", "three", "invoice", **LITTLE)


def _round_three_receipts(deal: Deal) -> None:
    """Each waybill is within its two receipts, and all three are for twice what is there."""
    names = ("one", "two", "three")
    _stored(deal, *names)
    for at, name in enumerate(names):
        deal.paper(f"from{at}", "warehouse", "waybill", name, names[at - 1], "invoice", quantity="20", **STEEL)


GOODS: Final = ("goods", "goods-differ")
QUANTITY: Final = ("quantity", "quantity-above")

HIDDEN: Final[dict[str, Story]] = {
    "coal-under-a-contract-of-steel": Story(
        fails=GOODS, parts={"waybill": COAL, "contract": {"goods": "冷轧钢板"}}),
    "coal-under-an-unclear-contract": Story(
        fails=GOODS, parts={"waybill": COAL, "contract": {"goods": "详见清单"}}),
    "coal-beside-a-little-steel": Story(
        fails=GOODS, parts={"waybill": COAL}, then=_waybill("invoice", **LITTLE)),
    "coal-beside-steel-in-a-warehouse": Story(fails=GOODS, parts={"waybill": COAL}, then=_in_a_warehouse),
    "coal-for-the-order-alone": Story(
        fails=GOODS, then=_waybill("order", goods="动力煤"),
        parts={"waybill": None, "contract": {"goods": "冷轧钢板"},
               "invoice": {"refers_to": ["order-coal-for-the-order-alone"]}}),
    "coal-with-a-freight-bill": Story(
        fails=GOODS,
        parts={"waybill": COAL, "claim": _claim("coal-with-a-freight-bill")},
        before=_also_billed(goods="*物流辅助服务*装卸费", amount_excluding_tax=1, tax=0, amount_including_tax=1)),
    "small-contract-of-both": Story(
        fails=("contract-amount", "above-contract-amount"), parts={"contract": {"amount": NET // 2}},
        then=_copied("contract", "contract", amount=NET // 2)),
    "small-order-of-both": Story(
        fails=("order-amount", "above-order-amount"), parts={"order": {"amount": NET // 2}},
        then=_copied("order", "order", amount=NET // 2)),
    "small-customs-of-both": Story(fails=("customs-amount", "above-customs-amount"), then=_declared_by_both),
    "too-much-for-the-order-of-both": Story(
        fails=QUANTITY, parts={"waybill": MUCH, "order": TONNES}, then=_copied("order", "order", **TONNES)),
    "too-much-behind-its-copy": Story(
        fails=QUANTITY, parts={"waybill": MUCH, "order": TONNES}, then=_copied("waybill", "waybill", **LITTLE)),
    "too-much-beside-pieces": Story(
        fails=QUANTITY, parts={"waybill": MUCH, "contract": TONNES}, then=_order(quantity="1", unit="件")),
    "too-much-from-one-beside-two": Story(
        fails=QUANTITY, parts={"waybill": {"quantity": None}}, then=_from_one_beside_two),
    "too-much-round-three-receipts": Story(
        fails=QUANTITY, parts={"waybill": {"quantity": None}}, then=_round_three_receipts),
    "one-invoice-under-two-ids": Story(
        fails=("amount", "above-invoices"), parts={"claim": _claim("one-invoice-under-two-ids", FACE * 2)},
        before=lambda deal: _also_billed(number=deal.number())(deal)),
}  # fmt: skip
"""A contradiction each, and what would hide it."""

CLEARED: Final[dict[str, Story]] = {
    "goods-in-a-list": Story(parts={"contract": {"goods": "钢材及电解铜"}, "order": {"goods": "电解铜、冷轧钢板"}}),
    "another-delivery-of-the-order": Story(then=_waybill("order", goods="电解铜")),
    "freight-billed-too": Story(
        parts={"claim": _claim("freight-billed-too")},
        before=_also_billed(goods="*运输服务*公路货运", amount_excluding_tax=1, tax=0, amount_including_tax=1)),
    "waybill-of-both": Story(
        parts={"order": TONNES}, then=_copied("waybill", "waybill", **TONNES, goods="冷轧钢板")),
    "open-order-beside": Story(parts={"waybill": MUCH, "order": TONNES}, before=_order()),
    "order-without-amount-beside": Story(parts={"order": {"amount": NET // 2}}, before=_order()),
    "customs-in-dollars-too": Story(then=_declared(NET // 3, 1_000, currency="USD")),
    "customs-in-two-parts": Story(then=_declared(NET // 2, NET - NET // 2)),
    "from-two-receipts": Story(parts={"waybill": {"quantity": None}}, then=_from_two_receipts),
    "invoice-of-both": Story(
        parts={"claim": _claim("invoice-of-both"), "order": {"amount": NET}},
        before=lambda deal: _also_billed(number=deal.number())(deal)),
}  # fmt: skip
"""Honest, whatever the paper beside makes it look like."""
