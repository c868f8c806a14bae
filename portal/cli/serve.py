"""`glasspool serve`: open the pages of the node on this machine."""

from __future__ import annotations

import errno
import logging
import socket
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from portal.cli.console import say
from portal.errors import PortalError

if TYPE_CHECKING:
    from portal.settings import Settings
    from regulator.book import Book

__all__ = ["register", "serve"]

log = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 3
_MAX_MESSAGE_BYTES = 1 << 20  # what a browser sends a page: clicks and searches, never more than a few kilobytes


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Loopback address to listen on; another for checkpoints alone.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65535, show_default="8765")] = None,
) -> None:
    """Serve the node's pages to this machine, until interrupted."""
    from portal.app import make_app, make_public_app, require_loopback
    from portal.errors import NotLoopback
    from portal.ledger_routes import ledger_routes
    from portal.logs import set_up_logs
    from portal.metrics import metrics_routes
    from portal.node import opened_store
    from portal.settings import Settings

    settings = Settings()
    host, port = host or settings.host, port or settings.port
    public = False
    try:
        require_loopback(host)
    except NotLoopback:
        if not settings.names:
            raise
        public = True

    import uvicorn

    from dashboards.desk import REGULATOR, Desk
    from dashboards.findings_desk import FindingsDesk
    from dashboards.texts import Language
    from portal.witness import Witness

    _refuse_taken_port(host, port)
    set_up_logs(settings)
    with ExitStack() as opened:
        store = opened.enter_context(opened_store(settings))
        routes = ledger_routes(store, settings.checkpoints)
        if public:
            app = make_public_app(routes, port=port, names=settings.names)
        else:
            book = _book(settings, opened)
            app = make_app(
                Desk(store, REGULATOR),
                host=host,
                port=port,
                language=Language(settings.lang),
                findings=None if book is None else FindingsDesk(store, book, REGULATOR, _now),
                witness=Witness(book, _now, failure=settings.trail_failure),
                routers=[routes, metrics_routes(store)],
                names=settings.names,
            )
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            ws="websockets-sansio",
            ws_max_size=_MAX_MESSAGE_BYTES,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        server = uvicorn.Server(config)
        shown = f"[{host}]" if ":" in host else host
        if public:
            say(f"Glasspool answers other nodes at http://{shown}:{port}/ledger/ — press Ctrl+C to stop.")
            say(f"There are no pages here, and only these names are answered: {', '.join(settings.names)}.")
        else:
            say(f"Glasspool is open at http://{shown}:{port}/ — press Ctrl+C to stop.")
            say("There is no sign-in yet: only this machine can reach it, and whoever can sees everything.")
        server.run()
        if not server.started:
            raise PortalError(
                "not-started", "The pages could not be opened.", next_step="Look at the log above for the cause."
            )


def _now() -> datetime:
    return datetime.now(UTC)


def _book(settings: Settings, opened: ExitStack) -> Book | None:
    """The book, made where there is none; None where it can neither be read nor made, which the log then says."""
    from ledger.errors import LedgerError
    from portal.book import opened_book

    try:
        return opened.enter_context(opened_book(settings, create=True))
    except LedgerError as failure:
        log.warning("no book: there are no findings to show and no trail: %s [%s]", failure, failure.code)
        return None


def _refuse_taken_port(host: str, port: int) -> None:
    """Raises PortalError when something already listens there, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as failure:
            taken = failure.errno == errno.EADDRINUSE
            reason = "is already in use" if taken else "cannot be listened on"
            raise PortalError(
                "port-taken", f"Port {port} on {host} {reason}.", next_step="Stop what uses it or give another --port."
            ) from None
