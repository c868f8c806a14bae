"""The scope of papers: invoices that something is odd about, each with what it is held against.

Nearly every invoice is beyond suspicion for good: its number is written right and nobody else's, and the tax authority
never said anything against it. Those are left out before anything more is read: followed block by block, by the marks
of the others that are kept in the book (:mod:`regulator.duplicates.paper_marks`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations, islice
from typing import Any, Final, Self

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Member,
    Output,
    PackageInvoice,
    PoolAsset,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    TradeReference,
)
from ledger.records.members import uscc_holds
from ledger.snapshot import Market
from regulator.book import Book
from regulator.duplicates import paper_candidates
from regulator.duplicates.paper_marks import PaperMarks
from regulator.duplicates.paper_numbers import (
    forms_of,
    mismatched,
    odd_province,
    odd_year,
    one_code,
    unknown,
    written_otherwise,
)
from regulator.duplicates.patterns import altered_document, impossible_fields, inflated_face
from regulator.duplicates.sheet import Papers, Sheet
from regulator.duplicates.stakes import CLAIMS, Stakes, around, by_id, claimed_invoices, of
from regulator.duplicates.view import current
from regulator.histories import Histories, heights_of
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["Paper", "PaperScope"]

GRANTS: Final = frozenset(
    (
        Financing, FinancingCollateral, Output, PackageInvoice, PoolAsset, ReceivableInvoice, Registration,
        RegistrationCollateral,
    )
)  # fmt: skip
"""The tables that say who claims something, and on what: a claim may name what is registered after it."""
PATTERNS: Final[dict[str, Callable[[Sheet], Signal | None]]] = {
    each.RULE: each.look for each in (altered_document, inflated_face, impossible_fields)
}
Named = tuple[str, str, str]
"""Number, seller, buyer."""
Day = tuple[str, str, date, int]
"""Seller, buyer, day of issue, amount."""
PARTIES: Final = ("buyer", "amount_including_tax")
"""What two records of one invoice have in common beside the seller."""
FORMS: Final = 1_000
"""Pairs of records of one number in several forms that are looked at, the first ones."""
AT_ONCE: Final = 20_000
"""Suspects whose families are in memory together."""


class Paper:
    """A suspected invoice with its history."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers

    @property
    def subjects(self) -> Collection[str]:
        """The invoice."""
        return (self._papers.node,)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        mine = self._papers
        others = (*mine.same.values(), *mine.otherwise.values(), *mine.parts.values())
        beside = (*mine.same, *mine.near, *mine.otherwise)
        claimed = mine.stakes.heights((mine.node, *(f"invoice {name}" for name in beside)))
        own = heights_of(mine.versions, *others, *mine.parties.values())
        return sorted({*own, *claimed})

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what the patterns say of the invoice."""
        invoice = current(self._papers.versions, height)
        if invoice is not None:
            sheet = Sheet(self._papers, invoice, height)
            for look in PATTERNS.values():
                signal = look(sheet)
                if signal is not None:
                    yield signal


class PaperScope:
    """Single invoices, and the patterns about what is written on them."""

    name = "duplicates.papers"
    rules = tuple(PATTERNS)
    reads: tuple[type[Fact], ...] = (*CLAIMS, Member)

    def __init__(self, marks: PaperMarks | None = None) -> None:
        self._marks = marks

    def kept_in(self, book: Book, *, anew: bool) -> Self:
        """See :meth:`Keeping.kept_in`."""
        return type(self)(PaperMarks(book, self.name, anew=anew))

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: only invoices that something is odd about."""
        if self._marks is None:
            raise RuntimeError("only in a book are the marks kept by which invoices are followed")
        changed = {one.id for one in of(changes, Invoice)}
        newly = claimed_invoices({table: rows for table, rows in changes.items() if table in GRANTS}, histories)
        ids = changed | newly | claimed_invoices(changes, histories)
        referring = histories.having(TradeReference, "target", changed)
        ids |= {one.source for one in referring if one.source_kind == "invoice"}
        invoices = by_id(histories.having(Invoice, "id", ids))
        found = {name for name, versions in invoices.items() if any(_odd(one) for one in versions)}
        found |= _dated_after(histories, invoices)
        found |= _of_bad_parties(histories, changes, invoices.values())
        sharing = _sharing(histories, invoices.values())
        for versions in invoices.values():
            if same := _same(sharing, versions[0]):
                found |= {versions[0].id, *same}
        firsts = {name: versions[0] for name, versions in invoices.items()}
        claimed = [firsts[name] for name in newly if name in firsts]
        found |= self._marks.met(histories, of(changes, Invoice), firsts.values(), claimed)
        return {f"invoice {name}" for name in found}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`."""
        return paper_candidates.candidates(market)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Paper]:
        """See :meth:`Scope.load`."""
        ordered = sorted(seed.removeprefix("invoice ") for seed in seeds)
        for start in range(0, len(ordered), AT_ONCE):
            yield from _loaded(histories, ordered[start : start + AT_ONCE])


def _loaded(histories: Histories, names: Sequence[str]) -> Iterator[Paper]:
    invoices = by_id(histories.having(Invoice, "id", names))
    sharing = _sharing(histories, invoices.values())
    unsure = [versions[0] for versions in invoices.values() if any(unknown(one) for one in versions)]
    beside: defaultdict[tuple[str, str, int], dict[str, list[Invoice]]] = defaultdict(dict)
    for name, versions in around(histories, unsure, altered_document.DAYS, PARTIES).items():
        one = versions[0]
        beside[one.seller, one.buyer, one.amount_including_tax][name] = versions
    forms = _otherwise(histories, [versions[0] for versions in invoices.values()])
    parts = by_id(histories.having(Invoice, "id", {each for some in invoices.values() for each in some[0].refers_to}))
    members = by_id(
        histories.having(
            Member, "id", {party for some in invoices.values() for party in (some[0].seller, some[0].buyer)}
        )
    )
    bad = {name: versions for name, versions in members.items() if any(not uscc_holds(one.uscc) for one in versions)}
    told: list[Papers] = []
    nodes: set[str] = set()
    made: list[dict[str, Any]] = []
    for name, versions in invoices.items():
        one = versions[0]
        same = _same(sharing, one)
        near = beside[one.seller, one.buyer, one.amount_including_tax] if any(unknown(v) for v in versions) else {}
        near = {each: some for each, some in near.items() if each != name and altered_document.alike(one, some[0])}
        otherwise = forms.get(name, {})
        nodes |= {f"invoice {each}" for each in (name, *same, *near, *otherwise)}
        made.append(
            {
                "versions": versions,
                "same": same,
                "near": near,
                "otherwise": otherwise,
                "parts": {each: parts[each] for each in one.refers_to if each in parts},
                "parties": {each: bad[each] for each in (one.seller, one.buyer) if each in bad},
            }
        )
    stakes = Stakes(histories, nodes)
    told = [Papers(stakes=stakes, **each) for each in made]
    for papers in told:
        yield Paper(papers)


def _odd(invoice: Invoice) -> bool:
    return mismatched(invoice) or odd_year(invoice.number, invoice.issued) or odd_province(invoice.number)


def _sharing(histories: Histories, invoices: Iterable[list[Invoice]]) -> dict[Named, dict[str, list[Invoice]]]:
    """Return by number and parties all invoices of them, by id."""
    found: defaultdict[Named, dict[str, list[Invoice]]] = defaultdict(dict)
    for one in histories.having(Invoice, "number", {versions[0].number for versions in invoices}):
        found[_named(one)].setdefault(one.id, []).append(one)
    return found


def _same(sharing: dict[Named, dict[str, list[Invoice]]], one: Invoice) -> dict[str, list[Invoice]]:
    """Return the other invoices of an invoice's number and parties, by id: but for those of another code."""
    met = sharing[_named(one)].items()
    return {name: versions for name, versions in met if name != one.id and one_code(one, versions[0])}


def _named(invoice: Invoice) -> Named:
    return invoice.number, invoice.seller, invoice.buyer


def _otherwise(histories: Histories, invoices: Sequence[Invoice]) -> dict[str, dict[str, list[Invoice]]]:
    """Return by id, for these and for those, the records of one invoice whose number was written in two ways."""
    wanted = {_day(one) for one in invoices}
    forms: defaultdict[tuple[Day, str], dict[str, list[Invoice]]] = defaultdict(dict)
    for name, versions in around(histories, invoices, 0, PARTIES).items():
        if (day := _day(versions[0])) in wanted:
            for form in forms_of(versions[0]):
                forms[day, form][name] = versions
    found: defaultdict[str, dict[str, list[Invoice]]] = defaultdict(dict)
    for some in forms.values():
        for (name, one), (other, its) in islice(combinations(some.items(), 2), FORMS):
            if written_otherwise(one[0], its[0]):
                found[name][other], found[other][name] = its, one
    return found


def _day(invoice: Invoice) -> Day:
    return invoice.seller, invoice.buyer, invoice.issued, invoice.amount_including_tax


def _dated_after(histories: Histories, invoices: dict[str, list[Invoice]]) -> set[str]:
    """Return those of the invoices that are dated after a financing which was opened on them."""
    under: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name in invoices:
        under["invoice", name].add(name)
    for link in histories.having(ReceivableInvoice, "invoice", invoices.keys()):
        under["receivable", link.receivable].add(link.invoice)
    receivables = {name for kind, name in under if kind == "receivable"}
    for output in histories.having(Output, "root", receivables):
        under["output", output.id] |= under["receivable", output.root]
    for packed in histories.having(PackageInvoice, "invoice", invoices.keys()):
        under["package", packed.package].add(packed.invoice)
    put_up = histories.having(FinancingCollateral, "target", {name for _, name in under})
    opened = {one.id: one for one in reversed(histories.having(Financing, "id", {one.financing for one in put_up}))}
    found: set[str] = set()
    for one in put_up:
        financing = opened.get(one.financing)
        if financing is not None and financing.from_position == one.from_position:
            names = under.get((one.target_kind, one.target), set())
            found |= {name for name in names if invoices[name][0].issued > financing.start}
    return found


def _of_bad_parties(histories: Histories, changes: Changes, invoices: Iterable[list[Invoice]]) -> set[str]:
    """Return those of the invoices, and all of members that changed, that a party with a wrong credit code is on."""
    parties = {party for versions in invoices for party in (versions[0].seller, versions[0].buyer)}
    changed = {one.id for one in of(changes, Member)}
    bad = {one.id for one in histories.having(Member, "id", parties | changed) if not uscc_holds(one.uscc)}
    found = {versions[0].id for versions in invoices if bad.intersection((versions[0].seller, versions[0].buyer))}
    for column in ("seller", "buyer"):
        found |= {one.id for one in histories.having(Invoice, column, bad & changed)}
    return found
