"""Receivables that are or were financed or sold, and what shows that they are owed, with the history of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.confirmation import by_debtor, confirmation
from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    Payment,
    PoolAsset,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeDocument,
    TradeReference,
)
from regulator.duplicates.paper_numbers import known_otherwise
from regulator.duplicates.patterns.phantom_debtor import MOVEMENT, Sums
from regulator.duplicates.stakes import by_id
from regulator.duplicates.view import OVER, current
from regulator.histories import Histories, heights_of

__all__ = ["Backed", "backed"]


@dataclass(slots=True)
class Loans:
    """The loans on one thing, with their history: asked once a height, however many receivables rest on that thing."""

    on: list[tuple[FinancingCollateral, list[Financing]]] = field(default_factory=list)
    _active: dict[int, bool] = field(default_factory=dict)
    _heights: list[int] = field(default_factory=list)

    def active(self, height: int) -> bool:
        """Tell whether any is out at the height."""
        if height not in self._active:
            self._active[height] = any(
                current((put_up,), height) is not None
                and (financing := current(versions, height)) is not None
                and financing.status not in OVER
                for put_up, versions in self.on
            )
        return self._active[height]

    def heights(self) -> list[int]:
        """Return the heights at which any of them changed."""
        self._heights = self._heights or heights_of(
            [put_up for put_up, _ in self.on], *(versions for _, versions in self.on)
        )
        return self._heights


@dataclass(slots=True, kw_only=True)
class Backed:
    """One receivable: its versions, what claims it, what is beneath it."""

    versions: list[Receivable]
    held: list[Fact] = field(default_factory=list)
    """Pieces that a financier holds, and places in pools."""
    loans: list[tuple[int, Loans]] = field(default_factory=list)
    """On itself and on what it is claimed by: its pieces, its invoices, packages of those; from which height on."""
    invoices: list[tuple[ReceivableInvoice, list[Invoice]]] = field(default_factory=list)
    paid: list[Settlement] = field(default_factory=list)
    """By the debtor."""
    moved: list[tuple[TradeReference, Sequence[Any]]] = field(default_factory=list)
    """References of its invoices to papers that show goods move, with those."""

    def heights(self) -> list[int]:
        """Return the heights at which any of it changed."""
        pairs: list[tuple[Fact, Sequence[Fact]]] = [*self.invoices, *self.moved]
        links = [link for link, _ in pairs]
        own = heights_of(self.versions, self.held, self.paid, links, *(versions for _, versions in pairs))
        return sorted({*own, *(max(since, height) for since, each in self.loans for height in each.heights())})

    def sums(self, height: int) -> Sums:
        """Return what it adds to its pair as of the height."""
        owed = current(self.versions, height)
        if owed is None or not self._claimed(height):
            return Sums()
        amount = max(owed.claimed, 0)
        confirmed = confirmation(self.versions, height)
        if (confirmed is not None and by_debtor(confirmed)) or self._supported(amount, height):
            return Sums(supported=amount)
        return Sums(amount, 1, others=int(confirmed is not None))

    def _claimed(self, height: int) -> bool:
        if any(current((one,), height) is not None for one in self.held):
            return True
        return any(since <= height and each.active(height) for since, each in self.loans)

    def _supported(self, amount: int, height: int) -> bool:
        if any(one.from_height <= height for one in self.paid):
            return True
        for reference, versions in self.moved:
            paper = current(versions, height)
            if reference.from_height <= height and paper is not None and paper.status != "cancelled":
                return True
        known = 0
        for link, invoices in self.invoices:
            invoice = current(invoices, height)
            if link.from_height <= height and invoice is not None and invoice.verified_result == "consistent":
                known += 0 if known_otherwise(invoice) else max(invoice.amount_including_tax, 0)
        return 2 * known >= amount


def backed(histories: Histories, versions: dict[str, list[Receivable]]) -> dict[str, Backed]:
    """Return those of these receivables that were ever financed or sold, by id."""
    found = {name: Backed(versions=each) for name, each in versions.items()}
    links = histories.having(ReceivableInvoice, "receivable", found.keys())
    _claim(histories, found, links)
    found = {name: one for name, one in found.items() if one.held or one.loans}
    links = [link for link in links if link.receivable in found]
    invoices = by_id(histories.having(Invoice, "id", {link.invoice for link in links}))
    resting: defaultdict[str, list[Backed]] = defaultdict(list)
    for link in links:
        resting[link.invoice].append(found[link.receivable])
        found[link.receivable].invoices.append((link, invoices.get(link.invoice, [])))
    settlements = histories.having(Settlement, "receivable", found.keys())
    payers = {one.id: one.payer for one in histories.having(Payment, "id", {one.payment for one in settlements})}
    for one in settlements:
        if one.receivable is not None and payers.get(one.payment) == found[one.receivable].versions[0].debtor:
            found[one.receivable].paid.append(one)
    references = [
        one for one in histories.having(TradeReference, "source", resting.keys()) if one.source_kind == "invoice"
    ]
    targets = {one.target for one in references}
    papers = by_id(one for one in histories.having(TradeDocument, "id", targets) if one.type in MOVEMENT)
    receipts = by_id(histories.having(Receipt, "id", targets))
    for reference in references:
        for shown in (papers.get(reference.target, ()), receipts.get(reference.target, ())):
            for each in resting[reference.source] if shown else ():
                each.moved.append((reference, shown))
    return found


def _claim(histories: Histories, found: dict[str, Backed], links: Sequence[ReceivableInvoice]) -> None:
    """Add what claims or claimed the receivables: loans on them and on what is beneath, pieces bought, pools.

    A loan may name a package, or a piece, that is made only later: it claims the receivable from then on.
    """
    under: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for name, owed in found.items():
        under["receivable", name][name] = owed.versions[0].from_height
    for link in links:
        under["invoice", link.invoice][link.receivable] = link.from_height
    for output in histories.having(Output, "root", found.keys()):
        under["output", output.id][output.root] = output.from_height
        if output.financier is not None and output.financier == output.owner:
            found[output.root].held.append(output)
    for pooled in histories.having(PoolAsset, "asset", found.keys()):
        found[pooled.asset].held.append(pooled)
    for packed in histories.having(PackageInvoice, "invoice", {link.invoice for link in links}):
        for name, linked in under["invoice", packed.invoice].items():
            under["package", packed.package][name] = max(linked, packed.from_height)
    put_up = histories.having(FinancingCollateral, "target", {name for _, name in under})
    financings = by_id(histories.having(Financing, "id", {one.financing for one in put_up}))
    loans: defaultdict[tuple[str, str], Loans] = defaultdict(Loans)
    for one in put_up:
        if (one.target_kind, one.target) in under:
            loans[one.target_kind, one.target].on.append((one, financings.get(one.financing, [])))
    for thing, some in loans.items():
        for name, since in under[thing].items():
            found[name].loans.append((since, some))
