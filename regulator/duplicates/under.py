"""What was ever under contracts (合同项下): receivables and invoices, and how much may have come under by when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from ledger.facts import (
    Invoice,
    Receivable,
    ReceivableInvoice,
    TradeDocument,
    TradeReference,
)
from regulator.duplicates.stakes import by_id
from regulator.histories import Histories

__all__ = ["Under", "face_of", "most_of", "under_of"]


@dataclass(slots=True, kw_only=True)
class Under:
    """A contract's versions and all that is under it: references, receivables, and their links to invoices."""

    versions: list[TradeDocument]
    references: list[TradeReference] = field(default_factory=list)
    """Of invoices to it or to a document under it; and of such documents to it."""
    receivables: dict[str, list[Receivable]] = field(default_factory=dict)
    links: list[ReceivableInvoice] = field(default_factory=list)
    invoices: dict[str, list[Invoice]] = field(default_factory=dict)
    lent: bool = False
    """Whether it was ever put up itself."""
    spans: list[tuple[int, int | None]] = field(default_factory=list)
    """From which height to which there may be anything to say."""

    def nodes(self) -> list[str]:
        """Return the invoices and receivables that had come under it by the end of its last span."""
        ends = [to for _, to in self.spans]
        last = None if None in ends else max(to for to in ends if to is not None)
        things = (("invoice", self.invoices), ("receivable", self.receivables))
        return [
            f"{kind} {name}"
            for kind, some in things
            for name, versions in some.items()
            if last is None or versions[0].from_height <= last
        ]

    def within(self, height: int) -> bool:
        """Tell whether there may be anything to say at a height, or it has just come to an end."""
        return any(first <= height and (to is None or height <= to) for first, to in self.spans)

    def came(self) -> list[tuple[int, int]]:
        """Return the heights at which something came under it, with the most fen that it was for. Nothing is taken off.

        Of invoices the amount without tax; receivables count where they rest on no invoice.
        """
        found = [(versions[0].from_height, face_of(versions[0])) for versions in self.invoices.values()]
        resting = {link.receivable for link in self.links}
        bare = (versions for name, versions in self.receivables.items() if name not in resting)
        return found + [(versions[0].from_height, most_of(versions)) for versions in bare]

    def exceeded(self) -> list[tuple[int, int | None]]:
        """Return from which height to which the contract may be exceeded: the versions that were at last.

        Those that what had come under before they ended comes to more than, those that were cancelled; all of them
        where it was lent on. A span never goes, whatever comes after.
        """
        came, found = self.came(), []
        for one in self.versions:
            before = sum(amount for height, amount in came if one.to_height is None or height < one.to_height)
            if self.lent or one.status == "cancelled" or (one.amount is not None and before > one.amount):
                found.append((one.from_height, one.to_height))
        return found


def face_of(invoice: Invoice) -> int:
    """Return what an invoice adds under a contract, fen."""
    return max(invoice.amount_excluding_tax, 0)


def most_of(versions: Collection[Receivable]) -> int:
    """Return what a receivable without an invoice adds under a contract at most, fen."""
    return max((one.claimed for one in versions), default=0)


def under_of(histories: Histories, names: Collection[str]) -> dict[str, Under]:
    """Return by id what is under these documents, all but what was lent on them and the spans."""
    documents = by_id(histories.having(TradeDocument, "id", names))
    under = {name: Under(versions=versions) for name, versions in documents.items()}
    _refer(histories, under)
    for one in histories.having(Receivable, "contract", under.keys()):
        if one.contract is not None:
            under[one.contract].receivables.setdefault(one.id, []).append(one)
    contract_of = {name: each for each in under.values() for name in each.receivables}
    for link in histories.having(ReceivableInvoice, "receivable", contract_of.keys()):
        contract_of[link.receivable].links.append(link)
    wanted: defaultdict[str, list[Under]] = defaultdict(list)
    for each in under.values():
        sources = {one.source for one in each.references if one.source_kind == "invoice"}
        for name in sources | {link.invoice for link in each.links}:
            wanted[name].append(each)
    for invoice in histories.having(Invoice, "id", wanted.keys()):
        for each in wanted[invoice.id]:
            each.invoices.setdefault(invoice.id, []).append(invoice)
    return under


def _refer(histories: Histories, under: dict[str, Under]) -> None:
    """Add what refers to each contract, and the invoices that refer to the documents among that."""
    papers: defaultdict[str, list[Under]] = defaultdict(list)
    for one in histories.having(TradeReference, "target", under.keys()):
        under[one.target].references.append(one)
        if one.source_kind == "document":
            papers[one.source].append(under[one.target])
    for one in histories.having(TradeReference, "target", papers.keys()):
        if one.source_kind == "invoice":
            for each in papers[one.target]:
                each.references.append(one)
