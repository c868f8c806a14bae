"""How stress tests of a plan are shown on a terminal, scenario by scenario, and what a pool brought by forecasts."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from abs.actuals import FIGURES
from abs.money import yuan_text
from abs.scenario import PRESETS, preset
from dashboards.formats import percent
from portal.cli.tables import Column, Sheet, prose, spaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from rich.console import RenderableType

    from abs.actuals import Actuals
    from abs.stress.result import StressDate, StressRun
    from portal.cli.words import Words

__all__ = ["FEW_ASSETS", "stressed"]

FEW_ASSETS: Final = 100
"""Assets: below this one more or less moves a rate of history by over a percentage point, which is all that the mild
scenario adds at the least (``abs/scenarios/mild.toml``)."""


def stressed(
    runs: Sequence[StressRun],
    rates: Sequence[Mapping[str, Decimal | None]],
    compared: Actuals | None,
    title: str,
    say: Words,
) -> RenderableType:
    """What the history is, what the pool brought, and each scenario; ``rates``: the break-evens of each, or none."""
    parts: list[RenderableType] = [
        prose(title, "bold"),
        prose(_history(runs[0], say)),
        *([] if compared is None else [_actuals(compared, say)]),
    ]
    for at, run in enumerate(runs):
        parts += _scenario(run, rates[at] if rates else None, say)
    return spaced(parts)


def _history(run: StressRun, say: Words) -> str:
    history = run.history
    told = say(
        "stress_history_seasoned" if history.seasoned else "stress_history_all",
        count=f"{history.assets:,}",
        **{name: getattr(history, f"{name}_rate").text() for name in ("default", "dilution", "recovery")},
    )
    few = history.assets < FEW_ASSETS
    return told + (f"\n{say('stress_few', count=history.assets, least=FEW_ASSETS)}" if few else "")


def _scenario(run: StressRun, rates: Mapping[str, Decimal | None] | None, say: Words) -> list[RenderableType]:
    name = run.scenario.scenario
    if name in PRESETS and run.scenario == preset(name):  # a file may call itself that, too
        name = say(f"scenario_{name}")
    amounts = {"expected": run.pool.expected, "lost": run.pool.lost, "beyond": run.total.beyond}
    told = {key: yuan_text(value) for key, value in amounts.items()}
    heading = prose(say("stress_title", scenario=name), "bold")
    about = [say.sentence(run.scenario.text), say("stress_pool", owed=run.outstanding.text(), **told)]
    heading.append("\n" + "\n".join(filter(None, about)), style="not bold")
    return [heading, *_dates(run, say), _tranches(run, rates, say)]


def _dates(run: StressRun, say: Words) -> list[RenderableType]:
    """The payment dates up to the last on which anything happens; where nothing does, why."""
    quiet = len(list(takewhile(lambda one: not one.moves, reversed(run.dates))))
    shown = run.dates[: len(run.dates) - quiet]
    if not shown:
        left = sum(one.lost for one in run.tranches)
        return [prose(say("stress_dry" if left else "stress_paid", count=quiet, left=yuan_text(left)))]
    parts: list[RenderableType] = [Sheet(say("stress_dates"), _columns(say), [_dated(one, say) for one in shown])]
    notes = [f"{one.on}: {say.sentence(change)}" for one in shown for change in one.changes]
    notes += map(say.sentence, run.untested)
    notes += [say("stress_provisional")] * any(one.provisional for one in shown)
    notes += [say("stress_quiet", count=quiet)] * bool(quiet)
    return [*parts, prose("\n".join(notes))] if notes else parts


AMOUNTS: Final = {
    "collected": "collected", "fees": "fees", "interest": "interest_paid", "principal": "principal_paid",
    "residual": "residual_paid", "drawn": "drawn", "shortfall": "shortfall_paid", "spent": "purchases",
    "outstanding": "securities_left",
}  # fmt: skip
"""Fields of a payment date, with the texts of their headings."""
COVERED: Final = ("interest", "principal", "assets")


def _columns(say: Words) -> tuple[Column, ...]:
    return (
        Column(say("pay_date"), "word"), Column(say("state"), "word"),
        *(Column(say(name), "number") for name in AMOUNTS.values()),
        *(Column(say(f"cover_{name}"), "number") for name in COVERED),
    )  # fmt: skip


def _dated(one: StressDate, say: Words) -> tuple[str, ...]:
    rated = one.cover("rated")
    return (
        f"{one.on}{'*' if one.provisional else ''}",
        say.coded("state", one.state),
        *(yuan_text(getattr(one, name)) for name in AMOUNTS),
        *(percent(getattr(rated, name)) for name in COVERED),
    )


def _tranches(run: StressRun, rates: Mapping[str, Decimal | None] | None, say: Words) -> Sheet:
    amounts = ("securities_left", "principal_paid", "interest_paid", "lost_principal", "lost_interest")
    names = (*amounts, "average_life", "internal_rate", *([] if rates is None else ["break_even"]))
    rows = (
        (*row[:-1], percent(one.internal_rate), *([] if rates is None else [percent(rates[one.tranche])]))
        for one, row in zip(run.tranches, run.tranche_rows(), strict=True)
    )
    return Sheet(
        say("stress_tranches"), (Column(say("tranche"), "word"), *(Column(say(one), "number") for one in names)), rows
    )


def _actuals(compared: Actuals, say: Words) -> RenderableType:
    columns = (
        Column(say("period"), "number"), Column(say("days_of"), "word"),
        *(Column(say(f"actual_{name}"), "number") for name in FIGURES), Column(say("flags")),
    )  # fmt: skip
    rows = [
        (*row[:-1], say.listed(say.coded("flag", flag) for flag in one.flags))
        for one, row in zip(compared.periods, compared.rows(), strict=True)
    ]
    return Sheet(say("actual_title"), columns, rows, keys=2) if rows else prose(say("actual_none"))
