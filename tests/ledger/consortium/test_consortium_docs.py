"""docs/consortium.md names every key of the map, and every cause of a rejection."""

import ast
import dataclasses
import re
from pathlib import Path

from ledger.consortium import ReceivablesMap, values
from ledger.consortium.mapping import OPTIONAL, PACKAGED, REQUIRED
from ledger.consortium.market.trouble.table import MISTAKES, PATTERNS

DOC = (Path(__file__).parents[3] / "docs" / "consortium.md").read_text(encoding="utf-8")


def test_every_key_of_the_map_is_described():
    keys = {field.name for field in dataclasses.fields(ReceivablesMap)} | {*REQUIRED, *OPTIONAL, *PACKAGED}
    assert {key for key in keys if f"`{key}`" not in DOC} == {"columns"}


def test_every_cause_of_a_rejection_is_described():
    folder = Path(values.__file__).parent
    calls = [
        node
        for file in ("values.py", "rows.py")
        for node in ast.walk(ast.parse((folder / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "BadCell"
        and isinstance(node.args[0], ast.Constant)
    ]
    codes = {node.args[0].value for node in calls}
    assert len(codes) > 15
    assert {code for code in codes if not re.search(rf"`{code}`", DOC)} == set()


def test_every_pattern_and_every_mistake_is_described_with_its_look_alike():
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([^|]+\.) \| ([^|]+\.) \|$", DOC, flags=re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == sorted({*PATTERNS, *MISTAKES})
