"""docs/reconciliation.md names every cause there is, and its example is what the code says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from abs.reconciliation.rules import CAUSES
from tests.support.ledger_book import Book
from tests.support.paid_plan import FIRST, SECOND, PaidPlan

PAGE = Path(__file__).parents[2] / "docs" / "reconciliation.md"


def test_every_cause_is_on_the_page_with_its_severity() -> None:
    told = re.findall(r"^\| `([a-z_]+)` \| ([a-z]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert dict(told) == {name: cause.severity.value for name, cause in CAUSES.items()}


def test_the_example(tmp_path: Path) -> None:
    book = Book(tmp_path / "ledger.db")
    plan = PaidPlan(book)
    plan.comes_in(20_000, FIRST)
    plan.pays(1, FIRST, management=210, custody=50, A_interest=900, B_interest=146, tax=105, A_principal=18_589)
    plan.comes_in(30_000, SECOND)
    plan.pays(2, SECOND, management=173, A_principal=0)
    plan.pays(2, SECOND, management=173, custody=50, A_interest=714, B_interest=146, tax=86, A_principal=28_658)
    ran = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8", extraglobs={"facts": book.store.at()})
    assert (ran.failed, ran.attempted > 5) == (0, True)
    book.store.close()
