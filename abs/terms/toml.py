"""Terms written out as TOML, the form that people edit: what ``load_terms`` reads back as the same terms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from abs.terms.parts import PlanTerms

__all__ = ["toml_text"]

TABLES: Final = 2  # levels of tables with a heading; what lies deeper stands in the line of its name
WIDEST: Final = 120  # characters of a line, beyond which a list has a line for each entry, and a table a heading
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(terms: PlanTerms) -> str:
    """The whole document, defaults written out; amounts and rates as numbers, days as days."""
    return "\n".join(_table(terms.model_dump(exclude_none=True), "")).lstrip("\n") + "\n"


def _table(values: Mapping[str, Any], path: str, level: int = 0) -> Iterator[str]:
    """The lines of one table: single values first, for what follows a heading belongs to it."""
    headed = {}
    for name, value in values.items():
        wide = isinstance(value, Mapping) and (level == 0 or len(_inline(value)) > WIDEST)
        if level < TABLES and (wide or _entries(value)):
            headed[name] = value
        else:
            yield f"{_key(name)} = {_inline(value)}"
    for name, value in headed.items():
        inner = f"{path}.{_key(name)}".removeprefix(".")
        for one in [value] if isinstance(value, Mapping) else value:
            yield ""
            yield f"[{inner}]" if isinstance(value, Mapping) else f"[[{inner}]]"
            yield from _table(one, inner, level + 1)


def _entries(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_quoted(name)} = {_inline(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        told = [_inline(one) for one in value]
        line = f"[{', '.join(told)}]"
        return line if len(line) <= WIDEST else "[\n" + "".join(f"    {one},\n" for one in told) + "]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """The text in quotes; JSON's escapes are TOML's, and no text of a document holds what only TOML escapes."""
    return json.dumps(str(text), ensure_ascii=False)
