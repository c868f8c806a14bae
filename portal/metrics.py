"""What the node tells Prometheus: of following its chain, and of what its database holds."""

from __future__ import annotations

import errno
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest, start_http_server

from ledger.finding import Code, Severity
from portal.errors import PortalError
from portal.node import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.following import Standing
    from ledger.replica import Progress
    from ledger.store import Head, Store

__all__ = ["FollowMetrics", "metrics_routes", "served", "severities"]

LOOPBACK = "127.0.0.1"
MS = 1000


def severities(counts: dict[str, int]) -> dict[str, int]:
    """Return findings by severity, each of them present, from findings by code."""
    found = dict.fromkeys((each.value for each in Severity), 0)
    for code, count in counts.items():
        found[Code(code).severity.value] += count
    return found


class _Ledger:
    """Where the replica stands."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._height = Gauge("glasspool_height", "Height of the last block verified and stored", registry=registry)
        self._time = Gauge(
            "glasspool_block_timestamp_seconds", "Time of that block, seconds since 1970 UTC", registry=registry
        )
        Gauge("glasspool_up", "1 while the node works", registry=registry).set(1)

    def stands(self, height: int, timestamp: int) -> None:
        self._height.set(height)
        self._time.set(timestamp / MS)


class FollowMetrics:
    """The figures of one `glasspool sync --follow`, in a registry of their own. ``now``: seconds since 1970 UTC."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self.registry = registry = CollectorRegistry()
        self._now = now
        self._ledger = _Ledger(registry)
        self._height, self._timestamp = -1, 0
        self._heads: dict[str, int] = {}
        self._head = Gauge("glasspool_source_head", "Height that a source offers", ["source"], registry=registry)
        self._up = Gauge(
            "glasspool_source_up", "1 when a source answered last, with what is so", ["source"], registry=registry
        )
        self._failures = Counter(
            "glasspool_source_failures",
            "Rounds in which a source failed, by code",
            ["source", "code"],
            registry=registry,
        )
        self._lag = Gauge("glasspool_lag_blocks", "Blocks on offer that are not stored yet", registry=registry)
        self._lag_seconds = Gauge(
            "glasspool_lag_seconds",
            "Age of the last block stored while there are later ones, else 0",
            registry=registry,
        )
        self._blocks = Counter("glasspool_blocks", "Blocks verified and stored", registry=registry)
        self._transactions = Counter("glasspool_transactions", "Transactions verified", registry=registry)
        self._records = Counter("glasspool_records", "Records stored", registry=registry)
        self._findings = Counter("glasspool_findings", "Findings made, by severity", ["severity"], registry=registry)
        for each in Severity:
            self._findings.labels(each.value)
        self._verifying = Counter(
            "glasspool_verification_seconds", "Processor time that verifying took, of all processes", registry=registry
        )
        self._committing = Counter(
            "glasspool_commit_seconds", "Time that projecting and storing took", registry=registry
        )
        self._success = Gauge(
            "glasspool_last_success_timestamp_seconds", "When a source was last followed to its end", registry=registry
        )

    def begins(self, head: Head) -> None:
        """Take over where the node stands."""
        self._stands(head.height, head.timestamp)

    def committed(self, progress: Progress) -> None:
        """Count a block."""
        self._blocks.inc()
        self._transactions.inc(progress.transactions)
        self._records.inc(progress.records)
        for severity, count in progress.severities.items():
            self._findings.labels(severity).inc(count)
        self._verifying.inc(progress.verifying)
        self._committing.inc(progress.committing)
        self._stands(progress.height, progress.timestamp, ahead=progress.target)

    def stood(self, source: str, standing: Standing) -> None:
        """Note how a source stood after a round."""
        name = masked(source)
        well = not standing.dangerous and standing.head is not None
        self._up.labels(name).set(well)
        if standing.head is not None:
            self._head.labels(name).set(standing.head)
        if well:
            assert standing.head is not None
            self._heads[name] = standing.head
            self._success.set(self._now())
        else:  # what it claims is not what there is
            self._heads.pop(name, None)
            self._failures.labels(name, standing.code or standing.state.value).inc()
        self._stands(self._height, self._timestamp)

    def _stands(self, height: int, timestamp: int, *, ahead: int = 0) -> None:
        self._height, self._timestamp = height, timestamp
        self._ledger.stands(height, timestamp)
        lag = max(0, max([ahead, *self._heads.values()]) - height)
        self._lag.set(lag)
        self._lag_seconds.set(max(0.0, self._now() - timestamp / MS) if lag else 0.0)


@contextmanager
def served(registry: CollectorRegistry, port: int) -> Iterator[None]:
    """Answer Prometheus at ``/metrics`` of that port, to this machine alone. Raises PortalError ``port-taken``."""
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as failure:
        reason = "is already in use" if failure.errno == errno.EADDRINUSE else f"cannot be used ({failure.strerror})"
        raise PortalError(
            "port-taken",
            f"Port {port} on {LOOPBACK} {reason}",
            next_step="Stop what uses it or give another --metrics-port.",
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metrics_routes(store: Store) -> APIRouter:
    """Return ``/metrics`` over what a store holds now."""
    router = APIRouter()

    @router.get("/metrics")
    def metrics() -> Response:
        registry = CollectorRegistry()
        ledger, head = _Ledger(registry), store.head()
        if head is not None:
            ledger.stands(head.height, head.timestamp)
        Gauge("glasspool_records_held", "Records held", registry=registry).set(store.record_count())
        held = Gauge("glasspool_findings_held", "Findings held, by severity", ["severity"], registry=registry)
        for severity, count in severities(store.finding_counts()).items():
            held.labels(severity).set(count)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
