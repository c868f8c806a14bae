"""The words of an answer: texts of the one table in the language of the settings, and members by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from dashboards.texts import TEXTS, Language, text
from dashboards.texts.engine import coded, measure, sentence

if TYPE_CHECKING:
    from ledger.store import AsOf

__all__ = ["Words", "member_names", "titled", "words_of"]


class Words:
    """Texts in one language; ``names`` are those of members by id."""

    def __init__(self, language: Language, names: Mapping[str, str] = MappingProxyType({})) -> None:
        self.language = language
        self.names = names
        """Members' names by id."""

    def __call__(self, name: str, /, **values: object) -> str:
        """The text of that name; the name itself where it has none, as of a code that is new."""
        return text(name, self.language, **values) if name in TEXTS else name

    def coded(self, group: str, code: str) -> str:
        """The text of a code of the engine, such as the ``state`` ``revolving``."""
        return coded(group, code, self.language)

    def measure(self, name: str) -> str:
        """The name of a measure or figure."""
        return measure(name, self.language)

    def figure(self, name: str) -> str:
        """The same as it stands at the beginning of a line."""
        found = self.measure(name)
        return found[:1].upper() + found[1:]

    def sentence(self, said: str) -> str:
        """A sentence of the engine."""
        return sentence(said, self.language)

    def unit(self, unit: str) -> str:
        """What stands beside a figure of a unit; nothing for numbers, shares and texts, which say it themselves."""
        name = f"unit_{unit}"
        return self(name) if name in TEXTS else ""

    def member(self, member: str | None) -> str:
        """A member's name; its id where it has none, and what the ledger does not say as such."""
        return self.names.get(member, self.coded("label", member)) if member else "—"

    def listed(self, parts: Iterable[str]) -> str:
        """Several, with what stands between them."""
        return self("comma").join(parts)


def words_of(setting: str, facts: AsOf | None = None) -> Words:
    """The words in the language that the settings name, with the names of the members that the facts have."""
    return Words(Language(setting), {} if facts is None else member_names(facts))


def member_names(facts: AsOf) -> dict[str, str]:
    """The name of every member that has one, by id."""
    from ledger.facts import Member

    return {one.id: one.name for one in facts.select(Member) if one.name}


def titled(facts: AsOf, plan: str, words: Words, day: date | None = None) -> str:
    """A plan by its name and id, and the day and height that an answer about it is of."""
    from abs.reading import plan_of

    known = words("known_at" if day else "known_at_height", day=day, height=facts.height)
    return f"{words('of_plan', name=plan_of(facts, plan).name, plan=plan)}\n{known}"
