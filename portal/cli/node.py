"""`glasspool init`: join a chain."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ledger.errors import Malformed, ProofFailed, SourceUnreachable
from ledger.following import SOURCE_FAILURES
from ledger.replica import join
from portal.cli.block import printable
from portal.cli.console import EXIT_NEGATIVE, emit, fail
from portal.cli.parameters import Address, Hash32, JsonFlag
from portal.errors import PortalError
from portal.node import Pin, created_store, masked, opened_sources, read_maps, read_pin, remember_sources
from portal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.anchor import Anchor, Engine
    from ledger.sources import Source
    from ledger.store import Store

Option = typer.Option

FIRST_BLOCK_SECONDS = 60.0  # to wait for one source


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def pairs(rows: Mapping[str, object]) -> Table:
    """Return names and values as a table for people."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(_named(name), escape(_shown(value)))
    return table


def _shown(value: object) -> str:
    """A value in words: each part of a mapping on a line of its own, each mapping of a list on one line."""
    if isinstance(value, Mapping):
        return "\n".join(f"{_named(name)} {_shown(each)}" for name, each in value.items()) or "—"
    if isinstance(value, list | tuple):
        return "\n".join(_inline(each) if isinstance(each, Mapping) else _shown(each) for each in value) or "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "—" if value in (None, "") else printable(str(value))


def _named(name: str) -> str:
    """A name in words; a code, as findings have, stays what one can look up."""
    return name if "." in name else name.replace("_", " ")


def _inline(parts: Mapping[str, object]) -> str:
    """A mapping on one line: its first value, and by name the others that there are."""
    (_, first), *others = parts.items()
    told = ", ".join(f"{_named(name)} {_shown(each)}" for name, each in others if each is not None)
    return f"{_shown(first)}: {told}" if told else _shown(first)


def init(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Archive folders or files, or nodes' http(s) URLs.")
    ],
    genesis_hash: Annotated[str | None, Hash32(help="The genesis hash to trust, told by the consortium.")] = None,
    contract: Annotated[list[str] | None, Address(help="The record book to read; may be repeated.")] = None,
    pin: Annotated[Path | None, Option(help="A node.toml with both, told by the consortium.")] = None,
    mapped: Annotated[
        list[str] | None, Option("--map", metavar="ADDRESS=FILE", help="Another platform's contract and its map.")
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Join a chain: pin its genesis hash and record books, and store its verified first block."""
    settings = Settings()
    maps = read_maps(mapped or ())
    if pin is not None:
        trusted = read_pin(pin)
        trusted = replace(trusted, maps=tuple(sorted({**dict(trusted.maps), **dict(maps)}.items())))
    elif genesis_hash and (contract or maps):
        contracts = tuple(bytes.fromhex(each.removeprefix("0x")) for each in contract or ())
        trusted = Pin(genesis_hash=bytes.fromhex(genesis_hash.removeprefix("0x")), contracts=contracts, maps=maps)
    else:
        raise PortalError(
            "no-pin",
            "Nothing says which chain to trust",
            next_step="Give --pin node.toml, or --genesis-hash and --contract, as the consortium told you out of band.",
        )
    with (
        opened_sources(settings, sources, seconds=FIRST_BLOCK_SECONDS) as opened,
        created_store(settings) as store,
        refused_with(as_json),
    ):
        anchor, told = _joined(store, opened, trusted, settings.sm_engine)
    remember_sources(settings, sources)
    answer: dict[str, object] = {
        "home": str(settings.home),
        "chain": anchor.chain,
        "group": anchor.group,
        "suite": anchor.suite,
        "genesis_hash": "0x" + anchor.genesis_hash.hex(),
        "sealers": len(anchor.sealers),
        "contracts": ["0x" + each.hex() for each in anchor.contracts],
        "maps": ["0x" + address.hex() for address, _ in anchor.maps],
        "sources": [{"source": masked(source), **each} for source, each in zip(sources, told, strict=True)],
    }
    emit(answer, pairs(answer), as_json=as_json)
    if any(each["state"] == "refused" for each in told):
        raise typer.Exit(EXIT_NEGATIVE)


def _joined(
    store: Store, sources: Sequence[Source], pin: Pin, engine: Engine
) -> tuple[Anchor, list[dict[str, str | None]]]:
    """Return the anchor, and what came of each source; raises what the first failed with when none could be joined."""
    anchor, told, failures = None, [], []
    for source in sources:
        try:
            anchor = join(
                store,
                source,
                genesis_hash=pin.genesis_hash,
                contracts=pin.contracts,
                maps=pin.maps,
                engine=engine,
            )
            told.append({"state": "agrees", "code": None})
        except SOURCE_FAILURES as failure:
            if failure.code == "pinned-otherwise":  # that is this node's own matter
                raise
            state = "unreachable" if isinstance(failure, SourceUnreachable) else "refused"
            told.append({"state": state, "code": failure.code})
            failures.append(failure)
    if anchor is None:
        raise failures[0]
    return anchor, told


@contextmanager
def refused_with(as_json: bool) -> Iterator[None]:
    """End the command with the exit code of a negative verdict when what a source offers is refused."""
    try:
        yield
    except (Malformed, ProofFailed) as refusal:
        fail(str(refusal), refusal.next_step, code=refusal.code, as_json=as_json)
        raise typer.Exit(EXIT_NEGATIVE) from None
