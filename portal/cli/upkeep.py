"""`glasspool scrub`, `rebuild` and `upgrade`: is what this node stored still what it verified?"""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from ledger.rebuild import rebuild
from ledger.repair import damaged_blocks, repair
from ledger.scrub import sampled, scrub
from ledger.store import Store
from ledger.verdict import Verdict
from portal.cli.block import COLOURS, printable
from portal.cli.console import EXIT_NEGATIVE, emit, progress
from portal.cli.node import pairs
from portal.cli.parameters import JsonFlag
from portal.node import masked, opened_sources, opened_store, wanted_sources
from portal.reader_keys import node_keys
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.repair import RepairReport
    from ledger.scrub import ScrubReport

Option = typer.Option

BLOCK_SECONDS = 60.0  # to wait for one source

_SHARE = re.compile(r"([1-9][0-9]{0,11})(%?)\Z", re.ASCII)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("scrub")(scrub_store)
    app.command("rebuild")(rebuild_facts)
    app.command("upgrade")(upgrade_store)


def _share(value: str | None) -> str | None:
    if value is not None and (not (found := _SHARE.match(value)) or (found[2] and int(found[1]) > 100)):
        raise typer.BadParameter("a sample is a number of blocks, or 1% to 100%")
    return value


def _chosen(sample: str | None, first: int | None, last: int | None) -> Callable[[int], Iterable[int]] | None:
    """Return which of so many blocks are looked at; None for all."""
    if sample is not None and (first is not None or last is not None):
        raise typer.BadParameter("--sample looks anywhere: give it without --from and --to")
    if sample is not None:
        found = _SHARE.match(sample)
        assert found is not None
        return lambda count: sampled(count, int(found[1]), percent=bool(found[2]), chance=SystemRandom())
    if first is None and last is None:
        return None
    return lambda count: range(first or 0, min(count, count if last is None else last + 1))


def scrub_store(
    sample: Annotated[
        str | None, Option(help="Look at so many random blocks, or so many per cent (5%).", callback=_share)
    ] = None,
    first: Annotated[int | None, Option("--from", help="Look at blocks from this height on.", min=0)] = None,
    last: Annotated[int | None, Option("--to", help="Look at blocks up to this height.", min=0)] = None,
    mend: Annotated[
        bool, Option("--repair", help="Fetch damaged blocks again from the sources, then look again.")
    ] = False,
    source: Annotated[
        list[str] | None, Option(help="Another source for --repair than those named before; may be repeated.")
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Read and verify again everything this node stored; every damage is told with its block and cause."""
    settings, choose, repaired = Settings(), _chosen(sample, first, last), None
    heights = None if choose is None else _Chosen(choose)
    if source and not mend:
        raise typer.BadParameter("--source goes with --repair")
    with opened_store(settings, node_keys(settings)) as store:
        report = _scrubbed(settings, store, heights, "scrubbing")
        if mend and damaged_blocks(report):
            locations = wanted_sources(settings, source)
            with opened_sources(settings, locations, seconds=BLOCK_SECONDS) as sources:
                repaired = repair(
                    store,
                    sources,
                    report,
                    at=datetime.now(UTC),
                    evidence=settings.evidence,
                    engine=settings.sm_engine,
                    workers=settings.verifying_processes,
                )
            if heights is not None:
                heights.add(*repaired.repaired)
            if repaired.repaired:
                report = _scrubbed(settings, store, heights, "scrubbing again")
    answer = {**asdict(report), "verdict": report.verdict.value, "repair": _repair_json(repaired)}
    emit(answer, _table(report, repaired), as_json=as_json)
    if report.verdict is Verdict.FAILED:
        raise typer.Exit(EXIT_NEGATIVE)


class _Chosen:
    """The blocks to look at, chosen once, so that a second look is at the same ones and those that were added."""

    def __init__(self, choose: Callable[[int], Iterable[int]]) -> None:
        self._choose = choose
        self._chosen: set[int] | None = None

    def __call__(self, count: int) -> Iterable[int]:
        if self._chosen is None:
            self._chosen = set(self._choose(count))
        return self._chosen

    def add(self, *heights: int) -> None:
        """Look at these as well from now on."""
        if self._chosen is not None:
            self._chosen.update(heights)


def _scrubbed(settings: Settings, store: Store, heights: _Chosen | None, what: str) -> ScrubReport:
    with progress(what) as advance:
        return scrub(
            store,
            at=datetime.now(UTC),
            heights=heights,
            engine=settings.sm_engine,
            workers=settings.verifying_processes,
            watch=lambda _, target: advance(1, total=target),
        )


def _repair_json(done: RepairReport | None) -> dict[str, object] | None:
    if done is None:
        return None
    failures = [
        {"height": each.height, "source": masked(each.source), "code": each.code, "message": each.message}
        for each in done.failures
    ]
    return {"repaired": list(done.repaired), "unrepaired": list(done.unrepaired), "failures": failures}


def _repaired(done: RepairReport) -> Group:
    said = f"{len(done.repaired)} damaged blocks fetched again and put in place, {len(done.unrepaired)} not"
    failed = [
        escape(printable(f"block {each.height}, {masked(each.source) or 'no source'}: {each.message} [{each.code}]"))
        for each in done.failures
    ]
    return Group(said, *failed)


def _table(report: ScrubReport, repaired: RepairReport | None = None) -> Group:
    looked = f"{report.blocks} blocks with {report.records} records, of blocks 0 to {report.head}"
    table = Table(caption=looked)
    for heading in ("block", "cause", "what"):
        table.add_column(heading, overflow="fold")
    for each in report.damage:
        table.add_row("—" if each.height is None else str(each.height), each.cause.value, escape(printable(each.what)))
    stale = "" if report.facts else "; facts were not compared: run `glasspool rebuild`"
    whole = f"verdict: [{COLOURS[report.verdict]}]{report.verdict}[/]{escape(stale)}"
    found = table if report.damage else f"No damage found in {looked}."
    return Group(found, whole) if repaired is None else Group(found, _repaired(repaired), whole)


def rebuild_facts(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Make every fact and finding again from the blocks stored here, each verified again; goes on where it stopped."""
    settings = Settings()
    with (
        opened_store(settings, node_keys(settings)) as store,
        progress("rebuilding", store.last_document() + 1) as advance,
    ):

        def watch(_: int, __: int) -> None:
            advance(1)

        report = rebuild(store, engine=settings.sm_engine, workers=settings.verifying_processes, watch=watch)
    answer = {
        "start": report.start,
        "height": report.height,
        "findings": report.findings,
        "facts_digest": f"0x{report.facts_digest.hex()}",
        "digest_before": f"0x{report.digest_before.hex()}" if report.digest_before else None,
        "changed": report.changed,
    }
    emit(answer, pairs(answer), as_json=as_json)


def upgrade_store(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Bring a database of an earlier version to this one; its facts must then be rebuilt."""
    settings = Settings()
    done = Store.upgrade(settings.database_url)
    answer = asdict(done)
    note = (
        "Run `glasspool rebuild` now: the facts are those of an earlier version."
        if done.stale
        else "Nothing else to do."
    )
    emit(answer, Group(pairs(answer), escape(note)), as_json=as_json)
