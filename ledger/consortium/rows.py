"""A file of receivables read through a map: every row comes out as a receivable or as a rejection with its cause."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.mapping import REQUIRED
from ledger.consortium.spreadsheet import Formula, csv_lines, xlsx_lines
from ledger.consortium.values import BadCell, day, fen, flag, half_up, identifier, name, shown
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ledger.consortium.mapping import ReceivablesMap
    from ledger.consortium.spreadsheet import Line
    from ledger.consortium.values import Cell

__all__ = ["Blank", "Receivable", "Rejected", "read_rows", "year_after"]


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
    if workbook:
        lines = xlsx_lines(path, sheet=mapping.sheet)
    else:
        lines = csv_lines(path, encoding=mapping.encoding, delimiter=mapping.delimiter)
    heading = next(lines, None)
    if heading is None or heading.error or not heading.cells:
        raise Malformed(
            "spreadsheet", f"{path.name} cannot be used: its first line is no heading", next_step="Add a heading."
        )
    places = _places(heading, mapping, path.name)
    width, seen = len(heading.cells), dict[tuple[str | None, str], int]()
    for line in lines:
        if not line.cells and not line.error:
            yield Blank(line=line.number)
            continue
        try:
            if line.error:
                raise BadCell("not-a-row", line.error)
            if len(line.cells) > width or (len(line.cells) < width and not workbook):
                raise BadCell("column-count", f"it has {len(line.cells)} columns where the heading has {width}")
            row = _Row(line, places, mapping).receivable()
            first = seen.setdefault((row.code, row.number), line.number)
            if first != line.number:
                raise BadCell("duplicate", f"invoice {row.number} stands on line {first} already")
        except BadCell as bad:
            yield Rejected(line=line.number, code=bad.code, cause=bad.cause)
        else:
            yield row


def _places(heading: Line, mapping: ReceivablesMap, file: str) -> dict[str, int]:
    headings = [each.strip() if isinstance(each, str) else each for each in heading.cells]
    places = {}
    for wanted, column in mapping.columns.items():
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


class _Row:
    """Reads one line's fields; each error names the column."""

    def __init__(self, line: Line, places: Mapping[str, int], mapping: ReceivablesMap) -> None:
        self._line, self._places, self._map = line, places, mapping

    def _cell(self, field: str) -> Cell:
        place = self._places.get(field)
        if place is None or place >= len(self._line.cells):
            return None
        cell = self._line.cells[place]
        if isinstance(cell, Formula):
            raise BadCell("formula", f"holds the formula {shown(cell.text)}; store its value")
        return cell

    def _has(self, field: str) -> bool:
        cell = self._cell(field)
        return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())

    def _at(self, field: str) -> str:
        return f"column {self._map.columns[field]!r}"

    def _date(self, field: str) -> date:
        return day(self._cell(field), self._map.date_formats)

    def _money(self, field: str) -> int:
        return fen(self._cell(field), self._map.decimal_separator, self._map.thousands_separator)

    def _id(self, field: str) -> str:
        return identifier(self._cell(field), self._map.trim_suffix.get(field, ""))

    def receivable(self) -> Receivable:
        """Return the row's receivable; raises BadCell."""
        read = {"number": self._id, "issued": self._date, "due": self._date, "amount": self._money, "debtor": self._id}
        read |= {"code": self._id, "creditor": self._id, "settled": self._date, "tax": self._money}
        read |= dict.fromkeys(("debtor_name", "creditor_name", "goods"), self._name)
        read |= {"disputed": self._flag}
        values: dict[str, object] = {}
        for field, reader in read.items():
            if field in REQUIRED or field == "disputed" or (field in self._places and self._has_or_raise(field)):
                try:
                    values[field] = reader(field)
                except BadCell as bad:
                    raise BadCell(bad.code, f"{self._at(field)} {bad.cause}") from None
        return self._judged(values)

    def _has_or_raise(self, field: str) -> bool:
        try:
            return self._has(field)
        except BadCell as bad:
            raise BadCell(bad.code, f"{self._at(field)} {bad.cause}") from None

    def _name(self, field: str) -> str:
        return name(self._cell(field))

    def _flag(self, field: str) -> bool:
        return field in self._places and flag(self._cell(field), self._map.yes, self._map.no)

    def _judged(self, values: Mapping[str, object]) -> Receivable:
        amount, issued, due = values["amount"], values["issued"], values["due"]
        settled, given_tax = values.get("settled"), values.get("tax")
        assert isinstance(amount, int)
        assert isinstance(issued, date)
        assert isinstance(due, date)
        assert settled is None or isinstance(settled, date)
        if amount <= 0:
            raise BadCell(
                "amount-not-positive", f"{self._at('amount')} is {Decimal(amount).scaleb(-2)}: not a receivable"
            )
        if due < issued:
            raise BadCell("due-before-issue", f"it is due on {due}, before it was issued on {issued}")
        if due > year_after(issued):
            raise BadCell(
                "tenor", f"it is due on {due}, more than a year after {issued}; a certificate runs a year at most"
            )
        if settled is not None and settled < issued:
            raise BadCell("settled-before-issue", f"it was settled on {settled}, before it was issued on {issued}")
        tax = given_tax if isinstance(given_tax, int) else amount - half_up(amount / (1 + self._map.tax_rate))
        if not 0 <= tax < amount:
            raise BadCell("tax", f"{self._at('tax')} is {Decimal(tax).scaleb(-2)}, not a part of the amount")
        debtor, creditor = str(values["debtor"]), str(values.get("creditor", self._map.creditor))
        if debtor == creditor:
            raise BadCell("same-party", f"{debtor} is both creditor and debtor")
        named = str(values.get("creditor_name", creditor if "creditor" in values else self._map.creditor_name))
        code = values.get("code")
        return Receivable(
            line=self._line.number,
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
            goods=str(values.get("goods", self._map.goods)),
        )
