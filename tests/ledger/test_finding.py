"""The table of findings in the documentation and the codes agree, and every code is shown by some test."""

import re
from pathlib import Path

from ledger.finding import Code

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z_.]+)` \| (notice|warning|error) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_documentation_has_every_code_with_its_severity() -> None:
    rows = ROW.findall((ROOT / "docs" / "findings.md").read_text("utf-8"))
    assert {code: severity for code, severity, _, _ in rows} == {code.value: code.severity.value for code in Code}
    assert len(rows) == len(Code)


def test_every_code_is_planted_by_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "ledger" / "records").glob("test_*.py"))
    assert [code.value for code in Code if f'"{code.value}"' not in tests and f"Code.{code.name}" not in tests] == []
