"""A table for a notebook: plain HTML, every text escaped, no script and no style sheet needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_table"]


def html_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "", numbers: int = 0) -> str:
    """The rows under their headings; the last ``numbers`` columns are numbers and stand to the right."""
    texts = len(headings) - numbers

    def cells(tag: str, values: Sequence[str]) -> str:
        aligned = [" style='text-align:right'" if place >= texts else "" for place in range(len(values))]
        return "".join(f"<{tag}{how}>{escape(one)}</{tag}>" for how, one in zip(aligned, values, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{cells('th', headings)}</tr></thead><tbody>{body}</tbody></table>"
