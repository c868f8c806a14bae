"""How a sheet of a workbook prints, as a spreadsheet reads it back."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["ON_PAGES", "printed"]

ON_PAGES: Final = ("landscape", "9", True, 0, "$1:$1", "&P / &N")
"""Landscape A4, as many pages as it takes, the first row on each, pages numbered."""


def printed(sheet: Any) -> tuple[Any, ...]:
    """Return orientation, paper, whether it is fitted, pages down, rows of every page, footer; pages across, columns.

    Its heading stays in sight.
    """
    assert sheet.freeze_panes in ("A2", "B2")
    setup, fitted = sheet.page_setup, sheet.sheet_properties.pageSetUpPr.fitToPage
    down = (str(setup.paperSize), fitted, setup.fitToHeight, sheet.print_title_rows, sheet.oddFooter.center.text)
    return (setup.orientation, *down, setup.fitToWidth, sheet.print_title_cols)
