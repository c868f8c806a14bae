"""Every breach about data certificates, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import DataCertificate, DataUse
from tests.support.ledger_book import Book
from tests.support.trade import TODAY, TRADERS, authorised, digest

SENDERS = {"issued": "supervisor", "deposited": "collector", "exercised": "user"}
FILLED = digest("filled")


@pytest.fixture
def book(book: Book) -> Book:
    book.admit(TRADERS)
    assert book.tell("subject", "data_certificate.authorised", authorised("c")) == []
    return book


def step(book: Book, kind: str, sender: str = "", **values: Any) -> list[str]:
    defaults: dict[str, dict[str, Any]] = {
        "issued": {"filled_digest": FILLED},
        "deposited": {"digest": FILLED},
        "exercised": {"user": "user", "behaviour": "credit assessment", "filled_digest": FILLED},
    }
    payload = {"certificate": "c", "at": TODAY, **defaults[kind], **values}
    return book.tell(sender or SENDERS[kind], f"data_certificate.{kind}", payload)


def row(book: Book) -> DataCertificate:
    return book.store.at().get(DataCertificate, "c")


def test_authorised_issued_deposited_exercised(book: Book) -> None:
    for kind in ("issued", "deposited", "exercised", "exercised"):
        assert step(book, kind) == []
        assert row(book).status == kind
    assert (row(book).filled_digest, row(book).deposited_digest, row(book).blank_digest) == (
        FILLED, FILLED, digest("blank"),
    )  # fmt: skip
    uses = book.store.at().select(DataUse, DataUse.certificate == "c")
    assert [(use.user, str(use.used_on)) for use in uses] == [("user", TODAY)] * 2


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ((), "deposited"),
        ((), "exercised"),
        (("issued",), "issued"),
        (("issued",), "exercised"),
        (("issued", "deposited"), "issued"),
        (("issued", "deposited"), "deposited"),
        (("issued", "deposited", "exercised"), "deposited"),
    ],
)
def test_a_step_out_of_order(book: Book, before: tuple[str, ...], kind: str) -> None:
    for each in before:
        assert step(book, each) == []
    assert step(book, kind) == ["data_certificate.path"]
    assert row(book).status == kind


def test_what_is_deposited_and_used_is_what_was_issued(book: Book) -> None:
    step(book, "issued")
    assert step(book, "deposited", digest=digest("blank")) == ["data_certificate.digest"]
    assert step(book, "exercised", filled_digest=digest("other")) == ["data_certificate.digest"]
    assert dict(book.found[-1].details) == {"issued": FILLED, "stated": digest("other")}
    assert step(book, "exercised") == []


def test_data_is_used_as_authorised(book: Book) -> None:
    step(book, "issued")
    step(book, "deposited")
    assert step(book, "exercised", behaviour="marketing") == ["data_certificate.behaviour"]
    assert step(book, "exercised") == []


def test_each_signs_for_itself(book: Book) -> None:
    other = authorised("d", subject="user")
    assert book.tell("subject", "data_certificate.authorised", other) == ["sender.not_party"]
    step(book, "issued")
    step(book, "deposited")
    assert step(book, "exercised", user="subject") == ["sender.not_party"]
    assert step(book, "exercised", "collector", user="collector") == ["sender.role"]


def test_days_of_data_certificates(book: Book) -> None:
    late = authorised("late", at="2026-01-06")
    assert book.tell("subject", "data_certificate.authorised", late) == ["dates.order"]
    assert step(book, "issued", certificate="late") == []  # told once
    assert step(book, "issued", at="2026-01-03") == ["dates.order"]
    assert step(book, "deposited", at="2026-01-06") == ["dates.order"]
    assert step(book, "exercised") == []


def test_what_is_named_exists(book: Book) -> None:
    assert book.tell("subject", "data_certificate.authorised", authorised("c")) == ["identifier.reused"]
    assert step(book, "issued", certificate="never") == ["reference.missing"]
    step(book, "issued")
    step(book, "deposited")
    assert step(book, "exercised", user="ghost") == ["reference.missing", "sender.not_party"]
