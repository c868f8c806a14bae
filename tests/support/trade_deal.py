"""A deal told in records: an honest one with all its papers, and what its story changes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from tests.support.ledger_book import Book, invoice, receivable
from tests.support.trade import digest, document

T: Final = date(2026, 10, 1)
"""The day that everything of an honest deal is dated."""
NET, TAX, FACE = 100_000, 13_000, 113_000
TONNES: Final = {"quantity": "12.5", "unit": "吨"}
NONE: Final = ("", "")

Changes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What differs from the honest deal: by part, fields to change, or None: it was never registered."""

    fails: tuple[str, str] = NONE
    """Name of the check and its code; nothing may fail where it is NONE."""
    parts: dict[str, Changes | None] = field(default_factory=dict)
    before: Callable[[Deal], object] | None = None
    """What is told before the claim."""
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
        if self.story.before is not None:
            self.story.before(self)
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

    def mark(self, status: str, red: str | None = None, part: str = "invoice") -> None:
        self.book.say("verifier", "invoice.status_changed", {
            "invoice": self.of(part), "status": status, "red_invoice": red, "at": "2026-11-01",
        })  # fmt: skip

    def verify(self, result: str, at: str, amount: int | None) -> None:
        self.book.say("verifier", "invoice.verified", {
            "invoice": self.of("invoice"), "verifier": "verifier", "result": result, "checked_at": at,
            "tax_authority_amount": amount,
        })  # fmt: skip

    def note(self, part: str, net: int, *refers_to: str, **stated: Any) -> str:
        """Another invoice of the two, in reference to these."""
        tax = net * 13 // 100
        self.book.say("gateway", "invoice.registered", invoice(
            self.of(part), number=self.number(part), issued="2026-11-01", amount_excluding_tax=net, tax=tax,
            amount_including_tax=net + tax, refers_to=[self.of(each) for each in refers_to], **stated,
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
