"""What is shown when a page cannot be made: a reference to the log, and nothing of what went wrong."""

from __future__ import annotations

import panel as pn
from panel.viewable import Viewable

from dashboards.markup import STYLES, markup
from dashboards.texts import Language

__all__ = ["failure_page"]


def failure_page(reference: str) -> Viewable:
    """A page that says it failed, in both languages, with the reference under which the log has the cause."""
    html = "".join(markup("failure.html", language, reference=reference) for language in (Language.ZH, Language.EN))
    return pn.Column(pn.pane.HTML(html, stylesheets=[STYLES], sizing_mode="stretch_width"), sizing_mode="stretch_width")
