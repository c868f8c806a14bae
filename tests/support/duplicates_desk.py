"""The desk of stories about papers, packages, contracts, lots and pairs: what they say beside the stories of claims."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.duplicates_stories import MEMBERS, Desk
from tests.support.ledger_book import Book, receivable
from tests.support.trade import TRADERS, document, package, receipt, stock

NET, TAX = 100_000, 13_000
SELLERS = {f"seller{at}": ["supplier"] for at in range(11)}
BUYERS = {"buyer": ["core_enterprise"]}
NUMBER = 26_312_000_000_000_000_000
"""Of a 数电 invoice of 2026 from Shanghai, the serial zero."""

Expected = list[tuple[str, int, str | None]]
"""Versions of a story: subject without the story's name, height, level or None."""

TOLD: dict[str, Callable[[PaperDesk], dict[str, Expected] | None]] = {}


def told(tell: Callable[[PaperDesk], dict[str, Expected] | None]) -> Callable[[PaperDesk], dict[str, Expected] | None]:
    """Keep a story by its name."""
    TOLD[tell.__name__] = tell
    return tell


def consortium(location: Path) -> Book:
    """An empty ledger with everybody whom these stories need."""
    book = Book(location)
    book.admit(MEMBERS | TRADERS | SELLERS | BUYERS)
    return book


class PaperDesk(Desk):
    """Writes one story's records; numbers are its own."""

    def __init__(self, book: Book, name: str, at: int) -> None:
        super().__init__(book, name)
        self.base = NUMBER + at * 1_000_000

    def bill(self, name: str = "I", serial: int = 0, *, net: int = NET, **changes: Any) -> None:
        """An invoice of a serial of the story's own."""
        taxed = net * 13 // 100
        values = {
            "number": str(self.base + serial * 1_000), "amount_excluding_tax": net, "tax": taxed,
            "amount_including_tax": net + taxed, **changes,
        }  # fmt: skip
        self.invoice(name, **values)

    def verify(self, name: str, result: str = "consistent", amount: int | None = NET + TAX) -> None:
        said = None if result == "not_found" else amount
        self.book.say("verifier", "invoice.verified", {
            "invoice": self.of(name), "verifier": "verifier", "result": result, "checked_at": self.now,
            "tax_authority_amount": said,
        })  # fmt: skip

    def red(self, name: str) -> None:
        self.book.say("verifier", "invoice.status_changed", {
            "invoice": self.of(name), "status": "red_flushed", "red_invoice": None, "at": self.today.isoformat(),
        })  # fmt: skip

    def pack(self, name: str, *invoices: str, supersedes: str | None = None) -> None:
        named = [self.of(each) for each in invoices]
        before = None if supersedes is None else self.of(supersedes)
        self.book.say("gateway", "package.registered", package(self.of(name), *named, supersedes=before))

    def paper(self, name: str, *refers_to: str, **changes: Any) -> None:
        refers = [self.of(each) for each in refers_to]
        values = {"date": self.today.isoformat(), **changes}
        self.book.say("gateway", "document.registered", document(self.of(name), *refers, **values))

    def amend(self, name: str, amount: int | None = None, refers_to: list[str] | None = None) -> None:
        self.book.say("gateway", "document.amended", {
            "document": self.of(name), "at": self.today.isoformat(), "reason": "补充协议", "amount": amount,
            "refers_to": None if refers_to is None else [self.of(each) for each in refers_to],
        })  # fmt: skip

    def cancel(self, name: str) -> None:
        at = self.today.isoformat()
        values = {"document": self.of(name), "at": at, "reason": "解除"}
        self.book.say("gateway", "document.cancelled", values)

    def receipt(self, name: str, quantity: str = "100", **changes: Any) -> None:
        values = {"lot": self.name, "quantity": quantity, "date": self.today.isoformat(), **changes}
        self.book.say("warehouse", "warehouse_receipt.issued", receipt(self.of(name), **values))

    def stock(self, quantity: str = "100", **changes: Any) -> None:
        values = {"lot": self.name, "quantity": quantity, "at": self.today.isoformat(), **changes}
        self.book.say("warehouse", "stock.reported", stock(**values))

    def pledge(self, name: str, bank: str) -> None:
        self.book.say("supplier", "warehouse_receipt.pledged", {
            "receipt": self.of(name), "pledgee": bank, "financing": None, "at": self.today.isoformat(),
        })  # fmt: skip

    def split(self, name: str, **parts: str) -> None:
        listed = [{"receipt": self.of(each), "quantity": quantity} for each, quantity in parts.items()]
        self.book.say("warehouse", "warehouse_receipt.split", {
            "receipt": self.of(name), "at": self.today.isoformat(), "parts": listed,
        })  # fmt: skip

    def owed(self, name: str, *invoices: str, seller: str = "supplier", **changes: Any) -> None:
        """A receivable that nobody confirmed."""
        named = [self.of(each) for each in invoices]
        values = {"creditor": seller, "contract": None, **changes}
        self.book.say("gateway", "receivable.registered", receivable(self.of(name), *named, **values))

    def adjust_owed(self, name: str, delta: int) -> None:
        reason, at = "dilution" if delta < 0 else "return", self.today.isoformat()
        values = {"receivable": self.of(name), "delta": delta, "reason": reason, "at": at}
        self.book.say("gateway", "receivable.adjusted", values)

    def confirm(self, name: str, by: str = "core", *, key: str | None = None, **other: Any) -> None:
        """In the name of a member, with its first key or that of another account."""
        said = {"receivable": self.of(name), "by": by, "method": "seal"}
        self.book.say(key or by, "receivable.confirmed", said, **other)
