"""Marks by which an invoice finds those it may be held against, kept in the book: two kinds that are few.

* Of two records of one invoice whose number was written in two ways, one is written oddly or states a code. Those are
  marked with their number as it is without its format, and by that the other one finds them.
* An invoice that the tax authority does not know may be another one under nearly its number. Those are marked with
  parties and amount, which both have, and by them the other one finds them when it is claimed.

So nobody reads all that a seller issued on a day, or about it. A mark says only that an invoice should be looked at.
Marks are written with what the step found, or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection
from sqlmodel import Field

from ledger.facts import Invoice
from regulator.book import Book
from regulator.book.tables import BookTable
from regulator.duplicates.kept import Kept
from regulator.duplicates.paper_numbers import folded, forms_of, unknown
from regulator.duplicates.patterns.altered_document import alike
from regulator.duplicates.stakes import by_id
from regulator.histories import Histories

__all__ = ["PaperMarks", "PaperMarksRow"]


class PaperMarksRow(BookTable, table=True):
    """A mark, and an invoice that bears it."""

    __tablename__ = "paper_marks"

    mark: str = Field(primary_key=True)
    invoice: str = Field(primary_key=True)


_MARKS = Kept(PaperMarksRow)


class PaperMarks:
    """The marks in a book."""

    def __init__(self, book: Book, scope: str, *, anew: bool) -> None:
        _MARKS.ready(book, scope, anew=anew)
        self._book = book

    def met(
        self,
        histories: Histories,
        changed: Iterable[Invoice],
        invoices: Collection[Invoice],
        claimed: Collection[Invoice],
    ) -> set[str]:
        """Mark those that ``changed``; return the ids of invoices to be looked at for the others' sake.

        Both of two records of one invoice whose number was written in two ways, where one is among ``invoices``; and
        the unknown ones that are nearly one of the ``claimed``: what is claimed on one makes the other graver.
        """
        made = {(mark, one.id) for one in changed for mark in _marks(one)}
        marks = {_form(form) for one in invoices for form in forms_of(one)} | {_parties(one) for one in claimed}
        plain = {form for one in invoices if _oddly(one) for form in forms_of(one)}
        names = self._bearing(marks) | {name for mark, name in made if mark in marks}
        names |= {one.id for one in histories.having(Invoice, "number", plain)}
        self._keep(made)
        others = by_id(histories.having(Invoice, "id", names))
        return _written_otherwise([*invoices, *(versions[0] for versions in others.values())]) | _near(others, claimed)

    def _bearing(self, marks: Collection[str]) -> set[str]:
        """Return the invoices that bear one of the marks."""
        with self._book.reads() as connection:
            return {invoice for _, invoice in _MARKS.rows(connection, marks)}

    def _keep(self, made: Collection[tuple[str, str]]) -> None:
        """Have those marks written that are not there yet."""
        if not made:
            return

        def write(connection: Connection) -> None:
            known = {(mark, name) for mark, name in _MARKS.rows(connection, {mark for mark, _ in made})}
            if new := sorted(set(made) - known):
                connection.execute(_MARKS.table.insert(), [{"mark": mark, "invoice": name} for mark, name in new])

        self._book.later(write)


def _marks(invoice: Invoice) -> Iterator[str]:
    """Yield the marks that a version of an invoice bears."""
    if _oddly(invoice):
        yield from map(_form, forms_of(invoice))
    if unknown(invoice):
        yield _parties(invoice)


def _oddly(invoice: Invoice) -> bool:
    """Tell whether an invoice's number is not written plainly, or it states a code."""
    return folded(invoice) != ("", invoice.number)


def _form(form: str) -> str:
    return f"number {form}"


def _parties(invoice: Invoice) -> str:
    return f"unknown {invoice.amount_including_tax} {invoice.seller} {invoice.buyer}"


def _written_otherwise(invoices: Iterable[Invoice]) -> set[str]:
    """Return those of the invoices that are of one day, amount and parties with another, and of its number otherwise.

    Whether it is the very number, is told when they are looked at.
    """
    numbers: defaultdict[tuple[object, ...], dict[str, str]] = defaultdict(dict)
    for one in invoices:
        for form in forms_of(one):
            numbers[one.seller, one.buyer, one.issued, one.amount_including_tax, form][one.id] = one.number
    return {name for some in numbers.values() if len(set(some.values())) > 1 for name in some}


def _near(invoices: Mapping[str, list[Invoice]], claimed: Iterable[Invoice]) -> set[str]:
    """Return those of the invoices that were ever unknown and are nearly one of the claimed."""
    by_parties: defaultdict[str, list[Invoice]] = defaultdict(list)
    for one in claimed:
        by_parties[_parties(one)].append(one)
    found = set()
    for name, versions in invoices.items():
        if any(unknown(one) for one in versions):
            others = by_parties[_parties(versions[0])]
            if any(each.id != name and alike(versions[0], each) for each in others):
                found.add(name)
    return found
