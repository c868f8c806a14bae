"""The look shared by all pages: one calm blue, system fonts that know Chinese, the same in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from dashboards.formats import PALETTE_DARK, PALETTE_LIGHT, Palette

__all__ = ["ICON", "THEME", "ThemeSwitch"]

_ASSETS = Path(__file__).parent / "assets"

#: The picture of the product, for the tabs of a browser.
ICON = _ASSETS / "icon.svg"

_FONTS = (
    '-apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", '
    "system-ui, sans-serif"
)


def _scheme(palette: Palette, *, page: str, paper: str, bar: str, success: str, error: str) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": palette.primary},
            "warning": {"main": palette.accent},
            "success": {"main": success},
            "error": {"main": error},
            "text": {"primary": palette.ink, "secondary": palette.muted},
            "divider": palette.grid,
            "background": {"default": page, "paper": paper},
        },
        "typography": {"fontFamily": _FONTS},
        "shape": {"borderRadius": 8},
        "components": {
            "MuiAppBar": {
                "styleOverrides": {"root": {"backgroundColor": bar, "backgroundImage": "none", "color": "#fff"}}
            }
        },
    }


#: Material theme of every page, for its light and its dark scheme.
THEME = {
    "light": _scheme(PALETTE_LIGHT, page="#f5f7f9", paper="#ffffff", bar="#1f5f8b", success="#2b7a4b", error="#b3261e"),
    "dark": _scheme(PALETTE_DARK, page="#12181f", paper="#1a222b", bar="#17304a", success="#6fc493", error="#f2897f"),
}


class ThemeSwitch(JSComponent):
    """The button between light and dark, called ``label``: as the browser's system has it until it is pressed.

    The library's own button speaks English only and knows nothing of the system. The choice is the browser's: it marks
    the document as a host's page is marked, which the page follows and tells by its ``dark_theme``.
    """

    label = param.String(default="")

    _esm = _ASSETS / "theme.js"
    _stylesheets = [(_ASSETS / "theme.css").read_text(encoding="utf-8")]  # noqa: RUF012 — Panel's own declaration
