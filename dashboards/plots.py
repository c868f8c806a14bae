"""The charts of a pool: pure functions, a frame in and a HoloViews element out.

Frames hold amounts in fen; the axis of a chart names the unit it is given, one for all charts side by side.
"""

from __future__ import annotations

from typing import Any
from unicodedata import east_asian_width

import holoviews as hv
import pandas as pd
from bokeh.models import HoverTool, LinearAxis, NumeralTickFormatter
from holoviews.plotting.bokeh.chart import BarPlot

from dashboards.formats import PALETTE_LIGHT, Palette, Scale, amount, percent, scale_for
from dashboards.texts import Language, text

__all__ = ["BACKEND", "HEIGHT", "aging_bars", "debtor_bars", "maturity_ladder", "nothing_drawn"]

#: What the elements' options are for.
BACKEND = "bokeh"
#: Height of every chart, px.
HEIGHT = 290

_FONT_SIZES = {"labels": "12px", "xticks": "11px", "yticks": "11px"}
_CROWDED = 42  # labels together wider than this many letters, and its labels are set at an angle
_ANGLE = 40
_LABEL_CHARS = 14


class _BarsFirst(BarPlot):  # type: ignore[misc]
    """Tells a browser of other bars before it tells of the range they stand on.

    HoloViews tells of the range first. BokehJS then measures the bars it has against it, in several steps, finds fewer
    bars before the last of them where there are fewer now, and gives up with "Size mismatch". Of the two changes of the
    bars here one message is made, and both carry the new ones.
    """

    def update_frame(self, key: Any, ranges: Any = None, plot: Any = None, element: Any = None) -> Any:
        source = self.handles["source"]
        source.data = {name: [] for name in source.data}
        return super().update_frame(key, ranges, plot, element)


hv.Store.registry[BACKEND][hv.Bars] = _BarsFirst


def nothing_drawn(title: str = "", *, across: bool = False, palette: Palette = PALETTE_LIGHT) -> hv.Bars:
    """A chart without bars, where there is nothing to draw or not yet; ``across`` as the debtors' is."""
    frame = pd.DataFrame({"bucket": [""], "debtor": [""], "balance": [0], "share": [None], "others": [False]})
    draw = debtor_bars if across else aging_bars
    axes = {"ylabel": title, "xlabel": ""} if across else {"xlabel": title, "ylabel": ""}
    chart = draw(frame, language=Language.ZH, palette=palette, scale=scale_for(0, Language.ZH))
    return chart.opts(backend=BACKEND, ylim=(0, 1), hooks=[_Dress(palette, bare=True)], **axes)


def maturity_ladder(
    frame: pd.DataFrame, *, quarterly: bool, language: Language, palette: Palette, scale: Scale
) -> hv.Bars:
    """Outstanding balance by the period it falls due, the overdue first.

    ``frame``: columns ``period`` (str, in order), ``balance`` (int fen), ``share``, ``overdue`` (bool).
    """
    shown = frame.assign(colour=[palette.accent if late else palette.primary for late in frame["overdue"]])
    title = "chart_maturity_x_quarter" if quarterly else "chart_maturity_x"
    return _columns(shown, "period", text(title, language), language, palette, scale)


def aging_bars(frame: pd.DataFrame, *, language: Language, palette: Palette, scale: Scale) -> hv.Bars:
    """Outstanding balance by days past due. ``frame``: ``bucket`` (str, in order), ``balance`` (int fen), ``share``."""
    colours = [palette.aging[min(i, len(palette.aging) - 1)] for i in range(len(frame))]
    shown = frame.assign(colour=colours)
    return _columns(shown, "bucket", text("chart_aging_x", language), language, palette, scale)


def debtor_bars(frame: pd.DataFrame, *, language: Language, palette: Palette, scale: Scale) -> hv.Bars:
    """The largest debtors, largest on top, and all others in one bar.

    ``frame``: ``debtor`` (str), ``balance`` (int fen), ``share`` (Decimal), ``others`` (bool), largest first.
    """
    colours = [palette.rest if other else palette.primary for other in frame["others"]]
    labels = _distinct([_clipped(name) for name in frame["debtor"]])
    shown = frame.assign(colour=colours, label=labels).iloc[::-1]
    return _bars(shown, "label", "debtor", language, scale).opts(
        **_common(palette),
        invert_axes=True,
        xlabel="",
        ylabel=text("chart_balance", language, unit=scale.label),
        gridstyle={"xgrid_line_color": palette.grid, "ygrid_line_color": None},
    )


def _columns(frame: pd.DataFrame, key: str, title: str, language: Language, palette: Palette, scale: Scale) -> hv.Bars:
    return _bars(frame, key, key, language, scale).opts(
        **_common(palette),
        xlabel=title,
        ylabel=text("chart_balance", language, unit=scale.label),
        xrotation=_ANGLE if sum(map(_width, frame[key])) > _CROWDED else 0,
        gridstyle={"xgrid_line_color": None, "ygrid_line_color": palette.grid},
    )


def _bars(frame: pd.DataFrame, key: str, whole: str, language: Language, scale: Scale) -> hv.Bars:
    """Bars of ``balance`` over ``key``, with what the pointer shows: the whole name, the exact amount, the share."""
    drawn = pd.DataFrame(
        {
            "part": frame[key].astype(str),
            "height": [scale.of(int(value)) for value in frame["balance"]],
            "colour": frame["colour"],
            "whole": frame[whole].astype(str),
            "exact": [amount(int(value)) for value in frame["balance"]],
            "share": [percent(value) for value in frame["share"]],
        }
    )
    hover = HoverTool(
        tooltips=[
            ("", "@whole"),
            (text("figure_balance", language), f"@exact {text('figure_yuan', language)}"),
            (text("chart_share", language), "@share"),
        ]
    )
    return hv.Bars(drawn, "part", ["height", "colour", "whole", "exact", "share"]).opts(backend=BACKEND, tools=[hover])


def _common(palette: Palette) -> dict[str, Any]:
    return {
        "backend": BACKEND,
        "color": "colour",
        "line_color": None,
        "bar_width": 0.72,
        "responsive": True,
        "height": HEIGHT,
        "toolbar": None,
        "default_tools": [],
        "show_legend": False,
        "show_grid": True,
        "shared_axes": False,
        "framewise": True,
        "ylim": (
            0,
            None,
        ),  # said by every chart: one that is redrawn keeps what its first element said and others do not
        "show_frame": False,
        "fontsize": _FONT_SIZES,
        "hooks": [_Dress(palette)],
    }


class _Dress:
    """Colours of a drawn figure; a hook, because HoloViews has no option for them."""

    def __init__(self, palette: Palette, *, bare: bool = False) -> None:
        self._palette = palette
        self._bare = bare  # where nothing is drawn, ticks and a grid would measure nothing

    def __call__(self, plot: Any, _element: object) -> None:
        figure = plot.state
        figure.output_backend = "canvas"  # a few bars need no WebGL
        figure.min_border_right = 12
        figure.background_fill_alpha = 0
        figure.border_fill_alpha = 0
        figure.outline_line_color = None
        for grid in figure.grid:
            grid.visible = not self._bare
        for axis in figure.axis:
            axis.major_label_text_alpha = 0 if self._bare else 1
            axis.axis_line_color = self._palette.grid
            axis.major_tick_line_color = None
            axis.minor_tick_line_color = None
            axis.axis_label_text_color = self._palette.muted
            axis.axis_label_text_font_style = "normal"
            axis.major_label_text_color = self._palette.muted
            if isinstance(axis, LinearAxis):
                axis.update(formatter=NumeralTickFormatter(format="0,0.[00]"))


def _width(label: str) -> int:
    """How many Latin letters wide a label is; a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in label)


def _clipped(name: str) -> str:
    return name if len(name) <= _LABEL_CHARS else f"{name[: _LABEL_CHARS - 1]}…"


def _distinct(labels: list[str]) -> list[str]:
    """The labels, with a number after any that would be taken for an earlier one."""
    seen: dict[str, int] = {}
    distinct = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        distinct.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return distinct
