"""`glasspool waterfall`: what a plan's period pays by its terms, line by line, and whether the ledger says the same."""

from __future__ import annotations

from typing import Annotated

import typer

from portal.cli.console import EXIT_NEGATIVE, emit
from portal.cli.parameters import JsonFlag

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("waterfall")(waterfall)


def waterfall(
    plan: Annotated[str, typer.Argument(help="The plan's id, as `glasspool plans` lists it.")],
    period: Annotated[
        int | None, Option(min=0, help="This period line by line; the last one by default.", metavar="N")
    ] = None,
    height: Annotated[
        int | None,
        Option("--height", "--at", min=0, help="As of this height; the newest block by default.", metavar="H"),
    ] = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Run a plan's waterfall from the ledger and compare it with what was paid; exit code 1 when they differ."""
    from abs.reconciliation import reconcile
    from portal.cli.waterfall_view import reconciled
    from portal.cli.words import titled, words_of
    from portal.node import opened_store
    from portal.settings import Settings

    settings = Settings()
    with opened_store(settings) as store:
        facts = store.at(height)
        found = reconcile(facts, plan, period)
        say = words_of(settings.lang, facts)
        title = titled(facts, plan, say)
    emit(found.as_json(), reconciled(found, title, say), as_json=as_json)
    if found.differs:
        raise typer.Exit(EXIT_NEGATIVE)
