"""A report on a plan whose ledger holds wrong dates: what they leave unavailable is a dash, and the report is made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from disclosure.manifest import Ledger
from disclosure.recompute import render
from disclosure.reports.distribution import distribution_report
from tests.support.ledger_book import Book, financed_by_factor, plan

if TYPE_CHECKING:
    from pathlib import Path

MADE_AT = datetime(2026, 11, 3, 2, 30, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.parametrize("second", ["2026-03-05", "0001-01-01", "0001-12-31", "1899-12-30", "9999-12-31"])
def test_a_report_over_a_wrong_date_is_made_in_every_form(tmp_path: Path, second: str) -> None:
    book = Book(tmp_path / "ledger.db")
    book.admit()
    book.say("manager", "plan.established", plan("P"))
    assigned = {
        "plan": "P", "date": second, "assignor": "factor", "price": 1,
        "assets": [{"asset": "R", "outputs": [financed_by_factor(book, "R")]}],
    }  # fmt: skip
    book.say("factor", "pool.assigned", assigned)
    for period, day in ((1, "2026-04-05"), (2, second), (3, "2026-07-05")):
        made = {"distribution": f"d{period}", "plan": "P", "tranche": "A", "period": period, "date": day}
        book.say("custodian", "distribution.made", {**made, "principal": 1_000, "interest": 7})
        collected = {"collection": f"c{period}", "plan": "P", "date": day, "amount": 5, "items": []}
        book.say("servicer", "collection.received", collected)
    book.seal(days=300)
    facts = book.store.at()
    ledger = Ledger(
        chain="c",
        group="g",
        suite="sm",
        genesis_hash=bytes(32),
        height=facts.height,
        block_hash=facts.block_hash,
        facts_digest=facts.facts_digest,
    )
    for period in (2, 3):
        files = render(distribution_report(facts, "P", period, ledger=ledger), made_at=MADE_AT)
        assert set(files) == {"report.html", "report.json", "report.xlsx"}
        figures = json.loads(files["report.json"])["figures"]
        undefined = {figure["name"] for figure in figures if figure["value"] is None}
        assert ("distribution.days" in undefined) is (second < "2026-04-05" or (second > "2026-07-05" and period == 3))
    book.store.close()
