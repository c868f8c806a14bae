"""What the catalogue holds: articles and their sources, duties with deadlines, triggers, thresholds, risk classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

__all__ = [
    "BASE",
    "Article",
    "Computable",
    "Deadline",
    "Duty",
    "Mark",
    "RiskClass",
    "Source",
    "Threshold",
    "Trigger",
    "Unit",
    "Venue",
]

Computable = Literal["yes", "partly", "assist", "calendar", "external", "no"]
"""Whether a ledger shows that a trigger occurred."""
BASE = "CSRC"
"""The venue whose rules hold everywhere (证监会, 基金业协会)."""


class Mark(StrEnum):
    """How well a text is known; what is K or GAP is a setting, not a rule."""

    READ = "T"
    BEGUN = "B"
    KNOWN = "K"
    GAP = "GAP"

    @property
    def configurable(self) -> bool:
        """Whether no text that was read gives it."""
        return self in (Mark.KNOWN, Mark.GAP)


class Unit(StrEnum):
    """How a deadline is counted from its day."""

    YEARLY = "yearly"
    """a day of the year after"""
    TRADING_DAYS_BEFORE = "trading_days_before"
    TRADING_DAYS_AFTER = "trading_days_after"
    WORKING_DAYS_AFTER = "working_days_after"
    NEXT_QUARTER = "next_quarter"
    """within the first trading days of the quarter after"""
    MONTH_ENDS = "month_ends"
    """the end of the next of some months"""
    MONTH_BEFORE = "month_before"
    """a day of the month before"""
    MONTHS_AFTER = "months_after"
    YEARS_AFTER = "years_after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text that articles are cited from, by its short name."""

    source: str
    name: str
    number: str
    url: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A place in a text: ``S5 5.2.1`` is article 5.2.1 of the source S5."""

    source: str
    number: str
    mark: Mark = Mark.READ

    def __str__(self) -> str:
        return f"{self.source} {self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """By when a duty is to be met at a venue; ``count`` of its unit, or the ``month`` and ``day``."""

    unit: Unit
    article: Article
    count: int = 0
    month: int = 0
    day: int = 0
    months: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something to be disclosed or returned (披露义务).

    ``kinds``: the kinds of ``disclosure.filed`` that meet it; none: it is not filed on the ledger. ``counts_from``
    says which day its deadline is counted from.
    """

    duty: str
    zh: str
    en: str
    by: str
    counts_from: str
    kinds: tuple[str, ...] = ()
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)

    def at(self, venue: str) -> Deadline | None:
        """The deadline at a venue: its own, else the baseline's; None where neither has one.

        The baseline is for plans of the exchanges, not of the interbank market.
        """
        own = self.deadlines.get(venue)
        return own if own is not None or venue not in ("SSE", "SZSE") else self.deadlines.get(BASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """An event that is to be reported (临时报告事项): when, by which duty, and what the report states."""

    trigger: str
    zh: str
    en: str
    when: str
    computable: Computable
    duty: str
    articles: Mapping[str, Article]
    states: tuple[str, ...]
    threshold: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of ``disclosure.filed`` that are its report, besides those of its duty."""
        return (f"ad_hoc.{self.trigger}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A share, count or span that a rule names: ``of`` says what it bounds."""

    threshold: str
    value: Decimal
    unit: Literal["share", "count", "months", "days"]
    of: str
    articles: Mapping[str, Article]
    mark: Mark = Mark.READ


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskClass:
    """A class of credit risk (信用风险分类) and the limbs that put a plan into it."""

    name: str
    zh: str
    en: str
    articles: Mapping[str, Article]
    limbs: tuple[str, ...]
    mark: Mark = Mark.READ


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Who makes rules of its own."""

    venue: str
    zh: str
    en: str
