"""What honest trade looks like and what contradicts itself: each a deal, and what its story changes of it.

All stories live in one ledger; every name ends with its story's, so none touches another. A story is honest (``NONE``)
or plants a contradiction, and says which check must fail with which code.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.support.ledger_book import MEMBERS, Book, admitted
from tests.support.trade import TRADERS, digest, order, package, receipt
from tests.support.trade_deal import FACE, NET, TONNES, Changes, Deal, Story, T
from tests.support.trade_decoys import CLEARED, HIDDEN

GROUP: Final = {
    "parent": "北京恒岳重工集团有限公司",
    "child": "北京恒岳重工设备有限公司",
    "stranger": "上海砺川特种材料有限公司",
}


def _late(days: int) -> Changes:
    return {"date": (T + timedelta(days=days)).isoformat()}


def _bare(name: str) -> dict[str, Changes | None]:
    """Without the one waybill: the invoice refers to the order."""
    return {"waybill": None, "invoice": {"refers_to": [f"order-{name}"]}}


def _replaced(deal: Deal) -> None:
    deal.cancel()
    deal.paper("waybill2", "warehouse", "waybill", "invoice", goods="冷轧钢板", quantity="12.5", unit="吨")


def _reused_file(deal: Deal) -> None:
    deal.paper("stray", "warehouse", "waybill", parties=["tier2", "core"], file_digest=digest(deal.of("waybill")))


def _reused_behind_its_copy(deal: Deal) -> None:
    """The other party registers the paper as well, before it serves again."""
    same = {"number": f"HT-waybill-{deal.name}", "file_digest": digest(deal.of("waybill"))}
    deal.paper("a-copy", "core", "waybill", **same)
    _reused_file(deal)


def _reused_number(deal: Deal) -> None:
    deal.declare(number=f"CD-{deal.name}")
    deal.paper("stray", "customs", "customs_declaration", number=f"CD-{deal.name}", parties=["tier2", "core"])


def _parted(deal: Deal) -> None:
    for part in ("first", "second"):
        deal.paper(part, "warehouse", "waybill", "order", goods="钢板", quantity="6250", unit="千克")


def _stored(quantity: str) -> Callable[[Deal], None]:
    def tell(deal: Deal) -> None:
        held = receipt(deal.of("receipt"), goods="冷轧钢板", quantity="10", lot=deal.name, date="2026-10-01")
        deal.book.say("warehouse", "warehouse_receipt.issued", held)
        deal.paper("from", "warehouse", "waybill", "receipt", "invoice", goods="冷轧钢板", quantity=quantity, unit="吨")

    return tell


def _ordered_by_others(deal: Deal) -> None:
    deal.book.say("customs", "order.registered", order(deal.of("ord"), seller="tier2", buyer="stranger"))
    deal.paper("slip", "supplier", "other", "ord", "invoice")
    deal.book.say("supplier", "document.amended", {
        "document": deal.of("order"), "at": "2026-11-01", "reason": "更正", "refers_to": [deal.of("ord")],
    })  # fmt: skip


def _parts_of_several(deal: Deal) -> None:
    for part in ("one", "two"):
        deal.note(part, NET // 2)
    deal.book.seal()
    deal.finance()


def _of_two(name: str) -> Changes:
    """The claim is on two invoices, of which :func:`_second` is the other."""
    two = {"invoices": [f"invoice-{name}", f"second-{name}"], "amount": FACE * 2}
    return {"claim": two, "order": {"amount": FACE * 2}}


def _second(deal: Deal) -> None:
    deal.note("second", NET)


def _both_red(deal: Deal) -> None:
    deal.mark("red_flushed", deal.note("red", -NET, "invoice"))
    deal.mark("red_flushed", deal.note("red2", -NET, "second"), "second")


def _cancelled_in_turn(deal: Deal) -> None:
    for part, before in (("waybill2", "waybill"), ("waybill3", "waybill2")):
        deal.cancel(before)
        deal.paper(part, "warehouse", "waybill", "order", goods="冷轧钢板", **TONNES)


def _two_cancelled_for_one(deal: Deal) -> None:
    deal.paper("waybill2", "warehouse", "waybill", "order", goods="冷轧钢板", **TONNES)
    deal.cancel()
    deal.cancel("waybill2")
    deal.paper("tiny", "warehouse", "waybill", "order", goods="冷轧钢板", quantity="0.001", unit="吨")


def _looked_again(deal: Deal) -> None:
    deal.verify("consistent", "2026-10-31T05:00:00Z", FACE)
    deal.book.seal()
    deal.finance()


def _confirmed_by_the_creditor(deal: Deal) -> None:
    said = {"receivable": deal.of("claim"), "by": "supplier", "method": "platform"}
    deal.book.say("supplier", "receivable.confirmed", said)


PLANTED: Final[dict[str, Story]] = {
    "sum": Story(fails=("invoice-sum", "sum-differs"), parts={"invoice": {"tax": 12_000}}),
    "tax": Story(
        fails=("invoice-tax", "tax-impossible"), parts={"invoice": {"tax": 30_000, "amount_including_tax": 130_000}}
    ),
    "tax-sign": Story(
        fails=("invoice-tax", "tax-impossible"), parts={"invoice": {"tax": -500, "amount_including_tax": 99_500}}
    ),
    "year": Story(fails=("invoice-number", "number-impossible"), parts={"invoice": {"number": "19442" + "7" * 15}}),
    "province": Story(fails=("invoice-number", "number-impossible"), parts={"invoice": {"number": "26992" + "7" * 15}}),
    "short": Story(fails=("invoice-number", "number-not-digital"), parts={"invoice": {"number": "00012345"}}),
    "unknown": Story(
        fails=("invoice-verified", "tax-authority-unknown"),
        parts={"verified": {"result": "not_found", "tax_authority_amount": None}},
    ),
    "inflated": Story(
        fails=("invoice-verified", "tax-authority-differs"),
        parts={"verified": {"result": "inconsistent", "tax_authority_amount": 11_300}},
    ),
    "quietly": Story(
        fails=("invoice-verified", "tax-authority-differs"), parts={"verified": {"tax_authority_amount": 11_300}}
    ),
    "red": Story(fails=("invoice-status", "red_flushed"), then=lambda deal: deal.mark("red_flushed")),
    "void": Story(fails=("invoice-status", "voided"), then=lambda deal: deal.mark("voided")),
    "all-red": Story(
        fails=("invoice-status", "red_flushed"),
        then=lambda deal: deal.mark("red_flushed", deal.note("red", -NET, "invoice")),
    ),
    "crook": Story(
        fails=("party-code", "code-wrong"),
        parts={
            "contract": {"parties": ["crook", "core"]}, "order": {"parties": ["crook", "core"]},
            "waybill": {"parties": ["crook", "core"]}, "invoice": {"seller": "crook"}, "claim": {"creditor": "crook"},
        },
    ),
    "cancelled": Story(fails=("document-status", "document-cancelled"), then=Deal.cancel),
    "cancelled-beside-an-older-one": Story(
        fails=("document-status", "document-cancelled"),
        then=lambda deal: (
            deal.paper("later", "warehouse", "waybill", "order", goods="冷轧钢板"), deal.cancel("later"),
        ),
    ),
    "two-cancelled-for-one": Story(fails=("document-status", "document-cancelled"), then=_two_cancelled_for_one),
    "one-reissued-of-two": Story(
        fails=("amount", "above-invoices"), parts=_of_two("one-reissued-of-two"), before=_second,
        then=lambda deal: (_both_red(deal), deal.note("again", NET, "red")),
    ),
    "one-reissued-for-two": Story(
        fails=("invoice-status", "red_flushed"), parts=_of_two("one-reissued-for-two"), before=_second,
        then=lambda deal: (_both_red(deal), deal.note("again", NET, "red", "red2")),
    ),
    "another-reissued": Story(
        fails=("invoice-status", "voided"), parts=_of_two("another-reissued"), before=_second,
        then=lambda deal: (deal.mark("voided"), deal.note("again", NET, "second")),
    ),
    "void-and-part-red": Story(
        fails=("invoice-status", "voided"),
        then=lambda deal: deal.mark("voided", deal.note("red", -NET // 10, "invoice")),
    ),
    "void-and-normal": Story(
        fails=("invoice-status", "voided"), then=lambda deal: (deal.mark("voided"), deal.mark("normal")),
    ),
    "red-and-normal": Story(
        fails=("invoice-status", "all-red"),
        then=lambda deal: (deal.note("red", -NET // 2, "invoice"), deal.note("red2", -NET // 2, "invoice")),
    ),
    "unknown-since": Story(
        fails=("invoice-verified", "tax-authority-unknown"),
        parts={"verified": {"result": "not_found", "tax_authority_amount": None}},
        then=lambda deal: deal.verify("consistent", "2026-10-02T02:00:00Z", FACE),
    ),
    "several-to-another": Story(
        fails=("invoice-verified", "tax-authority-differs"),
        parts={"invoice": {"refers_to": ["waybill-several-to-another", "one-several-to-another"]},
               "verified": {"result": "inconsistent", "tax_authority_amount": 5}},
        then=lambda deal: deal.note("one", NET, buyer="stranger"),
    ),
    "nothing": Story(fails=("document-quantity", "quantity-none"), parts={"waybill": {"quantity": "0"}}),
    "overpaid": Story(fails=("receivable-paid", "overpaid"), then=lambda deal: deal.pay(FACE * 2)),
    "between-others": Story(fails=("parties", "parties-differ"), parts={"invoice": {"buyer": "stranger"}}),
    "others-contract": Story(
        fails=("document-parties", "party-foreign"), parts={"contract": {"parties": ["supplier", "stranger"]}}
    ),
    "others-waybill": Story(
        fails=("document-parties", "party-foreign"), parts={"waybill": {"parties": ["tier2", "stranger"]}}
    ),
    "others-order": Story(fails=("document-parties", "party-foreign"), then=_ordered_by_others),
    "reused-file": Story(fails=("file", "file-shared"), then=_reused_file),
    "reused-behind-its-copy": Story(fails=("file", "file-shared"), then=_reused_behind_its_copy),
    "reused-number": Story(fails=("file", "file-shared"), then=_reused_number),
    "above": Story(fails=("amount", "above-invoices"), parts={"claim": {"amount": FACE + 1}}),
    "part-red": Story(
        fails=("amount", "above-invoices"),
        then=lambda deal: deal.mark("red_flushed", deal.note("red", -NET // 2, "invoice")),
    ),
    "small-contract": Story(
        fails=("contract-amount", "above-contract-amount"), parts={"contract": {"amount": NET * 10 // 11 - 1}}
    ),
    "small-order": Story(fails=("order-amount", "above-order-amount"), parts={"order": {"amount": NET // 2}}),
    "small-customs": Story(
        fails=("customs-amount", "above-customs-amount"), then=lambda deal: deal.declare(amount=NET // 3)
    ),
    "coal": Story(fails=("goods", "goods-differ"), parts={"waybill": {"goods": "动力煤"}}),
    "too-much": Story(fails=("quantity", "quantity-above"), parts={"waybill": {"quantity": "13.751"}, "order": TONNES}),
    "out-of-nothing": Story(fails=("quantity", "quantity-above"), parts=_bare("out-of-nothing"), then=_stored("11.1")),
    "own-word": Story(
        fails=("confirmation", "confirmed-by-creditor"), parts={"confirmed": {"by": "supplier", "sender": "supplier"}}
    ),
    "own-key": Story(fails=("confirmation", "signed-by-creditor"), parts={"confirmed": {"sender": "supplier"}}),
    "own-key-in-another-name": Story(
        fails=("confirmation", "signed-by-creditor"), parts={"confirmed": {"by": "parent", "sender": "supplier"}}
    ),
    "own-word-after-anothers": Story(
        fails=("confirmation", "confirmed-by-creditor"),
        parts={"confirmed": {"by": "parent", "sender": "parent"}},
        then=_confirmed_by_the_creditor,
    ),
    "exceeded": Story(fails=("payment", "payment-exceeded"), then=lambda deal: deal.pay(10_000, settles=FACE)),
    "contract-after-order": Story(fails=("contract-then-order", "out-of-order"), parts={"contract": _late(31)}),
    "contract-after-delivery": Story(fails=("contract-then-delivery", "out-of-order"), parts={"contract": _late(91)}),
    "contract-after-invoice": Story(fails=("contract-then-invoice", "out-of-order"), parts={"contract": _late(31)}),
    "contract-after-payment": Story(
        fails=("contract-then-payment", "out-of-order"), then=lambda deal: deal.pay(50_000, on=-31)
    ),
    "order-after-delivery": Story(
        fails=("order-then-delivery", "out-of-order"), parts={"waybill": _late(-181), "contract": _late(-200)}
    ),
    "order-after-invoice": Story(fails=("order-then-invoice", "out-of-order"), parts={"order": _late(91)}),
    "delivery-after-invoice": Story(fails=("delivery-then-invoice", "out-of-order"), parts={"waybill": _late(181)}),
    "customs-after-invoice": Story(
        fails=("customs-then-invoice", "out-of-order"), then=lambda deal: deal.declare(**_late(181))
    ),
    "invoice-after-claim": Story(
        fails=("invoice-then-claim", "out-of-order"),
        parts={"invoice": {"issued": "2027-03-01", "number": "27442" + "1" * 15}},
    ),
    "invoice-after-confirmation": Story(
        fails=("invoice-then-confirmation", "out-of-order"),
        parts={"invoice": {"issued": "2027-03-02", "number": "27442" + "2" * 15}},
    ),
    "invoice-after-due": Story(
        fails=("invoice-then-due", "out-of-order"), parts={"claim": {"due": (T - timedelta(days=91)).isoformat()}}
    ),
}  # fmt: skip
"""One contradiction each."""

HONEST: Final[dict[str, Story]] = {
    "several": Story(
        financed=False, then=_parts_of_several,
        parts={"invoice": {"refers_to": ["waybill-several", "one-several", "two-several"]},
               "verified": {"result": "inconsistent", "tax_authority_amount": 5}}),
    "no-unit": Story(parts={"waybill": {"unit": None}}),
    "slip": Story(
        then=lambda deal: deal.paper("slip", "bank", "bank_slip", "invoice", parties=["bank", "factor"], amount=FACE)),
    "plain": Story(),
    "category": Story(parts={"invoice": {"goods": "*黑色金属*冷轧钢板"}}),
    "unfinanced": Story(financed=False, parts={"waybill": {"goods": "钢板"}}),
    "small-taxpayer": Story(
        parts={"invoice": {"tax": 1_003, "amount_including_tax": 101_003}, "claim": {"amount": 101_003},
               "verified": {"tax_authority_amount": 101_003}}),
    "moved": Story(parts={"invoice": {"number": "26462" + "3" * 15}}),
    "paper": Story(
        parts={"invoice": {"number": "12345678", "code": "3100201130", "type": "vat_special"},
               "verified": {"tax_authority_amount": NET}}),
    "unverified": Story(parts={"verified": None, "confirmed": None}),
    "abnormal": Story(then=lambda deal: deal.mark("abnormal")),
    "reissued": Story(then=Deal.red_and_reissue),
    "reissued-in-parts": Story(
        then=lambda deal: (
            deal.mark("red_flushed", deal.note("red", -NET, "invoice")), deal.note("one", NET // 2, "red"),
            deal.note("two", NET - NET // 2, "red"),
        )),
    "two-reissued": Story(
        parts=_of_two("two-reissued"), before=_second,
        then=lambda deal: (_both_red(deal), deal.note("again", NET, "red"), deal.note("again2", NET, "second"))),
    "reissued-as-one": Story(
        parts=_of_two("reissued-as-one"), before=_second,
        then=lambda deal: (_both_red(deal), deal.note("again", NET * 2, "red", "red2"))),
    "red-and-normal-when-paid": Story(
        then=lambda deal: (deal.pay(), deal.book.seal(), deal.note("red", -NET, "invoice"))),
    "cleared": Story(then=lambda deal: (deal.mark("abnormal"), deal.book.seal(), deal.mark("normal"))),
    "looked-again": Story(
        financed=False, then=_looked_again, parts={"verified": {"result": "not_found", "tax_authority_amount": None}}),
    "replaced-twice": Story(then=_cancelled_in_turn),
    "replaced-then-cancelled": Story(
        then=lambda deal: (
            deal.paper("waybill2", "warehouse", "waybill", "order", goods="冷轧钢板", **TONNES),
            deal.book.seal(), deal.cancel())),
    "cancelled-as-a-copy": Story(
        then=lambda deal: (
            deal.paper("twin", "core", "waybill", "order", number=f"HT-waybill-{deal.name}"), deal.cancel())),
    "red-when-paid": Story(then=lambda deal: (deal.pay(), deal.book.seal(), deal.mark("red_flushed"))),
    "replaced": Story(then=_replaced),
    "instalments": Story(then=lambda deal: (deal.pay(50_000), deal.pay(63_000, on=20))),
    "down-payment": Story(then=lambda deal: deal.pay(20_000, on=-30)),
    "paid-by-another": Story(then=lambda deal: deal.pay(20_000, payer="factor")),
    "group": Story(
        parts={"contract": {"parties": ["supplier", "parent"]}, "invoice": {"buyer": "child"},
               "claim": {"debtor": "child"}, "confirmed": {"by": "child", "sender": "child"},
               "order": {"parties": ["supplier", "child"]}, "waybill": {"parties": ["supplier", "child"]}}),
    "direct-shipment": Story(parts={"waybill": {"parties": ["tier2", "core"]}}),
    "a-friend-s-waybill": Story(parts={"waybill": {"sender": "tier2"}}),
    "both-registered-it": Story(
        then=lambda deal: deal.paper(
            "copy", "core", "contract", number=f"HT-contract-{deal.name}", file_digest=digest(deal.of("contract")))),
    "one-scan": Story(parts={"order": {"file_digest": digest("contract-one-scan")}}),
    "frame": Story(parts={"contract": {"amount": None}, "order": {"amount": None}}),
    "other-currency": Story(parts={"contract": {"amount": 1_000, "currency": "USD"}}),
    "a-tenth-more": Story(parts={"order": {"amount": NET * 10 // 11 + 1, **TONNES}, "waybill": {"quantity": "13.75"}}),
    "partial-deliveries": Story(parts={**_bare("partial-deliveries"), "order": TONNES}, then=_parted),
    "from-stock": Story(parts=_bare("from-stock"), then=_stored("11")),
    "kilograms": Story(parts={"waybill": {"quantity": "12500", "unit": "千克"}, "order": TONNES}),
    "unknown-goods": Story(parts={"invoice": {"goods": "详见销货清单"}}),
    "freight": Story(parts={"invoice": {"goods": "*运输服务*公路货运"}}),
    "no-file": Story(parts={"waybill": {"file_digest": None}}),
    "registered-later": Story(parts={"contract": None}),
    "signed-after": Story(parts={"contract": _late(30)}),
    "consignment": Story(parts={"waybill": _late(-180), "contract": _late(-200)}),
    "invoice-first": Story(parts={"waybill": _late(180)}),
    "renewed": Story(
        then=lambda deal: deal.book.say("supplier", "document.amended", {
            "document": deal.of("contract"), "at": "2026-11-01", "reason": "续签", "date": "2026-11-01"})),
    "confirmed-by-parent": Story(parts={"confirmed": {"by": "parent", "sender": "parent"}}),
    "signed-by-parent": Story(parts={"confirmed": {"sender": "parent"}}),
    "signed-by-nobody": Story(parts={"confirmed": {"sender": "nobody"}}),
    "confirmed-again": Story(then=_confirmed_by_the_creditor),
    "declared": Story(then=Deal.declare),
    "packed": Story(
        then=lambda deal: deal.book.say(
            "gateway", "package.registered", package(deal.of("pack"), deal.of("invoice"), supersedes=None))),
}  # fmt: skip
"""What honest trade looks like, and what only looks wrong."""

PLANTED |= HIDDEN
HONEST |= CLEARED
STORIES: Final = {**PLANTED, **HONEST}


def told(location: Path) -> Book:
    """A ledger with every story, in the order of the tables."""
    book = Book(location)
    book.admit({**MEMBERS, **TRADERS})
    for name, said in GROUP.items():
        book.say("operator", "member.admitted", {**admitted(name, ["core_enterprise"]), "name": said})
    crook = admitted("crook", ["supplier"])
    wrong = {**crook, "uscc": crook["uscc"][:-1] + ("1" if crook["uscc"][-1] != "1" else "2")}
    book.say("operator", "member.admitted", wrong)
    book.seal(300)
    for name, story in STORIES.items():
        Deal(book, name, story).tell()
    return book
