"""Reading the catalogue: every file once, strictly, and checked as a whole before anybody sees any of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Any, Final, get_args

from disclosure.catalogue.values import (
    Article,
    Computable,
    Deadline,
    Duty,
    Mark,
    RiskClass,
    Source,
    Threshold,
    Trigger,
    Unit,
    Venue,
)
from disclosure.errors import CatalogueDamaged

__all__ = ["VENUES", "Catalogue", "catalogue", "read"]

VENUES: Final = ("SSE", "SZSE", "CSRC", "NAFMII", "BJS")
"""Venues with a file, by their codes in plans."""
OWN: Final = ("GP", "BJS")
"""Sources of what no text gives: settings, and what is to be verified."""
_SHARED: Final = ("sources", "duties", "triggers", "thresholds", "classes", "workdays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every rule, by id; ``workdays``: the weekends that are worked (调休), by year."""

    sources: Mapping[str, Source]
    venues: Mapping[str, Venue]
    duties: Mapping[str, Duty]
    triggers: Mapping[str, Trigger]
    thresholds: Mapping[str, Threshold]
    classes: Mapping[str, RiskClass]
    workdays: Mapping[int, frozenset[date]]

    def share(self, threshold: str) -> Decimal:
        """The value of a threshold."""
        return self.thresholds[threshold].value

    def settings(self) -> tuple[str, ...]:
        """What is no rule but a setting, as its mark says: thresholds, classes, and deadlines as ``duty at venue``."""
        found = [name for name, one in self.thresholds.items() if one.mark.configurable]
        found += [name for name, each in self.classes.items() if each.mark.configurable]
        for duty in self.duties.values():
            found += [f"{duty.duty} at {v}" for v, due in duty.deadlines.items() if due.article.mark.configurable]
        return tuple(found)


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with this package; raises CatalogueDamaged where a file of it is not sound."""
    folder = resources.files("disclosure.catalogue") / "rules"
    names = (*_SHARED, *(venue.lower() for venue in VENUES))
    return read({name: (folder / f"{name}.toml").read_text(encoding="utf-8") for name in names})


def read(files: Mapping[str, str]) -> Catalogue:
    """The catalogue that these texts hold, by the names of the files; raises CatalogueDamaged ``catalogue-rules``."""
    told: dict[str, Any] = {}
    try:
        for name, text in files.items():
            told[name] = tomllib.loads(text)
        made = _made(told)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, InvalidOperation) as failure:
        where = next((f"{name}.toml" for name in files if name not in told), "what they state")
        text = f"The rules of disclosure cannot be read: {where}: {failure}"
        raise CatalogueDamaged("catalogue-rules", text) from None
    if faults := [*_faults(made)]:
        raise CatalogueDamaged("catalogue-rules", f"The rules of disclosure contradict each other: {'; '.join(faults)}")
    return made


def _made(told: Mapping[str, Any]) -> Catalogue:
    venues, deadlines = {}, dict[str, dict[str, Deadline]]()
    for venue in VENUES:
        stated = dict(told[venue.lower()])
        name = stated["venue"]
        if name != venue:
            raise ValueError(f"{venue.lower()}.toml is of {name}")
        venues[venue] = Venue(venue=venue, zh=stated["name_zh"], en=stated["name_en"])
        for one in stated["deadline"]:
            each = dict(one)
            duty = deadlines.setdefault(each.pop("duty"), {})
            if venue in duty:
                raise ValueError(f"{venue.lower()}.toml has two deadlines of one duty")
            duty[venue] = _deadline(each)
    if unknown := deadlines.keys() - told["duties"].keys():
        raise ValueError(f"no duty {', '.join(sorted(unknown))}")
    return Catalogue(
        sources={
            name: Source(source=name, **one | {"mark": Mark(one["mark"])}) for name, one in told["sources"].items()
        },
        venues=venues,
        duties={
            name: Duty(duty=name, **one | {"kinds": tuple(one.get("kinds", ()))}, deadlines=deadlines.get(name, {}))
            for name, one in told["duties"].items()
        },
        triggers={
            name: Trigger(
                trigger=name, **one | {"states": tuple(one["states"]), "articles": _articles(one["articles"])}
            )
            for name, one in told["triggers"].items()
        },
        thresholds={name: Threshold(threshold=name, **_valued(one)) for name, one in told["thresholds"].items()},
        classes={name: RiskClass(name=name, **_classed(one)) for name, one in told["classes"].items()},
        workdays={int(year): frozenset(days) for year, days in told["workdays"].items()},
    )


def _deadline(stated: dict[str, Any]) -> Deadline:
    mark = Mark(stated.pop("mark", "T"))
    article = _article(stated.pop("article"), mark)
    return Deadline(
        unit=Unit(stated.pop("unit")), article=article, **stated | {"months": tuple(stated.get("months", ()))}
    )


def _article(text: str, mark: Mark = Mark.READ) -> Article:
    source, space, number = text.partition(" ")
    if not space or not number:
        raise ValueError(f"{text!r} is no article")
    return Article(source=source, number=number, mark=mark)


def _articles(stated: Mapping[str, str], mark: Mark = Mark.READ) -> dict[str, Article]:
    return {venue: _article(text, mark) for venue, text in stated.items()}


def _valued(one: Mapping[str, Any]) -> dict[str, Any]:
    mark = Mark(one.get("mark", "T"))
    return {**one, "value": Decimal(one["value"]), "articles": _articles(one["articles"], mark), "mark": mark}


def _classed(one: Mapping[str, Any]) -> dict[str, Any]:
    mark = Mark(one.get("mark", "T"))
    return {**one, "articles": _articles(one["articles"], mark), "limbs": tuple(one["limbs"]), "mark": mark}


def _faults(made: Catalogue) -> list[str]:
    """What does not fit: sources nobody listed, duties and thresholds nobody states, deadlines that say nothing."""
    found = []
    articles = [one.article for duty in made.duties.values() for one in duty.deadlines.values()]
    cited: list[Trigger | Threshold | RiskClass] = [
        *made.triggers.values(),
        *made.thresholds.values(),
        *made.classes.values(),
    ]
    for each in cited:
        articles += each.articles.values()
        found += [f"{each} cites unknown venue {venue}" for venue in each.articles if venue not in (*VENUES, "GP")]
    found += [f"{one}: no such source" for one in articles if one.source not in made.sources and one.source not in OWN]
    for trigger in made.triggers.values():
        if trigger.duty not in made.duties:
            found.append(f"{trigger.trigger}: no duty {trigger.duty}")
        if trigger.threshold is not None and trigger.threshold not in made.thresholds:
            found.append(f"{trigger.trigger}: no threshold {trigger.threshold}")
        if trigger.computable not in get_args(Computable):
            found.append(f"{trigger.trigger}: {trigger.computable!r} says nothing")
    for duty in made.duties.values():
        for venue, one in duty.deadlines.items():
            if not _says_when(one):
                found.append(f"{duty.duty} at {venue}: no day follows from {one.unit}")
    for year, days in made.workdays.items():
        found += [f"{day} is no weekend of {year}" for day in days if day.year != year or day.weekday() < 5]
    return found


def _says_when(one: Deadline) -> bool:
    if one.unit is Unit.YEARLY:
        return 1 <= one.month <= 12 and 1 <= one.day <= 30
    if one.unit is Unit.MONTH_ENDS:
        return bool(one.months) and all(1 <= month <= 12 for month in one.months)
    if one.unit is Unit.MONTH_BEFORE:
        return 1 <= one.day <= 28
    return one.count > 0
