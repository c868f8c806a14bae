"""What is shown when a page cannot be made or fails: a reference to the log, and nothing of what went wrong."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

import panel as pn
from panel.viewable import Viewable

from dashboards.markup import STYLES, markup
from dashboards.texts import Language

__all__ = ["failure_page", "guarded"]

log = logging.getLogger(__name__)


def failure_page(reference: str) -> Viewable:
    """A page that says it failed, in both languages, with the reference under which the log has the cause."""
    html = "".join(markup("failure.html", language, reference=reference) for language in (Language.ZH, Language.EN))
    return pn.Column(pn.pane.HTML(html, stylesheets=[STYLES], sizing_mode="stretch_width"), sizing_mode="stretch_width")


def guarded(
    act: Callable[..., None],
    known: type[Exception] | tuple[type[Exception], ...],
    told: Callable[[], None],
    *,
    notice: pn.pane.HTML,
    language: Callable[[], Language],
) -> Callable[..., None]:
    """``act`` for an event of the browser: what is ``known`` to happen is ``told``, of anything else ``notice`` shows a
    reference, under which the log has it.
    """

    def acting(*arguments: Any) -> None:
        try:
            act(*arguments)
        except known:
            told()
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("page event failed, reference %s", reference)
            notice.object = markup("failure.html", language(), reference=reference)

    return acting
