"""A version of a fact is a plain value, whatever a process did before it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from ledger.facts import FACTS
for table in FACTS:
    row = table.from_columns({name: 7 for name in table.names})
    row.seen_from(3)
    assert (row.id, row.to_height, row.from_position) == (7, None, 7), table
"""


def test_rows_are_read_by_a_process_that_did_nothing_else() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
