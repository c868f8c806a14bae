"""Panel behind the gate, for real: a server on a free port, HTTP and websocket clients, every known hole tried."""

from __future__ import annotations

import html
import json
import logging
import re
import socket
from typing import TYPE_CHECKING, Any

import httpx
import panel as pn
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload
from fastapi import FastAPI
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from portal.gate import Gate, allowed_hosts
from portal.panel_host import PageHost
from tests.support.pages import serving_pages, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNUSED_MS = 150
SECRET_WORDS = "the cause, with <script>alert(1)</script>"


class Host:
    """The served pages and the ways a browser, or something worse, talks to them."""

    def __init__(self) -> None:
        self.pages: PageHost | None = None
        self.port = 0
        self.users: list[Any] = []

    def make(self, port: int) -> Gate:
        self.port = port
        app = FastAPI()
        addresses = {"/dash/{name}": self.page, "/dash/broken/{name}": self.broken}
        self.pages = PageHost(addresses, app, title="<title>", unused_session_ms=UNUSED_MS)
        return Gate(app=app, hosts=allowed_hosts("127.0.0.1", port), is_our_token=self.pages.is_our_token)

    def page(self, arguments: Mapping[str, str]) -> pn.viewable.Viewable:
        self.users.append((pn.state.user, dict(pn.state.cookies), dict(pn.state.headers)))
        return pn.pane.Str(json.dumps(dict(arguments), sort_keys=True))

    def broken(self, _: Mapping[str, str]) -> pn.viewable.Viewable:
        raise RuntimeError(SECRET_WORDS)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False)

    def token(self, path: str = "/dash/one", **headers: str) -> str:
        """The session token in a page as served."""
        page = self.get(path, **headers).text
        found = re.search(r'"token":"([^"]+)"', html.unescape(page))
        assert found, page
        return found[1]

    def opens(self, token: str, path: str = "/dash/one/ws", **changes: Any) -> bool:
        """Whether a websocket with that token opens and Bokeh greets it."""
        where = f"127.0.0.1:{self.port}"
        asked = {"origin": f"http://{where}", "subprotocols": ["bokeh", token], "proxy": None, **changes}
        try:
            with connect(f"ws://{where}{path}", **asked) as opened:
                return "ACK" in str(opened.recv(timeout=10))
        except InvalidStatus as refused:
            if refused.response.status_code == 403:
                return False
            raise


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    served = Host()
    with serving_pages(served.make):
        yield served


def test_a_page_opens_its_own_socket(host: Host) -> None:
    assert host.opens(host.token())


def test_a_socket_from_a_foreign_origin_is_refused(host: Host) -> None:
    token = host.token()
    assert not host.opens(token, origin="http://evil.example")
    assert not host.opens(token, origin=None)
    assert host.opens(token)


def test_a_rebound_name_is_refused(host: Host) -> None:
    evil = f"evil.example:{host.port}"
    assert host.get("/dash/one", Host=evil).status_code == 421
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://{evil}/dash/one/ws",
            sock=socket.create_connection(("127.0.0.1", host.port)),
            origin=f"http://{evil}",  # type: ignore[arg-type]
            subprotocols=["bokeh", host.token()],  # type: ignore[list-item]
            proxy=None,
        )
    assert refused.value.response.status_code == 403


def test_a_forged_token_opens_nothing(host: Host) -> None:
    plain = generate_jwt_token(generate_session_id(secret_key=None, signed=False), signed=False, secret_key=None)
    other = b"another secret, thirty-two bytes"
    signed = generate_jwt_token(
        generate_session_id(secret_key=other, signed=True),
        signed=True,
        secret_key=other,
        extra_payload={"cookies": {"is_guest": "1"}},
    )
    for forged in (plain, signed, f"{host.token()}x", "x", "a.b"):
        assert not host.opens(forged)
        assert host.pages is not None
        assert not host.pages.is_our_token(forged)
    for nonsense in ("", ".", "é.é", "\ud800", host.token().partition(".")[0]):
        assert not host.pages.is_our_token(nonsense)


def test_an_expired_token_opens_nothing(host: Host) -> None:
    assert host.pages is not None
    secret = host.pages._secret
    stale = generate_jwt_token(
        generate_session_id(secret_key=secret, signed=True), signed=True, secret_key=secret, expiration=-1
    )
    assert not host.opens(stale)


@pytest.mark.parametrize(
    "query", ["bokeh_session_id=chosen", "bokeh-absolute-url=http://evil.example", "bokeh-token=x"]
)
def test_nobody_chooses_a_session_or_an_address_of_scripts(host: Host, query: str) -> None:
    assert host.get(f"/dash/one?{query}").status_code == 400
    assert not host.opens(host.token(), path=f"/dash/one/ws?{query}")


def test_no_cookie_or_header_reaches_a_session_or_its_token(host: Host) -> None:
    host.users.clear()
    token = host.token(
        **{
            "Cookie": "is_guest=1; user=admin; session=s3cret",
            "Authorization": "Bearer s3cret",
            "X-Forwarded-User": "a",
        }
    )
    payload = get_token_payload(token)
    assert payload["headers"] == {}
    assert payload["cookies"] == {}
    assert "s3cret" not in json.dumps(payload, default=str)
    [(user, cookies, headers)] = host.users
    assert user is None
    assert cookies == {}
    assert not any(headers.values())


def test_the_arguments_of_a_page_come_from_its_address(host: Host) -> None:
    assert host.get("/dash/one?lang=en").status_code == 200
    assert get_token_payload(host.token("/dash/two?lang=en"))["route_params"] == {"name": "two"}


def test_a_failing_page_shows_a_reference_and_nothing_else(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "portal.panel_host"):
        token = host.token("/dash/broken/x")
        where = f"127.0.0.1:{host.port}"
        with connect(
            f"ws://{where}/dash/broken/x/ws",
            origin=f"http://{where}",  # type: ignore[arg-type]
            subprotocols=["bokeh", token],  # type: ignore[list-item]
            proxy=None,
        ) as opened:
            shown = _document(opened)
    logged = next(record for record in caplog.records if record.name == "portal.panel_host")
    reference = re.search(r"reference ([0-9a-f]{8})", logged.getMessage())
    assert reference
    assert reference[1] in shown
    assert logged.exc_info is not None
    assert SECRET_WORDS in str(logged.exc_info[1])
    for hidden in ("RuntimeError", "the cause", "alert(1)", "Traceback"):
        assert hidden not in shown
        assert hidden not in host.get("/dash/broken/x").text


def _document(opened: Any) -> str:
    """Ask over an open socket for the whole page, as a browser does; gives everything it holds as text."""
    for _ in range(3):  # the greeting: header, metadata, content
        opened.recv(timeout=10)
    for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
        opened.send(json.dumps(part))
    answer = [str(opened.recv(timeout=10)) for _ in range(3)]
    assert json.loads(answer[0])["msgtype"] == "PULL-DOC-REPLY"
    return answer[2]


def test_a_session_is_given_up_when_its_socket_closes(host: Host) -> None:
    pages = host.pages
    assert pages is not None
    until(lambda: pages.sessions() == 0)
    where = f"127.0.0.1:{host.port}"
    token = host.token()
    with connect(
        f"ws://{where}/dash/one/ws",
        origin=f"http://{where}",  # type: ignore[arg-type]
        subprotocols=["bokeh", token],  # type: ignore[list-item]
        proxy=None,
    ) as opened:
        opened.recv(timeout=10)
        assert pages.sessions() == 1
    until(lambda: pages.sessions() == 0)
    assert not pages._served._clients


def test_only_the_pages_own_scripts_may_run(host: Host) -> None:
    answer = host.get("/dash/one")
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
    assert nonce
    scripts = re.findall(r"<script\b[^>]*>", answer.text)
    assert scripts
    for script in scripts:
        assert f'nonce="{nonce[1]}"' in script or 'type="application/json"' in script
    assert "<title>&lt;title&gt;</title>" in answer.text


def test_a_page_asks_no_other_host(host: Host) -> None:
    addresses = re.findall(r'(?:src|href)="([^"]+)"', host.get("/dash/one").text)
    assert addresses
    for address in addresses:
        assert not re.match(r"(?:[a-z]+:)?//", address), address
        if not address.startswith("data:") and "favicon" not in address:  # the node's application has an icon
            path = str(httpx.URL(f"http://127.0.0.1:{host.port}/dash/one").join(address).raw_path.decode())
            assert host.get(path).status_code == 200, address
