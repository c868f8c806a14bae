"""`glasspool metrics`: how a plan's pool pays and what covers its securities, on a day and through its history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from portal.cli.console import emit, progress
from portal.cli.lookthrough import Day, reading, stated_day
from portal.cli.parameters import JsonFlag
from portal.node import opened_store
from portal.settings import Settings

if TYPE_CHECKING:
    from abs.coverage import Measures
    from abs.figure import Figure
    from abs.series import Series

Option = typer.Option

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("metrics")(show)


def _month(value: str | None) -> str | None:
    if value is not None and not _MONTH.fullmatch(value):
        raise typer.BadParameter("a month is written YYYY-MM")
    return value


def show(
    plan: Annotated[str, typer.Argument(help="The plan's id, as `glasspool plans` lists it.")],
    history: Annotated[bool, Option("--history", help="Every month so far instead of one day.")] = False,
    by: Annotated[
        Literal["month", "period"], Option("--by", help="Whether a history is by month, or by the plan's periods.")
    ] = "month",
    first: Annotated[str | None, Option("--from", help="The first month of a history.", metavar="YYYY-MM")] = None,
    last: Annotated[str | None, Option("--until", help="The last month of a history.", metavar="YYYY-MM")] = None,
    height: Annotated[
        int | None,
        Option("--height", "--at", min=0, help="As of this height; the newest block by default.", metavar="H"),
    ] = None,
    day: Day = None,
    as_json: Annotated[bool, JsonFlag] = False,
) -> None:
    """Show a pool's ratios, reserves and what covers each tranche; or, month by month, how it paid."""
    from abs.coverage import measures
    from abs.terms import terms_of
    from portal.cli.metrics_view import day_shown, history_shown
    from portal.cli.words import titled, words_of

    begin, end, settings = _month(first), _month(last), Settings()
    with opened_store(settings) as store:
        facts, on = reading(store, height, stated_day(day))
        say = words_of(settings.lang, facts)
        title = titled(facts, plan, say, on)
        found = measures(facts, plan, on, terms_of(facts, plan, on))
        data: dict[str, Any] = {"plan": plan, "height": facts.height, "date": on.isoformat()}
        if history:
            periods = _history(found, by, begin, end)
            data |= {"by": by, "periods": periods}
            shown = history_shown(data, title, say)
        else:
            data |= _on_the_day(found)
            shown = day_shown(data, title, say)
    emit(data, shown, as_json=as_json)


def _on_the_day(found: Measures) -> dict[str, Any]:
    """Every measure, reserve and tranche."""
    from portal.cli.metrics_view import COVERAGE

    with progress("computing metrics", len(found) + 2) as advance:
        listed = {}
        for name in found:
            listed[name] = found[name].as_json()
            advance()
        reserves = found.reserves
        advance()
        tranches = [
            {"tranche": one.tranche, "rank": one.rank, "outstanding": one.outstanding.as_json()}
            | {name: getattr(one, name).as_json() for name in COVERAGE}
            for one in found.tranches
        ]
        advance()
    return {
        "measures": listed,
        "reserves": {figure.name: figure.as_json() for figure in reserves.figures()},
        "holds": reserves.holds,
        "tranches": tranches,
    }


def _history(found: Measures, by: str, first: str | None, last: str | None) -> list[dict[str, Any]]:
    """One entry for each period of the pool: flows, levels and ratios."""
    from abs.ratios import OF_MONTHS, RATIOS
    from abs.series import by_period

    series = found.series if by == "month" else by_period(found.frame, found.terms, found.on)
    ratios = [name for name in RATIOS if by == "month" or name not in OF_MONTHS]
    chosen = [
        at
        for at in range(min(series.first, len(series.ends)), len(series.ends))
        if (first is None or f"{series.end(at):%Y-%m}" >= first) and (last is None or f"{series.end(at):%Y-%m}" <= last)
    ]
    told, listed = series.frame(), []
    with progress("computing periods", len(chosen)) as advance:
        for at in chosen:
            row = {name: value for name, value in told.row(at, named=True).items() if name not in ("after", "end")}
            figures = {name: RATIOS[name](series, at) for name in ratios}
            listed.append(_period(series, at, row, figures))
            advance()
    return listed


def _period(series: Series, at: int, amounts: dict[str, int], ratios: dict[str, Figure]) -> dict[str, Any]:
    return {
        "period": series.label(at),
        "after": series.after(at).isoformat(),
        "end": series.end(at).isoformat(),
        "complete": at < series.complete,
        "amounts": amounts,
        "ratios": {name: figure.as_json() for name, figure in ratios.items()},
    }
