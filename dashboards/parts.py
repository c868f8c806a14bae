"""What every page is put together from: a pane of HTML, a card, the switch between languages, the frame around all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import panel as pn
import panel_material_ui as pmui
from panel.util.parameters import edit_readonly
from panel.viewable import Viewable
from panel_material_ui.template.base import Page

from dashboards.markup import STYLES
from dashboards.tab import Tab
from dashboards.texts import Language, text
from dashboards.theme import ICON, THEME, ThemeSwitch

__all__ = ["STAYS", "Chosen", "card", "framed", "html", "language_switch", "page_of"]

STAYS = {"position": "sticky", "top": "14px"}
"""Beside a longer table: in view wherever a row was chosen."""


class Chosen(Protocol):
    """The state of a page: what a person chose, the language and light or dark among it."""

    language: Any
    dark: Any
    param: Any


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


def framed(
    state: Chosen, switch: Viewable, layout: Viewable, told: Callable[[], tuple[str, dict[str, str]]]
) -> tuple[Page, Callable[[], None]]:
    """A layout as a page of the portal, and what is to be called when it shows something else.

    ``told`` says what is shown, for the browser's tab, and what of it the page's address names. The page is dark where
    the browser's system is, until the person switches it; which goes into ``state``.
    """
    tab, theme = Tab(), ThemeSwitch()  # type: ignore[no-untyped-call]
    header = pmui.Row(tab, pn.HSpacer(), switch, theme, align="center", sizing_mode="stretch_width")
    page = page_of(header=[header], main=[layout], dark_theme=state.dark, theme_toggle=False)
    page.param.watch(lambda event: state.param.update(dark=event.new), "dark_theme")

    def name() -> None:
        language = state.language
        product = text("product", language)
        shown, address = told()
        page.param.update(title=product, site_url=f"/?lang={language.value}")
        theme.label = text("theme_switch", language)
        tab.param.update(title=f"{shown} · {product}" if shown else product, language=language.value, **address)

    name()
    return page, name
