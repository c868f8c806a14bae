"""docs/consortium.md names every lie with its code, every key of the map, and every cause of a rejection."""

import ast
import dataclasses
import re
from pathlib import Path

from ledger.consortium import ReceivablesMap, values
from ledger.consortium.lies import lies
from ledger.consortium.mapping import OPTIONAL, PACKAGED, REQUIRED

DOC = (Path(__file__).parents[3] / "docs" / "consortium.md").read_text(encoding="utf-8")


def test_the_table_of_lies_is_the_lies():
    rows = [line for line in DOC.splitlines() if line.startswith("| `") and line.count("|") == 4]
    told = {
        f"| `{lie.name}` | {lie.says} | {f'`{lie.code}`' if lie.code else 'stored, never evidence'} |" for lie in lies()
    }
    assert told <= set(rows)
    assert {row for row in rows if row not in told and DOC.index(row) > DOC.index("## The lies")} == set()


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
