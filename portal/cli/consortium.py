"""`glasspool consortium`: a local consortium that lives through a file of receivables, and its node's interface."""

from __future__ import annotations

import os
import socket
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ledger.consortium import generate_sample, import_receivables, load_map, packaged_map
from ledger.consortium.mapping import PACKAGED, packaged_map_text
from ledger.consortium.market import MARKET, generate_market, labels_of
from ledger.consortium.market.planting import EVERY
from ledger.consortium.sample import ROWS
from ledger.consortium.scenarios import SCENARIOS, describe, generate_scenario
from ledger.sources.archive import ArchiveSource
from portal.cli.console import emit, progress, say
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from ledger.consortium import ImportSummary

__all__ = ["register"]

RPC_PORT = 20200  # where a FISCO BCOS 3 node listens unless told otherwise
LOOPBACK = "127.0.0.1"
SEED = 1
Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="A consortium on this machine: real blocks from a file.", no_args_is_help=True)
    group.command("import")(import_file)
    group.command("generate")(generate)
    group.command("scenarios")(scenarios)
    group.command("sample")(sample)
    group.command("serve")(serve)
    app.add_typer(group, name="consortium")


def import_file(
    folder: Annotated[Path, typer.Argument(help="Folder for the archive; new or empty.")],
    map_file: Annotated[str, Option("--map", help="The map: a TOML file, or demo, ibm or highradius for ours.")],
    csv: Annotated[Path | None, Option("--csv", help="The receivables, as CSV.")] = None,
    xlsx: Annotated[Path | None, Option("--xlsx", help="The receivables, as an Excel workbook.")] = None,
    terms: Annotated[
        Path | None,
        Option(
            help="Terms of your own: a plan over what is open on the file's last day. TOML, or JSON when named .json.",
            metavar="FILE",
        ),
    ] = None,
    seed: Annotated[int, Option(help="Keys and choices follow from it: the same seed, the same bytes.", min=0)] = SEED,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Turn a file of receivables into the signed history of a consortium; rejected rows are listed with their cause."""
    if (csv is None) == (xlsx is None):
        raise typer.BadParameter("give either --csv or --xlsx")
    mapping = packaged_map(map_file) if map_file in PACKAGED else load_map(Path(map_file))
    document = None if terms is None else _document(terms)
    with progress("signing") as advance:
        done = 0

        def watch(now: int, total: int) -> None:
            nonlocal done
            advance(now - done, total=total)
            done = now

        summary = import_receivables(
            csv or xlsx or Path(),
            mapping,
            folder,
            workbook=xlsx is not None,
            terms=document,
            seed=seed,
            progress=watch,
        )
    emit(summary.as_json() | {"folder": str(folder)}, _shown(summary, folder), as_json=as_json)


def _document(file: Path) -> dict[str, Any]:
    """The document of terms in a file, judged; every fault of one that is none is told by its path."""
    from abs.terms import load_terms

    try:
        text = file.read_bytes()
    except OSError as failure:
        raise PortalError(
            "file", f"{file} cannot be read: {failure.strerror}", next_step="Name another file."
        ) from None
    return load_terms(text, kind="json" if file.suffix == ".json" else "toml").document()


def _shown(summary: ImportSummary, folder: Path) -> RenderableType:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    yuan = f"{summary.amount // 100:,}.{summary.amount % 100:02d}"
    for name, value in (
        ("rows", f"{summary.rows}, and {summary.blank} blank lines"),
        ("imported", f"{summary.imported} receivables of {summary.debtors} debtors, {yuan} yuan"),
        ("settled", f"{summary.settled}, disputed {summary.disputed}"),
        ("rejected", str(len(summary.rejected))),
        ("plan", summary.plan),
        ("blocks", f"{summary.blocks} with {summary.transactions} transactions, {summary.first} to {summary.last}"),
        ("genesis hash", summary.genesis_hash),
        ("record book", summary.contract),
        ("archive", str(folder)),
    ):
        table.add_row(name, Text(value))
    parts: list[RenderableType] = [table]
    if summary.rejected:
        rejected = Table(title="Rejected rows")
        for heading in ("line", "code", "cause"):
            rejected.add_column(heading)
        for each in summary.rejected:
            rejected.add_row(str(each.line), each.code, Text(each.cause))
        parts.append(rejected)
    return Group(*parts)


def generate(
    folder: Annotated[Path, typer.Argument(help="Folder for the archive; new or empty.")],
    scenario: Annotated[str, Option(help="market, or a small scenario's name.")] = MARKET,
    seed: Annotated[int, Option(help="The same seed, the same bytes.", min=0)] = SEED,
    receivables: Annotated[int, Option(help="Of the market: how many, exactly.", min=1, max=5_000_000)] = 1_000,
    plans: Annotated[int, Option(help="Of the market: how many securitisation plans.", min=0, max=200)] = 2,
    months: Annotated[int, Option(help="Of the market: how many months of business.", min=1, max=120)] = 12,
    trouble: Annotated[
        list[str] | None,
        Option(
            help="A share of the receivables, such as 0.001: how often each breach and pattern is planted; "
            "NAME=SHARE for one of them. Repeat it for several."
        ),
    ] = None,
    traps: Annotated[str, Option(help="The same share for the lawful look-alikes.")] = "0",
    workers: Annotated[int | None, Option(help="Processes that sign; 0: this one. One a core.", min=0, max=64)] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write a market of any size in which every system acts, with labelled trouble if asked; or a small scenario."""
    if scenario != MARKET:
        told = generate_scenario(folder, scenario, seed=seed)
        answer = told.as_json() | {"folder": str(folder)}
        _show(answer, ("scenario", "records", "members", "blocks", "first", "last", "genesis_hash", "folder"), as_json)
        return
    rates = dict(_rate(each) for each in trouble or [])
    lookalikes = _rate(traps)[1]
    with progress("receivables") as advance:
        done = 0

        def watch(now: int, total: int) -> None:
            nonlocal done
            advance(now - done, total=total)
            done = now

        summary = generate_market(
            folder,
            receivables=receivables,
            plans=plans,
            months=months,
            seed=seed,
            trouble=rates,
            traps=lookalikes,
            workers=len(os.sched_getaffinity(0)) if workers is None else workers,
            progress=watch,
        )
    answer = summary.as_json() | {"folder": str(folder), "remarks": summary.remarks()}
    if summary.labels:
        answer["labels_file"] = str(labels_of(folder))
    _show(answer, [name for name in answer if answer[name] not in ({}, [])], as_json)


def _rate(text: str) -> tuple[str, Decimal]:
    """Read NAME=SHARE, or a share for everything."""
    name, _, share = text.rpartition("=")
    try:
        rate = Decimal(share)
    except InvalidOperation:
        rate = Decimal(-1)
    if not rate.is_finite() or not 0 <= rate <= 1:
        raise typer.BadParameter(f"{text}: a share is a decimal from 0 to 1, such as 0.001")
    return name or EVERY, rate


def _show(answer: dict[str, Any], names: Iterable[str], as_json: bool) -> None:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name in names:
        table.add_row(name.replace("_", " "), Text(_plain(answer[name])))
    emit(answer, table, as_json=as_json)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def scenarios(as_json: Annotated[bool, JsonFlag] = False) -> None:
    """List the small scenarios, one for each system the records come from."""
    told = {name: describe(name) for name in SCENARIOS}
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, about in told.items():
        table.add_row(name, Text(about))
    emit([{"scenario": name, "about": about} for name, about in told.items()], table, as_json=as_json)


def sample(
    file: Annotated[Path, typer.Argument(help="The CSV file to write; its map is maps/demo.toml.")],
    seed: Annotated[int, Option(help="The same seed gives the same bytes.", min=0)] = SEED,
    rows: Annotated[int, Option(help="How many receivables.", min=1, max=100_000)] = ROWS,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Write a file of invented receivables, and its map beside it."""
    beside = file.with_suffix(".map.toml")
    for path in (file, beside):
        if path.exists():
            raise PortalError("file-exists", f"{path} is there already", next_step="Name another file, or delete it.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(generate_sample(seed, rows))
        beside.write_text(packaged_map_text("demo"), encoding="utf-8")
    except OSError as failure:
        raise PortalError(
            "unwritable", f"{failure.filename} cannot be written ({failure.strerror})", next_step="Name another folder."
        ) from None
    answer = {"file": str(file), "map": str(beside), "rows": rows}
    emit(answer, Text(f"{file}: {rows} receivables\n{beside}: how to read them"), as_json=as_json)


def serve(
    folder: Annotated[Path, typer.Argument(help="The archive to answer from.")],
    port: Annotated[int, Option(help="Port to listen on.", min=1, max=65535)] = RPC_PORT,
) -> None:
    """Answer a node's JSON-RPC read methods from an archive, to this machine alone, until interrupted."""
    import uvicorn

    from ledger.consortium.server import Node

    archive = ArchiveSource(folder)
    head = archive.head()
    try:
        listening = socket.create_server((LOOPBACK, port))
    except OSError as failure:
        raise PortalError(
            "port-taken",
            f"Port {port} on {LOOPBACK} cannot be listened on ({failure.strerror})",
            next_step="Stop what uses it or give another --port.",
        ) from None
    with listening:
        say(f"Blocks 0 to {head} of {folder} are served at http://{LOOPBACK}:{port} — press Ctrl+C to stop.")
        config = uvicorn.Config(Node(archive), access_log=False, log_level="warning", server_header=False)
        uvicorn.Server(config).run(sockets=[listening])
