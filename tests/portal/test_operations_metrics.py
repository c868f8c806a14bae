"""What Prometheus is told: by a node that follows, figure by figure, and by the pages of a node, behind their gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from dashboards.desk import REGULATOR, Desk
from ledger.following import Standing, State
from ledger.replica import Progress
from ledger.store import Head, Store
from portal.app import make_app
from portal.metrics import FollowMetrics, metrics_routes
from tests.support.pages import serving_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.market import Market

NOW = 1_700_000_600.0
BLOCK_MS = 1_700_000_000_000


def read(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    return {
        sample.name + "".join(f"[{value}]" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@pytest.fixture
def metrics() -> FollowMetrics:
    made = FollowMetrics(now=lambda: NOW)
    made.begins(Head(height=5, hash=b"", timestamp=BLOCK_MS, facts_digest=b""))
    return made


def told(metrics: FollowMetrics) -> dict[str, float]:
    return read(generate_latest(metrics.registry).decode())


def block(height: int, **severities: int) -> Progress:
    return Progress(
        height=height, target=9, timestamp=BLOCK_MS, transactions=3, records=2, severities=severities, verifying=0.5,
        committing=0.25,
    )  # fmt: skip


def stood(source: str, state: State, head: int | None = None, code: str | None = None) -> tuple[str, Standing]:
    return source, Standing(name=source, state=state, head=head, code=code)


def test_blocks_are_counted(metrics: FollowMetrics) -> None:
    metrics.committed(block(6, error=2))
    metrics.committed(block(7, error=1, notice=4))
    figures = told(metrics)
    expected = {
        "glasspool_up": 1, "glasspool_height": 7, "glasspool_block_timestamp_seconds": BLOCK_MS / 1000,
        "glasspool_blocks_total": 2, "glasspool_transactions_total": 6, "glasspool_records_total": 4,
        "glasspool_findings_total[error]": 3, "glasspool_findings_total[notice]": 4,
        "glasspool_findings_total[warning]": 0, "glasspool_verification_seconds_total": 1,
        "glasspool_commit_seconds_total": 0.5, "glasspool_lag_blocks": 2, "glasspool_lag_seconds": 600,
    }  # fmt: skip
    assert {name: figures[name] for name in expected} == expected


def test_lag_is_of_the_source_that_is_furthest_and_honest(metrics: FollowMetrics) -> None:
    metrics.stood(*stood("http://u:secret@a", State.AGREES, 8))
    metrics.stood(*stood("b", State.AGREES, 5))
    metrics.stood(*stood("liar", State.FORKED, 1_000_000, "chain-forked"))
    metrics.stood(*stood("gone", State.UNREACHABLE, code="rpc-timeout"))
    metrics.stood(*stood("gone", State.UNREACHABLE, code="rpc-timeout"))
    figures = told(metrics)
    assert (figures["glasspool_lag_blocks"], figures["glasspool_lag_seconds"]) == (3, 600)
    assert figures["glasspool_source_head[http://***@a]"] == 8
    ups = {name: value for name, value in figures.items() if name.startswith("glasspool_source_up")}
    assert sorted(ups.values()) == [0, 0, 1, 1]
    assert figures["glasspool_source_failures_total[chain-forked][liar]"] == 1
    assert figures["glasspool_source_failures_total[rpc-timeout][gone]"] == 2
    assert figures["glasspool_last_success_timestamp_seconds"] == NOW
    assert not [name for name in figures if "secret" in name]
    metrics.stood(*stood("http://u:secret@a", State.UNREACHABLE, code="rpc-timeout"))
    assert told(metrics)["glasspool_lag_blocks"] == 0, "what nobody offers any more is no lag"
    assert told(metrics)["glasspool_lag_seconds"] == 0


@pytest.fixture(scope="module")
def node(market: Market) -> Iterator[httpx.Client]:
    def app(port: int) -> Any:
        return make_app(Desk(store, REGULATOR), host="127.0.0.1", port=port, routers=[metrics_routes(store)])

    with (
        Store.open(market.database) as store,
        serving_pages(app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def test_the_pages_node_tells_what_it_holds(node: httpx.Client, market: Market) -> None:
    answer = node.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    figures = read(answer.text)
    with Store.open(market.database) as store:
        head = store.head()
        assert head is not None
        assert figures["glasspool_height"] == head.height == node.get("/healthz").json()["height"]
        assert figures["glasspool_block_timestamp_seconds"] == head.timestamp / 1000
        assert figures["glasspool_records_held"] == store.record_count()
        found = {name: value for name, value in figures.items() if name.startswith("glasspool_findings_held")}
        assert sum(found.values()) == sum(store.finding_counts().values())
    assert len(found) == 3


def test_the_gate_stands_before_it(node: httpx.Client) -> None:
    assert node.get("/metrics", headers={"host": "evil.example"}).status_code == 421
    assert node.get("/metrics?match=1").status_code == 400
    assert node.post("/metrics").status_code == 405
