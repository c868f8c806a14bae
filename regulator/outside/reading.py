"""A file from outside, read: its rows as a table with each party told, and every row that could not be read.

Nothing of the file is kept by the node: it is read into memory, matched and forgotten.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from ledger.consortium.rows import Blank, Fields, Rejected, table_rows
from ledger.consortium.values import BadCell, Cell
from regulator.outside.mapping import OutsideMap, is_workbook

__all__ = ["INVOICES", "REGISTRATIONS", "Parties", "Reading", "plain_name", "read_file"]

INVOICES: Final = {
    "line": pl.Int64, "number": pl.String, "code": pl.String, "seller": pl.String, "buyer": pl.String,
    "amount": pl.Int64, "issued": pl.Date, "seller_party": pl.String, "buyer_party": pl.String,
}  # fmt: skip
"""Columns of invoices: texts as they stand, amounts in fen; ``..._party`` is equal for what is one party: ``m:`` and
the id of a member, or ``t:`` and the text without case, spaces and punctuation; empty where nothing is told."""
REGISTRATIONS: Final = {
    "line": pl.Int64, "registration": pl.String, "type": pl.String, "secured_party": pl.String, "debtor": pl.String,
    "description": pl.String, "filed": pl.Date, "expires": pl.Date, "secured_member": pl.String,
    "debtor_member": pl.String,
}  # fmt: skip
"""Columns of registrations, with ``..._member`` as the parties of invoices."""
DESCRIBED: Final = 30_000
"""Characters of a description of collateral; a register takes fewer."""
EVERY: Final = 5_000
"""Rows between two reports of progress."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a file: ``rows`` are readable, ``unread`` could not be read, ``blank`` lines hold nothing."""

    frame: pl.DataFrame
    unread: tuple[Rejected, ...]
    blank: int

    @property
    def rows(self) -> int:
        """How many rows the file has, readable or not."""
        return self.frame.height + len(self.unread)


class Parties:
    """Who a text names: a member by id, credit code (统一社会信用代码) or name, or else nobody known."""

    def __init__(self, members: Mapping[str, str] | None = None) -> None:
        self._members = dict(members or {})
        self._known: dict[str, str] = {}

    def __call__(self, *texts: str) -> str:
        """Return the party that the first of these texts names which names a member; else the first text's own key."""
        for text in texts:
            if text and (member := self._members.get(plain_name(text))) is not None:
                return f"m:{member}"
        first = next((text for text in texts if text), "")
        if first and first not in self._known:
            self._known[first] = f"t:{plain_name(first)}"
        return self._known[first] if first else ""


def plain_name(text: str) -> str:
    """Return a name without case, width, spaces and punctuation; the text itself where nothing would be left."""
    kept = "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())
    return kept or text


def read_file(path: Path, mapping: OutsideMap, parties: Parties, told: Told = lambda _rows: None) -> Reading:
    """Return the file's rows; ``told`` hears how many more were read.

    Raises Malformed ``spreadsheet`` when the file as a whole is unusable, OutsideRefused ``old-workbook`` for an XLS.
    """
    workbook = is_workbook(path)
    schema = INVOICES if mapping.kind == "invoices" else REGISTRATIONS
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    take = columns.values()
    unread: list[Rejected] = []
    blank = read = 0
    reader = _Reader(mapping, parties)
    row_of = reader.invoice if mapping.kind == "invoices" else reader.registration
    for fields in table_rows(path, mapping, workbook=workbook):
        if isinstance(fields, Blank):
            blank += 1
            continue
        try:
            if isinstance(fields, Rejected):
                unread.append(fields)
            else:
                for column, value in zip(take, row_of(fields), strict=True):
                    column.append(value)
        except BadCell as bad:
            unread.append(Rejected(line=fields.line, code=bad.code, cause=bad.cause))
        read += 1
        if read % EVERY == 0:
            told(EVERY)
    return Reading(frame=pl.DataFrame(columns, schema=schema), unread=tuple(unread), blank=blank)


class _Reader:
    """Reads rows; days and parties that come back are not read again."""

    def __init__(self, mapping: OutsideMap, parties: Parties) -> None:
        self._map, self._parties = mapping, parties
        self._days: dict[Cell, date] = {}
        self._named: dict[tuple[str, Cell, Cell], tuple[str, str]] = {}

    def invoice(self, fields: Fields) -> Iterator[Any]:
        """Return the values of :data:`INVOICES`; raises BadCell."""
        seller, seller_party = self._party(fields, "seller")
        buyer, buyer_party = self._party(fields, "buyer")
        code = fields.id("code") if fields.has("code") else None
        number = fields.id("paper_number" if fields.has("paper_number") and not fields.has("number") else "number")
        values = (fields.line, number, code, seller, buyer, fields.money("amount"))
        return iter((*values, self._day(fields, "issued"), seller_party, buyer_party))

    def registration(self, fields: Fields) -> Iterator[Any]:
        """Return the values of :data:`REGISTRATIONS`; raises BadCell."""
        secured, secured_member = self._party(fields, "secured_party")
        debtor, debtor_member = self._party(fields, "debtor")
        kind = fields.name("type") if fields.has("type") else ""
        description = fields.text("description", DESCRIBED)
        expires = self._day(fields, "expires") if fields.has("expires") else None
        values = (fields.line, fields.id("registration"), kind, secured, debtor, description)
        return iter((*values, self._day(fields, "filed"), expires, secured_member, debtor_member))

    def _day(self, fields: Fields, field: str) -> date:
        cell = fields.cell(field)
        found = self._days.get(cell)
        if found is None:
            found = self._days[cell] = fields.date(field)
        return found

    def _party(self, fields: Fields, field: str) -> tuple[str, str]:
        """Return a party's text and who it is; raises BadCell where a column that tells it is empty."""
        cell, name = fields.cell(field), fields.cell(f"{field}_name")
        found = self._named.get((field, cell, name))
        if found is not None:
            return found
        columns = [each for each in (field, f"{field}_name") if each in self._map.columns]
        texts = [fields.name(each) for each in columns] or [self._map.parties.get(field, "")]
        if columns and not any(texts):
            raise BadCell("empty", f"{fields.at(columns[0])} is empty")
        shown = next((text for text in reversed(texts) if text), "")
        found = self._named[field, cell, name] = shown, self._parties(*texts)
        return found
