"""Text of a page as HTML: every value is escaped where it is put in, since names come from the ledger."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards import formats
from dashboards.texts import Language, text, word

__all__ = ["STYLES", "markup"]

_HERE = Path(__file__).parent

#: The style sheet of every HTML part of a page.
STYLES = (_HERE / "assets" / "page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("amount", "count", "day", "days", "instant", "number", "percent", "short_hash"):
        environment.filters[name] = getattr(formats, name)
    return environment


def markup(template: str, language: Language, **values: object) -> str:
    """That template filled with ``values``; ``t('name')`` inside it is a text of the page in ``language``."""
    return (
        _environment()
        .get_template(template)
        .render(t=partial(text, language=language), word=word, language=language, **values)
    )
