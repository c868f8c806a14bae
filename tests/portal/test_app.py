"""The node's application over a real replica: the index, health, the plans as JSON, and where it may be served."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from dashboards.desk import REGULATOR, Desk
from dashboards.formats import amount
from dashboards.texts import Language
from ledger.store import Store
from portal.app import make_app, require_loopback
from portal.cli import main
from portal.errors import NotLoopback
from tests.support.pages import serving_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.market import Market


@pytest.fixture(scope="module")
def node(market: Market) -> Iterator[httpx.Client]:
    with (
        Store.open(market.database) as store,
        serving_pages(lambda port: make_app(Desk(store, REGULATOR), host="127.0.0.1", port=port)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def test_the_index_lists_the_plans_and_where_the_node_stands(node: httpx.Client, market: Market) -> None:
    page = node.get("/").text
    height = node.get("/healthz").json()["height"]
    assert f'href="/dash/pools/{market.plan}?lang=zh"' in page
    assert f"<dd>{height}</dd>" in page
    assert "尚无登录" in page


def test_the_index_speaks_english_when_asked(node: httpx.Client) -> None:
    page = node.get("/?lang=en").text
    assert '<html lang="en">' in page
    assert "No sign-in yet" in page
    assert not re.search("尚无登录", page)


def test_the_plans_are_json(node: httpx.Client, market: Market) -> None:
    answer = node.get("/api/plans").json()
    [plan] = answer["plans"]
    assert plan["plan"] == market.plan
    assert isinstance(plan["principal"], int)
    assert plan["manager"] != plan["manager_name"] in node.get("/").text
    assert plan["cutoff"] <= plan["closing"]
    assert answer["block_hash"].startswith("0x")
    assert amount(plan["principal"]) in node.get("/").text


def test_health_counts_blocks_and_pages(node: httpx.Client) -> None:
    health = node.get("/healthz").json()
    assert health["status"] == "ok"
    assert health["height"] > 0
    assert health["sessions"] >= 0


def test_nothing_else_is_served(node: httpx.Client) -> None:
    for path in (
        "/docs",
        "/openapi.json",
        "/redoc",
        "/dash",
        "/dash/",
        "/dash/pools",
        "/etc/passwd",
        "/static/../app.py",
    ):
        assert node.get(path).status_code == 404, path


def test_what_the_index_links_to_is_there(node: httpx.Client) -> None:
    for path in re.findall(r'(?:href|src)="(/[^"]*)"', node.get("/").text):
        assert node.get(path).status_code == 200, path


def test_an_unknown_plan_is_not_found_and_opens_no_session(node: httpx.Client) -> None:
    sessions = node.get("/healthz").json()["sessions"]
    for path in ("/dash/pools/no <b>plan?lang=en", "/dash/pools/no <b>plan?on=2024-01-01&lang=en"):
        answer = node.get(path)
        assert answer.status_code == 404
        assert "This node has no plan “no &lt;b&gt;plan”" in answer.text
        assert 'href="/dash/pools/no%20%3Cb%3Eplan?lang=zh"' in answer.text
        assert "nonce-" in answer.headers["content-security-policy"]
    assert "本节点没有专项计划" in node.get("/dash/pools/unknown").text
    assert node.get("/healthz").json()["sessions"] <= sessions


@pytest.mark.parametrize(
    ("asked", "told", "back"),
    [
        ("/dash/findings?finding=nope", "没有这样编号的风险发现", "/dash/findings?lang=zh"),
        ("/dash/findings?lang=en&finding=<i>nope", "There is no finding of such an id", "/dash/findings?lang=en"),
        ("/dash/pools/P 1?on=2024-02-30", "没有这一天", "/dash/pools/P%201?lang=zh"),
        ("/dash/pools/P1?lang=en&on=<i>2024", "There is no such day", "/dash/pools/P1?lang=en"),
        ("/dash/pools/<i>?lang=en&on=nope", "There is no such day", "/dash/pools/%3Ci%3E?lang=en"),
        ("/dash/pools/P1?lang=de", "没有这种语言", "/dash/pools/P1?lang=zh"),
        ("/dash/pools/P1?on=2024-01-01&on=2024-01-02", "此页不理解", "/dash/pools/P1?lang=zh"),
        ("/?lang=en&<i>=1", "This page does not understand", "/?lang=en"),
        ("/look-through/plan/P1?lang=en&on=2024-01-01", "This page does not", "/look-through/plan/P1?lang=en"),
    ],
)
def test_a_query_that_is_not_understood_is_a_page_that_says_so(
    node: httpx.Client, asked: str, told: str, back: str
) -> None:
    answer = node.get(asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{told}" in answer.text
    assert f'<p><a href="{back}">' in answer.text
    assert not re.search("nope|<i>|2024-02-30|2024-01-0|lang=de", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert node.head(asked).content == b""


def test_what_no_person_reads_is_refused_in_a_line(node: httpx.Client) -> None:
    for path in ("/api/plans?on=2024-01-01", "/healthz?lang=en", "//evil.example/?lang=de"):
        answer = node.get(str(node.base_url).rstrip("/") + path)
        assert answer.status_code == 400, path
        assert answer.text == "This address has more to it than the page understands. [bad-query]\n"


def test_a_known_plan_has_its_page(node: httpx.Client, market: Market) -> None:
    answer = node.get(f"/dash/pools/{market.plan}?lang=en&on=2024-09-30")
    assert answer.status_code == 200
    assert "Traceback" not in answer.text


def test_an_empty_node_says_what_to_do(tmp_path: Path) -> None:
    with (
        Store.create(tmp_path / "empty.db") as store,
        serving_pages(
            lambda port: make_app(Desk(store, REGULATOR), host="localhost", port=port, language=Language.EN)
        ) as port,
    ):
        answer = httpx.get(f"http://localhost:{port}/", trust_env=False)
    assert "glasspool sync" in answer.text
    assert "The replica is empty" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_is_served(market: Market, host: str) -> None:
    with Store.open(market.database) as store:
        app = make_app(Desk(store, REGULATOR), host=host, port=1)
    assert (f"[{host}]:1" if ":" in host else f"{host}:1") in app.hosts


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "8.8.8.8", "node.example", "localhost.example", ""])
def test_other_addresses_are_refused(market: Market, host: str) -> None:
    with pytest.raises(NotLoopback) as refused:
        require_loopback(host)
    assert refused.value.next_step
    with Store.open(market.database) as store, pytest.raises(NotLoopback):
        make_app(Desk(store, REGULATOR), host=host, port=1)


def test_the_command_refuses_another_host_with_what_to_do(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--host", "0.0.0.0"])
    assert ended.value.code == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "have no sign-in yet" in told
    assert "Use --host 127.0.0.1" in told


def test_the_command_says_when_the_port_is_taken(
    market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(market.home))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit) as ended:
            main(["serve", "--port", str(taken.getsockname()[1])])
    assert ended.value.code == 2
    assert "is already in use" in " ".join(capsys.readouterr().err.split())
