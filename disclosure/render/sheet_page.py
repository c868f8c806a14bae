"""How a sheet of a workbook prints: every workbook that this program writes is set by the same function."""

from __future__ import annotations

from typing import Any, Final

from openpyxl.styles import Alignment
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["NUMBER", "TEXT", "set_page"]

NUMBER: Final = Alignment(horizontal="right", vertical="top")
TEXT: Final = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)
"""How cells stand in a list: what is long in several lines, and off the number before it."""


def set_page(sheet: Any, heading: int, *, across: int = 1) -> None:
    """Let the sheet print on landscape A4, its ``heading`` row on every page, pages numbered.

    It is ``across`` pages wide; where those are several, each begins with the first column.
    ``sheet``: a Worksheet or a WriteOnlyWorksheet, before its first row is written.
    """
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = across, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins = PageMargins(left=0.25, right=0.25, top=0.5, bottom=0.75, header=0.3, footer=0.35)
    sheet.print_title_rows = f"{heading}:{heading}"
    if across > 1:
        sheet.print_title_cols = "A:A"
    sheet.oddFooter.center.text = "&P / &N"
    sheet.oddFooter.left.text, sheet.oddFooter.left.size = "Glasspool · &A", 8
