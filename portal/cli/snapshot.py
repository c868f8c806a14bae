"""`glasspool snapshot`: the facts at a height as Parquet files, and the proof that files are such a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table

from ledger.errors import StoreDamaged
from portal.cli.console import EXIT_NEGATIVE, emit, fail, progress
from portal.cli.node import pairs
from portal.cli.parameters import JsonFlag
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.snapshot import Manifest

__all__ = ["register"]

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="The facts at a height as Parquet files, for whole-market analytics.", no_args_is_help=True
    )
    group.command("take")(take_snapshot)
    group.command("verify")(verify_snapshot)
    app.add_typer(group, name="snapshot")


def take_snapshot(
    output: Annotated[Path, Option("--output", "-o", help="The folder to write; it must not be there yet.")],
    height: Annotated[int | None, Option(help="As of this height; the last block otherwise.", min=0)] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write every fact as of a height as Parquet files with a manifest; complete, or not at all."""
    from ledger.snapshot import take

    with opened_store(Settings()) as store, progress("writing rows") as advance:
        manifest = take(store.at(height), output, watch=lambda _, rows: advance(rows))
    _show(manifest, output, as_json=as_json)


def verify_snapshot(
    folder: Annotated[Path, typer.Argument(help="A snapshot's folder.")],
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Show that the files are what the manifest says and give the facts digest of its height.

    Compare that digest with `glasspool status` of a node you trust: it is the same on every machine.
    """
    from ledger.snapshot import Snapshot

    with progress("reading rows") as advance:
        try:
            snapshot = Snapshot.open(folder)
            snapshot.verify(lambda _, rows: advance(rows))
        except StoreDamaged as damage:
            fail(str(damage), damage.next_step, code=damage.code, as_json=as_json)
            raise typer.Exit(EXIT_NEGATIVE) from None
    _show(snapshot.manifest, folder, as_json=as_json)


def _show(manifest: Manifest, folder: Path, *, as_json: bool) -> None:
    answer = {"folder": str(folder), **manifest.model_dump()}
    emit(answer, _shown(manifest, folder), as_json=as_json)


def _shown(manifest: Manifest, folder: Path) -> RenderableType:
    table = Table()
    for heading, side in (("facts", "left"), ("versions", "right"), ("that hold", "right")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    for name, entry in manifest.tables.items():
        if entry.versions:
            table.add_row(name, f"{entry.versions:,}", f"{entry.holding:,}")
    empty = sum(not entry.versions for entry in manifest.tables.values())
    table.caption = f"{empty} more tables are empty" if empty else None
    summary = {
        "folder": folder,
        "height": manifest.height,
        "block_hash": f"0x{manifest.block_hash}",
        "facts_digest": f"0x{manifest.facts_digest}",
    }
    return Group(pairs(summary), table)
