"""A real browser on a real server: every page is watched for errors and for requests that leave the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from dashboards.desk import REGULATOR, Desk
from ledger.store import Store
from portal.app import make_app
from tests.support.pages import serving_pages
from tests.support.surroundings import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.support.market import Market

QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 30_000
"""Milliseconds: a cold server on a busy machine."""
WIDE = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(market: Market) -> Iterator[str]:
    """Where the node of the sample market serves its pages."""
    with (
        Store.open(market.database) as store,
        serving_pages(lambda port: make_app(Desk(store, REGULATOR), host="127.0.0.1", port=port)) as port,
    ):
        yield f"http://127.0.0.1:{port}"


@dataclass
class Watched:
    """What went wrong on a page, and where its requests went."""

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        page.on("console", lambda told: self.errors.append(told.text) if told.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self.errors.append(f"failed: {request.url}"))
        page.on(
            "response", lambda answer: self.errors.append(f"{answer.status}: {answer.url}") if not answer.ok else None
        )
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("websocket", lambda opened: self.hosts.add(urlsplit(opened.url).netloc))


@pytest.fixture
def watched(address: str) -> Iterator[Watched]:
    """Fails the test when a page had a console error, a failed request, or asked any other host than the node."""
    seen = Watched()
    yield seen
    assert seen.errors == []
    assert seen.hosts - {""} == {urlsplit(address).netloc}  # data: and blob: have no host


@pytest.fixture
def page(browser: Browser, watched: Watched) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    opened = context.new_page()
    watched.watch(opened)
    yield opened
    context.close()
