"""The `glasspool` command. Exit codes: 0 done, 1 a negative verdict, 2 wrong usage or an unusable environment."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from ledger.errors import Explained
from portal.cli.console import EXIT_UNUSABLE, fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["application", "main"]

# One module a noun, each with register(app); their order is the order of the help.
COMMANDS = (
    "demo",
    "node",
    "follow",
    "status",
    "sealers",
    "proof",
    "block",
    "lookthrough",
    "authenticity",
    "pool",
    "terms",
    "waterfall",
    "stress",
    "metrics",
    "report",
    "watch",
    "findings",
    "case",
    "trail",
    "duplicates",
    "sweep",
    "snapshot",
    "checkpoint",
    "upkeep",
    "serve",
    "keys",
    "consortium",
    "records",
)

DEFECT = "This is a fault of the program: report it with the traceback on standard error and the command you ran."


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"glasspool {installed_version('glasspool')}\n")
        raise typer.Exit


def application() -> typer.Typer:
    """Return the command with all its subcommands."""
    app = typer.Typer(
        name="glasspool",
        help="An independently verified replica of a supply-chain-finance ledger, and what its securities stand on.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        """Follow a ledger, look through its securities, prove and report what is there."""

    for name in COMMANDS:
        import_module(f"portal.cli.{name}").register(app)
    return app


def _keep(app: typer.Typer, arguments: list[str]) -> None:
    """Write into the trail what is about to be looked at."""
    from datetime import UTC, datetime

    from typer.main import get_command

    from portal.book import keep_command
    from portal.settings import Settings

    def parsed(command: Sequence[str], rest: Sequence[str]) -> Mapping[str, Any]:
        asked: Any = get_command(app)
        for name in command:
            if (asked := asked.commands.get(name)) is None:
                return {}
        context = asked.make_context(command[-1], [*rest], resilient_parsing=True)  # what is wrong is told later
        found: Mapping[str, Any] = context.params
        return found

    keep_command(Settings(), arguments, datetime.now(UTC), parsed)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    try:
        app = application()
        _keep(app, arguments)
        app(arguments)
    except SystemExit as ended:
        if as_json and ended.code == EXIT_UNUSABLE:  # the parser has told a person on standard error
            fail("The command line was not understood", "See its --help.", code="usage", as_json=True)
        raise
    except ValidationError as failure:
        first = failure.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        fail(
            f"the setting {where} is not usable: {first['msg']}",
            "Correct the variable or glasspool.toml.",
            code="settings",
            as_json=as_json,
        )
    except KeyboardInterrupt:
        fail("stopped", "Run the command again: it goes on where it stopped.", code="interrupted", as_json=as_json)
    except BrokenPipeError:
        sys.exit(EXIT_UNUSABLE)
    except Explained as failure:
        fail(str(failure), failure.next_step, code=failure.code, as_json=as_json)
    except Exception as failure:  # noqa: BLE001 a defect: its traceback is wanted, and 1 would read as a verdict
        traceback.print_exception(failure)
        if as_json:
            fail(f"{type(failure).__name__}: {failure}", DEFECT, code="defect", as_json=True)
    sys.exit(EXIT_UNUSABLE)
