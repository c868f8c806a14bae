"""The rows of a checked file with class and reasons, as CSV or XLSX; what a spreadsheet would run stands as text.

The rows of the workbook are written column by column as text and packed: a library that makes an object of each cell
takes minutes for what is here a second. Every text is an inline string, which no spreadsheet reads as a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from disclosure.render.sheet_page import NUMBER, TEXT, set_page
from disclosure.render.xlsx import BENEATH, BODY, HEADING, HEADING_FILL
from ledger.consortium.rows import Rejected
from regulator.outside.result import Checked, Match
from regulator.outside.words import SHOWN, reason, several, standing, word
from regulator.wording import Language

__all__ = ["write_rows", "write_sheet"]

RUNS: Final = r"^[=+\-@\t\r]"
"""What a text begins with that a spreadsheet runs as a formula when it opens a CSV file."""
ILLEGAL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"
LONGEST: Final = 32_767
"""Characters of a cell."""
AT_ONCE: Final = 50_000
HEADINGS: Final = {
    "line": "line", "match": "match", "level": "level", "group": "group", "why": "why", "stands": "stands",
    "number": "invoice_number", "code": "invoice_code", "seller": "seller", "buyer": "buyer", "issued": "issued",
    "amount": "face", "registration": "registration", "type": "type", "secured_party": "secured", "debtor": "grantor",
    "description": "description", "filed": "filed", "expires": "expires",
}  # fmt: skip
"""Columns in the order of the sheet, with the text of their heading."""
NARROWEST, WIDEST, PROSE = 6, 24, 46
"""Widths of a column, in digits; a Chinese character takes two. What is longer stands in several lines."""
SENTENCE: Final = 120
"""Digits from which a text is sentences, which stand ``PROSE`` wide."""
LINE, HIGHEST = 14, 409
"""Points of a line, and of a row at the most."""
SHEET: Final = "xl/worksheets/sheet1.xml"
ROWS: Final = re.compile(rb"<sheetData ?/>|<sheetData>.*</sheetData>", re.DOTALL)


class Styles(NamedTuple):
    """The attribute of a cell's style: of a heading, a text, an amount in thousands with two decimals, a number."""

    heading: str
    text: str
    money: str
    number: str


def write_sheet(checked: Checked, path: Path, language: Language, names: dict[str, str]) -> None:
    """Write every row, unreadable ones too, as XLSX where the file is named so and as CSV otherwise.

    The file appears when it is complete. Raises OSError.
    """
    write_rows(_told(checked, language, names), path)


def write_rows(rows: pl.DataFrame, path: Path) -> None:
    """Write a table as XLSX where the file is named so and as CSV otherwise, so that no text runs as a formula.

    The file appears when it is complete. Raises OSError.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        if path.suffix.lower() == ".xlsx":
            _workbook(rows, partial)
        else:
            texts = [pl.col(name) for name, kind in rows.schema.items() if kind == pl.String]
            safe = [
                pl.when(each.str.contains(RUNS)).then("'" + each).otherwise(each).alias(each.meta.output_name())
                for each in texts
            ]
            rows.with_columns(safe).write_csv(partial, include_bom=True)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _told(checked: Checked, language: Language, names: dict[str, str]) -> pl.DataFrame:
    """Return the rows in the words of the language, each column under its heading."""
    claims = {group.id: standing(group.standing, names, language) for group in checked.groups if group.standing}
    whys = {one.line: f"{one.code}: {one.cause}" for one in checked.unread}
    for group in reversed(checked.groups):
        for line, matches in group.by_line().items():
            whys[line] = word("and", language).join([*several(group, language), _why(line, matches, language)])
    frame = pl.concat([checked.frame, _unread(checked.unread, checked.frame.schema)]).sort("line")
    codes = {name: word(name, language) for name in {*frame["match"], *frame["level"]} if name}
    frame = frame.with_columns(
        pl.col("match", "level").replace(codes),
        why=pl.col("line").replace_strict(whys, default="", return_dtype=pl.String),
        stands=pl.col("group").replace_strict(claims, default="", return_dtype=pl.String),
    )
    if "amount" in frame.columns:
        frame = frame.with_columns(pl.col("amount").cast(pl.Decimal(38, 2)) / pl.lit(100).cast(pl.Decimal(38, 0)))
    kept = [name for name in HEADINGS if name in frame.columns]
    return frame.select(pl.col(name).alias(word(HEADINGS[name], language)) for name in kept)


def _unread(rows: Iterable[Rejected], schema: pl.Schema) -> pl.DataFrame:
    made = [dict.fromkeys(schema) | {"line": one.line, "match": "unreadable", "level": ""} for one in rows]
    return pl.DataFrame(made, schema=schema)


def _why(line: int, matches: Sequence[Match], language: Language) -> str:
    """Return each reason of a line with what it ties the line to."""
    told = []
    for each in matches[:SHOWN]:
        other = each.other if each.line == line else f"line {each.line}"
        told += [reason(name, other, language) for name in each.reasons]
    return word("and", language).join(told)


def _workbook(rows: pl.DataFrame, path: Path) -> None:
    parts, styles = _empty(rows)
    before, after = ROWS.split(parts.pop(SHEET))
    widths = _widths(rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
        with packed.open(SHEET, "w") as sheet:
            heading = pl.DataFrame({name: [name] for name in rows.columns})
            sheet.write(before + b"<sheetData>")
            sheet.write("".join(_rows(heading, widths, styles._replace(text=styles.heading))).encode())
            for some in rows.iter_slices(AT_ONCE):
                sheet.write("".join(_rows(some, widths, styles)).encode())
            sheet.write(b"</sheetData>" + after)


def _empty(rows: pl.DataFrame) -> tuple[dict[str, bytes], Styles]:
    """Return the files of the workbook as if it had no rows, and the styles of its cells."""
    book = Workbook()
    sheet: Any = book.worksheets[0]
    sheet.title = "rows"
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(rows.width)}{rows.height + 1}"
    for place, width in enumerate(_widths(rows), 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    set_page(sheet, 1)
    styled: list[Any] = [sheet.cell(row=1, column=place) for place, _ in enumerate(Styles._fields, 1)]
    for cell in styled:
        cell.font, cell.border, cell.alignment = BODY, BENEATH, TEXT if cell in styled[:2] else NUMBER
    styled[0].font, styled[0].fill = HEADING, HEADING_FILL
    styled[2].number_format = "#,##0.00"
    ids = [f' s="{cell.style_id}"' for cell in styled]
    made = BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as packed:
        return {name: packed.read(name) for name in packed.namelist()}, Styles(*ids)


def _widths(rows: pl.DataFrame) -> list[int]:
    """Return how wide each column is: as its longest text or its heading, within bounds."""
    longest = rows.select(_digits(name).max() for name in rows.columns).row(0)
    widths = []
    for name, most in zip(rows.columns, longest, strict=True):
        width = max((len(name) + len(name.encode())) // 2, most or 0)
        widths.append(PROSE if width > SENTENCE else min(max(width + 3, NARROWEST), WIDEST))
    return widths


def _rows(rows: pl.DataFrame, widths: Sequence[int], styles: Styles) -> list[str]:
    cells = [
        _number(name, styles.money if kind == pl.Decimal else styles.number)
        if kind.is_numeric()
        else _text(name, styles.text)
        for name, kind in rows.schema.items()
    ]
    lines = [_lines(name, width) for name, width in zip(rows.columns, widths, strict=True)]
    height = (pl.max_horizontal(lines).fill_null(1) * LINE).clip(upper_bound=HIGHEST).cast(pl.String)
    row = pl.concat_str(pl.lit('<row customHeight="1" ht="'), height, pl.lit('">'), *cells, pl.lit("</row>"))
    return rows.select(row=row)["row"].to_list()


def _lines(name: str, width: int) -> pl.Expr:
    """How many lines a column's text takes: a fifth of each may stay empty before a long word."""
    return pl.when(_digits(name) <= width - 2).then(1).otherwise(_digits(name) * 5 // (width * 4) + 1)


def _digits(name: str) -> pl.Expr:
    """How wide a column's text is."""
    text = pl.col(name).cast(pl.String)
    return (text.str.len_chars() + text.str.len_bytes()) // 2


def _number(name: str, style: str) -> pl.Expr:
    value = pl.col(name).cast(pl.String)
    return (
        pl.when(value.is_null())
        .then(pl.lit(f"<c{style}/>"))
        .otherwise(pl.concat_str(pl.lit(f"<c{style}><v>"), value, pl.lit("</v></c>")))
    )


def _text(name: str, style: str) -> pl.Expr:
    value = pl.col(name).cast(pl.String).str.slice(0, LONGEST).str.replace_all(ILLEGAL, " ")
    value = value.str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])
    inline = pl.concat_str(
        pl.lit(f'<c{style} t="inlineStr"><is><t xml:space="preserve">'), value, pl.lit("</t></is></c>")
    )
    return pl.when(value.is_null() | (value == "")).then(pl.lit(f"<c{style}/>")).otherwise(inline)
