"""What the engine names and says, in a language: measures by their names, and its sentences by how they read.

The engine speaks in codes, and where one code is not enough in English sentences (formulas, conditions, causes). Both
are found in the tables of this package; a test holds that every one of them is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from dashboards.texts import TEXTS, Language, text
from dashboards.texts.sentences import SENTENCES

__all__ = ["coded", "measure", "sentence"]

_EACH: Final = {
    name.removeprefix("measure_"): re.compile(re.escape(name.removeprefix("measure_")).replace("<name>", "(.+)"))
    for name in sorted(TEXTS, key=len, reverse=True)
    if name.startswith("measure_") and "<name>" in name
}
"""Measures that there are of every account, tranche and trigger, the longest first."""


class _Unknown(Exception):
    """What stands in a place is not what its name says: the sentence reads otherwise."""


def coded(group: str, code: str, language: Language) -> str:
    """The text of a code of a group, such as ``state`` and ``revolving``; the code itself where it has none."""
    name = f"{group}_{code}"
    return text(name, language) if name in TEXTS else code


def measure(name: str, language: Language) -> str:
    """The name of a measure or figure for people; the engine's own where it has none."""
    try:
        return _measure(name, language)
    except _Unknown:
        return name


def sentence(said: str, language: Language) -> str:
    """What the engine said, in the language; as it is where the table does not have it."""
    try:
        return _said(said, language)
    except _Unknown:
        return said


def _measure(name: str, language: Language) -> str:
    for known in (f"measure_{name}", f"measure_pool.{name}"):
        if known in TEXTS:
            return text(known, language)
    for pattern, found in _EACH.items():
        if match := found.fullmatch(name):
            return text(f"measure_{pattern}", language, name=match[1])
    raise _Unknown


def _said(said: str, language: Language) -> str:
    for pattern, chinese, english in _patterns():
        if match := pattern.fullmatch(said):
            try:
                places = {name: _placed(name, value, language) for name, value in match.groupdict().items()}
            except _Unknown:
                continue
            return (chinese if language is Language.ZH else english).format(**places)
    raise _Unknown


def _placed(name: str, value: str, language: Language) -> str:
    return _KINDS.get(name.rstrip("0123456789"), _as_it_is)(value, language)


def _as_it_is(value: str, _: Language) -> str:
    return value


def _word(group: str) -> Callable[[str, Language], str]:
    def word(value: str, language: Language) -> str:
        name = f"{group}_{value}"
        if name not in TEXTS:
            raise _Unknown
        return text(name, language)

    return word


def _joined(between: str, by: str, each: Callable[[str, Language], str]) -> Callable[[str, Language], str]:
    def joined(value: str, language: Language) -> str:
        return text(by, language).join(each(one, language) for one in value.split(between))

    return joined


def _item(value: str, language: Language) -> str:
    kind, _, name = value.partition(" ")
    return f"{_word('item')(kind, language)} {name}"


def _left(value: str, language: Language) -> str:
    kind, _, name = value.partition(" ")
    return text(f"left_{kind}", language, name=name.removeprefix("of "))


def _fixed(english: str, name: str) -> Callable[[str, Language], str]:
    return lambda value, language: value.replace(english, text(name, language))


_KINDS: Final[Mapping[str, Callable[[str, Language], str]]] = MappingProxyType(
    {
        "said": _said,
        "saids": _joined(", ", "comma", _said),
        "entries": _joined("; ", "comma", _said),
        "figure": _measure,
        "figures": _joined(" and ", "comma", _measure),
        "state": _word("state"),
        "rounding": _word("rounding"),
        "by": _word("by"),
        "item": _item,
        "items": _joined(", ", "comma", _left),
        "parts": _joined(" and ", "and", _word("part")),
        "payer": _fixed("no step of the terms", "no_step"),
        "declared": _fixed("a declared event", "declared_event"),
    }
)
"""What stands in a place, by the name of the place."""
_SHAPES: Final = MappingProxyType(
    {
        "number": r"[-−]?[0-9][0-9,]*(?:\.[0-9]+)?",
        "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "op": "<=|>=|<|>|==",
    }
)


@lru_cache
def _patterns() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """Every sentence as a pattern, those with the most words of their own first."""
    return tuple(
        (_pattern(english), chinese, english)
        for chinese, english in sorted(SENTENCES, key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[1])))
    )


def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    shaped = [
        f"(?P<{part}>{_SHAPES.get(part.rstrip('0123456789'), '.+?')})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    ]
    return re.compile("".join(shaped))
