"""`glasspool block verify`: judge one block from files, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from ledger import chains
from ledger.assess import assess
from ledger.chains import limits, strict
from ledger.trust import Case
from ledger.verdict import Assessment, Verdict
from portal.cli.console import EXIT_NEGATIVE, emit
from portal.cli.parameters import Address, Hash32, JsonFlag
from portal.errors import PortalError

COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.INDETERMINATE: "yellow"}
Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Look at single blocks.", no_args_is_help=True)
    group.command("verify")(verify)
    app.add_typer(group, name="block")


def verify(
    file: Annotated[Path, typer.Argument(help="A block or a transaction as JSON: bare, an answer, or kept evidence.")],
    transactions: Annotated[Path | None, Option(help="Its transactions: one, or a list.")] = None,
    receipts: Annotated[Path | None, Option(help="Its receipts: one, or a list.")] = None,
    genesis: Annotated[Path | None, Option(help="The chain's block 0, for the sealers to trust.")] = None,
    genesis_hash: Annotated[str | None, Hash32(help="The genesis hash you trust.")] = None,
    contract: Annotated[list[str] | None, Address(help="A contract whose logs are records; may be repeated.")] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Judge a block by every step of the procedure: 0 none failed, 1 one did, 2 unreadable."""
    case = Case(
        document=_document(file, transactions, receipts),
        genesis_document=None if genesis is None else _together({"block": _read(genesis)}),
        pinned=None if genesis_hash is None else bytes.fromhex(genesis_hash.removeprefix("0x")),
        contracts=tuple(bytes.fromhex(each.removeprefix("0x")) for each in contract or ()),
    )
    judged = assess(case)
    emit(assessment_json(judged), assessment_table(judged), as_json=as_json)
    if judged.verdict is Verdict.FAILED:
        raise typer.Exit(EXIT_NEGATIVE)


def _read(path: Path) -> bytes:
    """Return the file, or one byte more than any block may have: whoever judges it then sees that it is too long."""
    try:
        with path.open("rb") as file:
            return file.read(limits.MAX_BLOCK_BYTES + 1)
    except OSError as failure:
        raise PortalError(
            "file", f"{path} cannot be read: {failure.strerror}", next_step="Give the path of a readable file."
        ) from None


def _document(block: Path, transactions: Path | None, receipts: Path | None) -> bytes:
    """Put the files together as one block document, each verbatim; a whole one, as archives hold, stays as it is."""
    first = _read(block)
    if transactions is None and receipts is None and strict.has_member(first, "block"):
        return first
    members = {"block": first}
    if transactions is None and chains.is_transaction(first):
        members = {"transactions": b"[" + first + b"]"}
    for name, path in (("transactions", transactions), ("receipts", receipts)):
        if path is not None:
            raw = _read(path).strip()
            members[name] = raw if raw.startswith(b"[") else b"[" + raw + b"]"
    return _together(members)


def _together(members: dict[str, bytes]) -> bytes:
    """Return one JSON object of these members, or the first of them that is too long or no JSON: so it is then judged.

    Each must be whole by itself, else the end of one file could stand for another.
    """
    for raw in members.values():
        if len(raw) > limits.MAX_BLOCK_BYTES or not strict.is_json(raw):
            return raw
    return b"{" + b",".join(f'"{name}":'.encode() + raw for name, raw in members.items()) + b"}"


def assessment_json(judged: Assessment) -> dict[str, object]:
    """Return the verdicts as JSON-able data."""
    return {
        "verdict": judged.verdict.value,
        "steps": [
            {"number": s.number, "name": s.name, "verdict": s.verdict.value, "code": s.code, "detail": s.detail}
            for s in judged.steps
        ],
        "unproven": list(judged.unproven),
    }


def assessment_table(judged: Assessment, note: str = "") -> Group:
    """Return the verdicts as a table for people, the verdict on the whole below it."""
    covered = "no hash or signature covers them"
    table = Table(caption=f"unproven ({covered}): {', '.join(judged.unproven)}" if judged.unproven else None)
    for heading in ("", "step", "verdict", "what was found"):
        table.add_column(heading, overflow="fold")
    for step in judged.steps:
        verdict = f"[{COLOURS[step.verdict]}]{step.verdict}[/]"
        found = f"{step.detail} [{step.code}]" if step.verdict is Verdict.FAILED else step.detail
        table.add_row(str(step.number), step.name, verdict, escape(printable(found)))
    whole = f"verdict: [{COLOURS[judged.verdict]}]{judged.verdict}[/]"
    return Group(table, f"{whole}; {escape(note)}" if note else whole)


def printable(text: str) -> str:
    """Return text from outside with control characters shown instead of sent to the terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
