"""How a file of receivables is to be read, and what is to be made of it: the map, a TOML file that the owner writes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "OPTIONAL",
    "PACKAGED",
    "REQUIRED",
    "Layout",
    "MapReader",
    "ReceivablesMap",
    "check_layout",
    "layout_of",
    "load_map",
    "packaged_map",
    "packaged_map_text",
    "unusable_map",
]

PACKAGED = ("demo", "highradius", "ibm")
REQUIRED = ("number", "issued", "due", "amount", "debtor")
OPTIONAL = ("code", "debtor_name", "creditor", "creditor_name", "settled", "disputed", "tax", "goods")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
INVOICE_TYPES = ("digital", "vat_special", "vat_ordinary", "other")
VENUES = ("SSE", "SZSE", "NAFMII", "BJS")
RATE_STEP = Decimal("0.000001")
SECTIONS = frozenset(("file", "columns", "values", "invoice", "parties", "business", "plan"))
HOURS = range(9, 23)  # Asia/Shanghai is UTC+8: from 9 to 22 the UTC date is the same, with an hour to spare

InvoiceType = Literal["digital", "vat_special", "vat_ordinary", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file's cells are written: what every map says; ``columns`` gives the heading of each field."""

    title: str
    columns: Mapping[str, str]
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    sheet: str | None = None
    heading: int = 1
    """The line on which the headings stand."""
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    decimal_separator: str = "."
    thousands_separator: str = ""
    trim_suffix: Mapping[str, str] = field(default_factory=dict)
    yes: tuple[str, ...] = ("是",)
    no: tuple[str, ...] = ("否", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivablesMap(Layout):
    """A map as read. Shares and rates are Decimal fractions."""

    invoice_type: InvoiceType = "digital"
    tax_rate: Decimal = Decimal("0.13")
    goods: str = "货款"
    creditor: str = "supplier"
    creditor_name: str = "一级供应商"
    transferred: Decimal = Decimal("0.3")
    split: Decimal = Decimal("0.2")
    discount: Decimal = Decimal("0.0525")
    hour: int = 16
    plan: str = "PLAN-1"
    plan_code: str = "000001"
    plan_name: str = "供应链应收账款资产支持专项计划"
    venue: str = "SSE"
    senior: Decimal = Decimal("0.85")
    mezzanine: Decimal = Decimal("0.10")
    senior_rate: Decimal = Decimal("0.0320")
    mezzanine_rate: Decimal = Decimal("0.0450")


def unusable_map(where: str, reason: str, page: str = "docs/consortium.md") -> Malformed:
    """Return the error that a map is unusable; ``page`` describes its keys."""
    return Malformed("map", f"The map {where}: {reason}", next_step=f"Correct the map; {page} describes every key.")


def packaged_map(name: str) -> ReceivablesMap:
    """Return a map that ships with the package: ``demo``, ``ibm`` or ``highradius``."""
    return parse_map(packaged_map_text(name), f"{name}.toml")


def packaged_map_text(name: str) -> str:
    """Return the TOML text of such a map, to be written beside a file."""
    return (resources.files("ledger.consortium") / "maps" / f"{name}.toml").read_text(encoding="utf-8")


def load_map(path: Path) -> ReceivablesMap:
    """Return the map in a TOML file; raises Malformed ``map`` when it is none, or says something unknown."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise unusable_map(str(path), f"it cannot be read ({failure})") from None
    return parse_map(text, str(path))


def parse_map(text: str, where: str) -> ReceivablesMap:
    """Return the map in TOML text; ``where`` names it in errors."""
    try:
        outer = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise unusable_map(where, f"it is not TOML ({failure})") from None
    reader = MapReader(outer, where, fields=(*REQUIRED, *OPTIONAL))
    given = layout_of(reader, REQUIRED)
    given |= reader.some("invoice", invoice_type=reader.text, tax_rate=reader.fraction, goods=reader.text)
    given |= reader.some("parties", creditor=reader.text, creditor_name=reader.text)
    given |= reader.some(
        "business", transferred=reader.fraction, split=reader.fraction, discount=reader.fraction, hour=reader.whole
    )
    given |= reader.some(
        "plan",
        plan=reader.text,
        plan_code=reader.text,
        plan_name=reader.text,
        venue=reader.text,
        senior=reader.fraction,
        mezzanine=reader.fraction,
        senior_rate=reader.fraction,
        mezzanine_rate=reader.fraction,
    )
    reader.finish()
    made = ReceivablesMap(**given)
    check_layout(made, where)
    _check(made, where)
    return made


def layout_of(reader: MapReader, required: tuple[str, ...]) -> dict[str, Any]:
    """Return what a map says of the file and its columns, by the names of :class:`Layout`; raises Malformed ``map``."""
    columns = reader.texts_of("columns", reader.fields)
    if missing := [name for name in required if name not in columns]:
        raise reader.unusable(f"[columns] does not say which column holds {', '.join(missing)}")
    given: dict[str, Any] = {"title": reader.text("", "title"), "columns": columns}
    given |= reader.some("file", encoding=reader.text, delimiter=reader.text, sheet=reader.text, heading=reader.whole)
    return given | reader.some(
        "values",
        date_formats=reader.texts,
        decimal_separator=reader.text,
        thousands_separator=reader.text,
        yes=reader.texts,
        no=reader.texts,
        trim_suffix=reader.suffixes,
    )


def check_layout(made: Layout, where: str, page: str = "docs/consortium.md") -> None:
    """Raise Malformed ``map`` unless cells can be read so."""
    for name, value, allowed in (
        ("encoding", made.encoding, ENCODINGS),
        ("decimal_separator", made.decimal_separator, (".", ",")),
        ("thousands_separator", made.thousands_separator, ("", ",", ".", " ", "'")),
    ):
        if value not in allowed:
            raise unusable_map(where, f"{name} is {value!r}; it may be {', '.join(map(repr, allowed))}", page)
    if len(made.delimiter) != 1 or made.delimiter in '"\r\n':
        raise unusable_map(where, "delimiter must be one character, and no quotation mark", page)
    if made.heading < 1:
        raise unusable_map(where, "heading is the number of a line, from 1 on", page)
    if made.decimal_separator == made.thousands_separator:
        raise unusable_map(where, "one character cannot separate both decimals and thousands", page)
    if not made.date_formats:
        raise unusable_map(where, "date_formats is empty", page)
    if set(made.yes) & set(made.no):
        raise unusable_map(where, "a word stands in both yes and no", page)


def _check(made: ReceivablesMap, where: str) -> None:
    for name, value, allowed in (("invoice_type", made.invoice_type, INVOICE_TYPES), ("venue", made.venue, VENUES)):
        if value not in allowed:
            raise unusable_map(where, f"{name} is {value!r}; it may be {', '.join(map(repr, allowed))}")
    if made.transferred + made.split > 1:
        raise unusable_map(where, "transferred and split add up to more than 1")
    if not made.senior or not made.mezzanine or made.senior + made.mezzanine >= 1:
        raise unusable_map(
            where, "senior and mezzanine must be above 0 and leave something to the subordinated tranche"
        )
    if any(rate % RATE_STEP for rate in (made.senior_rate, made.mezzanine_rate)):
        raise unusable_map(where, "senior_rate and mezzanine_rate have six decimals at most")
    if made.hour not in HOURS:
        raise unusable_map(where, f"hour must lie between {HOURS.start} and {HOURS.stop - 1}, Asia/Shanghai")


class MapReader:
    """Takes typed values out of a TOML document and knows at the end what nobody asked for."""

    def __init__(
        self,
        outer: dict[str, Any],
        where: str,
        *,
        fields: tuple[str, ...],
        sections: frozenset[str] = SECTIONS,
        page: str = "docs/consortium.md",
    ) -> None:
        self._left: dict[str, Any] = {k: dict(v) if isinstance(v, dict) else v for k, v in outer.items()}
        self.fields = fields
        self._where, self._sections, self._page = where, sections, page

    def unusable(self, reason: str) -> Malformed:
        """Return the error that the map is unusable."""
        return unusable_map(self._where, reason, self._page)

    def _take(self, section: str, name: str) -> Any:
        scope = self._left.get(section, {}) if section else self._left
        if not isinstance(scope, dict):
            raise self.unusable(f"{section} must be a section")
        if name not in scope:
            raise self.unusable(f"{name} is missing")
        return scope.pop(name)

    def some(self, section: str, **readers: Any) -> dict[str, Any]:
        """Return the values of those names that the section has."""
        present = self._left.get(section, {})
        if not isinstance(present, dict):
            raise self.unusable(f"{section} must be a section")
        return {name: read(section, name) for name, read in readers.items() if name in present}

    def text(self, section: str, name: str) -> str:
        value = self._take(section, name)
        if not isinstance(value, str):
            raise self.unusable(f"{name} must be text")
        return value

    def texts(self, section: str, name: str) -> tuple[str, ...]:
        value = self._take(section, name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.unusable(f"{name} must be a list of texts")
        return tuple(value)

    def texts_of(self, section: str, names: tuple[str, ...]) -> dict[str, str]:
        return {str(name): value for name, value in self.some(section, **dict.fromkeys(names, self.text)).items()}

    def suffixes(self, section: str, name: str) -> dict[str, str]:
        value = self._take(section, name)
        if not isinstance(value, dict) or not all(
            k in self.fields and isinstance(v, str) and v for k, v in value.items()
        ):
            raise self.unusable(f"{name} must give a text for names of columns")
        return value

    def whole(self, section: str, name: str) -> int:
        value = self._take(section, name)
        if type(value) is not int:
            raise self.unusable(f"{name} must be a whole number")
        return value

    def fraction(self, section: str, name: str) -> Decimal:
        """Return a fraction written as text, so that it is exact."""
        try:
            value = Decimal(self.text(section, name))
        except InvalidOperation:
            raise self.unusable(f"{name} must be a decimal number in quotation marks") from None
        if not (value.is_finite() and 0 <= value <= 1):
            raise self.unusable(f"{name} must lie between 0 and 1")
        return value

    def finish(self) -> None:
        """Raise when something in the document was not asked for: a misspelt key would change nothing, silently."""
        unknown = [f"[{name}] {key}" for name, rest in self._left.items() if isinstance(rest, dict) for key in rest]
        unknown += [name for name, rest in self._left.items() if not isinstance(rest, dict)]
        unknown += [f"[{name}]" for name, rest in self._left.items() if rest == {} and name not in self._sections]
        if unknown:
            raise self.unusable(f"it says something unknown: {', '.join(unknown)}")
