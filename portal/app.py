"""The HTTP application of the node: an index, health, the plans as JSON, and the pages of Panel, behind one gate."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from dashboards import formats
from dashboards.desk import Desk, Shown, untold
from dashboards.findings_desk import FindingsDesk
from dashboards.findings_page import FindingsPage
from dashboards.notebook import LookedThrough
from dashboards.pool_page import PoolPage
from dashboards.texts import Language, text
from dashboards.theme import ICON
from ledger.errors import Unknown
from portal.errors import NotLoopback
from portal.gate import VISITOR, Gate, Refusal, allowed_hosts, public_hosts
from portal.panel_host import PageFactory, PageHost
from portal.witness import TrailUnwritten, Witness
from regulator.errors import UnknownThing

if TYPE_CHECKING:
    from panel.viewable import Viewable
    from starlette.types import ASGIApp, Receive, Scope, Send

    from regulator.access import Actor

__all__ = ["FINDINGS_PAGE", "POOL_PAGE", "make_app", "make_public_app", "require_loopback"]

#: Address of the page of one plan's pool.
POOL_PAGE = "/dash/pools/{plan}"

#: Address of the page of findings, where the node has a book.
FINDINGS_PAGE = "/dash/findings"

_POOL = re.compile(r"/dash/pools/([^/]+)")
_PAGES = re.compile(r"/(?:$|dash/|look-through/)")
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
    findings: FindingsDesk | None = None,
    witness: Witness | None = None,
    routers: Sequence[APIRouter] = (),
    names: Sequence[str] = (),
) -> Gate:
    """The application for a server bound to ``host`` and ``port``; whatever reaches it has passed the gate.

    ``findings`` are shown where there are any to ask for; ``witness`` keeps what visitors are shown. ``routers`` are
    what else it answers, for programs; ``names`` the public ones, under which a proxy on this machine may ask for its
    log. Raises NotLoopback for a host that other machines can reach, PortalError ``public-name``.
    """
    require_loopback(host)
    app = FastAPI(title="Glasspool", docs_url=None, redoc_url=None, openapi_url=None)

    def visited() -> tuple[Actor, Shown]:
        visitor = VISITOR.get()
        return visitor, untold if witness is None else witness.visit(visitor)

    def pool_page(arguments: Mapping[str, str]) -> Viewable:
        day = arguments.get("on")
        page = PoolPage(
            desk.acting(*visited()),
            arguments["plan"],
            language=Language(arguments.get("lang", language)),
            on=None if day is None else date.fromisoformat(day),
        )
        return page.page()

    made: dict[str, PageFactory] = {POOL_PAGE: pool_page}
    if findings is not None:
        made[FINDINGS_PAGE] = partial(_findings_page, findings, visited, language)
    pages = PageHost(made, app, title=text("product", language))
    _add_index(app, desk, findings, visited, language)
    _add_look_through(app, desk, visited, language)
    _add_answers(app, desk, pages, visited)
    _add_refusal(app, language)
    for router in routers:
        app.include_router(router)
    known = _only_known_plans(app, desk, language)
    return Gate(
        app=known,
        hosts=allowed_hosts(host, port),
        is_our_token=pages.is_our_token,
        public=public_hosts(names, port),
        explain=partial(_not_understood, language),
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


def _not_understood(default: Language, scope: Scope, refusal: Refusal) -> str | None:
    """The refusal of a page's query as a page that says what was not understood, and nothing of what was given."""
    path = scope["path"]
    if scope["type"] != "http" or refusal.code != "bad-query" or not _PAGES.match(path):
        return None
    language = Request(scope).query_params.get("lang")
    return _plain_page(
        "not_understood.html",
        Language(language) if language in set(Language) else default,
        parameter=refusal.parameter or "query",
        path=quote(path),
    )


#: Gives whoever is asking, and what is told of all that this visit shows.
Visited = Callable[[], "tuple[Actor, Shown]"]


def _findings_page(
    findings: FindingsDesk, visited: Visited, language: Language, arguments: Mapping[str, str]
) -> Viewable:
    page = FindingsPage(
        findings.acting(*visited()),
        language=Language(arguments.get("lang", language)),
        finding=arguments.get("finding", ""),
        plan=arguments.get("plan", ""),
    )
    return page.page()


def _add_index(app: FastAPI, desk: Desk, findings: FindingsDesk | None, visited: Visited, default: Language) -> None:
    """The index, which needs no session and is read in a thread of its own."""

    @app.get("/", response_class=HTMLResponse)
    def index(lang: Language = default) -> str:
        mine, levels, followed = desk.acting(*visited()), None, None
        moment, plans = mine.moment(), mine.plans()
        if moment is not None:
            mine.shown("plans", moment.height, count=len(plans))
            if findings is not None:
                levels, followed = findings.acting(mine.actor, untold).levels(), findings.followed()
        told = {"moment": moment, "plans": plans, "levels": levels, "followed": followed}
        return _plain_page("index.html", lang, path="/", **told)

    @app.get("/favicon.ico")
    def icon() -> FileResponse:
        return FileResponse(ICON, media_type="image/svg+xml")


def _add_look_through(app: FastAPI, desk: Desk, visited: Visited, default: Language) -> None:
    """Any thing looked through, as a table that needs no session."""

    @app.get("/look-through/{kind}/{id_:path}", response_class=HTMLResponse)
    def look_through(kind: str, id_: str, lang: Language = default) -> HTMLResponse:
        path = quote(f"/look-through/{kind}/{id_}")
        try:
            graph = desk.acting(*visited()).look_through(kind, id_)
        except (Unknown, UnknownThing):
            page = _plain_page("no_thing.html", lang, thing=f"{kind} {id_}", path=path)
            return HTMLResponse(page, status_code=404)
        shown = Markup(LookedThrough(graph=graph, language=lang)._repr_html_())  # noqa: S704 escaped where it is made
        return HTMLResponse(_plain_page("look_through.html", lang, shown=shown, path=path))


def _add_refusal(app: FastAPI, language: Language) -> None:
    """What is not shown because the trail cannot be written is refused, and says so."""

    @app.exception_handler(TrailUnwritten)
    def refused(_: Request, failure: Exception) -> HTMLResponse:  # noqa: ARG001 Starlette's signature
        return HTMLResponse(_plain_page("refused.html", language, path="/"), status_code=503)


def _add_answers(app: FastAPI, desk: Desk, pages: PageHost, visited: Visited) -> None:
    """What programs ask: health, and the plans as JSON."""

    @app.get("/healthz")
    def health() -> JSONResponse:
        moment = desk.moment()
        height = None if moment is None else moment.height
        return JSONResponse({"status": "ok", "height": height, "sessions": pages.sessions()})

    @app.get("/api/plans")
    def plans() -> JSONResponse:
        mine = desk.acting(*visited())
        moment, held = mine.moment(), mine.plans()
        if moment is not None:
            mine.shown("plans", moment.height, count=len(held), api=True)
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
            for plan in held
        ]
        return JSONResponse(
            {
                "height": None if moment is None else moment.height,
                "block_hash": None if moment is None else moment.block_hash,
                "plans": listed,
            }
        )
