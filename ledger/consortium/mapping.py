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

__all__ = ["OPTIONAL", "PACKAGED", "REQUIRED", "ReceivablesMap", "load_map", "packaged_map", "packaged_map_text"]

PACKAGED = ("demo", "highradius", "ibm")
REQUIRED = ("number", "issued", "due", "amount", "debtor")
OPTIONAL = ("code", "debtor_name", "creditor", "creditor_name", "settled", "disputed", "tax", "goods")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
INVOICE_TYPES = ("digital", "vat_special", "vat_ordinary", "other")
VENUES = ("SSE", "SZSE", "NAFMII", "BJS")
HOURS = range(9, 23)  # Asia/Shanghai is UTC+8: from 9 to 22 the UTC date is the same, with an hour to spare

InvoiceType = Literal["digital", "vat_special", "vat_ordinary", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivablesMap:
    """A map as read. Shares and rates are Decimal fractions; ``columns`` gives the heading of each field."""

    title: str
    columns: Mapping[str, str]
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    sheet: str | None = None
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    decimal_separator: str = "."
    thousands_separator: str = ""
    trim_suffix: Mapping[str, str] = field(default_factory=dict)
    yes: tuple[str, ...] = ("是",)
    no: tuple[str, ...] = ("否", "")
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


def _unusable(where: str, reason: str) -> Malformed:
    return Malformed(
        "map", f"The map {where}: {reason}", next_step="Correct the map; docs/consortium.md describes every key."
    )


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
        raise _unusable(str(path), f"it cannot be read ({failure})") from None
    return parse_map(text, str(path))


def parse_map(text: str, where: str) -> ReceivablesMap:
    """Return the map in TOML text; ``where`` names it in errors."""
    try:
        outer = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise _unusable(where, f"it is not TOML ({failure})") from None
    reader = _Reader(outer, where)
    columns = reader.texts_of("columns", (*REQUIRED, *OPTIONAL))
    if missing := [name for name in REQUIRED if name not in columns]:
        raise _unusable(where, f"[columns] does not say which column holds {', '.join(missing)}")
    given: dict[str, Any] = {"title": reader.text("", "title"), "columns": columns}
    given |= reader.some("file", encoding=reader.text, delimiter=reader.text, sheet=reader.text)
    given |= reader.some(
        "values",
        date_formats=reader.texts,
        decimal_separator=reader.text,
        thousands_separator=reader.text,
        yes=reader.texts,
        no=reader.texts,
        trim_suffix=reader.suffixes,
    )
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
    _check(made, where)
    return made


def _check(made: ReceivablesMap, where: str) -> None:
    for name, value, allowed in (
        ("encoding", made.encoding, ENCODINGS),
        ("invoice_type", made.invoice_type, INVOICE_TYPES),
        ("venue", made.venue, VENUES),
        ("decimal_separator", made.decimal_separator, (".", ",")),
        ("thousands_separator", made.thousands_separator, ("", ",", ".", " ", "'")),
    ):
        if value not in allowed:
            raise _unusable(where, f"{name} is {value!r}; it may be {', '.join(map(repr, allowed))}")
    if len(made.delimiter) != 1 or made.delimiter in '"\r\n':
        raise _unusable(where, "delimiter must be one character, and no quotation mark")
    if made.decimal_separator == made.thousands_separator:
        raise _unusable(where, "one character cannot separate both decimals and thousands")
    if not made.date_formats:
        raise _unusable(where, "date_formats is empty")
    if set(made.yes) & set(made.no):
        raise _unusable(where, "a word stands in both yes and no")
    if made.transferred + made.split > 1 or made.senior + made.mezzanine > 1:
        raise _unusable(where, "shares add up to more than 1")
    if made.hour not in HOURS:
        raise _unusable(where, f"hour must lie between {HOURS.start} and {HOURS.stop - 1}, Asia/Shanghai")


class _Reader:
    """Takes typed values out of a TOML document and knows at the end what nobody asked for."""

    def __init__(self, outer: dict[str, Any], where: str) -> None:
        self._left: dict[str, Any] = {k: dict(v) if isinstance(v, dict) else v for k, v in outer.items()}
        self._where = where

    def _take(self, section: str, name: str) -> Any:
        scope = self._left.get(section, {}) if section else self._left
        if not isinstance(scope, dict):
            raise _unusable(self._where, f"{section} must be a section")
        if name not in scope:
            raise _unusable(self._where, f"{name} is missing")
        return scope.pop(name)

    def some(self, section: str, **readers: Any) -> dict[str, Any]:
        """Return the values of those names that the section has."""
        present = self._left.get(section, {})
        if not isinstance(present, dict):
            raise _unusable(self._where, f"{section} must be a section")
        return {name: read(section, name) for name, read in readers.items() if name in present}

    def text(self, section: str, name: str) -> str:
        value = self._take(section, name)
        if not isinstance(value, str):
            raise _unusable(self._where, f"{name} must be text")
        return value

    def texts(self, section: str, name: str) -> tuple[str, ...]:
        value = self._take(section, name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise _unusable(self._where, f"{name} must be a list of texts")
        return tuple(value)

    def texts_of(self, section: str, names: tuple[str, ...]) -> dict[str, str]:
        return {str(name): value for name, value in self.some(section, **dict.fromkeys(names, self.text)).items()}

    def suffixes(self, section: str, name: str) -> dict[str, str]:
        value = self._take(section, name)
        known = (*REQUIRED, *OPTIONAL)
        if not isinstance(value, dict) or not all(k in known and isinstance(v, str) and v for k, v in value.items()):
            raise _unusable(self._where, f"{name} must give a text for names of columns")
        return value

    def whole(self, section: str, name: str) -> int:
        value = self._take(section, name)
        if type(value) is not int:
            raise _unusable(self._where, f"{name} must be a whole number")
        return value

    def fraction(self, section: str, name: str) -> Decimal:
        """Return a fraction written as text, so that it is exact."""
        try:
            value = Decimal(self.text(section, name))
        except InvalidOperation:
            raise _unusable(self._where, f"{name} must be a decimal number in quotation marks") from None
        if not (value.is_finite() and 0 <= value <= 1):
            raise _unusable(self._where, f"{name} must lie between 0 and 1")
        return value

    def finish(self) -> None:
        """Raise when something in the document was not asked for: a misspelt key would change nothing, silently."""
        unknown = [f"[{name}] {key}" for name, rest in self._left.items() if isinstance(rest, dict) for key in rest]
        unknown += [name for name, rest in self._left.items() if not isinstance(rest, dict)]
        known = {"file", "columns", "values", "invoice", "parties", "business", "plan"}
        unknown += [f"[{name}]" for name, rest in self._left.items() if rest == {} and name not in known]
        if unknown:
            raise _unusable(self._where, f"it says something unknown: {', '.join(unknown)}")
