"""Every error code of the packages abs and regulator is explained in docs."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

from ledger.errors import Explained

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {
    name
    for package in ("abs", "ledger", "regulator")
    for name, value in vars(importlib.import_module(f"{package}.errors")).items()
    if isinstance(value, type) and issubclass(value, Explained)
}


def codes_made(folder: Path) -> set[str]:
    """The codes of the errors that a folder's modules make."""
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_every_code_is_in_the_docs() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md")))
    codes = codes_made(ROOT / "abs") | codes_made(ROOT / "regulator")
    assert len(codes) > 40
    assert {code for code in codes if f"`{code}`" not in text} == set()
