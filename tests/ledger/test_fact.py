"""A version of a fact is a plain value, whatever a process did before it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from copy import copy, deepcopy

from ledger.facts import Invoice

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


def test_a_row_that_was_read_is_looked_at_as_any_other() -> None:
    values = dict.fromkeys(Invoice.names, 7) | {"number": "No. 8"}
    row, other = Invoice.as_read(dict(values)), Invoice.from_columns(values)
    assert isinstance(row, Invoice)
    assert (type(row).__name__, row.label, row.number, row.values()) == ("Invoice", other.label, "No. 8", values)
    assert row == other != Invoice.as_read(values | {"number": "No. 9"})
    assert repr(row) == repr(other)
    changed = row.changed(number="No. 9")
    assert (type(changed), changed.number) == (Invoice, "No. 9")
    assert [pickle.loads(pickle.dumps(row)), deepcopy(row), copy(row)] == [row] * 3
