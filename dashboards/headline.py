"""The headline figures of a pool as tiles: label, value with its unit, a note, and the formula behind it."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.desk import PoolView
from dashboards.formats import NOTHING, amount, count, number, percent
from dashboards.texts import Language, text

__all__ = ["Tile", "headline"]

_WAM_PLACES = 1
_HHI_PLACES = 6
_EFFECTIVE_PLACES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One headline figure; ``tone`` is ``warn`` or nothing, ``formula`` is shown when the pointer rests on it."""

    name: str
    label: str
    value: str
    unit: str = ""
    note: str = ""
    formula: str = ""
    tone: str = ""


def headline(view: PoolView, language: Language) -> tuple[Tile, ...]:
    """The figures every reader of a pool looks for first, in the order they are read."""

    def say(name: str, **values: object) -> str:
        return text(name, language, **values)

    def tile(name: str, value: str, *, unit: str = "", note: str = "", tone: str = "") -> Tile:
        formula = view.formulas.get(name, "")
        shown_unit = unit if value != NOTHING else ""
        return Tile(
            name=name, label=say(f"figure_{name}"), value=value, unit=shown_unit, note=note, formula=formula, tone=tone
        )

    return (
        tile(
            "balance",
            amount(view.balance),
            unit=say("figure_yuan"),
            note=say("figure_original", amount=amount(view.assigned)),
        ),
        tile(
            "assets",
            count(view.assets),
            unit=say("figure_assets_unit"),
            note=say("figure_assets_note", count=count(view.open_assets)),
        ),
        tile(
            "debtors",
            count(view.debtors),
            unit=say("figure_debtors_unit"),
            note=say("figure_creditors_note", count=count(view.creditors)),
        ),
        tile(
            "delinquency",
            percent(view.delinquency),
            note=say("figure_overdue_note", amount=amount(view.overdue)),
            tone="warn" if view.overdue else "",
        ),
        tile("top10", percent(view.top10), note=say("figure_top10_note")),
        tile(
            "hhi",
            number(view.hhi, _HHI_PLACES),
            note=say("figure_hhi_note", count=number(view.effective_debtors, _EFFECTIVE_PLACES)),
        ),
        tile("wam", number(view.wam, _WAM_PLACES), unit=say("figure_days"), note=say("figure_wam_note")),
    )
