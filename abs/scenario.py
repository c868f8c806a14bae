"""A scenario (压力情景) as data: what is assumed of defaults, recoveries, dilution, delay, prepayment and revolving.

Every rate is a vector (向量): its first number is of what falls due in the period that is paid next, its second in
the one after; the last holds for all that follow. A rate says how many times the pool's own history it is
(``multiple``), or what it is (``rate``); where a document says both, the worse for the holders counts.
docs/forecast.md describes every field.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import BeforeValidator, Field, ValidationError

from abs.errors import BadTerms, Fault
from abs.terms.load import document_in, path_of
from abs.terms.parts import Part
from abs.terms.values import LISTED, Day, Days, Id, Number, Text

__all__ = ["PRESETS", "UNIT", "Recovery", "Scenario", "Vector", "load_scenario", "preset"]

UNIT: Final = 10**12
"""Rates of a scenario are used to so many parts of one: twelve decimals."""
PRESETS: Final = ("base", "mild", "severe")
"""The scenarios that come with this package, from the best to the worst."""
FOLDER: Final = "scenarios"
ONE: Final = (Decimal(1),)
CORRECT: Final = "Correct the document at these places; docs/forecast.md says what it holds."


def _listed(value: object) -> object:
    """One number stands for all periods."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


_Share = Annotated[Number, Field(ge=0, le=1)]
_Multiple = Annotated[Number, Field(ge=0, le=1_000)]
_Many = Field(min_length=1, max_length=LISTED)
Shares = Annotated[tuple[_Share, ...], BeforeValidator(_listed), _Many]
Multiples = Annotated[tuple[_Multiple, ...], BeforeValidator(_listed), _Many]
Delays = Annotated[tuple[Days, ...], BeforeValidator(_listed), _Many]


class Vector(Part):
    """A rate by period: ``multiple`` of the pool's history, ``rate`` itself, the worse of the two; else as history."""

    multiple: Multiples | None = None
    rate: Shares | None = None

    def parts(self, count: int, history: Fraction, *, lower: bool = False) -> list[int]:
        """The rate of each of ``count`` periods in parts of ``UNIT``, 0 to ``UNIT``; ``lower``: lower is worse."""
        multiple = ONE if self.multiple is None and self.rate is None else self.multiple
        found = []
        for at in range(count):
            said = [] if self.rate is None else [Fraction(_at(self.rate, at))]
            if multiple is not None:
                said.append(min(Fraction(1), Fraction(_at(multiple, at)) * history))
            found.append(int((min if lower else max)(said) * UNIT))
        return found


class Recovery(Vector):
    """What of a default is paid after all (违约回收率), ``lag`` days after it; as in history where none is said."""

    lag: Days | None = None


class Scenario(Part):
    """What is assumed; what a document leaves out is as history was.

    ``default``: the share of what falls due in a period that defaults (违约率). ``dilution``: the share that is never
    owed in the end (稀释率). ``delay``: days that payments come later than they did, by the period of the due date.
    ``prepayment``: the share of all that is still to come that is paid in a period already (早偿率). Purchases
    (循环购买) end before ``revolving_stop``, or with so many payment dates from now on, whichever is earlier.
    """

    format: Literal["glasspool-scenario/1"] = "glasspool-scenario/1"
    scenario: Id
    text: Text = ""
    default: Vector = Vector()
    recovery: Recovery = Recovery()
    dilution: Vector = Vector()
    delay: Delays = (0,)
    prepayment: Shares = (Decimal(0),)
    revolving_stop: Day | None = None
    revolving_periods: Annotated[int, Field(strict=True, ge=0, le=LISTED)] | None = None

    def delays(self, count: int) -> list[int]:
        """The days of delay of each period."""
        return [_at(self.delay, at) for at in range(count)]

    def prepaid(self, count: int) -> list[Fraction]:
        """The share of what is to come that each period brings already."""
        return [Fraction(_at(self.prepayment, at)) for at in range(count)]

    def buys(self, day: date, place: int) -> bool:
        """Whether assets are still bought on a payment date, the first of those to come being 0."""
        stopped = self.revolving_stop is not None and day >= self.revolving_stop
        return not stopped and (self.revolving_periods is None or place < self.revolving_periods)

    def document(self) -> dict[str, Any]:
        """The scenario as plain JSON values, defaults written out."""
        return self.model_dump(mode="json", exclude_none=True)


def load_scenario(text: str | bytes, *, kind: Literal["toml", "json"] = "toml") -> Scenario:
    """The scenario that a document holds; raises BadTerms ``scenario-document`` with every fault and its path."""
    try:
        return Scenario.model_validate(document_in(text, kind))
    except BadTerms as failure:
        _refuse(failure.faults)
    except ValidationError as failure:
        found = failure.errors(include_url=False, include_input=False, include_context=False)
        _refuse(tuple(Fault(path=path_of(one["loc"]), reason=one["msg"]) for one in found))


def preset(name: str) -> Scenario:
    """The scenario of that name that comes with this package; raises BadTerms ``unknown-scenario``."""
    if name not in PRESETS:
        raise BadTerms(
            "unknown-scenario",
            f"there is no scenario {name!r}",
            next_step=f"Name one of {', '.join(PRESETS)}, or a file that says what is assumed (docs/forecast.md).",
        )
    return load_scenario((resources.files("abs") / FOLDER / f"{name}.toml").read_bytes())


def _at(values: Sequence[Any], at: int) -> Any:
    return values[min(at, len(values) - 1)]


def _refuse(faults: tuple[Fault, ...]) -> NoReturn:
    many = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise BadTerms("scenario-document", f"The scenario has {many}", next_step=CORRECT, faults=faults) from None
