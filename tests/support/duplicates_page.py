"""The patterns as docs/duplicates.md tells them: what each module says of its rule, with the values of its constants.

`python -m tests.support.duplicates_page` writes them into the page again; a test holds the page to them.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from regulator import duplicates, network
from regulator.duplicates import patterns
from regulator.wording import WORDING

PAGE = Path(__file__).parents[2] / "docs" / "duplicates.md"
BEGIN, END = "<!-- patterns: begin -->", "<!-- patterns: end -->"
_CONSTANT = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)*\b")
_LEVELS = ("LOW", "MEDIUM", "HIGH")


def modules() -> dict[str, ModuleType]:
    """By rule, the module that defines it, in the order in which scopes run them."""
    found = {}
    for package in (patterns, duplicates, network):
        for each in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{each.name}")
            if rule := getattr(module, "RULE", None):
                found.setdefault(rule, module)
    rules = [rule for scope in (*duplicates.SCOPES, *network.SCOPES) for rule in scope.rules]
    return {rule: found[rule] for rule in rules}


def described() -> str:
    """Every rule: its titles, then what its module says, constants with their values."""
    return "\n\n".join(_section(rule, module) for rule, module in modules().items())


def _section(rule: str, module: ModuleType) -> str:
    told = WORDING[rule]
    return f"### `{rule}` {told.title_zh}\n\n*{told.title_en}.* {_valued(module)}"


def _valued(module: ModuleType) -> str:
    seen: set[str] = set()

    def value(match: re.Match[str]) -> str:
        name = match.group()
        if name in _LEVELS:
            return name.lower()
        known = getattr(module, name, None)
        if not isinstance(known, int | str) and not hasattr(known, "quantize") and not isinstance(known, tuple):
            return name
        if name in seen:
            return name
        seen.add(name)
        return f"{name} ({', '.join(map(_shown, known)) if isinstance(known, tuple) else _shown(known)})"

    lines = (module.__doc__ or "").strip().splitlines()
    lines[0] = lines[0].split(": ", 1)[-1]
    lines[0] = lines[0][0].upper() + lines[0][1:]
    return _CONSTANT.sub(value, "\n".join(lines)).replace("``", "`")


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def parts(page: str, begin: str, end: str) -> Iterator[str]:
    """Yield what is before, between and after two markers of a page."""
    before, rest = page.split(begin)
    between, after = rest.split(end)
    yield from (before, between, after)


def write(text: str, begin: str, end: str, page: Path = PAGE) -> None:
    """Put text between two markers of the page."""
    before, _, after = parts(page.read_text("utf-8"), begin, end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    write(described(), BEGIN, END)
