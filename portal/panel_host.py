"""Everything that hosts Panel inside the FastAPI application; nothing else in the portal knows Panel.

What Panel 1.9 leaves open under FastAPI and what is done about it:

- Sessions are signed with a secret of this process, so a token made elsewhere opens nothing (the gate checks it too).
- No cookie and no header enters a session, so none can be read in the page's token or taken for a user's name.
- A session is given up when its socket closes: the library's own receive loop never says so.
- A page that fails shows a reference number; the traceback is in the log under the same number.
- Inline scripts of the rendered page carry the nonce of its answer; the page's title is text, never markup.

A page is made by a factory, once per session, on the event loop: it may build a skeleton and nothing slow.
"""

from __future__ import annotations

import calendar
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import bokeh_fastapi.handler
import panel
from bokeh.util.token import check_token_signature, get_token_payload
from fastapi import FastAPI
from panel.io.fastapi import add_applications
from panel.viewable import Viewable

from dashboards.failure import failure_page
from portal.gate import SCRIPT_NONCE

__all__ = ["PageFactory", "PageHost", "page_arguments"]

log = logging.getLogger(__name__)

_SECRET_BYTES = 32
_LOADING_THREADS = 4
#: A page that was left keeps its session this long, then it is freed. A slow browser takes its time to connect, and the
#: session it then gets anew knows no way to its style sheets.
UNUSED_SESSION_MS = 60_000
#: A script of the page itself. Data is not a script, and nothing that comes from data is markup when this is applied.
_SCRIPT = re.compile(r'<script(?! type="application/json")(?=[ >])')

#: Makes the page of one session from the parameters of its address and query.
PageFactory = Callable[[Mapping[str, str]], Viewable]


class PageHost:
    """Serves page factories from a FastAPI application under addresses with wildcards."""

    def __init__(
        self,
        pages: Mapping[str, PageFactory],
        app: FastAPI,
        *,
        title: str,
        unused_session_ms: int = UNUSED_SESSION_MS,
    ) -> None:
        self._secret = secrets.token_bytes(_SECRET_BYTES)
        panel.extension(nthreads=_LOADING_THREADS)
        _close_sessions_with_their_sockets()
        _render_with_nonce()
        self._served = add_applications(
            {address: _shielded(factory) for address, factory in pages.items()},
            app=app,
            title=title,
            location=False,  # a page whose session has expired recovers when it holds no location
            sign_sessions=True,
            secret_key=self._secret,
            include_cookies=[],
            include_headers=[],
            unused_session_lifetime_milliseconds=unused_session_ms,
            check_unused_sessions_milliseconds=max(1, unused_session_ms // 3),
        )

    def sessions(self) -> int:
        """How many pages hold a session now, those left within the last seconds included."""
        contexts = self._served._applications.values()  # noqa: SLF001 — the library tells it in no other way
        return sum(len(context.sessions) for context in contexts)

    def is_our_token(self, token: str) -> bool:
        """Whether this process signed ``token`` and it has not expired."""
        try:
            if not check_token_signature(token, secret_key=self._secret, signed=True):
                return False
            expiry = int(get_token_payload(token)["session_expiry"])
        except (ValueError, KeyError, TypeError):
            return False
        return calendar.timegm(datetime.now(UTC).timetuple()) < expiry


def page_arguments() -> dict[str, str]:
    """The wildcards of the current page's address and the parameters of its query; the gate has checked both."""
    query = {name: values[0].decode() for name, values in panel.state.session_args.items() if values}
    return {**query, **panel.state.route_params}


def _shielded(factory: PageFactory) -> Callable[[], Viewable]:
    """A factory for Panel that always makes a page: on an error one that shows nothing but a reference number."""

    @wraps(factory)
    def make() -> Viewable:
        reference = secrets.token_hex(4)
        try:
            return factory(page_arguments())
        except Exception:
            log.exception("page failed, reference %s", reference)
            return failure_page(reference)

    return make


def _close_sessions_with_their_sockets() -> None:
    """Sessions end when their sockets do; the library leaves its receive loop by an error that it swallows."""
    handler = bokeh_fastapi.handler.WSHandler
    connect = handler.ws_connect
    if getattr(connect, "closes", False):
        return

    async def ws_connect(self: Any, websocket: Any) -> None:
        try:
            await connect(self, websocket)
        finally:
            if self.connection is not None:
                self.on_close(1000, "")
                self.connection = None

    ws_connect.closes = True  # type: ignore[attr-defined]
    handler.ws_connect = ws_connect


def _render_with_nonce() -> None:
    """Pages mark their own inline scripts with the nonce of the answer, which is what lets them run."""
    handler = bokeh_fastapi.handler.DocHandler
    render = handler.render_session
    if getattr(render, "marks", False):
        return

    def render_session(*args: Any, **kwargs: Any) -> str:
        page: str = render(*args, **kwargs)
        return _SCRIPT.sub(f'<script nonce="{SCRIPT_NONCE.get()}"', page)

    render_session.marks = True  # type: ignore[attr-defined]
    handler.render_session = staticmethod(render_session)
