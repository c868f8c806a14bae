"""Every breach about how the assets of a pool do, and beside it the lawful record that looks like it."""

from typing import Any

from ledger.facts import AssetStatus
from tests.support.ledger_book import Book, financed_by_factor, plan
from tests.support.plan_book import DAY, pooled


def said(**changes: Any) -> dict[str, Any]:
    return {"plan": "plan-1", "asset": "r", "at": DAY, **changes}


def tell(book: Book, act: str, sender: str = "servicer", **changes: Any) -> list[str]:
    given = {"disputed": {"reason": "质量"}, "overdue": {"amount": 13_000, "days": 10}}.get(act, {"amount": 13_000})
    return book.tell(sender, f"asset.{act}", said(**{**given, **changes}))


def status(book: Book) -> AssetStatus:
    found = book.store.at().get(AssetStatus, "plan-1/r")
    assert found is not None
    return found


def test_an_asset_goes_overdue_defaults_and_is_recovered_and_written_off(book: Book) -> None:
    pooled(book)
    assert tell(book, "overdue") == []
    book.seal(days=20)
    assert tell(book, "overdue", days=30, at="2026-01-25") == []
    assert (str(status(book).since), status(book).days) == (DAY, 30)
    assert tell(book, "disputed", at="2026-01-25") == []
    assert tell(book, "defaulted", at="2026-01-25") == []
    assert tell(book, "recovered", amount=5_000, at="2026-01-25") == []
    assert tell(book, "recovered", amount=1_000, at="2026-01-25") == []
    assert tell(book, "written_off", amount=7_000, at="2026-01-25") == []
    assert tell(book, "recovered", amount=7_000, at="2026-01-25") == []
    row = status(book)
    assert (row.status, row.amount, row.recovered, row.written_off) == ("recovered", 13_000, 13_000, 7_000)
    rows = book.store.at().history(AssetStatus, "plan-1/r")
    assert [row.status for row in rows] == [
        "overdue", "overdue", "disputed", "defaulted", "recovered", "recovered", "written_off", "recovered",
    ]  # fmt: skip


def test_a_performing_asset_has_nothing_to_recover_or_write_off(book: Book) -> None:
    pooled(book)
    assert tell(book, "recovered") == ["asset.status_path"]
    assert book.found[-1].subject == "asset_status plan-1/r"
    book.tell("manager", "plan.established", plan("plan-2"))
    other = financed_by_factor(book, "s")
    given = {
        "plan": "plan-2",
        "date": DAY,
        "assignor": "factor",
        "price": 1,
        "assets": [{"asset": "s", "outputs": [other]}],
    }
    assert book.tell("factor", "pool.assigned", given) == []
    assert tell(book, "written_off", plan="plan-2", asset="s") == ["asset.status_path"]


def test_an_asset_defaults_once_until_it_recovers(book: Book) -> None:
    pooled(book)
    assert tell(book, "defaulted") == []
    assert tell(book, "defaulted") == ["asset.status_path"]
    assert tell(book, "overdue") == ["asset.status_path"]
    assert tell(book, "recovered") == []
    assert tell(book, "defaulted") == []


def test_no_more_is_recovered_than_was_in_default(book: Book) -> None:
    pooled(book)
    tell(book, "defaulted")
    assert tell(book, "recovered", amount=13_000) == []
    assert tell(book, "recovered", amount=1) == ["asset.status_path"]
    assert dict(book.found[-1].details) == {"amount": 13_000, "recovered": 13_001}
    # A later delay is another matter.
    assert tell(book, "overdue", amount=500) == []
    assert tell(book, "recovered", amount=500) == []


def test_what_was_recovered_in_full_is_not_written_off(book: Book) -> None:
    pooled(book)
    tell(book, "defaulted")
    assert tell(book, "recovered", amount=12_999) == []
    assert tell(book, "written_off", amount=1) == []
    assert tell(book, "recovered", amount=1) == []
    assert tell(book, "written_off", amount=1) == ["asset.status_path"]


def test_what_was_disputed_alone_may_be_recovered(book: Book) -> None:
    pooled(book)
    assert tell(book, "disputed") == []
    assert status(book).reason == "质量"
    assert tell(book, "recovered") == []


def test_the_servicer_speaks_of_what_the_pool_holds(book: Book) -> None:
    pooled(book)
    financed_by_factor(book, "s")
    assert tell(book, "overdue", asset="s") == ["pool.not_in_pool"]
    assert tell(book, "overdue", asset="none") == ["reference.missing", "pool.not_in_pool"]
    assert tell(book, "overdue", "manager") == ["sender.role", "sender.not_party"]
    assert tell(book, "recovered", payment="none") == ["reference.missing"]
    assert tell(book, "recovered", amount=0) == ["record.malformed"]


def test_days_of_what_is_said_are_in_order(book: Book) -> None:
    pooled(book)
    assert tell(book, "overdue", at="2026-01-06") == ["dates.order"]
    book.seal(days=5)
    assert tell(book, "overdue", at="2026-01-09") == []
    assert tell(book, "recovered", at="2026-01-08", payment="p") == ["dates.order"]
