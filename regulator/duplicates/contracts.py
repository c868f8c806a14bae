"""The scope of contracts and orders with an amount: what was invoiced and lent under each.

A frame contract may have tens of thousands of receivables, and nearly none is exceeded. Followed block by block, what
came under each is summed in the book, and only what may be exceeded by that is read: see
:mod:`regulator.duplicates.contract_sums`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, Self

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Receivable,
    ReceivableInvoice,
    TradeDocument,
    TradeReference,
)
from ledger.snapshot import Market
from regulator.book import Book
from regulator.duplicates.claims import Claim
from regulator.duplicates.contract_sums import ContractSums
from regulator.duplicates.patterns import contract_over
from regulator.duplicates.patterns.contract_over import TYPES, Account
from regulator.duplicates.stakes import CLAIMS, Stakes, claimed, of
from regulator.duplicates.under import Under, under_of
from regulator.duplicates.view import current
from regulator.histories import Histories, StoreHistories, heights_of
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["Contract", "ContractScope"]

AT_ONCE: Final = 2_000
"""Contracts in memory together."""


class Contract:
    """A contract with its history."""

    def __init__(self, under: Under, stakes: Stakes) -> None:
        self._under, self._stakes = under, stakes

    @property
    def subjects(self) -> Collection[str]:
        """The contract."""
        return (f"document {self._under.versions[0].id}",)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        under = self._under
        own = heights_of(
            under.versions, under.references, under.links, *under.receivables.values(), *under.invoices.values()
        )
        claimed = self._stakes.heights([*self.subjects, *under.nodes()])
        return sorted(height for height in {*own, *claimed} if under.within(height))

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what is to be said of the contract."""
        under = self._under
        contract = current(under.versions, height)
        if contract is None or contract.amount is None:
            return
        names = self._invoices(contract.id, height)
        invoices = {name: current(under.invoices.get(name, ()), height) for name in sorted(names)}
        known = {name: one for name, one in invoices.items() if one is not None}
        owed = {name: one for name, versions in under.receivables.items() if (one := current(versions, height))}
        resting = {link.receivable for link in under.links if link.from_height <= height and link.invoice in known}
        bare = [one for name, one in sorted(owed.items()) if name not in resting]
        account = Account(
            contract=contract,
            invoices=sorted(known.values(), key=lambda one: (under.invoices[one.id][0].from_position, one.id)),
            bare=bare,
            direct=self._stakes.on(f"document {contract.id}", height),
            claims=self._claims(known, bare, height),
            firsts={name: versions[0].from_position for name, versions in under.invoices.items()}
            | {name: versions[0].from_position for name, versions in under.receivables.items()},
        )
        signal = contract_over.look(account)
        if signal is not None:
            yield signal

    def _invoices(self, contract: str, height: int) -> set[str]:
        """Return the invoices under the contract at the height."""
        held = [one for one in self._under.references if current((one,), height) is not None]
        papers = {one.source for one in held if one.source_kind == "document" and one.target == contract} | {contract}
        found = {one.source for one in held if one.source_kind == "invoice" and one.target in papers}
        return found | {link.invoice for link in self._under.links if link.from_height <= height}

    def _claims(self, invoices: Iterable[str], bare: Iterable[Receivable], height: int) -> list[Claim]:
        nodes = [*(f"invoice {name}" for name in invoices), *(f"receivable {one.id}" for one in bare)]
        found = {(c.thing, c.target): c for node in nodes for c in self._stakes.on(node, height)}
        return sorted(found.values(), key=lambda claim: (claim.began, claim.thing, claim.target))


class ContractScope:
    """Contracts with an amount, and the pattern of what is beyond it."""

    name = "duplicates.contracts"
    rules = (contract_over.RULE,)
    reads: tuple[type[Fact], ...] = (*CLAIMS, TradeDocument)

    def __init__(self, sums: ContractSums | None = None) -> None:
        self._sums = sums

    def kept_in(self, book: Book, *, anew: bool) -> Self:
        """See :meth:`Keeping.kept_in`."""
        return type(self)(ContractSums(book, self.name, anew=anew))

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: what changed on the ledger, up to the contracts it is under.

        Where sums are kept, only those that may be exceeded by them.
        """
        invoices, owed = claimed(changes, histories)
        invoices |= {one.id for one in of(changes, Invoice)}
        names = {one.id for one in of(changes, TradeDocument)}
        names |= {one.target for one in of(changes, TradeReference)}
        names |= {one.target for one in histories.having(TradeReference, "source", invoices)}
        links = histories.having(ReceivableInvoice, "invoice", invoices)
        owed |= {link.receivable for link in links} | {one.id for one in of(changes, Receivable)}
        names |= {one.contract for one in histories.having(Receivable, "id", owed) if one.contract is not None}
        put_up = [*of(changes, FinancingCollateral)]
        put_up += histories.having(FinancingCollateral, "financing", {one.id for one in of(changes, Financing)})
        names |= {one.target for one in put_up if one.target_kind == "document"}
        names |= {one.target for one in histories.having(TradeReference, "source", names)}
        if self._sums is None or not isinstance(histories, StoreHistories):
            return {f"document {name}" for name in _capped(histories, names)}
        return {f"document {name}" for name in self._sums.exceeded(changes, histories, names)}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: contracts under which more was ever invoiced or lent than their amount then."""
        rows = market.stated(TradeDocument)
        rows = rows.filter(rows.type.isin(TYPES) & rows.amount.notnull())
        found = _exceeded(market, rows).union(_lent_beyond(market, rows))
        found = found.union(rows.filter(rows.status == "cancelled").select("id"))
        return found.select(seed="document " + found.id).distinct()

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Contract]:
        """See :meth:`Scope.load`."""
        names = sorted(seed.removeprefix("document ") for seed in seeds)
        for start in range(0, len(names), AT_ONCE):
            yield from _loaded(histories, names[start : start + AT_ONCE])


def _exceeded(market: Market, contracts: Any) -> Any:
    """Return the contracts of which some version was exceeded by what was invoiced under them before it ended.

    Without tax; of receivables without an invoice, all. Nothing is taken off: what was taken back, counts.
    """
    under = _under(market, contracts)
    whole = under.group_by("contract").aggregate(total=under.amount.sum())
    least = contracts.group_by("id").aggregate(least=contracts.amount.min())
    some = least.join(whole, least.id == whole.contract)
    some = some.filter(some.total > some.least).select(name="id")
    versions = contracts.select("id", "amount", "from_position", "to_height")
    versions = versions.semi_join(some, versions.id == some.name)
    under = under.select(contract="contract", height="height", fen="amount")
    both = versions.join(under, versions.id == under.contract)
    both = both.filter(both.to_height.isnull() | (both.height < both.to_height))
    sums = both.group_by("id", "from_position").aggregate(total=both.fen.sum(), cap=both.amount.max())
    return sums.filter(sums.total > sums.cap).select("id")


def _under(market: Market, contracts: Any) -> Any:
    """Return what is under each contract: fen without tax, and the height from which it is."""
    names = contracts.select("id").distinct()
    references = market.stated(TradeReference).select("source_kind", "source", "target", "from_height")
    papers = references.filter(references.source_kind == "document").select(paper="source", contract="target")
    papers = papers.semi_join(names, papers.contract == names.id)
    papers = papers.union(names.select(paper="id", contract="id"))
    direct = references.filter(references.source_kind == "invoice")
    direct = direct.join(papers, direct.target == papers.paper)
    direct = direct.select(contract="contract", invoice="source", height="from_height")
    owed = market.table(Receivable)  # a receivable has one version that holds, and its contract never changes
    owed = owed.semi_join(names, owed.contract == names.id).select("id", "contract")
    links = market.stated(ReceivableInvoice).select("receivable", "invoice", linked="from_height")
    tied = owed.join(links, owed.id == links.receivable).select(contract="contract", invoice="invoice", height="linked")
    pairs = direct.union(tied)
    pairs = pairs.group_by("contract", "invoice").aggregate(height=pairs.height.min())
    faces = market.table(Invoice).select(name="id", face="amount_excluding_tax")
    under = pairs.join(faces, pairs.invoice == faces.name)
    under = under.filter(under.face > 0).select(contract="contract", amount="face", height="height")
    rows = market.stated(Receivable)
    bare = rows.semi_join(owed.anti_join(links, owed.id == links.receivable), "id")
    bare = bare.group_by("id", "contract").aggregate(
        most=(bare.amount + bare.adjusted + bare.netted).max(), height=bare.from_height.min()
    )
    return under.union(bare.select(contract="contract", amount="most", height="height"))


def _lent_beyond(market: Market, contracts: Any) -> Any:
    """Return the contracts on which more was ever lent than their least amount."""
    import ibis

    put_up = market.stated(FinancingCollateral)
    put_up = put_up.filter(put_up.target_kind == "document").select(contract="target", financing="financing").distinct()
    loans = market.stated(Financing)
    loans = loans.group_by("id").aggregate(most=ibis.greatest(loans.amount.max(), loans.disbursed.max()))
    lent = put_up.join(loans, put_up.financing == loans.id)
    lent = lent.group_by("contract").aggregate(total=lent.most.sum())
    least = contracts.group_by("id").aggregate(least=contracts.amount.min())
    found = least.join(lent, least.id == lent.contract)
    return found.filter(found.total > found.least).select("id")


def _capped(histories: Histories, names: Collection[str]) -> set[str]:
    found = histories.having(TradeDocument, "id", names)
    return {one.id for one in found if one.amount is not None and one.type in TYPES}


def _loaded(histories: Histories, names: Sequence[str]) -> Iterator[Contract]:
    under = under_of(histories, names)
    for put_up in histories.having(FinancingCollateral, "target", under.keys()):
        if put_up.target_kind == "document":
            under[put_up.target].lent = True
    for each in under.values():
        each.spans = each.exceeded()
    over = {name: each for name, each in under.items() if each.spans}
    nodes = {f"document {name}" for name in over}
    stakes = Stakes(histories, nodes.union(*(each.nodes() for each in over.values())))
    for each in over.values():
        yield Contract(each, stakes)
