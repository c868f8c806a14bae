"""The lineage of the chosen asset as a vertical timeline; each step carries its place in the ledger and its proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import param
from panel.custom import JSComponent
from panel.viewable import Viewable, Viewer

from dashboards.formats import amount, day
from dashboards.markup import STYLES, markup
from dashboards.texts import Language, text, word
from dashboards.trail import ProvedTrail, TrailStep

__all__ = ["Lineage", "LineageView"]


#: Fields of a step that hold fen.
_AMOUNTS = frozenset({"price", "adjusted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A step in words: its title, the lines under it, and the command that proves its record."""

    step: TrailStep
    title: str
    lines: tuple[str, ...]
    reason: str
    command: str


class LineageView(JSComponent):
    """The drawn timeline: ``object`` is its HTML, ``asset`` whose it is, ``label`` its name for screen readers."""

    asset = param.String(default="")
    label = param.String(default="")
    object = param.String(default="")

    _esm = Path(__file__).parent / "assets" / "lineage.js"
    _stylesheets = [STYLES]  # noqa: RUF012 — Panel's own declaration


class Lineage(Viewer):
    """Shows what ``read`` answers for the asset it is asked to show; reading proves every record and takes a moment."""

    def __init__(self, read: Callable[[str], ProvedTrail], *, language: Language) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._read = read
        self._language = language
        self._wanted = ""
        self.trail: ProvedTrail | None = None
        self.pane = LineageView(sizing_mode="stretch_width", margin=0)  # type: ignore[no-untyped-call]
        self._draw()

    def __panel__(self) -> Viewable:
        return self.pane

    def follow(self, asset: str) -> None:
        """The timeline is that of ``asset``, proved while this runs; of nothing when ``asset`` is empty."""
        self._wanted = asset
        self.trail = None
        self.pane.asset = asset
        if asset:
            self.pane.object = markup("lineage.html", self._language, state="loading")
            trail = self._read(asset)
            if self._wanted != asset:  # another was chosen meanwhile, on another thread
                return
            self.trail = trail
        self._draw()

    def speak(self, language: Language) -> None:
        """The timeline is in ``language``; nothing is read or proved again."""
        self._language = language
        self._draw()

    def _draw(self) -> None:
        self.pane.label = text("lineage", self._language)
        if self.trail is None:
            self.pane.object = markup("lineage.html", self._language, state="none")
            return
        steps = tuple(_in_words(step, self._language) for step in self.trail.steps)
        self.pane.object = markup("lineage.html", self._language, state="shown", trail=self.trail, steps=steps)


def _in_words(step: TrailStep, language: Language) -> ShownStep:
    parties = " → ".join(step.parties)
    lines = [line for line in (step.subject, parties) if line]
    details = [_field(name, value, language) for name, value in step.fields]
    if step.on is not None:
        details.insert(0, text("field_on", language, value=day(step.on)))
    if details:
        lines.append(" · ".join(details))
    if not step.sound:
        lines.append(text("not_conserved", language))
    return ShownStep(
        step=step,
        title=word("step", step.kind, language),
        lines=tuple(lines),
        reason=word("value", step.reason, language),
        command=f"glasspool prove {step.position} -o proof.json",
    )


def _field(name: str, value: str, language: Language) -> str:
    """A field in words: amounts in yuan, values that are words of the ledger in the page's language."""
    shown = amount(int(value)) if name in _AMOUNTS else word("value", value, language)
    return text(f"field_{name}", language, value=shown)
