"""`glasspool records`: the kinds of records this version reads, and what their payloads look like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from portal.cli.console import emit
from portal.cli.node import pairs
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError

if TYPE_CHECKING:
    from rich.table import Table

    from ledger.records.schema import Described

Option = typer.Option


class UnknownKind(PortalError):
    """A kind was asked for that this version does not read."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            "unknown-kind",
            f"This version reads no record of kind {kind}",
            next_step="`glasspool records` lists every kind.",
        )


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("records")(records)


def records(
    kind: Annotated[str | None, typer.Argument(help="Print the schema of this kind.")] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", help="Write every schema and a table of them into this folder.")
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """List the kinds of records this version reads, or print one kind's JSON Schema."""
    from ledger.records.schema import describe

    described = [each for each in describe() if kind in (None, each.kind)]
    if kind is not None and not described:
        raise UnknownKind(kind)
    if output is not None:
        files = _write(output)
        answer = {"folder": str(output), "files": files}
        emit(answer, pairs(answer), as_json=as_json)
    elif kind is not None:
        schemas = [dict(each.schema) for each in described]
        emit(
            {"kind": kind, "versions": [each.as_json() | {"schema": dict(each.schema)} for each in described]},
            Text("\n".join(json.dumps(schema, ensure_ascii=False, indent=2) for schema in schemas)),
            as_json=as_json,
        )
    else:
        emit({"kinds": [each.as_json() for each in described]}, _listed(described), as_json=as_json)


def _listed(described: list[Described]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "version", "名称"):
        table.add_column(heading, no_wrap=True)
    table.add_column("who may write it")
    for each in described:
        table.add_row(each.kind, str(each.version), each.name or "", ", ".join(each.writers) or "any member")
    return table


def _write(folder: Path) -> int:
    """Write the documents and return how many; what else is in the folder stays."""
    from ledger.records.schema import documents

    files = documents()
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise PortalError(
            "file", f"{folder} cannot be written: {failure.strerror}", next_step="Name another folder."
        ) from None
    return len(files)
