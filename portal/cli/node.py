"""`glasspool init`, `sync` and `status`: join a chain, follow it, say where the node stands."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ledger.anchor import Anchor
from ledger.errors import Malformed, ProofFailed
from ledger.finding import Code, Finding
from ledger.replica import Progress, SyncReport, join, sync
from portal.cli.block import printable
from portal.cli.console import EXIT_NEGATIVE, emit, fail, progress
from portal.cli.parameters import Address, Hash32, JsonFlag
from portal.errors import PortalError
from portal.node import Pin, created_store, known_source, opened_source, opened_store, read_pin, remember_source
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("sync")(synchronise)
    app.command("status")(status)
    app.command("findings")(findings)


def pairs(rows: Mapping[str, object]) -> Table:
    """Return names and values as a table for people."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name.replace("_", " "), escape(printable(_shown(value))))
    return table


def _shown(value: object) -> str:
    """Return a value in words: lists and mappings without their brackets, nothing as a dash."""
    if isinstance(value, dict):
        value = [f"{name} {_shown(each)}" for name, each in value.items()]
    if isinstance(value, list | tuple):
        value = ", ".join(map(_shown, value))
    return "—" if value in (None, "") else str(value)


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
    with created_store(settings) as store, opened_source(settings, source) as opened, refused_with(as_json):
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
    with refused_with(as_json):
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


@contextmanager
def refused_with(as_json: bool) -> Iterator[None]:
    """End the command with the exit code of a negative verdict when what a source offers is refused."""
    try:
        yield
    except (Malformed, ProofFailed) as refusal:
        fail(str(refusal), refusal.next_step, code=refusal.code, as_json=as_json)
        raise typer.Exit(EXIT_NEGATIVE) from None


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
        head, pinned = store.head(), store.anchor()
        answer: dict[str, object] = {"home": str(settings.home), "source": known_source(settings)}
        if pinned is not None:
            anchor = Anchor.from_json(pinned)
            answer |= {
                "chain": anchor.chain,
                "group": anchor.group,
                "suite": anchor.suite,
                "genesis_hash": "0x" + anchor.genesis_hash.hex(),
                "contracts": ["0x" + each.hex() for each in anchor.contracts],
            }
        if head is not None:
            answer |= {
                "height": head.height,
                "block_hash": "0x" + head.hash.hex(),
                "block_time": _instant(head.timestamp),
                "facts_digest": "0x" + head.facts_digest.hex(),
                "records": store.record_count(),
                "findings": store.finding_counts(),
            }
        answer["refused_blocks"] = _refused(settings.evidence, head.height if head else -1)
    emit(answer, pairs(answer), as_json=as_json)


def _instant(timestamp: int) -> str | None:
    """Return a block's time, or None for a genesis block, which has none."""
    return datetime.fromtimestamp(timestamp / 1000, UTC).isoformat(timespec="seconds") if timestamp else None


def _refused(folder: Path, height: int) -> list[dict[str, object]]:
    """Return the blocks kept as evidence, and whether the chain has gone past them since."""
    kept = []
    for file in sorted(folder.glob("block-*.reason.json")) if folder.exists() else ():
        told = json.loads(file.read_text("utf-8"))
        state = "passed since" if told["height"] <= height else "waiting for another block"
        kept.append({"height": told["height"], "code": told["code"], "state": state, "file": str(file)})
    return kept


def findings(
    code: Annotated[str | None, Option(help="Only findings of this code; docs/findings.md lists them.")] = None,
    limit: Annotated[int, Option(help="How many to list at the most.", min=1)] = 100,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """List what is wrong in what the chain committed, in the order of the ledger."""
    if code is not None and code not in {each.value for each in Code}:
        raise PortalError("finding-code", f"There is no finding {code!r}", next_step="docs/findings.md lists them.")
    with opened_store(Settings()) as store:
        found = store.findings(None if code is None else Code(code), limit=limit)
        counts = store.finding_counts()
    answer = {"counts": counts, "findings": [_finding(each) for each in found]}
    table = Table(caption=f"{sum(counts.values())} findings in all")
    for heading in ("record", "code", "severity", "what"):
        table.add_column(heading, overflow="fold")
    for each in found:
        table.add_row(str(each.position), each.code.value, each.severity.value, escape(printable(each.message)))
    emit(answer, table, as_json=as_json)


def _finding(found: Finding) -> dict[str, object]:
    return {
        "record": str(found.position),
        "code": found.code.value,
        "severity": found.severity.value,
        "message": found.message,
        "subject": found.subject,
        "others": [str(each) for each in found.others],
        "details": dict(found.details),
    }
