"""Deals told in records: an honest one with all its papers, and what each story changes of it.

All stories live in one ledger; every name ends with its story's, so none touches another. A story is honest (``NONE``)
or plants a contradiction, and says which check must fail with which code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from tests.support.ledger_book import MEMBERS, Book, admitted, invoice, receivable
from tests.support.trade import TRADERS, digest, document, order, package, receipt

T: Final = date(2026, 10, 1)
"""The day that everything of an honest deal is dated."""
NET, TAX, FACE = 100_000, 13_000, 113_000
TONNES: Final = {"quantity": "12.5", "unit": "吨"}
NONE: Final = ("", "")
GROUP: Final = {
    "parent": "北京恒岳重工集团有限公司",
    "child": "北京恒岳重工设备有限公司",
    "stranger": "上海砺川特种材料有限公司",
}

Changes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What differs from the honest deal: by part, fields to change, or None: it was never registered."""

    fails: tuple[str, str] = NONE
    """Name of the check and its code; nothing may fail where it is NONE."""
    parts: dict[str, Changes | None] = field(default_factory=dict)
    then: Callable[[Deal], object] | None = None
    financed: bool = True


class Deal:
    """One story's records, in the order of an honest deal."""

    def __init__(self, book: Book, name: str, story: Story) -> None:
        self.book, self.name, self.story = book, name, story

    def of(self, part: str) -> str:
        return f"{part}-{self.name}"

    def on(self, days: int) -> str:
        return (T + timedelta(days=days)).isoformat()

    def changed(self, part: str, payload: Changes) -> Changes | None:
        changes = self.story.parts.get(part, {})
        return None if changes is None else {**payload, **changes}

    def say(self, sender: str, kind: str, payload: Changes | None) -> None:
        if payload is not None:
            sender = str(payload.pop("sender", sender))
            self.book.say(sender, kind, payload)

    def paper(self, part: str, sender: str, kind: str, *refers_to: str, **stated: Any) -> None:
        values = {"type": kind, "date": self.on(0), "amount": None, "quantity": None, "unit": None, "goods": None}
        made = document(self.of(part), *[self.of(each) for each in refers_to], **{**values, **stated})
        self.say(sender, "document.registered", self.changed(part, made))

    def tell(self) -> None:
        """Write the deal: contract, order, waybill, invoice, verification, claim, confirmation, loan."""
        steel = {"goods": "冷轧钢板", "quantity": "12.5", "unit": "吨"}
        self.paper("contract", "supplier", "contract", amount=FACE * 10)
        self.paper("order", "supplier", "order", "contract", amount=FACE)
        self.paper("waybill", "warehouse", "waybill", "order", **steel)
        bill = invoice(
            self.of("invoice"), number=self.number(), issued=self.on(0), goods="冷轧钢板",
            refers_to=[self.of("waybill")],
        )  # fmt: skip
        self.say("gateway", "invoice.registered", self.changed("invoice", bill))
        verified = {
            "invoice": self.of("invoice"), "verifier": "verifier", "result": "consistent",
            "checked_at": "2026-10-31T02:00:00Z", "tax_authority_amount": FACE,
        }  # fmt: skip
        self.say("verifier", "invoice.verified", self.changed("verified", verified))
        owed = receivable(
            self.of("claim"), self.of("invoice"), contract=self.of("contract"), due=self.on(180), amount=FACE
        )
        self.say("gateway", "receivable.registered", self.changed("claim", owed))
        confirmed = {"receivable": self.of("claim"), "by": "core", "method": "seal"}
        self.say("core", "receivable.confirmed", self.changed("confirmed", confirmed))
        self.book.seal()
        if self.story.financed:
            self.finance()
            self.book.seal()
        if self.story.then is not None:
            self.story.then(self)
            self.book.seal()

    def number(self, serial: str = "") -> str:
        return f"26442{int(digest(self.name + serial), 16) % 10**15:015d}"

    def finance(self) -> None:
        self.book.say("bank", "financing.opened", {
            "financing": self.of("loan"), "form": "receivable_discount", "applicant": "supplier", "financier": "bank",
            "collateral": [{"kind": "receivable", "id": self.of("claim"), "amount": None}], "amount": 90_000,
            "rate": "0.0435", "start": "2026-11-01", "maturity": "2027-03-30",
        })  # fmt: skip

    def release(self) -> None:
        act = {"financing": self.of("loan"), "at": "2026-11-01"}
        self.book.say("bank", "financing.released", {**act, "collateral": None})

    def pay(self, amount: int = FACE, *, settles: int | None = None, on: int = 0, payer: str = "core") -> None:
        self.book.say("settlement", "payment.recorded", {
            "payment": f"pay{on}-{amount}-{self.name}", "payer": payer, "payee": "supplier", "amount": amount,
            "date": self.on(on), "bank_reference": f"B{on}{amount}{self.name}",
            "settles": [{"target": "receivable", "id": self.of("claim"), "amount": settles or amount}],
        })  # fmt: skip

    def mark(self, status: str, red: str | None = None) -> None:
        self.book.say("verifier", "invoice.status_changed", {
            "invoice": self.of("invoice"), "status": status, "red_invoice": red, "at": "2026-11-01",
        })  # fmt: skip

    def note(self, part: str, net: int, *refers_to: str) -> str:
        """Another invoice of the two, in reference to these."""
        tax = net * 13 // 100
        self.book.say("gateway", "invoice.registered", invoice(
            self.of(part), number=self.number(part), issued="2026-11-01", amount_excluding_tax=net, tax=tax,
            amount_including_tax=net + tax, refers_to=[self.of(each) for each in refers_to],
        ))  # fmt: skip
        return self.of(part)

    def red_and_reissue(self) -> None:
        self.mark("red_flushed", self.note("red", -NET, "invoice"))
        self.note("again", NET, "red")

    def cancel(self, part: str = "waybill") -> None:
        self.book.say("warehouse", "document.cancelled", {
            "document": self.of(part), "at": "2026-11-01", "reason": "重复登记",
        })  # fmt: skip

    def declare(self, part: str = "customs", *refers_to: str, **stated: Any) -> None:
        """A customs declaration that refers to the invoice."""
        self.paper(part, "customs", "customs_declaration", *(refers_to or ("invoice",)), **{"amount": FACE, **stated})


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
