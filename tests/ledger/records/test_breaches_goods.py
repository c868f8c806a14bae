"""Every breach about warehouse receipts and stock, and beside it the lawful record that looks like it."""

from decimal import Decimal
from typing import Any

import pytest

from ledger.facts import Receipt, Stock
from ledger.records import Payload, Undecoded, canonical, decode
from tests.support.ledger_book import Book
from tests.support.trade import TODAY, TRADERS, receipt, stock


@pytest.fixture
def book(book: Book) -> Book:
    book.admit(TRADERS)
    assert book.tell("warehouse", "warehouse_receipt.issued", receipt("w")) == []
    return book


def act(book: Book, sender: str, kind: str, name: str = "w", **values: Any) -> list[str]:
    defaults: dict[str, dict[str, Any]] = {
        "transferred": {"to": "tier2"},
        "pledged": {"pledgee": "bank", "financing": "f"},
        "released": {"by": "bank"},
        "split": {"parts": [{"receipt": f"{name}.1", "quantity": "60"}, {"receipt": f"{name}.2", "quantity": "40.0"}]},
        "cancelled": {"reason": "出库"},
    }
    payload = {"receipt": name, "at": TODAY, **defaults[kind], **values}
    return book.tell(sender, f"warehouse_receipt.{kind}", payload)


def row(book: Book, name: str = "w") -> Receipt:
    return book.store.at().get(Receipt, name)


def test_the_life_of_a_receipt(book: Book) -> None:
    assert act(book, "supplier", "transferred") == []
    assert act(book, "tier2", "pledged") == []
    assert (row(book).owner, row(book).status, row(book).pledgee, row(book).financing) == (
        "tier2",
        "pledged",
        "bank",
        "f",
    )
    assert act(book, "bank", "released") == []
    assert (row(book).status, row(book).pledgee, row(book).financing) == ("held", None, None)
    assert act(book, "warehouse", "split") == []
    assert (row(book).status, row(book, "w.2").owner, row(book, "w.2").parent) == ("split", "tier2", "w")
    assert act(book, "warehouse", "cancelled", "w.1") == []
    assert row(book, "w.1").status == "cancelled"
    assert book.found == []


@pytest.mark.parametrize(
    ("sender", "kind"),
    [("supplier", "transferred"), ("supplier", "pledged"), ("warehouse", "split"), ("warehouse", "cancelled")],
)
def test_what_is_pledged_does_not_move(book: Book, sender: str, kind: str) -> None:
    act(book, "supplier", "pledged")
    assert act(book, sender, kind) == ["receipt.status_path"]
    assert book.found[-1].subject == "receipt w"
    act(book, "bank", "released")


@pytest.mark.parametrize("kind", ["split", "cancelled"])
def test_what_is_over_does_not_move(book: Book, kind: str) -> None:
    act(book, "warehouse", kind)
    assert act(book, "supplier", "transferred") == ["receipt.status_path"]
    assert row(book).owner == "tier2"
    assert act(book, "tier2", "pledged") == ["receipt.status_path"]


def test_only_what_is_pledged_is_released(book: Book) -> None:
    assert act(book, "bank", "released") == ["receipt.status_path"]


def test_only_the_owner_passes_on_and_pledges(book: Book) -> None:
    assert act(book, "tier2", "pledged") == ["receipt.not_owner"]
    assert act(book, "bank", "released") == []
    assert act(book, "tier2", "transferred") == ["receipt.not_owner"]
    assert row(book).owner == "tier2"
    assert act(book, "tier2", "transferred", to="supplier") == []


def test_only_the_pledgee_releases(book: Book) -> None:
    act(book, "supplier", "pledged")
    assert act(book, "supplier", "released") == ["sender.not_party"]
    act(book, "supplier", "pledged")
    assert act(book, "factor", "released", by="factor") == ["receipt.not_owner"]
    act(book, "supplier", "pledged")
    assert act(book, "bank", "released") == []


def test_only_its_warehouse_issues_splits_and_cancels(book: Book) -> None:
    assert book.tell("elsewhere", "warehouse_receipt.issued", receipt("v")) == ["sender.not_party"]
    assert act(book, "elsewhere", "split", "v") == ["sender.not_party"]
    assert act(book, "elsewhere", "cancelled") == ["sender.not_party"]
    assert book.tell("bank", "stock.reported", stock()) == ["sender.role", "sender.not_party"]
    own = receipt("u", warehouse="elsewhere")
    assert book.tell("elsewhere", "warehouse_receipt.issued", own) == []


def parts(*quantities: str) -> list[dict[str, str]]:
    return [{"receipt": f"p{index}", "quantity": quantity} for index, quantity in enumerate(quantities)]


@pytest.mark.parametrize("quantities", [("99.999999",), ("60", "40.000001"), ("60", "30", "9")])
def test_a_split_keeps_the_quantity(book: Book, quantities: tuple[str, ...]) -> None:
    assert act(book, "warehouse", "split", parts=parts(*quantities)) == ["receipt.split_value"]
    assert dict(book.found[-1].details) == {"receipt": "100.000", "parts": str(sum(map(Decimal, quantities)))}
    assert str(row(book, "p0").quantity) == quantities[0]


@pytest.mark.parametrize("quantities", [("100",), ("60.00", "40"), ("33.333333", "33.333333", "33.333334")])
def test_a_split_is_counted_in_decimals(book: Book, quantities: tuple[str, ...]) -> None:
    assert act(book, "warehouse", "split", parts=parts(*quantities)) == []


def test_the_parts_are_new(book: Book) -> None:
    book.tell("warehouse", "warehouse_receipt.issued", receipt("p0"))
    assert act(book, "warehouse", "split", parts=parts("60", "40")) == ["identifier.reused"]
    assert row(book).status == "held"
    assert act(book, "warehouse", "split", parts=[*parts("60"), *parts("40")]) == ["record.malformed"]


def test_stock_of_other_goods_or_in_another_unit(book: Book) -> None:
    assert book.tell("warehouse", "stock.reported", stock(goods="铝锭")) == ["stock.mismatch"]
    assert book.tell("warehouse", "stock.reported", stock(unit="千克")) == ["stock.mismatch"]
    assert book.tell("warehouse", "stock.reported", stock(quantity="1")) == []
    assert book.tell("warehouse", "stock.reported", stock(goods="铝锭", lot="L2")) == []
    assert book.tell("warehouse", "stock.reported", stock(goods="铝锭", quantity="0")) == []
    assert len(book.store.at().select(Stock)) == 2


def test_a_receipt_for_other_goods_than_the_stock(book: Book) -> None:
    book.tell("warehouse", "stock.reported", stock(lot="L2", goods="铝锭"))
    other = receipt("v", lot="L2")
    assert book.tell("warehouse", "warehouse_receipt.issued", other) == ["stock.mismatch"]
    assert book.found[-1].subject == "receipt v"
    lawful = receipt("u", lot="L2", goods="铝锭")
    assert book.tell("warehouse", "warehouse_receipt.issued", lawful) == []
    assert book.tell("warehouse", "warehouse_receipt.issued", receipt("t", lot="L2", location="4号库")) == []
    book.tell("warehouse", "stock.reported", stock(lot="L2", goods="铝锭", quantity="0.00"))  # emptied
    assert book.tell("warehouse", "warehouse_receipt.issued", receipt("s", lot="L2")) == []


def test_goods_that_left_are_not_compared(book: Book) -> None:
    act(book, "warehouse", "cancelled")
    assert book.tell("warehouse", "stock.reported", stock(goods="铝锭")) == []


def test_days_of_goods(book: Book) -> None:
    late = receipt("v", date="2026-01-06")
    assert book.tell("warehouse", "warehouse_receipt.issued", late) == ["dates.order"]
    assert act(book, "supplier", "transferred", "v") == []  # told once
    assert act(book, "supplier", "transferred", at="2026-01-03") == ["dates.order"]
    assert act(book, "tier2", "transferred", to="supplier", at="2026-01-06") == ["dates.order"]
    assert act(book, "supplier", "pledged") == []
    assert book.tell("warehouse", "stock.reported", stock()) == []
    assert book.tell("warehouse", "stock.reported", stock(at="2026-01-04")) == ["dates.order"]
    assert book.tell("warehouse", "stock.reported", stock(at="2026-01-06")) == ["dates.order"]


def test_those_named_are_members(book: Book) -> None:
    assert book.tell("warehouse", "warehouse_receipt.issued", receipt("v", owner="ghost")) == ["reference.missing"]
    assert act(book, "supplier", "pledged", pledgee="ghost") == ["reference.missing"]
    assert act(book, "supplier", "transferred", "never") == ["reference.missing"]


@pytest.mark.parametrize("quantity", ["1.", ".5", "-1", "+1", "01", "1e3", "1.0000001", "1000000000000000", 1, 1.5, ""])
def test_a_quantity_is_a_decimal_string(quantity: object) -> None:
    for lawful in ("0", "0.000001", "999999999999999.999999"):
        raw = canonical({"v": 1, **receipt("w", quantity=lawful)})
        assert isinstance(decode("warehouse_receipt.issued", raw), Payload)
    raw = canonical({"v": 1, **receipt("w", quantity=quantity)})
    assert isinstance(decode("warehouse_receipt.issued", raw), Undecoded)
