"""How a plan's metrics are shown on a terminal: those of a day, or the history of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from abs.money import yuan_text
from portal.cli.pool_view import figures_sheet
from portal.cli.tables import Column, Sheet, prose, spaced

if TYPE_CHECKING:
    from rich.console import RenderableType

    from portal.cli.words import Words

__all__ = ["COVERAGE", "day_shown", "history_shown"]

AMOUNTS: Final = ("sales", "payments", "dilution", "defaulted", "balance")
RATES: Final = (
    "delinquency_ratio", "default_ratio", "cumulative_default_rate", "dilution_ratio", "dso", "collection_rate",
)  # fmt: skip
"""Columns of the tables of a history; --json has them all."""
COVERAGE: Final = ("oc", "ic", "asset_liability", "subordination")
VERDICTS: Final = {None: "verdict_unknown", True: "verdict_holds", False: "verdict_fails"}


def day_shown(data: dict[str, Any], title: str, say: Words) -> RenderableType:
    """Every measure and reserve of a day, the borrowing-base test, and what covers each tranche."""
    columns = (
        Column(say("tranche"), "word"), Column(say("rank"), "word"), Column(say("outstanding"), "number"),
        *(Column(say(f"coverage_{name}"), "number") for name in COVERAGE),
    )  # fmt: skip
    rows = (
        (one["tranche"], say.coded("rank", one["rank"]), *(one[name]["text"] for name in ("outstanding", *COVERAGE)))
        for one in data["tranches"]
    )
    return spaced(
        [
            prose(title, "bold"),
            figures_sheet("", (data["measures"] | data["reserves"]).items(), say),
            prose(say("reserve_test", verdict=say(VERDICTS[data["holds"]])), "bold"),
            Sheet(say("coverage"), columns, rows),
        ]
    )


def history_shown(data: dict[str, Any], title: str, say: Words) -> RenderableType:
    """The flows and ratios of every period."""
    periods = data["periods"]
    heading = prose(title, "bold")
    if not periods:
        return spaced([heading, prose(say("history_none"))])
    names = [each["period"] + ("" if each["complete"] else " …") for each in periods]
    rates = [name for name in RATES if name in periods[0]["ratios"]]
    first = Column(say("period"), "word")
    amounts = (
        (name, *(yuan_text(each["amounts"][one]) for one in AMOUNTS)) for name, each in zip(names, periods, strict=True)
    )
    ratios = (
        (name, *(each["ratios"][one]["text"] for one in rates)) for name, each in zip(names, periods, strict=True)
    )
    parts: list[RenderableType] = [
        heading,
        Sheet(
            say("history_amounts"),
            (first, *(Column(say.figure(f"pool.{one}"), "number") for one in AMOUNTS)),
            amounts,
        ),
        Sheet(say("history_ratios"), (first, *(Column(say(f"short_{one}"), "number") for one in rates)), ratios),
    ]
    if not all(each["complete"] for each in periods):
        parts.append(prose(say("running")))
    return spaced(parts)
