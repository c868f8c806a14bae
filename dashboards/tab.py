"""The browser's tab of a page: its title and its address, which follow what was chosen on the page."""

from __future__ import annotations

from pathlib import Path

import param
from panel.custom import JSComponent

__all__ = ["Tab"]


class Tab(JSComponent):
    """Nothing to see; the tab is titled ``title``, and its address names language, ``day`` (ISO) and ``finding``."""

    title = param.String(default="")
    language = param.String(default="")
    day = param.String(default="")
    finding = param.String(default="")

    _esm = Path(__file__).parent / "assets" / "tab.js"
