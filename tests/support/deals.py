"""The example documents of terms, and small changes to them."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

from abs.terms import PlanTerms, load_terms

FOLDER = Path(__file__).parents[2] / "docs" / "deals"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def text_of(name: str) -> str:
    """The example as it is written."""
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def terms_named(name: str) -> PlanTerms:
    """The example, read."""
    return load_terms(text_of(name))


def plain(name: str) -> dict[str, Any]:
    """The example as the plain values of its TOML."""
    return tomllib.loads(text_of(name), parse_float=Decimal)


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy in which the place at a path such as ``fees[1].rate`` has another value; ``...`` takes it away."""
    copy = deepcopy(document)
    steps: list[str | int] = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    at: Any = copy
    for step in steps[:-1]:
        at = at[step]
    if value is ...:
        del at[steps[-1]]
    else:
        at[steps[-1]] = value
    return copy
