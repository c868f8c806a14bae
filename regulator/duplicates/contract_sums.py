"""What had come under each contract and was lent on it, summed in the book: which of them may be exceeded at all.

The sums never fall: nothing is taken off what was taken back. So a contract of which they are within its amount cannot
be exceeded, whatever its papers say. They are those of the last step that changed them, plus what this step brings,
told by the facts that began in it. What a paper adds is read only when a document changed itself: it may have got an
amount, or be new to papers that named it before.

They are written with what the step found, or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from sqlalchemy import BigInteger
from sqlmodel import Field

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
from regulator.book import Book
from regulator.book.tables import BookTable
from regulator.duplicates.kept import Kept
from regulator.duplicates.patterns.contract_over import TYPES
from regulator.duplicates.stakes import by_id, of
from regulator.duplicates.under import face_of, most_of, under_of
from regulator.histories import StoreHistories
from regulator.scope import Changes

__all__ = ["ContractSums", "ContractSumsRow"]


class ContractSumsRow(BookTable, table=True):
    """The sums of a contract as of the last block followed."""

    __tablename__ = "contract_sums"

    contract: str = Field(primary_key=True)
    came: int = Field(sa_type=BigInteger)
    lent: int = Field(sa_type=BigInteger)
    beyond: bool


_SUMS = Kept(ContractSumsRow)


@dataclass(frozen=True, slots=True)
class Sums:
    """The most that had come under a contract by a height, and was ever lent on it itself, fen.

    ``beyond``: the contract as it stands then may be exceeded.
    """

    came: int = 0
    lent: int = 0
    beyond: bool = False

    def over(self, document: TradeDocument) -> bool:
        """Tell whether a version of the contract may be exceeded."""
        if document.amount is None:
            return False
        return document.status == "cancelled" or max(self.came, self.lent) > document.amount


class ContractSums:
    """The sums of contracts in a book, each as of the step that changed it last; none: nothing had come under it."""

    def __init__(self, book: Book, scope: str, *, anew: bool) -> None:
        _SUMS.ready(book, scope, anew=anew)
        self._book = book

    def exceeded(self, changes: Changes, histories: StoreHistories, touched: Collection[str]) -> set[str]:
        """Bring the sums up to the height; return the contracts that may be exceeded, or may have been until now.

        ``touched`` are the documents that the changes touched in any way.
        """
        after = histories.after
        came, lent_on = _came(changes, histories), _lent_on(changes, histories)
        changed = {one.id for one in of(changes, TradeDocument)}
        versions = by_id(
            one
            for one in histories.having(TradeDocument, "id", came.keys() | lent_on | changed)
            if one.type in TYPES and one.currency == "CNY"
        )
        whole = under_of(histories, changed & versions.keys())
        lent = _lent(histories, (lent_on | changed) & versions.keys())
        with self._book.reads() as connection:
            rows = _SUMS.rows(connection, {*touched, *versions})
            kept = {contract: Sums(*sums) for contract, *sums in rows}
        found = {name for name in touched if name in kept and kept[name].beyond}
        now: dict[str, Sums] = {}
        for name, mine in versions.items():
            before = kept.get(name, Sums())
            sums = Sums(
                came=sum(fen for _, fen in whole[name].came()) if name in whole else before.came + came.get(name, 0),
                lent=lent.get(name, before.lent),
            )
            if any(sums.over(one) for one in mine if one.to_height is None or one.to_height > after):
                found.add(name)
            if any(one.amount is not None for one in mine):  # one that gets an amount is read whole then
                now[name] = replace(sums, beyond=sums.over(mine[-1]))
        changed_sums = {name: one for name, one in now.items() if one != kept.get(name, Sums())}
        _SUMS.put(self._book, [{"contract": name, **asdict(one)} for name, one in changed_sums.items()])
        return found


def _new(versions: Iterable[Fact], after: int) -> set[str]:
    """Return those of changed things that were not there at a height: the versions that held then have ended since."""
    told = list(versions)
    return {one.id for one in told} - {one.id for one in told if one.from_height <= after}


def _came(changes: Changes, histories: StoreHistories) -> Mapping[str, int]:
    """Return by contract, or other document, what came under it since the changes began."""
    found: defaultdict[str, int] = defaultdict(int)
    after = histories.after
    invoices = by_id(histories.having(Invoice, "id", _tied_anew(changes, histories)))
    for invoice, began in _came_under(histories, invoices).items():
        first = invoices[invoice][0]
        for name, height in began.items():
            if max(height, first.from_height) > after:
                found[name] += face_of(first)
    risen = _risen(of(changes, Receivable), after)
    bare = risen - {link.receivable for link in histories.having(ReceivableInvoice, "receivable", risen)}
    for versions in by_id(histories.having(Receivable, "id", bare)).values():
        if (contract := versions[0].contract) is not None:
            found[contract] += most_of(versions) - most_of([one for one in versions if one.from_height <= after])
    return found


def _tied_anew(changes: Changes, histories: StoreHistories) -> set[str]:
    """Return the invoices that may have come under another document: new ones, and those newly referred or owed."""
    references = [one for one in of(changes, TradeReference) if one.from_height > histories.after]
    papers = {one.source for one in references if one.source_kind == "document"}
    references += histories.having(TradeReference, "target", papers)
    found = {one.source for one in references if one.source_kind == "invoice"}
    links = {one.invoice for one in of(changes, ReceivableInvoice) if one.from_height > histories.after}
    return found | links | _new(of(changes, Invoice), histories.after)


def _came_under(histories: StoreHistories, invoices: Collection[str]) -> dict[str, dict[str, int]]:
    """Return by invoice the documents that it is or was under, with the height from which that was known."""
    found: dict[str, dict[str, int]] = {name: {} for name in invoices}

    def note(invoice: str, contract: str, height: int) -> None:
        mine = found[invoice]
        mine[contract] = min(height, mine.get(contract, height))

    direct = [one for one in histories.having(TradeReference, "source", invoices) if one.source_kind == "invoice"]
    above: defaultdict[str, list[TradeReference]] = defaultdict(list)
    for one in histories.having(TradeReference, "source", {one.target for one in direct}):
        if one.source_kind == "document":
            above[one.source].append(one)
    for one in direct:
        note(one.source, one.target, one.from_height)
        for paper in above[one.target]:
            note(one.source, paper.target, max(one.from_height, paper.from_height))
    links = histories.having(ReceivableInvoice, "invoice", invoices)
    owed = histories.having(Receivable, "id", {link.receivable for link in links})
    contracts = {one.id: one.contract for one in owed}  # which never changes
    for link in links:
        if (contract := contracts.get(link.receivable)) is not None:
            note(link.invoice, contract, link.from_height)
    return found


def _risen(versions: Iterable[Receivable], after: int) -> set[str]:
    """Return those of changed receivables with a contract that are new or claim more than before."""
    found = set()
    for name, mine in by_id(versions).items():
        before = [one for one in mine if one.from_height <= after]
        if mine[0].contract is not None and (not before or most_of(mine) > most_of(before)):
            found.add(name)
    return found


def _lent_on(changes: Changes, histories: StoreHistories) -> set[str]:
    """Return the documents that were put up themselves, where that or the financing changed."""
    put_up = [*of(changes, FinancingCollateral)]
    put_up += histories.having(FinancingCollateral, "financing", {one.id for one in of(changes, Financing)})
    return {one.target for one in put_up if one.target_kind == "document"}


def _lent(histories: StoreHistories, contracts: Collection[str]) -> dict[str, int]:
    """Return by contract the most of all that was ever lent on it itself."""
    put_up = [
        one for one in histories.having(FinancingCollateral, "target", contracts) if one.target_kind == "document"
    ]
    loans = by_id(histories.having(Financing, "id", {one.financing for one in put_up}))
    most = {name: max(max(one.amount, one.disbursed) for one in versions) for name, versions in loans.items()}
    found = dict.fromkeys(contracts, 0)
    for name, financing in {(one.target, one.financing) for one in put_up}:
        found[name] += most.get(financing, 0)
    return found
