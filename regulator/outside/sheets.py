"""The rows of a checked file with class and reasons, as CSV or XLSX; what a spreadsheet would run stands as text.

The workbook is written column by column as text and packed: a library that makes an object of each cell takes minutes
for what is here a second. Every text is an inline string, which no spreadsheet reads as a formula.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from ledger.consortium.rows import Rejected
from regulator.outside.result import Checked, Match
from regulator.outside.words import SHOWN, reason, standing, word
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
PARTS: Final = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.'
    'main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="rows" '
    'sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2">'
    '<font><sz val="10"/></font><font><b/><sz val="10"/></font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/>'
    '</borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf fontId="1" applyFont="1"/><xf '
    'numFmtId="4" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" '
    'builtinId="0"/></cellStyles></styleSheet>',
}
HEADED, MONEY = ' s="1"', ' s="2"'
"""Styles of cells, by their place in ``cellXfs``: a heading, an amount in thousands with two decimals."""
NARROWEST, WIDEST = 6, 60
"""Widths of a column, in digits; a Chinese character takes two."""
DECLARED: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET: Final = "xl/worksheets/sheet1.xml"
BEGINS: Final = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView '
    'workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
    "</sheetViews><cols>{widths}</cols><sheetData>"
)
ENDS: Final = '</sheetData><autoFilter ref="A1:{column}{rows}"/></worksheet>'


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
            whys[line] = _why(line, matches, language)
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
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as packed:
        for name, text in PARTS.items():
            packed.writestr(name, DECLARED + text)
        with packed.open(SHEET, "w") as sheet:
            heading = pl.DataFrame({name: [name] for name in rows.columns})
            sheet.write((DECLARED + BEGINS.format(widths=_widths(rows)) + "".join(_rows(heading, HEADED))).encode())
            for some in rows.iter_slices(AT_ONCE):
                sheet.write("".join(_rows(some)).encode())
            sheet.write(ENDS.format(column=chr(ord("A") + rows.width - 1), rows=rows.height + 1).encode())


def _widths(rows: pl.DataFrame) -> str:
    """Return how wide each column is: as its longest text or its heading, within bounds."""
    texts = [pl.col(name).cast(pl.String) for name in rows.columns]
    longest = rows.select((each.str.len_chars() + each.str.len_bytes()).max() // 2 for each in texts).row(0)
    widths = [
        max(len(name) + len(name.encode()), 2 * (most or 0)) // 2
        for name, most in zip(rows.columns, longest, strict=True)
    ]
    return "".join(
        f'<col min="{place}" max="{place}" width="{min(max(width + 3, NARROWEST), WIDEST)}" customWidth="1"/>'
        for place, width in enumerate(widths, 1)
    )


def _rows(rows: pl.DataFrame, style: str = "") -> list[str]:
    cells = [
        _number(name, MONEY if kind == pl.Decimal else "") if kind.is_numeric() else _text(name, style)
        for name, kind in rows.schema.items()
    ]
    return rows.select(row=pl.concat_str(pl.lit("<row>"), *cells, pl.lit("</row>")))["row"].to_list()


def _number(name: str, style: str) -> pl.Expr:
    value = pl.col(name).cast(pl.String)
    return (
        pl.when(value.is_null())
        .then(pl.lit("<c/>"))
        .otherwise(pl.concat_str(pl.lit(f"<c{style}><v>"), value, pl.lit("</v></c>")))
    )


def _text(name: str, style: str) -> pl.Expr:
    value = pl.col(name).cast(pl.String).str.slice(0, LONGEST).str.replace_all(ILLEGAL, " ")
    value = value.str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])
    inline = pl.concat_str(
        pl.lit(f'<c{style} t="inlineStr"><is><t xml:space="preserve">'), value, pl.lit("</t></is></c>")
    )
    return pl.when(value.is_null() | (value == "")).then(pl.lit("<c/>")).otherwise(inline)
