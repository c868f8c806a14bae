"""The HTTP application of the node: an index, health, the plans as JSON, and the pages of Panel, behind one gate."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from dashboards import formats
from dashboards.desk import Desk
from dashboards.pool_page import PoolPage
from dashboards.texts import Language, text
from dashboards.theme import ICON
from portal.errors import NotLoopback
from portal.gate import Gate, allowed_hosts, public_hosts
from portal.panel_host import PageHost

if TYPE_CHECKING:
    from panel.viewable import Viewable
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["POOL_PAGE", "make_app", "make_public_app", "require_loopback"]

#: Address of the page of one plan's pool.
POOL_PAGE = "/dash/pools/{plan}"

_POOL = re.compile(r"/dash/pools/([^/]+)")
_TEMPLATES = Path(__file__).parent / "templates"


def require_loopback(host: str) -> None:
    """Raises NotLoopback unless ``host`` reaches this machine only: there is no sign-in that would keep others out."""
    if host == "localhost":
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise NotLoopback(host) from None
    if not address.is_loopback:
        raise NotLoopback(host)


def make_app(
    desk: Desk,
    *,
    host: str,
    port: int,
    language: Language = Language.ZH,
    routers: Sequence[APIRouter] = (),
    names: Sequence[str] = (),
) -> Gate:
    """The application for a server bound to ``host`` and ``port``; whatever reaches it has passed the gate.

    ``routers`` are what else it answers, for programs; ``names`` the public ones, under which a proxy on this machine
    may ask for its log. Raises NotLoopback for a host that other machines can reach, PortalError ``public-name``.
    """
    require_loopback(host)
    app = FastAPI(title="Glasspool", docs_url=None, redoc_url=None, openapi_url=None)

    def pool_page(arguments: Mapping[str, str]) -> Viewable:
        day = arguments.get("on")
        page = PoolPage(
            desk,
            arguments["plan"],
            language=Language(arguments.get("lang", language)),
            on=None if day is None else date.fromisoformat(day),
        )
        return page.page()

    pages = PageHost({POOL_PAGE: pool_page}, app, title=text("product", language))
    _add_index(app, desk, language)
    _add_answers(app, desk, pages)
    for router in routers:
        app.include_router(router)
    known = _only_known_plans(app, desk, language)
    return Gate(
        app=known, hosts=allowed_hosts(host, port), is_our_token=pages.is_our_token, public=public_hosts(names, port)
    )


def make_public_app(log: APIRouter, *, port: int, names: Sequence[str]) -> Gate:
    """The application for a server that other machines reach: the node's log under its public names, and no page.

    A Host header is no credential, so where others can connect there are no pages that one could open.
    """
    app = FastAPI(title="Glasspool", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(log)
    return Gate(app=app, hosts=frozenset(), is_our_token=lambda _: False, public=public_hosts(names, port))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    for name in ("amount", "count", "day", "instant", "short_hash"):
        environment.filters[name] = getattr(formats, name)
    return environment


def _plain_page(template: str, language: Language, **values: object) -> str:
    """A page without a session, in ``language``; ``path`` is its own address, for the links to the other language."""
    return (
        _environment()
        .get_template(template)
        .render(
            t=partial(text, language=language),
            language=language,
            languages=((Language.ZH, "中文"), (Language.EN, "English")),
            **values,
        )
    )


def _only_known_plans(app: ASGIApp, desk: Desk, default: Language) -> ASGIApp:
    """``app``, but the page of a plan that the ledger does not hold answers 404, before a session is made for it."""

    async def passing(scope: Scope, receive: Receive, send: Send) -> None:
        asked = _POOL.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if asked is None or await run_in_threadpool(desk.holds, asked[1]):
            await app(scope, receive, send)
            return
        language = Language(Request(scope).query_params.get("lang", default))
        page = _plain_page("not_found.html", language, plan=asked[1], path=quote(scope["path"]))
        await HTMLResponse(page, status_code=404)(scope, receive, send)

    return passing


def _add_index(app: FastAPI, desk: Desk, default: Language) -> None:
    """The index, which needs no session and is read in a thread of its own."""

    @app.get("/", response_class=HTMLResponse)
    def index(lang: Language = default) -> str:
        return _plain_page("index.html", lang, path="/", moment=desk.moment(), plans=desk.plans())

    @app.get("/favicon.ico")
    def icon() -> FileResponse:
        return FileResponse(ICON, media_type="image/svg+xml")


def _add_answers(app: FastAPI, desk: Desk, pages: PageHost) -> None:
    """What programs ask: health, and the plans as JSON."""

    @app.get("/healthz")
    def health() -> JSONResponse:
        moment = desk.moment()
        height = None if moment is None else moment.height
        return JSONResponse({"status": "ok", "height": height, "sessions": pages.sessions()})

    @app.get("/api/plans")
    def plans() -> JSONResponse:
        moment = desk.moment()
        listed = [
            {
                "plan": plan.plan,
                "code": plan.code,
                "name": plan.name,
                "venue": plan.venue,
                "manager": plan.manager,
                "manager_name": plan.manager_name,
                "custodian": plan.custodian,
                "custodian_name": plan.custodian_name,
                "cutoff": plan.cutoff.isoformat(),
                "closing": plan.closing.isoformat(),
                "maturity": plan.maturity.isoformat(),
                "tranches": plan.tranches,
                "principal": plan.principal,
            }
            for plan in desk.plans()
        ]
        return JSONResponse(
            {
                "height": None if moment is None else moment.height,
                "block_hash": None if moment is None else moment.block_hash,
                "plans": listed,
            }
        )
