"""A figure: a value that knows its formula, what it was computed from, and the facts beneath, at one height.

A figure is made by a named constructor, so the formula's text is always there and the lineage is never lost:

- ``read_from``       a value that stands on the ledger as it is
- ``sum_over`` / ``count_over`` / ``computed_over``   an aggregate over rows of facts, in one pass over them
- ``sum_of`` / ``difference_of`` / ``product_of`` / ``ratio_of`` / ``derived``   arithmetic over other figures

Sums over many thousand facts stay cheap: a figure keeps the rows it was given, and makes references to facts only when
somebody unfolds it. A ratio over zero has the value None, shown as a dash: undefined is not nought.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from abs.errors import FigureMisuse
from abs.html_table import html_table
from abs.money import CONTEXT, quotient, yuan_text

Value = int | Decimal | date | str | None
UNDEFINED: Final = "—"


class Unit(StrEnum):
    """What a figure's value counts."""

    FEN = "fen"
    COUNT = "count"
    DAYS = "days"
    YEARS = "years"
    RATIO = "ratio"
    INDEX = "index"
    DATE = "date"
    TEXT = "text"


_PLACES: Final = {Unit.DAYS: 2, Unit.YEARS: 4, Unit.INDEX: 6, Unit.FEN: 2, Unit.RATIO: 2, Unit.COUNT: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRef:
    """One version of one fact: its table, its natural key, and the position ``h:t:l`` of the record that made it."""

    table: str
    id: str
    position: str

    def as_json(self) -> dict[str, str]:
        """The three parts under their names."""
        return {"table": self.table, "id": self.id, "position": self.position}


class Row(Protocol):
    """Anything that stands for facts and can name them."""

    def refs(self) -> Iterable[FactRef]: ...


RowT = TypeVar("RowT", bound=Row)


class RowFacts(Collection[FactRef]):
    """The facts of many rows, named one by one only while somebody iterates; distinct, in the order of the rows."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[FactRef]:
        seen: set[FactRef] = set()
        for row in self._rows:
            for ref in row.refs():
                if ref not in seen:
                    seen.add(ref)
                    yield ref

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def __contains__(self, ref: object) -> bool:
        return any(ref == other for other in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowFacts) and (self._rows is other._rows or self._rows == other._rows)

    def __hash__(self) -> int:
        return hash(len(self._rows))

    def __repr__(self) -> str:
        return f"RowFacts({len(self._rows)} rows)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value with its formula, inputs, facts and height.

    ``name`` is a stable dotted key (texts for people come from a table above), ``value`` an int, Decimal, date, text,
    or None when the formula has no answer. ``inputs`` are figures it was computed from, ``facts`` what it was read
    from. Equal figures have equal lineage; the hash leaves lineage out, so that it costs the same for every pool.
    """

    name: str
    value: Value
    unit: Unit
    formula: str
    height: int
    inputs: tuple[Figure, ...] = field(default=(), hash=False, repr=False)
    facts: Collection[FactRef] = field(default=(), hash=False, repr=False)

    def number(self) -> int | Decimal:
        """The value where it must be a number; raises FigureMisuse for a date, a text or an undefined ratio."""
        if isinstance(self.value, int | Decimal):
            return self.value
        raise FigureMisuse("not-a-number", f"{self.name} is {self.text()}, which is not a number")

    def fen(self) -> int:
        """The value where it must be whole fen; raises FigureMisuse otherwise."""
        if self.unit is Unit.FEN and isinstance(self.value, int):
            return self.value
        raise FigureMisuse("not-fen", f"{self.name} is not an amount in whole fen")

    def unfold(self) -> Iterator[FactRef]:
        """Every fact beneath this figure, distinct, in the order the formulas name them."""
        seen: set[FactRef] = set()
        visited: set[int] = set()
        waiting = [self]
        while waiting:
            figure = waiting.pop()
            if id(figure) in visited:
                continue
            visited.add(id(figure))
            for ref in figure.facts:
                if ref not in seen:
                    seen.add(ref)
                    yield ref
            waiting.extend(reversed(figure.inputs))

    def positions(self) -> tuple[str, ...]:
        """The records beneath this figure as positions ``h:t:l``, distinct, in ledger order."""
        distinct = {ref.position for ref in self.unfold()}
        return tuple(sorted(distinct, key=lambda text: tuple(int(part) for part in text.split(":"))))

    def text(self, places: int | None = None) -> str:
        """The value for a person: yuan for fen, per cent for a ratio, ISO dates; rounded half even for display only."""
        value = self.value
        if value is None:
            return UNDEFINED
        if isinstance(value, str | date):
            return str(value)
        if self.unit is Unit.FEN and isinstance(value, int) and places in (None, 2):
            return yuan_text(value)
        decimals = _PLACES[self.unit] if places is None else places
        if self.unit is Unit.RATIO:
            return f"{CONTEXT.multiply(Decimal(value), Decimal(100)):,.{decimals}f}%"
        if self.unit is Unit.FEN:
            return f"{CONTEXT.divide(Decimal(value), Decimal(100)):,.{decimals}f}"
        return f"{value:,}" if isinstance(value, int) else f"{value:,.{decimals}f}"

    def _repr_html_(self) -> str:
        """The figure in a notebook: its value and formula, and what it was computed from."""
        rows = [(one.name, one.formula, one.text()) for one in (self, *self.inputs)]
        return html_table(("figure", "formula", "value"), rows, caption=f"at height {self.height}", numbers=1)

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """The figure as JSON-able values; ``depth`` says how many levels of inputs are unfolded, each with its facts.

        Depth 0 is the value with its formula and height alone. Decimals are texts, so nothing is lost to a float.
        """
        document: dict[str, object] = {
            "name": self.name,
            "value": self.value if isinstance(self.value, int | None) else str(self.value),
            "text": self.text(),
            "unit": self.unit.value,
            "formula": self.formula,
            "height": self.height,
        }
        if depth > 0:
            document["inputs"] = [figure.as_json(depth - 1) for figure in self.inputs]
            document["facts"] = [ref.as_json() for ref in self.facts]
        return document


def read_from(name: str, value: Value, unit: Unit, *, formula: str, height: int, facts: Iterable[FactRef]) -> Figure:
    """A value exactly as a fact states it; ``formula`` names the field, such as ``Tranche.principal``."""
    return Figure(name=name, value=value, unit=unit, formula=formula, height=height, facts=tuple(facts))


def sum_over(
    name: str, rows: Sequence[RowT], term: Callable[[RowT], int], *, formula: str, height: int, unit: Unit = Unit.FEN
) -> Figure:
    """The sum of ``term`` over rows of facts, 0 over none; whole numbers only."""
    return Figure(
        name=name, value=sum(map(term, rows)), unit=unit, formula=formula, height=height, facts=RowFacts(rows)
    )


def count_over(name: str, rows: Sequence[Row], *, formula: str, height: int) -> Figure:
    """How many rows there are."""
    return Figure(name=name, value=len(rows), unit=Unit.COUNT, formula=formula, height=height, facts=RowFacts(rows))


def computed_over(name: str, rows: Sequence[Row], value: Value, unit: Unit, *, formula: str, height: int) -> Figure:
    """A value that the caller computed from rows of facts by ``formula`` where no sum or count says it."""
    return Figure(name=name, value=value, unit=unit, formula=formula, height=height, facts=RowFacts(rows))


def sum_of(name: str, figures: Iterable[Figure], *, formula: str | None = None, height: int | None = None) -> Figure:
    """The sum of figures of one unit. Over none it is 0 fen, and then the caller must say the height."""
    inputs = tuple(figures)
    if not inputs:
        if height is None:
            raise FigureMisuse("empty-sum", f"{name} adds nothing up and states no height")
        return Figure(name=name, value=0, unit=Unit.FEN, formula=formula or "0", height=height)
    value: int | Decimal = 0
    for figure in inputs:
        value = _add(value, figure.number())
    text = formula or " + ".join(figure.name for figure in inputs)
    return Figure(name=name, value=value, unit=_unit(inputs), formula=text, height=_height(inputs), inputs=inputs)


def difference_of(name: str, minuend: Figure, *subtrahends: Figure, formula: str | None = None) -> Figure:
    """The first figure less all the others, which must have its unit."""
    inputs = (minuend, *subtrahends)
    value = minuend.number()
    for figure in subtrahends:
        value = _add(value, -figure.number())
    text = formula or " - ".join(figure.name for figure in inputs)
    return Figure(name=name, value=value, unit=_unit(inputs), formula=text, height=_height(inputs), inputs=inputs)


def product_of(name: str, first: Figure, second: Figure, unit: Unit, *, formula: str | None = None) -> Figure:
    """The product of two figures; the caller names the unit of the result."""
    left, right = first.number(), second.number()
    value = left * right if isinstance(left, int) and isinstance(right, int) else _times(left, right)
    text = formula or f"{first.name} x {second.name}"
    inputs = (first, second)
    return Figure(name=name, value=value, unit=unit, formula=text, height=_height(inputs), inputs=inputs)


def ratio_of(
    name: str, numerator: Figure, denominator: Figure, *, unit: Unit = Unit.RATIO, formula: str | None = None
) -> Figure:
    """numerator / denominator to 28 digits; None when the denominator is zero."""
    inputs = (numerator, denominator)
    value = quotient(numerator.number(), denominator.number())
    text = formula or f"{numerator.name} / {denominator.name}"
    return Figure(name=name, value=value, unit=unit, formula=text, height=_height(inputs), inputs=inputs)


def derived(name: str, inputs: Iterable[Figure], compute: Callable[..., Value], unit: Unit, *, formula: str) -> Figure:
    """``compute`` applied to the inputs' values in their order; None as soon as one of them is undefined."""
    figures = tuple(inputs)
    values = [figure.value for figure in figures]
    value = None if any(one is None for one in values) else compute(*values)
    return Figure(name=name, value=value, unit=unit, formula=formula, height=_height(figures), inputs=figures)


def _add(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return CONTEXT.add(Decimal(left), Decimal(right))


def _times(left: int | Decimal, right: int | Decimal) -> Decimal:
    return CONTEXT.multiply(Decimal(left), Decimal(right))


def _height(figures: Sequence[Figure]) -> int:
    heights = {figure.height for figure in figures}
    if len(heights) != 1:
        raise FigureMisuse("mixed-heights", f"figures of heights {sorted(heights)} cannot be put together")
    return heights.pop()


def _unit(figures: Sequence[Figure]) -> Unit:
    units = {figure.unit for figure in figures}
    if len(units) != 1:
        raise FigureMisuse("mixed-units", f"{' and '.join(sorted(units))} cannot be added")
    return units.pop()
