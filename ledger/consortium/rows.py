"""A file of receivables read through a map: every row comes out as a receivable or as a rejection with its cause."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from ledger.consortium.mapping import REQUIRED
from ledger.consortium.spreadsheet import Formula, csv_lines, xlsx_lines
from ledger.consortium.values import BadCell, day, fen, flag, half_up, identifier, name, shown
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ledger.consortium.mapping import Layout, ReceivablesMap
    from ledger.consortium.spreadsheet import Line
    from ledger.consortium.values import Cell

__all__ = ["Blank", "Fields", "Receivable", "Rejected", "read_rows", "table_rows", "year_after"]


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """One row that can become ledger history. In fen; ``tax`` is the part of ``amount`` that is value added tax."""

    line: int
    number: str
    code: str | None
    issued: date
    due: date
    amount: int
    tax: int
    debtor: str
    debtor_name: str
    creditor: str
    creditor_name: str
    settled: date | None
    disputed: bool
    goods: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One row that cannot, with its line in the file, a stable code and a sentence."""

    line: int
    code: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A line with nothing on it."""

    line: int


def year_after(start: date) -> date:
    """Return the same day of the next year, 28 February where there is none."""
    last = calendar.monthrange(start.year + 1, start.month)[1]
    return start.replace(year=start.year + 1, day=min(start.day, last))


def read_rows(path: Path, mapping: ReceivablesMap, *, workbook: bool) -> Iterator[Receivable | Rejected | Blank]:
    """Yield every row after the heading, in the file's order; memory holds the invoice numbers seen.

    Raises Malformed ``spreadsheet`` when the file as a whole is unusable, a mapped column is missing or named twice.
    """
    seen: dict[tuple[str | None, str], int] = {}
    for fields in table_rows(path, mapping, workbook=workbook):
        if not isinstance(fields, Fields):
            yield fields
            continue
        try:
            row = _receivable(fields, mapping)
            first = seen.setdefault((row.code, row.number), row.line)
            if first != row.line:
                raise BadCell("duplicate", f"invoice {row.number} stands on line {first} already")
        except BadCell as bad:
            yield Rejected(line=fields.line, code=bad.code, cause=bad.cause)
        else:
            yield row


def table_rows(path: Path, layout: Layout, *, workbook: bool) -> Iterator[Fields | Rejected | Blank]:
    """Yield every row after the heading, in the file's order, with its fields not read yet.

    Raises Malformed ``spreadsheet`` when the file as a whole is unusable, a mapped column is missing or named twice.
    """
    if workbook:
        lines = xlsx_lines(path, sheet=layout.sheet)
    else:
        lines = csv_lines(path, encoding=layout.encoding, delimiter=layout.delimiter)
    heading = next((line for line in lines if line.number >= layout.heading), None)
    if heading is None or heading.error or not heading.cells:
        raise Malformed(
            "spreadsheet",
            f"{path.name} cannot be used: line {layout.heading} is no heading",
            next_step="Add a heading.",
        )
    places = _places(heading, layout, path.name)
    width = len(heading.cells)
    for line in lines:
        if line.error:
            yield Rejected(line=line.number, code="not-a-row", cause=line.error)
        elif not line.cells:
            yield Blank(line=line.number)
        elif len(line.cells) > width or (len(line.cells) < width and not workbook):
            cause = f"it has {len(line.cells)} columns where the heading has {width}"
            yield Rejected(line=line.number, code="column-count", cause=cause)
        else:
            yield Fields(line, places, layout)


def _places(heading: Line, layout: Layout, file: str) -> dict[str, int]:
    headings = [each.strip() if isinstance(each, str) else each for each in heading.cells]
    places = {}
    for wanted, column in layout.columns.items():
        count = headings.count(column)
        if count != 1:
            problem = "has no column" if not count else f"has {count} columns"
            raise Malformed(
                "spreadsheet",
                f"{file} {problem} {column!r}, which the map names for {wanted}",
                next_step="Give the map the file's own headings.",
            )
        places[wanted] = headings.index(column)
    return places


class Fields:
    """One line's fields, read by the layout when they are asked for; each raises BadCell that names the column."""

    __slots__ = ("_cells", "_layout", "_places", "line")

    def __init__(self, line: Line, places: Mapping[str, int], layout: Layout) -> None:
        self.line = line.number
        self._cells, self._places, self._layout = line.cells, places, layout

    def cell(self, field: str) -> Cell:
        """Return the cell as it stands; None where the row or the file has none."""
        place = self._places.get(field)
        if place is None or place >= len(self._cells):
            return None
        cell = self._cells[place]
        if isinstance(cell, Formula):
            raise BadCell("formula", f"{self.at(field)} holds the formula {shown(cell.text)}; store its value")
        return cell

    def has(self, field: str) -> bool:
        """Tell whether anything stands there."""
        cell = self.cell(field)
        return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())

    def at(self, field: str) -> str:
        """Return the column's name for a message."""
        return f"column {self._layout.columns[field]!r}"

    def date(self, field: str) -> date:
        """Return a day."""
        return self._read(field, lambda cell: day(cell, self._layout.date_formats))

    def money(self, field: str) -> int:
        """Return an amount in fen."""
        separators = self._layout.decimal_separator, self._layout.thousands_separator
        return self._read(field, lambda cell: fen(cell, *separators))

    def id(self, field: str) -> str:
        """Return a number or code that names something."""
        return self._read(field, lambda cell: identifier(cell, self._layout.trim_suffix.get(field, "")))

    def name(self, field: str) -> str:
        """Return text, possibly empty."""
        return self._read(field, name)

    def text(self, field: str, most: int) -> str:
        """Return text of several lines as one."""
        return self._read(field, lambda cell: name(" ".join(cell.split()) if isinstance(cell, str) else cell, most))

    def flag(self, field: str) -> bool:
        """Return yes or no; no where the file has no such column."""
        return field in self._places and self._read(field, lambda cell: flag(cell, self._layout.yes, self._layout.no))

    def _read(self, field: str, reader: Callable[[Cell], T]) -> T:
        cell = self.cell(field)
        try:
            return reader(cell)
        except BadCell as bad:
            raise BadCell(bad.code, f"{self.at(field)} {bad.cause}") from None


def _receivable(fields: Fields, mapping: ReceivablesMap) -> Receivable:
    """Return the row's receivable; raises BadCell."""
    read: dict[str, Callable[[str], object]] = {
        "number": fields.id, "issued": fields.date, "due": fields.date, "amount": fields.money, "debtor": fields.id,
        "code": fields.id, "creditor": fields.id, "settled": fields.date, "tax": fields.money,
        "debtor_name": fields.name, "creditor_name": fields.name, "goods": fields.name, "disputed": fields.flag,
    }  # fmt: skip
    values = {
        field: reader(field)
        for field, reader in read.items()
        if field in REQUIRED or field == "disputed" or fields.has(field)
    }
    return _judged(fields, mapping, values)


def _judged(fields: Fields, mapping: ReceivablesMap, values: Mapping[str, object]) -> Receivable:
    amount, issued, due = values["amount"], values["issued"], values["due"]
    settled, given_tax = values.get("settled"), values.get("tax")
    assert isinstance(amount, int)
    assert isinstance(issued, date)
    assert isinstance(due, date)
    assert settled is None or isinstance(settled, date)
    if amount <= 0:
        raise BadCell("amount-not-positive", f"{fields.at('amount')} is {Decimal(amount).scaleb(-2)}: not a receivable")
    if due < issued:
        raise BadCell("due-before-issue", f"it is due on {due}, before it was issued on {issued}")
    if due > year_after(issued):
        raise BadCell(
            "tenor", f"it is due on {due}, more than a year after {issued}; a certificate runs a year at most"
        )
    if settled is not None and settled < issued:
        raise BadCell("settled-before-issue", f"it was settled on {settled}, before it was issued on {issued}")
    tax = given_tax if isinstance(given_tax, int) else amount - half_up(amount / (1 + mapping.tax_rate))
    if not 0 <= tax < amount:
        raise BadCell("tax", f"{fields.at('tax')} is {Decimal(tax).scaleb(-2)}, not a part of the amount")
    debtor, creditor = str(values["debtor"]), str(values.get("creditor", mapping.creditor))
    if debtor == creditor:
        raise BadCell("same-party", f"{debtor} is both creditor and debtor")
    named = str(values.get("creditor_name", creditor if "creditor" in values else mapping.creditor_name))
    code = values.get("code")
    return Receivable(
        line=fields.line,
        number=str(values["number"]),
        code=None if code is None else str(code),
        issued=issued,
        due=due,
        amount=amount,
        tax=tax,
        debtor=debtor,
        debtor_name=str(values.get("debtor_name", debtor)),
        creditor=creditor,
        creditor_name=named,
        settled=settled,
        disputed=bool(values["disputed"]),
        goods=str(values.get("goods", mapping.goods)),
    )
