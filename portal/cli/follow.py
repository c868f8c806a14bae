"""`glasspool sync`: bring the replica to its sources' head once, or keep it there until stopped."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from ledger.errors import Explained
from ledger.follower import Follower
from ledger.following import attempt
from ledger.pace import Pace
from ledger.replica import Tally
from ledger.verifier import VerifierDied
from portal.cli.block import printable
from portal.cli.console import EXIT_NEGATIVE, emit, progress, say
from portal.cli.node import pairs, refused_with
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError
from portal.logs import logger, set_up_logs
from portal.metrics import FollowMetrics, served
from portal.node import masked, opened_sources, opened_store, wanted_sources
from portal.reader_keys import node_keys
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ledger.following import Following, Standing
    from ledger.replica import Progress, SyncReport
    from ledger.sources import Source
    from ledger.store import Head, Store

Option = typer.Option

ROUND_SECONDS = 5.0
PATIENCE_SECONDS = 600.0  # for one block, where there is no other source to turn to
SHORT_PATIENCE_SECONDS = 60.0  # where there is
HEAD_SECONDS = 10.0  # for its head
TURN_SECONDS = 120.0  # after which the next source goes on from the block at hand
REPORT_SECONDS = 60.0  # between two lines of the log while it catches up

log = logger("sync")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sync")(synchronise)


def synchronise(
    source: Annotated[
        list[str] | None, Option(help="Another source than those named before; may be repeated, tried in order.")
    ] = None,
    follow: Annotated[bool, Option("--follow", help="Go on until stopped (SIGTERM, Ctrl+C).")] = False,
    every: Annotated[
        float, Option(help="Seconds between two rounds of --follow.", min=0.1, max=86_400)
    ] = ROUND_SECONDS,
    watch: Annotated[
        bool, Option("--watch", help="Bring findings up to date as well, as `glasspool watch` does.")
    ] = False,
    metrics_port: Annotated[
        int | None, Option(help="Answer Prometheus on this loopback port, with --follow.", min=1, max=65535)
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Fetch, verify and store every block up to the sources' head; goes on where it stopped."""
    settings = Settings()
    if metrics_port is not None and not follow:
        raise typer.BadParameter("--metrics-port goes with --follow")
    with opened_store(settings, node_keys(settings)) as store:
        locations = wanted_sources(settings, source)
        if follow:
            report = _follow(settings, store, locations, every=every, port=metrics_port, watch=watch)
            emit(_answer(report), pairs(_answer(report)), as_json=as_json)
            return
        with refused_with(as_json):
            followed = _once(settings, store, locations)
        if watch:
            _Watching(settings)(store)
    answer = _answer(followed.report)
    told = [_standing(location, each) for location, each in zip(locations, followed.standings, strict=True)]
    emit(answer | {"sources": told}, Group(pairs(answer), _table(told)), as_json=as_json)
    if any(each.dangerous for each in followed.standings):
        raise typer.Exit(EXIT_NEGATIVE)


def _once(settings: Settings, store: Store, locations: Sequence[str]) -> Following:
    """Follow the sources to their head, with a progress bar; raises as :func:`ledger.following.follow` does."""
    pace = Pace(clock=time.monotonic, now=_now)
    alone = len(locations) == 1
    with _opened(settings, locations, alone=alone) as sources, progress("verifying") as advance:
        start = _head(store)
        pace.begin()

        def watch(done: Progress) -> None:
            pace.add(done, store)
            advance(1, total=done.target - start.height)

        followed = attempt(store, sources, watch=watch, **_means(settings))
        pace.keep(store)
    if followed.failure is not None:
        if len(locations) > 1:
            for location, standing in zip(locations, followed.standings, strict=True):
                say(f"{masked(location)}: {standing.state}. {printable(standing.message or '')}")
        raise followed.failure
    return followed


def _means(settings: Settings) -> dict[str, Any]:
    return {"evidence": settings.evidence, "engine": settings.sm_engine, "workers": settings.verifying_processes}


def _opened(
    settings: Settings, locations: Sequence[str], *, alone: bool, stop: Callable[[], bool] = lambda: False
) -> AbstractContextManager[tuple[Source, ...]]:
    """Open sources, with as much patience as there is when nobody else can be turned to, or less."""
    if alone:
        return opened_sources(settings, locations, seconds=PATIENCE_SECONDS, stop=stop)
    return opened_sources(settings, locations, seconds=SHORT_PATIENCE_SECONDS, head_seconds=HEAD_SECONDS, stop=stop)


def _head(store: Store) -> Head:
    head = store.head()
    if head is None:
        raise PortalError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    return head


def _now() -> datetime:
    return datetime.now(UTC)


def _answer(report: SyncReport) -> dict[str, object]:
    return {
        "start": report.start,
        "height": report.height,
        "blocks": report.blocks,
        "transactions": report.transactions,
        "records": report.records,
        "findings": report.findings,
        "block_hash": "0x" + report.block_hash.hex(),
        "facts_digest": "0x" + report.facts_digest.hex(),
    }


def _standing(location: str, standing: Standing) -> dict[str, object]:
    return {
        "source": masked(location),
        "state": standing.state.value,
        "head": standing.head,
        "height": standing.height,
        "code": standing.code,
        "message": standing.message,
    }


def _table(standings: Sequence[dict[str, object]]) -> Table:
    table = Table()
    for heading in ("source", "state", "head", "code", "what"):
        table.add_column(heading, overflow="fold")
    for each in standings:
        cells = (each[name] for name in ("source", "state", "head", "code", "message"))
        table.add_row(*("" if cell is None else escape(printable(str(cell))) for cell in cells))
    return table


class _Stopping:
    """Whether a signal said to stop. The first lets the block at hand be finished, the second ends the process."""

    _HEARD = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self._said = threading.Event()

    def __call__(self) -> bool:
        return self._said.is_set()

    def wait(self, seconds: float) -> None:
        self._said.wait(seconds)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to SIGTERM and SIGINT."""
        before = {each: signal.signal(each, self._hear) for each in self._HEARD}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _hear(self, *_: object) -> None:
        self._said.set()
        for each in self._HEARD:
            signal.signal(each, signal.SIG_DFL)


class _Watching:
    """Brings findings up to date with what was stored; the scopes remember what they judged before."""

    def __init__(self, settings: Settings) -> None:
        from regulator.rules import scopes

        self._settings, self._scopes = settings, scopes()

    def __call__(self, store: Store, stop: Callable[[], bool] = lambda: False) -> int:
        """Return how many changes of findings there were. Raises BookStale and what the stores raise."""
        from portal.book import opened_book, watched

        with opened_book(self._settings, create=True) as book:
            return sum(one.changes for one in watched(store, book, self._scopes, stop=stop))


@dataclass(slots=True, kw_only=True)
class _Rounds:
    """What happens in the rounds of `--follow`, and what is told of it."""

    settings: Settings
    store: Store
    locations: Sequence[str]
    stopping: Callable[[], bool]
    metrics: FollowMetrics
    pace: Pace
    tally: Tally
    watching: _Watching | None = None
    reported: float = field(default=0.0, init=False)
    watched: int = field(default=-1, init=False)

    def attempt(self, places: Sequence[int]) -> Following:
        """Follow these sources, each opened anew: one that hung before has nothing left of it."""
        locations = [self.locations[at] for at in places]
        self.pace.begin()
        self.reported = self.pace.clock()
        alone = len(self.locations) == 1
        with _opened(self.settings, locations, alone=alone, stop=self.stopping) as sources:
            followed = attempt(
                self.store, sources, watch=self._watch, stop=self.stopping, turn=self._turn, **_means(self.settings)
            )
        if not self.stopping():
            for location, standing in zip(locations, followed.standings, strict=True):
                self.metrics.stood(location, standing)
        return followed

    def _turn(self) -> Callable[[], bool]:
        clock = self.pace.clock
        until = clock() + TURN_SECONDS
        return lambda: len(self.locations) > 1 and clock() > until

    def _watch(self, done: Progress) -> None:
        self.tally.add(done)
        self.metrics.committed(done)
        self.pace.add(done, self.store)
        if self.pace.clock() - self.reported >= REPORT_SECONDS:
            self.reported = self.pace.clock()
            log.info("catching-up", extra={"height": done.height, "target": done.target})

    def changed(self, at: int, standing: Standing) -> None:
        """Log how a source stands, once until it changes."""
        level = logging.ERROR if standing.dangerous else logging.INFO if standing.code is None else logging.WARNING
        told = _standing(self.locations[at], standing)
        told["what"] = told.pop("message")  # a log record has a message of its own
        log.log(level, "source-changed", extra=told)

    def after(self, followed: Following) -> None:
        """Log what a round did."""
        report, failure = followed.report, followed.failure
        if report.blocks:
            told = ("height", "blocks", "transactions", "records", "findings")
            log.info("stored", extra={name: getattr(report, name) for name in told})
        if failure is not None and not self.stopping():
            log.warning(
                "nobody-followed",
                extra={"code": failure.code, "what": failure.message, "next_step": failure.next_step},
            )
        if self.watching is not None and self.watched != report.height and not self.stopping():
            self._watch_findings(self.watching, report.height)

    def _watch_findings(self, watching: _Watching, height: int) -> None:
        """Bring findings up to date; when that fails it is logged, and tried after the next round."""
        try:
            changes = watching(self.store, self.stopping)
        except Explained as failure:
            log.warning(
                "not-watched", extra={"code": failure.code, "what": failure.message, "next_step": failure.next_step}
            )
            return
        self.watched = height
        log.info("watched", extra={"height": height, "changes": changes})


def _follow(
    settings: Settings, store: Store, locations: Sequence[str], *, every: float, port: int | None, watch: bool = False
) -> SyncReport:
    """Follow until a signal says stop; return all that was added."""
    set_up_logs(settings)
    stopping, start = _Stopping(), _head(store)
    metrics = FollowMetrics()
    metrics.begins(start)
    rounds = _Rounds(
        settings=settings,
        store=store,
        locations=locations,
        stopping=stopping,
        metrics=metrics,
        pace=Pace(clock=time.monotonic, now=_now),
        tally=Tally(start),
        watching=_Watching(settings) if watch else None,
    )
    follower = Follower(
        len(locations),
        every=every,
        clock=time.monotonic,
        wait=stopping.wait,
        stop=stopping,
        changed=rounds.changed,
    )
    with ExitStack() as stack:
        if port is not None:
            stack.enter_context(served(metrics.registry, port))
        stack.enter_context(stopping.heard())
        log.info("following", extra={"height": start.height, "sources": list(locations), "metrics_port": port})
        try:
            follower.run(rounds.attempt, rounds.after)
        except VerifierDied:
            if not stopping():  # whoever stops a whole group of processes stops the verifying ones with it
                raise
        rounds.pace.keep(store)
        report = rounds.tally.report(_head(store))
        log.info("stopped", extra={"height": report.height, "blocks": report.blocks})
    return report
