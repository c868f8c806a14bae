"""`glasspool demo`: the whole path on invented receivables, command by command, each shown as one would type it."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.consortium import PIN
from portal.book import opened_book
from portal.cli.console import emit, say
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError
from portal.node import opened_store, read_pin
from portal.settings import Settings

FOLDER = Path("demo")
MARK = ".made-by-glasspool-demo"
PARTS = ("receivables.csv", "receivables.map.toml", "consortium", "node", "report", "report.zip", "proof.json")
SEED = "1"
LISTED = "5"
"""Findings that are listed; the page has all."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put everything; an earlier demo is replaced.")] = FOLDER,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Make a consortium from a sample, replicate it, look through its plan, recompute, watch, prove and report."""
    _prepare(folder)
    home = folder / "node"
    os.environ["GLASSPOOL_HOME"] = str(home)
    file, archive = folder / "receivables.csv", folder / "consortium"
    proof, package = folder / "proof.json", folder / "report"
    _run("consortium", "sample", str(file), "--seed", SEED)
    _run("consortium", "import", str(archive), "--csv", str(file), "--map", "demo", "--seed", SEED)
    _run("init", str(archive), "--pin", str(archive / PIN))
    _run("sync")
    plan, asset, record = _something_to_look_at()
    _run("look-through", plan, "--asset", asset)
    _run("waterfall", plan)
    _run("stress", plan)
    _run("watch")
    _run("findings", "--limit", LISTED)
    finding = _gravest()
    if finding is not None:
        _run("findings", "show", finding)
    _run("prove", record, "-o", str(proof))
    pin = read_pin(archive / PIN)
    _run("verify", str(proof), "--genesis-hash", pin.genesis_hash.hex(), "--contract", pin.contracts[0].hex())
    _run("report", plan, "-o", str(package))
    _run("verify", str(package), "--ca", str(home / "signer" / "ca.pem"))
    settings = Settings()
    answer = {
        "url": f"http://{settings.host}:{settings.port}/dash/pools/{plan}",
        "findings": f"http://{settings.host}:{settings.port}/dash/findings",
        "report": str((package / "report.html").resolve()),
        "workbook": str((package / "report.xlsx").resolve()),
        "package": str(package.with_suffix(".zip").resolve()),
        "proof": str(proof.resolve()),
        "node": str(home.resolve()),
    }
    lines = [f"{name:9} {value}" for name, value in answer.items()]
    for line in (0, 1):
        lines[line] += "   (after: make serve)"
    emit(answer, "\n".join(["", "Where to look", *lines]), as_json=as_json)


def _prepare(folder: Path) -> None:
    """Make the folder empty, touching nothing that an earlier demo did not make."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise PortalError(
            "folder", f"{folder} holds something else", next_step="Name a folder that is empty or does not exist."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    for name in PARTS:
        part = folder / name
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink(missing_ok=True)


def _run(*arguments: str) -> None:
    """Show a command and run it; a command that ends otherwise than well ends the demo."""
    from portal.cli import application

    say(f"\n$ glasspool {shlex.join(arguments)}")
    result: Any = application()(list(arguments), standalone_mode=False)
    if result:
        raise typer.Exit(int(result))


def _gravest() -> str | None:
    """Return the finding to look at first, None where nothing was found."""
    with opened_book(Settings()) as book:
        return next((one.id for one in book.findings()), None)


def _something_to_look_at() -> tuple[str, str, str]:
    """Return a plan, an asset of it with a long lineage, and one of the records beneath."""
    from ledger.facts import Output, Plan, PoolAsset

    with opened_store(Settings()) as store:
        facts = store.at()
        plan = facts.select(Plan)[0].id
        assets = facts.select(PoolAsset, PoolAsset.plan == plan)
        asset = max(assets, key=lambda each: (facts.count(Output, Output.root == each.asset), each.asset)).asset
        issued = facts.select_ended(Output, Output.root == asset)[0]
        return plan, asset, str(issued.began)
