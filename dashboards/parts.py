"""What every page is put together from: a pane of HTML, a card, the switch between languages."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.util.parameters import edit_readonly
from panel_material_ui.template.base import Page

from dashboards.markup import STYLES
from dashboards.texts import Language
from dashboards.theme import ICON, THEME

__all__ = ["card", "html", "language_switch", "page_of"]


def html(**sizes: int) -> pn.pane.HTML:
    """A pane of HTML in the pages' style, as wide as its place."""
    return pn.pane.HTML("", stylesheets=[STYLES], sizing_mode="stretch_width", margin=0, **sizes)


def card(*contents: object) -> pmui.Paper:
    """A sheet with an outline around these."""
    return pmui.Paper(*contents, variant="outlined", sizing_mode="stretch_width", margin=0, sx={"p": "14px 16px"})


def language_switch(language: Language) -> pmui.RadioButtonGroup:
    """The two languages, one of them chosen."""
    return pmui.RadioButtonGroup(
        options={"中文": Language.ZH, "English": Language.EN},
        value=language,
        size="small",
        margin=0,
        sx={"& .MuiToggleButton-root": {"color": "inherit", "textTransform": "none", "px": 1.5, "py": 0.4}},
    )


def page_of(**parts: Any) -> Page:
    """A page in the product's looks.

    Panel ties every page to one mark that some session of the process is busy. Setting it fails while another session's
    page is being closed, and the click that did so is lost; so pages show by themselves what they wait for.
    """
    page = Page(theme_config=THEME, favicon=ICON, busy_indicator=None, **parts)
    with edit_readonly(page):
        page.busy = False
    return page
