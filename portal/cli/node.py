"""`glasspool init`, `sync` and `status`: join a chain, follow it, say where the node stands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ledger.replica import Progress, SyncReport, join, sync
from portal.cli.console import emit, progress
from portal.cli.parameters import Address, Hash32, JsonFlag
from portal.errors import PortalError
from portal.node import Pin, created_store, opened_source, opened_store, read_pin, remember_source
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("sync")(synchronise)
    app.command("status")(status)


def pairs(rows: Mapping[str, object]) -> Table:
    """Return names and values as a table for people."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        table.add_row(name.replace("_", " "), escape(shown))
    return table


def init(
    source: Annotated[str, typer.Argument(help="An archive folder or file, or a node's http(s) URL.")],
    genesis_hash: Annotated[str | None, Hash32(help="The genesis hash to trust, told by the consortium.")] = None,
    contract: Annotated[list[str] | None, Address(help="The record book to read; may be repeated.")] = None,
    pin: Annotated[Path | None, Option(help="A node.toml with both, told by the consortium.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Join a chain: pin its genesis hash and record books, and store its verified first block."""
    settings = Settings()
    if pin is not None:
        trusted = read_pin(pin)
    elif genesis_hash and contract:
        contracts = tuple(bytes.fromhex(each.removeprefix("0x")) for each in contract)
        trusted = Pin(genesis_hash=bytes.fromhex(genesis_hash.removeprefix("0x")), contracts=contracts)
    else:
        raise PortalError(
            "no-pin",
            "Nothing says which chain to trust",
            next_step="Give --pin node.toml, or --genesis-hash and --contract, as the consortium told you out of band.",
        )
    with created_store(settings) as store, opened_source(settings, source) as opened:
        anchor = join(
            store, opened, genesis_hash=trusted.genesis_hash, contracts=trusted.contracts, engine=settings.sm_engine
        )
    remember_source(settings, source)
    answer = {
        "home": str(settings.home),
        "chain": anchor.chain,
        "group": anchor.group,
        "suite": anchor.suite,
        "genesis_hash": "0x" + anchor.genesis_hash.hex(),
        "sealers": len(anchor.sealers),
        "contracts": ["0x" + each.hex() for each in anchor.contracts],
    }
    emit(answer, pairs(answer), as_json=as_json)


def synchronise(
    source: Annotated[str | None, Option(help="Another source than the one named before.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Fetch, verify and store every block up to the source's head; goes on where it stopped."""
    report = run_sync(Settings(), source)
    answer = {
        "start": report.start,
        "height": report.height,
        "blocks": report.blocks,
        "transactions": report.transactions,
        "findings": report.findings,
        "block_hash": "0x" + report.block_hash.hex(),
        "facts_digest": "0x" + report.facts_digest.hex(),
    }
    emit(answer, pairs(answer), as_json=as_json)


def run_sync(settings: Settings, location: str | None = None) -> SyncReport:
    """Follow the chain to the source's head, with a progress bar."""
    with opened_store(settings) as store, opened_source(settings, location) as source, progress("verifying") as advance:
        head = store.head()
        advance(0, total=source.head() - (head.height if head else 0))

        def watch(_: Progress) -> None:
            advance(1)

        return sync(
            store,
            source,
            evidence=settings.evidence,
            engine=settings.sm_engine,
            workers=settings.verifying_processes,
            watch=watch,
        )


def status(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """Say what this node follows and how far it has verified."""
    settings = Settings()
    with opened_store(settings) as store:
        head = store.head()
        answer: dict[str, object] = {"home": str(settings.home)}
        if head is not None:
            time = datetime.fromtimestamp(head.timestamp / 1000, UTC)
            answer |= {
                "height": head.height,
                "block_hash": "0x" + head.hash.hex(),
                "block_time": time.isoformat(timespec="seconds"),
                "facts_digest": "0x" + head.facts_digest.hex(),
                "records": store.record_count(),
                "findings": store.finding_counts(),
            }
        kept = (
            sorted(path.name for path in settings.evidence.glob("block-*.reason.json"))
            if settings.evidence.exists()
            else []
        )
        answer["refused_blocks"] = kept
    emit(answer, pairs(answer), as_json=as_json)
