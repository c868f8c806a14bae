"""The gate in front of every request, over HTTP and websocket alike.

Panel under FastAPI never checks the Origin of a websocket, lets a query choose the session, reads any cookie, imports
any module named in an address, and takes an address for its scripts from the query. FastAPI's own dependencies and
Starlette's base middleware never see a websocket, so one pure ASGI application stands before everything:

1. The Host header is one of the names this node was started under, exactly once (a rebound DNS name is refused). Under
   the public names an operator gave it, only its log is answered: checkpoints and proofs, which are meant for others.
2. Only GET and HEAD; nothing here changes anything.
3. The query holds only the parameters the path knows, each once and well formed; a session id is never among them.
4. The resources of page components come from the known packages only.
5. A websocket is opened only on a page, from an Origin that is this node under the same Host, with a session token
   this process signed and that has not expired.
6. Cookies, credentials and every header a proxy might add are taken off: nobody is signed in yet, so none is meant.
7. Whoever asks is told to what answers as :data:`VISITOR`, the one that the trail names: nobody by name yet.
8. Every answer carries the security headers; scripts run only from this node or with the answer's own nonce.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.errors import PortalError
from regulator.access import LOOPBACK, Actor

__all__ = ["SCRIPT_NONCE", "VISITOR", "Gate", "Refusal", "allowed_hosts", "public_hosts"]

log = logging.getLogger(__name__)

#: The nonce of the answer being made; whoever renders a page puts it on the page's own scripts.
SCRIPT_NONCE: ContextVar[str] = ContextVar("script_nonce")

#: Whoever sent the request that is being answered.
VISITOR: ContextVar[Actor] = ContextVar("visitor")

_OK = 200
_NONCE_BYTES = 16
_MAX_QUERY = 200  # characters; the longest legitimate query is a language, a date and a height

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,18}")
_FINDING = re.compile(r"[0-9a-f]{16}")
_MAX_ID = 120  # characters of a plan's id


def _is_language(value: str) -> bool:
    return value in {"zh", "en"}


def _is_day(value: str) -> bool:
    try:
        return bool(_DAY.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_count(value: str) -> bool:
    return bool(_COUNT.fullmatch(value))


def _is_finding(value: str) -> bool:
    return bool(_FINDING.fullmatch(value))


def _is_name(value: str) -> bool:
    return 0 < len(value) <= _MAX_ID and value.isprintable()


#: Files of scripts and styles, whose query is a version: ``?v=digest``, or by some a bare digest.
_FILES = ("/static/", "/components/")
_VERSION = re.compile(r"(?:v=)?[0-9a-zA-Z.]{1,128}")
#: Which query parameters any other path takes; the first prefix that matches decides.
_QUERIES: tuple[tuple[str, Mapping[str, Callable[[str], bool]]], ...] = (
    ("/dash/findings", {"lang": _is_language, "finding": _is_finding, "plan": _is_name}),
    ("/dash/", {"lang": _is_language, "on": _is_day}),
    ("/api/", {}),
    ("/ledger/", dict.fromkeys(("from", "to", "start", "end"), _is_count)),
    ("/healthz", {}),
    ("/", {"lang": _is_language}),
)
#: What is answered under a public name, over HTTP alone: the routes of ``ledger_routes``.
_PUBLIC = "/ledger/"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PUBLIC_NAME = re.compile(rf"({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::([1-9][0-9]{{0,4}}))?")
_MAX_NAME = 253  # characters of a host name (RFC 1035)
_COMPONENT_PACKAGES = ("panel.", "panel_material_ui.", "dashboards.")
_PAGE_SOCKET = re.compile(r"/dash/.+/ws")
#: Nobody may bring an identity from outside: the gate is the only one that will ever add one.
_TAKEN_OFF = frozenset(
    {b"cookie", b"authorization", b"proxy-authorization", b"forwarded", b"x-real-ip", b"x-glasspool-principal"}
)
_SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Refusal(Exception):
    """A request the gate does not let through: ``status`` over HTTP, a stable ``code``, a ``message`` for a person.

    ``parameter`` is the one of the query, known to the page, whose value is no such thing; none of that value is kept.
    """

    def __init__(self, status: int, code: str, message: str, *, parameter: str = "") -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message
        self.parameter = parameter


def allowed_hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers a browser on this machine sends to a server bound to ``host`` and ``port``."""
    names = {host, "localhost", "127.0.0.1"} if host != "::1" else {host, "localhost"}
    return frozenset(f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in names)


def public_hosts(names: Sequence[str], port: int) -> frozenset[str]:
    """The Host headers that programs send to a server on ``port``, or to a proxy before it, by these names.

    A name with a port is that one alone. Without one it is the bare name, as for ports 80 and 443, or the name with
    ``port``. Raises PortalError ``public-name`` for what is no host name, a wildcard included.
    """
    found = set()
    for name in names:
        told = _PUBLIC_NAME.fullmatch(name.lower())
        if told is None or len(name) > _MAX_NAME:
            raise PortalError(
                "public-name",
                f"{name[:80]!r} is no host name",
                next_step="Give the whole name as others write it, node.example or node.example:8443; no wildcards.",
            )
        found |= {name.lower()} if told[2] else {name.lower(), f"{name.lower()}:{port}"}
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """An ASGI application that passes to ``app`` only what the numbered list above allows.

    ``hosts``: the Host headers this node answers to, and ``public`` those under which it answers for its log alone.
    ``is_our_token``: whether this process signed a session token that is still valid. ``explain``: a refusal as a page
    for whoever asked for one; None where a line of text is enough.
    """

    app: ASGIApp
    hosts: frozenset[str]
    is_our_token: Callable[[str], bool] = field(repr=False)
    public: frozenset[str] = frozenset()
    explain: Callable[[Scope, Refusal], str | None] = field(default=lambda _scope, _refusal: None, repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        try:
            host = self._host(scope)
            _check_method(scope)
            _check_query(scope)
            _check_component(scope)
            if scope["type"] == "websocket":
                self._check_websocket(scope, host)
        except Refusal as refusal:
            log.warning("refused %s %s: %s", scope["type"], scope["path"][:_MAX_QUERY], refusal.code)
            await _refuse(scope, send, refusal, nonce, self.explain(scope, refusal))
            return
        reset, visited = SCRIPT_NONCE.set(nonce), VISITOR.set(_visitor(scope))
        try:
            await self.app(
                _without_identity(scope), receive, _with_headers(send, nonce, host, keep=_is_versioned(scope))
            )
        finally:
            SCRIPT_NONCE.reset(reset)
            VISITOR.reset(visited)

    def _host(self, scope: Scope) -> str:
        hosts = [each.lower() for each in _values(scope, b"host")]
        known = self.hosts
        if scope["type"] == "http" and scope["path"].startswith(_PUBLIC):
            known |= self.public
        if len(hosts) != 1 or hosts[0] not in known:
            raise Refusal(421, "wrong-host", "This node does not answer under that name.")
        return hosts[0]

    def _check_websocket(self, scope: Scope, host: str) -> None:
        if not _PAGE_SOCKET.fullmatch(scope["path"]):
            raise Refusal(404, "no-such-page", "There is no page there.")
        origins = _values(scope, b"origin")
        if len(origins) != 1 or origins[0].lower() != f"http://{host}":
            raise Refusal(403, "foreign-origin", "Only a page of this node may open a session here.")
        offered = scope.get("subprotocols", [])
        if len(offered) != 2 or offered[0] != "bokeh" or not self.is_our_token(offered[1]):
            raise Refusal(403, "bad-session-token", "This session is unknown or has expired: load the page again.")


def _visitor(scope: Scope) -> Actor:
    """Whoever sits at this machine acts as the regulator until there is sign-in; the trail has the address."""
    client = scope.get("client")
    return replace(LOOPBACK, name=f"anonymous@{client[0] if client else 'unknown'}")


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _check_method(scope: Scope) -> None:
    if scope["type"] == "http" and scope["method"] not in {"GET", "HEAD"}:
        raise Refusal(405, "read-only", "Pages of this node are only read.")


def _check_query(scope: Scope) -> None:
    query = scope["query_string"].decode("latin-1")
    refusal = partial(Refusal, 400, "bad-query", "This address has more to it than the page understands.")
    if len(query) > _MAX_QUERY:
        raise refusal()
    if not query or (scope["path"].startswith(_FILES) and _VERSION.fullmatch(query)):
        return
    known = next(known for prefix, known in _QUERIES if scope["path"].startswith(prefix))
    seen: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        well_formed = known.get(name)
        if well_formed is None or name in seen:
            raise refusal()
        if not well_formed(value):
            raise refusal(parameter=name)
        seen.add(name)


def _is_versioned(scope: Scope) -> bool:
    """Whether the address is that of a file with its digest, which never changes."""
    return scope["type"] == "http" and scope["path"].startswith(_FILES) and bool(scope["query_string"])


def _check_component(scope: Scope) -> None:
    prefix = "/components/"
    if scope["path"].startswith(prefix) and not scope["path"].startswith(
        tuple(prefix + package for package in _COMPONENT_PACKAGES)
    ):
        raise Refusal(404, "no-such-component", "There is no such component.")


def _without_identity(scope: Scope) -> Scope:
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in _TAKEN_OFF and not name.startswith((b"x-forwarded-", b"x-glasspool-"))
    ]
    return {**scope, "headers": headers}


def _policy(nonce: str, host: str) -> str:
    """The content security policy of one answer.

    Bokeh compiles its expressions in the page (``unsafe-eval``), components are modules made in the page (``blob:``)
    and their styles are written into it; inline scripts and event handlers from data never run.
    """
    socket = f" ws://{host}" if host else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' blob:{socket}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _with_headers(send: Send, nonce: str, host: str, *, keep: bool = False) -> Send:
    """``send`` with the security headers on every answer; ``keep``: the browser may keep a good answer for a year."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY_HEADERS.items():
                headers[name] = value
            headers["content-security-policy"] = _policy(nonce, host)
            if headers.get("content-type", "").startswith(("text/html", "application/json")):
                headers["cache-control"] = "no-store"
            elif keep and message["status"] == _OK:
                headers["cache-control"] = "private, max-age=31536000, immutable"
        await send(message)

    return send_with_headers


async def _refuse(scope: Scope, send: Send, refusal: Refusal, nonce: str, page: str | None) -> None:
    """Answer with the refusal, as ``page`` where there is one; a websocket is refused before it opens, as a 403."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})
        return
    answer = _with_headers(send, nonce, "")
    body = (page or f"{refusal.message} [{refusal.code}]\n").encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8" if page else b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await answer({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await answer({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
