"""The pages about metrics say what the code does: each example is run, each figure and parameter is named."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from abs.ratios import RATIOS
from abs.series import FLOWS, LEVELS
from abs.terms import Metrics
from abs.vintages import OF_COHORT

DOCS = Path(__file__).parents[2] / "docs"
INDEX = DOCS / "metrics.md"
PAGES = sorted((DOCS / "metrics").glob("*.md"))
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(page: Path, known: dict[str, Any]) -> list[tuple[str, str]]:
    """Run the page's code in order; returns what each piece printed and what the page says that it prints."""
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    found = []
    for at, (kind, code) in enumerate(blocks):
        if kind == "python":
            out = StringIO()
            with redirect_stdout(out):
                exec(compile(code, str(page), "exec"), known)
            told = blocks[at + 1][1] if at + 1 < len(blocks) and blocks[at + 1][0] == "text" else ""
            found.append((out.getvalue(), told))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_prints_what_the_page_says(page: Path) -> None:
    known: dict[str, Any] = {}
    run(INDEX, known)
    pieces = run(page, known)
    assert pieces, "a page has an example"
    for printed, told in pieces:
        assert printed == told


def test_the_index_links_to_every_page() -> None:
    linked = re.findall(r"\(metrics/([a-z-]+)\.md\)", INDEX.read_text(encoding="utf-8"))
    assert sorted(linked) == [page.stem for page in PAGES]


def test_every_figure_and_parameter_is_named() -> None:
    whole = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"`([a-z_]+)`", whole))
    assert named >= {*RATIOS, *FLOWS, *LEVELS, *OF_COHORT}
    assert named >= set(Metrics.model_fields)
