"""Every error code of the package and of the look-through is explained in docs/look-through.md."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def codes_raised(folder: Path) -> set[str]:
    """The first argument of every error that is raised in a folder's modules."""
    found = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                first = node.exc.args[0]
                assert isinstance(first, ast.Constant), f"{file.name}:{node.lineno} raises without a plain code"
                found.add(str(first.value))
    return found


def test_every_code_is_in_the_table() -> None:
    text = (ROOT / "docs" / "look-through.md").read_text(encoding="utf-8")
    codes = codes_raised(ROOT / "abs") | codes_raised(ROOT / "regulator")
    assert codes
    assert {code for code in codes if f"`{code}`" not in text} == set()
