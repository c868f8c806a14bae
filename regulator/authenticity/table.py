"""The trade-background table (贸易背景表): the four flows of each asset side by side, a row each.

The same rows stand on a screen, in a CSV file, in a workbook and in a notebook. Amounts are fen in the rows and yuan
where people read. Text never becomes a formula in a spreadsheet, whatever it begins with.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from unicodedata import east_asian_width

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from abs.html_table import html_table
from abs.money import yuan_text
from disclosure.render.sheet_layout import row_height
from disclosure.render.sheet_page import NUMBER, TEXT, set_page
from disclosure.render.xlsx import BENEATH, BODY, HEADING, HEADING_FILL
from ledger.confirmation import by_debtor
from ledger.facts import Receivable
from regulator.authenticity.assess import Authenticity
from regulator.authenticity.background import CUSTOMS, Paper
from regulator.authenticity.words import FLOWS, ITEMS, TABLE, TRADINGS, Language, say, thing_of

__all__ = ["AMOUNTS", "COLUMNS", "BackgroundTable", "background_row"]

COLUMNS: Final = tuple(name for name in TABLE if name != "title")
AMOUNTS: Final = ("amount", "contract_amount", "order_amount", "invoiced", "paid")
"""Columns of fen."""
NUMBERS: Final = ("verified", "score")
MAX_TEXT: Final = 32_767
"""Signs of one cell: a spreadsheet takes no more."""
WIDEST: Final = 26
"""Digits across that a column is wide at the most; a Chinese character takes two. What is longer stands in lines."""
RUNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for the beginning of a formula."""

Value = str | int | None


def background_row(found: Authenticity, names: Mapping[str, str], language: Language) -> dict[str, Value]:
    """Return one asset's row by column: numbers and amounts of its papers, flow by flow; None: it has none."""
    trade, owed = found.trade, found.trade.receivable
    at = 0 if language == "zh" else 1
    contracts, orders, waybills = trade.of("contract"), trade.of("order"), trade.of("waybill")
    others = trade.of("acceptance", "other", "bank_slip", "tax_slip")
    kept = [f"{one.id} {one.quantity.normalize():f}{one.unit}" for one in trade.receipts]
    joined = "、" if language == "zh" else ", "
    listed = {
        "contracts": _numbers(contracts),
        "orders": [*_numbers(orders), *(one.id for one in trade.orders)],
        "customs": _numbers(trade.of(CUSTOMS)),
        "waybills": _numbers(waybills),
        "carried": [
            f"{one.document.quantity.normalize():f}{one.document.unit or ''}"
            for one in waybills
            if one.document.quantity is not None
        ],
        "receipts": [*kept, *_numbers(trade.of("warehouse_receipt"))],
        "invoices": [one.number for one in trade.invoices],
        "accepted": _numbers(others),
        "payments": list(dict.fromkeys(one.settlement.payment for one in trade.paid)),
        "flows": [FLOWS[one][at] for one in found.flows],
        "contradictions": [f"{thing_of(one, language, names)}: {say(one, language, names)}" for one in found.failed],
        "missing": [ITEMS[one][at] for one in found.missing],
    }
    row: dict[str, Value] = {name: joined.join(values) or None for name, values in listed.items()}
    row |= {
        "asset": found.receivable,
        "kind": TRADINGS[found.trading][at],
        "creditor": names.get(owed.creditor, owed.creditor),
        "debtor": names.get(owed.debtor, owed.debtor),
        "amount": owed.amount,
        "due": owed.due.isoformat(),
        "contract_amount": _amount([one.document.amount for one in contracts]),
        "order_amount": _amount([*(one.document.amount for one in orders), *(one.amount for one in trade.orders)]),
        "invoiced": _amount([one.amount_including_tax for one in trade.invoices]),
        "verified": sum(one.verified_result == "consistent" for one in trade.invoices),
        "confirmed": _day(trade.confirmed),
        "paid": _amount([one.settlement.amount for one in trade.paid]),
        "score": found.score,
    }
    return {name: row[name] for name in COLUMNS}


def _day(confirmed: Receivable | None) -> str | None:
    """Return the day of the debtor's own confirmation (确权): another's is none."""
    if confirmed is None or not by_debtor(confirmed):
        return None
    return str(confirmed.confirmed_on)


def _numbers(papers: Iterable[Paper]) -> list[str]:
    return [one.document.number for one in papers]


def _amount(amounts: Sequence[int | None]) -> int | None:
    stated = [one for one in amounts if one is not None]
    return sum(stated) if stated else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTable:
    """The rows of some assets, and the language that their headings and words are in."""

    rows: tuple[dict[str, Value], ...]
    language: Language = "zh"

    @classmethod
    def of(cls, found: Iterable[Authenticity], names: Mapping[str, str], language: Language = "zh") -> BackgroundTable:
        """Return the table of these assets; ``names``: members by id."""
        return cls(rows=tuple(background_row(one, names, language) for one in found), language=language)

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of the columns, in order."""
        return tuple(TABLE[name][0 if self.language == "zh" else 1] for name in COLUMNS)

    def texts(self, row: Mapping[str, Value]) -> tuple[str, ...]:
        """Return a row as people read it."""
        return tuple(_text(name, row[name]) for name in COLUMNS)

    def write_csv(self, file: Path) -> None:
        """Write the table as CSV that a spreadsheet opens (UTF-8 with its mark); what would run gets an apostrophe."""
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(self.headings)
            for row in self.rows:
                writer.writerow([_inert(_plain(name, row[name])) for name in COLUMNS])

    def write_xlsx(self, file: Path) -> None:
        """Write the table as a workbook of one sheet: amounts as numbers in yuan, text as text."""
        book = Workbook(write_only=True)
        sheet: Any = book.create_sheet(TABLE["title"][0 if self.language == "zh" else 1])
        sheet.freeze_panes = "B2"
        set_page(sheet, 1, across=2)
        shown = [self.headings, *map(self.texts, self.rows)]
        widths = [min(max(map(_width, column)) + 2, WIDEST) for column in zip(*shown, strict=True)]
        for at, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        for at, texts in enumerate(shown, 1):
            sheet.row_dimensions[at].height = row_height(list(zip(texts, widths, strict=True)))
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{len(self.rows) + 1}"
        heads = [_cell(sheet, heading) for heading in self.headings]
        for head in heads:
            head.font, head.fill, head.alignment = HEADING, HEADING_FILL, TEXT
        sheet.append(heads)
        for row in self.rows:
            cells = [_valued(sheet, name, row[name]) for name in COLUMNS]
            for cell in cells:
                cell.font, cell.border, cell.alignment = BODY, BENEATH, TEXT if cell.data_type == "s" else NUMBER
            sheet.append(cells)
        made = BytesIO()  # whole before anything is written: a half-written sheet cannot be let go of
        book.save(made)
        file.write_bytes(made.getvalue())

    def _repr_html_(self) -> str:
        """The table in a notebook."""
        title = TABLE["title"][0 if self.language == "zh" else 1]
        return html_table(self.headings, [self.texts(row) for row in self.rows], caption=title)


def _text(name: str, value: Value) -> str:
    if value is None:
        return "—"
    return yuan_text(value) if name in AMOUNTS and isinstance(value, int) else str(value)


def _plain(name: str, value: Value) -> str:
    if value is None:
        return ""
    return f"{Decimal(value).scaleb(-2):f}" if name in AMOUNTS and isinstance(value, int) else str(value)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _inert(text: str) -> str:
    clean = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)[: MAX_TEXT - 1]
    return f"'{clean}" if clean[:1] in RUNS and not _is_number(clean) else clean


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _valued(sheet: Any, name: str, value: Value) -> Any:
    if name in AMOUNTS and isinstance(value, int):
        cell: Any = WriteOnlyCell(sheet)
        cell.value = Decimal(value).scaleb(-2)
        cell.number_format = "#,##0.00"
        return cell
    return WriteOnlyCell(sheet, value) if isinstance(value, int) else _cell(sheet, value or "")


def _cell(sheet: Any, text: str) -> Any:
    """Return a cell that holds text and stays text even after somebody edits it."""
    cell = WriteOnlyCell(sheet)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)[:MAX_TEXT]
    cell.data_type = "s"
    if text[:1] in (*RUNS, "'"):
        cell.quotePrefix = True
    return cell
