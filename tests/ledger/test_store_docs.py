"""docs/store.md explains every cause that a scrub can name, and no other."""

import re
from pathlib import Path

from ledger.scrub import Cause

PAGE = Path(__file__).parents[2] / "docs" / "store.md"


def test_the_page_and_the_code_name_the_same_causes() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \| (.+) \|$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert [cause for cause, _, _ in rows] == [cause.value for cause in Cause]
    assert all(cell.endswith(".") for row in rows for cell in row[1:])
