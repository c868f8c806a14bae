"""Small histories of trade, told in the records of a consortium; all in one ledger, each between members of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.duplicates_stories import Desk as Asset
from tests.support.duplicates_stories import ledger as asset_ledger
from tests.support.ledger_book import Book, admitted
from tests.support.trade import document

STORIES: dict[str, Callable[[Desk], Any]] = {}
"""By name. A story returns nothing when it must raise no finding, else by rule its versions: height and level, None
where it stands no more."""


def story(tell: Callable[[Desk], Any]) -> Callable[[Desk], Any]:
    """Keep a story by its name."""
    STORIES[tell.__name__] = tell
    return tell


def ledger(location: Path) -> Book:
    """An empty ledger with the members of every story."""
    return asset_ledger(location)


class Desk(Asset):
    """Writes one story's records. Members are the story's own."""

    def __init__(self, book: Book, name: str) -> None:
        super().__init__(book, name)
        self.known: dict[str, str] = {}

    def member(self, name: str, title: str | None = None, **changes: Any) -> str:
        """A member of the story, admitted when it is first named; its company's name is its own unless told."""
        if name not in self.known:
            self.known[name] = f"{self.name}.{name}"
            values = admitted(self.known[name], ["supplier"]) | {"name": title or f"{self.name}{name}公司"} | changes
            self.book.say("operator", "member.admitted", values)
        return self.known[name]

    def rename(self, name: str, title: str) -> None:
        self.book.say("operator", "member.updated", {"member": self.of(name), "name": title})

    def sell(  # type: ignore[override]
        self, seller: str, buyer: str, amount: int = 113_000, *, owed: bool = True, related: bool = False,
        goods: str = "冷轧钢板", papers: tuple[str, ...] = (), **changes: Any,
    ) -> str:  # fmt: skip
        """An invoice of today, and a receivable on it; returns its name. They are called after seller and buyer."""
        name = changes.pop("name", f"{seller}{buyer}{self.book.height}-{len(self.book.events)}")
        sides = {"seller": self.member(seller), "buyer": self.member(buyer)}
        net = amount * 100 // 113
        amounts = {"amount_excluding_tax": net, "tax": amount - net, "amount_including_tax": amount}
        self.invoice(name, goods=goods, refers_to=[self.of(each) for each in papers], **sides, **amounts, **changes)
        if owed:
            self.claim(f"R{name}", seller, buyer, amount, name, related=related)
        return name

    def claim(self, name: str, seller: str, buyer: str, amount: int, *invoices: str, related: bool = False) -> str:
        values = {
            "receivable": self.of(name), "creditor": self.member(seller), "debtor": self.member(buyer),
            "amount": amount, "due": (self.today + timedelta(days=90)).isoformat(), "contract": None,
            "invoices": [self.of(each) for each in invoices], "related_party": related,
        }  # fmt: skip
        self.book.say("gateway", "receivable.registered", values)
        return name

    def paper(self, name: str, seller: str, buyer: str, *refers_to: str, kind: str = "waybill") -> str:
        values = document(self.of(name), *(self.of(each) for each in refers_to), type=kind) | {
            "parties": [self.member(seller), self.member(buyer)], "date": self.today.isoformat(),
        }  # fmt: skip
        self.book.say(self.member(seller), "document.registered", values)
        return name

    def fund(self, name: str, bank: str = "bank", share: int = 70) -> None:
        """A loan on the receivable of a sale."""
        self.lend(f"F{name}", bank, ("receivable", f"R{name}"), amount=113_000 * share // 100)

    def settle(self, name: str, how: str = "netting") -> None:
        values = {"receivable": self.of(f"R{name}"), "at": self.today.isoformat(), "method": how}
        self.book.say("gateway", "receivable.settled", values)
