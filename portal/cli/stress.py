"""`glasspool stress`: what a plan would pay, and what it would not, under scenarios."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portal.cli.console import emit, progress
from portal.cli.parameters import JsonFlag
from portal.errors import PortalError

if TYPE_CHECKING:
    from decimal import Decimal

    from abs.scenario import Scenario

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stress")(run)


def run(
    plan: Annotated[str, typer.Argument(help="The plan's id, as `glasspool plans` lists it.")],
    scenario: Annotated[
        list[str] | None,
        Option(
            "--scenario",
            help="base, mild or severe, or a file of your own: TOML, or JSON when it is named .json. Repeatable; those "
            "three by default.",
            metavar="NAME|FILE",
        ),
    ] = None,
    height: Annotated[
        int | None, Option("--at", min=0, help="As of this height; the newest block by default.", metavar="HEIGHT")
    ] = None,
    day: Annotated[
        datetime | None, Option("--date", formats=["%Y-%m-%d"], help="From this day on; the block's by default.")
    ] = None,
    break_even: Annotated[
        bool, Option("--break-even", help="Also find the default rate that each tranche just bears.")
    ] = False,
    actual: Annotated[
        bool, Option("--actual", help="Also compare what each period brought with what was forecast.")
    ] = False,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Run a plan's waterfall over its payment dates to come, under scenarios of defaults, delays and dilution."""
    from abs.actuals import actuals
    from abs.reading import plan_of, read_frame
    from abs.scenario import PRESETS, preset
    from abs.stress import break_even as found_rates
    from abs.stress import stress
    from abs.stress.start import ledger_setting
    from portal.cli.stress_view import stressed
    from portal.cli.words import titled, words_of
    from portal.node import opened_store
    from portal.settings import Settings

    wanted, settings = [_scenario(name) for name in scenario or PRESETS], Settings()
    with opened_store(settings) as store:
        facts = store.at(height)
        setting = ledger_setting(facts, plan, None if day is None else day.date())
        pool = read_frame(facts, plan_of(facts, plan)) if actual else None
        say = words_of(settings.lang, facts)
        title = titled(facts, plan, say, setting.day)
    with progress("payment dates", len(wanted) * len(setting.dates)) as advance:
        runs = [stress(setting, one, advance=advance) for one in wanted]
    rates: list[dict[str, Decimal | None]] = []
    if break_even:
        with progress("trials", None) as advance:
            rates = [found_rates(setting, one, advance=advance) for one in wanted]
    data: dict[str, Any] = {
        "plan": plan,
        "height": setting.height,
        "date": setting.day.isoformat(),
        "runs": [one.as_json() for one in runs],
    }
    if break_even:
        for told, each in zip(data["runs"], rates, strict=True):
            told["break_even"] = {name: None if rate is None else str(rate) for name, rate in each.items()}
    compared = None if pool is None else actuals(setting.terms, pool, setting.day, preset(PRESETS[0]))
    if compared is not None:
        data["actual"] = [one.as_json() for one in compared.periods]
    emit(data, stressed(runs, rates, compared, title, say), as_json=as_json)


def _scenario(name: str) -> Scenario:
    """The scenario that comes with the program, or that of a file."""
    from abs.scenario import PRESETS, load_scenario, preset

    file = Path(name)
    if name in PRESETS or not (file.suffix or file.exists()):
        return preset(name)
    try:
        text = file.read_bytes()
    except OSError as failure:
        raise PortalError(
            "file", f"{file} cannot be read: {failure.strerror}", next_step="Name another file."
        ) from None
    return load_scenario(text, kind="json" if file.suffix == ".json" else "toml")
