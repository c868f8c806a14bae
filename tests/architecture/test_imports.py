"""No file may bind the name `abs` at its top: the package of that name is always imported from, never imported."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("portal", "dashboards", "regulator", "disclosure", "abs", "ledger", "tests")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def lines_hiding_the_builtin(source: str) -> list[int]:
    """Line numbers of the imports that bind the name `abs`."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.asname == "abs"
        or (alias.asname is None and alias.name == "abs")
        or (alias.asname is None and isinstance(node, ast.Import) and alias.name.startswith("abs."))
    ]


def test_no_import_hides_the_builtin_abs() -> None:
    hiding = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := lines_hiding_the_builtin(path.read_text(encoding="utf-8")))
    }
    assert not hiding, "write `from abs.pool import Pool` instead"


@pytest.mark.parametrize("source", ["import abs", "import abs.pool", "import os, abs", "import math as abs"])
def test_every_spelling_that_hides_it_is_seen(source: str) -> None:
    assert lines_hiding_the_builtin(source) == [1]


@pytest.mark.parametrize("source", ["from abs.pool import Pool", "from abs import pool", "import abs.pool as pool"])
def test_the_spellings_that_do_not_hide_it_pass(source: str) -> None:
    assert lines_hiding_the_builtin(source) == []
