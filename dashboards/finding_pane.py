"""One finding as a person reads it: the sentence, whom and what it concerns, its history, and the records behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from panel.viewable import Viewable, Viewer

from dashboards.findings_desk import FindingView
from dashboards.formats import NOTHING
from dashboards.lineage import LineageView
from dashboards.markup import markup
from dashboards.texts import Language, text
from regulator.errors import UnknownFinding
from regulator.graph import KINDS as LOOKED_THROUGH
from regulator.graph.text import plain
from regulator.rules import explained, titled
from regulator.signals import Signal
from regulator.wording import KINDS, told_amount

__all__ = ["FindingPane", "named", "sentence"]

VERSIONS: Final = 12
"""Versions of a finding that are told, the newest; `glasspool findings show` tells all."""
THINGS: Final = 30
"""Things a finding rests on that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A member by name."""

    name: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A thing in words, and the address of its look-through where it has one."""

    text: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One version in words."""

    height: int
    amount: str
    sentence: str


def sentence(signal: Signal, names: Mapping[str, str], language: Language) -> str:
    """What a signal says; members by name."""
    return plain(explained(signal, language.value, names))


def at_stake(signal: Signal, language: Language) -> str:
    """The amount at stake, in yuan."""
    return told_amount(signal.amount, signal.rule, language.value)


def named(thing: str, language: Language) -> str:
    """A thing, ``<kind> <id>``, with its kind in the language."""
    kind, _, id_ = plain(thing).partition(" ")
    return f"{KINDS.get(kind, kind)} {id_}" if language is Language.ZH else f"{kind} {id_}"


class FindingPane(Viewer):
    """Shows what ``read`` answers for the finding it is asked to show; reading proves records and takes a moment."""

    def __init__(self, read: Callable[[str], FindingView], *, language: Language) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._read = read
        self._language = language
        self._wanted = ""
        self.view: FindingView | None = None
        self.pane = LineageView(sizing_mode="stretch_width", margin=0)  # type: ignore[no-untyped-call]
        self._draw()

    def __panel__(self) -> Viewable:
        return self.pane

    def follow(self, finding: str) -> None:
        """The pane tells of ``finding``; of nothing when that is empty."""
        self._wanted = finding
        self.view = None
        self.pane.asset = finding
        if finding:
            self.pane.object = markup("finding.html", self._language, state="loading")
            try:
                view = self._read(finding)
            except UnknownFinding:
                self.pane.object = markup("finding.html", self._language, state="unknown")
                return
            if self._wanted != finding:  # another was chosen meanwhile, on another thread
                return
            self.view = view
        self._draw()

    def speak(self, language: Language) -> None:
        """The finding is told in ``language``; nothing is read or proved again."""
        self._language = language
        self._draw()

    def _draw(self) -> None:
        view, language = self.view, self._language
        self.pane.label = text("finding_one", language)
        if view is None:
            self.pane.object = markup("finding.html", language, state="none")
            return
        told = [
            Told(
                height=one.height,
                amount=NOTHING if one.signal is None else at_stake(one.signal, language),
                sentence=text("finding_ended", language)
                if one.signal is None
                else sentence(one.signal, view.names, language),
            )
            for one in reversed(view.versions)
        ]
        self.pane.object = markup(
            "finding.html",
            language,
            state="shown",
            view=view,
            amount=at_stake(view.signal, language),
            title=titled(view.signal.rule, language.value),
            sentence=sentence(view.signal, view.names, language),
            subject=named(view.signal.subject, language),
            parties=[Party(name=plain(view.names.get(each, each)), id=plain(each)) for each in view.signal.parties],
            things=list(_things(view, language)),
            versions=told[:VERSIONS],
            older=len(told[VERSIONS:]),
            commands=tuple(_commands(view)),
        )


def _things(view: FindingView, language: Language) -> Iterator[Linked]:
    """What the finding is about and rests on; plans have their pools."""
    listed = dict.fromkeys((view.signal.subject, *view.signal.things))
    for thing in list(listed)[:THINGS]:
        kind, _, id_ = thing.partition(" ")
        if kind != "plan":
            address = f"/look-through/{quote(kind)}/{quote(id_)}" if kind in LOOKED_THROUGH else ""
            yield Linked(text=named(thing, language), address=address)


def _commands(view: FindingView) -> Iterator[str]:
    """What can be done next on this machine's command line."""
    yield f"glasspool findings show {view.id}"
    yield f"glasspool case open TITLE --finding {view.id}"
    yield f"glasspool findings export {view.id} -o evidence-{view.id}"
