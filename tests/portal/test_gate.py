"""The gate by itself: what it lets through, what it refuses and with which code, and what it takes off and puts on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from portal.errors import PortalError
from portal.gate import Gate, allowed_hosts, public_hosts

HOST = "127.0.0.1:8765"
PAGE = "/dash/pools/P1"
CLOSED = 1008  # the websocket code for "policy violation"


@dataclass
class Behind:
    """An application that remembers what reached it."""

    scopes: list[dict[str, Any]] = field(default_factory=list)
    content_type: bytes = b"text/html"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            headers = [(b"content-type", self.content_type), (b"x-frame-options", b"ALLOWALL")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"page"})


def ask(
    path: str = "/",
    *,
    query: str = "",
    method: str = "GET",
    kind: str = "http",
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    subprotocols: tuple[str, ...] = ("bokeh", "good"),
    content_type: bytes = b"text/html",
    public: frozenset[str] = frozenset(),
) -> tuple[Behind, list[dict[str, Any]]]:
    """Send one request through a gate; gives what was behind it and every message it answered with."""
    given = list(headers.items()) if isinstance(headers, dict) else headers
    listed = [("host", HOST)] if given is None else given
    scope = {
        "type": kind,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in listed],
        "subprotocols": list(subprotocols),
    }
    if kind == "http":
        scope["method"] = method
    behind, sent = Behind(content_type=content_type), []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.disconnect"}

    hosts = allowed_hosts("127.0.0.1", 8765)
    gate = Gate(app=behind, hosts=hosts, is_our_token=lambda token: token == "good", public=public)
    asyncio.run(gate(scope, receive, send))
    return behind, sent


def refusal(sent: list[dict[str, Any]]) -> tuple[int, str]:
    """Status and code of a refusal; a socket's has no status of its own."""
    if sent[0]["type"] == "websocket.close":
        assert len(sent) == 1
        return sent[0]["code"], sent[0]["reason"]
    body = sent[1]["body"].decode()
    return sent[0]["status"], body[body.rindex("[") + 1 : body.rindex("]")]


def own(**more: str) -> dict[str, str]:
    return {"host": HOST, "origin": f"http://{HOST}", **more}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/", ""),
        ("/", "lang=en"),
        (PAGE, "lang=zh&on=2024-06-30"),
        ("/healthz", ""),
        ("/static/js/bokeh.min.js", "v=6acf7fa15d17"),
        ("/static/extensions/panel-material-ui/panel-material-ui.bundle.js", "a9a9cc4f19fadba2"),
        ("/components/panel_material_ui.base/MaterialComponent/_esm/x.js", ""),
    ],
)
def test_what_a_page_needs_passes(path: str, query: str) -> None:
    behind, sent = ask(path, query=query)
    assert len(behind.scopes) == 1
    assert sent[0]["status"] == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765"])
def test_the_names_of_this_machine_are_answered(host: str) -> None:
    assert ask(headers={"host": host})[0].scopes


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("host", "evil.example:8765")], id="rebound name"),
        pytest.param([("host", "127.0.0.1:8766")], id="another port"),
        pytest.param([("host", "127.0.0.1")], id="no port"),
        pytest.param([("host", "127.0.0.1:8765@evil.example")], id="name behind an at sign"),
        pytest.param([], id="none"),
        pytest.param([("host", HOST), ("host", "evil.example")], id="two"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_host_is_refused(headers: list[tuple[str, str]], kind: str) -> None:
    path = f"{PAGE}/ws" if kind == "websocket" else "/"
    behind, sent = ask(path, kind=kind, headers=[*headers, ("origin", f"http://{HOST}")])
    assert not behind.scopes
    assert refusal(sent) == (CLOSED if kind == "websocket" else 421, "wrong-host")


PUBLIC = public_hosts(["Node-A.example", "203.0.113.5", "[2001:db8::1]", "other.example:8443"], 8765)


@pytest.mark.parametrize(
    "host",
    [
        "node-a.example", "NODE-A.example:8765", "203.0.113.5:8765", "[2001:db8::1]:8765", "other.example:8443",
        HOST, "localhost:8765",
    ],
)  # fmt: skip
def test_under_a_public_name_the_log_is_answered(host: str) -> None:
    assert ask("/ledger/checkpoint", headers={"host": host}, public=PUBLIC)[0].scopes
    assert ask("/ledger/consistency", query="from=1&to=2", headers={"host": host}, public=PUBLIC)[0].scopes


@pytest.mark.parametrize(
    "path", ["/", PAGE, "/healthz", "/api/plans", "/metrics", "/ledger", "/static/x.js", "//ledger/"]
)
def test_under_a_public_name_nothing_else_is(path: str) -> None:
    behind, sent = ask(path, headers={"host": "node-a.example"}, public=PUBLIC)
    assert not behind.scopes
    assert refusal(sent) == (421, "wrong-host")


@pytest.mark.parametrize("path", [f"{PAGE}/ws", "/ledger/ws", "/ledger/dash/x/ws"])
def test_under_a_public_name_no_socket_opens(path: str) -> None:
    own_origin = {"host": "node-a.example", "origin": "http://node-a.example"}
    behind, sent = ask(path, kind="websocket", headers=own_origin, public=PUBLIC)
    assert not behind.scopes
    assert refusal(sent)[0] == CLOSED


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"], ["node-a.example:80"], ["other.example"], ["other.example:8765"],
        ["node-a.example.evil.example"], ["evil.node-a.example"], ["node-a.example."],
        ["node-a.example", "node-a.example"], [""], [],
    ],
)  # fmt: skip
def test_under_another_name_the_log_is_not_answered(hosts: list[str]) -> None:
    """A page of evil.example whose name was bound again to this node still sends its own name."""
    behind, sent = ask("/ledger/checkpoint", headers=[("host", each) for each in hosts], public=PUBLIC)
    assert not behind.scopes
    assert refusal(sent) == (421, "wrong-host")


@pytest.mark.parametrize(
    "name", ["*", "*.example", "http://node.example", "node.example/", "a b", "node.example:0", "-x", "a..b", "x" * 300]
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(PortalError) as refused:
        public_hosts([name], 8765)
    assert refused.value.code == "public-name"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (PAGE, "bokeh_session_id=chosen"),
        (PAGE, "bokeh-session-id=chosen"),
        (PAGE, "bokeh-token=chosen"),
        (PAGE, "bokeh-absolute-url=http://evil.example"),
        (PAGE, "lang=en&bokeh%5Fsession%5Fid=chosen"),
        (PAGE, "lang=fr"),
        (PAGE, "lang=en&lang=zh"),
        (PAGE, "on=2024-02-31"),
        (PAGE, "on=2024-06-30T00:00"),
        (PAGE, "on=<script>"),
        (PAGE, "on=" + "2" * 500),
        (PAGE, "unknown"),
        ("/", "on=2024-06-30"),
        ("/healthz", "lang=en"),
        ("/static/x.js", "v=a&bokeh_session_id=b"),
    ],
)
def test_a_query_the_page_does_not_know_is_refused(path: str, query: str) -> None:
    behind, sent = ask(path, query=query)
    assert not behind.scopes
    assert refusal(sent) == (400, "bad-query")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_nothing_but_reading_is_allowed(method: str) -> None:
    behind, sent = ask(PAGE, method=method)
    assert not behind.scopes
    assert refusal(sent) == (405, "read-only")


@pytest.mark.parametrize(
    "path", ["/components/os/path/x/y", "/components/antigravity/a/b/c", "/components/panelx/a/b/c"]
)
def test_components_of_other_packages_are_not_imported(path: str) -> None:
    behind, sent = ask(path)
    assert not behind.scopes
    assert refusal(sent) == (404, "no-such-component")


def test_a_socket_of_our_own_page_opens() -> None:
    behind, sent = ask(f"{PAGE}/ws", kind="websocket", headers=own())
    assert behind.scopes
    assert sent[0]["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "origins",
    [
        pytest.param([], id="none"),
        pytest.param(["null"], id="null"),
        pytest.param(["http://evil.example"], id="foreign"),
        pytest.param([f"https://{HOST}"], id="another scheme"),
        pytest.param(["http://localhost:8765"], id="another of our names"),
        pytest.param([f"http://{HOST}.evil.example"], id="our name as a prefix"),
        pytest.param([f"http://{HOST}", "http://evil.example"], id="two"),
    ],
)
def test_a_socket_from_another_origin_is_refused(origins: list[str]) -> None:
    headers = [("host", HOST), *(("origin", origin) for origin in origins)]
    behind, sent = ask(f"{PAGE}/ws", kind="websocket", headers=headers)
    assert not behind.scopes
    assert refusal(sent) == (CLOSED, "foreign-origin")


@pytest.mark.parametrize(
    "subprotocols", [(), ("bokeh",), ("bokeh", "forged"), ("chat", "good"), ("bokeh", "good", "more")]
)
def test_a_socket_without_our_token_is_refused(subprotocols: tuple[str, ...]) -> None:
    behind, sent = ask(f"{PAGE}/ws", kind="websocket", headers=own(), subprotocols=subprotocols)
    assert not behind.scopes
    assert refusal(sent) == (CLOSED, "bad-session-token")


def test_a_socket_takes_its_pages_query_and_no_other() -> None:
    assert ask(f"{PAGE}/ws", query="lang=en&on=2024-06-30", kind="websocket", headers=own())[0].scopes
    refused = ask(f"{PAGE}/ws", query="bokeh_session_id=x", kind="websocket", headers=own())[1]
    assert refusal(refused) == (CLOSED, "bad-query")


@pytest.mark.parametrize("path", ["/", "/ws", "/api/plans", "/static/ws"])
def test_a_socket_is_only_a_pages(path: str) -> None:
    assert refusal(ask(path, kind="websocket", headers=own())[1]) == (CLOSED, "no-such-page")


@pytest.mark.parametrize(
    "name",
    [
        "Cookie",
        "Authorization",
        "X-Glasspool-Principal",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Real-IP",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_an_identity_brought_from_outside_is_taken_off(name: str, kind: str) -> None:
    path = f"{PAGE}/ws" if kind == "websocket" else PAGE
    behind, _ = ask(path, kind=kind, headers=own(**{name: "is_guest=1", "accept": "text/html"}))
    passed = {header for header, _ in behind.scopes[0]["headers"]}
    assert name.lower().encode() not in passed
    assert b"accept" in passed


def test_every_answer_carries_the_security_headers() -> None:
    for path, query in ((PAGE, ""), (PAGE, "bad=1")):
        headers = {name.decode(): value.decode() for name, value in ask(path, query=query)[1][0]["headers"]}
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


@pytest.mark.parametrize(("query", "kept"), [("v=6acf7fa1", True), ("", False)])
def test_a_file_with_its_digest_may_be_kept_by_the_browser(query: str, kept: bool) -> None:
    headers = dict(ask("/static/bokeh.min.js", query=query, content_type=b"text/javascript")[1][0]["headers"])
    assert (b"immutable" in headers.get(b"cache-control", b"")) is kept


def test_nonces_are_never_used_twice() -> None:
    policies = {dict(ask(PAGE)[1][0]["headers"])[b"content-security-policy"] for _ in range(20)}
    assert len(policies) == 20


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert allowed_hosts("::1", 80) == {"[::1]:80", "localhost:80"}
