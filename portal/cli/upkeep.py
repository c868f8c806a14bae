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
from ledger.scrub import sampled, scrub
from ledger.store import Store
from ledger.verdict import Verdict
from portal.cli.block import COLOURS, printable
from portal.cli.console import EXIT_NEGATIVE, emit, progress
from portal.cli.node import pairs
from portal.cli.parameters import JsonFlag
from portal.node import opened_store
from portal.reader_keys import node_keys
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.scrub import ScrubReport

Option = typer.Option

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
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Read and verify again everything this node stored; every damage is told with its block and cause."""
    settings, heights = Settings(), _chosen(sample, first, last)
    with opened_store(settings, node_keys(settings)) as store, progress("scrubbing") as advance:

        def watch(_: int, target: int) -> None:
            advance(1, total=target)

        report = scrub(
            store,
            at=datetime.now(UTC),
            heights=heights,
            engine=settings.sm_engine,
            workers=settings.verifying_processes,
            watch=watch,
        )
    answer = {**asdict(report), "verdict": report.verdict.value}
    emit(answer, _table(report), as_json=as_json)
    if report.verdict is Verdict.FAILED:
        raise typer.Exit(EXIT_NEGATIVE)


def _table(report: ScrubReport) -> Group:
    table = Table(caption=f"{report.blocks} blocks with {report.records} records, of blocks 0 to {report.head}")
    for heading in ("block", "cause", "what"):
        table.add_column(heading, overflow="fold")
    for each in report.damage:
        table.add_row("—" if each.height is None else str(each.height), each.cause.value, escape(printable(each.what)))
    stale = "" if report.facts else "; facts were not compared: run `glasspool rebuild`"
    whole = f"verdict: [{COLOURS[report.verdict]}]{report.verdict}[/]{escape(stale)}"
    return Group(table, whole)


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
