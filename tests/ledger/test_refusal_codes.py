"""docs/ledger.md explains every code that the package's errors can carry, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ledger import errors
from ledger.errors import LedgerError

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "ledger").rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}

# Where the code is put together; what it can become stands here.
COMPOSED = {
    "f'{tree}-path'": {"transactions-path", "receipts-path"},
    "step.code or 'proof'": {"proof"},
}
# Helpers whose first argument becomes the code of an error.
HELPERS = {"_failed", "_TryAgain"}


def error_names() -> set[str]:
    """The names of the root error and of every class beneath it, wherever it is defined."""
    names = {"LedgerError"}
    while True:
        found = {
            node.name
            for tree in TREES.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(isinstance(base, ast.Name) and base.id in names for base in node.bases)
        }
        if found <= names:
            return names
        names |= found


def codes_in_code() -> tuple[set[str], set[str]]:
    """The codes, and the expressions that are no plain text and stand in COMPOSED for nobody."""
    names, codes, unknown = error_names() | HELPERS, set(), set()
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in names:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                codes.add(first.value)
            elif (expression := ast.unparse(first)) in COMPOSED:
                codes |= COMPOSED[expression]
            else:
                unknown.add(f"{path.relative_to(ROOT)}: {expression}")
    return codes, unknown


def codes_in_the_page() -> list[str]:
    """The first column of every table below the heading Codes."""
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8").split("## Codes", 1)[1]
    return re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)


# Passing an error's code on, or choosing between two plain ones.
PASSED_ON = {
    "ledger/errors.py: code",
    "ledger/sources/rpc.py: code",
    "ledger/sources/rpc.py: failure.code",
    "ledger/sources/rpc.py: kind",
}


def test_the_page_and_the_code_name_the_same() -> None:
    codes, unknown = codes_in_code()
    assert unknown <= PASSED_ON
    codes |= {"rpc-json", "rpc-shape"}  # `kind` in rpc.py
    listed = codes_in_the_page()
    assert sorted(codes - set(listed)) == [], "explain these in docs/ledger.md"
    assert sorted(set(listed) - codes) == [], "docs/ledger.md explains what nothing raises"
    assert len(listed) == len(set(listed))


def test_a_code_is_kebab_case() -> None:
    assert [code for code in codes_in_the_page() if not re.fullmatch(r"[a-z]+[0-9]*(-[a-z]+)*", code)] == []


def test_every_row_says_what_to_do() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8").split("## Codes", 1)[1]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 3, row
        assert all(cell.endswith(".") for cell in cells[1:]), row


@pytest.mark.parametrize("name", sorted(vars(errors)))
def test_every_leaf_says_what_to_do_next(name: str) -> None:
    kind = getattr(errors, name)
    if isinstance(kind, type) and issubclass(kind, LedgerError) and kind is not LedgerError:
        assert kind("a-code", "It failed").next_step
        assert kind.__doc__
