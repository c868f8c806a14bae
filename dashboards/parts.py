"""What every page is put together from: a pane of HTML, a card, the switch between languages."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui

from dashboards.markup import STYLES
from dashboards.texts import Language

__all__ = ["card", "html", "language_switch"]


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
